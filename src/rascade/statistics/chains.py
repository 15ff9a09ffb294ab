"""Markov chains of many walkers, for densities that cost little and have many unknowns.

Differences of walkers propose moves along what the data leave free (ter Braak 2006,
doi:10.1007/s11222-006-8769-1); every tenth step is of full length, so that separate modes are
reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["sample"]

_JITTER = 0.01


def sample(
    log_density: Callable[[Floats], Floats],
    start: Floats,
    scale: Floats,
    *,
    steps: int,
    warm_up: int,
    thin: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw from a density.

    Args:
        log_density: of (w, k) points, (w,), up to a constant.
        start: (w, k) first walkers, w even and at least twice k for moves in all directions.
        scale: (k,) size of the unknowns, for the small random part of a move.
        steps: of all walkers.
        warm_up: steps whose places are not returned.
        thin: every how many steps the places are kept.
        rng: random numbers.

    Returns:
        (s, k) draws, those of one step after the other.
    """
    walkers, kept = start.copy(), []
    density = log_density(walkers)
    for step in range(steps):
        one, other = rng.permutation(len(walkers)), rng.permutation(len(walkers))
        length = 2.38 / np.sqrt(2.0 * walkers.shape[1]) if step % 10 else 1.0
        proposed = walkers + length * (walkers[one] - walkers[other])
        proposed = proposed + _JITTER * scale * rng.standard_normal(walkers.shape)
        after = log_density(proposed)
        taken = np.log(rng.random(len(walkers))) < after - density
        walkers = np.where(taken[:, None], proposed, walkers)
        density = np.where(taken, after, density)
        if step >= warm_up and step % thin == 0:
            kept.append(walkers)
    return np.concatenate(kept)
