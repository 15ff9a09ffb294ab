"""Designs of trials whose operating characteristics are wanted. Frozen and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from rascade.errors import InputError
from rascade.statistics.group_sequential import Boundaries
from rascade.trial.design.accrual import Accrual
from rascade.trial.design.randomization import Randomization

__all__ = ["Design", "Reestimation", "Selection"]


@dataclass(frozen=True)
class Reestimation:
    """Sample-size re-estimation at the interim look (promising zone, Mehta & Pocock 2011).

    Where the conditional power under the present trend lies between `least` and `target`, events
    and patients are raised until it reaches `target`, by no more than `most` times the plan
    (Stat Med 2011;30:3267-3284). The final test joins both stages with the weights that were
    planned, so its level holds whatever was changed (Cui, Hung & Wang, Biometrics 1999;55:853-857).
    """

    least: float = 0.3
    target: float = 0.9
    most: float = 1.5

    def __post_init__(self) -> None:
        if not 0 < self.least < self.target < 1:
            raise InputError("reestimation: needs 0 < least < target < 1 (conditional powers)")
        if not 1 < self.most <= 5:
            raise InputError(f"reestimation: most {self.most:g} must lie above 1, up to 5")


@dataclass(frozen=True)
class Selection:
    """Several new treatments, of which the best one goes on after an interim look.

    Attributes:
        fraction: of the final events of one comparison (mean over the new arms) at the selection.

    The final test compares the chosen arm with the control on all of their patients, at the level
    divided by the number of new arms (Bonferroni), which holds whichever is chosen.
    """

    fraction: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise InputError(f"selection: fraction {self.fraction:g} must lie between 0 and 1")


@dataclass(frozen=True)
class Design:
    """A design.

    Attributes:
        name: unique among the designs compared.
        arms: names of the arms of the population, the control first.
        size: patients in all arms together, as planned.
        boundaries: looks, efficacy and futility.
        accrual: centres; rates are of patients who can be screened, so that enrichment slows them.
        randomization: one number of the ratio for each arm.
        events: events at the final analysis; None analyses when `months` are over.
        months: latest end of the trial, from its opening; None waits for the events.
        eligibility: conditions beyond those of the population, such as a biomarker.
        stratified: the test is stratified as the randomisation is.
        dropout_per_year: share of patients lost to observation in a year, independent of anything.
        reestimation, selection: adaptations; at most one of them.
    """

    name: str
    arms: tuple[str, ...]
    size: int
    boundaries: Boundaries
    accrual: Accrual
    randomization: Randomization = field(default_factory=Randomization)
    events: int | None = None
    months: float | None = None
    eligibility: tuple[str, ...] = ()
    stratified: bool = False
    dropout_per_year: float = 0.0
    reestimation: Reestimation | None = None
    selection: Selection | None = None

    def __post_init__(self) -> None:
        what = f"design {self.name}"
        if len(self.arms) < 2 or len(self.arms) != len(self.randomization.ratio):
            raise InputError(
                f"{what}: {len(self.arms)} arms, but {len(self.randomization.ratio)} numbers in "
                "the ratio; give one for each arm"
            )
        if self.size < 2 * len(self.arms):
            raise InputError(
                f"{what}: size {self.size} (all arms together) is too small for "
                f"{len(self.arms)} arms"
            )
        if self.events is None and self.months is None:
            raise InputError(f"{what}: give events or months, so that the trial ends")
        if self.events is None and self.boundaries.looks > 1:
            raise InputError(f"{what}: looks are at shares of the events; give events")
        if self.events is not None and not self.boundaries.looks <= self.events <= self.size:
            raise InputError(
                f"{what}: {self.events} events must lie between the number of looks and the size, "
                f"{self.size} (patients of all arms together)"
            )
        if not 0 <= self.dropout_per_year < 1:
            raise InputError(f"{what}: dropout_per_year must lie between 0 and 1")
        self._check_adaptations(what)

    def _check_adaptations(self, what: str) -> None:
        if self.reestimation and self.selection:
            raise InputError(f"{what}: give reestimation or selection, not both")
        if self.reestimation and self.boundaries.looks != 2:
            raise InputError(f"{what}: reestimation needs one interim look, such as [0.5, 1]")
        if self.selection and (self.boundaries.looks != 1 or self.events is None):
            raise InputError(f"{what}: selection needs events and no other look")
        if self.selection is None and len(self.arms) != 2:
            raise InputError(f"{what}: more than two arms need a selection")
        if self.selection is not None and len(self.arms) < 3:
            raise InputError(f"{what}: a selection needs two or more new arms")

    @property
    def most(self) -> int:
        """Patients at most, after any increase."""
        grows = self.reestimation.most if self.reestimation else 1.0
        return math.ceil(self.size * grows)

    def resized(self, size: int) -> Design:
        """Return the design with another number of patients and events in proportion."""
        share = size / self.size
        events = None if self.events is None else max(2, round(self.events * share))
        return replace(self, size=size, events=events)
