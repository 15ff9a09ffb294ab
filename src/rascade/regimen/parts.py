"""What an order is made of: amount, loading dose, schedule, and days on and off treatment."""

from __future__ import annotations

from dataclasses import dataclass

from rascade.regimen.words import UNITS

__all__ = ["Amount", "Loading", "Schedule", "Window"]


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
