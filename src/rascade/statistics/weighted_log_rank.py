"""Log-rank tests that look where hazards are not proportional: Fleming-Harrington and MaxCombo.

A weight S(t-)^rho (1 - S(t-))^gamma, S the Kaplan-Meier curve of the groups together (of a stratum,
if there are strata), gives early or late differences more weight (Fleming and Harrington, Counting
Processes and Survival Analysis, 1991, chapter 7): (0, 0) is the log-rank test, (1, 0) the Peto-Peto
form of Wilcoxon's, (0, 1) looks late. MaxCombo takes the largest of several and corrects for having
looked, by the joint normal distribution of the tests (Roychoudhury et al., Stat Biopharm Res
2023;15:300-314, recalled).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.samples import columns, strata_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["MAX_COMBO", "MaxCombo", "WeightedLogRank", "max_combo", "weighted_log_rank"]

#: Powers (rho, gamma) that MaxCombo combines.
MAX_COMBO = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
_MOST_DIMENSIONS = 3
_NODES = 30  # in each of eight panels, a probability is then right to about 1e-6


@dataclass(frozen=True)
class WeightedLogRank:
    """A weighted log-rank test of two groups.

    Attributes:
        rho, gamma: powers of the weight.
        z: standardised difference, negative where group 1 has fewer events than expected (does
            better); None where the data say nothing.
        p: two-sided p value.
    """

    rho: float
    gamma: float
    z: float | None
    p: float | None


@dataclass(frozen=True)
class MaxCombo:
    """The largest of several weighted log-rank tests.

    Attributes:
        tests: each of them.
        correlation: (k, k) of their statistics without a difference.
        p: two-sided p value of the largest |z|, corrected for the choice; None where the data say
            nothing.
        p_better: one-sided p value that group 1 does better, from the smallest z.
    """

    tests: tuple[WeightedLogRank, ...]
    correlation: Floats
    p: float | None
    p_better: float | None


def weighted_log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    strata: ArrayLike | None = None,
) -> WeightedLogRank:
    """Compare two groups by a Fleming-Harrington test.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        group: (n,) 1 or True for the arm, 0 or False for the reference.
        rho, gamma: powers of S(t-) and of 1 - S(t-), not negative.
        strata: (n,) labels; weights and comparisons are made inside each stratum and summed.

    Raises:
        ValueError: a time is negative or not finite, a power is negative, or a group is not 0 or 1.
    """
    difference, covariance = _scores(time, event, group, ((rho, gamma),), strata)
    return _test(rho, gamma, float(difference[0]), float(covariance[0, 0]))


def max_combo(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    weights: Sequence[tuple[float, float]] = MAX_COMBO,
    strata: ArrayLike | None = None,
) -> MaxCombo:
    """Compare two groups by the largest of several Fleming-Harrington tests.

    Args:
        time, event, group, strata: as in `weighted_log_rank`.
        weights: powers (rho, gamma) of each test.

    Raises:
        ValueError: as `weighted_log_rank`.
    """
    difference, covariance = _scores(time, event, group, weights, strata)
    variance = np.diag(covariance)
    tests = tuple(
        _test(rho, gamma, float(d), float(v))
        for (rho, gamma), d, v in zip(weights, difference, variance, strict=True)
    )
    known = np.array([test.z is not None for test in tests])
    root = np.sqrt(np.where(known, variance, np.nan))
    correlation = covariance / np.outer(root, root)
    if not known.any():
        return MaxCombo(tests, correlation, None, None)
    joint = correlation[np.ix_(known, known)]
    z = np.array([test.z for test in tests if test.z is not None])
    largest = float(np.abs(z).max())
    return MaxCombo(
        tests,
        correlation,
        _outside(joint, np.full(z.size, -largest), np.full(z.size, largest)),
        _outside(joint, np.full(z.size, float(z.min())), np.full(z.size, np.inf)),
    )


def _outside(correlation: Floats, low: Floats, high: Floats) -> float:
    """Chance of a normal vector to leave a box; the same for the same input on every call.

    The statistics may be linearly dependent ((0, 0) is the sum of (0, 1) and (1, 0)), so they are
    written as combinations of as few independent ones as there are. Given all but one of these, the
    box is an interval of the last one; over the others goes a grid of Gauss-Legendre nodes.
    """
    from scipy.special import ndtr
    from scipy.stats import multivariate_normal

    size, axes = np.linalg.eigh(correlation)
    told = size > 1e-9 * size.max()
    factor = (axes[:, told] * np.sqrt(size[told]))[:, ::-1]
    rank = factor.shape[1]
    if rank > _MOST_DIMENSIONS:  # never of the usual four; the grid would be too large
        normal = multivariate_normal(
            np.zeros(low.size), correlation, allow_singular=True, seed=np.random.default_rng(1)
        )
        return 1.0 - float(normal.cdf(high, lower_limit=low))
    node, weight = _normal_nodes()
    grids = np.meshgrid(*[node] * (rank - 1), indexing="ij")
    mass = np.ones(())
    for _ in range(rank - 1):
        mass = np.multiply.outer(mass, weight)
    given = np.tensordot(factor[:, :-1], np.stack(grids), axes=1) if grids else np.zeros(low.size)
    shape = (-1, *[1] * (rank - 1))
    last, below, above = (column.reshape(shape) for column in (factor[:, -1], low, high))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(below - given) / last, (above - given) / last])
    first, end = ends.min(axis=0).max(axis=0), ends.max(axis=0).min(axis=0)
    left = np.where(end > first, ndtr(first) + ndtr(-end), 1.0)
    return float((mass * left).sum() / mass.sum())


@cache
def _normal_nodes() -> tuple[Floats, Floats]:
    """Nodes and weights over the standard normal distribution from -8 to 8."""
    unit, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(-8.0, 8.0, 9)
    node = ((edges[:-1] + edges[1:]) / 2.0)[:, None] + unit
    return node.ravel(), (np.tile(weights, 8) * np.exp(-0.5 * node.ravel() ** 2))


def _test(rho: float, gamma: float, difference: float, variance: float) -> WeightedLogRank:
    from scipy.special import ndtr

    if not variance > 0:
        return WeightedLogRank(rho, gamma, None, None)
    z = difference / float(np.sqrt(variance))
    return WeightedLogRank(rho, gamma, z, float(2.0 * ndtr(-abs(z))))


def _scores(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    weights: Sequence[tuple[float, float]],
    strata: ArrayLike | None,
) -> tuple[Floats, Floats]:
    """Weighted events of group 1 less those expected, (k,), with their covariance (k, k)."""
    if any(power < 0 for pair in weights for power in pair):
        raise ValueError("powers of the weight must not be negative")
    times, events = columns(time, event)
    codes = np.asarray(group)
    if codes.size and not np.isin(codes, (0, 1)).all():
        raise ValueError("group must be 0 or 1")
    arm = codes.astype(bool)
    difference = np.zeros(len(weights))
    covariance = np.zeros((len(weights), len(weights)))
    for members in strata_members(strata, len(times)):
        excess, spread, before = _moments(times[members], events[members], arm[members])
        weight = np.stack([before**rho * (1.0 - before) ** gamma for rho, gamma in weights])
        difference += weight @ excess
        covariance += (weight * spread) @ weight.T
    return difference, covariance


def _moments(time: Floats, event: Flags, arm: Flags) -> tuple[Floats, Floats, Floats]:
    """At each event time: excess of events in the arm, its variance, and S just before."""
    moments, deaths = np.unique(time[event], return_counts=True)
    order, order_1 = np.sort(time), np.sort(time[arm])
    at_risk = len(order) - np.searchsorted(order, moments)
    at_risk_1 = len(order_1) - np.searchsorted(order_1, moments)
    died_1 = np.sort(time[arm & event])
    own = np.searchsorted(died_1, moments, side="right") - np.searchsorted(died_1, moments)
    share = at_risk_1 / at_risk
    spread = deaths * share * (1.0 - share) * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    survival = np.concatenate([[1.0], np.cumprod(1.0 - deaths / at_risk)])[:-1]
    return own - deaths * share, spread, survival
