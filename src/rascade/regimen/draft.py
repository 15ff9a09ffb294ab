"""An order while it is read: its parts, where each was written, and how they fit together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rascade.regimen.complaints import at, wrong_unit
from rascade.regimen.parts import Amount, Schedule, Window
from rascade.regimen.rules import MAX_DAY
from rascade.regimen.words import ROUTES, route_of, unit_of
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from lark import Token, Tree

__all__ = ["TIME_HOURS", "Draft", "children", "place_of"]

#: Word for a time -> hours.
TIME_HOURS = {
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0),
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 168.0),
}


@dataclass(slots=True)
class Draft:
    """The parts of an order while it is read, and where in the text each was."""

    text: str
    parts: dict[str, Any] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def put(self, name: str, value: object, node: Tree[Token] | Token) -> None:
        """Keep a part; a second value for the same part is refused at its place."""
        place = place_of(node)
        if name in self.parts:
            raise at(f"the order says {_MEANING.get(name, name)} twice", self.text, place)
        self.parts[name], self.places[name] = value, place

    def number(self, token: Token) -> float:
        """Return the value of a number as written (``1,000`` is a thousand)."""
        text = str(token).replace("−", "-")
        if "," in text and not re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text):
            raise at("write a decimal point, not a comma", self.text, place_of(token))
        value = float(text.replace(",", "")) if len(text) <= 40 else math.inf
        if not math.isfinite(value):
            raise at("the number is too large", self.text, place_of(token))
        return value

    def whole(self, token: Token, what: str) -> int:
        """Return a whole number from 1 to `MAX_DAY`."""
        value = self.number(token)
        if value != int(value) or not 1 <= value <= MAX_DAY:
            message = f"{what} must be a whole number from 1 to {MAX_DAY}"
            raise at(message, self.text, place_of(token))
        return int(value)

    def hours(self, number: Token, unit: Token) -> float:
        """Return a time in hours."""
        factor = TIME_HOURS.get(str(unit).casefold())
        if factor is None:
            hint = did_you_mean(str(unit), ["min", "hours", "days", "weeks"])
            raise at(f"{str(unit)!r} is not a unit of time{hint}", self.text, place_of(unit))
        value = self.number(number)
        # Sixtieths are divided, not multiplied, so that 20 min is the nearest double to 1/3 h.
        return value / 60 if factor < 1 else value * factor

    def day_count(self, number: Token, unit: Token) -> int:
        """Return a time in whole days."""
        days = self.hours(number, unit) / 24
        if days != int(days) or not 1 <= days <= MAX_DAY:
            raise at("expected whole days or weeks, one or more", self.text, place_of(number))
        return int(days)

    def amount(self, node: Tree[Token]) -> Amount:
        """Return a dose with its unit in the normal spelling."""
        number, unit = children(node)
        spelled = unit_of(str(unit))
        if spelled is None:
            raise at(wrong_unit(str(unit)), self.text, place_of(unit))
        return Amount(self.number(number), spelled)

    def route(self, token: Token) -> str:
        """Return the route in its abbreviation."""
        route = route_of(str(token))
        if route is None:
            hint = did_you_mean(str(token), ROUTES, cutoff=0.5)
            listed = ", ".join(f"{name} {meaning}" for name, meaning in ROUTES.items())
            message = f"{str(token)!r} is not a route ({listed}){hint}"
            raise at(message, self.text, place_of(token))
        return route

    def finish(self, end: int) -> dict[str, Any]:
        """Return the fields of the order; `end` is where its text ends.

        Raises:
            RegimenError: the words contradict each other or one is missing.
        """
        parts = self.parts
        schedule = self._schedule(end)
        places = self.places
        places["schedule"] = places.get("days", places.get("interval", places.get("once", end)))
        start = parts.get("start_day", 1)
        window = parts.get("window")
        stop, count = parts.get("stop_day"), parts.get("max_doses")
        cycles: tuple[int, int | None] | None = parts.get("cycles")
        if "run_days" in parts:
            stop = self._only_end("run_days", start + parts["run_days"] - 1)
        if cycles is not None:
            length = self._days_of_cycles(cycles, schedule, window)
            stop = self._only_end("cycles", start + length - 1)
        return {
            "drug": parts["drug"],
            "dose": parts["dose"],
            "route": parts["route"],
            "schedule": schedule,
            "duration_h": parts.get("duration_h"),
            "loading": parts.get("loading"),
            "start_day": start,
            "stop_day": stop,
            "window": window,
            "max_doses": count,
        }

    def _only_end(self, name: str, stop: int) -> int:
        ends = [key for key in ("stop_day", "run_days", "cycles") if key in self.parts]
        if len(ends) > 1:
            later = max(self.places[key] for key in ends)
            raise at("the order says twice when it ends", self.text, later)
        self.places["stop_day"] = self.places[name]
        return stop

    def _schedule(self, end: int) -> Schedule:
        parts = self.parts
        days, once = parts.get("days"), "once" in parts
        within = parts.get("interval")
        cycle = parts.get("cycle_h", parts.get("of_days", 0) * 24) or None
        if days is None:
            return self._plain_schedule(within, cycle, once, end)
        if "cycle_h" in parts and "of_days" in parts and parts["cycle_h"] != parts["of_days"] * 24:
            message = f"the cycle has {parts['of_days']} days here and another length elsewhere"
            raise at(message, self.text, self.places["of_days"])
        if (cycle is None) != once:
            message = (
                "a repeated cycle and 'once' contradict each other"
                if once
                else "expected the length of the cycle, as in 'D1,8,15 Q28D' "
                "(or 'once' if the days are not repeated)"
            )
            raise at(message, self.text, self.places["once"] if once else end)
        if cycle is not None and cycle % 24:
            raise at("a cycle must have whole days", self.text, self.places["cycle_h"])
        hours = None if within == 24 else within
        return Schedule(hours, days, None if cycle is None else cycle // 24)

    def _plain_schedule(
        self, within: int | None, cycle: int | None, once: bool, end: int
    ) -> Schedule:
        if within is not None and cycle is not None:
            later = max(self.places["interval"], self.places["cycle_h"])
            message = "two frequencies; list the days, as in 'BID D1-14 Q28D'"
            raise at(message, self.text, later)
        interval = within or cycle
        if once and interval is not None:
            raise at("'once' and a frequency contradict each other", self.text, self.places["once"])
        if interval is None and not once:
            message = "expected how often (QD, BID, Q3W, D1,8,15 Q28D, once)"
            raise at(message, self.text, end)
        self.places.setdefault("interval", self.places.get("cycle_h", end))
        return Schedule(interval)

    def _days_of_cycles(
        self, cycles: tuple[int, int | None], schedule: Schedule, window: Window | None
    ) -> int:
        """Return how many days a number of cycles takes, time off between them included."""
        number, given = cycles
        period = given or schedule.period_days
        if window is not None and (schedule.cycle_days is None or given):
            # Without days of its own, one time on and off is the cycle.
            period = given or window.on_days + window.off_days
            return number * int(period)
        if period is None:
            message = "how long is a cycle? Write for example 'for 6 cycles of 28 days'"
            raise at(message, self.text, self.places["cycles"])
        length = number * period
        if window is not None:
            length += (number * period - 1) // window.on_days * window.off_days
        return int(length)


_MEANING = {
    "interval": "how often",
    "cycle_h": "how often",
    "days": "the days",
    "once": "'once'",
    "duration_h": "how long the infusion takes",
    "loading": "the loading dose",
    "window": "time on and time off",
    "start_day": "when to start",
    "stop_day": "when it ends",
    "run_days": "when it ends",
    "cycles": "when it ends",
    "max_doses": "the number of doses",
}


def children(node: Tree[Token]) -> list[Any]:
    """Return the tokens and trees below a node; the grammar says which stands where."""
    return list(node.children)


def place_of(node: Tree[Token] | Token) -> int:
    """Return the index of the first character of a token or a tree."""
    from lark import Token

    return int(node.start_pos or 0) if isinstance(node, Token) else int(node.meta.start_pos)
