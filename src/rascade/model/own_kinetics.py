"""Pharmacokinetics as publications have them: clearance, volume and absorption that follow.

Half-life, AUC of a dose, time of the peak; what contradicts the other numbers is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rascade.errors import InputError
from rascade.model.own_place import SPAN, Place
from rascade.model.own_two_compartments import TWO_COMPARTMENTS, two_compartments
from rascade.own_drugs import Number

__all__ = ["by_mouth", "kinetics"]

_FORMS = {
    "half_life": "h", "auc": "mg*h/L", "tmax": "h", "dose": "mg", "cmax": "mg/L", "F": "fraction",
}  # fmt: skip
#: Numbers that the model has divided by bioavailability where a drug is swallowed.
_VOLUMES = ("CL", "V", "Vc", "Q", "Vp")
_SAME = 0.1  # CL, V and half-life that differ by more contradict each other
_CMAX_WITHIN = 2.5  # a peak of a model of one compartment is no better than that

Numbers = Mapping[str, Number]
Rows = Mapping[str, Any]
Parts = Mapping[str, tuple[float, str, str]]


def by_mouth(
    given: Mapping[str, Any], numbers: Mapping[str, Number], rows: Rows, at: Place
) -> dict[str, Number]:
    """Return numbers as the model has them: clearances and volumes over bioavailability F.

    Without F in the file they are apparent ones already, as labels of tablets have them.
    """
    if "F" not in given:
        return dict(numbers)
    share, key = _form(given["F"], "F", "pharmacokinetics/", at)[0], "pharmacokinetics/F"
    if share > 1:
        at.wrong(key, f"{share:g} is more than 1; the share of a dose that reaches the blood")
    if "ka" not in rows:
        at.wrong(key, "this drug is not absorbed; leave F out")
    if not any(symbol in numbers for symbol in _VOLUMES):
        at.wrong(key, "F divides CL and volumes of the vein; give them as numbers, or leave F out")
    return {
        symbol: replace(
            one, value=one.value / share, low=one.low / share, high=one.high / share,
            source=f"{one.source}, over F = {share:g}",
        ) if symbol in _VOLUMES else one
        for symbol, one in numbers.items()
    }  # fmt: skip


def kinetics(given: Mapping[str, Any], numbers: Numbers, rows: Rows, at: Place) -> Iterator[Number]:
    """Yield clearance, volume and absorption from half-life, AUC and tmax of a dose."""
    before = "pharmacokinetics/"
    at.known(given, tuple(_FORMS), before)
    if not given:
        return
    one, two = {"CL", "V"} <= rows.keys(), set(TWO_COMPARTMENTS) <= rows.keys()
    if not (one or two) or "Vp2" in rows or "Vmax_elimination" in rows:
        fitting = ", ".join(name for name in rows if name in _VOLUMES or name == "ka")
        at.wrong(
            "pharmacokinetics",
            f"its kinetics are not of one or two compartments; give {fitting} as numbers",
        )
    parts = {key: _form(value, key, before, at) for key, value in given.items()}
    for needs, key in (("auc", "dose"), ("cmax", "dose")):
        if needs in parts and key not in parts:
            at.wrong(f"{before}{needs}", "of which dose? add dose")
    if two:
        yield from two_compartments(parts, numbers, rows, at)
        return
    clearance = _clearance(parts, numbers, rows, at)
    volume = _volume(parts, numbers, rows, clearance.value, at)
    made = [clearance, volume]
    if "tmax" in parts:
        made.append(_absorption(parts, rows, clearance.value / volume.value, at))
    ka = next((one.value for one in made if one.symbol == "ka"), None)
    if "cmax" in parts:
        known = numbers.get("ka")
        rate = ka or (_in(known, rows["ka"]) if known else rows["ka"].value)
        _check_peak(parts, clearance.value, volume.value, rate, at)
    yield from (one for one in made if one.source)


def _form(value: Any, key: str, before: str, at: Place) -> tuple[float, str, str]:
    """Return value in the unit of `_FORMS`, source and confidence of one form."""
    from rascade.units import convert, is_unit

    place = f"{before}{key}"
    if not isinstance(value, dict) or "value" not in value or "unit" not in value:
        at.wrong(place, 'write { value = ..., unit = "...", source = "..." }')
    number, unit = at.number(value["value"], place), value["unit"]
    if number == 0:
        at.wrong(place, "must be more than 0")
    if not isinstance(unit, str) or not is_unit(unit):
        at.wrong(place, f"unit: {unit!r} is no unit; as {_FORMS[key]}")
    try:
        number = convert(number, unit, _FORMS[key])
    except InputError:
        at.wrong(place, f"unit: {unit!r} measures something else than {_FORMS[key]}, which it must")
    source = value.get("source", "")
    if key != "dose" and (not isinstance(source, str) or not source.strip()):
        at.wrong(place, 'source: missing; where is the number from? "assumed: ..." is an answer')
    return number, str(source), str(value.get("confidence", "assumed"))


def _in(number: Number, row: Any) -> float:
    """Return a number of the file in the unit of the table."""
    from rascade.units import convert

    return convert(number.value, number.unit, row.unit)


def _follows(symbol: str, value: float, row: Any, how: str, confidence: str) -> Number:
    confidence = confidence if confidence in ("verified", "secondary", "recalled") else "assumed"
    return Number(
        symbol, value, row.unit, value / SPAN, value * SPAN,
        0.0 if row.distribution == "fixed" else row.cv, how, confidence, row.description,
    )  # fmt: skip


def _untouched(symbol: str, value: float, row: Any) -> Number:
    """Return a number that stays that of the known drug, without a source so that it is no news."""
    return Number(symbol, value, row.unit, row.low, row.high, row.cv, "", row.confidence, "")


def _clearance(parts: Parts, numbers: Numbers, rows: Rows, at: Place) -> Number:
    given = numbers.get("CL")
    if "auc" in parts:
        auc, source, confidence = parts["auc"]
        value = parts["dose"][0] / auc  # L/h
        if given is not None and abs(_in(given, rows["CL"]) / value - 1) > _SAME:
            at.wrong(
                "pharmacokinetics/auc",
                f"dose over AUC is {value:.3g} L/h, but CL is {given.value:g} {given.unit}; "
                "leave one out",
            )
        return _follows("CL", value, rows["CL"], f"assumed: dose over AUC ({source})", confidence)
    if given is not None:
        return _untouched("CL", _in(given, rows["CL"]), rows["CL"])
    return _untouched("CL", rows["CL"].value, rows["CL"])


def _volume(parts: Parts, numbers: Numbers, rows: Rows, clearance: float, at: Place) -> Number:
    given = numbers.get("V")
    if "half_life" in parts:
        half, source, confidence = parts["half_life"]
        value = clearance * half / math.log(2)
        if given is not None and abs(_in(given, rows["V"]) / value - 1) > _SAME:
            hours = math.log(2) * _in(given, rows["V"]) / clearance
            at.wrong(
                "pharmacokinetics/half_life",
                f"{half:.3g} h, but CL and V make {hours:.3g} h; leave one of the three out",
            )
        return _follows(
            "V",
            value,
            rows["V"],
            f"assumed: clearance times half-life over ln 2 ({source})",
            confidence,
        )
    if given is not None:
        return _untouched("V", _in(given, rows["V"]), rows["V"])
    return _untouched("V", rows["V"].value, rows["V"])


def _absorption(parts: Parts, rows: Rows, elimination: float, at: Place) -> Number:
    from scipy.optimize import brentq

    if "ka" not in rows:
        at.wrong("pharmacokinetics/tmax", "this drug is not absorbed from the gut")
    tmax, source, confidence = parts["tmax"]

    def late(ka: float) -> float:
        return float(math.log(ka / elimination) / (ka - elimination) - tmax)

    low, high = elimination * 1.0001, 100.0
    if late(low) < 0 or late(high) > 0:
        at.wrong(
            "pharmacokinetics/tmax",
            f"{tmax:g} h cannot be with an elimination of {elimination:.3g} per hour; it is less "
            f"than {1 / elimination:.3g} h",
        )
    return _follows(
        "ka",
        float(brentq(late, low, high)),
        rows["ka"],
        f"assumed: from tmax ({source})",
        confidence,
    )


def _check_peak(parts: Parts, clearance: float, volume: float, ka: float, at: Place) -> None:
    """Refuse a peak that clearance, volume and absorption cannot make."""
    k = clearance / volume
    when = math.log(ka / k) / (ka - k)
    peak = parts["dose"][0] / volume * ka / (ka - k) * (math.exp(-k * when) - math.exp(-ka * when))
    stated = parts["cmax"][0]
    if not 1 / _CMAX_WITHIN < peak / stated < _CMAX_WITHIN:
        at.wrong(
            "pharmacokinetics/cmax",
            f"{stated:.3g} mg/L after one dose, but the other numbers make {peak:.3g} mg/L; "
            "look at CL, V and units",
        )
