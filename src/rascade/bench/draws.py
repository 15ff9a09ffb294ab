"""Parameter sets for the interval of a prediction, drawn from the parameter table."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from rascade.bench.readouts import find_row
from rascade.errors import InputError
from rascade.model import Assembly, Parameter, load_alleles
from rascade.patients.population import draw_parameters
from rascade.random_streams import uniform

__all__ = ["draw_rows", "drawn_rows"]

# Words of the table's column `source` that mark a number which is not uncertain: a definition.
_DEFINITIONS = (
    "definition:",
    "by definition",
    "unit of measure",
    "switch of the simulation",
    "definition of",
)


def _uncertain(row: Parameter) -> bool:
    defined = any(words in row.source for words in _DEFINITIONS)
    return row.low < row.high and (row.varies or not defined)


def drawn_rows(assembly: Assembly, uncertainty: str, fixed: Collection[str]) -> list[str]:
    """Return the rows of the parameter table that differ between draws.

    Args:
        assembly: the model.
        uncertainty: ``parameters``: every row with a range, definitions left out; ``cells``:
            every row with a distribution between patients.
        fixed: rows that the cells or the study set.
    """
    given = {*fixed, *next(iter(load_alleles().values())).values}
    held = {row for name in given for row in _forms(assembly, name)}
    rows = sorted({*assembly.composition.parameters.values()} - held)
    table = assembly.table
    if uncertainty == "cells":
        return [name for name in rows if table[name].varies and table[name].value > 0]
    return [name for name in rows if _uncertain(table[name])]


def _forms(assembly: Assembly, name: str) -> tuple[str, ...]:
    try:
        return (find_row(assembly.composition.parameters, name, assembly.setting)[0],)
    except InputError:  # not read by this model, so there is nothing to hold
        return ()


def draw_rows(
    assembly: Assembly, rows: Collection[str], uncertainty: str, seed: int, draws: int
) -> dict[str, NDArray[np.float64]]:
    """Draw values; the first of each is the typical one.

    A draw depends on seed, row and its number alone, so that more draws hold fewer ones.

    Args:
        assembly: the model.
        rows: which, from `drawn_rows`.
        uncertainty: ``parameters``: log-uniform from low to high (uniform where low is 0);
            ``cells``: the table's distribution between patients.
        seed: of the study.
        draws: how many beside the typical one.

    Returns:
        Row -> values in the table's unit, shape (draws + 1,).
    """
    numbers = np.arange(draws, dtype=np.int64)
    table = assembly.table
    if uncertainty == "cells":
        drawn = draw_parameters(
            table, sorted(rows), lambda name: uniform(seed, f"parameter:{name}", numbers)
        )
    else:
        drawn = {}
        for name in sorted(rows):
            row = table[name]
            share = uniform(seed, f"experiment:{name}", numbers)
            if row.low > 0:
                drawn[name] = row.low * (row.high / row.low) ** share
            else:
                drawn[name] = row.low + (row.high - row.low) * share
    return {name: np.concatenate([[table[name].value], values]) for name, values in drawn.items()}
