"""What is given to whom, when: doses as data, not as events of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.population.backend import DoseTable
from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Doses", "dose_table", "gather_tables", "merge_tables"]


class Doses:
    """Any number of doses, one a row; all arguments broadcast against each other.

    Args:
        patient: zero-based patient of each dose; None gives every row to every patient.
        time: when the dose is ordered, in the model's time.
        target: species that receives it; a name or one name a row.
        amount: what is given, in the unit of the species' amount.
        duration: 0 for a bolus; otherwise the length of a zero-order infusion. One so short that
            the clock hardly sees it (64 units in the last place of time) is a bolus.
        bioavailability: the fraction of the amount that arrives.
        lag: time between order and arrival.

    Raises:
        InputError: a value is negative, not finite or of the wrong shape.
    """

    __slots__ = ("amount", "duration", "patient", "target", "targets", "time")

    def __init__(
        self,
        patient: ArrayLike | None,
        time: ArrayLike,
        target: str | Sequence[str],
        amount: ArrayLike,
        duration: ArrayLike = 0.0,
        bioavailability: ArrayLike = 1.0,
        lag: ArrayLike = 0.0,
    ) -> None:
        names, codes = _codes(target)
        who = np.asarray(-1 if patient is None else patient)
        if who.size and (not np.issubdtype(who.dtype, np.integer)):
            raise InputError("patient of a dose must be whole numbers")
        if patient is not None and who.size and who.min() < 0:
            raise InputError(f"patient of a dose must not be negative, not {who.min()}")
        numbers = {
            "time": time,
            "amount": amount,
            "duration": duration,
            "bioavailability": bioavailability,
            "lag": lag,
        }
        arrays = [_checked(field, value) for field, value in numbers.items()]
        try:
            rows = np.broadcast_arrays(who, codes, *arrays)
        except ValueError:
            shapes = {f: a.shape for f, a in zip(numbers, arrays, strict=True)}
            raise InputError(
                f"columns of doses do not fit together: patient {who.shape}, "
                f"target {codes.shape}, {shapes}"
            ) from None
        who, codes, ordered, given, length, fraction, delay = (np.atleast_1d(r) for r in rows)
        if who.ndim != 1:
            raise InputError("columns of doses must have one dimension")
        self.targets: tuple[str, ...] = names
        self.patient: NDArray[np.int64] = who.astype(np.int64)
        self.target: NDArray[np.int64] = codes.astype(np.int64)
        self.time: NDArray[np.float64] = ordered + delay
        self.amount: NDArray[np.float64] = given * fraction
        self.duration: NDArray[np.float64] = _as_the_clock_sees(self.time, length)

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def empty(cls) -> Doses:
        """Return no doses."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0), (), np.empty(0))

    @classmethod
    def concat(cls, parts: Sequence[Doses]) -> Doses:
        """Return the rows of several, in the order given."""
        if len(parts) == 1:
            return parts[0]
        out = cls.empty()
        names = list(dict.fromkeys(name for part in parts for name in part.targets))
        out.targets = tuple(names)
        if parts:
            places = [np.array([names.index(n) for n in p.targets], dtype=np.int64) for p in parts]
            out.target = np.concatenate(
                [q[p.target] if len(p) else p.target for p, q in zip(parts, places, strict=True)]
            )
            out.patient = np.concatenate([p.patient for p in parts])
            out.time = np.concatenate([p.time for p in parts])
            out.amount = np.concatenate([p.amount for p in parts])
            out.duration = np.concatenate([p.duration for p in parts])
        return out


def dose_table(
    doses: Doses,
    n: int,
    states: Mapping[str, int],
) -> DoseTable:
    """Sort doses by patient and time.

    Args:
        doses: the doses.
        n: the number of patients.
        states: target name -> state; has every target of the doses.

    Raises:
        InputError: a patient that does not exist.
    """
    if len(doses) and doses.patient.max() >= n:
        raise InputError(f"a dose is for patient {doses.patient.max()}, the last is {n - 1}")
    everyone = doses.patient < 0
    repeats = np.where(everyone, n, 1)
    row = np.repeat(np.arange(len(doses)), repeats)
    patient = np.repeat(doses.patient, repeats)
    patient[everyone[row]] = np.tile(np.arange(n), int(everyone.sum()))
    order = np.lexsort((doses.time[row], patient))  # stable: equal times keep the order given
    row, patient = row[order], patient[order]
    codes = doses.target[row]
    state_of = np.array([states[name] for name in doses.targets], dtype=np.int64)
    return DoseTable(
        start=np.searchsorted(patient, np.arange(n + 1)).astype(np.int64),
        time=doses.time[row],
        state=state_of[codes] if len(row) else np.empty(0, dtype=np.int64),
        amount=doses.amount[row],
        duration=doses.duration[row],
    )


def merge_tables(old: DoseTable, new: DoseTable, now: float) -> DoseTable:
    """Return the infusions of `old` that are running, and what `new` gives from `now` on."""
    running = (old.time < now) & (old.time + old.duration > now)
    return _combined((old, running), (new, new.time >= now))


def gather_tables(parts: Sequence[tuple[DoseTable, NDArray[np.int64]]]) -> DoseTable:
    """Return the doses of chosen patients, who are numbered anew in the order given.

    Args:
        parts: tables, each with (k,) the zero-based patients that are taken from it.
    """
    counts, rows = [np.zeros(0, dtype=np.int64)], []
    for table, who in parts:
        counts.append(np.diff(table.start)[who])
        spans = [np.arange(table.start[i], table.start[i + 1]) for i in who]
        rows.append(np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64))

    def column(name: str) -> NDArray[Any]:
        pieces = [getattr(table, name)[r] for (table, _), r in zip(parts, rows, strict=True)]
        return np.concatenate(pieces)

    start = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return DoseTable(start, *map(column, ("time", "state", "amount", "duration")))


def _combined(*parts: tuple[DoseTable, NDArray[np.bool_]]) -> DoseTable:
    n = len(parts[0][0].start) - 1
    rows = []
    for table, keep in parts:
        patient = np.repeat(np.arange(n), np.diff(table.start))
        columns = (patient, table.time, table.state, table.amount, table.duration)
        rows.append([column[keep] for column in columns])
    patient, time, state, amount, duration = (np.concatenate(c) for c in zip(*rows, strict=True))
    order = np.lexsort((time, patient))
    return DoseTable(
        start=np.searchsorted(patient[order], np.arange(n + 1)).astype(np.int64),
        time=time[order],
        state=state[order],
        amount=amount[order],
        duration=duration[order],
    )


def _as_the_clock_sees(
    time: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how long infusions last between two times that doubles can be.

    The rate is the amount by this duration, so that all of the amount is given: at 1,000 hours an
    infusion of 1e-12 hours ends 1.1e-12 later, which would be a tenth too much.
    """
    end = time + length
    span = end - time
    # Shorter than the solver's smallest step: a bolus, which gives the same within rounding.
    return np.where(span > 64 * np.spacing(np.maximum(np.abs(time), np.abs(end))), span, 0.0)


def _codes(target: str | Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if isinstance(target, str):
        return (target,), np.asarray(0)
    place: dict[str, int] = {}
    codes = [place.setdefault(str(name), len(place)) for name in target]
    return tuple(place), np.array(codes, dtype=np.int64)


def _checked(field: str, value: ArrayLike) -> NDArray[np.float64]:
    if type(value) is float and 0.0 <= value < np.inf:  # most columns are one plain number
        return np.asarray(value)
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{field} of a dose must be numbers") from None
    if not np.all(np.isfinite(array)):
        raise InputError(f"{field} of a dose must be finite")
    if field != "time" and array.size and array.min() < 0:
        raise InputError(f"{field} of a dose must not be negative, not {array.min()}")
    return array
