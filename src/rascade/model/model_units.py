"""The units that the model counts in: hour, nanomole, litre, millimetre, cells."""

from __future__ import annotations

from functools import cache

from rascade.errors import InputError
from rascade.units import convert, convert_mass_to_amount, dimensions

__all__ = ["to_model_units"]


@cache
def _model_unit(unit: str, weighed: bool) -> str:
    """Return the model's unit for a source unit: its dimensions in hour, nmol, litre, mm, cells."""
    powers = dict(dimensions(unit))
    mass = powers.pop("[mass]", 0)
    if mass and not weighed:
        raise InputError(f"unit {unit!r} holds a mass; give molar units or a molecular weight")
    length = powers.pop("[length]", 0)
    parts = [f"nanomole**{powers.pop('[substance]', 0) + mass}", f"hour**{powers.pop('[time]', 0)}"]
    if length:
        parts.append(f"liter**{length / 3}" if length % 3 == 0 else f"millimeter**{length}")
    if powers:
        raise InputError(f"unit {unit!r} has dimensions that the model does not know: {powers}")
    return " * ".join(parts)


def to_model_units(value: float, unit: str, molecular_weight: float | None = None) -> float:
    """Convert a number from its table unit into the model's units.

    Args:
        value: the number.
        unit: its unit.
        molecular_weight: g/mol of the drug that it belongs to, for units that hold a mass.
    """
    target = _model_unit(unit, molecular_weight is not None)
    if molecular_weight is None:
        return convert(value, unit, target)
    return convert_mass_to_amount(value, unit, target, molecular_weight)
