"""Who is treated, as an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rascade.face.given import texts

if TYPE_CHECKING:
    import pandas as pd

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
        patients: of your own, as `Cohort.from_frame` makes them; None for drawn ones.

    Raises:
        InputError: `eligibility` is no text. Everything else is checked by `rascade.Trial`.
    """

    size: int = 100
    line: int = 2
    eligibility: str | Sequence[str] = ()
    stage: str = "metastatic"
    disease: str = "PDAC"
    patients: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        times: int = 1,
        line: int = 2,
        eligibility: str | Sequence[str] = (),
    ) -> Cohort:
        """Return a cohort of your own patients, one a row; what is missing is drawn.

        Args:
            frame: columns are properties of a patient (``age_years``, ``ecog``, ``kras_allele``,
                ...) or rows of the parameter table, with a unit in brackets if it is another
                (``weight [lb]``), and ``id``. Missing values are not known.
            times: virtual patients of each.
            line: of treatment.
            eligibility: conditions that every patient meets.

        Raises:
            InputError: a column or a value is wrong; the message names row and column.
        """
        from rascade.face.given import whole
        from rascade.studies.files.own_patients import check_rows

        count = whole("times", times, 1, 1000)
        rows = frame.to_dict("records")
        found = check_rows(rows, [f"row {number}" for number in range(1, len(rows) + 1)])
        return cls(len(found) * count, line, eligibility, patients=tuple(found))

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
            **({} if self.patients is None else {"patients": list(self.patients)}),
        }
