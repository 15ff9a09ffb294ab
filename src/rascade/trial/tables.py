"""Turn simulated arms into the tables and the summary of a trial."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.best_response import best_change, best_overall_response
from rascade.trial.end_point_summary import end_points
from rascade.trial.endpoints import (
    duration_of_response,
    months,
    overall_survival,
    progression_bounds,
    progression_free_survival,
    progression_reason,
    time_to_response,
)
from rascade.trial.enrolment import enrolment
from rascade.trial.imaging import lesion_names
from rascade.trial.incidence import add_incidence
from rascade.trial.irecist import (
    best_immune_response,
    immune_labels,
    immune_progression_free_survival,
)
from rascade.trial.lesions import ORGANS
from rascade.trial.markers import MARKERS
from rascade.trial.provenance import provenance
from rascade.trial.response import NonTarget, labels
from rascade.trial.response_times import confirmed_times
from rascade.trial.safety import add_safety, exposure_columns
from rascade.trial.statistics import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.imaging import Scan
    from rascade.trial.run import ArmRun, TrialOutcome
    from rascade.trial.spec import TrialSpec

__all__ = ["VISIT_COLUMNS", "outcome"]

# How a patient's simulation ended, for readers; a failure keeps the solver's own word.
_OUTCOMES = {0: "FOLLOWED", 1: "FOLLOWED", 2: "DIED"}

VISIT_COLUMNS = (
    "patient",
    "arm",
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
    "pERK_rel",
    "RAS_GTP_rel",
    "pAKT_rel",
    *MARKERS,
    "tumour_volume_ml",
)
_NON_TARGETS = np.array([state.name.replace("_", "-") for state in NonTarget])


def _stack(run: ArmRun, of: Callable[[Scan], Any], dtype: Any = float) -> Any:
    """Return one field of all scans, (n, v)."""
    columns = [of(visit.scan) for visit in run.visits]
    return np.stack(columns, axis=1) if columns else np.empty((run.death_day.size, 0), dtype)


def _patients(run: ArmRun, spec: TrialSpec) -> pd.DataFrame:
    import pandas as pd

    from rascade.engine import Status

    population = run.cohort.population
    failed = run.status >= Status.STEP_TOO_SMALL
    entered = enrolment(spec, population.patients)
    end = np.minimum(entered.last_day, run.safety.dropout_day)
    death = np.where(run.death_day <= end, run.death_day, np.inf)
    survival = overall_survival(death, end)
    columns: dict[str, Any] = {"patient": population.patients, "arm": run.arm.name}
    columns |= dict(population.profiles)
    columns |= entered.columns
    columns |= {
        "baseline_sld_mm": run.baseline_mm,
        "n_target_lesions": run.lesions.count,
        "n_non_target_lesions": run.lesions.non_target_count,
        "n_nodes": run.lesions.node_count,
    }
    columns |= {f"baseline_{name}": values for name, values in run.baseline_markers.items()}
    columns |= _responses(run, death, failed)
    columns |= {
        "os_months": np.where(failed, np.nan, survival.months),
        "os_event": survival.event,
        **exposure_columns(run.safety),
        "draws": run.cohort.attempts + 1,
        "solver_status": [_OUTCOMES.get(code, Status(code).name) for code in run.status],
    }
    columns |= {f"p:{name}": values for name, values in population.parameters.items()}
    return pd.DataFrame(columns)


def _responses(
    run: ArmRun, death: NDArray[np.float64], failed: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the columns that follow from scans and deaths, by RECIST 1.1 and by iRECIST."""
    day = np.array([visit.day for visit in run.visits])
    overall = _stack(run, lambda scan: scan.reading.overall, np.int8)
    immune = _stack(run, lambda scan: scan.immune, np.int8)
    reason = progression_reason(
        _stack(run, lambda scan: scan.reading.target, np.int8),
        _stack(run, lambda scan: scan.non_target, np.int8),
        _stack(run, lambda scan: scan.new_lesion, bool),
        overall,
    )
    pfs = progression_free_survival(overall, day, death, reason=reason)
    first = time_to_response(overall, day)
    lasted = duration_of_response(first, pfs)
    ipfs = immune_progression_free_survival(immune, day, death)
    # Columns of months are blank where a simulation failed; infinite stands for "not seen".
    timed = {
        "pfs_months": pfs.day,
        **dict(
            zip(
                ("pfs_after_months", "pfs_by_months"),
                progression_bounds(overall, day, death),
                strict=True,
            )
        ),
        "ipfs_months": ipfs.day,
        "ttr_months": first,
        "dor_months": lasted.day,
    }
    change = _stack(run, lambda scan: scan.reading.change_pct)
    return {
        "best_response": labels(best_overall_response(overall, day)),
        "confirmed_response": labels(best_overall_response(overall, day, confirm=True)),
        "best_immune_response": immune_labels(best_immune_response(immune, day)),
        "best_change_pct": best_change(change, overall),
        **confirmed_times(overall, day, pfs, failed),
        "pfs_event": pfs.event,
        "pfs_reason": pfs.reason,
        "ipfs_event": ipfs.event,
        "dor_event": lasted.event,
        **{name: np.where(failed, np.nan, months(days)) for name, days in timed.items()},
    }


def _visits(run: ArmRun) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for visit in run.visits:
        kept = visit.attended
        columns: dict[str, Any] = {
            "patient": run.cohort.population.patients,
            "arm": run.arm.name,
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
            "on_treatment": visit.on_treatment,
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
    types: dict[str, Any] = {"patient": int, **dict.fromkeys(texts, str)}
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
    scans = [(0.0, np.pad(run.baseline_lesions_mm, ((0, 0), (0, extra)), constant_values=np.nan))]
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
                    "day": day,
                    "lesion": names[place],
                    "organ": organs[row, place],
                    "diameter_mm": size[row, place],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def outcome(spec: TrialSpec, arms: Sequence[ArmRun]) -> TrialOutcome:
    """Collect the arms into a trial's outcome."""
    import pandas as pd

    from rascade.trial.cautions import trial_cautions
    from rascade.trial.run import TrialOutcome

    patients = pd.concat([_patients(run, spec) for run in arms], ignore_index=True)
    visits = pd.concat([_visits(run) for run in arms], ignore_index=True)
    visits = visits.sort_values(["patient", "day"], ignore_index=True)
    patients = patients.sort_values("patient", ignore_index=True)
    lesions = pd.concat([_lesions(run) for run in arms], ignore_index=True)
    lesions = lesions.sort_values(["patient", "visit", "lesion"], ignore_index=True)
    model_hash = hashlib.sha256("".join(run.assembly.hash for run in arms).encode()).hexdigest()
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
    summary = summarize(
        patients,
        study=spec.name,
        seed=spec.seed,
        model_hash=model_hash,
        arms=[arm.name for arm in spec.arms],
        reference=spec.reference_arm,
        cohort=cohort,
        warnings=trial_cautions(spec),
    )
    summary["end_points"] = end_points(
        patients,
        visits,
        arms=[arm.name for arm in spec.arms],
        reference=spec.reference_arm,
        follow_up_months=spec.follow_up_months,
    )
    events = pd.concat([run.safety.events for run in arms], ignore_index=True)
    events = events.sort_values(["patient", "start_day", "term"], ignore_index=True)
    decisions = pd.concat([run.safety.decisions for run in arms], ignore_index=True)
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
