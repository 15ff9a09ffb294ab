"""What a trial reports, read from the courses of many members: shares, survival, hazard ratios.

Everything is at the trial's own data cut: patients enter as its accrual has it, and what happens
after the cut is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.prediction.courses import Courses

    Floats = NDArray[np.float64]

__all__ = [
    "Curve",
    "curve",
    "cut_month",
    "hazard_ratio",
    "known_days",
    "logit",
    "off_the_ends",
    "response_share",
    "survival_at",
]

_NEWTON_STEPS = 25


def logit(share: Floats | float) -> Floats:
    """Return the log odds of a share."""
    value = np.asarray(share, dtype=float)
    return np.asarray(np.log(value) - np.log1p(-value))


def off_the_ends(share: Floats | float, size: float) -> Floats:
    """Keep a share of so many patients off 0 and 1, where it has no log odds."""
    return np.asarray((size * share + 0.5) / (size + 1.0))


def known_days(spec: TrialSpec, patients: int, cut_day: float | None = None) -> Floats:
    """Return for how many days each of a pool of patients is known at the data cut, (N,).

    The pool enters as the trial's patients do, evenly along its accrual. Who would enter after the
    cut has a negative number.

    Args:
        spec: the trial, with accrual and cut-off.
        patients: N.
        cut_day: calendar day of the cut; by the trial's month if None.
    """
    if cut_day is None:
        month = spec.cut_off.month if spec.cut_off is not None else None
        cut_day = np.inf if month is None else month * DAYS_PER_MONTH
    entry = np.zeros(patients)
    if spec.accrual is not None:
        total = sum(arm.size or spec.cohort.size for arm in spec.arms)
        # The golden ratio's multiples fill the accrual evenly, whatever order patients stand in.
        place = np.modf((np.arange(patients) + 0.5) * 0.6180339887498949)[0]
        entry = spec.accrual.day_of(place * total)
    return np.asarray(np.minimum(cut_day - entry, spec.follow_up_months * DAYS_PER_MONTH))


def cut_month(spec: TrialSpec, arms: Mapping[str, Courses]) -> float | None:
    """Return the month of the data cut, where the trial waits for events, by the central member.

    Args:
        spec: the trial.
        arms: name -> courses.

    Returns:
        The month; None where nothing cuts the data before everybody's follow-up is over.
    """
    rule = spec.cut_off
    if rule is None or rule.events is None:
        return None if rule is None else rule.month
    last = rule.month if rule.month is not None else 240.0
    months = np.arange(1.0, last + 0.25, 0.25)
    for month in months.tolist():
        if _events(spec, arms, rule.endpoint, month) >= rule.events:
            return float(month)
    return rule.month


def _events(spec: TrialSpec, arms: Mapping[str, Courses], endpoint: str, month: float) -> float:
    """Return how many events are expected by a month of the calendar."""
    total = 0.0
    for arm in spec.arms:
        one = arms[arm.name].member(0)
        time, event = one.times(endpoint)
        known = known_days(spec, time.shape[1], month * DAYS_PER_MONTH)
        share = np.average((event & (time <= known))[0], weights=np.maximum(one.weight[0], 1e-9))
        total += share * (arm.size or spec.cohort.size)
    return total


def response_share(courses: Courses, known: Floats) -> Floats:
    """Return the share who responded before the data cut, (m,).

    Args:
        courses: of an arm.
        known: (N,) days known of each patient, as `known_days`.
    """
    weight = courses.weight * (known > 0)
    return np.asarray((weight * (courses.response <= known)).sum(axis=1) / weight.sum(axis=1))


@dataclass(frozen=True)
class Curve:
    """A survival curve of one member: it falls to `survival[k]` on `day[k]`, and is 1 before."""

    day: Floats
    survival: Floats

    def at(self, days: Floats) -> Floats:
        """Return the survival on some days."""
        place = np.searchsorted(self.day, days, side="right")
        return np.asarray(np.append(1.0, self.survival)[place])

    def when(self, share: Floats) -> Floats:
        """Return the day on which survival has fallen to a share; infinite where it does not."""
        place = np.searchsorted(-self.survival, -np.asarray(share), side="left")
        return np.asarray(np.append(self.day, np.inf)[place])

    @property
    def median_months(self) -> float:
        """The median; infinite where it is not reached."""
        return float(self.when(np.array([0.5]))[0]) / DAYS_PER_MONTH


def curve(time: Floats, event: NDArray[np.bool_], weight: Floats) -> Curve:
    """Return the weighted Kaplan-Meier curve of one member.

    Args:
        time: (N,) days.
        event: (N,) whether the time is an event.
        weight: (N,) of the patients.
    """
    order = np.lexsort((~event, time))
    days, events, weights = time[order], event[order], weight[order]
    at_risk = np.cumsum(weights[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(events & (at_risk > 0), 1.0 - weights / at_risk, 1.0)
    survival = np.cumprod(np.clip(np.nan_to_num(factor, nan=1.0), 0.0, 1.0))
    return Curve(days[events], survival[events])


def survival_at(
    time: Floats, event: NDArray[np.bool_], weight: Floats, days: Sequence[float] | Floats
) -> Floats:
    """Return the survival of every member on some days, (m, d).

    Args:
        time: (m, N) days.
        event: (m, N) whether the time is an event.
        weight: (m, N) of the patients.
        days: (d,).
    """
    asked = np.asarray(days, dtype=float)
    return np.stack([curve(t, e, w).at(asked) for t, e, w in zip(time, event, weight, strict=True)])


def hazard_ratio(
    time: tuple[Floats, Floats],
    event: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    weight: tuple[Floats, Floats],
) -> float:
    """Return the logarithm of the hazard ratio of an arm against a reference, by Cox's model.

    Breslow's method for ties, patients weighted.

    Args:
        time: days of the arm and of the reference.
        event: whether these are events.
        weight: of the patients.

    Returns:
        The log hazard ratio; NaN where one arm has no event.
    """
    times = np.concatenate(time)
    group = np.repeat([1.0, 0.0], [len(time[0]), len(time[1])])
    events, weights = np.concatenate(event), np.concatenate(weight)
    if any((w * e).sum() <= 0 for w, e in zip(weight, event, strict=True)):
        return float("nan")
    order = np.argsort(times, kind="stable")
    times, group = times[order], group[order]
    events, weights = events[order], weights[order]
    first = np.searchsorted(times, times, side="left")
    ones = np.cumsum((weights * group)[::-1])[::-1][first]
    all_ = np.cumsum(weights[::-1])[::-1][first]
    died = weights * events
    beta = 0.0
    for _ in range(_NEWTON_STEPS):
        arm = ones * np.exp(beta)
        share = arm / np.maximum(arm + all_ - ones, 1e-300)
        score = (died * (group - share)).sum()
        information = (died * share * (1.0 - share)).sum()
        step = np.clip(score / max(information, 1e-12), -1.0, 1.0)
        beta = float(np.clip(beta + step, -8.0, 8.0))
        if abs(step) < 1e-8:
            break
    return beta
