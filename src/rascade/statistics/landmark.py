"""What is read off a Kaplan-Meier curve besides its median: rates, restricted means, follow-up.

Conventions are those of R: `summary(survfit(), times=)` for rates at landmarks (log-log limits
unless others are asked for), `survRM2::rmst2` for restricted mean survival times with the Greenwood
plug-in variance (Uno et al. 2014, J Clin Oncol 32:2380-2385, PMID 24982461), and the reverse
Kaplan-Meier estimate of follow-up (Schemper and Smith 1996, Control Clin Trials 17:343-346, PMID
8889347).

Where nobody has had the event yet, Greenwood's formula gives no width, and R prints no limits. A
landmark then has the exact binomial limit of the patients who are known to have passed it without
the event, and a restricted mean has no limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rascade.statistics.samples import TIE_TOLERANCE, Interval, columns
from rascade.statistics.survival import kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = [
    "Landmark",
    "MeanDifference",
    "RestrictedMean",
    "common_horizon",
    "landmark_rates",
    "median_follow_up",
    "restricted_mean",
    "restricted_mean_difference",
]


class Landmark(NamedTuple):
    """Share without the event at a time, with its limits and the number still at risk."""

    time: float
    at_risk: int
    rate: Interval


class RestrictedMean(NamedTuple):
    """Mean time without the event up to a horizon, with its standard error and limits."""

    horizon: float
    mean: Interval
    std_error: float


class MeanDifference(NamedTuple):
    """Difference of two restricted means with its limits and two-sided p value."""

    horizon: float
    difference: Interval
    p: float | None


def landmark_rates(
    time: ArrayLike,
    event: ArrayLike,
    at: Sequence[float],
    *,
    level: float = 0.95,
    limits: str = "log-log",
) -> list[Landmark]:
    """Estimate the share without the event at some times.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        at: the landmarks, in the unit of `time`.
        level: confidence level.
        limits: one of `rascade.statistics.survival.LIMITS`.

    Returns:
        One row a landmark. Past the last observation a curve that has not reached 0 says nothing:
        the estimate and its limits are None. Where no event came before, the lower limit is that of
        Clopper and Pearson for the patients still at risk, which neglects what those censored
        before knew, and so is never too high.

    Raises:
        ValueError: a time is negative or not finite.
    """
    curve = kaplan_meier(time, event, level=level, limits=limits)
    end = float(curve.time[-1]) if curve.time.size else -1.0
    ended = curve.time.size > 0 and curve.survival[-1] == 0
    at_risk = curve.number_at_risk(at)
    rows = []
    for moment, count, *values in zip(at, at_risk, *curve.at(at), strict=True):
        known = moment <= end * (1.0 + TIE_TOLERANCE) or ended
        numbers = Interval(*(float(v) if known and np.isfinite(v) else None for v in values))
        if numbers.estimate == 1.0:
            numbers = Interval(1.0, ((1.0 - level) / 2.0) ** (1.0 / max(int(count), 1)), 1.0)
        rows.append(Landmark(float(moment), int(count), numbers))
    return rows


def median_follow_up(time: ArrayLike, event: ArrayLike) -> Interval:
    """Median follow-up by the reverse Kaplan-Meier method: being censored is the event.

    Args:
        time: (n,) times of death or censoring.
        event: (n,) flags of death.
    """
    times, events = columns(time, event)
    return kaplan_meier(times, ~events).median()


def common_horizon(*samples: tuple[ArrayLike, ArrayLike]) -> float:
    """Return the longest horizon at which every sample's restricted mean is determined.

    Args:
        samples: pairs of times and event flags; none of them empty.

    Returns:
        The smallest of the last times, where a sample whose last time is an event does not bind.
    """
    ends = []
    for time, event in samples:
        times, events = columns(time, event)
        last = times.max()
        ends.append((last, bool(events[times == last].all())))
    open_ends = [last for last, ended in ends if not ended]
    return float(min(open_ends) if open_ends else max(last for last, _ in ends))


def restricted_mean(
    time: ArrayLike, event: ArrayLike, horizon: float, *, level: float = 0.95
) -> RestrictedMean | None:
    """Mean time without the event up to a horizon: the area under the curve.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        horizon: where to stop, in the unit of `time`; above 0.
        level: confidence level.

    Returns:
        The mean, or None where the curve is not known up to the horizon. Without an event before
        it, the mean is the horizon; then it has no limits, nor where all events are at one time,
        as in a single patient.

    Raises:
        ValueError: a time is negative or not finite.
    """
    from scipy.special import ndtri

    curve = kaplan_meier(time, event)
    near = horizon * (1.0 - TIE_TOLERANCE)
    if not curve.time.size or (curve.time[-1] < near and curve.survival[-1] > 0):
        return None
    inside = curve.time < near
    knots = np.r_[0.0, curve.time[inside], horizon]
    areas = np.diff(knots) * np.r_[1.0, curve.survival[inside]]
    mean = float(areas.sum())
    # Area to the right of each event time weighs that time's share of the variance.
    right = np.cumsum(areas[::-1])[::-1][1:]
    events, at_risk = curve.events[inside], curve.at_risk[inside]
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(left > 0, events / (at_risk * left), 0.0)
    error = float(np.sqrt((right**2 * share).sum()))
    if error == 0.0:  # no event, or all patients had theirs at one time
        return RestrictedMean(horizon, Interval(mean, None, None), 0.0)
    width = float(ndtri(0.5 + level / 2)) * error
    return RestrictedMean(horizon, Interval(mean, mean - width, mean + width), error)


def restricted_mean_difference(
    arm: RestrictedMean, reference: RestrictedMean, *, level: float = 0.95
) -> MeanDifference:
    """Compare the restricted means of two independent samples, arm less reference.

    Raises:
        ValueError: the horizons differ.
    """
    from scipy.special import ndtr, ndtri

    if arm.horizon != reference.horizon:
        raise ValueError(f"restricted to {arm.horizon:g} and to {reference.horizon:g}")
    assert arm.mean.estimate is not None and reference.mean.estimate is not None
    gain = arm.mean.estimate - reference.mean.estimate
    error = float(np.hypot(arm.std_error, reference.std_error))
    if error == 0:  # neither says how sure it is
        return MeanDifference(arm.horizon, Interval(gain, None, None), None)
    width = float(ndtri(0.5 + level / 2)) * error
    p = float(2.0 * ndtr(-abs(gain) / error))
    return MeanDifference(arm.horizon, Interval(gain, gain - width, gain + width), p)
