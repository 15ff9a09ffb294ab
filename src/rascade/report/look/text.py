"""Texts and numbers as a reader sees them: cleaned, rounded, never a NaN."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Any

__all__ = [
    "RIGHT_TO_LEFT",
    "clean",
    "escaped",
    "interval",
    "months_text",
    "number",
    "p_value",
    "percent",
    "plain",
    "power_of_ten",
]

# Letters of scripts that are written from right to left: Hebrew to Arabic Extended, their forms.
_LEFTWARDS = (
    "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff\u200c\u200d"
)
#: Pattern of a run of words of such a script.
RIGHT_TO_LEFT = rf"[{_LEFTWARDS}](?:[{_LEFTWARDS}\s\d.,:;/+-]*[{_LEFTWARDS}])?"
DASH = "–"
NOT_REACHED = "NR"


# Joiners have no shape of their own but shape the letters of Persian, of Indic scripts, and emoji.
_JOINERS = "\u200c\u200d"
_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def escaped(text: str) -> str:
    """Write characters that cannot be seen, or turn the direction of a line, as ``<U+202E>``.

    Line breaks and tabs stay. Two names that differ in such a character only still differ.
    """
    if text.isprintable():  # no character of another kind in it: true of nearly every text
        return text
    if "\n" in text:  # and of nearly every line of a page
        return "\n".join(map(escaped, text.split("\n")))
    return "".join(
        f"<U+{ord(c):04X}>"
        if c not in _JOINERS and c not in "\n\t" and unicodedata.category(c) in _UNSEEN
        else c
        for c in text
    )


def plain(value: object) -> str:
    """One line of text; see `escaped` for what cannot be seen."""
    return unicodedata.normalize("NFC", escaped(" ".join(str(value).split())))


def clean(value: object) -> str:
    """`plain` text of several lines, as figures show it."""
    return "\n".join(plain(line) for line in str(value).split("\n"))


def number(value: Any, digits: int = 3) -> str:
    """A number to some significant digits, in plain notation where that is readable."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else plain(value)
    if not math.isfinite(value):
        return "" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ").replace("-", "−")
    size = abs(value)
    if value == 0 or 1e-3 <= size < 1e5:
        decimals = 0 if value == 0 else max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        power = f"10{_superscript(int(exponent))}"
        text = power if float(mantissa) == 1 else f"{float(mantissa):g} × {power}"
    return text.replace("-", "−")


def power_of_ten(value: float) -> str:
    """A power of ten as ``10⁵``."""
    return f"10{_superscript(round(math.log10(value)))}"


def _superscript(value: int) -> str:
    return str(value).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _fixed(value: float | None, decimals: int, missing: str) -> str:
    if value is None or not math.isfinite(value):
        return missing
    return f"{value:.{decimals}f}"


def interval(
    limits: Sequence[float | None] | None, decimals: int = 1, missing: str = NOT_REACHED
) -> str:
    """``low–high``; a limit that is not known is `missing`, no limits at all an empty text."""
    if limits is None or all(x is None for x in limits):
        return ""
    low, high = (_fixed(x, decimals, missing) for x in limits)
    # A dash between negative numbers reads as one more minus.
    between = " to " if any(x is not None and x < 0 for x in limits) else DASH
    return f"{low}{between}{high}"


def percent(value: float | None, limits: Sequence[float | None] | None = None) -> str:
    """``35.0 % (17.2–55.7)``; an em dash where nothing is known."""
    if value is None:
        return "—"
    text = f"{value:.1f} %"
    return f"{text} ({interval(limits)})" if interval(limits) else text


def months_text(value: float | None, limits: Sequence[float | None] | None = None) -> str:
    """``8.5 (7.1–NR)``; NR where the median is not reached."""
    text = NOT_REACHED if value is None else f"{value:.1f}"
    return f"{text} ({interval(limits)})" if interval(limits) else text


def p_value(value: float | None) -> str:
    """``p = 0.03``, ``p < 0.001``, or an em dash."""
    if value is None or not math.isfinite(value):
        return "—"
    return (
        "p < 0.001" if value < 0.001 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"
    )
