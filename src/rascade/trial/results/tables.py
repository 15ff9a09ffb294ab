"""Turn simulated arms into the tables and the summary of a trial."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.assessment.best_response import (
    MINIMUM_STABLE_DAYS,
    best_change,
    best_overall_response,
)
from rascade.trial.assessment.censoring import RULES
from rascade.trial.assessment.imaging import lesion_names
from rascade.trial.assessment.irecist import (
    best_immune_response,
    immune_labels,
    immune_progression_free_survival,
)
from rascade.trial.assessment.lesions import ORGANS
from rascade.trial.assessment.markers import MARKERS
from rascade.trial.assessment.response import NonTarget, labels
from rascade.trial.assessment.times import (
    duration_of_response,
    months,
    progression_bounds,
    time_to_response,
)
from rascade.trial.design.enrolment import enrolment
from rascade.trial.design.schedule import scan_window
from rascade.trial.endpoints import times
from rascade.trial.endpoints.observed import (
    Observed,
    free_of_progression,
    observed,
    scan_days,
    stacked,
)
from rascade.trial.endpoints.survival import OVERALL_SURVIVAL
from rascade.trial.records import TrialOutcome
from rascade.trial.results.data_cut import find_cut, seen
from rascade.trial.results.disposition import add_censoring, add_enrolment, disposition_columns
from rascade.trial.results.end_point_summary import end_points
from rascade.trial.results.incidence import add_incidence
from rascade.trial.results.pairs import add_pairs, numbered
from rascade.trial.results.provenance import provenance
from rascade.trial.results.response_times import confirmed_times
from rascade.trial.results.safety import add_safety, exposure_columns
from rascade.trial.results.statistics import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.design.enrolment import Allocation
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun
    from rascade.trial.results.data_cut import DataCut

__all__ = ["VISIT_COLUMNS", "outcome"]

VISIT_COLUMNS = (
    "patient",
    "arm",
    "visit",
    "scheduled_day",
    "day",
    "sld_mm",
    "sld_true_mm",
    "change_pct",
    "nadir_mm",
    "new_lesion",
    "response",
    "target_response",
    "non_target",
    "immune_response",
    "scan_done",
    "on_treatment",
    "phase",
    "pERK_rel",
    "RAS_GTP_rel",
    "pAKT_rel",
    *MARKERS,
    "tumour_volume_ml",
)
_NON_TARGETS = np.array([state.name.replace("_", "-") for state in NonTarget])


def _own_patients(spec: TrialSpec, patients: NDArray[np.int64]) -> dict[str, Any]:
    """Return who of the user's own patients each one stands for; nothing where all are drawn."""
    from rascade.patients.draws import own_place

    known = spec.cohort.patients
    if known is None:
        return {}
    place = own_place(patients, len(known), spec.turns)
    names = [str(one.get("id", number + 1)) for number, one in enumerate(known)]
    return {"own_patient": np.array(names)[place]}


def _patients(run: ArmRun, spec: TrialSpec, cut: DataCut, allocation: Allocation) -> pd.DataFrame:
    import pandas as pd

    from rascade.engine import Status

    population = run.cohort.population
    failed = run.status >= Status.STEP_TOO_SMALL
    entered = enrolment(spec, population.patients, cut.day)
    known = observed(run, spec, cut.day)
    found = {end.name: end.observe(known) for end in times()}
    survival = found[OVERALL_SURVIVAL.name].times
    columns: dict[str, Any] = {"patient": population.patients, "arm": run.arm.name}
    columns |= _own_patients(spec, population.patients)
    columns |= dict(population.profiles)
    columns |= entered.columns | allocation.columns(population.patients)
    if np.isfinite(cut.day):
        columns["data_cut_day"] = entered.cut_after
    columns |= {
        "baseline_sld_mm": run.baseline_mm,
        "n_target_lesions": run.lesions.count,
        "n_non_target_lesions": run.lesions.non_target_count,
        "n_nodes": run.lesions.node_count,
    }
    columns |= {f"baseline_{name}": values for name, values in run.baseline_markers.items()}
    columns |= _responses(known, failed)
    for end in times():
        if end.months in columns:  # with what else is told of it
            continue
        columns[end.months] = np.where(failed, np.nan, found[end.name].times.months)
        columns[end.event] = found[end.name].times.event
        columns[end.censor_reason] = np.where(failed, "", found[end.name].why)
    columns |= {
        "last_known_alive_day": np.where(failed, np.nan, survival.day),
        **exposure_columns(run.safety),
        **disposition_columns(run, spec, known.how, survival, failed),
        "draws": run.cohort.attempts + 1,
        "solver_status": np.select(
            [failed, survival.event],
            [np.array([Status(code).name for code in run.status], dtype=object), "DIED"],
            default="FOLLOWED",
        ),
    }
    columns |= {f"p:{name}": values for name, values in population.parameters.items()}
    return pd.DataFrame(columns)


def _responses(known: Observed, failed: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the columns that follow from scans and deaths, by RECIST 1.1 and by iRECIST."""
    run, spec = known.run, known.spec
    day, death = scan_days(run), run.death_day
    overall = stacked(run, lambda scan: scan.reading.overall, np.int8)
    immune = stacked(run, lambda scan: scan.immune, np.int8)
    by_rule = {rule: free_of_progression(known, rule) for rule in RULES}
    pfs, why = by_rule[spec.pfs_censoring]
    after, by = progression_bounds(overall, day, death)
    # A rule that censors earlier knows of no progression.
    after, by = np.where(pfs.event, after, pfs.day), np.where(pfs.event, by, np.inf)
    first = time_to_response(overall, day)
    lasted = duration_of_response(first, pfs)
    ipfs = immune_progression_free_survival(immune, day, death)
    # Columns of months are blank where a simulation failed; infinite stands for "not seen".
    timed = {
        "pfs_months": pfs.day,
        "pfs_after_months": after,
        "pfs_by_months": by,
        "ipfs_months": ipfs.day,
        "ttr_months": first,
        "dor_months": lasted.day,
        **{f"pfs_{rule}_months": found.day for rule, (found, _) in by_rule.items()},
    }
    flags = {f"pfs_{rule}_event": found.event for rule, (found, _) in by_rule.items()}
    reasons = {f"pfs_{rule}_censor_reason": text for rule, (_, text) in by_rule.items()}
    change = stacked(run, lambda scan: scan.reading.change_pct)
    # A protocol counts a scan of six weeks for stable disease wherever in its window it is made.
    least = MINIMUM_STABLE_DAYS - scan_window(spec)
    best = partial(best_overall_response, overall, day, minimum_stable_days=least)
    return {
        "best_response": labels(best()),
        "confirmed_response": labels(best(confirm=True)),
        "best_immune_response": immune_labels(
            best_immune_response(immune, day, minimum_stable_days=least)
        ),
        "best_change_pct": best_change(change, overall),
        **confirmed_times(overall, day, pfs, failed),
        "pfs_event": pfs.event,
        "pfs_reason": pfs.reason,
        "pfs_censor_reason": np.where(failed, "", why),
        "ipfs_event": ipfs.event,
        "dor_event": lasted.event,
        **flags,
        **{name: np.where(failed, "", text) for name, text in reasons.items()},
        **{name: np.where(failed, np.nan, months(days)) for name, days in timed.items()},
    }


def _visits(run: ArmRun) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for number, visit in enumerate(run.visits, 1):
        kept = visit.attended
        columns: dict[str, Any] = {
            "patient": run.cohort.population.patients,
            "arm": run.arm.name,
            "visit": number,
            "scheduled_day": visit.scheduled,
            "day": visit.day,
            "sld_mm": visit.scan.reading.sld_mm,
            "sld_true_mm": visit.scan.true_sum_mm,
            "change_pct": visit.scan.reading.change_pct,
            "nadir_mm": visit.scan.reading.nadir_mm,
            "new_lesion": visit.scan.new_lesion,
            "response": labels(visit.scan.reading.overall),
            "target_response": labels(visit.scan.reading.target),
            "non_target": _NON_TARGETS[visit.scan.non_target],
            "immune_response": immune_labels(visit.scan.immune),
            "scan_done": visit.scan.done,
            "on_treatment": visit.phase > 0,
            "phase": visit.phase,
            **visit.signals,
            **visit.markers,
            "tumour_volume_ml": visit.volume_ml,
        }
        assert tuple(columns) == VISIT_COLUMNS
        frames.append(pd.DataFrame(columns)[kept])
    return pd.concat(frames, ignore_index=True) if frames else _no_visits()


def _no_visits() -> pd.DataFrame:
    """Return the table of a trial whose follow-up ends before the first scan."""
    import pandas as pd

    texts = ("arm", "response", "target_response", "non_target", "immune_response")
    types: dict[str, Any] = {"patient": int, "visit": int, "phase": int}
    types |= dict.fromkeys(texts, str)
    types |= dict.fromkeys(("new_lesion", "scan_done", "on_treatment"), bool)
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, float)) for name in VISIT_COLUMNS})


def _lesions(run: ArmRun) -> pd.DataFrame:
    """Return what was written down of every lesion at every scan, baseline being visit 0."""
    import pandas as pd

    names = np.array(lesion_names())
    patients = run.cohort.population.patients
    extra = len(names) - run.baseline_lesions_mm.shape[1]
    organs = np.hstack(
        [np.array(ORGANS)[run.lesions.organ], np.full((patients.size, extra), "not recorded")]
    )
    start = np.pad(run.baseline_lesions_mm, ((0, 0), (0, extra)), constant_values=np.nan)
    scans = [(np.zeros(patients.size), start)]
    scans += [(v.day, np.hstack([v.scan.lesion_mm, v.scan.new_mm])) for v in run.visits]
    frames = []
    for number, (day, size) in enumerate(scans):
        row, place = np.nonzero(np.isfinite(size))
        frames.append(
            pd.DataFrame(
                {
                    "patient": patients[row],
                    "arm": run.arm.name,
                    "visit": number,
                    "day": day[row],
                    "lesion": names[place],
                    "organ": organs[row, place],
                    "diameter_mm": size[row, place],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def outcome(spec: TrialSpec, arms: Sequence[ArmRun], allocation: Allocation) -> TrialOutcome:
    """Collect the arms into a trial's outcome, as it is known on the day of the data cut.

    Args:
        spec: the trial.
        arms: as simulated; see `rascade.trial.results.data_cut`.
        allocation: from `rascade.trial.conduct.run.allocate`.
    """
    cut = find_cut(spec, arms)
    planned = [run.cohort.population.size for run in arms]
    arms = [seen(run, spec, cut) for run in arms]
    patients = _joined(spec, [_patients(run, spec, cut, allocation) for run in arms])
    visits = _joined(spec, [_visits(run) for run in arms])
    visits = visits.sort_values(["patient", "visit"], ignore_index=True)
    patients = patients.sort_values("patient", ignore_index=True)
    lesions = _joined(spec, [_lesions(run) for run in arms])
    lesions = lesions.sort_values(["patient", "visit", "lesion"], ignore_index=True)
    model_hash = hashlib.sha256("".join(run.assembly.hash for run in arms).encode()).hexdigest()
    summary = _summary(spec, arms, patients, visits, model_hash)
    add_enrolment(summary, spec, cut, planned)
    add_censoring(summary, spec, patients)
    add_pairs(summary, spec, patients)
    events = _joined(spec, [run.safety.events for run in arms])
    events = events.sort_values(["patient", "start_day", "term"], ignore_index=True)
    decisions = _joined(spec, [run.safety.decisions for run in arms])
    decisions = decisions.sort_values(["patient", "day"], kind="stable", ignore_index=True)
    add_safety(summary, arms)
    add_incidence(summary, patients, events)
    return TrialOutcome(
        patients=patients,
        visits=visits,
        lesions=lesions,
        adverse_events=events,
        decisions=decisions,
        summary=summary,
        model_hash=model_hash,
        provenance=provenance(spec, arms, patients),
        arms=tuple(arms),
    )


def _joined(spec: TrialSpec, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all arms as one, patients numbered so that no two are alike."""
    import pandas as pd

    each = [numbered(table, spec, arm) for arm, table in enumerate(tables)]
    return pd.concat(each, ignore_index=True)


def _summary(
    spec: TrialSpec,
    arms: Sequence[ArmRun],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    model_hash: str,
) -> dict[str, Any]:
    from rascade.trial.design.cautions import trial_cautions

    cohort = {
        "disease": spec.cohort.disease,
        "stage": spec.cohort.stage,
        "line": spec.cohort.line,
        "size": spec.cohort.size,
        "eligibility": list(spec.cohort.eligibility),
        "screened": sum(run.cohort.screened for run in arms),
        "ineligible": sum(run.cohort.ineligible for run in arms),
        "implausible": sum(run.cohort.implausible for run in arms),
    }
    names = [arm.name for arm in spec.arms]
    summary = summarize(
        patients,
        study=spec.name,
        seed=spec.seed,
        model_hash=model_hash,
        arms=names,
        reference=spec.reference_arm,
        cohort=cohort,
        warnings=trial_cautions(spec),
    )
    summary["end_points"] = end_points(
        patients,
        visits,
        arms=names,
        reference=spec.reference_arm,
        follow_up_months=spec.follow_up_months,
    )
    return summary
