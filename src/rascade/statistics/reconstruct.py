"""Patients from a published survival curve: times and events that make the curve again.

Guyot P, Ades AE, Ouwens MJNM, Welton NJ. Enhanced secondary analysis of survival data:
reconstructing the data from published Kaplan-Meier survival curves. BMC Med Res Methodol
2012;12:9 (doi:10.1186/1471-2288-12-9). Between two counts of patients at risk, as many are taken
to be censored, evenly in time, as make the next count come out; what the curve falls by are
events. The last stretch, which no count ends, is censored as the stretches before it unless the
total of events is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["check_at_risk", "check_curve", "reconstruct"]

_RISE = 0.005  # a curve read off a picture may rise by that much
_ROUNDS = 60


def check_curve(month: ArrayLike, survival: ArrayLike) -> tuple[Floats, Floats]:
    """Return a digitised curve from month 0 and 1 down, small rises smoothed away.

    Args:
        month: (k,) ascending.
        survival: (k,) shares between 0 and 1, not rising by more than reading error.

    Raises:
        InputError: it is no survival curve; the message names the row, counted from 1.
    """
    time, share = np.asarray(month, dtype=float), np.asarray(survival, dtype=float)
    if time.ndim != 1 or time.shape != share.shape or time.size < 2:
        raise InputError("a curve needs at least two points, each a month and a survival")
    for row, (t, s) in enumerate(zip(time.tolist(), share.tolist(), strict=True), 1):
        if not np.isfinite(t) or not np.isfinite(s):
            raise InputError(f"row {row}: month and survival must be numbers")
        if t < 0:
            raise InputError(f"row {row}: month {t:g} is before the start")
        if not 0 <= s <= 1:
            hint = f"; {s:g} % is {s / 100:g}" if 1 < s <= 100 else ""
            raise InputError(f"row {row}: survival {s:g} must be between 0 and 1{hint}")
        if row > 1 and t < time[row - 2]:
            raise InputError(
                f"row {row}: month {t:g} comes after month {time[row - 2]:g}; sort by month"
            )
        if row > 1 and s > share[: row - 1].min() + _RISE:
            raise InputError(
                f"row {row}: survival rises from {share[: row - 1].min():g} to {s:g}; a survival "
                "curve cannot"
            )
    if time[0] > 0 or share[0] < 1:
        time, share = np.insert(time, 0, 0.0), np.insert(share, 0, 1.0)
    return time, np.minimum.accumulate(share)


def check_at_risk(month: ArrayLike, at_risk: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Return numbers at risk from month 0 on.

    Raises:
        InputError: they are not such numbers; the message names the row, counted from 1.
    """
    time, count = np.asarray(month, dtype=float), np.asarray(at_risk, dtype=float)
    if time.ndim != 1 or time.shape != count.shape or time.size < 1:
        raise InputError("numbers at risk need rows, each a month and a number")
    for row, (t, n) in enumerate(zip(time.tolist(), count.tolist(), strict=True), 1):
        if not np.isfinite(n) or n < 0 or n != round(n):
            raise InputError(f"row {row}: {n:g} at risk; it must be a whole number, 0 or more")
        if row > 1 and not t > time[row - 2]:
            raise InputError(f"row {row}: month {t:g} must come after month {time[row - 2]:g}")
        if row > 1 and n > count[row - 2]:
            raise InputError(
                f"row {row}: {n:g} at risk after {count[row - 2]:g}; nobody comes back"
            )
    if time[0] != 0:
        raise InputError("row 1: numbers at risk must begin at month 0, with everybody")
    if count[0] < 1:
        raise InputError("row 1: nobody is at risk at the start")
    return time, count.astype(np.int64)


def reconstruct(
    month: ArrayLike,
    survival: ArrayLike,
    risk_month: ArrayLike,
    at_risk: ArrayLike,
    events: int | None = None,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return patients whose Kaplan-Meier curve is a digitised one.

    Args:
        month, survival: (k,) the curve, as `check_curve` takes it.
        risk_month, at_risk: (r,) numbers at risk, as `check_at_risk` takes them; one row, of month
            0, says how many patients there were.
        events: of all, where it was published.

    Returns:
        Months and whether each is an event, (n,), n being the number at risk at month 0; ascending.

    Raises:
        InputError: curve or numbers cannot be.
    """
    time, share = check_curve(month, survival)
    when, count = check_at_risk(risk_month, at_risk)
    keep = when <= time[-1]
    when, count = when[keep], count[keep]
    n = int(count[0])
    if events is not None and not 0 <= events <= n:
        raise InputError(f"events: {events}; there were {n} patients")
    first = np.searchsorted(time, when, side="left")
    ends = np.append(first[1:], time.size)
    state = _State(n)
    rates: list[float] = []
    for stretch, (begin, end) in enumerate(zip(first.tolist(), ends.tolist(), strict=True)):
        span = float((when[stretch + 1] if stretch + 1 < when.size else time[-1]) - when[stretch])
        if stretch + 1 < when.size:
            state, censored = _fitted(state, time, share, begin, end, when, count, stretch)
            rates.append(censored / max(span * state.n, 1e-9))
        else:
            state = _last(
                state, time, share, begin, float(np.mean(rates)) if rates else 0.0, events
            )
    return state.patients(float(time[-1]))


class _State:
    """Patients so far: who is at risk, where the curve is, what has happened when."""

    def __init__(self, n: int) -> None:
        self.n, self.km, self.events, self.censored = n, 1.0, list[float](), list[float]()

    def copy(self) -> _State:
        made = _State(self.n)
        made.km = self.km
        made.events, made.censored = list(self.events), list(self.censored)
        return made

    def go(self, time: Floats, share: Floats, begin: int, end: int, lost: Floats) -> None:
        """Follow the curve over points ``begin`` to ``end``, losing patients at some months."""
        lost = np.sort(lost)
        gone = 0
        for k in range(max(begin, 1), end):
            while gone < lost.size and lost[gone] < time[k] and self.n > 0:
                self.censored.append(float(lost[gone]))
                self.n, gone = self.n - 1, gone + 1
            if self.n <= 0:
                return
            died = min(self.n, max(0, round(self.n * (1.0 - share[k] / self.km)))) if self.km else 0
            if died:
                self.events += [float(time[k])] * died
                self.km *= 1.0 - died / self.n
                self.n -= died
        while gone < lost.size and self.n > 0:
            self.censored.append(float(lost[gone]))
            self.n, gone = self.n - 1, gone + 1

    def patients(self, last: float) -> tuple[Floats, NDArray[np.bool_]]:
        months = np.array([*self.events, *self.censored, *([last] * self.n)])
        flags = np.repeat([True, False], [len(self.events), months.size - len(self.events)])
        order = np.lexsort((~flags, months))
        return months[order], flags[order]


def _evenly(start: float, end: float, number: int) -> Floats:
    return start + (end - start) * (np.arange(number) + 0.5) / max(number, 1)


def _fitted(
    state: _State, time: Floats, share: Floats, begin: int, end: int, when: Floats,
    count: NDArray[np.int64], stretch: int,
) -> tuple[_State, int]:  # fmt: skip
    """Return the state at the next count, with as many lost as make it come out; and how many."""
    start, stop, wanted = float(when[stretch]), float(when[stretch + 1]), int(count[stretch + 1])
    lost, best = 0, (10**9, state, 0)
    for _ in range(_ROUNDS):
        trial = state.copy()
        trial.go(time, share, begin, end, _evenly(start, stop, lost))
        miss = trial.n - wanted
        if abs(miss) < best[0]:
            best = (abs(miss), trial, lost)
        if miss == 0 or (lost == 0 and miss < 0):
            break
        lost = max(0, lost + miss)
    return best[1], best[2]


def _last(
    state: _State, time: Floats, share: Floats, begin: int, rate: float, events: int | None
) -> _State:
    """Return the state at the end of the curve, which no number at risk tells."""
    start, stop = float(time[min(begin, time.size - 1)]), float(time[-1])
    guess = min(state.n, round(rate * (stop - start) * state.n))
    choices = range(state.n + 1) if events is not None else (guess,)
    best: tuple[int, _State] | None = None
    for lost in choices:
        trial = state.copy()
        trial.go(time, share, begin, time.size, _evenly(start, stop, lost))
        miss = 0 if events is None else abs(len(trial.events) - events)
        if best is None or miss < best[0]:
            best = (miss, trial)
    assert best is not None
    return best[1]
