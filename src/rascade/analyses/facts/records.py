"""Facts as records: a statement, its source, the experiment that repeats it, what is drawn.

They stand in ``data``, one file a subject. An experiment and its checks are those of the claims
(`rascade.analyses.claims.records`); a fact adds a statement, a source that is looked up in the
evidence, and panels. A fact without panels draws what its checks read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rascade.analyses.facts.panels import Panel, panels_of_checks
from rascade.analyses.facts.schema import HELD_OUT, ROLES, SEEN, FactTable
from rascade.bench.questions.listing import read_listing
from rascade.bench.questions.records import Check, Experiment
from rascade.errors import EvidenceError
from rascade.text import did_you_mean

__all__ = [
    "HELD_OUT",
    "ROLES",
    "SEEN",
    "Fact",
    "facts_hash",
    "find_facts",
    "load_facts",
    "parse_facts",
]


@dataclass(frozen=True)
class Fact:
    """One fact.

    Attributes:
        id: name, lower case with hyphens.
        subject: the file that it stands in.
        statement: the fact in one sentence.
        source: as `rascade.model.sources` reads it.
        experiment: how it is repeated, with what is expected.
        panels: what is drawn.
        draws: parameter sets beside the typical one, for intervals; 0 gives none.
        role: one of `ROLES`.
        figure: what was published, with its number; every fact that is held out tells it.
        tolerance: where the limits are from.
        tests: the mechanism that it tests.
        seen: what of the source was seen: one of `SEEN`, and what more there is to say.
    """

    id: str
    subject: str
    statement: str
    source: str
    experiment: Experiment
    panels: tuple[Panel, ...]
    draws: int = 0
    role: str = ROLES[0]
    figure: str = ""
    tolerance: str = ""
    tests: str = ""
    seen: str = ""

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is expected."""
        return self.experiment.checks


def parse_facts(text: str, file: str) -> tuple[Fact, ...]:
    """Read facts from TOML text.

    Raises:
        EvidenceError: naming file, line, fact, key and what is wrong.
    """
    subject = file.removesuffix(".toml")
    return tuple(_fact(subject, table) for table in read_listing(text, file, "fact", FactTable))


def _fact(subject: str, table: FactTable) -> Fact:
    experiment = table.experiment(table.statement)
    panels = tuple(panel.record() for panel in table.panels)
    if not panels and experiment.conditions:
        panels = panels_of_checks(experiment)
    return Fact(
        table.id, subject, table.statement, table.source, experiment, panels, table.draws,
        table.role, table.figure.strip(), table.tolerance.strip(), table.tests.strip(),
        table.seen.strip(),
    )  # fmt: skip


@cache
def load_facts() -> Mapping[str, Fact]:
    """Return the package's facts by id, in the order of their files.

    Raises:
        EvidenceError: as `parse_facts`, or an id stands twice.
    """
    found: dict[str, Fact] = {}
    folder = files("rascade.analyses.facts") / "data"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        for fact in parse_facts(file.read_text(encoding="utf-8"), file.name):
            if fact.id in found:
                raise EvidenceError(f"{file.name}: {fact.id}: id: stands twice")
            found[fact.id] = fact
    return found


def facts_hash() -> str:
    """Return the SHA-256 of all facts, experiments and limits included."""
    return hashlib.sha256(repr(tuple(load_facts().values())).encode()).hexdigest()


def find_facts(ids: Iterable[str] = (), role: str = "") -> tuple[Fact, ...]:
    """Return the facts of these ids or subjects.

    Args:
        ids: facts or subjects; if none is given, all facts but those that are held out.
        role: only facts of this role.

    Raises:
        EvidenceError: there is no such fact or role; the message says which come near.
    """
    if role and role not in ROLES:
        raise EvidenceError(f"no role {role!r}; use {', '.join(ROLES)}")
    known = load_facts()
    subjects = {fact.subject for fact in known.values()}
    wanted: set[str] = set()
    for text in ids:
        name = text.strip().lower()
        if name in subjects:
            wanted.update(fact.id for fact in known.values() if fact.subject == name)
        elif name in known:
            wanted.add(name)
        else:
            hint = did_you_mean(name, [*known, *subjects], most=3, cutoff=0.5)
            hint = hint or f"; known: {', '.join(known)}"
            raise EvidenceError(f"no fact {text!r}{hint}")
    # What nobody may tune on is not seen by chance: it is asked for by name or by role.
    chosen = wanted or {f.id for f in known.values() if (f.role == HELD_OUT) == (role == HELD_OUT)}
    return tuple(f for f in known.values() if f.id in chosen and (not role or f.role == role))
