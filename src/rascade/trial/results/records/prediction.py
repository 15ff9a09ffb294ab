"""What a trial of the arms' own sizes is predicted to show, as a summary keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rascade.trial.endpoints import END_POINTS
from rascade.trial.results.records.codec import each, kept

__all__ = ["ArmPrediction", "ContrastPrediction", "Span90"]


@dataclass(frozen=True)
class Span90:
    """A predicted number: the middle of what trials would show, and limits of 90 % of them.

    Attributes:
        median, low90, high90: None where a median survival time is not reached.
    """

    median: float | None = None
    low90: float | None = None
    high90: float | None = None

    def text(self, digits: int, missing: str = "not reached") -> str:
        """Return ``7.2 (6.1 to 8.0)``, with a word for what is not reached."""
        found = (self.median, self.low90, self.high90)
        median, low, high = (missing if x is None else f"{x:.{digits}f}" for x in found)
        return median if self.low90 is None else f"{median} ({low} to {high})"


@dataclass(frozen=True)
class ArmPrediction:
    """What an arm is predicted to show.

    Attributes:
        size: patients of the trial that is predicted.
        members: of the ensemble that were used; 0 for the central one alone.
        orr: patients who respond, percent.
        medians: months, by end point: ``pfs`` and ``os``.
    """

    size: int
    members: int
    orr: Span90 = kept("orr_pct", of=Span90)
    medians: Mapping[str, Span90] = each("{}_median_months", of=Span90)

    def text(self) -> str:
        """Return ``ORR 31 (20 to 44) %; median months: PFS 7.2 (5.4 to 9.8)``."""
        times = [f"{_label(e)} {span.text(1)}" for e, span in self.medians.items()]
        return f"{_label('orr')} {self.orr.text(0)} %; median months: {', '.join(times)}"


@dataclass(frozen=True)
class ContrastPrediction:
    """What an arm is predicted to show against the reference.

    Attributes:
        members: of the ensemble that were used; 0 for the central one alone.
        ratios: hazard ratios, by end point: ``pfs`` and ``os``.
    """

    members: int
    ratios: Mapping[str, Span90] = each("{}_hr", of=Span90)

    def text(self) -> str:
        """Return ``PFS HR 0.45 (0.32 to 0.61), OS HR 0.60 (0.41 to 0.85)``."""
        return ", ".join(
            f"{_label(e)} HR {span.text(2, 'not estimable')}" for e, span in self.ratios.items()
        )


def _label(end: str) -> str:
    return END_POINTS[end].label
