"""An arm as it is known on a day: what end points are read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.assessment.censoring import Followed, pfs_by_rule
from rascade.trial.assessment.times import progression_reason
from rascade.trial.design.enrolment import enrolment
from rascade.trial.design.schedule import scan_window, scheduled_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.assessment.imaging import Scan
    from rascade.trial.assessment.times import TimeToEvent
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun

    Floats = NDArray[np.float64]

__all__ = ["Observed", "free_of_progression", "observed", "scan_days", "stacked"]


@dataclass(frozen=True)
class Observed:
    """An arm as it is known on a day.

    Attributes:
        run: visits, deaths, treatment and side effects until then.
        spec: the trial.
        how: how long each patient was followed.
        last_day: (n,) last day on which each patient is watched, from his start of treatment.
    """

    run: ArmRun
    spec: TrialSpec
    how: Followed
    last_day: Floats


def stacked(run: ArmRun, of: Callable[[Scan], Any], dtype: Any = float) -> Any:
    """Return one field of all scans, (n, v)."""
    columns = [of(visit.scan) for visit in run.visits]
    return np.stack(columns, axis=1) if columns else np.empty((run.death_day.size, 0), dtype)


def scan_days(run: ArmRun) -> Floats:
    """Return the days of all scans, (n, v); NaN where a patient did not come."""
    days = [np.where(visit.attended, visit.day, np.nan) for visit in run.visits]
    return np.stack(days, axis=1) if days else np.empty((run.death_day.size, 0))


def observed(run: ArmRun, spec: TrialSpec, cut_day: float | None = None) -> Observed:
    """Return an arm as it is known on a day.

    Args:
        run: what was simulated; from `rascade.trial.results.data_cut.seen` where the data are cut.
        spec: the trial.
        cut_day: calendar day of the cut; None for a cut that waits for events and is not known yet.
    """
    watched = enrolment(spec, run.cohort.population.patients, cut_day)
    left = run.safety.dropout_day <= watched.last_day
    dropout = np.where(left, run.safety.dropout_day, np.inf)
    other = run.safety.other_day
    how = Followed(
        watched.cut,
        dropout,
        left & ~run.safety.survival_followed,
        np.where(np.isfinite(other), other, np.inf),
    )
    return Observed(run, spec, how, watched.last_day)


def free_of_progression(seen: Observed, rule: str) -> tuple[TimeToEvent, NDArray[np.str_]]:
    """Return an arm's progression-free survival by a rule, and the reasons of censoring."""
    run = seen.run
    overall = stacked(run, lambda scan: scan.reading.overall, np.int8)
    reason = progression_reason(
        stacked(run, lambda scan: scan.reading.target, np.int8),
        stacked(run, lambda scan: scan.non_target, np.int8),
        stacked(run, lambda scan: scan.new_lesion, bool),
        overall,
    )
    closes = scheduled_days(seen.spec) + scan_window(seen.spec)
    return pfs_by_rule(
        rule,
        overall,
        scan_days(run),
        run.death_day,
        closes=closes,
        followed=seen.how,
        reason=reason,
    )
