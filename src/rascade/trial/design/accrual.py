"""Accrual: when patients enter a trial, at which centre, and when the trial is cut off.

Each centre opens on its own day and takes in patients as a Poisson process whose rate rises
linearly over its ramp-up and then stays. All centres together are a Poisson process too; a patient
belongs to a centre with the chance that the centre's rate is of all rates on that day. Patients
are numbered in the order of entry, so the first n patients of a trial are the same however many
follow.

Days are calendar days from the opening of the trial; a month has 30.4375 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.errors import InputError
from rascade.random_streams import uniform
from rascade.trial.design.marks import COUNTS
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Accrual", "Centre", "CutOff", "arrivals", "enter", "event_day", "nth_day"]


@dataclass(frozen=True)
class Centre:
    """A centre.

    Attributes:
        name: unique in the trial.
        rate_per_month: patients who enter in a month, once it is running.
        start_month: when it opens.
        ramp_months: from opening until it reaches its rate.
        case_mix: property -> category -> share of its patients; the shares of a property sum to 1.
        reading_error: coefficient of variation of a diameter read there; the trial's if None.
    """

    name: str
    rate_per_month: float
    start_month: float = 0.0
    ramp_months: float = 0.0
    case_mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    reading_error: float | None = None

    def __post_init__(self) -> None:
        if not self.rate_per_month > 0:
            raise InputError(f"centre {self.name}: rate_per_month must be above 0")
        if self.start_month < 0 or self.ramp_months < 0:
            raise InputError(
                f"centre {self.name}: start_month and ramp_months must not be negative"
            )
        for name, shares in self.case_mix.items():
            if min(shares.values(), default=-1) < 0 or abs(sum(shares.values()) - 1) > 1e-6:
                raise InputError(f"centre {self.name}: the shares of {name} must sum to 1")


@dataclass(frozen=True)
class CutOff:
    """When the data are cut for the final analysis: at the first of what is given.

    A cut-off hides what is later. Only one on a known day spares what lies beyond it.

    Attributes:
        month: of the calendar.
        events: number of events over all arms.
        endpoint: whose events; a time of `rascade.trial.endpoints`.
    """

    month: float | None = None
    events: int | None = field(default=None, metadata=COUNTS)
    endpoint: str = field(default="os", metadata=COUNTS)

    def day(self, entry: Floats, event_after: Floats) -> float:
        """Return the calendar day, infinite where neither is reached.

        Args:
            entry: (n,) calendar day of entry.
            event_after: (n,) days from entry to the event, infinite where there is none.
        """
        last = np.inf if self.month is None else self.month * DAYS_PER_MONTH
        if self.events is None:
            return last
        return min(last, float(event_day(entry, event_after, self.events)))


@dataclass(frozen=True)
class Accrual:
    """The centres of a trial."""

    centres: tuple[Centre, ...]

    def __post_init__(self) -> None:
        names = [centre.name for centre in self.centres]
        if not names:
            raise InputError("accrual: give at least one centre")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"accrual: two centres are called {twice!r}")

    def rates(self, day: ArrayLike) -> Floats:
        """Return patients a day of each centre on given days, shape (centres, *days)."""
        days = np.asarray(day, dtype=float)
        rows = []
        for centre in self.centres:
            since = days - centre.start_month * DAYS_PER_MONTH
            ramp = centre.ramp_months * DAYS_PER_MONTH
            share = np.clip(since / ramp, 0.0, 1.0) if ramp > 0 else np.ones(days.shape)
            rows.append(np.where(since >= 0, share, 0.0) * centre.rate_per_month / DAYS_PER_MONTH)
        return np.stack(rows)

    def expected(self, day: ArrayLike) -> Floats:
        """Return how many patients are expected to have entered by given days."""
        days = np.asarray(day, dtype=float)
        total = np.zeros(days.shape)
        for centre in self.centres:
            since = np.maximum(days - centre.start_month * DAYS_PER_MONTH, 0.0)
            ramp = centre.ramp_months * DAYS_PER_MONTH
            rising = np.minimum(since, ramp) ** 2 / (2.0 * ramp) if ramp > 0 else 0.0
            full = rising + np.maximum(since - ramp, 0.0)
            total = total + full * centre.rate_per_month / DAYS_PER_MONTH
        return total

    def day_of(self, entered: Floats) -> Floats:
        """Return the day by which a number of patients is expected: the inverse of `expected`."""
        opened = [c.start_month * DAYS_PER_MONTH for c in self.centres]
        reached = [(c.start_month + c.ramp_months) * DAYS_PER_MONTH for c in self.centres]
        knots = np.unique([*opened, *reached])
        piece = np.searchsorted(self.expected(knots), entered, side="right") - 1
        start = knots[np.maximum(piece, 0)]
        missing = entered - self.expected(start)
        # Within a piece the rate is a line: its integral is a quadratic in the time since the knot.
        rate = self.rates(start).sum(axis=0)
        after = np.append(knots[1:], knots[-1] + 1.0)[np.maximum(piece, 0)]
        middle = self.rates((start + after) / 2.0).sum(axis=0)
        slope = np.maximum((middle - rate) / ((after - start) / 2.0), 0.0)
        root = np.sqrt(rate**2 + 2.0 * slope * missing)
        return np.asarray(start + 2.0 * missing / np.maximum(rate + root, 1e-300))


def arrivals(accrual: Accrual, times: Floats, places: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Turn uniform numbers into arrivals.

    Args:
        accrual: the centres.
        times: (..., n) uniform numbers in (0, 1), which decide the days.
        places: (..., n) uniform numbers, which decide the centres.

    Returns:
        Calendar day of entry, rising along the last axis, and index of the centre, both (..., n).
    """
    day = accrual.day_of(np.cumsum(-np.log(times), axis=-1))
    if len(accrual.centres) == 1:
        return day, np.zeros(day.shape, dtype=np.int64)
    share = np.cumsum(accrual.rates(day), axis=0)
    centre = (places * share[-1] >= share[:-1]).sum(axis=0)
    return day, centre.astype(np.int64)


def enter(
    accrual: Accrual, seed: int, patients: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Return day of entry and centre of the patients of one trial.

    Args:
        accrual: the centres.
        seed: of the study.
        patients: (n,) patient numbers, 0 for the first to enter.
    """
    everybody = np.arange(int(patients.max(initial=-1)) + 1, dtype=np.int64)
    day, centre = arrivals(
        accrual,
        uniform(seed, "accrual:time", everybody),
        uniform(seed, "accrual:centre", everybody),
    )
    return day[patients], centre[patients]


def event_day(entry: Floats, event_after: Floats, events: int | NDArray[np.int64]) -> Floats:
    """Calendar day of the k-th event, infinite where there are fewer.

    Args:
        entry: (..., n) calendar day of entry.
        event_after: (..., n) days from entry to the event, infinite where there is none.
        events: k, one for all or one for each row.
    """
    return nth_day(np.sort(entry + event_after, axis=-1), events)


def nth_day(days: Floats, events: int | NDArray[np.int64]) -> Floats:
    """The k-th of sorted days, (..., n); infinite where there are fewer. See `event_day`."""
    index = np.clip(np.asarray(events) - 1, 0, days.shape[-1] - 1)
    found = np.take_along_axis(days, np.broadcast_to(index, days.shape[:-1])[..., None], axis=-1)
    return np.where(np.asarray(events) > days.shape[-1], np.inf, found[..., 0])
