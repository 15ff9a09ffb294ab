"""Turning what the grammar refused into a sentence that points at the character."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rascade.errors import RegimenError
from rascade.regimen.names import DrugNames
from rascade.regimen.words import (
    FREQUENCY_HOURS,
    ROUTES,
    UNITS,
    route_of,
    unit_of,
)
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedInput

__all__ = ["at", "explain", "wrong_unit"]

_HOW_OFTEN = "how often (QD, BID, Q3W, D1,8,15 Q28D, once)"
_EXPECTED = {
    "DRUG": "a drug and its dose (such as: gemcitabine 1000 mg/m2)",
    "UNIT": "a unit of dose (mg, g, ug, mg/m2, mg/kg, cells, IU)",
    "ROUTE": f"a route ({', '.join(ROUTES)})",
    "TIME": "a unit of time (min, h, days, weeks)",
    "SPAN": "cycles, doses, days or weeks",
    "_ON": "'on', as in '4 weeks on 3 weeks off'",
    "_OFF": "'off', as in '4 weeks on 3 weeks off'",
    "NUMBER": "a number",
}
_CLAUSE_WORDS = (
    *(word for word in FREQUENCY_HOURS if " " not in word),
    "once",
    "over",
    "bolus",
    "loading dose",
    "from day",
    "until day",
    "for",
    "days",
)
_DOSE_UNITS = "mg, mg/m2, mg/kg, ug, g, cells, IU"
# First words of what may follow the route: the grammar takes them for a unit that is missing.
_AFTER_ROUTE = frozenset(
    {word.split()[0] for word in FREQUENCY_HOURS}
    | {word.split()[0] for word in _CLAUSE_WORDS}
    | {"q", "d", "day", "single", "starting", "start", "till"}
)
_LAST_DOSE = re.compile(r"[\d.,]+(?:e[-+]?\d+)?\s*([A-Za-zµμ]+(?:\s*/\s*[\w^*²]+)*)\s*$", re.I)
_UPPER = {"qd", "bid", "tid", "qid", "qod", "qw"}
_RANGE = re.compile(r"(?<![\w.-])\d[\d.]*\s*[-–]\s*\d[\d.]*\s*[A-Za-zµμ]")


def at(message: str, text: str, position: int) -> RegimenError:
    """Return an error that shows the line of `text` with a caret under `position`."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    # A long order is cut around the caret, so that the caret stays visible in a terminal.
    column, cut = position - start, max(0, position - start - 60)
    shown = ("…" if cut else "") + line[cut : cut + 100]
    return RegimenError(
        message, re.sub(r"\s", " ", shown), min(column - cut + bool(cut), len(shown))
    )


def explain(error: UnexpectedInput, text: str, known_drugs: DrugNames) -> RegimenError:
    """Return the error to show for what the grammar could not read.

    Args:
        error: what lark raised.
        text: the whole text.
        known_drugs: names of drugs, to find the place where a dose was forgotten.
    """
    position, expected = _where(error, text)
    word = _word_at(text, position)
    if "DRUG" in expected:
        return _no_drug_or_dose(text, position, known_drugs)
    if expected >= {"FREQUENCY", "DAYS"}:
        return at(_not_a_clause(text, word, position), text, position)
    if expected == {"ROUTE"}:
        dose = _LAST_DOSE.search(text[:position])
        if dose and unit_of(dose.group(1)) is None:
            return at(wrong_unit(dose.group(1)), text, dose.start(1))
    wanted = " or ".join(_EXPECTED[name] for name in sorted(expected) if name in _EXPECTED)
    found = f"found {word!r}" if word else "the order ends here"
    if word.casefold() in {"progression", "toxicity", "death"}:
        found = "treatment ends at progression without being told"
    return at(f"expected {wanted or 'something else'}; {found}", text, position)


def _where(error: UnexpectedInput, text: str) -> tuple[int, set[str]]:
    """Return the position of the refusal and the names of the terminals that would do."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if isinstance(error, UnexpectedToken):
        position = error.token.start_pos
        ended = error.token.type == "$END" or position is None
        return (len(text) if ended else int(position)), set(error.expected)
    if isinstance(error, UnexpectedCharacters):
        return int(error.pos_in_stream or 0), set(error.allowed)
    return len(text), set()


def _word_at(text: str, position: int) -> str:
    match = re.compile(r"[^\s+;]+|[+;]").match(text, position)
    return match.group()[:40] if match else ""


def _no_drug_or_dose(text: str, position: int, known_drugs: DrugNames) -> RegimenError:
    """Explain an order in which no dose could be found."""
    rest = re.split(r"[+;\n]|\band\b", text[position:], maxsplit=1)[0]
    if not rest.strip():
        return at(f"expected {_EXPECTED['DRUG']}", text, position)
    spread = _RANGE.search(rest)
    if spread:
        return at(
            "a range is not one dose; write the dose to give", text, position + spread.start()
        )
    if re.match(r"\s*[-−]?[\d.]", rest) and not re.match(r"\s*\d+-[A-Za-z]", rest):
        return at(f"expected {_EXPECTED['DRUG']} before the number", text, position)
    place = position + _end_of_name(rest, known_drugs)
    name = text[position:place].strip()
    return at(f"expected the dose of {name} and its unit, as in '300 mg'", text, place)


def _end_of_name(rest: str, known_drugs: DrugNames) -> int:
    """Return where a drug's name ends: at a known name, a route or a frequency, or at the end."""
    known = known_drugs.leading(rest)
    if known is not None:
        return len(known)
    for match in re.finditer(r"\S+", rest):
        word = match.group()
        if match.start() and (route_of(word) or word.casefold() in FREQUENCY_HOURS):
            return match.start()
    return len(rest.rstrip())


def _not_a_clause(text: str, word: str, position: int) -> str:
    """Explain a word after the route that means nothing there."""
    if not word:
        return f"expected {_HOW_OFTEN}"
    if re.match(r"[-−]?\d", word):
        return f"{word!r} does not belong here; expected {_HOW_OFTEN}"
    if unit_of(word) or route_of(word):
        return f"{word!r} is there already; expected {_HOW_OFTEN}"
    candidates = _shown(_CLAUSE_WORDS)
    hint = did_you_mean(word, candidates, cutoff=0.5)
    return f"{word!r} is not known here; expected {_HOW_OFTEN}{hint}"


def _shown(words: Iterable[str]) -> list[str]:
    return [word.upper() if word in _UPPER else word for word in words]


def wrong_unit(text: str) -> str:
    """Say what is wrong with a word that stands where the unit of a dose belongs."""
    if text.casefold() in {"gy", "cgy", "gray"}:
        return "radiotherapy is not modelled: no dose in gray can be given"
    first, *divisors = re.split(r"\s*/\s*", text)
    if len(divisors) > 1 or (divisors and divisors[0].casefold() in {"day", "d", "dose", "h"}):
        return f"{text!r}: write the dose of one administration, and how often after the route"
    if route_of(text) or text.casefold() in _AFTER_ROUTE:
        return f"the unit of the dose is missing ({_DOSE_UNITS}), as in '300 mg'"
    whole = [unit + per for per in ("", "/m2", "/kg") for unit in UNITS]
    hint = did_you_mean(text, whole) or did_you_mean(first, UNITS, cutoff=0.5)
    return f"{text!r} is not a unit of dose ({_DOSE_UNITS}){hint}"
