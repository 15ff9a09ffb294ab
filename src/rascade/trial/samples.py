"""What every survival method starts from: checked columns of times, strata, and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Interval", "columns", "strata_members"]


class Interval(NamedTuple):
    """An estimate with its confidence limits; ``None`` where not reached or not known."""

    estimate: float | None
    low: float | None
    high: float | None


def columns(time: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return times and event flags as arrays.

    Raises:
        ValueError: a time is negative or not finite.
    """
    times = np.asarray(time, dtype=float)
    if times.size and (not np.isfinite(times).all() or times.min() < 0):
        raise ValueError("survival times must be finite and not negative")
    return times, np.asarray(event, dtype=bool)


def strata_members(strata: ArrayLike | None, size: int) -> list[NDArray[np.intp]]:
    """Return the row numbers of each stratum, in sorted order of their labels."""
    if strata is None:
        return [np.arange(size)]
    code = np.unique(np.asarray(strata), return_inverse=True)[1]
    return [np.flatnonzero(code == stratum) for stratum in range(code.max(initial=-1) + 1)]
