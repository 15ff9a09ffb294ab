"""What became of the patients: enrolment, the end of treatment and of the study, censoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.regimen import format_regimen
from rascade.statistics.cox import cox_hazard_ratio
from rascade.statistics.proportional_hazards import proportional_hazards_p
from rascade.statistics.survival import kaplan_meier, log_rank
from rascade.trial.assessment.censoring import DESCRIPTIONS, LOST, RULES
from rascade.trial.design.phases import ASSIGNED, CROSSOVER
from rascade.trial.design.schedule import scan_window
from rascade.trial.results.records.codec import Estimate, tidy, to_json
from rascade.trial.results.records.conduct import (
    Censoring,
    CensoringArm,
    CensoringContrast,
    CensoringRule,
    Enrolment,
)
from rascade.trial.results.statistics import times_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.assessment.censoring import Followed
    from rascade.trial.assessment.times import TimeToEvent
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun
    from rascade.trial.results.data_cut import DataCut

__all__ = ["STUDY_END_REASONS", "add_censoring", "add_enrolment", "disposition_columns"]

_DEATH, _COMPLETED = "death", "completed"
#: Why a patient's part in the study ended; blank where it goes on at the data cut.
STUDY_END_REASONS = (_DEATH, LOST, _COMPLETED)


def disposition_columns(
    run: ArmRun,
    spec: TrialSpec,
    how: Followed,
    survival: TimeToEvent,
    failed: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the columns of the table of patients that tell what became of them.

    Args:
        run: an arm, as known on the day of the data cut.
        spec: the trial.
        how: how long its patients were followed.
        survival: overall survival.
        failed: (n,) patients whose simulation failed.
    """
    reason = np.select([survival.event, how.lost, how.cut], [_DEATH, LOST, ""], default=_COMPLETED)
    reason = np.where(failed, "", reason)
    safety = run.safety
    return {
        "treatment_ongoing": np.isnan(safety.end_day) & ~failed,
        "dropout_day": np.where(np.isfinite(how.dropout_day), how.dropout_day, np.nan),
        "survival_follow_up": ~how.lost,
        "study_end_day": np.where(reason != "", survival.day, np.nan),
        "study_end_reason": reason,
        "study_ongoing": (reason == "") & ~failed,
        **_other_treatment(run, spec),
    }


def _other_treatment(run: ArmRun, spec: TrialSpec) -> dict[str, Any]:
    """Return day, kind and orders of crossover and rescue, where an arm of the trial has them."""
    kinds = {phase.role for arm in spec.arms for phase in arm.course} - {ASSIGNED}
    if not kinds:
        return {}
    safety, phase = run.safety, run.arm.course[-1]
    begun = np.isfinite(safety.other_day)
    columns: dict[str, Any] = {
        "other_treatment_day": safety.other_day,
        "other_treatment_kind": np.where(begun, phase.role, ""),
        "other_treatment_regimen": np.where(begun, format_regimen(phase.regimen), ""),
        "other_treatment_end_day": safety.other_end_day,
        "other_treatment_end_reason": safety.other_end_reason,
    }
    if CROSSOVER in kinds:
        crossed = begun & (phase.role == CROSSOVER)
        columns |= {
            "crossover_day": np.where(crossed, safety.other_day, np.nan),
            "crossover_arm": np.where(crossed, phase.from_arm, ""),
            "crossover_regimen": np.where(crossed, columns["other_treatment_regimen"], ""),
        }
    return columns


def add_enrolment(
    summary: dict[str, Any], spec: TrialSpec, cut: DataCut, planned: Sequence[int]
) -> None:
    """Add to a summary who is in the data, how they were randomised, and when the data were cut.

    Args:
        summary: of the trial.
        spec: the trial.
        cut: of its data.
        planned: patients of each arm, those who would enter after the cut included.
    """
    for row, size in zip(summary["arms"], planned, strict=True):
        row |= {"planned_n": size, "not_enrolled_n": size - row["n"]}
    enrolled = sum(row["n"] for row in summary["arms"])
    summary["enrolment"] = to_json(Enrolment(sum(planned), enrolled, sum(planned) - enrolled))
    summary["data_cut"] = None if spec.cut_off is None else cut.summary()
    plan = spec.randomization
    summary["randomization"] = plan and {
        "method": plan.method,
        "ratio": list(plan.ratio),
        "block_size": plan.block if plan.method == "blocks" else None,
        "strata": list(plan.strata),
    }
    summary["scan_window_days"] = tidy(scan_window(spec))
    if not cut.reached:
        summary["warnings"].append(
            f"the data cut-off waits for {cut.events} events ({str(cut.endpoint).upper()}); only "
            f"{cut.events_seen} happened before the end of follow-up"
        )
    if enrolled < sum(planned):
        summary["warnings"].append(
            f"{sum(planned) - enrolled} of {sum(planned)} planned patients would enter after the "
            "data cut-off and are not in the data"
        )


def add_censoring(summary: dict[str, Any], spec: TrialSpec, patients: pd.DataFrame) -> None:
    """Add to a summary the rule by which PFS is censored, and PFS by all rules beside each other.

    Args:
        summary: of the trial.
        spec: the trial.
        patients: its table of patients.
    """
    rows = {arm.name: patients[patients["arm"].astype(str) == arm.name] for arm in spec.arms}
    summary["pfs_censoring"] = to_json(
        Censoring(
            spec.pfs_censoring,
            DESCRIPTIONS[spec.pfs_censoring],
            tuple(_by_rule(rule, rows, spec) for rule in RULES),
        )
    )


def _by_rule(rule: str, rows: Mapping[str, pd.DataFrame], spec: TrialSpec) -> CensoringRule:
    reference = spec.reference_arm
    return CensoringRule(
        rule,
        DESCRIPTIONS[rule],
        tuple(_median(name, own, rule) for name, own in rows.items()),
        tuple(
            _contrast(name, reference, rows, rule)
            for name in rows
            if reference is not None and name != reference
        ),
    )


def _median(name: str, rows: pd.DataFrame, rule: str) -> CensoringArm:
    time, event = times_of(rows, f"pfs_{rule}")
    return CensoringArm(name, int(event.sum()), Estimate.of(kaplan_meier(time, event).median()))


def _contrast(
    name: str, reference: str, rows: Mapping[str, pd.DataFrame], rule: str
) -> CensoringContrast:
    (time, event), (other, other_event) = (
        times_of(rows[arm], f"pfs_{rule}") for arm in (name, reference)
    )
    times, events = np.r_[time, other], np.r_[event, other_event]
    in_arm = np.repeat([1, 0], [len(time), len(other)])
    return CensoringContrast(
        name,
        reference,
        Estimate.of(cox_hazard_ratio(times, events, in_arm).hazard_ratio),
        tidy(proportional_hazards_p(times, events, in_arm)),
        tidy(log_rank(times, events, in_arm).p),
    )
