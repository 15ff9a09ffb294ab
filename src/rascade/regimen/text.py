"""The canonical text of a regimen: one spelling for every meaning, which parses back to itself."""

from __future__ import annotations

from collections.abc import Iterable

from rascade.regimen.order import Order
from rascade.regimen.parts import Amount, Loading, Schedule, Window

__all__ = ["format_order", "format_regimen"]

_NAMED_HOURS = {24: "QD", 12: "BID", 8: "TID", 6: "QID", 48: "QOD", 168: "QW"}


def format_regimen(regimen: Iterable[Order]) -> str:
    """Return the canonical text; ``parse(format_regimen(r)) == r``. No orders are ``none``."""
    return " + ".join(format_order(order) for order in regimen) or "none"


def format_order(order: Order) -> str:
    """Return the canonical text of one order.

    >>> from rascade.regimen import parse
    >>> str(parse("Trametinib 2mg orally daily, 21 days on 7 days off", known_drugs=["trametinib"]))
    'trametinib 2 mg PO QD 3 weeks on 1 week off'
    """
    parts = [order.drug, _amount(order.dose), order.route]
    parts += _over(order.duration_h)
    parts += _schedule(order.schedule)
    parts += _loading(order.loading)
    parts += _window(order.window)
    if order.start_day != 1:
        parts.append(f"from day {order.start_day}")
    if order.stop_day is not None:
        parts.append(f"until day {order.stop_day}")
    if order.max_doses is not None:
        parts.append(f"for {_count(order.max_doses, 'dose')}")
    return " ".join(parts)


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    text = repr(float(value))
    return text.removesuffix(".0")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _amount(amount: Amount) -> str:
    return f"{_number(amount.value)} {amount.unit}"


def _over(hours: float | None) -> list[str]:
    if hours is None:
        return []
    if hours == 0:
        return ["bolus"]
    minutes = round(hours * 60)
    # Minutes only where they read back as exactly the same hours.
    if hours < 2 and minutes / 60 == hours and minutes != 60:
        return [f"over {minutes} min"]
    return [f"over {_number(hours)} h"]


def _interval(hours: int) -> str:
    if hours in _NAMED_HOURS:
        return _NAMED_HOURS[hours]
    for length, letter in ((168, "W"), (24, "D")):
        if hours % length == 0:
            return f"Q{hours // length}{letter}"
    return f"Q{hours}H"


def _day_list(days: tuple[int, ...]) -> str:
    """Return ``1,8,15`` or ``1-21``: runs of three days or more are written as ranges."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    pieces = [
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(str(day) for day in run) for run in runs
    ]
    return ",".join(pieces)


def _schedule(schedule: Schedule) -> list[str]:
    if not schedule.days:
        return ["once" if schedule.every_h is None else _interval(schedule.every_h)]
    parts = [] if schedule.every_h is None else [_interval(schedule.every_h)]
    parts.append(f"D{_day_list(schedule.days)}")
    parts.append("once" if schedule.cycle_days is None else f"Q{schedule.cycle_days}D")
    return parts


def _loading(loading: Loading | None) -> list[str]:
    if loading is None:
        return []
    return ["loading dose", _amount(loading.dose), *_over(loading.duration_h)]


def _window(window: Window | None) -> list[str]:
    if window is None:
        return []
    if window.on_days % 7 == 0 and window.off_days % 7 == 0:
        on, off, noun = window.on_days // 7, window.off_days // 7, "week"
    else:
        on, off, noun = window.on_days, window.off_days, "day"
    return [f"{_count(on, noun)} on {_count(off, noun)} off"]
