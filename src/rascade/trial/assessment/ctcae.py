"""CTCAE: from what the model knows of an organ, or a laboratory value, to a grade.

The table is ``data/ctcae.csv``: for every term and version of CTCAE the condition of each grade,
in the unit of its row. Version 6 (NCI, July 2025) lowered the limits of the neutrophil count
against version 5 (NCI, November 2017), so the version is stored with every result.
"""

from __future__ import annotations

import csv
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

from rascade.errors import InputError, ParameterError
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import Assembly

__all__ = ["VERSIONS", "Limit", "Term", "find_lab", "find_term", "load_terms", "modelled_terms"]

VERSIONS: Final = ("v5", "v6")
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_LIMIT = re.compile(r"(<=|>=|<|>)\s*(\d+(?:\.\d*)?(?:e-?\d+)?)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on a value, such as ``< 1.0``."""

    sign: str
    value: float

    def met(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell where it holds; nowhere for what is not a number."""
        return np.asarray(_OPERATORS[self.sign](values, self.value))


@dataclass(frozen=True, slots=True)
class Term:
    """A kind of adverse event.

    Attributes:
        name: CTCAE term.
        version: ``v5`` or ``v6``.
        soc: system organ class.
        lab: name of the laboratory value or measurement that rules may ask for; empty if none.
        signal: symbol of the model that is graded.
        unit: of the limits.
        limits: condition of grades 1 to 4 in the model's unit; None where there is no such grade.
        mechanisms: mechanisms of drugs that cause it.
    """

    name: str
    version: str
    soc: str
    lab: str
    signal: str
    unit: str
    limits: tuple[Limit | None, ...]
    mechanisms: frozenset[str]

    def grade(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Return the grade (0 is none) of values in the model's unit, any shape."""
        grades = np.zeros(np.shape(values), dtype=np.int8)
        for number, limit in enumerate(self.limits, start=1):
            if limit is not None:
                grades[limit.met(values)] = number
        return grades

    def in_model_unit(self, value: float, unit: str | None = None) -> float:
        """Turn a value of the term's laboratory unit, or of another one, into the model's."""
        from rascade.model.model_units import to_model_units

        return to_model_units(value, unit or self.unit)


def _limit(text: str, unit: str, where: str) -> Limit | None:
    from rascade.model.model_units import to_model_units

    if not text:
        return None
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise ParameterError(f"{where}: {text!r} is not a limit such as '<1.0'")
    return Limit(found.group(1), to_model_units(float(found.group(2)), unit))


@cache
def load_terms(version: str = "v5") -> tuple[Term, ...]:
    """Return the terms of a version of CTCAE that the model can grade.

    Raises:
        InputError: no such version.
    """
    if version not in VERSIONS:
        raise InputError(f"CTCAE {version!r} is not known; use {' or '.join(VERSIONS)}")
    text = (files("rascade.trial") / "data" / "ctcae.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    return tuple(
        Term(
            row["term"],
            row["version"],
            row["soc"],
            row["lab"],
            row["signal"],
            row["unit"],
            tuple(
                _limit(row[f"grade{g}"], row["unit"], f"ctcae.csv:{reader.line_num}")
                for g in range(1, 5)
            ),
            frozenset(name.strip() for name in row["mechanisms"].split(";")),
        )
        for row in reader
        if row["version"] == version
    )


def modelled_terms(assembly: Assembly, version: str = "v5") -> tuple[Term, ...]:
    """Return the terms whose signal is in an assembled model and that one of its drugs causes."""
    known = assembly.system.observables
    brought = {name for drug in assembly.drugs for name in drug.mechanisms}
    return tuple(
        term for term in load_terms(version) if term.signal in known and term.mechanisms & brought
    )


def _find(wanted: str, names: Iterable[str], what: str) -> str:
    known = {name.casefold(): name for name in names if name}
    key = wanted.strip().casefold()
    if key in known:
        return known[key]
    hint = did_you_mean(key, (name.lower() for name in known.values()))
    raise InputError(f"{wanted!r} is no {what}{hint} Known: {', '.join(sorted(known.values()))}")


def find_term(name: str) -> str:
    """Return the CTCAE term of a name in any case.

    Raises:
        InputError: the model has no such event.
    """
    return _find(name, (term.name for term in load_terms()), "adverse event of the model")


def find_lab(name: str) -> Term:
    """Return the term that grades a laboratory value.

    Raises:
        InputError: the model has no such value.
    """
    found = _find(name, (term.lab for term in load_terms()), "laboratory value of the model")
    return next(term for term in load_terms() if term.lab == found)
