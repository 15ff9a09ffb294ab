"""Sets of parameters that the evidence leaves open: a member each, and what no trial has fitted.

The ensemble holds what trials say of its hyperparameters. Rows that it does not hold and that
nobody has verified are drawn as for the intervals of claims (`rascade.bench.unsure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.bench.unsure import draw_row, uncertain_rows
from rascade.model import assemble, load_table
from rascade.patients.hyperparameters import load_hyperparameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import ParameterTable
    from rascade.patients.hyperparameters import Ensemble

    Floats = NDArray[np.float64]

__all__ = ["Draws", "draw_sets"]


@dataclass(frozen=True)
class Draws:
    """Sets of parameters.

    Attributes:
        tables: k parameter tables.
        rows: row -> (k,) typical values in its unit; those that differ between sets.
        fitted: rows that the ensemble holds.
    """

    tables: tuple[ParameterTable, ...]
    rows: dict[str, Floats]
    fitted: frozenset[str]


def draw_sets(
    ensemble: Ensemble, drugs: tuple[str, ...], line: int, count: int, seed: int
) -> Draws:
    """Draw sets of parameters for the model of some drugs.

    Args:
        ensemble: of the population; its members are taken in turn, the central one left out.
        drugs: of the model.
        line: of treatment.
        count: k.
        seed: of the study.
    """
    base = load_table()
    members = ensemble.tables(base, line)[1:]
    held = frozenset(
        row for item in load_hyperparameters() if item.statistic == "median" for row in item.rows
    )
    model = assemble(drugs)
    open_rows = [row for row in uncertain_rows(model, ()) if row not in held]
    factors = {row: draw_row(base[row], seed, count)[1:] / base[row].value for row in open_rows}
    tables = []
    for k in range(count):
        member = members[k % len(members)]
        values = {row: member[row].value * float(factors[row][k]) for row in open_rows}
        tables.append(member.with_values(values))
    read = set(model.composition.parameters.values())
    rows = {
        row: np.array([table[row].value for table in tables])
        for row in sorted((held | set(open_rows)) & read)
    }
    rows = {row: values for row, values in rows.items() if values.std() > 1e-9 * abs(values.mean())}
    return Draws(tuple(tables), rows, held)
