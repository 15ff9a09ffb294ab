"""From orders to single doses: who gets what at which hour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rascade.errors import RegimenError
from rascade.regimen.order import Order
from rascade.regimen.parts import Schedule
from rascade.regimen.rules import MAX_DAY
from rascade.regimen.words import INFUSED_ROUTES
from rascade.text import did_you_mean

__all__ = ["MAX_DOSES", "DoseTable", "expand", "order_times"]

#: More doses than this for one patient are refused: hourly doses for twenty years.
MAX_DOSES = 200_000

Floats = NDArray[np.float64]
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class DoseTable:
    """Single doses in order of time; every array has one entry a dose.

    Attributes:
        drug: name of the drug.
        time_h: hours since the start of day 1.
        amount: what is given, in `unit`.
        unit: ``"mg"``, ``"cells"`` or ``"IU"``.
        route: a key of `rascade.regimen.words.ROUTES`.
        duration_h: infusion time in hours; 0 is at once.
    """

    drug: Names
    time_h: Floats
    amount: Floats
    unit: Names
    route: Names
    duration_h: Floats

    def __len__(self) -> int:
        return len(self.time_h)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DoseTable):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def amount_mg(self) -> Floats:
        """The amounts in mg.

        Raises:
            RegimenError: a dose is counted in cells or IU, which have no mass here.
        """
        other = self.unit != "mg"
        if other.any():
            first = int(np.argmax(other))
            raise RegimenError(f"{self.drug[first]} is given in {self.unit[first]}, not by mass")
        return self.amount

    def of(self, drug: str) -> DoseTable:
        """Return the doses of one drug.

        Raises:
            RegimenError: the drug is not in the table.
        """
        mask = self.drug == drug
        if not mask.any():
            raise RegimenError(f"no dose of {drug!r}{did_you_mean(drug, set(self.drug.tolist()))}")
        return self.take(np.flatnonzero(mask))

    def take(self, rows: NDArray[np.intp]) -> DoseTable:
        """Return the doses at these row numbers, in that order."""
        return DoseTable(*(getattr(self, name)[rows] for name in self.__slots__))


def expand(
    regimen: Iterable[Order],
    until_day: int,
    weight_kg: float,
    body_surface_m2: float,
    infusion_hours: Mapping[str, float],
) -> DoseTable:
    """Expand a regimen for one patient; see `Regimen.doses` for arguments and errors."""
    _check_patient(until_day, weight_kg, body_surface_m2, infusion_hours)
    pieces = [
        _order_doses(order, until_day, weight_kg, body_surface_m2, infusion_hours)
        for order in regimen
    ]
    if not pieces:
        empty, none = np.array([], dtype=np.str_), np.empty(0)
        return DoseTable(empty, none, none, empty, empty, none)
    table = DoseTable(
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in DoseTable.__slots__
        )
    )
    if len(table) > MAX_DOSES:
        raise RegimenError(f"{len(table)} doses until day {until_day}; at most {MAX_DOSES}")
    # A stable sort keeps orders written first first among doses of the same hour.
    return table.take(np.argsort(table.time_h, kind="stable"))


def order_times(order: Order, until_day: int) -> Floats:
    """Return the hours (0 is the start of day 1) of an order's doses, to the end of `until_day`."""
    last_day = until_day if order.stop_day is None else min(until_day, order.stop_day)
    start = (order.start_day - 1) * 24.0
    span = last_day * 24.0 - start
    if span <= 0:
        return np.empty(0)
    blocks = [offset + _pattern(order.schedule, length) for offset, length in _windows(order, span)]
    times = start + np.concatenate(blocks)
    return times if order.max_doses is None else times[: order.max_doses]


def _windows(order: Order, span: float) -> Iterator[tuple[float, float]]:
    """Yield start and length in hours of each stretch on treatment within `span` hours."""
    if order.window is None:
        yield 0.0, span
        return
    on, whole = order.window.on_days * 24.0, (order.window.on_days + order.window.off_days) * 24.0
    for index in range(math.ceil(span / whole)):
        yield index * whole, min(on, span - index * whole)


def _pattern(schedule: Schedule, length: float) -> Floats:
    """Return the hours of doses within `length` hours of the schedule's own start."""
    if not schedule.days:
        if schedule.every_h is None:
            return np.zeros(1)
        _refuse_flood(length / schedule.every_h)
        return np.arange(0.0, length, schedule.every_h, dtype=np.float64)
    within_day: Floats = np.arange(0.0, 24.0, schedule.every_h or 24)
    in_cycle: Floats = (24.0 * (np.array(schedule.days) - 1))[:, None] + within_day
    cycle_h = 24.0 * (schedule.cycle_days or MAX_DAY)
    cycles = math.ceil(length / cycle_h)
    _refuse_flood(cycles * in_cycle.size)
    starts = cycle_h * np.arange(cycles, dtype=np.float64)
    times: Floats = np.add.outer(starts, in_cycle.ravel()).ravel()
    return times[times < length]


def _refuse_flood(count: float) -> None:
    if count > MAX_DOSES:
        raise RegimenError(f"about {count:.0f} doses for one patient; at most {MAX_DOSES}")


def _check_patient(
    until_day: int, weight_kg: float, body_surface_m2: float, infusion_hours: Mapping[str, float]
) -> None:
    if not 1 <= until_day <= MAX_DAY:
        raise RegimenError(f"until_day is {until_day}; it must be from 1 to {MAX_DAY}")
    for name, value, unit in (("weight", weight_kg, "kg"), ("body surface", body_surface_m2, "m2")):
        if not (math.isfinite(value) and value > 0):
            raise RegimenError(f"a {name} of {value:g} {unit} cannot be; it must be above zero")
    for drug, hours in infusion_hours.items():
        if not (math.isfinite(hours) and hours >= 0):
            raise RegimenError(f"an infusion time of {hours:g} h for {drug} cannot be")


def _order_doses(
    order: Order,
    until_day: int,
    weight_kg: float,
    body_surface_m2: float,
    infusion_hours: Mapping[str, float],
) -> DoseTable:
    times = _kept_times(order, until_day)
    count = len(times)
    usual = infusion_hours.get(order.drug, 0.0) if order.route in INFUSED_ROUTES else 0.0
    duration = np.full(count, usual if order.duration_h is None else order.duration_h)
    amount = np.full(count, order.dose.total(weight_kg, body_surface_m2))
    if order.loading is not None and count:
        amount[0] = order.loading.dose.total(weight_kg, body_surface_m2)
        if order.loading.duration_h is not None:
            duration[0] = order.loading.duration_h
    drug, unit, route = (
        np.full(count, text) for text in (order.drug, order.dose.base_unit, order.route)
    )
    return DoseTable(drug, times.copy(), amount, unit, route, duration)


# Every patient of an arm has the same times, and is asked for them again at every visit.
_kept_times = lru_cache(maxsize=64)(order_times)
