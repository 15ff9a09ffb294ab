"""What is kept of an arm as it was simulated, and of a trial as it came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.model import Assembly
    from rascade.patients import Cohort
    from rascade.trial.assessment.imaging import Scan
    from rascade.trial.assessment.lesions import Lesions
    from rascade.trial.conduct.treatment import Safety
    from rascade.trial.design.spec import ArmSpec

__all__ = ["ArmRun", "TrialOutcome", "VisitRecord"]


@dataclass(frozen=True)
class VisitRecord:
    """One scheduled scan of an arm; arrays of shape (n,).

    Attributes:
        scheduled: day by the protocol.
        day: on which each patient is scanned; NaN if that lies after the follow-up.
        scan: what was read.
        attended: who came.
        phase: of treatment on that day, 1 for the first; 0 off treatment.
        signals, markers, volume_ml: of that day.
    """

    scheduled: float
    day: NDArray[np.float64]
    scan: Scan
    attended: NDArray[np.bool_]
    phase: NDArray[np.int64]
    signals: Mapping[str, NDArray[np.float64]]
    markers: Mapping[str, NDArray[np.float64]]
    volume_ml: NDArray[np.float64]


@dataclass
class ArmRun:
    """An arm as it was simulated.

    Attributes:
        arm: its specification.
        assembly: the model with the arm's drugs.
        cohort: the patients.
        lesions: what they had at baseline.
        baseline_mm: (n,) measured sum of diameters at baseline.
        baseline_lesions_mm: (n, 8) recorded diameters at baseline.
        baseline_markers: what the laboratory reported at baseline.
        visits: in order of time.
        death_day: (n,) day of death, infinite where not reached.
        status: (n,) status of the solver at the end.
        failed_day: (n,) day on which the solver gave up; infinite where it did not.
        safety: side effects, decisions of the protocol and exposure.
    """

    arm: ArmSpec
    assembly: Assembly
    cohort: Cohort
    lesions: Lesions
    baseline_mm: NDArray[np.float64]
    baseline_lesions_mm: NDArray[np.float64]
    baseline_markers: Mapping[str, NDArray[np.float64]]
    visits: list[VisitRecord]
    death_day: NDArray[np.float64]
    status: NDArray[np.int32]
    failed_day: NDArray[np.float64]
    safety: Safety


@dataclass(frozen=True)
class TrialOutcome:
    """Everything a trial gives.

    Attributes:
        patients: one row a patient.
        visits: one row a patient and scan.
        lesions: one row a patient, scan (0 is baseline) and lesion.
        adverse_events: one row an episode.
        decisions: one row a decision of the protocol.
        summary: read-outs by arm and contrasts, ready for JSON.
        model_hash: SHA-256 over the models of all arms.
        provenance: mechanism, parameters and published results for the report, ready for JSON.
        arms: the arms as simulated.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    lesions: pd.DataFrame
    adverse_events: pd.DataFrame
    decisions: pd.DataFrame
    summary: dict[str, Any]
    model_hash: str
    provenance: dict[str, Any]
    arms: tuple[ArmRun, ...] = field(repr=False)
