"""Search over all records: words, ranked, forgiving typing errors in names of drugs and genes."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rascade.evidence.names import compact
from rascade.evidence.records import (
    AdverseEvent,
    Citation,
    Claim,
    Conduct,
    Conflict,
    Contrast,
    Drug,
    Fact,
    Landmark,
    Lookup,
    Record,
    TrialArm,
)
from rascade.evidence.schema import CONDUCT
from rascade.text import nearest

__all__ = ["Hit", "SearchIndex", "conduct_text", "headline", "landmark_text"]

_TOKEN = re.compile(r"[0-9a-zA-Zµαβγ]+(?:[-/.][0-9a-zA-Zα-ω]+)*")
_GENE = re.compile(r"\b[A-Z][A-Z0-9]{2,7}\b")
_TYPO = 0.6  # weight of a near name against the name itself
_PREFIX = 0.5  # weight of a longer word that begins with the word searched


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found: its table, a line that says what it is, and its rank score."""

    record: Record
    table: str
    title: str
    score: float


def headline(record: Record) -> str:
    """Return one line that says what a record is about."""
    match record:
        case Drug():
            return f"{record.drug_class}; target: {record.target}"
        case Fact():
            value = record.value if isinstance(record.value, str) else f"{record.value:g}"
            unit = "" if record.unit in ("text", "1") else f" {record.unit}"
            subject = f"{record.subject} " if record.subject else ""
            return f"{subject}{record.quantity} = {value}{unit}"
        case TrialArm():
            return f"{record.trial}, {record.arm}: {record.population}"
        case Landmark():
            return f"{record.arm_id}: {landmark_text(record)}"
        case Conduct():
            return f"{record.arm_id}: {conduct_text(record)}"
        case Contrast():
            return f"{record.endpoint} hazard ratio {record.hazard_ratio:g}, {record.arm_id}"
        case AdverseEvent():
            return f"{record.regimen}: {record.event} ({record.trial})"
        case Claim():
            return f"{record.claim} [{record.status}]"
        case Citation():
            return f"{record.reference}. {record.title}".rstrip(". ")
        case Conflict():
            return record.what
        case Lookup():
            return f"{record.record}: {record.verdict}"
    return record.id


def landmark_text(one: Landmark) -> str:
    """Return a landmark rate as people write it, without its arm."""
    limits = "" if one.low is None or one.high is None else f" ({one.low:g} to {one.high:g})"
    by = f", by {one.assessor}" if one.assessor else ""
    return f"{one.endpoint} at {one.month:g} months {one.percent:g} %{limits}{by}"


def conduct_text(one: Conduct) -> str:
    """Return a field of an arm's conduct as people write it, without its arm."""
    unit = CONDUCT[one.field]
    ends = ["" if end is None else f"{end:g}" for end in (one.low, one.high)]
    limits = f" ({' to '.join(ends)}, {one.range})" if any(ends) else ""
    told = "" if unit in ("text", "date") else f" {unit}"
    return f"{one.field.replace('_', ' ')}: {one.value}{told}{limits}"


def _words(text: str) -> list[str]:
    """Return tokens in lower case; a token with inner marks also in one piece and in parts."""
    found: list[str] = []
    for token in _TOKEN.findall(text):
        lower = token.casefold()
        found.append(compact(lower))
        parts = re.split(r"[-/.]", lower)
        if len(parts) > 1:
            found.extend(part for part in parts if len(part) > 1)
    return [word for word in found if word]


def _texts(record: Record, references: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """Return the searchable texts of a record with their weights.

    Args:
        record: the record.
        references: short reference of every citation, so that authors find their numbers.
    """
    main, side = [record.id.replace(".", " ")], []
    for name in ("name", "subject", "quantity", "trial", "arm", "regimen", "event", "claim"):
        main.append(getattr(record, name, ""))
    for name in ("aliases", "drugs"):
        main.extend(getattr(record, name, ()))
    for name in (
        *("reference", "title", "what", "why", "keywords", "right_reading", "context", "note"),
        *("drug_class", "target", "mechanism", "population", "looked_up", "found", "expected"),
        *("nct", "pmid", "doi", "pmc", "section", "status", "endpoint", "locator"),
    ):
        side.append(str(getattr(record, name, "")))
    for source in getattr(record, "sources", ()):
        side.extend((source, references.get(source, "")))
    value = getattr(record, "value", "")
    if isinstance(value, str):
        side.append(value)
    weight = 6.0 if isinstance(record, Drug) else 3.0
    return ((" ".join(main), weight), (" ".join(side), 1.0))


class SearchIndex:
    """An inverted index; building it takes some tens of milliseconds, a search one or two."""

    def __init__(
        self,
        tables: Mapping[str, Iterable[Record]],
        drugs: Iterable[Drug],
        citations: Iterable[Citation],
    ) -> None:
        """Index the records.

        Args:
            tables: records by the name of their table, as users write it.
            drugs: whose names are offered for a slip of the pen.
            citations: whose short references make authors find their numbers.
        """
        self._records: list[tuple[str, Record]] = []
        self._postings: dict[str, dict[int, float]] = defaultdict(dict)
        self._genes: set[str] = set()
        self._references = {c.id: c.reference for c in citations}
        names: Counter[str] = Counter()
        for table, records in tables.items():
            for record in records:
                self._add(table, record)
        for drug in drugs:
            names.update(word for name in (drug.name, *drug.aliases) for word in _words(name))
        names.update(self._genes)
        self._names = [name for name in names if name in self._postings and len(name) > 2]

    def _add(self, table: str, record: Record) -> None:
        number = len(self._records)
        self._records.append((table, record))
        for text, weight in _texts(record, self._references):
            self._genes.update(gene.casefold() for gene in _GENE.findall(text))
            words = Counter(_words(text))
            brevity = 1.0 / (1.0 + 0.05 * len(words))  # a short record is about its few words
            for word, count in words.items():
                score = weight * (1.0 + math.log(count)) * brevity
                before = self._postings[word].get(number, 0.0)
                self._postings[word][number] = max(before, score)

    def _near(self, word: str) -> dict[str, float]:
        """Return the indexed words that stand for a searched word, with weights."""
        if word in self._postings:
            return {word: 1.0}
        if len(word) >= 4:
            longer = {w: _PREFIX for w in self._postings if w.startswith(word)}
            if longer:
                return longer
        near = nearest(word, self._names, most=3, cutoff=0.72)
        return {w: _TYPO * difflib.SequenceMatcher(None, word, w).ratio() for w in near}

    def search(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the best matches: records with more of the words come first."""
        wanted = list(dict.fromkeys(_words(text)))
        total = len(self._records)
        scores: dict[int, float] = defaultdict(float)
        matched: dict[int, int] = defaultdict(int)
        for word in wanted:
            best: dict[int, float] = {}
            for near, weight in self._near(word).items():
                postings = self._postings[near]
                rarity = math.log(1.0 + total / len(postings))
                for number, score in postings.items():
                    best[number] = max(best.get(number, 0.0), weight * score * rarity)
            for number, score in best.items():
                scores[number] += score
                matched[number] += 1
        ranked = sorted(scores, key=lambda i: (-matched[i], -scores[i], i))[:limit]
        return [
            Hit(record, table, headline(record), round(scores[i], 3))
            for i in ranked
            for table, record in (self._records[i],)
        ]
