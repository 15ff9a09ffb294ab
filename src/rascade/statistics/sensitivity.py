"""Global sensitivity: Morris' elementary effects, Sobol's indices, partial rank correlations.

Inputs lie in the unit cube; who calls scales them. Designs and indices are apart, so that the runs
between them can be done anywhere.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "Index",
    "latin_hypercube",
    "morris_design",
    "morris_effects",
    "partial_ranks",
    "sobol_design",
    "sobol_indices",
]

_LEVELS = 4
_DRAWS = 500
_LIMITS = (5.0, 95.0)


@dataclass(frozen=True)
class Index:
    """A measure of each of k inputs, with 90 % limits by bootstrap.

    Attributes:
        value, low90, high90: (k,).
    """

    value: Floats
    low90: Floats
    high90: Floats


def morris_design(inputs: int, walks: int, seed: int) -> Floats:
    """Return random walks through a grid, each moving every input once.

    Morris (Technometrics 1991;33:161), four levels, steps of two thirds.

    Args:
        inputs: k.
        walks: r.
        seed: of the walks.

    Returns:
        (r * (k + 1), k), walk after walk.
    """
    rng = np.random.default_rng([seed, 41])
    step = _LEVELS / (2 * (_LEVELS - 1))
    points = np.empty((walks, inputs + 1, inputs))
    lower = np.arange(_LEVELS // 2) / (_LEVELS - 1)
    for walk in points:
        low = rng.choice(lower, inputs)
        up = rng.random(inputs) < 0.5
        walk[0] = np.where(up, low, low + step)
        for number, moved in enumerate(rng.permutation(inputs).tolist()):
            walk[number + 1] = walk[number]
            walk[number + 1, moved] += step if up[moved] else -step
    return points.reshape(-1, inputs)


def morris_effects(design: Floats, outputs: Floats, seed: int) -> tuple[Index, Floats, Floats]:
    """Return the mean size of the elementary effects, their mean, and their standard deviation.

    Args:
        design: of `morris_design`.
        outputs: (r * (k + 1),).
        seed: of the bootstrap.

    Returns:
        mu* with limits over walks, mu (k,) and sigma (k,), for an input going through its range.
    """
    k = design.shape[1]
    x, y = design.reshape(-1, k + 1, k), outputs.reshape(-1, k + 1)
    moved = np.abs(np.diff(x, axis=1)).argmax(axis=2)  # (r, k): which input at which step
    size = np.take_along_axis(np.diff(x, axis=1), moved[:, :, None], axis=2)[:, :, 0]
    effects = np.empty(moved.shape)
    np.put_along_axis(effects, moved, np.diff(y, axis=1) / size, axis=1)
    found = np.abs(effects)
    rng = np.random.default_rng([seed, 43])
    drawn = np.stack(
        [found[rng.integers(0, len(found), len(found))].mean(0) for _ in range(_DRAWS)]
    )
    low, high = np.percentile(drawn, _LIMITS, axis=0)
    sigma = effects.std(axis=0, ddof=1) if len(effects) > 1 else np.zeros(k)
    return Index(found.mean(axis=0), low, high), effects.mean(axis=0), sigma


def latin_hypercube(inputs: int, runs: int, seed: int) -> Floats:
    """Return (n, k) points, one in each of n equal parts of every input."""
    rng = np.random.default_rng([seed, 47])
    order = np.argsort(rng.random((runs, inputs)), axis=0)
    return np.asarray((order + rng.random((runs, inputs))) / runs)


def partial_ranks(inputs: Floats, outputs: Floats) -> Floats:
    """Return how each input moves each output, the others held; ranks make curves lines.

    Partial rank correlation coefficients (Marino 2008, doi:10.1016/j.jtbi.2008.04.011).

    Args:
        inputs: (n, k).
        outputs: (n, q).

    Returns:
        (k, q), -1 to 1.
    """
    from scipy.stats import rankdata

    ranks, data = rankdata(inputs, axis=0), rankdata(outputs, axis=0)
    m, k = ranks.shape
    found = np.empty((k, data.shape[1]))
    for j in range(k):
        others = np.column_stack([np.ones(m), np.delete(ranks, j, axis=1)])
        project, *_ = np.linalg.lstsq(others, np.column_stack([ranks[:, j], data]), rcond=None)
        left = np.column_stack([ranks[:, j], data]) - others @ project
        own, rest = left[:, 0], left[:, 1:]
        spread = np.sqrt((own**2).sum() * (rest**2).sum(axis=0))
        found[j] = (own @ rest) / np.where(spread > 0, spread, 1.0)
    return found


def sobol_design(inputs: int, runs: int, seed: int) -> Floats:
    """Return points A, B, and for each input A with that column of B (Saltelli 2010).

    Args:
        inputs: k.
        runs: n, a power of two.
        seed: of the scrambling.

    Returns:
        (n * (k + 2), k).
    """
    from scipy.stats import qmc

    both = qmc.Sobol(2 * inputs, rng=np.random.default_rng([seed, 53])).random(runs)
    one, other = both[:, :inputs], both[:, inputs:]
    mixed = []
    for j in range(inputs):
        changed = one.copy()
        changed[:, j] = other[:, j]
        mixed.append(changed)
    return np.concatenate([one, other, *mixed])


def sobol_indices(outputs: Floats, inputs: int) -> tuple[Index, Index]:
    """Return first-order and total indices: shares of the variance of the output.

    By `scipy.stats.sobol_indices` (Saltelli 2010, doi:10.1016/j.cpc.2009.09.018).

    Args:
        outputs: (n * (k + 2),) at the points of `sobol_design`.
        inputs: k.
    """
    from scipy import stats

    parts = outputs.reshape(inputs + 2, -1)
    n = parts.shape[1]
    if np.ptp(outputs) == 0:
        nothing = Index(*(np.zeros(inputs) for _ in range(3)))
        return nothing, nothing
    # What the output is on average takes no part in shares of variance and costs accuracy.
    parts = parts - outputs.mean()
    known: Any = {"f_A": parts[:1], "f_B": parts[1:2], "f_AB": parts[2:, None, :]}
    found = stats.sobol_indices(func=known, n=n)
    # An input that does nothing leaves the bootstrap without spread: its limits are its value.
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limits = found.bootstrap(confidence_level=0.9, n_resamples=_DRAWS)
    return (
        _index(found.first_order, limits.first_order),
        _index(found.total_order, limits.total_order),
    )


def _index(value: Any, spread: Any) -> Index:
    flat = np.asarray(value, dtype=float).reshape(-1)
    ends = (spread.confidence_interval.low, spread.confidence_interval.high)
    low, high = (np.asarray(end, dtype=float).reshape(-1) for end in ends)
    return Index(flat, np.fmin(low, flat), np.fmax(high, flat))
