"""What a study file may hold, by kind: the one contract between files, command line and web.

A kind is a pydantic model with a literal `kind`; adding it to `KINDS` is all that loading and the
published JSON schema need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, ValidationInfo, field_validator

from rascade.errors import InputError
from rascade.regimen.words import did_you_mean
from rascade.studies.enrolment_schema import AccrualPart, CutOffPart, RandomizationPart
from rascade.studies.experiment_schema import ExperimentStudy
from rascade.studies.operating_schema import OperatingStudy
from rascade.studies.parts import (
    MAX_PATIENTS,
    Checks,
    Description,
    Expression,
    Knockouts,
    LaterCheck,
    Mechanisms,
    Name,
    OrderText,
    Parameters,
    Part,
    PatientCount,
    Seed,
    Title,
    check_parameters,
    wrong,
)
from rascade.trial.randomization import ratio_of

__all__ = [
    "KINDS",
    "MAX_PATIENTS",
    "Arm",
    "Checks",
    "Cohort",
    "ExperimentStudy",
    "OperatingStudy",
    "Study",
    "TrialStudy",
    "json_schema",
]


class Cohort(Part):
    """Who is treated."""

    disease: Literal["PDAC"]
    """Pancreatic ductal adenocarcinoma."""
    stage: Literal["metastatic", "locally advanced", "borderline resectable", "resectable"]
    """Stage at the start of the trial."""
    line: Annotated[StrictInt, Field(ge=1, le=9)]
    """Line of treatment; 1 is the first."""
    size: PatientCount
    """Patients in each arm."""
    eligibility: Annotated[tuple[Expression, ...], Field(max_length=50)] = ()
    """Conditions that every patient meets, such as ``kras_allele != 'WT'``."""


class Arm(Part):
    """One arm of a trial."""

    name: Name
    """Unique within the study."""
    regimen: OrderText
    """Orders as clinicians write them, joined by ``+``; ``none`` is no treatment."""
    size: PatientCount | None = None
    """Patients in this arm, where it differs from the cohort's size."""
    published: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = None
    """Trial arm of the evidence whose published results the report shows beside these."""
    knockout: Knockouts = ()
    """What this arm's patients lack from before treatment, such as ``MDSC`` or ``CD274``."""
    set: Parameters = Field(default_factory=dict)
    """Values that replace typical values of the parameter table in this arm, in its units."""
    include: Mechanisms = ()
    """Mechanisms wanted in this arm although none of its drugs needs them."""

    @field_validator("set")
    @classmethod
    def _parameters_exist(cls, values: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        check_parameters(values, info)
        return values


class TrialStudy(Part):
    """A trial: arms of a cohort, followed and compared."""

    kind: Literal["trial"]
    """What to do."""
    name: Title
    """Title of the study."""
    description: Description | None = None
    """What it is for, and the publication that it follows."""
    cohort: Cohort
    """Who is treated."""
    seed: Seed
    """Random seed; the same seed gives the same patients."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=20)]
    """What they get."""
    reference: Name | None = None
    """Arm that the others are compared with; the last one if left out."""
    imaging_every_weeks: Annotated[float, Field(strict=True, ge=1, le=52)]
    """Weeks between two scans."""
    follow_up_months: Annotated[float, Field(strict=True, gt=0, le=240)]
    """Months from the first dose to the end of the trial."""
    accrual: AccrualPart | None = None
    """Centres and when they bring patients; everybody enters on one day if left out."""
    randomization: RandomizationPart | None = None
    """How patients are assigned to arms; in turn if left out."""
    cut_off: CutOffPart | None = None
    """When the data are cut; at the end of everybody's follow-up if left out."""
    parameters: Parameters = Field(default_factory=dict)
    """Values that replace typical values of the model's parameter table, in its units."""
    knockout: Knockouts = ()
    """What the patients of every arm lack from before treatment."""
    include: Mechanisms = ()
    """Mechanisms wanted in every arm although no drug needs them, such as ``autophagy``."""

    @field_validator("arms")
    @classmethod
    def _names_differ(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        seen: dict[str, int] = {}
        for index, arm in enumerate(arms):
            first = seen.setdefault(arm.name.casefold(), index)
            if first != index:
                raise wrong(f"{arm.name!r} is the name of arms[{first}] already", index, "name")
        return arms

    @field_validator("reference")
    @classmethod
    def _reference_is_an_arm(cls, name: str | None, info: ValidationInfo) -> str | None:
        names = [arm.name for arm in info.data.get("arms", ())]
        if name is not None and names and name not in names:
            hint = did_you_mean(name, names) or f"; arms are {', '.join(names)}"
            raise wrong(f"no arm is called {name!r}{hint}")
        return name

    @field_validator("parameters")
    @classmethod
    def _parameters_exist(cls, values: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        check_parameters(values, info)
        return values

    @field_validator("randomization")
    @classmethod
    def _randomization_fits(
        cls, part: RandomizationPart | None, info: ValidationInfo
    ) -> RandomizationPart | None:
        arms, cohort = info.data.get("arms"), info.data.get("cohort")
        if part is None or not arms or cohort is None:
            return part
        if part.ratio is not None and len(part.ratio) != len(arms):
            raise wrong(f"{len(part.ratio)} numbers for {len(arms)} arms", "ratio")
        try:
            part.plan(ratio_of([arm.size or cohort.size for arm in arms]))
        except InputError as error:
            raise wrong(str(error).removeprefix("randomization: ")) from None
        return part

    @property
    def reference_arm(self) -> str:
        """Name of the arm that contrasts refer to."""
        return self.reference or self.arms[-1].name

    def size_of(self, arm: Arm) -> int:
        """Return the number of patients of an arm."""
        return arm.size or self.cohort.size

    def later_checks(self, checks: Checks) -> Iterator[LaterCheck]:
        """Yield what only the model can tell: whether cohort and drugs can be simulated."""
        if checks.population is not None:
            for what in ("disease", "stage", "line"):
                value = getattr(self.cohort, what)
                yield ("cohort", what), partial(checks.population, what, value)
        if checks.modelled is not None:
            for index, arm in enumerate(self.arms):
                yield ("arms", index, "regimen"), partial(checks.modelled, arm.regimen.drugs)
        if checks.population is not None:
            yield from self._enrolment_checks()

    def _enrolment_checks(self) -> Iterator[LaterCheck]:
        from rascade.patients.profile import check_category, check_shares

        for index, centre in enumerate(self.accrual.centres if self.accrual else ()):
            for name, shares in centre.case_mix.items():
                path = ("accrual", "centres", index, "case_mix", name)
                yield path, partial(check_shares, name, shares)
        for index, name in enumerate(self.randomization.strata if self.randomization else ()):
            yield ("randomization", "strata", index), partial(check_category, name)


Study = TrialStudy | ExperimentStudy | OperatingStudy

#: Kind of study -> its model. A new kind is one more line.
KINDS: Mapping[str, type[TrialStudy] | type[ExperimentStudy] | type[OperatingStudy]] = {
    "trial": TrialStudy,
    "experiment": ExperimentStudy,
    "operating-characteristics": OperatingStudy,
}


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of a study file of any kind."""
    from pydantic.json_schema import models_json_schema

    refs, schema = models_json_schema(
        [(model, "validation") for model in KINDS.values()], ref_template="#/$defs/{model}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rascade study file",
        "oneOf": list(refs.values()),
        **schema,
    }
