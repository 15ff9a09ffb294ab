"""What a study file may hold, by kind: the one contract between files, command line and web.

A kind is a pydantic model with a literal `kind`; adding it to `KINDS` is all that loading and the
published JSON schema need.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from rascade.errors import InputError
from rascade.studies.files.enrolment_schema import AccrualPart, CutOffPart, RandomizationPart
from rascade.studies.files.experiment.study import ExperimentStudy
from rascade.studies.files.operating_schema import OperatingStudy
from rascade.studies.files.own_patients import refuse_ineligible
from rascade.studies.files.parts import (
    MAX_MEMBERS,
    MAX_PATIENTS,
    Checks,
    Description,
    Expression,
    Knockouts,
    LaterCheck,
    Mechanisms,
    Name,
    OrderText,
    OwnDrugs,
    Parameters,
    Part,
    PatientCount,
    Published,
    Seed,
    Title,
    check_parameters,
    wrong,
)
from rascade.studies.files.protocol_schema import (
    Conduct,
    ConductText,
    DoseLevels,
    NextPhase,
    UntilText,
)
from rascade.text import did_you_mean
from rascade.trial.design.randomization import ratio_of
from rascade.trial.design.spec import MEMBERS

__all__ = [
    "KINDS",
    "MAX_MEMBERS",
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
    patients: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)] | None = None
    """Your own patients, the name of a CSV or Parquet file beside the study: a row a patient, what
    is missing is drawn. Every arm treats them one after the other, and begins again at the end."""


class Arm(Part):
    """One arm of a trial."""

    name: Name
    """Unique within the study."""
    regimen: OrderText
    """Orders as clinicians write them, joined by ``+``; ``none`` is no treatment."""
    size: PatientCount | None = None
    """Patients in this arm, where it differs from the cohort's size."""
    published: Published | None = None
    """Trial arm of the evidence whose published results the report shows beside these; or results
    of your own: ``source``, ``n``, rates such as ``orr``, times such as ``pfs`` (``median``,
    ``low``, ``high``, ``rates``, or the files ``curve`` and ``at_risk``, or ``patients``),
    ``hazard_ratios`` against the reference arm, and ``sizes``."""
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

    dose_levels: DoseLevels = Field(default_factory=dict)
    """Doses of a drug from the ordered one downward, in the order's unit; else the usual steps."""
    until: UntilText | None = None
    """What leads from `regimen` to the first of `then`: ``42 days``, ``6 weeks``, ``progression``,
    ``response`` or a condition such as ``grade >= 3 rash``."""
    then: Annotated[tuple[NextPhase, ...], Field(max_length=10)] = Field(
        default=(), validate_default=True
    )
    """Treatment that follows, phase by phase."""
    crossover: Name | None = None
    """Arm whose first regimen these patients get at progression."""
    rescue: OrderText | None = None
    """Orders that these patients get at progression."""
    protocol: ConductText | None = None
    """How this arm is conducted, where it differs from the trial."""

    @field_validator("then")
    @classmethod
    def _phases_follow(
        cls, phases: tuple[NextPhase, ...], info: ValidationInfo
    ) -> tuple[NextPhase, ...]:
        until = info.data.get("until")
        if phases and until is None and "until" in info.data:
            raise wrong("'until' must say what leads from the regimen to the first of 'then'")
        if until is not None and not phases:
            raise wrong("'until' leads nowhere; write what is given then")
        for index, phase in enumerate(phases[:-1]):
            if phase.until is None:
                raise wrong("only the last phase may go without 'until'", index)
        if phases and phases[-1].until is not None:
            raise wrong("the last phase has nothing after it; leave 'until' out", len(phases) - 1)
        return phases

    @field_validator("rescue")
    @classmethod
    def _one_way_on(cls, rescue: object, info: ValidationInfo) -> object:
        if rescue is not None and info.data.get("crossover") is not None:
            raise wrong("give either 'crossover' or 'rescue'; both happen at progression")
        return rescue

    @property
    def orders(self) -> tuple[Any, ...]:
        """The orders of all phases."""
        regimens = [self.regimen, *(phase.regimen for phase in self.then)]
        return tuple(o for regimen in [*regimens, *filter(None, [self.rescue])] for o in regimen)

    def check_drugs(self) -> None:
        """Check that dose levels and rules name drugs of the arm and fit its orders."""
        known = {order.drug: order for order in reversed(self.orders)}
        for drug, levels in self.dose_levels.items():
            if drug not in known:
                raise wrong(f"{self.name}: dose_levels: {drug} is not in the arm")
            dose = known[drug].dose
            falling = all(a > b > 0 for a, b in itertools.pairwise(levels))
            if levels[0] != dose.value or not falling:
                raise wrong(
                    f"{self.name}: dose_levels.{drug}: begin with the ordered {dose.value:g} "
                    f"{dose.unit} and go down, all above 0"
                )
        for rule in (self.protocol.rules if self.protocol else None) or ():
            for drug in rule.drugs:
                if drug not in known:
                    raise wrong(f"{self.name}: a rule names {drug}, which is not in the arm")


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
    drugs: OwnDrugs = None
    """Drugs of your own, each the name of its file beside the study, or its keys and values."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=20)]
    """What they get."""
    reference: Name | None = None
    """Arm that the others are compared with; the last one if left out."""
    pairing: Literal["independent", "same-patients"] = "independent"
    """``same-patients`` gives every arm the same virtual patients, so that a contrast is read
    patient by patient; ``independent`` gives each arm its own, as a trial in people does."""
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
    scan_window_days: Annotated[float, Field(strict=True, ge=0, le=28)] | None = None
    """Days that a scan may be early or late; 7 if left out, or a fourth of the interval if less."""
    pfs_censoring: Literal["ema", "fda"] = "ema"
    """Rule by which PFS is censored: ``ema`` counts every progression and death, ``fda`` none after
    another treatment or two missed scans. The summary has PFS by both."""
    protocol: ConductText = Field(default_factory=Conduct)
    """How the trial is conducted: by the drugs' labels (``label``), without any reaction to side
    effects (``none``), or as written here."""
    population: Literal["ensemble", "table"] = "ensemble"
    """Whose patients these are: ``ensemble`` takes the population that was fitted to trials, its
    central member for the patients and its members for the prediction; ``table`` takes the
    parameter table as it is, and predicts nothing."""
    members: Annotated[StrictInt, Field(ge=0, le=MAX_MEMBERS)] = MEMBERS
    """Members of the ensemble that the prediction uses; 0 for the central one alone, which leaves
    out how well the population is known and keeps chance and what trials differ by."""
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
            try:
                arm.check_drugs()
            except PydanticCustomError as error:
                raise wrong(error.message(), index) from None
        for index, arm in enumerate(arms):
            others = [other.name for other in arms if other is not arm]
            if arm.crossover is not None and arm.crossover not in others:
                hint = did_you_mean(arm.crossover, others)
                raise wrong(f"no other arm is called {arm.crossover!r}{hint}", index, "crossover")
        return arms

    @field_validator("scan_window_days")
    @classmethod
    def _windows_do_not_meet(cls, window: float | None, info: ValidationInfo) -> float | None:
        from rascade.trial.design.spec import check_scan_window

        weeks = info.data.get("imaging_every_weeks")
        if window is not None and weeks is not None:
            try:
                check_scan_window(window, weeks)
            except InputError as error:
                raise wrong(str(error).removeprefix("scan_window_days: ")) from None
        return window

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

    @field_validator("randomization")
    @classmethod
    def _nobody_is_randomized_twice(
        cls, part: RandomizationPart | None, info: ValidationInfo
    ) -> RandomizationPart | None:
        if part is not None and info.data.get("pairing") == "same-patients":
            raise wrong("the same patients are in every arm (pairing); leave randomization out")
        return part

    @field_validator("pairing")
    @classmethod
    def _pairs_have_one_size(cls, pairing: str, info: ValidationInfo) -> str:
        cohort = info.data.get("cohort")
        sizes = {arm.size or (cohort.size if cohort else 0) for arm in info.data.get("arms", ())}
        if pairing == "same-patients" and len(sizes) > 1:
            raise wrong("the same patients are in every arm; leave the sizes of arms out")
        return pairing

    @property
    def reference_arm(self) -> str:
        """Name of the arm that contrasts refer to."""
        return self.reference or self.arms[-1].name

    def conduct_of(self, arm: Arm) -> Conduct:
        """Return how an arm is conducted."""
        return arm.protocol or self.protocol

    def size_of(self, arm: Arm) -> int:
        """Return the number of patients of an arm."""
        return arm.size or self.cohort.size

    def later_checks(self, checks: Checks) -> Iterator[LaterCheck]:
        """Yield what only the model can tell: whether cohort and drugs can be simulated."""
        if checks.population is not None:
            for what in ("disease", "stage", "line"):
                value = getattr(self.cohort, what)
                yield ("cohort", what), partial(checks.population, what, value)
        if self.cohort.patients is not None:
            who, conditions = self.cohort.patients, self.cohort.eligibility
            yield ("cohort", "patients"), partial(refuse_ineligible, who, conditions)
        if checks.modelled is not None:
            for index, arm in enumerate(self.arms):
                yield (
                    ("arms", index, "regimen"),
                    partial(checks.modelled, sorted({order.drug for order in arm.orders})),
                )
        if checks.population is not None:
            yield from self._enrolment_checks()
        for index, arm in enumerate(self.arms):
            if checks.published is not None and isinstance(arm.published, str):
                yield ("arms", index, "published"), partial(checks.published, arm.published)
        mixed = any(centre.case_mix for centre in (self.accrual.centres if self.accrual else ()))
        if checks.somebody is not None and self.cohort.eligibility and not mixed:
            yield ("cohort", "eligibility"), partial(checks.somebody, self.cohort.eligibility)

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
