"""Clearance and volumes of a drug of two compartments, from AUC and half-life as published.

Two numbers cannot say four. The known drug's shape is kept: how the drug spreads between the
compartments, relative to how it leaves. Clearances move by one factor, volumes by another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rascade.model.own_place import SPAN, Place
from rascade.own_drugs import Number

__all__ = ["TWO_COMPARTMENTS", "terminal_half_life", "two_compartments"]

TWO_COMPARTMENTS = ("CL", "Vc", "Q", "Vp")
_UNITS = {"CL": "L/h", "Q": "L/h", "Vc": "L", "Vp": "L"}
_SAME = 0.1


def terminal_half_life(clearance: float, central: float, between: float, other: float) -> float:
    """Return the half-life of the slower phase, h.

    Args:
        clearance: L/h.
        central: volume, L.
        between: clearance of distribution, L/h.
        other: peripheral volume, L.
    """
    out, there, back = clearance / central, between / central, between / other
    total = out + there + back
    slow = (total - math.sqrt(total**2 - 4 * out * back)) / 2
    return math.log(2) / slow


def two_compartments(
    parts: Mapping[str, tuple[float, str, str]],
    numbers: Mapping[str, Number],
    rows: Mapping[str, Any],
    at: Place,
) -> Iterator[Number]:
    """Yield what follows from AUC and half-life of a drug of two compartments.

    Args:
        parts: forms of the file in the units of `own_kinetics`, with source and confidence.
        numbers: that the file gives, by symbol.
        rows: of the known drug, by symbol.
        at: where the file is, for messages.

    Raises:
        InputError: forms contradict numbers, or say what two compartments cannot follow.
    """
    from rascade.units import convert

    for form in ("tmax", "cmax"):
        if form in parts:
            at.wrong(f"pharmacokinetics/{form}", "means nothing here; give ka as a number, or AUC")
    known = {s: convert(rows[s].value, rows[s].unit, _UNITS[s]) for s in TWO_COMPARTMENTS}
    given = {
        s: convert(numbers[s].value, numbers[s].unit, _UNITS[s])
        for s in TWO_COMPARTMENTS
        if s in numbers
    }
    clearance = given.get("CL", known["CL"])
    if "auc" in parts:
        wanted = parts["dose"][0] / parts["auc"][0]
        if "CL" in given and abs(given["CL"] / wanted - 1) > _SAME:
            at.wrong(
                "pharmacokinetics/auc",
                f"dose over AUC is {wanted:.3g} L/h, but CL is {given['CL']:.3g} L/h; "
                "leave one out",
            )
        clearance = wanted
        if "CL" not in given:
            yield _made("CL", wanted, rows, "dose over AUC", parts["auc"])
    if "half_life" in parts:
        yield from _spread(parts, given, known, rows, clearance, at)


def _spread(
    parts: Mapping[str, tuple[float, str, str]],
    given: Mapping[str, float],
    known: Mapping[str, float],
    rows: Mapping[str, Any],
    clearance: float,
    at: Place,
) -> Iterator[Number]:
    half = parts["half_life"][0]
    stated = [s for s in ("Vc", "Q", "Vp") if s in given]
    if stated:
        all_four = {**known, **given, "CL": clearance}
        hours = terminal_half_life(*(all_four[s] for s in TWO_COMPARTMENTS))
        if abs(hours / half - 1) > _SAME:
            at.wrong(
                "pharmacokinetics/half_life",
                f"{half:.3g} h, but {', '.join(stated)} make {hours:.3g} h; leave it out",
            )
        return
    faster = clearance / known["CL"]
    larger = faster * half / terminal_half_life(*(known[s] for s in TWO_COMPARTMENTS))
    how = "half-life, spread over two compartments as the known drug"
    for symbol, factor in (("Vc", larger), ("Q", faster), ("Vp", larger)):
        yield _made(symbol, known[symbol] * factor, rows, how, parts["half_life"])


def _made(
    symbol: str, value: float, rows: Mapping[str, Any], how: str, form: tuple[float, str, str]
) -> Number:
    row, (_, source, stated) = rows[symbol], form
    confidence = stated if stated in ("verified", "secondary", "recalled") else "assumed"
    return Number(
        symbol, value, _UNITS[symbol], value / SPAN, value * SPAN,
        0.0 if row.distribution == "fixed" else row.cv, f"assumed: {how} ({source})", confidence,
        row.description,
    )  # fmt: skip
