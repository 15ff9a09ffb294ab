"""What the evidence is made of: frozen records that know the file and line they stand on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rascade.errors import EvidenceError
from rascade.evidence.names import did_you_mean

__all__ = [
    "AdverseEvent",
    "Citation",
    "Claim",
    "Conduct",
    "Conflict",
    "Contrast",
    "Drug",
    "Fact",
    "Landmark",
    "Lookup",
    "Problem",
    "Record",
    "TrialArm",
    "as_dict",
]

Confidence = Literal["verified", "secondary", "derived", "recalled", "not_found"]


@dataclass(frozen=True, slots=True)
class Record:
    """Anything that stands on one line of one data file.

    Attributes:
        id: stable name of the row, unique over all files.
        file: name of the data file.
        line: line in that file, the header being line 1.
    """

    id: str
    file: str = field(repr=False)
    line: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fact(Record):
    """One quantity with its unit, range, sources and confidence.

    Attributes:
        subject: what it belongs to: a drug, an allele, a model, or empty.
        quantity: its name, e.g. ``half_life``.
        kind: ``numeric``, ``text`` (a qualitative finding) or ``formula``.
        value: a float where `kind` is numeric, else the text or the formula.
        unit: unit known to `rascade.units`, or ``text``.
        low, high: ends of the range, in the same unit, or None.
        range: what low and high mean: ``95 % CI``, ``IQR``, ``plausible range`` and so on.
        sources: ids of the citations.
        locator: where in the source: table, section, model file.
        derivation: how a derived number was computed.
        confidence: how well it is known; see docs/evidence.md.
        context: the conditions under which it holds.
        note: remarks.
    """

    subject: str
    quantity: str
    kind: Literal["numeric", "text", "formula"]
    value: float | str
    unit: str
    low: float | None
    high: float | None
    range: str
    sources: tuple[str, ...]
    locator: str
    derivation: str
    confidence: str
    context: str
    note: str

    @property
    def number(self) -> float:
        """The value as a float.

        Raises:
            EvidenceError: the value is a text or a formula.
        """
        if isinstance(self.value, float):
            return self.value
        raise EvidenceError(
            f"{self.file}:{self.line}: {self.id} is a {self.kind} ({self.value!r}), not a number"
        )


@dataclass(frozen=True, slots=True)
class Drug(Record):
    """A drug, or a class of drugs, with everything that is known of it.

    `id` and `name` are the international nonproprietary name, or the code name where none exists.
    `group` names the mechanism: drugs of one group act in the same way on the same kind of target.
    """

    name: str
    modality: str
    drug_class: str
    target: str
    mechanism: str
    aliases: tuple[str, ...]
    group: str = ""
    sources: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = field(default=(), repr=False)

    def fact(self, quantity: str) -> Fact:
        """Return the fact of that name.

        Raises:
            EvidenceError: the drug has no such fact; the message lists near names.
        """
        for fact in self.facts:
            if fact.quantity == quantity:
                return fact
        known = [fact.quantity for fact in self.facts]
        raise EvidenceError(
            f"the evidence has no {quantity!r} for {self.name}"
            f"{did_you_mean(quantity, known, listing='it has')}"
        )

    def has(self, quantity: str) -> bool:
        """Tell whether there is a fact of that name."""
        return any(fact.quantity == quantity for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Citation(Record):
    """A work or another source, with every identifier that it carries.

    Attributes:
        kind: PMID, DOI, PMC, NCT, label, conference, registry, database, book or other.
        identifier: the identifier of that kind.
        reference: short form for reading, e.g. ``Hunter 2015, Mol Cancer Res``.
        title: the title or, where that was not seen, the subject in our words.
        status: ``confirmed`` (looked up, the identifier belongs to this work), ``contradicted``,
            ``seen`` (by the compilers, in a search), ``listed`` (by the review), ``carried``
            (given beside the numbers), ``unchecked`` (recalled), ``not a work``.
        checked_on, checked_how: date and manner of the last check.
    """

    kind: str
    identifier: str
    reference: str
    title: str
    year: int | None
    pmid: str
    doi: str
    pmc: str
    nct: str
    status: str
    checked_on: str
    checked_how: str


@dataclass(frozen=True, slots=True)
class TrialArm(Record):
    """One arm of one trial. Percentages are 0 to 100, times are months, None is not known.

    `cells` tells for every number of the arm how well it is known; a verified arm may hold a
    recalled cell.
    """

    trial: str
    nct: str
    phase: str
    arm: str
    drugs: tuple[str, ...]
    regimen: str
    population: str
    n: int | None
    n_evaluable: int | None
    orr_pct: float | None
    orr_ci_low_pct: float | None
    orr_ci_high_pct: float | None
    dcr_pct: float | None
    pfs_median_months: float | None
    pfs_ci_low_months: float | None
    pfs_ci_high_months: float | None
    os_median_months: float | None
    os_ci_low_months: float | None
    os_ci_high_months: float | None
    grade3plus_pct: float | None
    grade3plus_basis: str
    discontinuation_pct: float | None
    sources: tuple[str, ...]
    locator: str
    confidence: str
    note: str
    cells: dict[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Landmark(Record):
    """The share of an arm who were free of an event at a month, by Kaplan and Meier.

    Attributes:
        arm_id: of `Evidence.trials`.
        endpoint: ``PFS`` or ``OS``.
        month: since the arm began.
        percent: free of the event, 0 to 100.
        low, high: 95 % limits, or None.
        assessor: who judged progression, ``investigator`` or ``BICR``; empty if not said.
        sources: ids of the citations.
        seen: what was seen of it: ``source``, ``abstract``, ``secondary text``, ``recalled`` or
            ``derived``.
        note: remarks.
    """

    arm_id: str
    endpoint: str
    month: float
    percent: float
    low: float | None
    high: float | None
    assessor: str
    sources: tuple[str, ...]
    seen: str
    note: str


@dataclass(frozen=True, slots=True)
class Conduct(Record):
    """How an arm was followed and what was measured in it: one field of `schema.CONDUCT`.

    Attributes:
        arm_id: of `Evidence.trials`.
        field: its name, e.g. ``scan_interval``.
        value: a number as text in the unit of the field, a date or a word.
        low, high: limits in that unit, or None; `range` says what they are.
        sources, seen, note: as in `Landmark`.
    """

    arm_id: str
    field: str
    value: str
    low: float | None
    high: float | None
    range: str
    sources: tuple[str, ...]
    seen: str
    note: str


@dataclass(frozen=True, slots=True)
class Contrast(Record):
    """A hazard ratio of one arm against another arm of `Evidence.trials`."""

    arm_id: str
    reference_id: str
    endpoint: str
    hazard_ratio: float
    low: float | None
    high: float | None
    range: str
    sources: tuple[str, ...]
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class AdverseEvent(Record):
    """How often an adverse event was seen, in percent of `n` patients."""

    regimen: str
    drugs: tuple[str, ...]
    event: str
    grade3plus_pct: float | None
    any_grade_pct: float | None
    n: int | None
    trial: str
    sources: tuple[str, ...]
    locator: str
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Claim(Record):
    """A statement of the review, our reading of it and how it can be tested."""

    section: str
    claim: str
    keywords: str
    type: str
    test: str
    expected: str
    review_references: str
    status: str
    status_detail: str
    right_reading: str


@dataclass(frozen=True, slots=True)
class Conflict(Record):
    """Rows that disagree, which of them is used, and why."""

    records: tuple[str, ...]
    what: str
    used: str
    why: str
    status: str


@dataclass(frozen=True, slots=True)
class Lookup(Record):
    """One check of a record or citation against a public source."""

    record: str
    date: str
    looked_up: str
    found: str
    verdict: str
    citation: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What `check` found wrong, and where."""

    file: str
    line: int
    field: str
    message: str
    severity: Literal["error", "warning"]
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


def as_dict(record: Record) -> dict[str, Any]:
    """Return a record as plain data for JSON."""
    return asdict(record)
