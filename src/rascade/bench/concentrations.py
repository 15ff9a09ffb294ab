"""Concentrations as they are written in a methods section, and grids of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from rascade.errors import InputError
from rascade.text import did_you_mean

__all__ = ["MAX_POINTS", "concentration_text", "log_grid", "nanomolar"]

MAX_POINTS = 100
_MOLAR: Final = ("pM", "nM", "uM", "mM", "M")
_MASS: Final = ("pg/mL", "ng/mL", "ug/mL", "mg/mL", "ng/L", "ug/L", "mg/L", "g/L")
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*")
_TOO_MUCH_NM = 1e7  # 10 mM: beyond what dissolves in a dish


def _unit(text: str) -> str:
    """Return the normal spelling of a unit of concentration, or an empty text."""
    plain = text.replace("µ", "u").replace("μ", "u").replace("mcg", "ug")
    if plain in _MOLAR:
        return plain
    known = {unit.casefold(): unit for unit in (*_MOLAR[:3], *_MASS)}
    # "MM" could be milli or mega: only what cannot be misread is taken in another case.
    return known.get(plain.casefold(), "")


def nanomolar(text: object, molecular_weight: float | None = None) -> float:
    """Return a concentration in nM.

    Args:
        text: number and unit, such as ``100 nM``, ``0.5 µM`` or ``20 ng/mL``.
        molecular_weight: of the drug in g/mol, for units of mass.

    Raises:
        InputError: there is no unit, an unknown one, or a number that cannot be; with the mend.
    """
    from rascade.units import convert, convert_mass_to_amount

    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise InputError("expected a concentration such as 100 nM")
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise InputError(f"{str(text)!r} is not a concentration; write it like 100 nM")
    value, word = float(match.group(1)), match.group(2)
    if not word:
        raise InputError(f"{text} has no unit; write {match.group(1)} nM, or uM, mM, ng/mL")
    unit = _unit(word)
    if not unit:
        raise InputError(_unknown_unit(word))
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{text} is negative; a concentration is zero or more")
    if unit in _MOLAR:
        amount = convert(value, unit, "nM")
    elif molecular_weight is None:
        raise InputError(f"{text}: the drug's molecular weight is not known; give nM")
    else:
        amount = convert_mass_to_amount(value, unit, "nM", molecular_weight)
    if amount > _TOO_MUCH_NM:
        raise InputError(f"{text} is more than 10 mM, which no medium holds; check the unit")
    # 10 uM is 10000 nM, not 9999.999999999998.
    return float(f"{amount:.12g}")


def _unknown_unit(word: str) -> str:
    units = (*_MOLAR, *_MASS)
    hint = did_you_mean(word, units, cutoff=0.5) or f"; use {', '.join(units)}"
    return f"{word!r} is not a unit of concentration{hint}"


def concentration_text(value: float) -> str:
    """Return a concentration in nM as a reader writes it: ``100 nM``, ``1.5 uM``."""
    for unit, size in (("pM", 1e-3), ("nM", 1.0), ("uM", 1e3), ("mM", 1e6)):
        if value < size * 1000 or unit == "mM":
            return f"{value / size:.4g} {unit}"
    return f"{value:.4g} nM"


def log_grid(low: float, high: float, points: int) -> tuple[float, ...]:
    """Return concentrations spaced evenly on a log scale, both ends exactly included.

    Args:
        low: first, above zero.
        high: last, above `low`.
        points: how many, 2 or more.

    Raises:
        InputError: a number is out of range.
    """
    if low <= 0:
        raise InputError("from: must be above zero; a log scale has no zero (0 is always added)")
    if high <= low:
        raise InputError("to: must be above 'from'")
    if not 2 <= points <= MAX_POINTS:
        raise InputError(f"points: {points} must be 2 to {MAX_POINTS}")
    grid: Iterable[float] = np.logspace(math.log10(low), math.log10(high), points).tolist()
    inner = [float(f"{value:.6g}") for value in grid]
    return (low, *inner[1:-1], high)
