"""What the data sets are made of: variables, labels, lengths, keys and controlled terms."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["DATASETS", "Variable", "controlled_terms", "keys_of", "variables_of"]

#: Data set -> its label.
DATASETS: Mapping[str, str] = {
    "ADSL": "Subject-Level Analysis Dataset",
    "ADTTE": "Time-to-Event Analysis Dataset",
    "ADRS": "Response Analysis Dataset",
    "ADTR": "Tumor Results Analysis Dataset",
    "ADAE": "Adverse Events Analysis Dataset",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a data set.

    Attributes:
        name: at most 8 characters.
        label: at most 40 characters.
        type: ``text``, ``number`` or ``date``.
        length: of texts, in bytes; 8 for the others.
        terms: name of its controlled terms; empty if any value goes.
        key: it is a part of the data set's key.
    """

    name: str
    label: str
    type: str
    length: int
    terms: str
    key: bool


def _data(name: str) -> str:
    return (files("rascade.exchange") / "data" / name).read_text(encoding="utf-8")


@cache
def _all() -> Mapping[str, tuple[Variable, ...]]:
    found: dict[str, list[Variable]] = {name: [] for name in DATASETS}
    for row in csv.DictReader(_data("adam_variables.csv").splitlines()):
        length = int(row["length"] or 8)
        found[row["dataset"]].append(
            Variable(
                row["variable"], row["label"], row["type"], length, row["terms"], bool(row["key"])
            )
        )
    return {name: tuple(variables) for name, variables in found.items()}


def variables_of(dataset: str) -> tuple[Variable, ...]:
    """Return the variables of a data set in their order."""
    return _all()[dataset]


def keys_of(dataset: str) -> list[str]:
    """Return the variables that together tell two records of a data set apart."""
    return [variable.name for variable in variables_of(dataset) if variable.key]


@cache
def controlled_terms() -> Mapping[str, tuple[str | int, ...]]:
    """Return the controlled terms by name."""
    return {name: tuple(terms) for name, terms in tomllib.loads(_data("adam_terms.toml")).items()}
