"""The vocabulary of orders: units, routes, frequencies, and the help for a word that is wrong.

Spellings are those of prescriptions and of NCI protocols. ``IT`` is read as intratumoural, because
that is how the solid-tumour protocols of the evidence use it.
"""

from __future__ import annotations

__all__ = [
    "FREQUENCY_HOURS",
    "INFUSED_ROUTES",
    "ROUTES",
    "UNITS",
    "route_of",
    "unit_of",
]

#: Quantity word -> (amount that a dose table holds, how many of those one of it is).
UNITS: dict[str, tuple[str, float]] = {
    "g": ("mg", 1e3),
    "mg": ("mg", 1.0),
    "ug": ("mg", 1e-3),
    "ng": ("mg", 1e-6),
    "cells": ("cells", 1.0),
    "IU": ("IU", 1.0),
}
_UNIT_SPELLINGS = {
    "gram": "g",
    "grams": "g",
    "gm": "g",
    "mgs": "mg",
    "milligram": "mg",
    "milligrams": "mg",
    "µg": "ug",  # micro sign
    "μg": "ug",  # Greek mu
    "mcg": "ug",
    "microgram": "ug",
    "micrograms": "ug",
    "nanogram": "ng",
    "nanograms": "ng",
    "cell": "cells",
    "iu": "IU",
}
_PER_SPELLINGS = {
    "m2": "m2",
    "m²": "m2",
    "m^2": "m2",
    "m**2": "m2",
    "sqm": "m2",
    "bsa": "m2",
    "kg": "kg",
}

#: Route -> what it means, for messages and documentation.
ROUTES: dict[str, str] = {
    "PO": "by mouth",
    "IV": "into a vein",
    "SC": "under the skin",
    "IM": "into a muscle",
    "IT": "into the tumour",
    "IP": "into the peritoneum",
    "ID": "into the skin",
    "IA": "into an artery",
}
_ROUTE_SPELLINGS = {
    "oral": "PO",
    "orally": "PO",
    "intravenous": "IV",
    "intravenously": "IV",
    "subcutaneous": "SC",
    "subcutaneously": "SC",
    "subq": "SC",
    "sq": "SC",
    "intramuscular": "IM",
    "intramuscularly": "IM",
    "intratumoural": "IT",
    "intratumoral": "IT",
    "intraperitoneal": "IP",
    "intradermal": "ID",
    "intraarterial": "IA",
    "intra-arterial": "IA",
}
#: Routes by which a dose can be spread over a time.
INFUSED_ROUTES = frozenset({"IV", "SC", "IT", "IP", "IA"})

#: Frequency word -> hours between two doses.
FREQUENCY_HOURS: dict[str, int] = {
    "qd": 24,
    "daily": 24,
    "once daily": 24,
    "once a day": 24,
    "every day": 24,
    "bid": 12,
    "twice daily": 12,
    "twice a day": 12,
    "tid": 8,
    "three times daily": 8,
    "three times a day": 8,
    "qid": 6,
    "four times daily": 6,
    "four times a day": 6,
    "qod": 48,
    "every other day": 48,
    "qw": 168,
    "weekly": 168,
    "once weekly": 168,
    "once a week": 168,
    "every week": 168,
    "every other week": 336,
}


def route_of(word: str) -> str | None:
    """Return the route that a word means (``"orally"`` is ``"PO"``), or None."""
    upper = word.upper()
    return upper if upper in ROUTES else _ROUTE_SPELLINGS.get(word.casefold())


def unit_of(text: str) -> str | None:
    """Return the normal spelling of a unit of dose (``"µg/kg"`` is ``"ug/kg"``), or None."""
    quantity, slash, per = "".join(text.split()).partition("/")
    known = {unit.casefold(): unit for unit in UNITS} | _UNIT_SPELLINGS
    mass = known.get(quantity) or known.get(quantity.casefold())
    if mass is None or not slash:
        return mass
    divisor = _PER_SPELLINGS.get(per.casefold())
    return None if divisor is None else f"{mass}/{divisor}"
