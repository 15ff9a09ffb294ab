"""What every survival method starts from: checked columns of times, strata, and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["TIE_TOLERANCE", "Interval", "columns", "same_times", "strata_members", "until"]

#: Times closer than this share of their mean size are one time: 0.1 + 0.2 and 0.3. The square root
#: of the machine's precision, as R's `survival::aeqSurv` has it, but relative only, so that a
#: result does not depend on the unit of time.
TIE_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


class Interval(NamedTuple):
    """An estimate with its confidence limits; ``None`` where not reached or not known."""

    estimate: float | None
    low: float | None
    high: float | None


def columns(time: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return times and event flags as arrays; times that differ by rounding alone become equal.

    Raises:
        ValueError: a time is negative or not finite.
    """
    times = np.asarray(time, dtype=float)
    if times.size and (not np.isfinite(times).all() or times.min() < 0):
        raise ValueError("survival times must be finite and not negative")
    return same_times(times), np.asarray(event, dtype=bool)


def same_times(times: Floats) -> Floats:
    """Give times that differ by rounding alone the value of the smallest of them.

    Args:
        times: any shape; infinite ones stay, and do not count for the mean size.
    """
    finite = times[np.isfinite(times)]
    if finite.size < 2:
        return times
    distinct = np.unique(finite)
    limit = TIE_TOLERANCE * float(np.abs(distinct).mean())
    first = np.concatenate([[True], np.diff(distinct) > limit])
    if first.all():
        return times
    kept = distinct[first]
    place = np.searchsorted(kept, times, side="right") - 1
    return np.where(np.isfinite(times), kept[np.maximum(place, 0)], times)


def until(curve_time: Floats, times: ArrayLike) -> Floats:
    """Move moments that are a time of a curve up to rounding onto it, so that they include it."""
    asked = np.asarray(times, dtype=float)
    if not curve_time.size:
        return asked
    limit = TIE_TOLERANCE * float(np.abs(curve_time).mean())
    place = np.searchsorted(curve_time, asked)
    for side in (place, place - 1):
        near = curve_time[np.clip(side, 0, curve_time.size - 1)]
        asked = np.where(np.abs(near - asked) <= limit, near, asked)
    return asked


def strata_members(strata: ArrayLike | None, size: int) -> list[NDArray[np.intp]]:
    """Return the row numbers of each stratum, in sorted order of their labels."""
    if strata is None:
        return [np.arange(size)]
    code = np.unique(np.asarray(strata), return_inverse=True)[1]
    return [np.flatnonzero(code == stratum) for stratum in range(code.max(initial=-1) + 1)]
