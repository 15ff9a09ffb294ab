"""The one unit registry, and conversions to the units that the model computes in.

The model computes in hours, nanomolar, nanomoles, litres, milligrams and cubic millimetres; the
parameter table and the evidence keep the units of their sources, and `convert` is the only bridge.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError

if TYPE_CHECKING:
    import pint

__all__ = [
    "DAYS_PER_MONTH",
    "convert",
    "convert_mass_to_amount",
    "dimensions",
    "is_unit",
    "registry",
]

#: A month of a trial: a year of 365.25 days divided by twelve.
DAYS_PER_MONTH = 30.4375


@cache
def registry() -> pint.UnitRegistry[float]:
    """Return the shared pint registry, with the field's own units added."""
    import pint

    units: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    units.define("cell = count")
    units.define("mutation = count")
    units.define("percent_of_baseline = 0.01 dimensionless")
    units.define("month_of_trial = 30.4375 * day = mo")
    units.define("megabase = 1e6 * count")
    units.define("percentage_point = 0.01 dimensionless")
    units.define("giga_per_liter = 1e9 / liter")  # cell counts in blood: 10^9/L
    return units


def _normalised(unit: str) -> str:
    text = unit.strip()
    if text in {"", "1", "unitless", "fraction", "ratio", "fold", "-"}:
        return "dimensionless"
    text = text.replace("10^9/L", "giga_per_liter").replace("percentage point", "percentage_point")
    return text.replace("µ", "u").replace("%", "percent").replace("^-", "**-").replace("^", "**")


@cache
def convert(value: float, unit: str, to: str) -> float:
    """Convert a number from one unit to another.

    Args:
        value: the number.
        unit: its unit, in the notation of the tables (``L/h``, ``1/(M*s)``, ``ng/mL``).
        to: the wanted unit.

    Raises:
        InputError: a unit is unknown, or the two do not measure the same thing.
    """
    import pint

    ureg = registry()
    try:
        quantity = ureg.Quantity(value, _normalised(unit))
        return float(quantity.to(_normalised(to)).magnitude)
    except pint.DimensionalityError as error:
        raise InputError(
            f"cannot turn {unit!r} into {to!r}: they measure different things"
        ) from error
    except (pint.UndefinedUnitError, pint.errors.DefinitionSyntaxError, TypeError) as error:
        raise InputError(f"unknown unit in {unit!r} or {to!r}: {error}") from error


@cache
def is_unit(unit: str) -> bool:
    """Tell whether a text is a unit that the registry knows."""
    import pint

    try:
        registry().parse_units(_normalised(unit))
    except (pint.UndefinedUnitError, pint.errors.DefinitionSyntaxError, TypeError, ValueError):
        return False
    return True


@cache
def dimensions(unit: str) -> tuple[tuple[str, float], ...]:
    """Return the base dimensions of a unit with their powers, e.g. ``(("[time]", -1.0),)``.

    Raises:
        InputError: the unit is unknown.
    """
    if not is_unit(unit):
        raise InputError(f"unknown unit {unit!r}")
    ureg = registry()
    found: Any = ureg.get_dimensionality(ureg.parse_units(_normalised(unit)))
    return tuple(sorted((str(name), float(power)) for name, power in found.items()))


@cache
def convert_mass_to_amount(value: float, unit: str, to: str, molecular_weight: float) -> float:
    """Convert a number whose unit holds a mass of a drug into a unit that holds an amount.

    Args:
        value: the number.
        unit: its unit, e.g. ``ug/h``.
        to: the wanted unit, e.g. ``nmol/h``.
        molecular_weight: of the drug, g/mol.

    Raises:
        InputError: the units do not fit even so.
    """
    powers = dict(dimensions(unit))
    mass = powers.get("[mass]", 0.0)
    ureg = registry()
    quantity = ureg.Quantity(value, _normalised(unit))
    quantity = quantity / ureg.Quantity(molecular_weight, "g/mol") ** mass
    try:
        magnitude: Any = quantity.to(_normalised(to)).magnitude
        return float(magnitude)
    except pint_dimensionality_error() as error:
        raise InputError(f"cannot turn {unit!r} into {to!r} with a molecular weight") from error


def pint_dimensionality_error() -> type[Exception]:
    """Return pint's error for units that do not fit (looked up late: pint is slow to import)."""
    import pint

    return pint.DimensionalityError
