"""Survival statistics for one or two columns of times: Kaplan-Meier and log-rank.

Cox's model is in `rascade.statistics.cox`; its one-covariate form can be imported from here, too.

Own vectorised code, because replicate trials need thousands of fits; the tests hold it against
lifelines and against results of R's `survival`. Conventions are R's (`survfit`, `survdiff`, `coxph`
with their defaults, but `conf.type = "log-log"` unless another is asked for). Times that differ by
rounding alone are tied, as R's `timefix` has it.

A quantity that the data do not determine is ``None`` or NaN in an array, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.cox import CoxFit, cox_hazard_ratio
from rascade.statistics.samples import Interval, columns, strata_members, until

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "LIMITS",
    "CoxFit",
    "Interval",
    "KaplanMeier",
    "LogRank",
    "cox_hazard_ratio",
    "kaplan_meier",
    "log_rank",
]

#: How limits of a curve are made: symmetric on log(-log S), on log S, or on S itself.
LIMITS = ("log-log", "log", "plain")
_HALF_TOLERANCE = 1e-9


@dataclass(frozen=True)
class KaplanMeier:
    """A Kaplan-Meier curve; arrays have one entry for each distinct time, ascending.

    Attributes:
        time: distinct times of events and censorings.
        survival: S(t) just after each time.
        std_error: Greenwood's standard error of S(t); NaN once S is 0.
        low, high: confidence limits; NaN once S is 0, 1 while it is 1 (nobody has had the event, so
            they say nothing of how sure that is; `rascade.statistics.landmark` does).
        at_risk: patients at risk just before each time.
        events, censored: counts at each time.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    censored: NDArray[np.int64]

    def median(self) -> Interval:
        """Median with the Brookmeyer-Crowley interval, from the limits of the curve.

        Where the curve is exactly 0.5 over a span, the median is the middle of the span, also where
        the span ends with the last observation, as in R. (SAS calls the latter not reached.)
        """
        return Interval(
            *(_crossing(self.time, curve) for curve in (self.survival, self.low, self.high))
        )

    def at(self, times: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """S(t) with its limits at any times; the limits are NaN where the curve has none."""
        place = np.searchsorted(self.time, until(self.time, times), side="right")
        return (
            np.concatenate([[1.0], self.survival])[place],
            np.concatenate([[1.0], self.low])[place],
            np.concatenate([[1.0], self.high])[place],
        )

    def number_at_risk(self, ticks: ArrayLike) -> NDArray[np.int64]:
        """Patients at risk just before each tick: those whose time is not less than the tick."""
        place = np.searchsorted(self.time, until(self.time, ticks), side="left")
        return np.concatenate([self.at_risk, [0]])[place].astype(np.int64)


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, level: float = 0.95, limits: str = "log-log"
) -> KaplanMeier:
    """Estimate a survival curve.

    Args:
        time: (n,) times, finite and not negative.
        event: (n,) True for an event, False for a censoring; at a tie events come first.
        level: confidence level of the limits.
        limits: one of `LIMITS`.

    Raises:
        ValueError: a time is negative or not finite, or there are no such limits.
    """
    if limits not in LIMITS:
        raise ValueError(f"limits {limits!r} are none of {', '.join(LIMITS)}")
    times, events = columns(time, event)
    distinct, place = np.unique(times, return_inverse=True)
    died = np.bincount(place, weights=events, minlength=len(distinct)).astype(np.int64)
    gone = np.bincount(place, minlength=len(distinct)).astype(np.int64)
    at_risk = len(times) - np.concatenate([[0], np.cumsum(gone)[:-1]]).astype(np.int64)
    at_risk = at_risk[: len(distinct)]
    survival: Floats = np.cumprod(1.0 - died / np.maximum(at_risk, 1)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(died / (at_risk * (at_risk - died))))
        error = survival * spread
    low, high = _limits(survival, spread, limits, level)
    error = np.where(survival > 0, error, np.nan).astype(np.float64)
    return KaplanMeier(distinct, survival, error, low, high, at_risk, died, gone - died)


def _limits(survival: Floats, spread: Floats, kind: str, level: float) -> tuple[Floats, Floats]:
    """Confidence limits from S and Greenwood's standard error of log S."""
    from scipy.special import ndtri

    width = ndtri(0.5 + level / 2) * spread
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if kind == "log-log":
            width = width / np.log(survival)
            low, high = survival ** np.exp(-width), survival ** np.exp(width)
        elif kind == "log":
            low, high = survival * np.exp(-width), survival * np.exp(width)
        else:
            low, high = survival * (1.0 - width), survival * (1.0 + width)
    untouched = survival == 1.0
    low, high = (
        np.where(untouched, 1.0, np.where(survival > 0, np.clip(x, 0.0, 1.0), np.nan))
        for x in (low, high)
    )
    return low, high


def _crossing(time: Floats, curve: Floats) -> float | None:
    """Where a falling curve crosses 0.5; the middle of the span if it rests there."""
    known = np.isfinite(curve)
    below = np.flatnonzero(known & (curve < 0.5 + _HALF_TOLERANCE))
    if not below.size:
        return None
    first = below[0]
    if abs(curve[first] - 0.5) < _HALF_TOLERANCE:
        lower = np.flatnonzero(known & (curve < curve[first] - _HALF_TOLERANCE))
        end = lower[0] if lower.size else len(time) - 1
        return float((time[first] + time[end]) / 2)
    return float(time[first])


@dataclass(frozen=True)
class LogRank:
    """A log-rank test.

    Attributes:
        statistic: chi-squared, None where the data say nothing.
        degrees: degrees of freedom.
        p: p value, None where the data say nothing.
        observed, expected: events of each group, summed over strata.
    """

    statistic: float | None
    degrees: int
    p: float | None
    observed: Floats
    expected: Floats


def log_rank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None
) -> LogRank:
    """Compare the survival of two or more groups (Mantel-Cox, hypergeometric variance).

    Args:
        time: (n,) times.
        event: (n,) event flags.
        group: (n,) labels of the groups, in sorted order in the result.
        strata: (n,) labels; the comparison is made inside each stratum and summed.

    Raises:
        ValueError: a time is negative or not finite.
    """
    from scipy.special import chdtrc

    times, events = columns(time, event)
    names, code = np.unique(np.asarray(group), return_inverse=True)
    count = len(names)
    observed, expected = np.zeros(count), np.zeros(count)
    variance = np.zeros((count, count))
    for members in strata_members(strata, len(times)):
        terms = _log_rank_terms(times[members], events[members], code[members], count)
        observed, expected, variance = (
            total + term for total, term in zip((observed, expected, variance), terms, strict=True)
        )
    keep = np.arange(max(count - 1, 0))
    difference, block = (observed - expected)[keep], variance[np.ix_(keep, keep)]
    if not keep.size or np.linalg.matrix_rank(block) < len(keep):
        return LogRank(None, len(keep), None, observed, expected)
    statistic = float(difference @ np.linalg.solve(block, difference))
    p = float(chdtrc(len(keep), statistic))
    return LogRank(statistic, len(keep), p, observed, expected)


def _log_rank_terms(
    time: Floats, event: NDArray[np.bool_], code: NDArray[np.intp], count: int
) -> tuple[Floats, Floats, Floats]:
    moments = np.unique(time[event])
    at_risk = np.empty((len(moments), count))
    died = np.empty((len(moments), count))
    for group in range(count):
        own, deaths = np.sort(time[code == group]), np.sort(time[(code == group) & event])
        at_risk[:, group] = len(own) - np.searchsorted(own, moments, side="left")
        died[:, group] = np.searchsorted(deaths, moments, side="right")
        died[:, group] -= np.searchsorted(deaths, moments, side="left")
    total, deaths_all = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / total[:, None]
    spread = deaths_all * (total - deaths_all) / np.maximum(total - 1.0, 1.0)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return died.sum(axis=0), deaths_all @ share, variance
