"""What counts as a number in a model file.

libsbml takes the beginning of ``-0,5`` and of ``0x10`` for a number and drops the rest. A rate
constant that is silently 0 is worse than a refused file, so that numbers are looked at before.
"""

from __future__ import annotations

import math
import re

__all__ = ["attribute_problem", "cn_problem"]

_WHITE = " \t\r\n"  # what XML calls white space; Python's strip takes more
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_REAL = re.compile(_DECIMAL.pattern + r"(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_SPECIAL = frozenset({"INF", "-INF", "+INF", "NaN"})  # as XML Schema spells them

_NUMBERS = {
    "compartment": ("size", "spatialDimensions"),
    "species": ("initialAmount", "initialConcentration", "charge"),
    "parameter": ("value",),
    "localParameter": ("value",),
    "speciesReference": ("stoichiometry", "denominator"),
    "unit": ("exponent", "scale", "multiplier", "offset"),
}
_TRUTHS = {
    "compartment": ("constant",),
    "species": ("hasOnlySubstanceUnits", "boundaryCondition", "constant"),
    "parameter": ("constant",),
    "speciesReference": ("constant",),
    "reaction": ("reversible", "fast"),
    "event": ("useValuesFromTriggerTime",),
    "trigger": ("initialValue", "persistent"),
}


def cn_problem(kind: str, base: str, parts: list[str]) -> str:
    """Return what is wrong with the number in a ``<cn>``, or nothing.

    Args:
        kind: its type: real, integer, rational or e-notation.
        base: its base as written.
        parts: its text, cut at every ``<sep/>``.
    """
    if base.strip(_WHITE) != "10":
        return f"is written to base {base!r}; SBML knows base 10 only"
    wanted = _PARTS.get(kind)
    if wanted is None:
        return f"has the type {kind!r}; SBML knows {', '.join(_PARTS)}"
    texts = [part.strip(_WHITE) for part in parts]
    if len(texts) != len(wanted):
        return f"has {len(texts)} part{'s' * (len(texts) > 1)} where {kind} has {len(wanted)}"
    for text, (pattern, what) in zip(texts, wanted, strict=True):
        if not pattern.fullmatch(text):
            return f"holds {text!r:.60}, which is not {what}{_hint(text)}"
    if kind == "rational":
        return "divides by zero" if int(texts[1]) == 0 else ""
    return "" if math.isfinite(float("e".join(texts))) else "is too large for a double"


_PARTS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "real": ((_REAL, "a number"),),
    "integer": ((_INTEGER, "a whole number"),),
    "rational": ((_INTEGER, "a whole number"), (_INTEGER, "a whole number")),
    "e-notation": ((_DECIMAL, "a decimal number"), (_INTEGER, "a whole number")),
}


def attribute_problem(element: str, attributes: dict[str, str]) -> str:
    """Return what is wrong with the numbers and truth values of an SBML element, or nothing."""
    for name in _NUMBERS.get(element, ()):
        text = attributes.get(name, "0").strip(_WHITE)
        if not _REAL.fullmatch(text) and text not in _SPECIAL:
            return f"{name}={text!r:.60} of {_called(element, attributes)} is not a number" + (
                _hint(text)
            )
    for name in _TRUTHS.get(element, ()):
        text = attributes.get(name, "true").strip(_WHITE)
        if text not in {"true", "false", "1", "0"}:
            return f"{name}={text!r:.60} of {_called(element, attributes)} is not true or false"
    return ""


def _called(element: str, attributes: dict[str, str]) -> str:
    name = attributes.get("id") or attributes.get("species") or attributes.get("kind")
    return f"{element} {name!r}" if name else f"a {element}"


def _hint(text: str) -> str:
    if "," in text and _REAL.fullmatch(text.replace(",", ".")):
        return f"; write {text.replace(',', '.')}"
    if text.strip("+-").lower() in {"inf", "infinity"}:
        return "; write <infinity/> in a formula, INF in an attribute"
    if text.lower() == "nan":
        return "; write <notanumber/> in a formula, NaN in an attribute"
    return ""
