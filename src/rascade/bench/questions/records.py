"""An experiment of claims and facts as a record: what is done, what is read, what is expected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "KINDS",
    "READINGS",
    "Arm",
    "Check",
    "Condition",
    "Experiment",
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
