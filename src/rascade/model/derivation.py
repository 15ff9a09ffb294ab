"""Derived rows of the parameter table: what they follow from, as arithmetic that the loader does.

An expression holds numbers, ``+ - * / **``, other rows in braces (``{daraxonrasib.CL}``) and

- ``ln``, ``exp``, ``sqrt``;
- ``round(x, n)``: to n decimals, as the table prints it;
- ``absorption(tmax, k)``: rate of first-order absorption that puts the peak of one compartment,
  emptied at the rate k, at tmax: tmax = ln(ka / k) / (ka - k), the faster of the two;
- ``weight(C9H11F2N3O4)``: g/mol of a molecular formula, with standard atomic weights.
"""

from __future__ import annotations

import ast
import csv
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from rascade.errors import ParameterError
from rascade.model.mechanisms import data_file

__all__ = ["derive", "rows_in"]

_ROW = re.compile(r"\{([^{}]+)\}")
_OPERATORS: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def rows_in(expression: str) -> tuple[str, ...]:
    """Return the names of the rows that an expression reads."""
    return tuple(dict.fromkeys(_ROW.findall(expression)))


def derive(expression: str, values: Mapping[str, float]) -> float:
    """Return what an expression comes to.

    Args:
        expression: see the module.
        values: of the rows that it reads, in their own units.

    Raises:
        ParameterError: it cannot be read, or comes to no finite number.
    """
    names = rows_in(expression)
    text = _ROW.sub(lambda found: f"row_{names.index(found.group(1))}", expression)
    known = {f"row_{index}": values[name] for index, name in enumerate(names)}
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body, known)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise ParameterError(f"{expression!r} cannot be computed: {error}") from None
    if not math.isfinite(value):
        raise ParameterError(f"{expression!r} comes to {value}")
    return value


def _value(node: ast.expr, known: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, known)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, known), _value(node.right, known))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _called(node.func.id, node.args, known)
    raise ValueError(f"{ast.unparse(node)!r} is no arithmetic")


def _called(name: str, arguments: list[ast.expr], known: Mapping[str, float]) -> float:
    if name == "weight" and len(arguments) == 1 and isinstance(arguments[0], ast.Name):
        return _weight(arguments[0].id)
    function, count = _FUNCTIONS.get(name, (None, 0))
    if function is None or len(arguments) != count:
        raise ValueError(f"no function {name!r} of {len(arguments)} numbers")
    return function(*(_value(argument, known) for argument in arguments))


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
