"""Is the fit to be believed? A second method, synthetic truths, and what moves what.

All three work on an emulator: a quadratic of the hyperparameters for each datum, fitted to what all
rounds of a build simulated. So they cost seconds, and they test the inference, not the disease
model; how well the emulator stands for the simulation is reported beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.smoother import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.calibration.build import Kept

    Floats = NDArray[np.float64]

__all__ = ["Emulator", "emulate", "partial_rank_correlations", "recovery", "second_method"]

_RIDGE = 1.0
_WALKERS, _STEPS, _WARM_UP, _THIN = 300, 3000, 1000, 50


@dataclass(frozen=True)
class Emulator:
    """A quadratic for each datum.

    Attributes:
        weights: (1 + 2 k, q).
        explained: (q,) share of the variance that it explains of members it was not fitted to.
        left: (q,) standard deviation of what it leaves.
    """

    weights: Floats
    explained: Floats
    left: Floats

    def __call__(self, members: Floats) -> Floats:
        """Return the data of members, (m, q)."""
        return np.asarray(_features(members) @ self.weights)


def _features(members: Floats) -> Floats:
    return np.concatenate([np.ones((len(members), 1)), members, members**2], axis=1)


def emulate(kept: Kept) -> Emulator:
    """Fit the emulator to all rounds of a build."""
    members = kept.members.reshape(-1, kept.sd.size)
    data = kept.predicted.reshape(-1, kept.observed.size)
    fold = np.arange(len(members)) % 5
    missed = np.empty_like(data)
    for k in range(5):
        weights = _ridge(members[fold != k], data[fold != k])
        missed[fold == k] = data[fold == k] - _features(members[fold == k]) @ weights
    left = missed.std(axis=0)
    explained = 1.0 - (missed**2).mean(axis=0) / np.maximum(data.var(axis=0), 1e-12)
    return Emulator(_ridge(members, data), explained, left)


def _ridge(members: Floats, data: Floats) -> Floats:
    features = _features(members)
    penalty = _RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 0.0
    return np.asarray(np.linalg.solve(features.T @ features + penalty, features.T @ data))


def second_method(kept: Kept, seed: int = 1) -> dict[str, Any]:
    """Compare the members' data with those of Markov chains on the emulator.

    Random-walk Metropolis with many walkers. Both are asked for what they predict, not for the
    hyperparameters, of which most are not determined.

    Returns:
        ``explained`` (median over the data), ``shift`` (median absolute difference of the mean
        predictions, in standard deviations of the chain's) and ``width`` (median ratio of the
        standard deviations, members' to chain's).
    """
    emulator = emulate(kept)
    variance = kept.variance + emulator.left**2
    rng = np.random.default_rng(seed)
    walkers = kept.members[-1][rng.integers(0, kept.members.shape[1], _WALKERS)]

    def log_density(members: Floats) -> Floats:
        miss = ((emulator(members) - kept.observed) ** 2 / variance).sum(axis=1)
        return np.asarray(-0.5 * miss - 0.5 * ((members / kept.sd) ** 2).sum(axis=1))

    density, found = log_density(walkers), []
    for step in range(_STEPS):
        # Differences of walkers propose moves along what the data leave free (ter Braak 2006,
        # doi:10.1007/s11222-006-8769-1).
        one, other = rng.permutation(_WALKERS), rng.permutation(_WALKERS)
        scale = 2.38 / np.sqrt(2.0 * kept.sd.size) if step % 10 else 1.0
        proposed = walkers + scale * (walkers[one] - walkers[other])
        proposed = proposed + 0.01 * kept.sd * rng.standard_normal(walkers.shape)
        after = log_density(proposed)
        taken = np.log(rng.random(_WALKERS)) < after - density
        walkers = np.where(taken[:, None], proposed, walkers)
        density = np.where(taken, after, density)
        if step >= _WARM_UP and step % _THIN == 0:
            found.append(emulator(walkers))
    chain, members = np.concatenate(found), emulator(kept.members[-1])
    spread = np.maximum(chain.std(axis=0), 1e-9)
    return {
        "explained": float(np.median(emulator.explained)),
        "shift": float(np.median(np.abs(members.mean(axis=0) - chain.mean(axis=0)) / spread)),
        "width": float(np.median(members.std(axis=0) / spread)),
    }


def recovery(kept: Kept, truths: int = 60, seed: int = 2) -> dict[str, Any]:
    """Fit synthetic data of known truths by the same smoother, on the emulator.

    Half of the data are fitted, half are predicted, alternately by arm.

    Returns:
        ``inside_90`` (share of the predicted data within their 90 % intervals), ``error`` and
        ``stated`` (root mean square miss, and standard deviation as the members state it), and
        ``ranks`` (counts of the truth's place among the members, in ten bins).
    """
    emulator = emulate(kept)
    rounds, m, k = kept.members.shape
    arms = list(dict.fromkeys(arm for arm, _ in kept.data))
    fitted = np.array([arms.index(arm) % 2 == 0 for arm, _ in kept.data])
    rng = np.random.default_rng(seed)
    inside, misses, stated, places = [], [], [], []
    for _ in range(truths):
        truth = emulator(rng.standard_normal((1, k)) * kept.sd)[0]
        seen = truth + rng.standard_normal(truth.size) * np.sqrt(kept.variance)
        members = smooth(
            lambda some: emulator(some)[:, fitted], kept.sd, seen[fitted], kept.variance[fitted],
            members=m, rounds=rounds - 1, rng=rng,
        )  # fmt: skip
        said = emulator(members)[:, ~fitted]
        low, high = np.percentile(said, [5, 95], axis=0)
        wanted = truth[~fitted]
        inside.append((low <= wanted) & (wanted <= high))
        misses.append(said.mean(axis=0) - wanted)
        stated.append(said.std(axis=0))
        places.append((said < wanted).mean(axis=0))
    return {
        "inside_90": float(np.mean(inside)),
        "error": float(np.sqrt(np.mean(np.square(misses)))),
        "stated": float(np.sqrt(np.mean(np.square(stated)))),
        "ranks": np.histogram(np.concatenate(places), bins=10, range=(0, 1))[0].tolist(),
    }


def partial_rank_correlations(kept: Kept) -> Floats:
    """Return how each hyperparameter moves each datum over the prior, others held, (k, q).

    Partial rank correlation coefficients (Marino 2008, doi:10.1016/j.jtbi.2008.04.011).
    """
    from rascade.statistics.sensitivity import partial_ranks

    return partial_ranks(kept.members[0], kept.predicted[0])
