"""One line of a prescription: a frozen record that holds only doses that can be given.

It checks itself on creation (`rascade.regimen.rules`), so that no impossible dose can exist,
whether it came from text, from a NONMEM data set or from Python.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from rascade.errors import RegimenError
from rascade.regimen.parts import Amount, Loading, Schedule, Window
from rascade.regimen.rules import find_fault

__all__ = ["Order"]


@dataclass(frozen=True, slots=True)
class Order:
    """One drug, one dose, one route, one schedule.

    Attributes:
        drug: international non-proprietary name.
        dose: every dose, or every dose after the loading dose.
        route: a key of `rascade.regimen.words.ROUTES`.
        schedule: when doses fall.
        duration_h: infusion time in hours; 0 is a bolus, None leaves it to the drug's usual time.
        loading: a different first dose.
        start_day: study day (1 is the first) on which the schedule starts.
        stop_day: last study day on which a dose may fall; None is without end.
        window: days on and days off.
        max_doses: number of doses after which the order ends.

    Raises:
        RegimenError: the doses cannot be given; the message says why.
    """

    drug: str
    dose: Amount
    route: str
    schedule: Schedule
    duration_h: float | None = None
    loading: Loading | None = None
    start_day: int = 1
    stop_day: int | None = None
    window: Window | None = None
    max_doses: int | None = None

    def __post_init__(self) -> None:
        fault = find_fault({field.name: getattr(self, field.name) for field in fields(self)})
        if fault is not None:
            raise RegimenError(f"{self.drug}: {fault.message}")
