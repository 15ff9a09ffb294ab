"""What an order is: frozen records that hold only doses that can be given.

A `Regimen` is a tuple of `Order`; an `Order` is one line of a prescription. Every record checks
itself on creation (`rascade.regimen.rules`), so that no impossible dose can exist, whether it came
from text, from a NONMEM data set or from Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from rascade.errors import RegimenError
from rascade.regimen.words import UNITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rascade.regimen.times import DoseTable

__all__ = ["Amount", "Loading", "Order", "Regimen", "Schedule", "Window"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A dose as ordered.

    Attributes:
        value: the number before the unit.
        unit: ``mg``, ``g``, ``ug``, ``ng``, ``cells`` or ``IU``, alone or with ``/m2`` or ``/kg``.
    """

    value: float
    unit: str

    @property
    def per(self) -> str:
        """What the dose is counted by: ``"flat"``, ``"m2"`` or ``"kg"``."""
        return self.unit.partition("/")[2] or "flat"

    @property
    def base_unit(self) -> str:
        """The unit of `total`: ``"mg"`` for every mass, else ``"cells"`` or ``"IU"``."""
        return UNITS[self.unit.partition("/")[0]][0]

    def total(self, weight_kg: float, body_surface_m2: float) -> float:
        """Return what one patient gets, in `base_unit`.

        Args:
            weight_kg: body weight in kg; NumPy arrays of patients work too.
            body_surface_m2: body surface in m².
        """
        factor = UNITS[self.unit.partition("/")[0]][1]
        size = {"flat": 1.0, "kg": weight_kg, "m2": body_surface_m2}[self.per]
        return self.value * factor * size


@dataclass(frozen=True, slots=True)
class Loading:
    """A first dose that differs from the following ones.

    Attributes:
        dose: the first dose.
        duration_h: its infusion time in hours; None takes that of the order.
    """

    dose: Amount
    duration_h: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days on treatment and days off, again and again; every window starts with a dose."""

    on_days: int
    off_days: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When doses fall, counted from the first day of the order.

    Attributes:
        every_h: whole hours between two doses; with `days`, between the doses of one day (None
            is one dose on each of the days).
        days: days of the cycle (1 is the first) on which doses are given; empty is every day that
            `every_h` reaches.
        cycle_days: length of the cycle in days; None with `days` means that the cycle is not
            repeated.

    With neither `every_h` nor `days` one single dose is given.
    """

    every_h: int | None = None
    days: tuple[int, ...] = ()
    cycle_days: int | None = None

    @property
    def repeats(self) -> bool:
        """Whether doses go on until something ends them."""
        return self.cycle_days is not None or (self.every_h is not None and not self.days)

    @property
    def period_days(self) -> float | None:
        """Length in days of what a clinician calls one cycle, or None where there is none."""
        if self.cycle_days is not None:
            return self.cycle_days
        weekly_or_rarer = self.every_h is not None and not self.days and self.every_h >= 168
        return self.every_h / 24 if weekly_or_rarer and self.every_h is not None else None


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
        from rascade.regimen.rules import find_fault

        fault = find_fault({field.name: getattr(self, field.name) for field in fields(self)})
        if fault is not None:
            raise RegimenError(f"{self.drug}: {fault.message}")

    def times_h(self, until_day: int) -> NDArray[np.float64]:
        """Return the hours (0 is the start of day 1) of the doses of days 1 to `until_day`."""
        from rascade.regimen.times import order_times

        return order_times(self, until_day)


@dataclass(frozen=True, slots=True)
class Regimen:
    """The orders of one arm, given together.

    Attributes:
        orders: in the order they were written; empty is no treatment.

    Raises:
        RegimenError: the same order is there twice.
    """

    orders: tuple[Order, ...] = ()

    def __post_init__(self) -> None:
        for index, order in enumerate(self.orders):
            if order in self.orders[:index]:
                raise RegimenError(
                    f"{order.drug}: the same order is written twice; "
                    "write the dose that is meant once"
                )

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders)

    def __str__(self) -> str:
        from rascade.regimen.text import format_regimen

        return format_regimen(self)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs, each once, in the order of first mention."""
        return tuple(dict.fromkeys(order.drug for order in self.orders))

    def doses(
        self,
        until_day: int,
        weight_kg: float,
        body_surface_m2: float,
        infusion_hours: Mapping[str, float] | None = None,
    ) -> DoseTable:
        """Expand the orders into single doses for one patient.

        Args:
            until_day: last study day to include (1 or more).
            weight_kg: body weight in kg, for doses per kg.
            body_surface_m2: body surface in m², for doses per m².
            infusion_hours: usual infusion time of a drug in hours, for infused orders that do not
                say ``over``; a drug that is not in it is given at once.

        Returns:
            Every dose, in order of time.

        Raises:
            RegimenError: a number is not positive, or there would be more doses than
                `rascade.regimen.times.MAX_DOSES`.
        """
        from rascade.regimen.times import expand

        return expand(self, until_day, weight_kg, body_surface_m2, infusion_hours or {})
