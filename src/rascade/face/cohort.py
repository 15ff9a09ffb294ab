"""Who is treated, as an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rascade.face.given import texts

__all__ = ["Cohort"]


@dataclass(frozen=True)
class Cohort:
    """Virtual patients of a trial.

    Examples:
        >>> import rascade as rc
        >>> rc.Cohort(size=250, eligibility="kras_allele != 'WT'").eligibility
        ("kras_allele != 'WT'",)

    Attributes:
        size: patients in each arm.
        line: of treatment; 1 is the first.
        eligibility: conditions that every patient meets, one text or several.
        stage: ``metastatic``.
        disease: ``PDAC``.

    Raises:
        InputError: `eligibility` is no text. Everything else is checked by `rascade.Trial`.
    """

    size: int = 100
    line: int = 2
    eligibility: str | Sequence[str] = ()
    stage: str = "metastatic"
    disease: str = "PDAC"

    def __post_init__(self) -> None:
        object.__setattr__(self, "eligibility", texts("eligibility", self.eligibility))

    def as_study_part(self) -> dict[str, Any]:
        """Return what stands under ``cohort:`` in a study file."""
        return {
            "disease": self.disease,
            "stage": self.stage,
            "line": self.line,
            "size": self.size,
            "eligibility": list(self.eligibility),
        }
