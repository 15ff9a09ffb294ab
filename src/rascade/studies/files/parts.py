"""Parts that study files of every kind are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

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
)

from rascade.errors import InputError
from rascade.random_streams import LARGEST_SEED
from rascade.regimen import KnownDrugs, Regimen, format_regimen, parse
from rascade.schema_words import wrong

__all__ = [
    "MAX_MEMBERS",
    "MAX_PATIENTS",
    "Checks",
    "Description",
    "Expression",
    "Knockouts",
    "LaterCheck",
    "Mechanisms",
    "Name",
    "OrderText",
    "OwnDrugs",
    "Parameters",
    "Part",
    "PatientCount",
    "Published",
    "Seed",
    "Title",
    "check_parameters",
    "checks_of",
    "readable",
    "wrong",
]

MAX_PATIENTS = 100_000
#: Members of an ensemble, at most.
MAX_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Checks:
    """What a study is checked against; None leaves a check out.

    Attributes:
        drugs: names that orders may use (`rascade.regimen.parse`); None takes the evidence.
        eligibility: called with an expression; raises an `InputError` if it is wrong.
        somebody: called with all expressions of a cohort; raises if nobody meets them together.
        published: called with the id of a trial arm; raises if the evidence has none such.
        parameter: called with name and value; raises an `InputError` if either is wrong.
        modelled: called with the drugs of an arm; raises if one cannot be simulated.
        population: called with ``disease``, ``stage`` or ``line`` and its value; raises if it
            cannot be simulated.
        experiment: called with drugs, setting, read-outs and changed parameters of an experiment;
            raises if the model of these drugs does not have one of them.
    """

    drugs: KnownDrugs | None = None
    eligibility: Callable[[str], None] | None = None
    somebody: Callable[[Sequence[str]], None] | None = None
    published: Callable[[str], None] | None = None
    parameter: Callable[[str, float], None] | None = None
    modelled: Callable[[Sequence[str]], None] | None = None
    population: Callable[[str, str | int], None] | None = None
    experiment: Callable[[Sequence[str], str, Sequence[str], Sequence[str]], None] | None = None


def checks_of(info: ValidationInfo) -> Checks:
    """Return what the file being read is checked against."""
    return info.context if isinstance(info.context, Checks) else Checks()


def _read_regimen(value: object, info: ValidationInfo) -> Regimen:
    if isinstance(value, Regimen):
        return value
    if value is None:
        raise wrong("the regimen is empty; write an order, or 'none' for no treatment")
    if not isinstance(value, str):
        raise wrong("expected orders as text, such as: daraxonrasib 300 mg PO QD")
    try:
        return parse(value, checks_of(info).drugs)
    except InputError as error:
        raise wrong(str(error)) from None


def _check_expression(value: str, info: ValidationInfo) -> str:
    check = checks_of(info).eligibility
    if check is not None:
        try:
            check(value)
        except InputError as error:
            raise wrong(str(error).removeprefix("eligibility: ")) from None
    return value


def check_parameters(values: Mapping[str, float], info: ValidationInfo) -> None:
    """Check names and values of parameters, as far as there is something to check against."""
    check = checks_of(info).parameter
    for name, value in values.items() if check is not None else ():
        try:
            assert check is not None
            check(name, value)
        except InputError as error:
            raise wrong(str(error), name) from None


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


def _read_published(value: object) -> str | dict[str, Any]:
    from rascade.exchange.own.results import check_own_results

    if isinstance(value, str) and 1 <= len(value) <= 200:
        return value
    if isinstance(value, Mapping):
        try:
            return check_own_results(value)
        except InputError as error:
            raise wrong(str(error)) from None
    raise wrong("give the id of a trial arm of the evidence, or results of your own as keys")


Published = Annotated[
    Any,
    PlainValidator(_read_published),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 200}, {"type": "object"}]}
    ),
]
OwnDrugs = Annotated[tuple[dict[str, Any], ...], Field(max_length=50)] | None
Name = Annotated[StrictStr, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*\S$")]
Expression = Annotated[StrictStr, Field(max_length=500), AfterValidator(_check_expression)]
PatientCount = Annotated[StrictInt, Field(ge=1, le=MAX_PATIENTS)]


class Part(BaseModel):
    """A mapping of a study file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


Title = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\S$")]
Description = Annotated[StrictStr, Field(max_length=5000)]
Seed = Annotated[StrictInt, Field(ge=0, le=LARGEST_SEED)]
Parameters = Annotated[
    dict[StrictStr, Annotated[float, Field(strict=True)]], Field(max_length=1000)
]


def readable(read: Callable[[str], object]) -> AfterValidator:
    """Make a validator of a function that raises an `InputError` for a text that is wrong."""

    def check(text: str) -> str:
        try:
            read(text)
        except InputError as error:
            raise wrong(str(error)) from None
        return text

    return AfterValidator(check)


def _knockout(name: str) -> None:
    from rascade.model import Interventions

    Interventions(knockout=(name,)).check()


def _mechanism(name: str) -> None:
    from rascade.model import Interventions

    Interventions(include=(name,)).check()


Knockouts = Annotated[tuple[Annotated[StrictStr, readable(_knockout)], ...], Field(max_length=30)]
Mechanisms = Annotated[tuple[Annotated[StrictStr, readable(_mechanism)], ...], Field(max_length=30)]

#: Where in the file, and what to check there once the file is right in itself.
LaterCheck = tuple[tuple[str | int, ...], Callable[[], None]]
