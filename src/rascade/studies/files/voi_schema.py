"""Study files of ``rascade voi``: a prediction, and what might be measured to narrow it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr, model_validator

from rascade.studies.files.parts import Description, Name, OrderText, Part, Seed, Title, wrong
from rascade.studies.files.schema import Arm, Cohort, TrialStudy

__all__ = ["VoiStudy", "trial_of"]

Relative = Annotated[float, Field(strict=True, gt=0, le=3)]
Size = Annotated[StrictInt, Field(ge=1, le=5000)]
End = Literal["orr", "pfs", "os"]


class PredictionPart(Part):
    """What is to be narrowed: the mean months that one treatment adds to another."""

    new: OrderText
    """Orders of the new treatment."""
    old: OrderText
    """Orders that it is compared with."""
    endpoint: Literal["pfs", "os"] = "pfs"
    """Months without progression, or alive, within the horizon."""
    horizon_months: Annotated[float, Field(strict=True, gt=1, le=36)] = 12.0
    """Months of follow-up."""


class ArmPart(Part):
    """A trial of one arm."""

    name: Name
    """What it is called."""
    regimen: OrderText
    """Its orders."""
    patients: Size
    """Of the arm."""
    endpoint: End = "orr"
    """What it reports."""


class BiopsyPart(Part):
    """Biopsies before treatment."""

    species: Annotated[tuple[StrictStr, ...], Field(min_length=1, max_length=40)]
    """Names of the model, as ``rascade model show`` has them."""
    patients: Size = 20
    """Who are biopsied."""
    cv: Relative = 0.5
    """Relative error of one reading."""


class VoiStudy(Part):
    """A question for the value of information."""

    kind: Literal["voi"]
    """What to do."""
    name: Title
    """Title of the study."""
    description: Description | None = None
    """What it is for."""
    cohort: Cohort
    """Who is treated; its ``size`` is not used."""
    seed: Seed
    """Random seed."""
    prediction: PredictionPart
    """What is to be narrowed."""
    draws: Annotated[StrictInt, Field(ge=20, le=2000)] = 96
    """Sets of parameters."""
    patients: Annotated[StrictInt, Field(ge=10, le=1000)] = 60
    """Simulated under each set and treatment; half for the prediction, half for measurements."""
    assay_cv: Relative = 0.2
    """Relative error of an assay; every uncertain parameter of the model is one."""
    biopsies: BiopsyPart | None = None
    """Biopsies before treatment."""
    arms: Annotated[tuple[ArmPart, ...], Field(max_length=10)] = ()
    """Trials of one arm."""
    trial_patients: Size = 50
    """Patients an arm of a randomised trial of the two treatments themselves."""
    imaging_every_weeks: Annotated[float, Field(strict=True, ge=1, le=52)] = 8.0
    """Weeks between two scans."""

    @model_validator(mode="after")
    def _names_hold(self) -> VoiStudy:
        from rascade.model import assemble
        from rascade.text import did_you_mean

        names = [part.name for part in self.arms]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise wrong(f"{name!r} stands there twice", "arms", index, "name")
        if self.biopsies is not None:
            drugs = tuple(dict.fromkeys(order.drug for order in self.prediction.new))
            parts = assemble(drugs).composition
            known = [*parts.symbols, *parts.sums]
            for index, name in enumerate(self.biopsies.species):
                if name not in known:
                    hint = did_you_mean(name, known)
                    raise wrong(f"the model has no {name!r}{hint}", "biopsies", "species", index)
        return self


def trial_of(study: VoiStudy) -> TrialStudy:
    """Return the trial whose arms are the treatments that are simulated."""
    orders = [study.prediction.new, study.prediction.old, *(arm.regimen for arm in study.arms)]
    names = ["new", "old", *(f"arm: {arm.name}" for arm in study.arms)]
    return TrialStudy(
        kind="trial",
        name=study.name,
        cohort=study.cohort,
        seed=study.seed,
        arms=tuple(Arm(name=n, regimen=o) for n, o in zip(names, orders, strict=True)),
        reference="old",
        imaging_every_weeks=study.imaging_every_weeks,
        follow_up_months=study.prediction.horizon_months,
    )
