"""Which orders cannot be given, and why: one small function a rule.

A rule looks at the parts of an order before the order exists, so that the parser can point at the
words that broke it. Rules are kept in the order in which a pharmacist would object.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rascade.regimen.parts import Amount, Loading, Schedule, Window
from rascade.regimen.words import INFUSED_ROUTES, ROUTES, UNITS

__all__ = ["DRUG_PATTERN", "MAX_DAY", "Fault", "find_fault"]

#: A drug's name ends before the first number that a unit (or nothing) follows: "RMC 6236 300 mg".
DRUG_PATTERN = (
    r"[^\s+;,][^+;\n]{0,79}?"
    r"(?=\s+[-−]?\.?\d[\d.,]*(?:[eE][-+]?\d+)?\s*(?:[A-Za-zµμ/]|$|[+;\n]))"
)
#: Study days are counted to a hundred years, so that a slip of the keyboard is refused.
MAX_DAY = 36525
#: The longest repeat: nothing in oncology is given less often than every two years.
MAX_PERIOD_DAYS = 731
#: No drug is given in more than 50 g at once; a larger number is a wrong unit (g for mg).
MAX_MASS_MG = 50_000.0
MAX_INFUSION_H = 28 * 24.0

_TYPICAL_SIZE = {"flat": 1.0, "m2": 1.7, "kg": 70.0}


@dataclass(frozen=True, slots=True)
class Fault:
    """Which part of an order cannot be (a field name of `Order`), and why."""

    field: str
    message: str


Parts = Mapping[str, Any]


def find_fault(parts: Parts) -> Fault | None:
    """Return the first reason why an order with these parts cannot be given, or None.

    Args:
        parts: the fields of `rascade.regimen.order.Order` by name, all of them.
    """
    for field, rule in _RULES:
        message = rule(parts)
        if message is not None:
            return Fault(field, message)
    return None


def _drug(parts: Parts) -> str | None:
    name: str = parts["drug"]
    match = re.match(DRUG_PATTERN, f"{name} 1 mg")
    if match is None or match.group() != name or name != " ".join(name.split()):
        return f"{name!r} cannot be a drug's name in an order"
    return None


def _amount(amount: Amount, what: str) -> str | None:
    unit, slash, per = amount.unit.partition("/")
    if unit not in UNITS or (slash and per not in {"m2", "kg"}):
        return f"{amount.unit!r} is not a unit of dose"
    if not math.isfinite(amount.value):
        return f"{what} is not a finite number"
    if amount.value <= 0:
        kind = "nothing" if amount.value == 0 else "less than nothing"
        return f"{what} of {amount.value:g} {amount.unit} would be {kind}; it must be above zero"
    mass = amount.value * UNITS[unit][1] * _TYPICAL_SIZE[amount.per]
    if amount.base_unit == "mg" and mass > MAX_MASS_MG:
        return f"{what} of {amount.value:g} {amount.unit} is over 50 g at once; check the unit"
    return None


def _dose(parts: Parts) -> str | None:
    return _amount(parts["dose"], "a dose")


def _loading(parts: Parts) -> str | None:
    loading: Loading | None = parts["loading"]
    if loading is None:
        return None
    if loading.dose.base_unit != parts["dose"].base_unit:
        return "the loading dose and the dose are counted in different things"
    return _amount(loading.dose, "a loading dose") or _infusion(parts, loading.duration_h)


def _route(parts: Parts) -> str | None:
    if parts["route"] not in ROUTES:
        return f"{parts['route']!r} is not a route; routes are {', '.join(ROUTES)}"
    return None


def _schedule(parts: Parts) -> str | None:
    schedule: Schedule = parts["schedule"]
    every, days, cycle = schedule.every_h, schedule.days, schedule.cycle_days
    if every is not None and (every != int(every) or not 0 < every <= MAX_PERIOD_DAYS * 24):
        return f"doses cannot come every {every:g} hours (whole hours, at most two years)"
    if cycle is not None and not 2 <= cycle <= MAX_PERIOD_DAYS:
        return f"a cycle cannot have {cycle} days (2 to {MAX_PERIOD_DAYS})"
    if cycle is not None and not days:
        return "a cycle needs the days on which doses are given"
    return _days(schedule) if days else None


def _days(schedule: Schedule) -> str | None:
    every, days, cycle = schedule.every_h, schedule.days, schedule.cycle_days
    if days[0] < 1:
        return "days are counted from 1; there is no day 0"
    if any(later <= earlier for earlier, later in pairwise(days)):
        return "the days of a cycle must rise, each of them once"
    if days[-1] > (cycle or MAX_PERIOD_DAYS):
        length = f"a {cycle}-day cycle" if cycle else f"{MAX_PERIOD_DAYS} days"
        return f"day {days[-1]} does not exist in {length}"
    if every is not None and (every >= 24 or 24 % every):
        return f"doses every {every:g} hours do not fit into the listed days"
    return None


def _infusion(parts: Parts, hours: float | None) -> str | None:
    if hours is None:
        return None
    if not (math.isfinite(hours) and 0 <= hours <= MAX_INFUSION_H):
        return f"an infusion cannot take {hours:g} hours (up to four weeks)"
    if parts["route"] not in INFUSED_ROUTES:
        return f"a dose given {parts['route']} is not infused over a time"
    gap = shortest_gap_h(parts["schedule"])
    if gap is not None and hours > gap:
        return (
            f"an infusion of {hours:g} hours is still running when the next dose "
            f"comes after {gap:g} hours"
        )
    return None


def _duration(parts: Parts) -> str | None:
    return _infusion(parts, parts["duration_h"])


def shortest_gap_h(schedule: Schedule) -> float | None:
    """Return the shortest time in hours between two doses, or None for a single dose."""
    if not schedule.days:
        return schedule.every_h
    if schedule.every_h is not None:
        return schedule.every_h
    days = schedule.days
    if schedule.cycle_days is not None:
        days = (*days, days[0] + schedule.cycle_days)
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return 24.0 * min(gaps) if gaps else None


def _window(parts: Parts) -> str | None:
    window: Window | None = parts["window"]
    schedule: Schedule = parts["schedule"]
    if window is None:
        return None
    if window.on_days < 1 or window.off_days < 1:
        return "time on and time off must both be at least one day"
    if max(window.on_days, window.off_days) > MAX_PERIOD_DAYS:
        return f"time on and time off can be at most {MAX_PERIOD_DAYS} days"
    if not schedule.repeats:
        return "a dose that is not repeated has no time on and off"
    if schedule.cycle_days is not None:
        return _window_of_cycles(window, schedule.cycle_days)
    return _window_of_interval(window, schedule.every_h or 24)


def _window_of_cycles(window: Window, cycle: int) -> str | None:
    if window.on_days % cycle == 0:
        return None
    return (
        f"time on ({window.on_days} days) and off overlap the {cycle}-day cycle; "
        "time on must be whole cycles"
    )


def _window_of_interval(window: Window, every: int) -> str | None:
    on_h, whole_h = window.on_days * 24, (window.on_days + window.off_days) * 24
    last = (math.ceil(on_h / every) - 1) * every
    if whole_h - last >= every:
        return None
    return (
        f"time on and off overlap the interval: the next time on would bring a dose after "
        f"{(whole_h - last) / 24:g} days, not after {every / 24:g}"
    )


def _start(parts: Parts) -> str | None:
    if not 1 <= parts["start_day"] <= MAX_DAY:
        return f"an order cannot start on day {parts['start_day']} (1 to {MAX_DAY})"
    return None


def _stop(parts: Parts) -> str | None:
    stop: int | None = parts["stop_day"]
    schedule: Schedule = parts["schedule"]
    if stop is None:
        return None
    if not schedule.repeats:
        return "doses that are not repeated need no end"
    if parts["max_doses"] is not None:
        return "two ends are given; keep the day or the number of doses"
    if stop > MAX_DAY:
        return f"an order cannot end on day {stop} (at most {MAX_DAY})"
    first = parts["start_day"] + (schedule.days[0] - 1 if schedule.days else 0)
    if stop < first:
        return f"the order ends on day {stop}, before its first dose on day {first}"
    return None


def _max_doses(parts: Parts) -> str | None:
    count: int | None = parts["max_doses"]
    if count is None:
        return None
    if not parts["schedule"].repeats:
        return "doses that are not repeated need no number"
    if not 1 <= count <= MAX_DAY:
        return f"an order cannot have {count} doses (1 to {MAX_DAY})"
    return None


_RULES: tuple[tuple[str, Callable[[Parts], str | None]], ...] = (
    ("drug", _drug),
    ("dose", _dose),
    ("route", _route),
    ("schedule", _schedule),
    ("duration_h", _duration),
    ("loading", _loading),
    ("window", _window),
    ("start_day", _start),
    ("stop_day", _stop),
    ("max_doses", _max_doses),
)
