"""Read the mechanism files: the symbols that each defines, reads through ports, takes as numbers.

A mechanism is one Antimony file. Symbols that it declares or assigns are its own and get the
names of the copy (drug, clone) when the model is put together; symbols in the brackets behind the
model's name are ports, filled by other mechanisms; everything else is a number of the parameter
table.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from rascade.errors import ModelFileError

__all__ = [
    "SETTINGS",
    "Mechanism",
    "data_file",
    "defined_in",
    "load_mechanisms",
    "rename_symbols",
    "symbols_in",
]

SETTINGS = ("patient", "mouse", "xenograft", "culture")
_SYMBOL = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?![\w.])")
_HEADER = re.compile(r"^\s*model\s+(\w+)\s*\(([^)]*)\)\s*$")
_OWN = (
    re.compile(r"^\s*([A-Za-z_]\w*)\s*:(?!=)"),  # reaction label
    re.compile(r"^\s*([A-Za-z_]\w*)\s*:="),  # assignment rule
    re.compile(r"^\s*([A-Za-z_]\w*)\s*'\s*="),  # rate rule
    re.compile(r"^\s*([A-Za-z_]\w*)\s*="),  # initial value
)
_DECLARATION = re.compile(r"^\s*(?:substanceOnly\s+)?(?:species|compartment)\s+(.+)$")
_WORDS = frozenset(
    {"species", "substanceOnly", "compartment", "in", "exp", "ln", "sqrt", "abs", "min", "max"}
    | {"time"}
)


@dataclass(frozen=True)
class Mechanism:
    """One Antimony file with what the model's builder needs to know of it.

    Attributes:
        name: file name without its ending, and name of the Antimony model.
        title: a line for people.
        per: ``system``, ``drug``, ``clone`` or ``drug and clone``: of what a copy is made.
        statements: the statements between header and ``end``, comments stripped.
        own: symbols that the mechanism defines.
        ports: symbols that other mechanisms define.
        numbers: symbols that the parameter table must supply.
        adds: sums that every copy contributes to, as sum name -> own symbol.
        description: the comment at the head of the file.
        settings: where it exists, of `SETTINGS`.
        on_demand: left out unless a drug needs it or a study asks for it.
        brings: on-demand mechanisms that come along with it.
        side_effect: nothing in the tumour hears of it.
        passes: what the other rules of its clone read through it, as symbol -> what they read.
    """

    name: str
    title: str
    per: str
    statements: tuple[str, ...]
    own: frozenset[str]
    ports: frozenset[str]
    numbers: frozenset[str]
    adds: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    settings: tuple[str, ...] = SETTINGS
    on_demand: bool = False
    brings: tuple[str, ...] = ()
    side_effect: bool = False
    passes: Mapping[str, str] = field(default_factory=dict)


def data_file(name: str) -> Traversable:
    """Return a file of the package's ``data`` folder."""
    return files("rascade.model") / "data" / name


def symbols_in(statement: str) -> set[str]:
    """Return the identifiers of a statement, without Antimony's own words."""
    return set(_SYMBOL.findall(statement)) - _WORDS


def rename_symbols(statement: str, names: Mapping[str, str]) -> str:
    """Replace whole identifiers of a statement."""
    return _SYMBOL.sub(lambda match: names.get(match.group(), match.group()), statement)


def defined_in(statement: str) -> set[str]:
    """Return the symbols that a statement declares or assigns."""
    declared = _DECLARATION.match(statement)
    if declared:
        return {part.split()[0] for part in declared.group(1).split(",")}
    for pattern in _OWN:
        found = pattern.match(statement)
        if found:
            return {found.group(1)}
    return set()


def _statements(text: str, name: str) -> tuple[set[str], list[str], str]:
    """Split a file into ports, statements and the comment at its head."""
    head: list[str] = []
    ports: set[str] | None = None
    statements: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        code, _, comment = line.partition("//")
        header = _HEADER.match(code)
        if header:
            if header.group(1) != name:
                raise ModelFileError(f"{name}.ant:{number}: the model must be named {name}")
            ports = {port.strip() for port in header.group(2).split(",") if port.strip()}
        elif ports is None:
            head.append(comment.strip())
        elif code.strip() != "end":
            statements += [part.strip() for part in code.split(";") if part.strip()]
    if ports is None:
        raise ModelFileError(f"{name}.ant: no 'model {name}(...)' line found")
    return ports, _join_reactions(statements), " ".join(head).strip()


def _join_reactions(parts: list[str]) -> list[str]:
    """Put ``label: A -> B`` and the rate behind its semicolon together again."""
    joined: list[str] = []
    for part in parts:
        if joined and "->" in joined[-1] and ";" not in joined[-1]:
            joined[-1] = f"{joined[-1]}; {part}"
        else:
            joined.append(part)
    return joined


def _parse(name: str, text: str, facts: Mapping[str, object]) -> Mechanism:
    ports, statements, description = _statements(text, name)
    own: set[str] = set()
    used: set[str] = set()
    for statement in statements:
        own |= defined_in(statement)
        used |= symbols_in(statement)
    places = {"body", "cell", "tumour_mass", "tumour_tissue", "normal_organ"} - own
    adds = facts.get("adds", {})
    return Mechanism(
        name=name,
        title=str(facts["title"]),
        per=str(facts["per"]),
        statements=tuple(statements),
        own=frozenset(own),
        ports=frozenset(ports),
        numbers=frozenset(used - own - ports - places),
        adds=dict(adds) if isinstance(adds, Mapping) else {},
        description=description,
        settings=tuple(facts.get("settings", SETTINGS)),  # type: ignore[arg-type]
        on_demand=bool(facts.get("on_demand", False)),
        brings=tuple(facts.get("brings", ())),  # type: ignore[arg-type]
        side_effect=bool(facts.get("side_effect", False)),
        passes=dict(facts.get("passes", {})),  # type: ignore[call-overload]
    )


@cache
def load_mechanisms() -> Mapping[str, Mechanism]:
    """Return every mechanism of the package by name.

    Raises:
        ModelFileError: a file is missing or does not follow the form above.
    """
    listing = tomllib.loads(data_file("mechanisms.toml").read_text(encoding="utf-8"))
    folder = files("rascade.model") / "mechanisms"
    return {
        name: _parse(name, (folder / f"{name}.ant").read_text(encoding="utf-8"), facts)
        for name, facts in listing.items()
    }
