"""Virtual patients: a profile and a value for every parameter that differs between patients."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rascade.model import Assembly, ParameterTable, load_alleles
from rascade.own_drugs import origin
from rascade.patients.distributions import truncated_lognormal
from rascade.patients.escape import switches
from rascade.patients.prognosis import hazard_factors

__all__ = ["Effect", "Population", "draw_parameters", "engine_parameters", "load_effects"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a property of a patient does to a parameter.

    Attributes:
        property: of the profile.
        category: value of the property, as text, at which it acts; ``True`` for a yes.
        row: row of the parameter table.
        factor: that it is multiplied by there.
        source: where that is from.
    """

    property: str
    category: str
    row: str
    factor: float
    source: str


@cache
def load_effects() -> tuple[Effect, ...]:
    """Return what co-mutations and microsatellite instability do."""
    text = (files("rascade.patients") / "data" / "effects.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Effect(r["property"], r["category"], r["row"], float(r["factor"]), r["source"])
        for r in rows
    )


@dataclass(frozen=True)
class Population:
    """Virtual patients before anything is simulated.

    Attributes:
        patients: shape (n,), their numbers in the study.
        profiles: property -> values, shape (n,).
        parameters: row of the parameter table -> values in the table's unit, shape (n,).
    """

    patients: NDArray[np.int64]
    profiles: Mapping[str, NDArray[Any]]
    parameters: Mapping[str, NDArray[np.float64]]

    @property
    def size(self) -> int:
        """Number of patients."""
        return int(self.patients.size)


def draw_parameters(
    table: ParameterTable,
    rows: Sequence[str],
    numbers: Callable[[str], NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """Draw the parameters that differ between patients.

    Args:
        table: distributions.
        rows: which rows; those that do not vary are passed over.
        numbers: called with a row; returns one number in (0, 1) a patient, shape (n,).
    """
    drawn = {}
    for name in sorted(set(rows)):
        row = table[name]
        if row.varies and row.value > 0:
            drawn[name] = truncated_lognormal(
                numbers(origin(name)), row.value, row.cv, row.low, row.high
            )
    return drawn


def engine_parameters(assembly: Assembly, population: Population) -> dict[str, NDArray[np.float64]]:
    """Return the engine's per-patient parameters: drawn values, and what genes set.

    The KRAS allele sets the RAS cycle (``alleles.csv``), the ways of escape the switches of their
    clones (``escape.csv``); microsatellite instability and lost genes act through `load_effects`,
    prognostic factors of death through `rascade.patients.prognosis`.

    Returns:
        SBML identifier -> values in the model's units, shape (n,).
    """
    rows = {row: identifier for identifier, row in assembly.composition.parameters.items()}
    values = {
        rows[name]: drawn * assembly.scale(rows[name])
        for name, drawn in population.parameters.items()
        if name in rows
    }
    alleles = load_alleles()
    kras = population.profiles["kras_allele"]
    for name in next(iter(alleles.values())).values:
        if name in rows:
            values[rows[name]] = np.array([alleles[allele].values[name] for allele in kras])
    for row, switch in switches(population.profiles, rows).items():
        values[rows[row]] = switch
    for effect in load_effects():
        if effect.row in rows and effect.property in population.profiles:
            name = rows[effect.row]
            has = np.asarray(population.profiles[effect.property]).astype(str) == effect.category
            typical = np.full(population.size, assembly.values[name])
            values[name] = np.where(has, effect.factor, 1.0) * values.get(name, typical)
    for row, factor in hazard_factors(population.profiles).items():
        if row in rows:
            name = rows[row]
            values[name] = factor * values.get(
                name, np.full(population.size, assembly.values[name])
            )
    return values
