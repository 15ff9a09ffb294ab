"""Claims as records: their experiments, and why a claim, or a part of it, has none.

Experiments stand in ``data/experiments``, a file a subject; claims without an experiment, and parts
of a claim that none reaches, have their reason in ``data/rows.csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from rascade.bench.questions.listing import read_listing
from rascade.bench.questions.records import Experiment
from rascade.bench.questions.schema import ExperimentTable
from rascade.errors import EvidenceError

__all__ = ["Note", "load_experiments", "load_notes", "parse_experiments", "parse_notes"]


@dataclass(frozen=True)
class Note:
    """Why a claim, or a part of it, has no experiment.

    Attributes:
        claim: whose it is.
        reason: why it cannot be tested at all; empty if it is.
        review: why the review's own sentence has no test; empty if it has, or is not in error.
        open: what of the claim the experiments leave out.
    """

    claim: str
    reason: str
    review: str
    open: str


def _folder() -> Traversable:
    return files("rascade.analyses.claims") / "data"


def parse_experiments(text: str, file: str) -> tuple[Experiment, ...]:
    """Read experiments from TOML text.

    Raises:
        EvidenceError: naming file, line, experiment, key and what is wrong.
    """
    listed = read_listing(text, file, "experiment", ExperimentTable)
    found = tuple(table.record() for table in listed)
    names = [item.id for item in found]
    for name in names:
        if names.count(name) > 1:
            raise EvidenceError(f"{file}: {name}: id: stands twice")
    return found


def parse_notes(text: str, file: str) -> Mapping[str, Note]:
    """Read reasons from CSV text, by claim.

    Raises:
        EvidenceError: a claim stands twice or has no reason at all.
    """
    notes: dict[str, Note] = {}
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        where = f"{file}:{reader.line_num}: {row['claim']}"
        if row["claim"] in notes:
            raise EvidenceError(f"{where}: claim: stands twice")
        if not (row["reason"] or row["review"] or row["open"]):
            raise EvidenceError(f"{where}: reason: empty; say why, or leave the line out")
        notes[row["claim"]] = Note(row["claim"], row["reason"], row["review"], row["open"])
    return MappingProxyType(notes)


@cache
def load_experiments() -> tuple[Experiment, ...]:
    """Return the package's experiments on claims.

    Raises:
        EvidenceError: as `parse_experiments`, or an identifier stands in two files.
    """
    found: dict[str, Experiment] = {}
    for file in sorted(_folder().joinpath("experiments").iterdir(), key=lambda file: file.name):
        for item in parse_experiments(file.read_text(encoding="utf-8"), file.name):
            if item.id in found:
                raise EvidenceError(f"{file.name}: {item.id}: id: stands in another file already")
            found[item.id] = item
    return tuple(found.values())


@cache
def load_notes() -> Mapping[str, Note]:
    """Return the package's reasons, by claim."""
    return parse_notes(_folder().joinpath("rows.csv").read_text(encoding="utf-8"), "rows.csv")
