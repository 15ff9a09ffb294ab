"""Study files of ``rascade design``: arms, an end point, a budget, and what may vary."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from rascade.analyses.next_trial.choose import Menu
from rascade.errors import InputError
from rascade.studies.files.enrolment_schema import AccrualPart
from rascade.studies.files.parts import Description, Expression, Name, Part, Seed, Title, wrong
from rascade.studies.files.schema import Arm, Cohort, TrialStudy

__all__ = ["DesignStudy", "menu_of", "trial_of"]

Share = Annotated[float, Field(strict=True, gt=0, le=1)]
Looks = Annotated[tuple[Share, ...], Field(min_length=1, max_length=5)]
Ratio = Annotated[tuple[StrictInt, ...], Field(min_length=2, max_length=2)]


class EnrichmentPart(Part):
    """Whom a design may be restricted to."""

    name: Name
    """What it is called."""
    eligibility: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=10)]
    """Conditions beyond those of the cohort."""


class DesignStudy(Part):
    """A search for the design with the best chance."""

    kind: Literal["design"]
    """What to do."""
    name: Title
    """Title of the study."""
    description: Description | None = None
    """What it is for."""
    cohort: Cohort
    """Who may enter; ``size`` is not used."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=2)]
    """The new treatment and the control."""
    reference: Name
    """Arm that is the control."""
    endpoint: Literal["os", "pfs"]
    """End point of the test."""
    patients: Annotated[StrictInt, Field(ge=20, le=5000)]
    """Budget: patients in both arms together."""
    months: Annotated[float, Field(strict=True, gt=1, le=240)]
    """Months until the trial must be over."""
    accrual: AccrualPart
    """Centres; rates are of patients before any enrichment."""
    alpha: Annotated[float, Field(strict=True, gt=0, lt=0.5)] = 0.025
    """One-sided level."""
    enrichment: Annotated[tuple[EnrichmentPart, ...], Field(max_length=6)] = ()
    """Whom a design may be restricted to; everybody is always tried."""
    event_shares: Annotated[tuple[Share, ...], Field(min_length=1, max_length=6)] = (
        0.5,
        0.65,
        0.8,
        0.9,
    )
    """Shares of the patients who must have the event at the final analysis."""
    looks: Annotated[tuple[Looks, ...], Field(min_length=1, max_length=5)] = (
        (1.0,),
        (0.5, 1.0),
        (0.5, 0.75, 1.0),
    )
    """Plans of looks, as shares of the events."""
    ratios: Annotated[tuple[Ratio, ...], Field(min_length=1, max_length=4)] = ((1, 1), (1, 2))
    """Control to new."""
    imaging_every_weeks: Annotated[float, Field(strict=True, ge=1, le=52)] = 8.0
    """Weeks between two scans."""
    seed: Seed
    """Random seed."""
    members: Annotated[StrictInt, Field(ge=1, le=64)] = 12
    """Members of the ensemble that a chance is averaged over."""
    simulated: Annotated[StrictInt, Field(ge=20, le=5000)] = 200
    """Patients simulated in each arm and member."""
    replicates: Annotated[StrictInt, Field(ge=100, le=100_000)] = 400
    """Replicate trials in each member."""

    @model_validator(mode="after")
    def _designs_hold(self) -> DesignStudy:
        names = [arm.name for arm in self.arms]
        if self.reference not in names:
            raise wrong(f"no arm is called {self.reference!r}; arms are {', '.join(names)}")
        try:
            menu_of(self).designs()
        except InputError as error:
            raise wrong(str(error)) from None
        return self


def menu_of(study: DesignStudy) -> Menu:
    """Return what a design may be made of."""
    new = next(arm.name for arm in study.arms if arm.name != study.reference)
    return Menu(
        (study.reference, new),
        study.patients,
        study.accrual.accrual(),
        study.months,
        study.alpha,
        ((), *(part.eligibility for part in study.enrichment)),
        study.event_shares,
        study.looks,
        tuple((control, new) for control, new in study.ratios),
    )


def trial_of(study: DesignStudy) -> TrialStudy:
    """Return the trial whose arms are simulated, everybody followed for as long as it may last."""
    return TrialStudy(
        kind="trial",
        name=study.name,
        cohort=study.cohort,
        seed=study.seed,
        arms=study.arms,
        reference=study.reference,
        imaging_every_weeks=study.imaging_every_weeks,
        follow_up_months=min(study.months, 36.0),
    )
