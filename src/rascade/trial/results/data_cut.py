"""The data cut-off: when it is, and what is known of a trial on that day.

A cut-off changes nothing that happens to a patient; it hides what comes later. So patients are
simulated without it, wherever and in whatever parts, and it is applied where the arms are put
together. A cut-off on a day that is known beforehand merely saves work: nobody is simulated beyond.

A trial that waits for events is cut on the day of the event asked for. Other events of that day
(within a tenth of a second) are in the data as well, so there can be more events than asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.assessment.irecist import IResponse
from rascade.trial.assessment.response import NonTarget, Response
from rascade.trial.design.enrolment import enrolment
from rascade.trial.endpoints import END_POINTS, TimeEndPoint
from rascade.trial.endpoints.observed import observed
from rascade.trial.results.storage import take
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.design.accrual import CutOff
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun, Safety, VisitRecord

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = [
    "DataCut",
    "cut_by_events",
    "find_cut",
    "seen",
]

_HAIR = 1e-6  # days: rounding must not lose the event that ends the trial


@dataclass(frozen=True)
class DataCut:
    """When the data of a trial are cut.

    Attributes:
        day: of the calendar; infinite where nothing cuts them before all follow-up is over.
        events: that it waited for; None where it did not.
        endpoint: whose events; None likewise.
        events_seen: how many are in the data; None likewise.
    """

    day: float
    events: int | None = None
    endpoint: str | None = None
    events_seen: int | None = None

    @property
    def reached(self) -> bool:
        """Whether the events waited for have happened."""
        return self.events is None or (self.events_seen or 0) >= self.events

    def summary(self) -> dict[str, Any]:
        """Return what the summary says of it, ready for JSON."""
        return {
            "month": float(f"{self.day / DAYS_PER_MONTH:.6g}") if np.isfinite(self.day) else None,
            "events": self.events,
            "endpoint": self.endpoint,
            "events_seen": self.events_seen,
            "reached": self.reached,
        }


# -- the day -----------------------------------------------------------------------------------


def find_cut(spec: TrialSpec, runs: Sequence[ArmRun]) -> DataCut:
    """Find the day on which the data of a trial are cut.

    Args:
        spec: the trial.
        runs: its arms, simulated without a cut-off by events.
    """
    rule = spec.cut_off
    if rule is None:
        return DataCut(np.inf)
    if rule.events is None:
        return DataCut(rule.day(np.empty(0), np.empty(0)))
    entry, after, failed = [], [], []
    for run in runs:
        entered = enrolment(spec, run.cohort.population.patients)
        own = _event_after(run, spec, rule.endpoint)
        # In the data by the latest day at any rate, and before the simulation failed, if it did.
        known = (own <= entered.last_day) & (own < run.failed_day)
        entry.append(entered.entry_day)
        after.append(np.where(known, own, np.inf))
        failed.append(entered.entry_day + run.failed_day)
    return cut_by_events(rule, np.concatenate(entry), np.concatenate(after), np.concatenate(failed))


def cut_by_events(rule: CutOff, entry: Floats, after: Floats, failed: Floats) -> DataCut:
    """Find the first day on which so many events are in the data.

    Args:
        rule: that waits for events.
        entry: (n,) calendar days of entry.
        after: (n,) days from entry to the event, infinite where there is none.
        failed: (n,) calendar days from which patients are out of the data, since their simulation
            failed; infinite where it did not.
    """
    after = np.asarray(after, dtype=float).copy()
    while True:
        day = rule.day(entry, after)
        gone = np.isfinite(after) & np.isfinite(failed) & (failed <= day + _HAIR)
        if not gone.any():
            break
        after[gone] = np.inf  # one event less on any day from here on: look further
    latest = np.inf if rule.month is None else rule.month * DAYS_PER_MONTH
    day = min(day + _HAIR, latest)
    there = np.isfinite(after) & (entry + after <= day)
    return DataCut(day, rule.events, rule.endpoint, int(there.sum()))


def _event_after(run: ArmRun, spec: TrialSpec, endpoint: str) -> Floats:
    """Return (n,) days from entry to the event, infinite where there is none."""
    wanted = END_POINTS[endpoint]
    assert isinstance(wanted, TimeEndPoint), f"nobody can wait for events of {wanted.name}"
    found = wanted.observe(observed(run, spec)).times
    return np.where(found.event, found.day, np.inf)


# -- what is known on it -----------------------------------------------------------------------


def seen(run: ArmRun, spec: TrialSpec, cut: DataCut) -> ArmRun:
    """Return an arm as it is known on the day of the data cut.

    Patients who would enter later are not in it, and nothing that happened later is.

    Args:
        run: as simulated.
        spec: the trial.
        cut: from `find_cut`.
    """
    entered = enrolment(spec, run.cohort.population.patients, cut.day)
    kept = take(run, entered.enrolled)
    last = entered.last_day[entered.enrolled]
    late = kept.failed_day > last
    return replace(
        kept,
        visits=[_visit(visit, last) for visit in kept.visits],
        death_day=np.where(kept.death_day <= last, kept.death_day, np.inf),
        status=np.where(late, np.int32(0), kept.status),
        failed_day=np.where(late, np.inf, kept.failed_day),
        safety=_safety(kept.safety, last),
    )


def _visit(visit: VisitRecord, last: Floats) -> VisitRecord:
    late = np.nan_to_num(visit.day, nan=np.inf) > last
    if not late.any():
        return visit
    scan = visit.scan
    reading = replace(
        scan.reading,
        sld_mm=np.where(late, np.nan, scan.reading.sld_mm),
        complete=scan.reading.complete & ~late,
        change_pct=np.where(late, np.nan, scan.reading.change_pct),
        target=np.where(late, np.int8(Response.NE), scan.reading.target),
        overall=np.where(late, np.int8(Response.NE), scan.reading.overall),
        returned=scan.reading.returned & ~late,
    )
    hidden = replace(
        scan,
        reading=reading,
        immune=np.where(late, np.int8(IResponse.NE), scan.immune),
        lesion_mm=np.where(late[:, None], np.nan, scan.lesion_mm),
        new_mm=np.where(late[:, None], np.nan, scan.new_mm),
        non_target=np.where(
            late & (scan.non_target != NonTarget.NONE), np.int8(NonTarget.NE), scan.non_target
        ),
        new_lesion=scan.new_lesion & ~late,
        done=scan.done & ~late,
        true_sum_mm=np.where(late, np.nan, scan.true_sum_mm),
    )
    return replace(
        visit,
        scan=hidden,
        attended=visit.attended & ~late,
        phase=np.where(late, 0, visit.phase),
        signals={name: np.where(late, np.nan, v) for name, v in visit.signals.items()},
        markers={name: np.where(late, np.nan, v) for name, v in visit.markers.items()},
        volume_ml=np.where(late, np.nan, visit.volume_ml),
    )


def _safety(safety: Safety, last: Floats) -> Safety:
    day_of = dict(zip(safety.patients.tolist(), last.tolist(), strict=True))

    def known(table: pd.DataFrame) -> pd.DataFrame:
        early = table["day"] <= table["patient"].map(day_of)
        return table if early.all() else table[early].reset_index(drop=True)

    # A window's doses count if it began before the cut.
    counted = np.array(safety.windows)[None, None, :] <= last[None, :, None]
    over, other_over = safety.end_day <= last, safety.other_end_day <= last
    return replace(
        safety,
        changes=known(safety.changes),
        decisions=known(safety.decisions),
        given=np.where(counted, safety.given, 0.0),
        planned=np.where(counted, safety.planned, 0.0),
        end_day=np.where(over, safety.end_day, np.nan),
        end_reason=np.where(over, safety.end_reason, ""),
        other_day=np.where(safety.other_day <= last, safety.other_day, np.nan),
        other_end_day=np.where(other_over, safety.other_end_day, np.nan),
        other_end_reason=np.where(other_over, safety.other_end_reason, ""),
        dropout_day=np.where(safety.dropout_day <= last, safety.dropout_day, np.inf),
        survival_followed=safety.survival_followed | (safety.dropout_day > last),
    )
