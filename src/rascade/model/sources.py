"""Where a number comes from, in a form that a program can check.

A source is one of two things. Either identifiers, parted by semicolons, each with a remark in
parentheses where one is needed: citations of `rascade.evidence` (``PMID:26037647``,
``DOI:10.1126/science.1144642``, ``LABEL:us-lumakras``) or its records (``pub.raf-k2``,
``trametinib.cell_pERK_IC50``, ``CT17``, claim ``S11``). Or one of `PREFIXES` and words: an
assumption and its reason, a definition, a prior for what nobody published, or the calibration
targets that a value was set against.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rascade.errors import ParameterError

if TYPE_CHECKING:
    from rascade.evidence import Evidence
    from rascade.evidence.records import Problem

__all__ = [
    "PREFIXES",
    "Source",
    "best_confidence",
    "check_confidence",
    "check_sources",
    "parse_source",
]

PREFIXES: Final = ("assumed", "definition", "prior", "calibration")
_KINDS = ("PMID", "DOI", "PMC", "NCT", "CONF", "REF", "LABEL", "REG", "DB", "WEB", "OTHER")
_CITATION = re.compile(rf"(?:{'|'.join(_KINDS)}|doi):\S+")
_RECORD = re.compile(r"[A-Za-z0-9][\w-]*(?:\.[\w-]+)+|CT\d{2}|[A-Z]\d{1,2}")
_TARGET = re.compile(r"CT\d{2}(?:\.[\w-]+)?")
_PART = re.compile(r"(\S+)(?: \((.+)\))?")
# What may be called verified or derived needs something that it was read in or follows from.
_WEAK = frozenset({"assumed", "prior"})
_WELL_KNOWN = frozenset({"verified", "secondary", "derived", "definition"})
_DEFINED = frozenset({"definition", "derived", "recalled", "fitted"})
#: Confidence -> how certain a number is that was read; what is chosen (assumed, fitted, defined)
#: claims nothing of its source.
_RANK: Final = {"verified": 4, "secondary": 3, "derived": 2, "recalled": 1}
#: State of a citation -> how certain what was read in it can be; all other states: verified.
_CITATION_RANK: Final = {"unchecked": 1, "contradicted": 0}
_INSIDE = re.compile(rf"(?:{'|'.join(_KINDS)}|doi):[^\s;,()]+|\b(?:pub|io|bio)\.[\w-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A source, taken apart.

    Attributes:
        kind: one of `PREFIXES`, or ``cited``.
        ids: citations and records of the evidence, ``doi:`` spelled ``DOI:``.
        text: what stands behind the prefix; empty where the source is cited.
    """

    kind: str
    ids: tuple[str, ...] = ()
    text: str = ""


def parse_source(text: str, confidence: str = "") -> Source:
    """Take a source apart.

    Args:
        text: the cell of a table.
        confidence: that of the row; words alone cannot verify a number.

    Raises:
        ParameterError: it is neither identifiers nor one of `PREFIXES` with words, or does not go
            with the confidence.
    """
    if not text.strip():
        raise ParameterError("empty; every number needs one")
    prefix, colon, rest = text.partition(": ")
    if colon and prefix in PREFIXES:
        return _worded(prefix, rest.strip(), confidence)
    if confidence == "definition":
        raise ParameterError("a definition is words; begin with 'definition: '")
    return Source("cited", tuple(_identifier(part) for part in _parts(text)))


def _worded(prefix: str, rest: str, confidence: str) -> Source:
    if prefix in _WEAK and confidence in _WELL_KNOWN:
        raise ParameterError(f"{prefix!r} does not go with confidence {confidence!r}; cite a work")
    if not rest:
        raise ParameterError(f"{prefix!r} says nothing; give the reason behind it")
    if prefix == "definition" and confidence and confidence not in _DEFINED:
        raise ParameterError(f"'definition' does not go with confidence {confidence!r}")
    if prefix == "definition":
        return Source(prefix, tuple(map(_plain_doi, _INSIDE.findall(rest))), rest)
    if prefix != "calibration":
        return Source(prefix, text=rest)
    if confidence and confidence != "fitted":
        raise ParameterError(f"'calibration' does not go with confidence {confidence!r}")
    ids = tuple(_identifier(part) for part in _parts(rest))
    for item in ids:
        if not _TARGET.fullmatch(item):
            raise ParameterError(f"{item!r} is not a calibration target such as CT04")
    return Source(prefix, ids, rest)


def _parts(text: str) -> list[str]:
    """Split at semicolons that are not inside a remark."""
    return [part.strip() for part in re.split(r";(?![^(]*\) ?(?:;|$))", text)]


def _identifier(part: str) -> str:
    found = _PART.fullmatch(part)
    name = found.group(1) if found else part
    if found is None or not (_CITATION.fullmatch(name) or _RECORD.fullmatch(name)):
        raise ParameterError(
            f"{part!r} is not an identifier of the evidence, such as PMID:26037647, with its "
            f"remark in parentheses; use one, or begin with {', '.join(f'{p}:' for p in PREFIXES)}"
        )
    return _plain_doi(name)


def _plain_doi(name: str) -> str:
    return f"DOI:{name[4:]}" if name.startswith("doi:") else name


def best_confidence(source: Source, evidence: Evidence) -> int | None:
    """Return how certain the best of a source is: 4 verified to 0 not found, None for words.

    Records of the evidence say how well a number is known, so the citations beside them do not
    make it better; citations alone leave it to the row, unless nobody has seen them.

    Raises:
        EvidenceError: an identifier is not in the evidence.
    """
    records = [evidence.record(item) for item in source.ids]
    known = [getattr(record, "confidence", None) for record in records]
    if any(known):
        return max(_RANK.get(confidence, 0) for confidence in known if confidence)
    states = [getattr(record, "status", "") for record in records]
    return max((_CITATION_RANK.get(state, 4) for state in states), default=None)


def check_confidence(
    rows: Iterable[tuple[str, int, str, str, str]], evidence: Evidence
) -> list[Problem]:
    """Return an error for every row that claims to be more certain than its best source.

    Args:
        rows: file, line, name, source and confidence.
        evidence: that of the package, or an edited one.
    """
    from rascade.errors import EvidenceError
    from rascade.evidence.records import Problem

    words = {rank: word for word, rank in _RANK.items()}
    problems = []
    for file, line, name, text, confidence in rows:
        try:
            source = parse_source(text, confidence)
            best = best_confidence(source, evidence) if source.kind == "cited" else None
        except EvidenceError:
            continue  # check_sources tells of it
        except ParameterError as error:
            problems.append(
                Problem(file, line, "confidence", f"{name}: {error}", "error", "confidence")
            )
            continue
        if best is not None and _RANK.get(confidence, 0) > best:
            message = (
                f"{name}: {confidence!r}, but the best of its sources is {words.get(best, 'not')!r}"
            )
            problems.append(Problem(file, line, "confidence", message, "error", "confidence"))
    return problems


def check_sources(rows: Iterable[tuple[str, int, str, str]], evidence: Evidence) -> list[Problem]:
    """Return an error for every identifier of these sources that the evidence does not have.

    Args:
        rows: file, line (the header being line 1), name of the row, and source.
        evidence: that of the package, or an edited one.
    """
    from rascade.errors import EvidenceError
    from rascade.evidence.records import Problem

    problems = []
    for file, line, name, text in rows:
        try:
            for item in parse_source(text).ids:
                evidence.record(item)
        except (ParameterError, EvidenceError) as error:
            problems.append(Problem(file, line, "source", f"{name}: {error}", "error", "source"))
    return problems
