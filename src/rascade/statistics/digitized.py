"""Patients from a drawn Kaplan-Meier curve: times and events that give the curve back.

The method is that of Guyot and others 2012 (PMID:22297116), in a form of our own: between two
numbers at risk, that many patients are censored, evenly spread, that the number at risk comes out
which was printed; at each point of the curve that many have the event that the curve falls as it
was drawn. What a curve cannot tell is who is who: covariates, and ties within a step, are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Reconstructed", "reconstruct"]


@dataclass(frozen=True)
class Reconstructed:
    """Patients that give a curve back.

    Attributes:
        time: (n,) times, ascending, in the unit of the curve.
        event: (n,) True for an event, False for a censoring.
        worst: largest difference between the drawn curve and that of these patients, in survival.
    """

    time: Floats
    event: NDArray[np.bool_]
    worst: float


@dataclass
class _Stretch:
    """The points of a curve between two numbers at risk."""

    time: Floats
    survival: Floats
    start: float
    end: float

    def run(self, left: int, last: float, censored: int) -> tuple[int, float, list[int], Floats]:
        """Go through the points with so many censored.

        Returns:
            Patients left at the end, the estimate there, events at each point, times of
            censoring (fewer than asked for where nobody is left).
        """
        spread = self.start + (np.arange(censored) + 0.5) / max(censored, 1) * (
            self.end - self.start
        )
        gone = 0
        events: list[int] = []
        for time, drawn in zip(self.time, self.survival, strict=True):
            # At a tie events come before censorings.
            before = int(np.searchsorted(spread, time, side="left"))
            here = min(before - gone, left)
            left, gone = left - here, gone + here
            died = round(left * (1.0 - drawn / last)) if last > 0 else 0
            died = min(max(died, 0), left)
            last *= 1.0 - died / left if left else 1.0
            left -= died
            events.append(died)
        here = min(spread.size - gone, left)
        return left - here, last, events, spread[: gone + here]


def reconstruct(
    time: ArrayLike,
    survival: ArrayLike,
    risk_time: ArrayLike,
    at_risk: ArrayLike,
    events: int | None = None,
) -> Reconstructed:
    """Reconstruct patients from a drawn curve and its numbers at risk.

    Args:
        time: (k,) of the points, ascending; several points at one time are a step.
        survival: (k,) from 0 to 1, never rising.
        risk_time: (r,) at which numbers at risk are known, ascending, the first 0.
        at_risk: (r,) patients at risk there, never rising; the first is everybody.
        events: number of events in all, where it was published; it settles how many were censored
            after the last number at risk.

    Raises:
        ValueError: the arrays do not have these forms.
    """
    points, drawn = np.asarray(time, float), np.asarray(survival, float)
    risks, counts = np.asarray(risk_time, float), np.asarray(at_risk, float).astype(np.int64)
    _check(points, drawn, risks, counts)
    points, drawn = _steps(points, drawn)
    end = max(float(points[-1]), float(risks[-1]))
    left, last = int(counts[0]), 1.0
    times: list[float] = []
    flags: list[bool] = []
    censored_so_far = 0
    for k, start in enumerate(risks):
        final = k == len(risks) - 1
        stop = end if final else float(risks[k + 1])
        inside = (points >= start) & ((points <= stop) if final else (points < stop))
        stretch = _Stretch(points[inside], drawn[inside], float(start), stop)
        if final:
            rate = censored_so_far / start if start > 0 else 0.0
            known = None if events is None else events - sum(flags)
            number = _last_censored(stretch, left, last, known, round(rate * (stop - start)))
        else:
            number = _censored(stretch, left, last, int(counts[k + 1]))
        left, last, died, lost = stretch.run(left, last, number)
        for moment, many in zip(stretch.time, died, strict=True):
            times += [float(moment)] * many
            flags += [True] * many
        times += lost.tolist()
        flags += [False] * lost.size
        censored_so_far += lost.size
    times += [end] * left
    flags += [False] * left
    order = np.lexsort((~np.array(flags, dtype=bool), np.array(times)))
    found, event = np.array(times)[order], np.array(flags, dtype=bool)[order]
    return Reconstructed(found, event, _worst(points, drawn, found, event))


def _check(time: Floats, survival: Floats, risks: Floats, counts: NDArray[np.int64]) -> None:
    if time.ndim != 1 or time.shape != survival.shape or not time.size:
        raise ValueError("time and survival must be of one length, one point at least")
    if (np.diff(time) < 0).any() or (np.diff(survival) > 0).any() or time[0] < 0:
        raise ValueError("time must ascend from 0 or later, and survival never rise")
    if survival.min() < 0 or survival.max() > 1:
        raise ValueError("survival must be from 0 to 1")
    if risks.shape != counts.shape or not risks.size or risks[0] != 0 or counts[0] < 1:
        raise ValueError("numbers at risk must begin with everybody at time 0")
    if (np.diff(risks) <= 0).any() or (np.diff(counts) > 0).any() or counts.min() < 0:
        raise ValueError("times of numbers at risk must ascend, and the numbers never rise")


def _steps(time: Floats, survival: Floats) -> tuple[Floats, Floats]:
    """Return one point a time, the lowest: a curve drawn as steps has two at each."""
    distinct = np.unique(time)
    lowest = survival[np.searchsorted(time, distinct, side="right") - 1]
    return distinct, lowest


def _censored(stretch: _Stretch, left: int, last: float, wanted: int) -> int:
    """Return how many are censored so that as many are left as printed, or nearest to it."""
    low, high = 0, max(left - wanted, 0)
    while low < high:
        middle = (low + high) // 2
        if stretch.run(left, last, middle)[0] > wanted:
            low = middle + 1
        else:
            high = middle
    near = range(max(low - 2, 0), low + 3)
    return min(near, key=lambda n: (abs(stretch.run(left, last, n)[0] - wanted), n))


def _last_censored(
    stretch: _Stretch, left: int, last: float, events: int | None, usual: int
) -> int:
    """Return how many are censored after the last number at risk."""
    if events is None:
        return min(usual, left)
    return min(range(left + 1), key=lambda n: (abs(sum(stretch.run(left, last, n)[2]) - events), n))


def _worst(points: Floats, drawn: Floats, time: Floats, event: NDArray[np.bool_]) -> float:
    from rascade.statistics.survival import kaplan_meier

    curve, _, _ = kaplan_meier(time, event).at(points)
    return float(np.abs(curve - drawn).max())
