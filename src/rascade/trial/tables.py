"""Turn simulated arms into the tables and the summary of a trial."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.best_response import best_change, best_overall_response
from rascade.trial.endpoints import (
    DAYS_PER_MONTH,
    overall_survival,
    progression_free_survival,
    progression_reason,
)
from rascade.trial.provenance import provenance
from rascade.trial.response import NonTarget, labels
from rascade.trial.safety import add_safety, exposure_columns
from rascade.trial.statistics import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

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
    "on_treatment",
    "pERK_rel",
    "RAS_GTP_rel",
    "pAKT_rel",
    "tumour_volume_ml",
)


def _stack(run: ArmRun, field: str, shape: tuple[int, int], dtype: Any = float) -> Any:
    columns = [getattr(visit.reading, field) for visit in run.visits]
    return np.stack(columns, axis=1) if columns else np.empty(shape, dtype)


def _patients(run: ArmRun, spec: TrialSpec) -> pd.DataFrame:
    import pandas as pd

    from rascade.engine import Status

    population = run.cohort.population
    shape = (population.size, 0)
    overall = _stack(run, "overall", shape, np.int8)
    day = np.array([visit.day for visit in run.visits])
    new = (
        np.stack([v.new_lesion for v in run.visits], axis=1)
        if run.visits
        else np.empty(shape, bool)
    )
    reason = progression_reason(_stack(run, "target", shape, np.int8), NonTarget.NONE, new, overall)
    pfs = progression_free_survival(overall, day, run.death_day, reason=reason)
    end = spec.follow_up_months * DAYS_PER_MONTH
    survival = overall_survival(run.death_day, np.minimum(end, run.safety.dropout_day))
    failed = run.status >= Status.STEP_TOO_SMALL
    columns: dict[str, Any] = {"patient": population.patients, "arm": run.arm.name}
    columns |= dict(population.profiles)
    columns |= {
        "baseline_sld_mm": run.baseline_mm,
        "n_target_lesions": run.lesions.count,
        "best_response": labels(best_overall_response(overall, day)),
        "best_change_pct": best_change(_stack(run, "change_pct", shape), overall),
        "pfs_months": np.where(failed, np.nan, pfs.months),
        "pfs_event": pfs.event,
        "pfs_reason": pfs.reason,
        "os_months": np.where(failed, np.nan, survival.months),
        "os_event": survival.event,
        **exposure_columns(run.safety),
        "draws": run.cohort.attempts + 1,
        "solver_status": [_OUTCOMES.get(code, Status(code).name) for code in run.status],
    }
    columns |= {f"p:{name}": values for name, values in population.parameters.items()}
    return pd.DataFrame(columns)


def _visits(run: ArmRun) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for visit in run.visits:
        kept = visit.attended
        columns: dict[str, Any] = {
            "patient": run.cohort.population.patients,
            "arm": run.arm.name,
            "day": visit.day,
            "sld_mm": visit.reading.sld_mm,
            "sld_true_mm": visit.true_sum_mm,
            "change_pct": visit.reading.change_pct,
            "nadir_mm": visit.reading.nadir_mm,
            "new_lesion": visit.new_lesion,
            "response": labels(visit.reading.overall),
            "on_treatment": visit.on_treatment,
            **visit.signals,
            "tumour_volume_ml": visit.volume_ml,
        }
        assert tuple(columns) == VISIT_COLUMNS
        frames.append(pd.DataFrame(columns)[kept])
    return pd.concat(frames, ignore_index=True) if frames else _no_visits()


def _no_visits() -> pd.DataFrame:
    """Return the table of a trial whose follow-up ends before the first scan."""
    import pandas as pd

    types = {"patient": int, "arm": str, "new_lesion": bool, "response": str, "on_treatment": bool}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, float)) for name in VISIT_COLUMNS})


def outcome(spec: TrialSpec, arms: Sequence[ArmRun]) -> TrialOutcome:
    """Collect the arms into a trial's outcome."""
    import pandas as pd

    from rascade.trial.run import TrialOutcome

    patients = pd.concat([_patients(run, spec) for run in arms], ignore_index=True)
    visits = pd.concat([_visits(run) for run in arms], ignore_index=True)
    visits = visits.sort_values(["patient", "day"], ignore_index=True)
    patients = patients.sort_values("patient", ignore_index=True)
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
    )
    events = pd.concat([run.safety.events for run in arms], ignore_index=True)
    events = events.sort_values(["patient", "start_day", "term"], ignore_index=True)
    decisions = pd.concat([run.safety.decisions for run in arms], ignore_index=True)
    decisions = decisions.sort_values(["patient", "day"], kind="stable", ignore_index=True)
    add_safety(summary, arms)
    return TrialOutcome(
        patients,
        visits,
        events,
        decisions,
        summary,
        model_hash,
        provenance(spec, arms, patients),
        tuple(arms),
    )
