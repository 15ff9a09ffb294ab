"""Published values as data for the population: what was seen, with which error, in which role.

Every arm of the evidence that runs by its name gives up to three values (response rate, median PFS
and median OS) and its landmark rates: the share free of an event at a month, so that not only the
middle of a curve is fitted. Roles are rows of ``trial/data/roles.csv``: ``calibrate`` is fitted,
and all that is not listed is ``validate``, so that what is added to the evidence later can only be
predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.prediction.measures import (
    known_days,
    logit,
    off_the_ends,
    response_share,
    survival_at,
)
from rascade.trial.prediction.predict import between_trials
from rascade.trial.results.published.arms import landmark_name, load_roles
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.studies.files.arms import ArmPlan
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.prediction.courses import Courses

    Floats = NDArray[np.float64]

__all__ = [
    "CALIBRATE",
    "ENDPOINTS",
    "LANDMARK",
    "LONGEST_MONTHS",
    "MEASURES",
    "VALIDATE",
    "Target",
    "TrialArmRun",
    "landmarks_of",
    "predicted",
    "runnable_arms",
    "targets_of",
]

CALIBRATE, VALIDATE = "calibrate", "validate"
ENDPOINTS = ("orr", "pfs", "os")
LANDMARK = "landmark"
#: What values are grouped by in scores and figures.
MEASURES = (*ENDPOINTS, LANDMARK)
#: For which an arm is followed at most.
LONGEST_MONTHS = 30.0
_WINDOW_OS_DAYS = 14.0
#: Patients who are censored before the median tell less: more variance than a full sample's.
_CENSORING = 1.2


@dataclass(frozen=True)
class Target:
    """A published value of an arm.

    Attributes:
        arm_id: of the evidence.
        endpoint: ``orr``, ``pfs`` or ``os``; for a landmark rate ``pfs@6``, ``os@12`` and so on.
        value: as published: percent, or months.
        low, high: published limits; None where there are none.
        size: patients of the arm.
        role: `CALIBRATE` or `VALIDATE`.
    """

    arm_id: str
    endpoint: str
    value: float
    low: float | None
    high: float | None
    size: int
    role: str

    @property
    def measure(self) -> str:
        """One of `MEASURES`."""
        return LANDMARK if "@" in self.endpoint else self.endpoint

    @property
    def percent(self) -> bool:
        """Whether the value is a percentage, and not months."""
        return self.measure in ("orr", LANDMARK)

    @property
    def curve(self) -> tuple[str, float]:
        """Of a landmark rate: ``pfs`` or ``os``, and the month."""
        endpoint, _, month = self.endpoint.partition("@")
        return endpoint, float(month)


@dataclass(frozen=True)
class TrialArmRun:
    """An arm of the evidence that runs by its name.

    Attributes:
        plan: how it is simulated.
        spec: the trial, of this arm alone.
        targets: what was published of it.
        landmarks: its published landmark rates; few are fitted.
    """

    plan: ArmPlan
    spec: TrialSpec
    targets: tuple[Target, ...]
    landmarks: tuple[Target, ...] = ()

    @property
    def id(self) -> str:
        """Of the evidence."""
        return self.plan.arm.id

    @property
    def drugs(self) -> tuple[str, ...]:
        """What is given."""
        return self.spec.arms[0].drugs

    @property
    def line(self) -> int:
        """Line of treatment."""
        return self.spec.cohort.line

    @property
    def fitted_values(self) -> tuple[Target, ...]:
        """The values that are fitted: of the targets first, then landmark rates."""
        return tuple(t for t in (*self.targets, *self.landmarks) if t.role == CALIBRATE)

    @property
    def fitted(self) -> bool:
        """Whether any of its values is fitted."""
        return bool(self.fitted_values)


def targets_of(plan: ArmPlan) -> tuple[Target, ...]:
    """Return what was published of an arm, with its role."""
    arm, found = plan.arm, []
    rows = {
        "orr": (arm.orr_pct, arm.orr_ci_low_pct, arm.orr_ci_high_pct),
        "pfs": (arm.pfs_median_months, arm.pfs_ci_low_months, arm.pfs_ci_high_months),
        "os": (arm.os_median_months, arm.os_ci_low_months, arm.os_ci_high_months),
    }
    for endpoint, (value, low, high) in rows.items():
        if value is not None:
            role = _role(arm.id, endpoint)
            found.append(Target(arm.id, endpoint, value, low, high, plan.size, role))
    return tuple(found)


def _role(arm_id: str, endpoint: str) -> str:
    return CALIBRATE if (arm_id, endpoint) in load_roles() else VALIDATE


def landmarks_of(plan: ArmPlan, months: float) -> tuple[Target, ...]:
    """Return the published landmark rates of an arm, with their roles.

    Args:
        plan: of the arm.
        months: for which it is followed; what is later is left out.
    """
    from rascade.evidence import load

    found = []
    for one in load().landmarks_of(plan.arm.id):
        if one.month <= months:
            name = landmark_name(one)
            role = _role(one.arm_id, name)
            found.append(Target(one.arm_id, name, one.percent, one.low, one.high, plan.size, role))
    return tuple(found)


@cache
def runnable_arms() -> tuple[TrialArmRun, ...]:
    """Return every arm of the evidence that runs by its name and has a published value."""
    from rascade.studies.files.arms import arm_plans
    from rascade.studies.files.trial_plan import to_plan

    found = []
    for plan in arm_plans():
        targets = targets_of(plan) if plan.refusal() is None else ()
        if targets:
            # An ensemble is fitted to trials of the bare table, whatever ensemble there was before.
            spec = replace(to_plan(plan.study()), population=None)
            landmarks = landmarks_of(plan, min(spec.follow_up_months, LONGEST_MONTHS))
            found.append(TrialArmRun(plan, spec, targets, landmarks))
    return tuple(found)


def predicted(
    arm: TrialArmRun, courses: Courses, targets: Sequence[Target]
) -> tuple[Floats, Floats, Floats]:
    """Return the data as every member predicts them, what was observed, and the variance between.

    A response rate is the log odds of (n p + 1/2) / (n + 1), the same for what is predicted and
    observed, so that an arm without a response has a finite value. A median is the log odds of
    being free of the event around the published time (half a scan interval for PFS, two weeks for
    OS), which is 0 if the prediction is right. A landmark rate is its log odds, kept off the ends
    like a response. The variance is that of the trial's sample, of what trials differ by, and of
    the simulated patients; the values of one arm are taken as independent.

    Args:
        arm: the arm.
        courses: of m members.
        targets: q of the arm's.

    Returns:
        (m, q) predictions, (q,) observed values, (q,) variances.
    """
    pool = courses.pfs.shape[1]
    known = known_days(arm.spec, pool)
    columns, observed, variance = [], [], []
    for target in targets:
        n = target.size
        between = target.endpoint
        if target.percent:
            censoring = 1.0
            if target.measure == LANDMARK:
                (between, _), censoring = target.curve, _CENSORING
            shares = off_the_ends(_share(courses, target, known), n)
            columns.append(logit(shares))
            seen = float(off_the_ends(target.value / 100.0, n))
            observed.append(float(logit(seen)))
            spread = min(float(np.median(shares)), seen)
            sampled = censoring / (spread * (1.0 - spread))
        else:
            columns.append(_around(arm, courses, target))
            observed.append(0.0)
            sampled = 4.0 * _CENSORING
        variance.append(sampled / (n + 1.0) + between_trials()[between] ** 2 + sampled / pool)
    return np.stack(columns, axis=1), np.array(observed), np.array(variance)


def _share(courses: Courses, target: Target, known: Floats) -> Floats:
    """Return the share who responded, or who are free of an event at the landmark, (m,)."""
    if target.measure != LANDMARK:
        return response_share(courses, known)
    endpoint, month = target.curve
    time, event = courses.times(endpoint)
    return survival_at(time, event, courses.weight, [month * DAYS_PER_MONTH])[:, 0]


def _around(arm: TrialArmRun, courses: Courses, target: Target) -> Floats:
    """Return the log odds of being free of an event around the published median, (m,)."""
    time, event = courses.times(target.endpoint)
    half_scan = arm.spec.imaging_every_weeks * 7.0 / 2.0
    window = half_scan if target.endpoint == "pfs" else _WINDOW_OS_DAYS
    middle = target.value * DAYS_PER_MONTH
    days = middle + window * np.linspace(-1.0, 1.0, 9)
    pool = time.shape[1]
    share = survival_at(time, event, courses.weight, np.maximum(days, 0.0)).mean(axis=1)
    return logit(off_the_ends(share, pool))
