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
from typing import Any, Final

from rascade.analyses.facts.panels import ABSOLUTE, BEFORE, Panel, panels_of_checks
from rascade.bench.questions.listing import read_listing
from rascade.bench.questions.records import Check, Experiment, check_keys, read_experiment
from rascade.errors import EvidenceError, ParameterError
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

#: A fact that was named before anything was tuned, and is never tuned on.
HELD_OUT: Final = "held out"
#: What a fact can be to the model.
ROLES: Final = ("known", HELD_OUT)
#: How a published figure was seen; the first word of a fact's `seen`.
SEEN: Final = ("source", "abstract", "secondary", "recalled", "derived", "assumed")
_TOLD: Final = ("figure", "tolerance", "tests", "seen")
_OWN: Final = ("id", "statement", "source", "panels", "draws", "role", *_TOLD)


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
    role: str = "known"
    figure: str = ""
    tolerance: str = ""
    tests: str = ""
    seen: str = ""

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is expected."""
        return self.experiment.checks


def _fact(where: str, subject: str, given: Mapping[str, Any]) -> Fact:
    for name in ("id", "statement", "source", "kind", "checks"):
        if not given.get(name):
            raise EvidenceError(f"{where}: {name}: missing; every fact needs one")
    name, source = str(given["id"]), str(given["source"])
    _check_source(where, source)
    checks = [{"claim": name, "reading": "right", "source": source, **c} for c in given["checks"]]
    rest = {key: value for key, value in given.items() if key not in _OWN}
    experiment = read_experiment(
        where, {**rest, "id": name, "title": given["statement"], "checks": checks}
    )
    panels = tuple(_panel(where, experiment, item) for item in given.get("panels", ()))
    if not panels and experiment.conditions:
        panels = panels_of_checks(experiment)
    draws = given.get("draws", 0)
    if type(draws) is not int or draws < 0:
        raise EvidenceError(f"{where}: draws: {draws!r}; a whole number, 0 or more")
    told = {key: str(given.get(key, "")).strip() for key in _TOLD}
    role = str(given.get("role", ROLES[0]))
    _check_role(where, role, told)
    statement = str(given["statement"])
    return Fact(name, subject, statement, source, experiment, panels, draws, role, **told)


def _check_role(where: str, role: str, told: Mapping[str, str]) -> None:
    if role not in ROLES:
        raise EvidenceError(f"{where}: role: {role!r}; use {', '.join(ROLES)}")
    for key, text in told.items():
        if role == HELD_OUT and not text:
            raise EvidenceError(f"{where}: {key}: missing; a fact that is held out tells it")
    seen = told["seen"].split(",")[0].split(";")[0].split(" ")[0]
    if seen and seen not in SEEN:
        raise EvidenceError(f"{where}: seen: {seen!r}; begin with one of {', '.join(SEEN)}")


def _check_source(where: str, source: str) -> None:
    from rascade.evidence import load
    from rascade.model.sources import parse_source

    try:
        for item in parse_source(source).ids:
            load().record(item)
    except (ParameterError, EvidenceError) as error:
        raise EvidenceError(f"{where}: source: {error}") from None


def _panel(where: str, experiment: Experiment, given: Mapping[str, Any]) -> Panel:
    check_keys(f"{where}: panels", given, Panel)
    panel = Panel(**{**given, "conditions": tuple(given.get("conditions", ()))})
    members = {c.name: c.members for c in experiment.conditions}
    relative = () if panel.relative in (BEFORE, ABSOLUTE) else (panel.relative,)
    for name in (*panel.conditions, *relative):
        if name not in members:
            raise EvidenceError(f"{where}: panels: no condition {name!r}; it has {[*members]}")
    if len({members[name] > 1 for name in panel.conditions}) != 1:
        raise EvidenceError(f"{where}: panels: conditions: dose series, or none of them")
    series = members[panel.conditions[0]] > 1
    if series != (panel.hour is not None):
        raise EvidenceError(f"{where}: panels: hour: a dose series needs one, a course has none")
    if panel.hour is not None and panel.hour not in experiment.hours:
        raise EvidenceError(f"{where}: panels: hour {panel.hour:g} is not among its hours")
    return panel


def parse_facts(text: str, file: str) -> tuple[Fact, ...]:
    """Read facts from TOML text.

    Raises:
        EvidenceError: naming file, line, fact, key and what is wrong.
    """
    subject = file.removesuffix(".toml")
    return tuple(
        read_listing(text, file, "fact", lambda where, given: _fact(where, subject, given))
    )


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
