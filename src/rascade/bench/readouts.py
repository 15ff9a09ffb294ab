"""From names of read-outs and parameters to what an assembled model calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rascade.errors import InputError
from rascade.model import load_table, readouts
from rascade.model.compose import Composition, compose, places
from rascade.own_drugs import kept
from rascade.text import did_you_mean

__all__ = [
    "CLONE",
    "Reading",
    "check_names",
    "clones_of",
    "find_reading",
    "find_row",
    "outline",
]

CLONE = "sensitive"
"""The clone that the cells of an experiment are."""


def clones_of(setting: str) -> list[str]:
    """Return the cell populations of an experiment: with an immune system, lymphocytes read the
    signalling of normal tissue.
    """
    return [CLONE, "normal"] if setting == "mouse" else [CLONE]


@dataclass(frozen=True)
class Reading:
    """A read-out in an assembled model.

    Attributes:
        name: as the study writes it.
        observable: as the engine calls it.
        label: for figures.
        panel: group for figures.
        about: what it is.
    """

    name: str
    observable: str
    label: str
    panel: str
    about: str


@kept
def outline(drugs: tuple[str, ...], setting: str) -> Composition:
    """Return the composition of the model for these drugs, to look names up in."""
    return compose(drugs, load_table(), clones_of(setting), setting)


def _names(composition: Composition) -> set[str]:
    return {*composition.symbols, *composition.sums}


def find_reading(composition: Composition, name: str, setting: str) -> Reading:
    """Return a read-out: one of the table, or any symbol of the assembled model.

    Raises:
        InputError: there is none of that name here; the message says which come near.
    """
    table = readouts()
    known = _names(composition)
    symbol = table[name].symbol if name in table else name
    for observable in (f"{symbol}_{CLONE}", symbol):
        if observable in known:
            if name in table:
                entry = table[name]
                return Reading(name, observable, entry.label, entry.panel, entry.about)
            return Reading(name, observable, name, "", "symbol of the model")
    place = "a dish" if setting == "culture" else "a mouse"
    if name in table:
        raise InputError(f"{name!r} cannot be read in {place} with these drugs")
    here = [entry.name for entry in table.values() if _readable(entry.symbol, known)]
    hint = did_you_mean(name, here, cutoff=0.5) or f"; {place} has {', '.join(here)}"
    raise InputError(f"no read-out {name!r}{hint}")


def _readable(symbol: str, known: set[str]) -> bool:
    return symbol in known or f"{symbol}_{CLONE}" in known


def find_row(parameters: Mapping[str, str], name: str, setting: str) -> tuple[str, str]:
    """Return a row of the parameter table as this model reads it, and its identifier.

    Args:
        parameters: identifier -> row, of a composition.
        name: row, with or without its setting or clone.
        setting: of the model.

    Raises:
        InputError: the model of these drugs does not read such a row.
    """
    rows = {row: identifier for identifier, row in parameters.items()}
    for row in (name, *(f"{name}[{place}]" for place in places(setting)), f"{name}[{CLONE}]"):
        if row in rows:
            return row, rows[row]
    stems = sorted({row.partition("[")[0] for row in rows})
    hint = did_you_mean(name, stems) or "; 'rascade model show' lists the mechanisms"
    raise InputError(f"{name!r} is no parameter of the model of these drugs and cells{hint}")


def check_names(
    drugs: Sequence[str], setting: str, read: Iterable[str], changed: Iterable[str]
) -> None:
    """Check names of read-outs and of parameters against the model of these drugs.

    Raises:
        InputError: a name means nothing there.
        UnsupportedFeature: a drug is not modelled.
    """
    composition = outline(tuple(sorted(set(drugs))), setting)
    for name in read:
        find_reading(composition, name, setting)
    for name in changed:
        find_row(composition.parameters, name, setting)
