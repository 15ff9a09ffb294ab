"""Read the folder of an experiment, and say clearly what is missing from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.report.runs.files import read_json, research_footer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExperimentFolder", "read_experiment"]

COLUMNS = ("treatment", "concentration_nM", "time_h", "readout", "value", "low", "high", "cells")


@dataclass(frozen=True)
class ExperimentFolder:
    """Everything that the report of an experiment is made of.

    Attributes:
        study: text of ``study.yaml``.
        manifest: ``manifest.json``.
        summary: ``summary.json``.
        table: ``results_intervals.csv``.
    """

    study: str
    manifest: dict[str, Any]
    summary: dict[str, Any]
    table: pd.DataFrame

    @property
    def footer(self) -> str:
        """The line at the bottom of every figure."""
        return research_footer(
            self.summary["study"], self.summary.get("seed"), self.summary.get("model_hash")
        )

    @property
    def has_bands(self) -> bool:
        """Whether any value has limits over drawn parameter sets."""
        return bool(self.table[["low", "high"]].notna().to_numpy().any())

    def reading(self, name: str) -> str:
        """Return the label of a read-out."""
        facts = self.summary.get("readouts", {}).get(name, {})
        return str(facts.get("label") or name)


def read_experiment(folder: Path) -> ExperimentFolder:
    """Read the folder that ``rascade experiment`` wrote.

    Raises:
        InputError: a file or a column is missing, or a file cannot be read.
    """
    import pandas as pd

    summary = read_json(folder / "summary.json")
    for key in ("study", "design", "hours", "readouts"):
        if key not in summary:
            raise InputError(f"{folder / 'summary.json'}: no {key!r}; run the experiment again")
    path = folder / "results_intervals.csv"
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the experiment again") from error
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}; run the experiment again")
    study = folder / "study.yaml"
    return ExperimentFolder(
        study.read_text(encoding="utf-8") if study.is_file() else "",
        read_json(folder / "manifest.json"),
        summary,
        table,
    )
