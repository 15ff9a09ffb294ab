"""The names under which experiments read the model: pERK, RAS_GTP, viability."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rascade.model.mechanisms import data_file

__all__ = ["Readout", "readouts"]


@dataclass(frozen=True)
class Readout:
    """One read-out.

    Attributes:
        name: as study files and results write it.
        symbol: symbol of a mechanism; in an assembled model it carries the clone's name unless it
            belongs to the system.
        panel: group for figures.
        label: as figures write it.
        about: what it is.
    """

    name: str
    symbol: str
    panel: str
    label: str
    about: str


@cache
def readouts() -> Mapping[str, Readout]:
    """Return the read-outs by name."""
    rows = csv.DictReader(data_file("readouts.csv").read_text(encoding="utf-8").splitlines())
    return MappingProxyType(
        {
            row["readout"]: Readout(
                row["readout"], row["symbol"], row["panel"], row["label"], row["about"]
            )
            for row in rows
        }
    )
