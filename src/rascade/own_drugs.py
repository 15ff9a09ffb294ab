"""Drugs of the user's own: which there are in this process, and what each takes from a known one.

A drug of one's own is like a drug that the model knows, but for the numbers that its file gives.
This is the plain record of it, so that orders, model, patients and rules all know the same drugs;
`rascade.model.own` reads and checks the files. Whoever keeps something that follows from the drugs
uses `kept`, so that it is made anew when a drug comes or changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

__all__ = [
    "ANCHORS",
    "Number",
    "OwnDrug",
    "PotencyPrior",
    "drug_folder",
    "forget",
    "kept",
    "like",
    "origin",
    "own_drugs",
    "use",
]

Found = TypeVar("Found")
#: ``concentration``: they are those of the known drug; ``free``: so are the unbound ones;
#: ``potency``: a drug twice as potent does the damage at half the concentration.
ANCHORS: Final = ("concentration", "free", "potency")


@dataclass(frozen=True)
class Number:
    """A number that a drug's file gives.

    Attributes:
        symbol: which, as in the parameter table without the drug's name.
        value: typical value in `unit`.
        unit: as in the file.
        low, high: plausible range.
        cv: coefficient of variation between patients; 0 for none.
        source: where it is from.
        confidence: how sure it is, as in the parameter table.
        description: what it is.
    """

    symbol: str
    value: float
    unit: str
    low: float
    high: float
    cv: float
    source: str
    confidence: str
    description: str


@dataclass(frozen=True)
class PotencyPrior:
    """How far the potency in patients may be from the file's, where trials have not said it.

    Attributes:
        symbols: of the numbers that it is of, which it moves together.
        sd: standard deviation of the logarithm of the factor between file and patients.
        source: why so.
    """

    symbols: tuple[str, ...]
    sd: float
    source: str


@dataclass(frozen=True)
class OwnDrug:
    """A drug of the user's own.

    Attributes:
        name: as orders write it.
        like: the known drug whose mechanism it has, and whose numbers where it gives none.
        numbers: that it gives.
        levels: dose levels as fractions of the full dose; empty for those of `like`.
        about: what it is, in a sentence.
        hash: SHA-256 of its file.
        anchors: what the plasma concentrations of side effects that the file does not give follow:
            one of `ANCHORS`.
        potency: prior of its potency in patients; None for what trials say of `like`.
    """

    name: str
    like: str
    numbers: tuple[Number, ...]
    levels: tuple[float, ...]
    about: str
    hash: str
    anchors: str = "concentration"
    potency: PotencyPrior | None = None


_DRUGS: dict[str, OwnDrug] = {}
_FORGET: list[Callable[[], None]] = []


def own_drugs() -> Mapping[str, OwnDrug]:
    """Return the user's own drugs by name."""
    return MappingProxyType(_DRUGS)


def use(drug: OwnDrug) -> None:
    """Let orders, model and trials know a drug; another of that name is replaced."""
    if _DRUGS.get(drug.name) == drug:
        return
    _DRUGS[drug.name] = drug
    for forget in _FORGET:
        forget()


def forget(name: str) -> None:
    """Forget a drug."""
    if _DRUGS.pop(name, None) is not None:
        for forget_what_follows in _FORGET:
            forget_what_follows()


def kept(function: Callable[..., Found]) -> Callable[..., Found]:
    """Keep what a function returns until a drug comes or changes; else as `functools.cache`."""
    made: Any = cache(function)
    _FORGET.append(made.cache_clear)
    return made  # type: ignore[no-any-return]


def drug_folder() -> Path:
    """Return where drugs are kept: ``RASCADE_DRUGS``, or ``drugs`` in the user's folder."""
    chosen = os.environ.get("RASCADE_DRUGS")
    return Path(chosen) if chosen else Path.home() / ".config" / "rascade" / "drugs"


def like(name: str) -> str:
    """Return the known drug that an own drug is like; a known drug is like itself."""
    own = _DRUGS.get(name)
    return name if own is None else own.like


def origin(row: str) -> str:
    """Return the row of the parameter table that a row of an own drug stands for.

    Patients differ in both by the same random numbers, so that a copy of a drug does the same in
    the same patient.
    """
    drug, dot, symbol = row.partition(".")
    return f"{like(drug)}.{symbol}" if dot and drug in _DRUGS else row
