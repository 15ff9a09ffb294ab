"""What is written down of an arm while it is simulated, and of a trial when it is over.

Records only: `rascade.trial.conduct` fills them, `rascade.trial.results` reads them. A new field is
stored with the others as it is; `rascade.trial.results.storage` says what it must keep to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.assessment.adverse_events import episodes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.model import Assembly
    from rascade.patients import Cohort
    from rascade.trial.assessment.imaging import Scan
    from rascade.trial.assessment.lesions import Lesions
    from rascade.trial.design.spec import ArmSpec

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["END_REASONS", "ArmRun", "Safety", "TrialOutcome", "VisitRecord"]

PROGRESSION, ADVERSE_EVENT, DEATH, DROPOUT = "progression", "adverse event", "death", "dropout"
#: Why a treatment ended; blank where it goes on.
END_REASONS = (PROGRESSION, ADVERSE_EVENT, DEATH, DROPOUT)


@dataclass(frozen=True)
class Safety:
    """Side effects and exposure of an arm.

    What is not yet over has no day (NaN) and a blank reason.

    Attributes:
        patients: (n,) patient numbers.
        changes: history of the adverse events; see `CHANGES` of
            `rascade.trial.assessment.adverse_events`.
        decisions: of the protocol; see `rascade.trial.conduct.dose_rules.DECISIONS`.
        drugs: in the order of the arrays below.
        windows: first day of each of the windows in which doses are counted.
        given, planned: (drugs, n, windows) milligrams.
        end_day: (n,) day on which the assigned treatment ended.
        end_reason: (n,) why, one of `END_REASONS`.
        other_day: (n,) day on which a crossover or rescue began.
        other_end_day: (n,) day on which that ended.
        other_end_reason: (n,) why, one of `END_REASONS`.
        dropout_day: (n,) day on which the patient ended treatment and scans; infinite where not.
        survival_followed: (n,) whether he is followed for survival from then on.
        graded: whether any drug of the arm has side effects in the model.
        ctcae: version.
    """

    patients: NDArray[np.int64]
    changes: pd.DataFrame
    decisions: pd.DataFrame
    drugs: tuple[str, ...]
    windows: tuple[float, ...]
    given: Floats = field(metadata={"axis": 1})
    planned: Floats = field(metadata={"axis": 1})
    end_day: Floats
    end_reason: NDArray[np.str_]
    other_day: Floats
    other_end_day: Floats
    other_end_reason: NDArray[np.str_]
    dropout_day: Floats
    survival_followed: Flags
    graded: bool
    ctcae: str

    @property
    def events(self) -> pd.DataFrame:
        """The adverse events; see `rascade.trial.assessment.adverse_events.COLUMNS`."""
        return episodes(self.changes)

    @property
    def intensity(self) -> Floats:
        """(drugs, n) dose given over dose planned; NaN where none was planned."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.given.sum(axis=2) / self.planned.sum(axis=2))

    @property
    def reduced(self) -> Flags:
        """(drugs, n) drugs whose dose was reduced."""
        return self._decided("reduce")

    @property
    def held(self) -> Flags:
        """(drugs, n) drugs that were held at some time."""
        return self._decided("hold")

    @property
    def stopped(self) -> Flags:
        """(drugs, n) drugs that a rule ended."""
        return self._decided("stop")

    def _decided(self, action: str) -> Flags:
        rows = self.decisions[self.decisions["action"].astype(str) == action]
        flags = np.zeros((len(self.drugs), self.patients.size), dtype=bool)
        for index, name in enumerate(self.drugs):
            whose = rows.loc[rows["drug"].astype(str) == name, "patient"].to_numpy(np.int64)
            flags[index] = np.isin(self.patients, whose)
        return flags


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
