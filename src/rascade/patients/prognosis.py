"""Prognostic factors of death: what a patient's state does to the hazard of death.

The logarithm of a patient's hazard relative to others with the same disease is the sum of what
these factors give and of a remainder that is drawn (the row that a factor acts on). Each factor is
taken relative to its mean in the population, so that the typical patient stays as he is.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EvidenceError, ParameterError
from rascade.model.sources import parse_source
from rascade.patients.distributions import quantile, shape_of
from rascade.patients.properties import load_properties

__all__ = ["Factor", "hazard_factors", "load_factors"]

Floats = NDArray[np.float64]

_FILE = "prognosis.csv"
_SCALES = ("category", "linear", "log")
_POINTS = 2000  # of a distribution, for its mean


@dataclass(frozen=True, slots=True)
class Factor:
    """A prognostic factor of death.

    Attributes:
        name: of a property of the profile.
        category: value of the property, as text, at which it acts; empty for numbers.
        scale: ``category``, ``linear`` (per unit) or ``log`` (per unit of the logarithm).
        row: of the parameter table, a hazard relative to others.
        log_hazard: logarithm of the hazard ratio, there or per unit.
        low, high: limits of what was published for it.
        cut: value at which publications part patients; None for categories.
        source: where that is from.
        seen: what of the source was seen.
    """

    name: str
    category: str
    scale: str
    row: str
    log_hazard: float
    low: float
    high: float
    cut: float | None
    source: str
    seen: str

    def terms(self, values: NDArray[Any]) -> Floats:
        """Return its part of the logarithm of the hazard, before the mean is taken off."""
        if self.scale == "category":
            return np.asarray(self.log_hazard * (np.asarray(values).astype(str) == self.category))
        numbers = np.asarray(values, dtype=float)
        return np.asarray(self.log_hazard * (np.log(numbers) if self.scale == "log" else numbers))

    @property
    def mean(self) -> float:
        """Mean of `terms` in the population."""
        item = load_properties()[self.name]
        if self.scale == "category":
            return self.log_hazard * float(item.rows[self.category]["value"])
        (row,) = item.rows.values()
        middles = (np.arange(_POINTS) + 0.5) / _POINTS
        return float(self.terms(quantile(item.kind, shape_of(row), middles)).mean())


@cache
def load_factors() -> tuple[Factor, ...]:
    """Return the prognostic factors of the package.

    Raises:
        EvidenceError: a row is wrong; the message names file, line and column.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    return tuple(_read(row, f"{_FILE}:{reader.line_num}: {row['property']}") for row in reader)


def _read(row: Mapping[str, str], where: str) -> Factor:
    item = load_properties().get(row["property"])
    if item is None:
        raise EvidenceError(f"{where}: property: no patient has it")
    if row["scale"] not in _SCALES or (row["scale"] == "category") != (item.kind == "share"):
        raise EvidenceError(f"{where}: scale: {row['scale']!r} does not go with a {item.kind}")
    if row["scale"] == "category" and row["category"] not in item.rows:
        raise EvidenceError(f"{where}: category: {row['category']!r} is never drawn")
    try:
        parse_source(row["source"], row["confidence"])
        value, low, high = (float(row[name]) for name in ("log_hazard", "low", "high"))
        cut = float(row["cut"]) if row["cut"] else None
    except (ParameterError, ValueError) as error:
        raise EvidenceError(f"{where}: {error}") from None
    if not low <= value <= high:
        raise EvidenceError(f"{where}: log_hazard: {value:g} is not from low to high")
    return Factor(
        row["property"], row["category"], row["scale"], row["row"], value, low, high, cut,
        row["source"], row["seen"],
    )  # fmt: skip


@cache
def _means() -> tuple[float, ...]:
    return tuple(factor.mean for factor in load_factors())


def hazard_factors(profiles: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """Return what prognostic factors multiply a patient's hazard of death by.

    Args:
        profiles: property -> values, shape (n,); a factor whose property is missing does nothing.

    Returns:
        Row of the parameter table -> factor, shape (n,); 1 in the mean of the logarithms.
    """
    scores: dict[str, Floats] = {}
    for factor, mean in zip(load_factors(), _means(), strict=True):
        if factor.name in profiles:
            term = factor.terms(profiles[factor.name]) - mean
            scores[factor.row] = term + scores.get(factor.row, 0.0)
    return {row: np.exp(score) for row, score in scores.items()}
