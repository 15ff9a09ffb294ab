"""What stands after the route: how often, on which days, how long, from when until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from rascade.regimen.complaints import at
from rascade.regimen.draft import TIME_HOURS, Draft, children, place_of
from rascade.regimen.parts import Loading, Window
from rascade.regimen.rules import MAX_DAY
from rascade.regimen.words import FREQUENCY_HOURS
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from lark import Token, Tree

__all__ = ["read_clause"]


def read_clause(draft: Draft, node: Tree[Token]) -> None:
    """Add what one clause says to the draft."""
    _READERS[str(node.data)](draft, node)


def _over(draft: Draft, node: Tree[Token]) -> None:
    draft.put("duration_h", _infusion_hours(draft, node), node)


def _infusion_hours(draft: Draft, node: Tree[Token]) -> float:
    number, unit = children(node)
    hours = draft.hours(number, unit)
    if hours <= 0:
        message = "an infusion takes more than no time; write 'bolus' for none"
        raise at(message, draft.text, place_of(number))
    return hours


def _bolus(draft: Draft, node: Tree[Token]) -> None:
    draft.put("duration_h", 0.0, node)


def _frequency(draft: Draft, node: Tree[Token]) -> None:
    token = children(node)[0]
    hours = _frequency_hours(draft, token)
    # Up to a day apart is "within a day"; rarer may be the length of a cycle with listed days.
    draft.put("interval" if hours <= 24 else "cycle_h", hours, token)


def _frequency_hours(draft: Draft, token: Token) -> int:
    words = " ".join(str(token).casefold().split())
    named = FREQUENCY_HOURS.get(words)
    if named is not None:
        return named
    match = re.fullmatch(r"(?:q|every)\s*(\d+)\s*([a-z]+)", words)
    factor = TIME_HOURS.get(match.group(2)) if match else None
    if match is None or factor is None or factor < 1:
        shown = ["QD", "BID", "TID", "QID", "QOD", "QW", "Q12H", "Q2W", "Q3W", "Q28D"]
        hint = did_you_mean(str(token), shown, cutoff=0.5)
        if re.match(r"(twice|three times|four times) .*week", words):
            hint = "; list the days of the week, as in 'D1,4 Q7D'"
        message = f"{str(token)!r} is not a frequency; write QD, BID, Q12H, Q3W or days of a cycle"
        raise at(message + hint, draft.text, place_of(token))
    count = int(match.group(1)) if len(match.group(1)) <= 6 else 0
    if count < 1 or count * factor > MAX_DAY:
        raise at(f"nothing is given {str(token)!r}", draft.text, place_of(token))
    return int(count * factor)


def _days(draft: Draft, node: Tree[Token]) -> None:
    token, *of = children(node)
    days: list[int] = []
    for match in re.finditer(r"(\d+)(?:\s*[-–]\s*d?(\d+))?", str(token), re.IGNORECASE):
        first, last = (int(part[:7]) for part in (match.group(1), match.group(2) or match.group(1)))
        place = place_of(token) + match.start()
        if last < first or last > MAX_DAY:
            raise at(f"there are no days {first} to {last}", draft.text, place)
        days += range(first, last + 1)
    if len(set(days)) < len(days):
        twice = next(day for day in days if days.count(day) > 1)
        raise at(f"day {twice} is listed twice", draft.text, place_of(token))
    draft.put("days", tuple(sorted(days)), token)
    if of:
        draft.put("of_days", draft.whole(of[0], "the length of a cycle"), of[0])


def _once(draft: Draft, node: Tree[Token]) -> None:
    draft.put("once", True, node)


def _loading(draft: Draft, node: Tree[Token]) -> None:
    _, amount, *over = children(node)
    hours = _infusion_hours(draft, over[0]) if over else None
    draft.put("loading", Loading(draft.amount(amount), hours), amount)


def _window(draft: Draft, node: Tree[Token]) -> None:
    on, on_unit, off, off_unit = children(node)
    window = Window(draft.day_count(on, on_unit), draft.day_count(off, off_unit))
    draft.put("window", window, node)


def _start_day(draft: Draft, node: Tree[Token]) -> None:
    draft.put("start_day", draft.whole(children(node)[-1], "the first day"), node)


def _until(draft: Draft, node: Tree[Token]) -> None:
    draft.put("stop_day", draft.whole(children(node)[-1], "the last day"), node)


def _lasting(draft: Draft, node: Tree[Token]) -> None:
    number, unit, *of = children(node)
    word = str(unit).casefold()
    if word in {"cycle", "cycles"}:
        given = draft.day_count(of[0], of[1]) if of else None
        draft.put("cycles", (draft.whole(number, "the number of cycles"), given), node)
        return
    if of:
        raise at("only cycles have a length to be 'of'", draft.text, place_of(of[0]))
    if word in {"dose", "doses"}:
        draft.put("max_doses", draft.whole(number, "the number of doses"), node)
    elif word in TIME_HOURS:
        draft.put("run_days", draft.day_count(number, unit), node)
    else:
        hint = did_you_mean(word, ["cycles", "doses", "days", "weeks"])
        message = f"expected cycles, doses, days or weeks; found {str(unit)!r}{hint}"
        raise at(message, draft.text, place_of(unit))


def _times(draft: Draft, node: Tree[Token]) -> None:
    token = children(node)[0]
    digits = str(token)[1:].strip()
    count = int(digits) if len(digits) <= 6 else MAX_DAY + 1
    draft.put("max_doses", count, token)


_READERS: dict[str, Callable[[Draft, Tree[Token]], None]] = {
    "over": _over,
    "bolus": _bolus,
    "frequency": _frequency,
    "days": _days,
    "once": _once,
    "loading": _loading,
    "window": _window,
    "start_day": _start_day,
    "until": _until,
    "lasting": _lasting,
    "times": _times,
}
