"""Cox's proportional hazards model with strata, and the test of an interaction with the arm.

Efron's method for ties, as R's `coxph` has it by default. Own vectorised code, because replicate
trials need thousands of fits; the tests hold it against lifelines and against printed results of
R. A quantity that the data do not determine is ``None``, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.samples import Interval, columns, strata_members

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["CoxFit", "CoxModel", "cox_hazard_ratio", "cox_model", "interaction_p"]

_MAX_LOG_HAZARD = 15.0  # beyond it a likelihood has no maximum: one group has no events
_LEAST_INFORMATION = 1e-10


@dataclass(frozen=True)
class CoxFit:
    """A Cox fit with one covariate; every field is None where the likelihood has no maximum.

    Attributes:
        coefficient: log hazard ratio per unit of the covariate.
        std_error: its standard error from the observed information.
        p: two-sided Wald p value.
        hazard_ratio: with its Wald interval.
    """

    coefficient: float | None
    std_error: float | None
    p: float | None
    hazard_ratio: Interval


@dataclass(frozen=True)
class CoxModel:
    """A Cox fit with p covariates.

    Attributes:
        coefficients: (p,) log hazard ratios per unit.
        covariance: (p, p) inverse of the observed information.
        log_likelihood: log partial likelihood at its maximum.
        null_log_likelihood: the same with all coefficients 0.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float

    @property
    def std_errors(self) -> Floats:
        """Standard errors of the coefficients, (p,)."""
        return np.sqrt(np.diag(self.covariance))


_NO_FIT = CoxFit(None, None, None, Interval(None, None, None))


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
        ValueError: a time is negative or not finite.
    """
    times, events = columns(time, event)
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    members = strata_members(strata, len(times))
    parts = [_Stratum.of(times[m], events[m], x[m]) for m in members]
    return _newton(parts, x.shape[1])


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

    fit = cox_model(time, event, covariate, strata=strata)
    if fit is None:
        return _NO_FIT
    beta, error = float(fit.coefficients[0]), float(fit.std_errors[0])
    width = float(ndtri(0.5 + level / 2)) * error
    p = float(2.0 * ndtr(-abs(beta) / error))
    ratio = Interval(*(float(np.exp(b)) for b in (beta, beta - width, beta + width)))
    return CoxFit(beta, error, p, ratio)


def interaction_p(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, group: ArrayLike
) -> float | None:
    """Test whether the hazard ratio of an arm differs between the levels of a factor.

    Likelihood ratio test of the Cox model with treatment, factor and their product against the one
    without the product.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        treated: (n,) 1 for the arm, 0 for the reference.
        group: (n,) levels of the factor.

    Returns:
        The p value; None with fewer than two levels or where a likelihood has no maximum.
    """
    from scipy.special import chdtrc

    names, code = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 2:
        return None
    arm = np.asarray(treated, dtype=float)[:, None]
    levels = (code[:, None] == np.arange(1, len(names))).astype(float)
    small = cox_model(time, event, np.hstack([arm, levels]))
    large = cox_model(time, event, np.hstack([arm, levels, arm * levels]))
    if small is None or large is None:
        return None
    gain = 2.0 * (large.log_likelihood - small.log_likelihood)
    return float(chdtrc(len(names) - 1, max(gain, 0.0)))


def _newton(parts: list[_Stratum], count: int) -> CoxModel | None:
    """Maximise the partial likelihood, which is concave; None if it has no maximum."""
    beta: Floats = np.zeros(count)
    value, slope, information = _total(parts, beta)
    null = value
    for _ in range(60):
        if not _regular(information):
            return None
        step = np.clip(np.linalg.solve(information, slope), -5.0, 5.0)
        for _ in range(40):
            new = _total(parts, beta + step)
            if new[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        beta = beta + step
        value, slope, information = new
        if np.abs(beta).max() > _MAX_LOG_HAZARD * _scale(parts):
            return None
        if np.abs(step).max() < 1e-10:
            if not _regular(information):
                return None
            return CoxModel(beta, np.asarray(np.linalg.inv(information)), value, null)
    return None


def _scale(parts: list[_Stratum]) -> float:
    """Return how large a coefficient can be before a hazard ratio is absurd: 1 for 0/1 codes."""
    spread = max((float(np.ptp(part.x, axis=0).max()) for part in parts if part.x.size), default=1)
    return 1.0 / min(max(spread, 1e-6), 1.0)


def _regular(information: Floats) -> bool:
    if not np.isfinite(information).all():
        return False
    diagonal = np.diag(information)
    if not (diagonal > _LEAST_INFORMATION).all():
        return False
    scale = np.sqrt(diagonal)
    # Relative to its own scale, so that covariates in months and in grams are judged alike.
    return bool(np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > 1e-9)


def _total(parts: list[_Stratum], beta: Floats) -> tuple[float, Floats, Floats]:
    pieces = [part.derivatives(beta) for part in parts]
    value = sum(piece[0] for piece in pieces)
    slope = sum((piece[1] for piece in pieces), np.zeros(len(beta)))
    information = sum((piece[2] for piece in pieces), np.zeros((len(beta), len(beta))))
    return float(value), slope, information


@dataclass(frozen=True)
class _Stratum:
    """One stratum sorted by falling time, with the Efron weights of its events."""

    x: Floats
    event_x: Floats
    last: NDArray[np.intp]  # of each event: index of the last patient at risk
    tie: NDArray[np.intp]  # of each event: which distinct event time
    share: Floats  # of each event: k/d of Efron's method

    @classmethod
    def of(cls, time: Floats, event: NDArray[np.bool_], x: Floats) -> _Stratum:
        order = np.argsort(-time, kind="stable")
        falling = -time[order]
        at = time[order][event[order]]
        last = np.searchsorted(falling, -at, side="right") - 1
        start = np.searchsorted(-at, -at, side="left")
        deaths = np.searchsorted(-at, -at, side="right") - start
        share = (np.arange(len(at)) - start) / np.maximum(deaths, 1)
        tie = np.unique(start, return_inverse=True)[1]
        centred = x[order] - (x.mean(axis=0) if len(x) else 0.0)
        return cls(centred, centred[event[order]], last, tie, share)

    def derivatives(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Log partial likelihood, its slope (p,), and the information (p, p) at `beta`."""
        count = len(beta)
        if not self.last.size:
            return 0.0, np.zeros(count), np.zeros((count, count))
        with np.errstate(over="ignore"):
            zero = self._sums(beta, np.ones((len(self.x), 1)), np.ones((len(self.event_x), 1)))
        one = self._sums(beta, self.x, self.event_x)
        two = self._sums(beta, _square(self.x), _square(self.event_x))
        mean = one / zero
        value = float((self.event_x @ beta).sum() - np.log(zero).sum())
        slope = self.event_x.sum(axis=0) - mean.sum(axis=0)
        information = (two / zero).sum(axis=0).reshape(count, count) - mean.T @ mean
        return value, slope, information

    def _sums(self, beta: Floats, at_risk: Floats, of_events: Floats) -> Floats:
        """Weighted sums over the risk set of each event, less the share of its tie."""
        every = np.cumsum(np.exp(self.x @ beta)[:, None] * at_risk, axis=0)[self.last]
        starts = np.flatnonzero(np.r_[True, self.tie[1:] != self.tie[:-1]])
        own = np.exp(self.event_x @ beta)[:, None] * of_events
        tied = np.add.reduceat(own, starts, axis=0)[self.tie]
        return np.asarray(every - self.share[:, None] * tied)


def _square(x: Floats) -> Floats:
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
