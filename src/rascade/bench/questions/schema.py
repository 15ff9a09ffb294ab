"""What a file of claims or facts may hold: tables of TOML, checked, and made into records.

A table says what may stand in it and what its values must be; `record` makes of a checked table the
frozen record that is simulated. Numbers stay as they are written, whole or not: their text is part
of what identifies a fact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from rascade.bench.questions.records import KINDS, READINGS, Arm, Check, Condition, Experiment
from rascade.errors import EvidenceError
from rascade.schema_words import wrong
from rascade.text import did_you_mean

__all__ = ["ConditionTable", "Deed", "ExperimentTable", "Number", "Table", "Text", "one_of"]

_MOST_STEPS = 1000


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """Return a check that a text is one of several."""
    known = tuple(choices)

    def check(value: str) -> str:
        if value not in known:
            raise wrong(f"{value!r}; use {', '.join(known)}{did_you_mean(value, known)}")
        return value

    return check


def _some(value: str) -> str:
    if not value.strip():
        raise wrong("missing; the text is empty")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise wrong(f"{value!r} is not a number; write one, without quotes")
    return value


def _series(given: object) -> tuple[float, ...]:
    """Return doses: one, a list, or so many a decade between two ends."""
    if not isinstance(given, Mapping):
        return tuple(float(_number(x)) for x in (given if isinstance(given, list) else [given]))
    if set(given) != {"low", "high", "per_decade"}:
        raise wrong("a series is {low, high, per_decade}, one dose, or a list of doses")
    low, high, per_decade = (_number(given[key]) for key in ("low", "high", "per_decade"))
    if not 0 < low < high < math.inf:
        raise wrong("a series is {low, high, per_decade} with 0 < low < high")
    decades = math.log10(high / low)
    if not 1 <= decades * per_decade <= _MOST_STEPS:
        raise wrong(f"{per_decade} per decade; a series has 1 to {_MOST_STEPS} steps", "per_decade")
    steps = round(decades * per_decade)
    return tuple(float(low * 10 ** (decades * k / steps)) for k in range(steps + 1))


Text = Annotated[StrictStr, AfterValidator(_some)]
Number = Annotated[int | float, PlainValidator(_number)]
Doses = Annotated[tuple[float, ...], PlainValidator(_series)]


class Table(BaseModel):
    """A table of a TOML file; a key that nothing reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConditionTable(Table):
    """Fields as of `Condition`; a series may be ``{low, high, per_decade}``."""

    allele: StrictStr = ""
    cells: StrictStr = ""
    drugs: dict[StrictStr, Doses] = Field(default_factory=dict)
    regimen: StrictStr = ""
    set: dict[StrictStr, Number] = Field(default_factory=dict)
    times: dict[StrictStr, Number] = Field(default_factory=dict)
    step: dict[StrictStr, Number] = Field(default_factory=dict)
    wash: Number = math.inf
    matrix: StrictBool = False

    @model_validator(mode="after")
    def _doses_fit(self) -> Self:
        series = self.drugs.values()
        if self.matrix and (len(series) != 2 or any(s[0] != 0 or len(s) < 2 for s in series)):
            raise wrong("needs two drugs, each with a series from 0", "matrix")
        if not self.matrix and len({len(s) for s in series} - {1}) > 1:
            raise wrong("dose series of different lengths; give each as many doses", "drugs")
        return self

    def record(self, name: str) -> Condition:
        """Return the condition as it is simulated."""
        doses = self.drugs
        if self.matrix:
            (first, a), (second, b) = doses.items()
            doses = {first: tuple(x for x in a for _ in b), second: b * len(a)}
        return Condition(
            name, self.allele, self.cells, doses, self.regimen, self.set, self.times, self.step,
            self.wash, self.matrix,
        )  # fmt: skip


class ArmTable(Table):
    """Fields as of `Arm`."""

    regimen: StrictStr
    set: dict[StrictStr, Number] = Field(default_factory=dict)


class CheckTable(Table):
    """Fields as of `Check`."""

    claim: Text
    reading: Annotated[Text, AfterValidator(one_of(READINGS))]
    effect: Text
    what: Text
    source: Text
    low: Number = -math.inf
    high: Number = math.inf
    published: StrictStr = ""
    fold: Number = 0.0
    value: Number | None = None

    @model_validator(mode="after")
    def _expects(self) -> Self:
        given = self.model_fields_set
        if self.published and self.value is not None:
            raise wrong("stands in the record of 'published' already; leave it out", "value")
        if "fold" in given and not self.published and self.value is None:
            raise wrong("of what? name the record in 'published', or a 'value'", "fold")
        if "fold" in given and (self.fold <= 1 or given & {"low", "high"}):
            raise wrong("must be above 1, and stands instead of low and high", "fold")
        low, high = self._limits()
        if not low < high or (math.isinf(low) and math.isinf(high)):
            raise wrong(f"low, high: {low} to {high} expects nothing; give one limit, or both")
        return self

    def _number(self) -> float:
        """Return the published number; NaN if none is named."""
        if self.published:
            return _published(self.published)
        return math.nan if self.value is None else float(self.value)

    def _limits(self) -> tuple[float, float]:
        if "fold" not in self.model_fields_set:
            return float(self.low), float(self.high)
        number, fold = self._number(), float(self.fold)
        return number / fold, number * fold

    def record(self) -> Check:
        """Return what is expected."""
        low, high = self._limits()
        return Check(
            self.claim, self.reading, self.effect, self.what, low, high, self.source,
            self.published, self.fold, self._number(),
        )  # fmt: skip


def _published(name: str) -> float:
    from rascade.evidence import Fact, load
    from rascade.units import convert, dimensions

    try:
        record = load().record(name)
        if not isinstance(record, Fact):
            raise EvidenceError(f"{name} holds no number")
        number = record.number
    except EvidenceError as error:
        raise wrong(str(error), "published") from None
    if dimensions(record.unit) == dimensions("nM"):
        return convert(number, record.unit, "nM")
    return number


def _regimen_alone(value: object) -> object:
    return {"regimen": value} if isinstance(value, str) else value


class Deed(Table):
    """What is done, and what is expected of it; fields as of `Experiment`."""

    id: Text
    kind: Annotated[Text, AfterValidator(one_of(KINDS))]
    checks: Annotated[tuple[CheckTable, ...], Field(min_length=1)]
    conditions: dict[StrictStr, ConditionTable] = Field(default_factory=dict)
    hours: tuple[Number, ...] = ()
    include: tuple[StrictStr, ...] = ()
    control: StrictStr = ""
    arms: dict[StrictStr, Annotated[ArmTable, BeforeValidator(_regimen_alone)]] = Field(
        default_factory=dict
    )
    eligibility: tuple[StrictStr, ...] = ()
    size: Annotated[StrictInt, Field(ge=1)] = 60
    months: Number = 18.0
    imaging: Number = 6.0
    draw: tuple[StrictStr, ...] = ()

    @model_validator(mode="after")
    def _control_is_there(self) -> Self:
        if self.control and self.control not in self.conditions:
            hint = did_you_mean(self.control, self.conditions)
            raise wrong(f"there is no condition {self.control!r}{hint}", "control")
        return self

    def experiment(self, title: str) -> Experiment:
        """Return the experiment as it is run."""
        return Experiment(
            id=self.id,
            title=title,
            kind=self.kind,
            checks=tuple(check.record() for check in self.checks),
            conditions=tuple(one.record(name) for name, one in self.conditions.items()),
            hours=self.hours,
            include=self.include,
            control=self.control,
            arms=tuple(Arm(name, one.regimen, one.set) for name, one in self.arms.items()),
            eligibility=self.eligibility,
            size=self.size,
            months=self.months,
            imaging=self.imaging,
            draw=self.draw,
        )


class ExperimentTable(Deed):
    """An ``[[experiment]]`` on claims."""

    title: Text

    def record(self) -> Experiment:
        """Return the experiment as it is run."""
        return self.experiment(self.title)
