"""What a check reads, from its expression: panels to draw, and where its limits lie in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rascade.bench.questions.records import Check, Experiment
from rascade.expressions import Call, Name, Number, Part, parse, within

__all__ = ["ABSOLUTE", "BEFORE", "Mark", "Panel", "Reading", "mark", "panels_of_checks", "readings"]

#: What the values of a panel are relative to: before treatment, nothing, or a condition's name.
BEFORE: Final = "before"
ABSOLUTE: Final = "nothing"
_RELATIVE: Final = ("rel", "low", "high", "most", "least", "ic50", "ec50", "climb", "reach")
_PLAIN: Final = ("at", "area")
_POTENCY: Final = ("ic50", "ec50")
_MARKED: Final = ("rel", "low", "high", "most", "least", *_POTENCY)


@dataclass(frozen=True)
class Panel:
    """Curves of one read-out.

    Attributes:
        readout: what is read.
        conditions: of which conditions; all dose series or none of them.
        relative: ``before`` (hour 0 of the same dish), ``nothing`` (value in the model's unit), or
            the name of a condition that is read at the same hour.
        hour: of a dose-response curve.
    """

    readout: str
    conditions: tuple[str, ...]
    relative: str = BEFORE
    hour: float | None = None


@dataclass(frozen=True)
class Reading:
    """One call in an expression: ``function(readout, condition, *hours)``."""

    function: str
    readout: str
    condition: str
    hours: tuple[float, ...]


@dataclass(frozen=True)
class Mark:
    """The limits of a check, drawn into a panel.

    Attributes:
        readout: of the panel.
        condition: whose curve it is about.
        hours: from which hour to which a time course is held to the limits.
        low: lower limit, of the value or (`dose`) of the concentration.
        high: upper limit.
        dose: whether the limits are those of a concentration.
        value: published number; NaN if none.
    """

    readout: str
    condition: str
    hours: tuple[float, float]
    low: float
    high: float
    dose: bool
    value: float


def readings(effect: str) -> Iterator[Reading]:
    """Yield what an expression reads of courses; the outermost first."""
    for part in within(parse(effect)):
        reading = _reading(part)
        if reading is not None:
            yield reading


def _reading(part: Part) -> Reading | None:
    if not isinstance(part, Call) or part.name not in (*_RELATIVE, *_PLAIN):
        return None
    names = tuple(a.value for a in part.arguments if isinstance(a, Name))
    if len(names) != 2:
        return None
    hours = tuple(a.value for a in part.arguments if isinstance(a, Number))
    return Reading(part.name, *names, hours)


def panels_of_checks(experiment: Experiment) -> tuple[Panel, ...]:
    """Return one panel for every read-out, scale and hour that checks read."""
    members = {c.name: c.members for c in experiment.conditions}
    found: dict[tuple[str, str, float | None], list[str]] = {}
    for check in experiment.checks:
        for reading in readings(check.effect):
            relative = BEFORE if reading.function in _RELATIVE else ABSOLUTE
            hour = reading.hours[0] if members.get(reading.condition, 1) > 1 else None
            conditions = found.setdefault((reading.readout, relative, hour), [])
            if reading.condition not in conditions:
                conditions.append(reading.condition)
    return tuple(
        Panel(readout, tuple(name for name in members if name in conditions), relative, hour)
        for (readout, relative, hour), conditions in found.items()
    )


def mark(check: Check) -> Mark | None:
    """Return where the limits of a check lie; None unless it reads one curve and nothing else."""
    reading = _reading(parse(check.effect))
    if reading is None or reading.function not in _MARKED:
        return None
    potency = reading.function in _POTENCY
    hours = reading.hours if len(reading.hours) == 2 else reading.hours * 2
    return Mark(
        reading.readout, reading.condition, (hours[0], hours[1]),
        check.low, check.high, potency, check.value,
    )  # fmt: skip
