"""Results of an experiment as an object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExperimentResult"]


@dataclass(frozen=True)
class ExperimentResult:
    """What an experiment came to.

    Attributes:
        summary: what ``summary.json`` holds: fits, courses, synergy, each with its interval.
        table: one row a reading with its interval.
        folder: where it is kept; None for an experiment that was run in memory.
    """

    summary: dict[str, Any] = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"ExperimentResult({len(self.table)} readings): {', '.join(self.summary)}"
