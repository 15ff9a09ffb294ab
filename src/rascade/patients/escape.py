"""How a patient's tumour escapes RAS inhibitors: the way of each clone, and what it switches on."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EvidenceError, ParameterError
from rascade.model.sources import parse_source

__all__ = ["CLONES", "Way", "conditional_shares", "load_ways", "switches"]

_FILE = "escape.csv"
CLONES = ("escape_1", "escape_2")
"""Clones of the model, and the properties of a patient that hold their ways."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a clone escapes.

    Attributes:
        name: category of the profile.
        switch: parameter of the clone that is 1 where it has this way and 0 elsewhere.
        tp53_ratio: its share among tumours with mutant TP53, relative to the others.
        about: what it is.
    """

    name: str
    switch: str
    tp53_ratio: float
    about: str


@cache
def load_ways() -> Mapping[str, Way]:
    """Return the ways of escape by name.

    Raises:
        EvidenceError: a row has no source that `rascade.model.sources` can read.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    found = {}
    for row in reader:
        try:
            parse_source(row["source"], row["confidence"])
        except ParameterError as error:
            raise EvidenceError(f"{_FILE}:{reader.line_num}: source: {error}") from None
        found[row["way"]] = Way(
            row["way"], row["switch"], float(row["tp53_ratio"]), row["description"]
        )
    return MappingProxyType(found)


def conditional_shares(
    shares: Mapping[str, float], tp53_share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the ways with mutant TP53 and without, in the order given.

    Taken together they come to the shares that were given; what one way gains by TP53, the ways
    that TP53 does not touch lose in proportion.

    Args:
        shares: way -> share among all patients, adding up to 1.
        tp53_share: share of patients with mutant TP53.
    """
    ways = load_ways()
    ratio = np.array([ways[name].tp53_ratio for name in shares])
    overall = np.array(list(shares.values()))
    without = overall / (tp53_share * ratio + 1 - tp53_share)
    still = ratio == 1
    found = []
    for own in (without * ratio, without):
        rest = 1 - own[~still].sum()
        found.append(np.where(still, overall * rest / overall[still].sum(), own))
    return found[0], found[1]


def switches(
    profiles: Mapping[str, NDArray[Any]], rows: Iterable[str]
) -> dict[str, NDArray[np.float64]]:
    """Return what the ways of patients set: row of the parameter table -> 0 or 1, shape (n,).

    Args:
        profiles: with the properties `CLONES`; a clone that is not among them is passed over.
        rows: rows that the model reads.
    """
    known = set(rows)
    return {
        row: (np.asarray(profiles[clone]) == way.name).astype(float)
        for clone in CLONES
        if clone in profiles
        for way in load_ways().values()
        if (row := f"{way.switch}[{clone}]") in known
    }
