"""Mice: their body, and what human pharmacokinetics become in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from rascade.bench.cells import constant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import Assembly

__all__ = ["MICE", "has_mouse_rows", "scaled_pharmacokinetics"]

MICE: Final = ("mouse", "xenograft")
"""Settings of the model that are mice: with an immune system, and nude."""


def has_mouse_rows(assembly: Assembly, drug: str) -> bool:
    """Tell whether the parameter table has numbers of a drug for mice."""
    rows = assembly.composition.parameters.values()
    places = tuple(f"[{setting}]" for setting in MICE)
    return any(row.startswith(f"{drug}.") and row.endswith(places) for row in rows)


def scaled_pharmacokinetics(
    assembly: Assembly, found: Mapping[str, NDArray[np.float64]], shape: tuple[int, ...]
) -> dict[str, NDArray[np.float64]]:
    """Bring human clearances and volumes to a mouse, for drugs without numbers of their own.

    Args:
        assembly: the model.
        found: identifier -> values so far, in the model's units, of shape `shape`.
        shape: of what is returned.

    Returns:
        Identifier -> values in a mouse; clearances and volumes of those drugs only.
    """
    ratio = constant("mouse_weight") / constant("human_weight")
    scaled = {}
    for drug in assembly.drugs:
        if has_mouse_rows(assembly, drug.name):
            continue
        for identifier, row in assembly.composition.parameters.items():
            power = _allometric_power(assembly, row, drug.name)
            if power:
                human = found.get(identifier, np.full(shape, assembly.values[identifier]))
                scaled[identifier] = human * ratio**power
    return scaled


def _allometric_power(assembly: Assembly, row: str, drug: str) -> float:
    """Return the power of body weight that a drug's number follows; 0 for none."""
    from rascade.units import dimensions

    if not row.startswith(f"{drug}."):
        return 0.0
    powers = dict(dimensions(assembly.table[row].unit))
    if powers == {"[length]": 3.0}:
        return constant("volume_exponent")
    flows = ({"[length]": 3.0, "[time]": -1.0}, {"[mass]": 1.0, "[time]": -1.0})
    return constant("clearance_exponent") if powers in flows else 0.0
