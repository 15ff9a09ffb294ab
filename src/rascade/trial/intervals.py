"""Survival from times that are known to lie between two visits: Turnbull's estimate.

Progression is seen at a scan, but happened somewhere since the scan before. The nonparametric
maximum likelihood estimate puts its mass on the innermost intervals (Turnbull 1976, J R Stat Soc B
38:290-295; Peto 1973); where inside an interval the mass lies, the data do not say, and the curve
is not defined there.

No kept-up wheel offers it without a large set of dependencies, so the self-consistency iteration
stands here, sped up by squared extrapolation (Varadhan and Roland 2008, Scand J Stat 35:335-353)
and stopped by the gradient condition of the likelihood, so that the result is the maximum and not
merely a slow iterate. The tests hold it against published estimates and against lifelines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Turnbull", "turnbull"]

_GAP = 1e-7  # largest gradient, in patients, that is left at the maximum
_MOST_STEPS = 20_000
_MASS_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Turnbull:
    """A nonparametric estimate from interval-censored times.

    Attributes:
        left, right: (m,) innermost intervals (left, right] in ascending order; equal for a time
            that is known exactly; right is infinite for mass beyond the last visit.
        mass: (m,) probability of each interval.
        converged: the gradient condition of the maximum holds.
    """

    left: Floats
    right: Floats
    mass: Floats
    converged: bool

    def at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Smallest and largest S(t) that the estimate allows at some times, arrays like `times`.

        The two differ inside an innermost interval only.
        """
        moment = np.asarray(times, dtype=float)[..., None]
        surely = ((self.right <= moment) * self.mass).sum(axis=-1)
        maybe = (((self.left < moment) | (self.right <= moment)) * self.mass).sum(axis=-1)
        return 1.0 - maybe, 1.0 - surely

    def median(self) -> tuple[float | None, float | None]:
        """Innermost interval (low, high] in which S falls to one half.

        Both None if no mass is there; high is None where it lies beyond the last visit.
        """
        if not self.mass.size:
            return None, None
        place = int(np.argmax(np.cumsum(self.mass) >= 0.5 - _MASS_TOLERANCE))
        high = float(self.right[place])
        if not np.isfinite(high):
            return (float(self.left[place]), None) if self.left[place] > 0 else (None, None)
        return float(self.left[place]), high


def turnbull(left: ArrayLike, right: ArrayLike) -> Turnbull:
    """Estimate the distribution of times known to lie in intervals.

    Args:
        left: (n,) last time without the event.
        right: (n,) first time with it; infinite where it was not seen, equal to `left` where the
            time is known exactly.

    Raises:
        ValueError: a left end is negative, not finite, or after its right end.
    """
    low, high = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    if low.size and (not np.isfinite(low).all() or low.min() < 0 or not (low <= high).all()):
        raise ValueError("intervals need 0 <= left <= right, and a finite left end")
    pairs, weight = np.unique(np.stack([low, high], axis=1), axis=0, return_counts=True)
    if not len(pairs):
        return Turnbull(np.empty(0), np.empty(0), np.empty(0), True)
    start, stop, exact = _innermost(pairs)
    own_exact = pairs[:, 0] == pairs[:, 1]
    after = np.where(
        own_exact[:, None],
        exact & (start == pairs[:, :1]),
        np.where(exact, start > pairs[:, :1], start >= pairs[:, :1]),
    )
    inside = (after & (stop <= pairs[:, 1:])).astype(float)
    mass, converged = _maximum(inside, weight.astype(float))
    kept = mass > _MASS_TOLERANCE
    return Turnbull(start[kept], stop[kept], mass[kept] / mass[kept].sum(), converged)


def _innermost(pairs: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the innermost intervals, and which of them are single exact times."""
    exact = pairs[:, 0] == pairs[:, 1]
    # At one value: an exact time opens, right ends close, and only then (value, ...] opens.
    opening = np.where(exact, 0, 2)
    value = np.r_[pairs[:, 0], pairs[:, 1]]
    kind = np.r_[opening, np.ones(len(pairs), dtype=int)]
    order = np.lexsort((kind, value))
    value, kind = value[order], kind[order]
    closes = np.flatnonzero((kind[1:] == 1) & (kind[:-1] != 1))
    return value[closes], value[closes + 1], kind[closes] == 0


def _maximum(inside: Floats, weight: Floats) -> tuple[Floats, bool]:
    """Maximise the likelihood over masses; `inside` is (patients, intervals), `weight` counts."""
    total = weight.sum()

    def gradient(mass: Floats) -> Floats:
        return np.asarray((weight / np.maximum(inside @ mass, 1e-300)) @ inside)

    def consistent(mass: Floats) -> Floats:
        new = mass * gradient(mass) / total
        return np.asarray(new / new.sum())

    def likelihood(mass: Floats) -> float:
        return float(weight @ np.log(np.maximum(inside @ mass, 1e-300)))

    mass = np.full(inside.shape[1], 1.0 / inside.shape[1])
    for _ in range(_MOST_STEPS):
        mass = _leap(mass, consistent, likelihood)
        if gradient(mass).max() - total < _GAP * total:
            return mass, True
    return mass, False


def _leap(
    mass: Floats, step: Callable[[Floats], Floats], likelihood: Callable[[Floats], float]
) -> Floats:
    """Make two steps of self-consistency and extrapolate them, if that is an improvement."""
    first = step(mass)
    second = step(first)
    change, bend = first - mass, second - 2.0 * first + mass
    size = float(np.sqrt((bend**2).sum()))
    if size < 1e-300:
        return second
    reach = -max(1.0, float(np.sqrt((change**2).sum())) / size)
    far = np.maximum(mass - 2.0 * reach * change + reach**2 * bend, 0.0)
    if far.sum() <= 0:
        return second
    # Mass that fell to nothing must be able to come back, or the maximum may be out of reach.
    far = step(np.maximum(far / far.sum(), 1e-14))
    return far if likelihood(far) >= likelihood(second) else second
