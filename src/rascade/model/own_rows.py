"""Rows of the parameter table of a drug of the user's own, and what follows from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rascade.model.derivation import derive, rows_in
from rascade.own_drugs import Number, OwnDrug

__all__ = ["own_rows", "potency_symbols"]

#: A number that rises with potency, and what numbers that fall with it begin with.
_RISES = ("kinact_over_KI",)
_FALLS = ("KD_", "EC50")
#: Dissociation constants that say nothing of the potency of a class: of the carrier protein alone.
_NO_POTENCY = ("KD_CYPA",)


def potency_symbols(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return the numbers of a drug's potency among its symbols, rates before constants."""
    plain = [one for one in symbols if "[" not in one and one not in _NO_POTENCY]
    rates = tuple(one for one in plain if one in _RISES)
    return rates or tuple(one for one in plain if one.startswith(_FALLS))


def own_rows(drug: OwnDrug, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of the parameter table for a drug of one's own.

    Args:
        drug: which.
        table: the package's rows by name.

    Returns:
        Rows by name: what the file gives, the known drug's otherwise. What mice have of a number
        that the file gives moves with it, and so does what the table derives from it; plasma
        concentrations of side effects move as the file's ``anchors`` says.
    """
    start = f"{drug.like}."
    known = {name.removeprefix(start): row for name, row in table.items() if name.startswith(start)}
    found = {s: replace(row, name=f"{drug.name}.{s}", expression="") for s, row in known.items()}
    times = {number.symbol: _ratio(number, known[number.symbol]) for number in drug.numbers}
    for symbol, row in known.items():
        if symbol in times:
            continue
        if row.expression:
            found[symbol] = _derived(drug, row, found[symbol], times, table)
        elif symbol.startswith("C_"):
            found[symbol] = _anchor(drug, found[symbol], times)
    for number in drug.numbers:
        found[number.symbol] = _row(found[number.symbol], number)
        for symbol, row in found.items():
            if symbol.startswith(f"{number.symbol}[") and symbol not in times:
                found[symbol] = _moved(row, times[number.symbol], "moved with the number in people")
    return {row.name: row for row in found.values()}


def _derived(
    drug: OwnDrug, known: Any, row: Any, times: Mapping[str, float], table: Mapping[str, Any]
) -> Any:
    """Return a row that the table derives from others, some of which the drug has of its own."""
    start = f"{drug.like}."
    read = {name: table[name].value for name in rows_in(known.expression)}
    own = {n: n.removeprefix(start) for n in read if n.removeprefix(start) in times}
    if not own or not known.value:
        return row
    read |= {name: read[name] * times[symbol] for name, symbol in own.items()}
    ratio = derive(known.expression, read) / known.value
    return _moved(row, ratio, f"follows from {', '.join(sorted(own.values()))}")


def _anchor(drug: OwnDrug, row: Any, times: Mapping[str, float]) -> Any:
    """Return the plasma concentration of a side effect as the drug's ``anchors`` wants it."""
    if drug.anchors == "free" and times.get("fraction_unbound"):
        return _moved(row, 1.0 / times["fraction_unbound"], "the same unbound concentration")
    if drug.anchors == "potency":
        moved = [_constant(symbol, times[symbol]) for symbol in potency_symbols(times)]
        if moved and min(moved) > 0:
            factor = math.exp(sum(map(math.log, moved)) / len(moved))
            return _moved(row, factor, "moved with potency")
    return row


def _constant(symbol: str, times: float) -> float:
    """Return by how much the concentration that a potency stands for is moved."""
    return 1.0 / times if symbol in _RISES and times else times


def _moved(row: Any, times: float, how: str) -> Any:
    if times == 1.0:
        return row
    return replace(
        row, value=row.value * times, low=row.low * times, high=row.high * times, fitted="",
        source=f"assumed: {how}, times {times:.3g} ({row.source})", confidence="assumed",
    )  # fmt: skip


def _ratio(number: Number, before: Any) -> float:
    """Return a number over that of the known drug."""
    from rascade.model.model_units import to_model_units

    if not before.value:
        return 1.0
    # A molecular weight cancels where both have a mass; where one has none, 500 g/mol is near.
    one, other = (
        to_model_units(v, u, 500.0)
        for v, u in ((number.value, number.unit), (before.value, before.unit))
    )
    return one / other


def _row(before: Any, number: Number) -> Any:
    return replace(
        before, value=number.value, unit=number.unit, low=number.low, high=number.high,
        distribution="lognormal" if number.cv > 0 else "fixed", cv=number.cv, fitted="",
        source=number.source, confidence=number.confidence, description=number.description,
    )  # fmt: skip
