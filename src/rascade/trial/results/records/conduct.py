"""Side effects and exposure of an arm, enrolment, and PFS by rule of censoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rascade.trial.results.records.codec import Estimate, kept

__all__ = [
    "ArmSafety",
    "Censoring",
    "CensoringArm",
    "CensoringContrast",
    "CensoringRule",
    "Enrolment",
    "EventRate",
]


@dataclass(frozen=True)
class EventRate:
    """Patients with a side effect of a term, percent of the arm."""

    term: str
    any_pct: float | None = None
    severe: Estimate = kept("grade3plus_pct", "grade3plus_ci")


@dataclass(frozen=True)
class ArmSafety:
    """Side effects, changes of dose and how treatment ended; percent of the patients of an arm.

    Attributes:
        severe: with a related side effect of grade 3 or more; None where none is modelled.
        serious: with a serious related one.
        stopped: by drug.
        intensity: median relative dose intensity by drug.
        ended: by reason.
    """

    severe: Estimate = kept("grade3plus_trae_pct", "grade3plus_trae_ci")
    serious: float | None = kept("serious_trae_pct")
    ctcae_version: str | None = None
    adverse_events: tuple[EventRate, ...] = kept("adverse_events", of=EventRate, many=True)
    discontinued: float | None = kept("discontinued_for_ae_pct")
    reduced: float | None = kept("dose_reduced_pct")
    held: float | None = kept("dose_held_pct")
    stopped: Mapping[str, float | None] = kept("drug_stopped_for_ae_pct")
    intensity: Mapping[str, float | None] = kept("relative_dose_intensity_pct")
    dropout: float | None = kept("dropout_pct")
    lost: float | None = kept("lost_to_follow_up_pct")
    ended: Mapping[str, float | None] = kept("treatment_end_reasons")
    other_treatment: float | None = kept("other_treatment_pct")
    crossover: float | None = kept("crossover_pct")


@dataclass(frozen=True)
class Enrolment:
    """Patients planned, in the data, and planned but not in the data."""

    planned: int
    enrolled: int
    not_enrolled: int


@dataclass(frozen=True)
class CensoringArm:
    """PFS of an arm by a rule, months."""

    name: str
    events: int
    median: Estimate = kept("median_months", "ci")


@dataclass(frozen=True)
class CensoringContrast:
    """Hazard ratio of PFS by a rule."""

    arm: str
    reference: str
    ratio: Estimate = kept("hr", "hr_ci")
    proportional_hazards_p: float | None = None
    log_rank_p: float | None = kept("logrank_p")


@dataclass(frozen=True)
class CensoringRule:
    """PFS by a rule of censoring."""

    rule: str
    description: str
    arms: tuple[CensoringArm, ...] = kept("arms", of=CensoringArm, many=True)
    contrasts: tuple[CensoringContrast, ...] = kept("contrasts", of=CensoringContrast, many=True)


@dataclass(frozen=True)
class Censoring:
    """The rule by which PFS is censored, and what every rule would give."""

    rule: str
    why: str
    sensitivity: tuple[CensoringRule, ...] = kept("sensitivity", of=CensoringRule, many=True)
