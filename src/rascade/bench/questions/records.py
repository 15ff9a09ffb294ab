"""An experiment of claims and facts as a record: what is done, what is read, what is expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from rascade.errors import EvidenceError

__all__ = [
    "KINDS",
    "READINGS",
    "Arm",
    "Check",
    "Condition",
    "Experiment",
    "check_keys",
    "read_experiment",
]

KINDS: Final = ("dish", "xenograft", "mouse", "patient", "trial", "cohort", "formula")
READINGS: Final = ("right", "review")


@dataclass(frozen=True)
class Condition:
    """Cells, mice or a body in one condition of an experiment.

    Attributes:
        name: as effects call it.
        allele: KRAS allele of the model.
        cells: cell line, instead of an allele.
        drugs: drug -> concentration in the medium from hour 0, nM; several make a series. In data
            a series may be ``{low, high, per_decade}``, evenly spaced on a log scale.
        regimen: what mice or patients get, instead.
        set: parameter -> value in the table's unit, before treatment.
        times: parameter -> factor, before treatment.
        step: parameter -> factor from hour 0.
        wash: hour from which the medium holds no drug.
        matrix: every dose of the first drug with every dose of the second; in data only, where
            `drugs` holds the doses of each, 0 first.
    """

    name: str
    allele: str = ""
    cells: str = ""
    drugs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    regimen: str = ""
    set: Mapping[str, float] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    step: Mapping[str, float] = field(default_factory=dict)
    wash: float = math.inf
    matrix: bool = False

    @property
    def members(self) -> int:
        """Number of dishes: 1, or the length of the dose series."""
        return max((len(doses) for doses in self.drugs.values()), default=1)


@dataclass(frozen=True)
class Arm:
    """An arm of a trial on a claim: regimen and changed parameters (row -> value)."""

    name: str
    regimen: str
    set: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One expectation of one claim.

    Attributes:
        claim: whose it is.
        reading: ``right`` (our reading) or ``review`` (the review's own sentence).
        effect: expression over the experiment's conditions, see `rascade.bench.questions.effects`.
        what: what that is, for people, with its unit.
        low: lower end of what is expected.
        high: upper end of what is expected.
        source: where the expectation is from.
        published: the record of the evidence that holds the published number, if there is one.
        fold: by how many fold the effect may miss that number, instead of `low` and `high`.
        value: the published number in the unit of the effect (concentrations in nM), where the
            evidence has no record of it; NaN if none.
    """

    claim: str
    reading: str
    effect: str
    what: str
    low: float
    high: float
    source: str
    published: str = ""
    fold: float = 0.0
    value: float = math.nan


@dataclass(frozen=True)
class Experiment:
    """What is done for one or several claims.

    Attributes:
        id: name.
        title: a line for people.
        kind: one of `KINDS`.
        checks: what is expected of it.
        conditions: of a dish, xenograft (nude mouse), mouse (with an immune system) or patient.
        hours: when is read; hour 0 always is.
        include: mechanisms wanted although no drug needs them.
        control: untreated condition by which implausible parameter sets are left out, see
            `plausible`; none is if empty.
        arms: of a trial.
        eligibility: of a trial or cohort.
        size: patients an arm, or of the cohort.
        months: of follow-up.
        imaging: weeks between scans.
        draw: rows that a formula draws.
    """

    id: str
    title: str
    kind: str
    checks: tuple[Check, ...]
    conditions: tuple[Condition, ...] = ()
    hours: tuple[float, ...] = ()
    include: tuple[str, ...] = ()
    control: str = ""
    arms: tuple[Arm, ...] = ()
    eligibility: tuple[str, ...] = ()
    size: int = 60
    months: float = 18.0
    imaging: float = 6.0
    draw: tuple[str, ...] = ()

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs of all conditions and arms, each once, in alphabetical order."""
        from rascade.regimen import parse

        found = {drug for condition in self.conditions for drug in condition.drugs}
        for text in (*(c.regimen for c in self.conditions), *(a.regimen for a in self.arms)):
            found.update(parse(text).drugs if text else ())
        return tuple(sorted(found))


def check_keys(where: str, given: Mapping[str, Any], kind: type, but: Sequence[str] = ()) -> None:
    """Refuse a key that is no field of a record.

    Raises:
        EvidenceError: naming the key and those that there are.
    """
    allowed = {item.name for item in fields(kind)} - set(but)
    for name in given:
        if name not in allowed:
            raise EvidenceError(f"{where}: {name}: unknown key; use {', '.join(sorted(allowed))}")


def _check(where: str, given: Mapping[str, Any]) -> Check:
    check_keys(where, given, Check)
    for name in ("claim", "reading", "effect", "what", "source"):
        if not given.get(name):
            raise EvidenceError(f"{where}: {name}: missing; every expectation needs one")
    check = Check(**{**given, **_expected(where, given)})
    if check.reading not in READINGS:
        raise EvidenceError(f"{where}: reading: {check.reading!r}; use {', '.join(READINGS)}")
    if not check.low < check.high or (math.isinf(check.low) and math.isinf(check.high)):
        raise EvidenceError(f"{where}: low, high: {check.low} to {check.high} expects nothing")
    return check


def _expected(where: str, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the bounds, and the published number where one is named."""
    low, high = (float(given.get(k, d)) for k, d in (("low", -math.inf), ("high", math.inf)))
    if "published" in given and "value" in given:
        raise EvidenceError(f"{where}: value: stands in the record of 'published' already")
    if given.get("published"):
        value = _published(where, str(given["published"]))
    elif "value" in given:
        value = float(given["value"])
    elif "fold" in given:
        raise EvidenceError(f"{where}: fold: of what? name the record in 'published', or a 'value'")
    else:
        return {"low": low, "high": high}
    if "fold" not in given:
        return {"low": low, "high": high, "value": value}
    fold = float(given["fold"])
    if fold <= 1 or "low" in given or "high" in given:
        raise EvidenceError(f"{where}: fold: must be above 1, and stands instead of low and high")
    return {"low": value / fold, "high": value * fold, "value": value}


def _published(where: str, name: str) -> float:
    from rascade.evidence import Fact, load
    from rascade.units import convert, dimensions

    try:
        record = load().record(name)
        if not isinstance(record, Fact):
            raise EvidenceError(f"{name} holds no number")
        number = record.number
    except EvidenceError as error:
        raise EvidenceError(f"{where}: published: {error}") from None
    if dimensions(record.unit) == dimensions("nM"):
        return convert(number, record.unit, "nM")
    return number


def _series(where: str, given: Any) -> tuple[float, ...]:
    """Return doses: one, a list, or so many a decade between two ends."""
    if not isinstance(given, Mapping):
        return tuple(map(float, given if isinstance(given, list) else [given]))
    if set(given) != {"low", "high", "per_decade"} or not 0 < given["low"] < given["high"]:
        raise EvidenceError(f"{where}: a series is {{low, high, per_decade}} with 0 < low < high")
    decades = math.log10(given["high"] / given["low"])
    steps = round(decades * given["per_decade"])
    return tuple(float(given["low"] * 10 ** (decades * k / steps)) for k in range(steps + 1))


def _condition(where: str, name: str, given: Mapping[str, Any]) -> Condition:
    check_keys(where, given, Condition, ("name",))
    where = f"{where}: conditions.{name}"
    doses = {
        drug: _series(f"{where}.drugs.{drug}", value)
        for drug, value in given.get("drugs", {}).items()
    }
    if given.get("matrix"):
        doses = _crossed(where, doses)
    lengths = {len(series) for series in doses.values()} - {1}
    if len(lengths) > 1:
        raise EvidenceError(f"{where}: dose series of different lengths")
    return Condition(name, **{**given, "drugs": doses})


def _crossed(where: str, doses: Mapping[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    if len(doses) != 2 or any(series[0] != 0 or len(series) < 2 for series in doses.values()):
        raise EvidenceError(f"{where}: matrix: needs two drugs, each with a series from 0")
    (first, a), (second, b) = doses.items()
    return {first: tuple(x for x in a for _ in b), second: b * len(a)}


def read_experiment(where: str, given: Mapping[str, Any]) -> Experiment:
    """Read one experiment from what a TOML table holds.

    Args:
        where: file and name, for messages.
        given: the table.

    Raises:
        EvidenceError: naming the key and what is wrong.
    """
    check_keys(where, given, Experiment)
    if given.get("kind") not in KINDS:
        raise EvidenceError(f"{where}: kind: {given.get('kind')!r}; use {', '.join(KINDS)}")
    ready = dict(given)
    ready["checks"] = tuple(_check(where, item) for item in given.get("checks", ()))
    if not ready["checks"]:
        raise EvidenceError(f"{where}: checks: none; an experiment needs an expectation")
    ready["conditions"] = tuple(
        _condition(where, name, item) for name, item in given.get("conditions", {}).items()
    )
    ready["arms"] = tuple(
        Arm(name, **({"regimen": item} if isinstance(item, str) else item))
        for name, item in given.get("arms", {}).items()
    )
    control = given.get("control", "")
    if control and control not in given.get("conditions", {}):
        raise EvidenceError(f"{where}: control: there is no condition {control!r}")
    for name in ("hours", "include", "eligibility", "draw"):
        ready[name] = tuple(given.get(name, ()))
    return Experiment(**ready)
