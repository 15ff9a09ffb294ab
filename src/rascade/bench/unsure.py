"""Parameter sets for the interval of an effect.

Every row of the parameter table that the model reads and that nobody has verified is drawn,
log-uniformly over a third of its range on the log scale: from a third of the way to its lower end
to a third of the way to its upper end. The whole range would hold many sets that no cell line
has; what ties parameters together is not known, so they are drawn independently. A range from
zero has no logarithm, and its lower end says that an effect may be absent or knocked out: such a
row is drawn as far below its value as above it, so that draws lie around the typical set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rascade.bench.draws import drawn_rows
from rascade.model import Assembly, Parameter, ParameterTable
from rascade.random_streams import uniform

__all__ = ["SHARE", "draw", "draw_row", "uncertain_rows"]

SHARE: Final = 1.0 / 3.0
# In a dish what is unbound inside cells equals the medium by definition: the unbound share and the
# ratio of cell to medium are reciprocal, and drawing both would count one uncertainty twice.
_TIED: Final = ".fraction_unbound"
#: Numbers that somebody read, at the source or in a work that uses it; all others are drawn.
_READ: Final = frozenset({"verified", "secondary"})


def uncertain_rows(assembly: Assembly, fixed: Collection[str]) -> list[str]:
    """Return the rows of the parameter table that are drawn for this model.

    Args:
        assembly: the model.
        fixed: rows that the experiment sets.
    """
    table = assembly.table
    return [
        name
        for name in drawn_rows(assembly, "parameters", fixed)
        if table[name].confidence not in _READ
        and table[name].value > 0  # a process that is switched off stays off
        and not (assembly.setting == "culture" and name.endswith(_TIED))
    ]


def draw_row(row: Parameter, seed: int, draws: int) -> NDArray[np.float64]:
    """Return values of one row in its unit, shape (draws + 1,), the typical one first.

    A draw depends on seed, row and its number alone, so that more draws hold fewer ones.
    """
    share = uniform(seed, f"claims:{row.name}", np.arange(draws, dtype=np.int64))
    high = row.value * (row.high / row.value) ** SHARE
    low = row.value * (row.low / row.value) ** SHARE if row.low > 0 else row.value**2 / high
    values = low * (high / low) ** share
    return np.concatenate([[row.value], values])


def draw(
    table: ParameterTable, rows: Iterable[str], seed: int, draws: int
) -> dict[str, NDArray[np.float64]]:
    """Return row -> values, see `draw_row`."""
    return {name: draw_row(table[name], seed, draws) for name in rows}
