"""Derived rows of the parameter table: what they follow from, as arithmetic that the loader does.

An expression holds numbers, ``+ - * / **``, other rows in braces (``{daraxonrasib.CL}``) and

- ``ln``, ``exp``, ``sqrt``;
- ``round(x, n)``: to n decimals, as the table prints it;
- ``absorption(tmax, k)``: rate of first-order absorption that puts the peak of one compartment,
  emptied at the rate k, at tmax: tmax = ln(ka / k) / (ka - k), the faster of the two;
- ``weight(C9H11F2N3O4)``: g/mol of a molecular formula, with standard atomic weights.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from rascade.errors import ParameterError
from rascade.expressions import Call, ExpressionError, Language, Name, Part, Row, parse, within
from rascade.model.mechanisms import data_file

__all__ = ["derive", "rows_in"]


def rows_in(expression: str) -> tuple[str, ...]:
    """Return the names of the rows that an expression reads.

    Raises:
        ParameterError: it cannot be read.
    """
    try:
        parts = within(parse(expression))
    except ExpressionError as error:
        raise _wrong(expression, error) from None
    return tuple(dict.fromkeys(part.value for part in parts if isinstance(part, Row)))


def derive(expression: str, values: Mapping[str, float]) -> float:
    """Return what an expression comes to.

    Args:
        expression: see the module.
        values: of the rows that it reads, in their own units.

    Raises:
        ParameterError: it cannot be read, or comes to no finite number.
    """
    try:
        value = _Arithmetic(values).evaluate(expression)
    except ExpressionError as error:
        raise _wrong(expression, error) from None
    if not math.isfinite(value):
        raise ParameterError(f"{expression!r} comes to {value}")
    return float(value)


def _wrong(expression: str, error: ExpressionError) -> ParameterError:
    return ParameterError(f"{expression!r} cannot be computed: {error}")


class _Arithmetic(Language):
    """Arithmetic over rows of the table."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = values

    def other(self, part: Part) -> float:
        return self.values[part.value] if isinstance(part, Row) else float(super().other(part))

    def called(self, part: Call) -> float:
        match part:
            case Call(name="weight", arguments=[Name(value=formula)]):
                return float(self.applied(part.at, _weight, formula))
        function, count = _FUNCTIONS.get(part.name, (None, 0))
        if function is None or len(part.arguments) != count:
            given = len(part.arguments)
            raise ExpressionError(f"no function {part.name!r} of {given} numbers", part.at)
        return float(self.applied(part.at, function, *map(self.value, part.arguments)))


def _rounded(value: float, digits: float) -> float:
    return float(round(value, int(digits)))


def _absorption(tmax: float, k: float) -> float:
    """Solve tmax = ln(ka / k) / (ka - k) for the ka above 1 / tmax."""
    if not (tmax > 0 and 0 < k < 1 / tmax):
        raise ValueError(f"no absorption peaks at {tmax:g} when elimination has the rate {k:g}")
    low, high = 1 / tmax, 2 / tmax
    while math.log(high / k) / (high - k) > tmax:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if math.log(middle / k) / (middle - k) > tmax:
            low = middle
        else:
            high = middle
    return (low + high) / 2


_FUNCTIONS: Final[Mapping[str, tuple[Callable[..., float], int]]] = {
    "ln": (math.log, 1),
    "exp": (math.exp, 1),
    "sqrt": (math.sqrt, 1),
    "round": (_rounded, 2),
    "absorption": (_absorption, 2),
}


@cache
def _atomic_weights() -> Mapping[str, float]:
    rows = csv.DictReader(data_file("atomic_weights.csv").read_text(encoding="utf-8").splitlines())
    return {row["element"]: float(row["weight"]) for row in rows}


def _weight(formula: str) -> float:
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if "".join(element + count for element, count in parts) != formula:
        raise ValueError(f"{formula!r} is no molecular formula")
    unknown = next((element for element, _ in parts if element not in _atomic_weights()), None)
    if unknown is not None:
        raise ValueError(f"no atomic weight of {unknown!r} in atomic_weights.csv")
    return sum(_atomic_weights()[element] * int(count or 1) for element, count in parts)
