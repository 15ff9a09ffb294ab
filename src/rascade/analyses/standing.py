"""What an expectation is worth as a test: a real one, fitted, by construction, or too weak.

Whether something was fitted to an expectation is read off the parameter table: a row's column
``fitted`` names what it was set against, and its ``source`` may be a claim. What is set against
something told in words is resolved by ``data/targets.csv``: the records that the words are about,
and the read-outs, where not every read-out of those records was set.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

from rascade.bench.questions.records import Check
from rascade.model import Parameter, ParameterTable

__all__ = [
    "Standing",
    "Target",
    "fitted_rows",
    "known_targets",
    "standing",
    "targets_of",
    "weakest",
]

_RECORD: Final = re.compile(
    r"[A-Za-z0-9][\w-]*(?:\.[\w-]+)+|\bCT\d{2}(?:\.[\w-]+)?|\b[A-Z]\d{1,2}\b|PMID:\d+"
)
_CLAIM: Final = re.compile(r"[A-Z]\d{1,2}")
_READ: Final = re.compile(r"\b[a-z_0-9]+\((\w+)")
_END: Final = re.compile(r"\b(pfs|os|orr)(?:_\w+)?\(")
_ENDS: Final = {"PFS": "pfs", "OS": "os", "ORR": "orr"}
_COURSES: Final = ("dish", "xenograft", "mouse", "patient")
_RATIOS: Final = ("_hr(", "pfs_gain(", "os_gain(")
_SAME: Final = 1e-6  # what no parameter moves comes out exactly
_NEUTRAL: Final = 0.02
_NOTHING: Final = 0.01
_WIDE: Final = 10.0


class Standing(Enum):
    """What an expectation is worth."""

    TEST = "real test"
    FITTED = "fitted"
    BUILT = "follows by construction"
    WEAK = "too weak"


@dataclass(frozen=True)
class Target:
    """What a row of the parameter table was set against.

    Attributes:
        ids: records of the evidence and claims; one that ends in a point stands for all records of
            that subject, one with ``#`` for an end point of a work.
        readouts: only these read-outs; all if empty.
    """

    ids: frozenset[str]
    readouts: frozenset[str] = frozenset()


@cache
def known_targets() -> dict[str, Target]:
    """Return the targets that are told in words, by their words."""
    text = (files("rascade.analyses") / "data" / "targets.csv").read_text(encoding="utf-8")
    return {
        row["target"]: Target(
            frozenset(filter(None, map(str.strip, row["ids"].split(";")))),
            frozenset(filter(None, map(str.strip, row["readouts"].split(";")))),
        )
        for row in csv.DictReader(io.StringIO(text))
    }


@cache
def _end_points(target: str) -> frozenset[str]:
    """Return works and end points of a calibration target, as ``PMID:1#pfs``."""
    from rascade.evidence import load

    found = set()
    for record in load().calibration_targets:
        if record.id == target or record.id.startswith(f"{target}."):
            ends = [end for word, end in _ENDS.items() if word in record.quantity]
            found |= {f"{source}#{end}" for source in record.sources for end in ends}
    return frozenset(found)


def targets_of(row: Parameter) -> list[Target]:
    """Return what a row was set against, by its columns ``fitted`` and ``source``."""
    from rascade.errors import ParameterError
    from rascade.model.sources import parse_source

    drug = row.name.partition(".")[0]
    found = []
    for words in filter(None, map(str.strip, row.fitted.split(";"))):
        known = known_targets().get(words)
        if known is not None:
            found.append(
                Target(frozenset(i.replace("{drug}", drug) for i in known.ids), known.readouts)
            )
            continue
        ids = set(_RECORD.findall(words))
        for item in list(ids):
            ids |= _end_points(item)
        found.append(Target(frozenset(ids)))
    try:
        cited = parse_source(row.source).ids
    except ParameterError:
        cited = ()
    claims = frozenset(item for item in cited if _CLAIM.fullmatch(item))
    return [*found, Target(claims)] if claims else found


def _meets(own: str, other: str) -> bool:
    return own == other or own.startswith(other if other.endswith(".") else f"{other}.")


def fitted_rows(
    check: Check, rows: Iterable[str], table: ParameterTable, about: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the rows of the parameter table that were set so that a check comes out.

    Args:
        check: the expectation.
        rows: rows that its model reads.
        table: parameter table.
        about: more records that the check is about, such as the sources of its fact.
    """
    own = {check.claim, check.published, *_RECORD.findall(check.source)} - {""}
    # A fact may tell of many drugs: a potency is about the one whose record the check names.
    drugs = {check.published} if tuple(about) else own
    ids = own | {*about}
    works = [item for item in ids if item.startswith("PMID:")]
    ids |= {f"{work}#{end}" for work in works for end in _END.findall(check.effect)}
    read = set(_READ.findall(check.effect))

    def set_against(target: Target) -> bool:
        if target.readouts and not target.readouts & read:
            return False
        return any(
            _meets(item, other)
            for other in target.ids
            for item in (drugs if other.endswith(".") else ids)
        )

    return tuple(sorted(n for n in set(rows) if any(set_against(t) for t in targets_of(table[n]))))


def standing(
    check: Check, kind: str, effect: float, low: float, high: float, fitted: Iterable[str]
) -> Standing:
    """Return what an expectation is worth.

    Args:
        check: the expectation.
        kind: of its experiment.
        effect: what came out with typical parameters.
        low: lower end of its interval; NaN without one.
        high: upper end of it.
        fitted: rows that were set so that it comes out.
    """
    if _cannot_move(kind, effect, low, high):
        return Standing.BUILT
    if tuple(fitted):
        return Standing.FITTED
    return Standing.WEAK if _says_little(check, kind) else Standing.TEST


def _cannot_move(kind: str, effect: float, low: float, high: float) -> bool:
    """Tell whether no parameter moves the effect: no draw does, or it is exactly 0 or 1."""
    if kind not in (*_COURSES, "formula"):
        return False
    if math.isfinite(low) and math.isfinite(high):
        return abs(high - low) <= _SAME * max(1.0, abs(effect))
    return min(abs(effect), abs(effect - 1.0)) <= _SAME


def _says_little(check: Check, kind: str) -> bool:
    """Tell whether almost anything of the right sign would do."""
    ends = [end for end in (check.low, check.high) if math.isfinite(end)]
    if len(ends) == 2:
        return check.low > 0 and check.high / check.low >= _WIDE
    ratio = kind in _COURSES or any(name in check.effect for name in _RATIOS)
    if ratio and abs(ends[0] - 1.0) <= _NEUTRAL:
        return True
    return abs(ends[0]) <= _NOTHING and (kind in _COURSES or "gain(" in check.effect)


def weakest(found: Iterable[Standing]) -> Standing:
    """Return what several expectations are worth together: a test if one of them is."""
    members = set(found)
    return next(one for one in Standing if one in members)
