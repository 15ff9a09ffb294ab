"""What a study file may hold, by kind: the one contract between files, command line and web.

A kind is a pydantic model with a literal `kind`; adding it to `KINDS` is all that loading and the
published JSON schema need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictInt,
    StrictStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from rascade.errors import InputError
from rascade.regimen import KnownDrugs, Regimen, format_regimen, parse
from rascade.regimen.words import did_you_mean

__all__ = ["KINDS", "MAX_PATIENTS", "Arm", "Checks", "Cohort", "TrialStudy", "json_schema"]

MAX_PATIENTS = 100_000


@dataclass(frozen=True, slots=True)
class Checks:
    """What a study is checked against; None leaves a check out.

    Attributes:
        drugs: names that orders may use (`rascade.regimen.parse`); None takes the evidence.
        eligibility: called with an expression; raises an `InputError` if it is wrong.
        parameter: called with name and value; raises an `InputError` if either is wrong.
        modelled: called with the drugs of an arm; raises if one cannot be simulated.
    """

    drugs: KnownDrugs | None = None
    eligibility: Callable[[str], None] | None = None
    parameter: Callable[[str, float], None] | None = None
    modelled: Callable[[Sequence[str]], None] | None = None


def wrong(message: str, *path: str | int) -> PydanticCustomError:
    """Return the error for a value; `path` leads from the field to the part that is wrong."""
    return PydanticCustomError("rascade", "{message}", {"message": message, "path": path})


def _checks(info: ValidationInfo) -> Checks:
    return info.context if isinstance(info.context, Checks) else Checks()


def _read_regimen(value: object, info: ValidationInfo) -> Regimen:
    if isinstance(value, Regimen):
        return value
    if value is None:
        raise wrong("the regimen is empty; write an order, or 'none' for no treatment")
    if not isinstance(value, str):
        raise wrong("expected orders as text, such as: daraxonrasib 300 mg PO QD")
    try:
        return parse(value, _checks(info).drugs)
    except InputError as error:
        raise wrong(str(error)) from None


def _check_expression(value: str, info: ValidationInfo) -> str:
    check = _checks(info).eligibility
    if check is not None:
        try:
            check(value)
        except InputError as error:
            raise wrong(str(error).removeprefix("eligibility: ")) from None
    return value


OrderText = Annotated[
    Regimen,
    PlainValidator(_read_regimen),
    PlainSerializer(format_regimen, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "examples": ["gemcitabine 1000 mg/m2 IV D1,8,15 Q28D", "daraxonrasib 300 mg PO QD"],
        }
    ),
]
Name = Annotated[StrictStr, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*\S$")]
Expression = Annotated[StrictStr, Field(max_length=500), AfterValidator(_check_expression)]
PatientCount = Annotated[StrictInt, Field(ge=1, le=MAX_PATIENTS)]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Cohort(_Part):
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


class Arm(_Part):
    """One arm of a trial."""

    name: Name
    """Unique within the study."""
    regimen: OrderText
    """Orders as clinicians write them, joined by ``+``; ``none`` is no treatment."""
    size: PatientCount | None = None
    """Patients in this arm, where it differs from the cohort's size."""
    published: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = None
    """Trial arm of the evidence whose published results the report shows beside these."""


class TrialStudy(_Part):
    """A trial: arms of a cohort, followed and compared."""

    kind: Literal["trial"]
    """What to do."""
    name: Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\S$")]
    """Title of the study."""
    description: Annotated[StrictStr, Field(max_length=5000)] | None = None
    """What it is for, and the publication that it follows."""
    cohort: Cohort
    """Who is treated."""
    seed: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
    """Random seed; the same seed gives the same patients."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=20)]
    """What they get."""
    reference: Name | None = None
    """Arm that the others are compared with; the last one if left out."""
    imaging_every_weeks: Annotated[float, Field(strict=True, ge=1, le=52)]
    """Weeks between two scans."""
    follow_up_months: Annotated[float, Field(strict=True, gt=0, le=240)]
    """Months from the first dose to the end of the trial."""
    parameters: Annotated[
        dict[StrictStr, Annotated[float, Field(strict=True)]], Field(max_length=1000)
    ] = Field(default_factory=dict)
    """Values that replace typical values of the model's parameter table, in its units."""

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
        check = _checks(info).parameter
        if check is None:
            return values
        for name, value in values.items():
            try:
                check(name, value)
            except InputError as error:
                raise wrong(str(error), name) from None
        return values

    @property
    def reference_arm(self) -> str:
        """Name of the arm that contrasts refer to."""
        return self.reference or self.arms[-1].name

    def size_of(self, arm: Arm) -> int:
        """Return the number of patients of an arm."""
        return arm.size or self.cohort.size


#: Kind of study -> its model. A new kind is one more line.
KINDS: Mapping[str, type[TrialStudy]] = {"trial": TrialStudy}


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
