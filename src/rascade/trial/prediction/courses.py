"""The courses of an arm's patients in many populations at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rascade.patients.stack import settled_stack
from rascade.trial.assessment.censoring import pfs_by_rule
from rascade.trial.assessment.times import time_to_response
from rascade.trial.conduct.run import run_arm
from rascade.trial.design.models import arm_assembly
from rascade.trial.endpoints.observed import observed, scan_days, stacked
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rascade.engine import Settings
    from rascade.model import ParameterTable
    from rascade.trial.design.spec import ArmSpec, TrialSpec
    from rascade.trial.records import ArmRun

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Courses", "courses_of", "simulate_arm", "simulate_members", "uncut"]

_FIELDS = ("response", "pfs", "progressed", "death", "died", "weight")
#: Patients simulated at once: enough to fill the machine, few enough for flat memory.
_AT_ONCE = 6000


@dataclass(frozen=True)
class Courses:
    """When what happened to the patients of an arm, by member; arrays of shape (m, N), in days.

    Attributes:
        response: first reading of a response; infinite where there is none.
        pfs: progression by scan or death; or the last day without, where `progressed` is false.
        progressed: whether `pfs` is an event.
        death: death; or the last day known to be alive, where `died` is false.
        died: whether `death` is one.
        weight: 0 for patients who do not count.
    """

    response: Floats
    pfs: Floats
    progressed: Flags
    death: Floats
    died: Flags
    weight: Floats

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.pfs)

    def times(self, endpoint: str) -> tuple[Floats, Flags]:
        """Return the times of ``pfs`` or ``os`` in days, and whether they are events; (m, N)."""
        return (self.pfs, self.progressed) if endpoint == "pfs" else (self.death, self.died)

    def member(self, index: int) -> Courses:
        """Return the courses of one member, arrays of shape (1, N)."""
        return self.members_from(index, index + 1)

    def members_from(self, first: int, last: int) -> Courses:
        """Return the courses of some members, the last not included."""
        return Courses(*(getattr(self, name)[first:last] for name in _FIELDS))


def uncut(spec: TrialSpec, months: float) -> TrialSpec:
    """Return the trial with everybody entering on day 0 and followed for so many months.

    Accrual and cut-off say what is known of a course on a day, not how it goes, so courses are
    simulated without them and cut where they are read.
    """
    return replace(
        spec, accrual=None, cut_off=None, randomization=None, paired=False, follow_up_months=months
    )


def simulate_arm(
    spec: TrialSpec,
    arm: ArmSpec,
    tables: Sequence[ParameterTable],
    *,
    patients: int,
    months: float,
    settings: Settings,
    seed: int | None = None,
    averaged: bool = True,
    report: Callable[[float], None] | None = None,
) -> Courses:
    """Simulate an arm in every member of an ensemble.

    Args:
        spec: the trial.
        arm: which arm.
        tables: m parameter tables, one a member.
        patients: N, of each member.
        months: of follow-up.
        settings: of the solver.
        seed: of the random numbers; the trial's if None.
        averaged: whether daily doses are merged; see `rascade.trial.conduct.dosing.merged`.
        report: called with the share that is done.

    Raises:
        EligibilityError: nobody meets the trial's eligibility.
    """
    plan = replace(uncut(spec, months), seed=spec.seed if seed is None else seed)
    step = max(1, _AT_ONCE // patients)
    parts = []
    for first in range(0, len(tables), step):
        some = tables[first : first + step]
        run, weight = simulate_members(plan, arm, some, patients, settings, averaged)
        parts.append(courses_of(plan, run, weight))
        if report:
            report(min(1.0, (first + step) / len(tables)))
    return Courses(*(np.concatenate([getattr(p, n) for p in parts]) for n in _FIELDS))


def simulate_members(
    plan: TrialSpec,
    arm: ArmSpec,
    tables: Sequence[ParameterTable],
    patients: int,
    settings: Settings,
    averaged: bool,
    report: Callable[[float], None] | None = None,
) -> tuple[ArmRun, Floats]:
    """Simulate an arm in some members at once.

    Args:
        plan: the trial, from `uncut`.
        arm: which arm.
        tables: m parameter tables, one a member.
        patients: N, of each member.
        settings: of the solver.
        averaged: whether daily doses are merged.
        report: called with the share of the course that is done; what it raises ends the run.

    Returns:
        The run of m x N patients, one member after the other, and their weights, (m, N).
    """
    from rascade.engine import Status

    changes = plan.changes_of(arm).parameters
    stack, simulation = settled_stack(
        arm_assembly(plan, arm),
        [table.with_values(changes) for table in tables],
        seed=plan.seed,
        patients=np.arange(patients, dtype=np.int64),
        eligibility=plan.cohort.eligibility,
        settings=settings,
        own=plan.cohort.known,
    )
    run = run_arm(
        plan,
        arm,
        stack.cohort.population.patients,
        settings=settings,
        settled=(stack.cohort, simulation),
        averaged=averaged,
        report=report,
    )
    failed = run.status >= Status.STEP_TOO_SMALL
    return run, stack.weight * ~failed.reshape(stack.weight.shape)


def courses_of(plan: TrialSpec, run: ArmRun, weight: Floats) -> Courses:
    """Return when what happened in a run of `simulate_members`.

    Args:
        plan: the trial, from `uncut`.
        run: of m x N patients.
        weight: (m, N) of the patients.
    """
    how = observed(run, plan).how
    overall, days = stacked(run, lambda scan: scan.reading.overall, np.int8), scan_days(run)
    pfs, _ = pfs_by_rule(
        plan.pfs_censoring, overall, days, run.death_day, closes=np.inf, followed=how, reason=""
    )
    end = np.where(how.lost, how.dropout_day, plan.follow_up_months * DAYS_PER_MONTH)
    died = run.death_day <= end
    first = time_to_response(overall, days)
    return Courses(
        np.where(np.isfinite(first), first, np.inf).reshape(weight.shape),
        pfs.day.reshape(weight.shape),
        pfs.event.reshape(weight.shape),
        np.where(died, run.death_day, end).reshape(weight.shape),
        died.reshape(weight.shape),
        weight,
    )
