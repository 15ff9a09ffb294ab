"""Whether the hazard ratio of a Cox model is constant over time: the test beside every such model.

The score test of Grambsch and Therneau (Biometrika 1994;81:515-526) in the exact form that R's
`cox.zph` has since `survival` 3.0: does a covariate times a function of time improve the model? The
variance is that of the partial likelihood, not the approximation by its mean of older versions. The
tests hold it against R.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.partial_likelihood import Maximum, maximize
from rascade.statistics.samples import columns
from rascade.statistics.survival import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "TRANSFORMS",
    "ProportionalHazards",
    "proportional_hazards",
    "proportional_hazards_p",
]

#: Functions of time: one less the Kaplan-Meier curve of all patients just before (the default of
#: R's `cox.zph`), time itself, its logarithm.
TRANSFORMS = ("km", "identity", "log")


@dataclass(frozen=True)
class ProportionalHazards:
    """Tests of proportional hazards; arrays of shape (p,), one a covariate.

    Attributes:
        statistic: chi-squared with one degree of freedom each.
        p: p values.
        slope: change of the log hazard ratio over the range of the function of time (for ``km``,
            from the start to a curve of 0), by one step of the score test: below 0 the ratio falls.
        global_statistic: of all covariates together, with p degrees of freedom.
        global_p: its p value.
        transform: the function of time, one of `TRANSFORMS`.
    """

    statistic: Floats
    p: Floats
    slope: Floats
    global_statistic: float
    global_p: float
    transform: str


def proportional_hazards(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    transform: str = "km",
) -> ProportionalHazards | None:
    """Test whether hazard ratios are constant over time.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        covariates: (n,) or (n, p) numbers, as for `rascade.statistics.cox.cox_model`.
        strata: (n,) labels; each stratum has its own baseline hazard.
        transform: one of `TRANSFORMS`.

    Returns:
        The tests, or None where the model has no fit, or where events that tell covariates apart
        fall at one time only.

    Raises:
        ValueError: there is no such transform, or as `cox_model`.
    """
    from scipy.special import chdtrc

    if transform not in TRANSFORMS:
        raise ValueError(f"transform {transform!r} is none of {', '.join(TRANSFORMS)}")
    found = maximize(time, event, covariates, strata)
    if found.problem is not None:
        return None
    moment = np.concatenate([part.at for part in found.parts])
    scale = _function_of_time(transform, moment, *columns(time, event))
    if np.ptp(scale) == 0:
        return None
    score, variance = _score(found, scale - scale.mean())
    if np.linalg.matrix_rank(variance) < score.size:
        return None  # all that tells the arms apart happens at one time
    statistic = score**2 / np.diag(variance)
    joint = float(score @ np.linalg.solve(variance, score))
    return ProportionalHazards(
        statistic,
        np.asarray(chdtrc(1, statistic)),
        score / np.diag(variance) / found.scale,
        joint,
        float(chdtrc(score.size, joint)),
        transform,
    )


def proportional_hazards_p(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, *, strata: ArrayLike | None = None
) -> float | None:
    """Return the global p value of `proportional_hazards`, None where there is no test."""
    found = proportional_hazards(time, event, covariates, strata=strata)
    return None if found is None else found.global_p


def _function_of_time(
    transform: str, moment: Floats, time: Floats, event: NDArray[np.bool_]
) -> Floats:
    """Function of time at each event of the model."""
    if transform == "identity":
        return moment
    if transform == "log":
        return np.log(np.maximum(moment, np.finfo(float).tiny))
    curve = kaplan_meier(time, event)
    before = np.concatenate([[1.0], curve.survival])
    return np.asarray(1.0 - before[np.searchsorted(curve.time, moment)])


def _score(found: Maximum, scale: Floats) -> tuple[Floats, Floats]:
    """Score and variance of the covariates times the function of time, the model fitted."""
    count = len(found.kept)
    beta = found.model.coefficients * found.scale
    score, blocks, start = np.zeros(count), np.zeros((3, count, count)), 0
    for part in found.parts:
        g = scale[start : start + len(part.at)]
        start += len(part.at)
        if not len(g):
            continue
        _, mean, two = part.moments(beta)
        score += g @ (part.event_x - mean)
        own = two.reshape(-1, count, count) - mean[:, :, None] * mean[:, None, :]
        for power in range(3):
            blocks[power] += np.tensordot(g**power, own, axes=1)
    # What the time-varying part owes to the coefficients that were fitted is taken off.
    variance = blocks[2] - blocks[1] @ np.linalg.solve(blocks[0], blocks[1])
    return score, variance
