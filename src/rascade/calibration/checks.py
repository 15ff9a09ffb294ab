"""Is the fit to be believed? The smoother beside the chains, synthetic truths, and what moves what.

All but the last two rounds' misses work on the emulator (`rascade.calibration.emulator`), so they
cost seconds, and test the inference, not the disease model; how well the emulator stands for the
simulation is reported beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.emulator import emulate, posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.calibration.build import Kept
    from rascade.calibration.emulator import Emulator

    Floats = NDArray[np.float64]

__all__ = ["emulator_of", "partial_rank_correlations", "recovery", "second_method"]

_WALKERS, _STEPS = 120, 600


def emulator_of(kept: Kept, rounds: int | None = None) -> Emulator:
    """Return the emulator of a build.

    Args:
        kept: of the build.
        rounds: that it is fitted to; all if None.
    """
    k, q = kept.mask.shape
    return emulate(
        kept.members[:rounds].reshape(-1, k),
        kept.predicted[:rounds].reshape(-1, q),
        kept.sd,
        kept.mask,
    )


def second_method(kept: Kept) -> dict[str, Any]:
    """Compare the ensemble, which chains on the emulator gave, with the smoother's members.

    Both are asked for what they predict, not for the hyperparameters, of which most are not
    determined.

    Returns:
        ``explained`` (by the emulator that the chains ran on, median over the data), ``shift``
        (median absolute difference of the mean predictions, in standard deviations of the
        ensemble's), ``width`` (median ratio of the standard deviations, smoother's to ensemble's)
        and ``missed`` (median absolute difference of what the ensemble's members give when they
        are simulated and what the emulator said they would, likewise).
    """
    emulator = emulator_of(kept, -1)
    drawn, smoothed = emulator(kept.members[-1]), emulator(kept.members[kept.smoothed])
    spread = np.maximum(drawn.std(axis=0), 1e-9)
    simulated = kept.predicted[-1].mean(axis=0)
    return {
        "explained": float(np.median(emulator.explained)),
        "shift": float(np.median(np.abs(smoothed.mean(axis=0) - drawn.mean(axis=0)) / spread)),
        "width": float(np.median(smoothed.std(axis=0) / spread)),
        "missed": float(np.median(np.abs(simulated - drawn.mean(axis=0)) / spread)),
    }


def recovery(kept: Kept, truths: int = 40, seed: int = 2) -> dict[str, Any]:
    """Fit synthetic data of known truths by the same chains, on the emulator.

    Half of the data are fitted, half are predicted, alternately by arm.

    Returns:
        ``inside_90`` (share of the predicted data within their 90 % intervals), ``error`` and
        ``stated`` (root mean square miss, and standard deviation as the draws state it), and
        ``ranks`` (counts of the truth's place among the draws, in ten bins).
    """
    emulator = emulator_of(kept)
    arms = list(dict.fromkeys(arm for arm, _ in kept.data))
    fitted = np.array([arms.index(arm) % 2 == 0 for arm, _ in kept.data])
    known, rng = emulator.only(fitted), np.random.default_rng(seed)
    inside, misses, stated, places = [], [], [], []
    for _ in range(truths):
        truth = emulator(rng.standard_normal((1, kept.sd.size)) * kept.sd)[0]
        error = np.sqrt(kept.variance + emulator.variance)
        seen = truth + rng.standard_normal(truth.size) * error
        draws = posterior(
            known, seen[fitted], kept.variance[fitted], rng, walkers=_WALKERS, steps=_STEPS
        )
        said = emulator(draws)[:, ~fitted]
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
