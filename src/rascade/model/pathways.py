"""Switches of the ways by which drugs act: what a mechanism reads, held as before treatment.

``data/pathways.csv`` names, for every way, which mechanism reads which symbol. A model with
switches reads ``held + switch * (value - held)`` instead: with the switch at 1 the model is what it
always is, at 0 nothing passes. Together the rows cut all ways from a drug to the tumour
(`tests/model/test_pathways.py`), so that with all switches at 0 every drug does nothing.

``scale`` and ``shift`` serve resistance: with the switch at 0 a clone changes as `like` does, by
the same factor or the same difference, so that the drug selects nobody.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rascade.errors import ModelFileError
from rascade.model.mechanisms import data_file, load_mechanisms

__all__ = ["PATHWAYS", "Reading", "Switches", "held_name", "pathway_rows", "switch_name"]

#: Ways by which drugs act, by name, with a title for people.
PATHWAYS: Mapping[str, str] = MappingProxyType(
    {
        "direct": "direct kill",
        "immunogenic_death": "immunogenic death",
        "presentation": "antigen presentation",
        "suppressors": "suppressor cells",
        "checkpoint": "checkpoint release",
        "priming": "priming and T-cell signalling",
        "stroma_vessels": "stroma and vessels",
        "resistance": "resistance",
    }
)
_HOW = ("hold", "scale", "shift")


@dataclass(frozen=True, slots=True)
class Reading:
    """A symbol as one mechanism reads it, on the way of a drug.

    Attributes:
        pathways: switches it passes through, all of them.
        mechanism: which reads.
        symbol: a port or an own symbol of that mechanism.
        how: ``hold``, or as another symbol changes: ``scale`` (factor) or ``shift`` (difference).
        like: that other symbol, a name of the flat model; empty for ``hold``.
        clones: where it applies; everywhere if empty.
    """

    pathways: tuple[str, ...]
    mechanism: str
    symbol: str
    how: str
    like: str
    clones: tuple[str, ...]


@cache
def pathway_rows() -> tuple[Reading, ...]:
    """Return what ``pathways.csv`` holds.

    Raises:
        ModelFileError: a row names what is not there.
    """
    found = []
    rows = csv.DictReader(data_file("pathways.csv").read_text("utf-8").splitlines())
    for number, row in enumerate(rows, start=2):
        reading = Reading(
            tuple(row["pathway"].split("*")),
            row["mechanism"],
            row["symbol"],
            row["how"],
            row["like"],
            tuple(row["clones"].split(";")) if row["clones"] else (),
        )
        _check(reading, f"pathways.csv:{number}")
        found.append(reading)
    return tuple(found)


def _check(reading: Reading, place: str) -> None:
    for name in reading.pathways:
        if name not in PATHWAYS:
            raise ModelFileError(f"{place}: pathway: no pathway {name!r}")
    mechanism = load_mechanisms().get(reading.mechanism)
    if mechanism is None:
        raise ModelFileError(f"{place}: mechanism: no mechanism {reading.mechanism!r}")
    if reading.symbol not in mechanism.ports | mechanism.own:
        raise ModelFileError(
            f"{place}: symbol: {reading.mechanism}.ant neither reads nor has {reading.symbol!r}"
        )
    if reading.how not in _HOW or (reading.how == "hold") == bool(reading.like):
        raise ModelFileError(f"{place}: how: {reading.how!r} with like {reading.like!r}")


def switch_name(pathway: str) -> str:
    """Return the parameter of the flat model that lets a way through (1) or not (0)."""
    return f"via_{pathway}"


def held_name(symbol: str) -> str:
    """Return the parameter of the flat model that holds a symbol's value before treatment."""
    return f"{symbol}_held"


class Switches:
    """The switches of one flat model: which symbols they stand for, and their text."""

    def __init__(self) -> None:
        self.held: dict[str, None] = {}
        self.rules: dict[str, str] = {}

    def through(self, reading: Reading, symbol: str) -> str:
        """Return the name that a mechanism reads in place of a flat symbol."""
        name = f"{symbol}_{'_'.join(('via', *reading.pathways))}"
        switch = " * ".join(switch_name(pathway) for pathway in reading.pathways)
        held, like = held_name(symbol), reading.like
        self.held[symbol] = None
        if reading.how == "hold":
            rule = f"{held} + {switch} * ({symbol} - {held})"
        else:
            self.held[like] = None
            then = (
                f"{held} * {like} / {held_name(like)}"
                if reading.how == "scale"
                else f"max(0, {held} + {like} - {held_name(like)})"
            )
            rule = f"{switch} * {symbol} + (1 - {switch}) * {then}"
        self.rules[name] = rule
        return name

    def lines(self) -> list[str]:
        """Return the statements of the flat model."""
        # The held values are put in after the steady state; 1 divides as well as any.
        return [
            *(f"  {name} := {rule};" for name, rule in self.rules.items()),
            *(f"  {switch_name(pathway)} = 1;" for pathway in PATHWAYS),
            *(f"  {held_name(symbol)} = 1;" for symbol in self.held),
        ]
