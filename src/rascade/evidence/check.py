"""Checks what the evidence says, row by row: the rules that make it fit to be used.

Errors: a number without unit or source, a unit or citation that does not exist, a range that does
not hold its value, an id used twice, an unknown drug, a claim judged wrong without its right
reading, counts and percentages that cannot be, two values for one thing without a recorded
conflict. Warnings: what is recalled and still unchecked, and rows whose source nobody named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rascade.evidence.check_landmarks import check_landmarks
from rascade.evidence.check_trials import check_trials
from rascade.evidence.names import did_you_mean
from rascade.evidence.records import (
    AdverseEvent,
    Citation,
    Drug,
    Fact,
    Problem,
    Record,
    TrialArm,
)
from rascade.evidence.store import Evidence
from rascade.units import is_unit

__all__ = ["check"]

UNNAMED = "OTHER:unnamed"
_FORM = {
    "PMID": re.compile(r"\d{1,8}"),
    "DOI": re.compile(r"10\.\d{4,9}/\S+"),
    "PMC": re.compile(r"PMC\d+"),
    "NCT": re.compile(r"NCT\d{8}"),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def check(evidence: Evidence) -> list[Problem]:
    """Return every problem, errors first, then by file and line."""
    rules: tuple[Callable[[Evidence], Iterator[Problem]], ...] = (
        _ids,
        _facts,
        _sources,
        _drug_names,
        _citations,
        _claims,
        _conflicts,
        _lookups,
        _doubled_facts,
        check_trials,
        check_landmarks,
    )
    found = [problem for rule in rules for problem in rule(evidence)]
    return sorted(found, key=lambda p: (p.severity, p.file, p.line, p.field))


def _error(record: Record, field: str, message: str, rule: str) -> Problem:
    return Problem(record.file, record.line, field, message, "error", rule)


def _warning(record: Record, field: str, message: str, rule: str) -> Problem:
    return Problem(record.file, record.line, field, message, "warning", rule)


def _ids(evidence: Evidence) -> Iterator[Problem]:
    first: dict[str, Record] = {}
    for record in evidence.records():
        before = first.setdefault(record.id, record)
        if before is not record:
            where = f"{before.file}:{before.line}"
            message = f"id {record.id!r} is already used at {where}; give each row its own"
            yield _error(record, "name" if isinstance(record, Drug) else "id", message, "id")
    names: dict[str, Drug] = {}
    for drug in evidence.registry:
        for alias in drug.aliases:
            other = names.setdefault(alias.casefold(), drug)
            if other is not drug:
                message = f"alias {alias!r} also belongs to {other.name}"
                yield _error(drug, "aliases", message, "alias")


def _facts(evidence: Evidence) -> Iterator[Problem]:
    for fact in evidence.facts:
        yield from _unit(fact)
        yield from _range(fact)
        if fact.confidence == "derived" and not fact.derivation:
            message = f"{fact.id} is derived; say from what and how"
            yield _error(fact, "derivation", message, "derivation")
        if fact.confidence == "recalled":
            message = f"{fact.id} = {fact.value} {fact.unit} is recalled, not checked"
            yield _warning(fact, "confidence", message, "recalled")


def _unit(fact: Fact) -> Iterator[Problem]:
    if not fact.unit:
        kind = "number" if fact.kind == "numeric" else fact.kind
        message = (
            f"{fact.id}: a {kind} ({fact.value}) without a unit; give one, 1 for a pure number"
        )
        yield _error(fact, "unit", message, "unit")
    elif fact.kind == "numeric" and fact.unit == "text":
        message = f"{fact.id}: the number {fact.value} has unit 'text'; give its unit"
        yield _error(fact, "unit", message, "unit")
    elif fact.kind == "text" and fact.unit != "text":
        message = f"{fact.id}: a text has unit {fact.unit!r}; a text has unit 'text'"
        yield _error(fact, "unit", message, "unit")
    elif fact.unit != "text" and not is_unit(fact.unit):
        message = f"{fact.id}: unknown unit {fact.unit!r}; use one that rascade.units knows"
        yield _error(fact, "unit", message, "unit")


def _range(fact: Fact) -> Iterator[Problem]:
    if isinstance(fact.value, float):
        if fact.low is not None and fact.low > fact.value:
            message = f"{fact.id}: low {fact.low} is above the value {fact.value}"
            yield _error(fact, "low", message, "range")
        if fact.high is not None and fact.high < fact.value:
            message = f"{fact.id}: high {fact.high} is below the value {fact.value}"
            yield _error(fact, "high", message, "range")
    if (fact.low is None and fact.high is None) == bool(fact.range):
        message = f"{fact.id}: say what low and high mean, and only where there are any"
        yield _error(fact, "range", message, "range")


def _sources(evidence: Evidence) -> Iterator[Problem]:
    known = evidence.citations
    for record in evidence.records():
        sources: tuple[str, ...] | None = getattr(record, "sources", None)
        if sources is None:
            continue
        if not sources:
            message = f"{record.id}: a number without a source; name a citation id"
            yield _error(record, "sources", message, "source")
        for source in sources:
            if source not in known:
                message = f"{record.id}: no citation {source!r}{did_you_mean(source, known)}"
                yield _error(record, "sources", message, "citation")
            elif known[source].status == "contradicted":
                message = f"{record.id}: {source} was found to be another work; see checks.csv"
                yield _warning(record, "sources", message, "contradicted")
        if sources == (UNNAMED,):
            message = f"{record.id}: no work is named for it"
            yield _warning(record, "sources", message, "unnamed")


def _drug_names(evidence: Evidence) -> Iterator[Problem]:
    known = evidence.drugs
    for fact in evidence.drug_facts:
        if fact.subject not in known:
            message = f"unknown drug {fact.subject!r}{did_you_mean(fact.subject, known)}"
            yield _error(fact, "subject", message, "drug")
    both: tuple[TrialArm | AdverseEvent, ...] = (*evidence.trials, *evidence.adverse_events)
    for record in both:
        for drug in record.drugs:
            if drug not in known:
                message = f"{record.id}: unknown drug {drug!r}{did_you_mean(drug, known)}"
                yield _error(record, "drugs", message, "drug")


def _citations(evidence: Evidence) -> Iterator[Problem]:
    first: dict[str, Citation] = {}
    for item in evidence.citation_rows:
        form = _FORM.get(item.kind)
        if form and not form.fullmatch(item.identifier):
            message = f"{item.identifier!r} is not a {item.kind}"
            yield _error(item, "identifier", message, "identifier")
        for kind, value in (("PMID", item.pmid), ("DOI", item.doi), ("PMC", item.pmc)):
            if not value:
                continue
            if not _FORM[kind].fullmatch(value):
                yield _error(item, kind.lower(), f"{value!r} is not a {kind}", "identifier")
            before = first.setdefault(f"{kind}:{value}".casefold(), item)
            if before is not item:
                message = f"{kind} {value} already belongs to {before.id}; keep one record a work"
                yield _error(item, kind.lower(), message, "identifier")
        if item.status == "unchecked":
            message = f"{item.id} ({item.reference}) is recalled, not looked up"
            yield _warning(item, "status", message, "unchecked")


def _claims(evidence: Evidence) -> Iterator[Problem]:
    for claim in evidence.claims:
        if claim.status != "correct" and not claim.right_reading:
            message = f"claim {claim.id} is {claim.status}; give its right reading"
            yield _error(claim, "right_reading", message, "claim")


def _conflicts(evidence: Evidence) -> Iterator[Problem]:
    ids = {record.id for record in evidence.records()}
    for conflict in evidence.conflicts:
        if not conflict.records:
            message = f"{conflict.id}: name at least one row"
            yield _error(conflict, "records", message, "conflict")
        for field, names in (("records", conflict.records), ("used", (conflict.used,))):
            for name in names:
                if name and name not in ids:
                    message = f"{conflict.id}: no evidence item {name!r}{did_you_mean(name, ids)}"
                    yield _error(conflict, field, message, "conflict")
        if conflict.status == "decided" and not conflict.why:
            yield _error(conflict, "why", f"{conflict.id}: say why", "conflict")


def _lookups(evidence: Evidence) -> Iterator[Problem]:
    ids = {record.id for record in evidence.records()}
    cells = {f"{arm}:{field}" for _, arm, field, _ in evidence.cell_rows}
    for item in evidence.lookups:
        if item.record not in ids and item.record not in cells:
            near = did_you_mean(item.record, ids)
            message = f"{item.id}: no evidence item {item.record!r}{near}"
            yield _error(item, "record", message, "check")
        if item.citation and item.citation not in evidence.citations:
            near = did_you_mean(item.citation, evidence.citations)
            message = f"{item.id}: no citation {item.citation!r}{near}"
            yield _error(item, "citation", message, "citation")
        if not _DATE.fullmatch(item.date):
            yield _error(item, "date", f"{item.date!r} is not a date like 2026-11-23", "check")


def _doubled_facts(evidence: Evidence) -> Iterator[Problem]:
    """Two values for one quantity of one subject must stand in one recorded conflict."""
    first: dict[tuple[str, str, str, str], Fact] = {}
    for fact in evidence.facts:
        before = first.setdefault((fact.file, fact.subject, fact.quantity, fact.context), fact)
        if before is fact or (before.value, before.unit) == (fact.value, fact.unit):
            continue
        if not any(before.id in c.records and fact.id in c.records for c in evidence.conflicts):
            message = (
                f"{fact.id} and {before.id} give {fact.value} and {before.value} for the same "
                "thing; record it in conflicts.csv"
            )
            yield _error(fact, "value", message, "doubled")
