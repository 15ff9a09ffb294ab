"""Cox's proportional hazards model with strata, and tests of its interaction and of its premiss.

Efron's method for ties, as R's `coxph` has it by default; times that differ by rounding alone are
tied. Covariates are centred and scaled inside, so that a fit does not depend on their unit. Own
vectorised code, because replicate trials need thousands of fits; the tests hold it against
lifelines and against R. A quantity that the data do not determine is ``None``, never an exception,
and a fit says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.partial_likelihood import CONSTANT, NO_EVENTS, SEPARATED, CoxModel, maximize
from rascade.statistics.samples import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "CONSTANT",
    "NO_EVENTS",
    "SEPARATED",
    "CoxFit",
    "CoxModel",
    "cox_hazard_ratio",
    "cox_model",
    "interaction_p",
]


@dataclass(frozen=True)
class CoxFit:
    """A Cox fit with one covariate; every field is None where the likelihood has no maximum.

    Attributes:
        coefficient: log hazard ratio per unit of the covariate.
        std_error: its standard error from the observed information.
        p: two-sided Wald p value.
        hazard_ratio: with its Wald interval.
        problem: why there is no fit, `NO_EVENTS`, `CONSTANT` or `SEPARATED`; None where there is.
    """

    coefficient: float | None
    std_error: float | None
    p: float | None
    hazard_ratio: Interval
    problem: str | None = None


def cox_model(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, *, strata: ArrayLike | None = None
) -> CoxModel | None:
    """Fit a proportional hazards model.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        covariates: (n, p) numbers.
        strata: (n,) labels; each stratum has its own baseline hazard.

    Returns:
        The fit, or None where the partial likelihood has no maximum.

    Raises:
        ValueError: a time is negative, or a time or covariate is not finite.
    """
    found = maximize(time, event, covariates, strata)
    return found.model if found.problem is None else None


def cox_hazard_ratio(
    time: ArrayLike,
    event: ArrayLike,
    covariate: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> CoxFit:
    """Fit a proportional hazards model with one covariate.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        covariate: (n,) numbers; 1 for the arm and 0 for the reference gives the hazard ratio.
        strata: (n,) labels; each stratum has its own baseline hazard.
        level: confidence level.

    Raises:
        ValueError: a time is negative or not finite.
    """
    from scipy.special import ndtr, ndtri

    found = maximize(time, event, covariate, strata)
    if found.problem is not None:
        return CoxFit(None, None, None, Interval(None, None, None), found.problem)
    beta, error = float(found.model.coefficients[0]), float(found.model.std_errors[0])
    width = float(ndtri(0.5 + level / 2)) * error
    p = float(2.0 * ndtr(-abs(beta) / error))
    with np.errstate(over="ignore"):
        ratio = Interval(*(float(np.exp(b)) for b in (beta, beta - width, beta + width)))
    return CoxFit(beta, error, p, ratio)


def interaction_p(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
) -> float | None:
    """Test whether the hazard ratio of an arm differs between the levels of a factor.

    Likelihood ratio test of the Cox model with treatment, factor and their product against the one
    without the product. A level that has patients of one arm only says nothing of the hazard ratio
    in it and takes no degree of freedom, as in R, where its coefficient is NA; nor does a level
    without an event.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        treated: (n,) 1 for the arm, 0 for the reference.
        group: (n,) levels of the factor.
        strata: (n,) labels; each stratum has its own baseline hazard.

    Returns:
        The p value; None where fewer than two levels have events and patients of both arms.
    """
    from scipy.special import chdtrc

    labels, died = np.asarray(group), np.asarray(event, dtype=bool)
    told = np.isin(labels, labels[died])
    time, event, treated = (np.asarray(column)[told] for column in (time, event, treated))
    strata = None if strata is None else np.asarray(strata)[told]
    names, code = np.unique(labels[told], return_inverse=True)
    if len(names) < 2:
        return None
    arm = np.asarray(treated, dtype=float)[:, None]
    levels = (code[:, None] == np.arange(1, len(names))).astype(float)
    small, large = (
        maximize(time, event, np.hstack(parts), strata, drop_aliased=True)
        for parts in ([arm, levels], [arm, levels, arm * levels])
    )
    degrees = len(large.kept) - len(small.kept)
    if degrees < 1:
        return None
    # Where a level has no event in one arm, the likelihood rises to a limit, which serves as well.
    gain = 2.0 * (large.model.log_likelihood - small.model.log_likelihood)
    return float(chdtrc(degrees, max(gain, 0.0)))
