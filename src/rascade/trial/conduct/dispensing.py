"""What patients are given between two visits: phases, dose levels, holds, missed doses.

Doses of a window of time are made for all patients at once. Each phase of treatment has its
orders, counted from the day on which the patient entered it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.own_drugs import like
from rascade.random_streams import uniform
from rascade.regimen.times import order_times
from rascade.regimen.words import INFUSED_ROUTES
from rascade.trial.conduct.dosing import dose_target, infusion_hours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from rascade.engine import Doses
    from rascade.model import Assembly
    from rascade.regimen import Amount, Order, Regimen

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["Dispenser"]

_HOURS_PER_DAY = 24.0
_SLACK_H = 1e-6


@dataclass(frozen=True)
class _Line:
    """An order of a phase, with what does not change: all its times, and whole doses."""

    order: Order
    drug: int
    target: str
    factor: float
    times: Floats
    amount: Floats
    first: Floats
    duration: float
    first_duration: float
    at_home: bool
    number: int


@dataclass
class Dispenser:
    """Give out doses of an arm.

    Args:
        assembly: model with the drugs of all phases.
        regimens: orders of each phase.
        profiles: ``weight_kg`` and ``body_surface_m2``, each of shape (n,).
        patients: (n,) patient numbers.
        seed: of the study.
        until_day: last day of the trial.
        adherence: share of the doses taken at home that are taken.

    Attributes:
        drugs: names, in the order of the arrays below.
        starts: first day of each window so far.
        last_dose: (drugs, n) hour of the last dose so far; NaN if none.

    Raises:
        UnsupportedFeature: a route or a unit of dose that the model does not have.
    """

    assembly: Assembly
    regimens: Sequence[Regimen]
    profiles: Mapping[str, NDArray[Any]]
    patients: NDArray[np.int64]
    seed: int
    until_day: int
    adherence: float = 1.0
    starts: list[float] = field(init=False, default_factory=list)
    last_dose: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.drugs = tuple(drug.name for drug in self.assembly.drugs)
        shape = (len(self.drugs), self.patients.size)
        self._given: list[Floats] = []
        self._planned: list[Floats] = []
        self.last_dose = np.full(shape, np.nan)
        hours = infusion_hours(self.assembly)
        numbers = iter(range(10_000))
        self._phases = [
            [self._line(order, hours, next(numbers)) for order in regimen.orders]
            for regimen in self.regimens
        ]

    def _line(self, order: Order, hours: Mapping[str, float], number: int) -> _Line:
        infused = order.route in INFUSED_ROUTES
        usual = hours.get(order.drug, 0.0) if infused else 0.0
        duration = usual if order.duration_h is None else order.duration_h
        loading = order.loading
        return _Line(
            order,
            self.drugs.index(order.drug),
            *dose_target(self.assembly, order),
            order_times(order, self.until_day),
            self._milligrams(order.dose),
            self._milligrams(loading.dose if loading else order.dose),
            duration,
            duration if loading is None or loading.duration_h is None else loading.duration_h,
            not infused,
            number,
        )  # fmt: skip

    @property
    def given_by_window(self) -> Floats:
        """(drugs, n, windows) milligrams given."""
        return self._stacked(self._given)

    @property
    def planned_by_window(self) -> Floats:
        """(drugs, n, windows) milligrams that full doses without holds would have been."""
        return self._stacked(self._planned)

    @property
    def given(self) -> Floats:
        """(drugs, n) milligrams given so far."""
        return np.asarray(self.given_by_window.sum(axis=2))

    @property
    def planned(self) -> Floats:
        """(drugs, n) milligrams that full doses without holds would have been so far."""
        return np.asarray(self.planned_by_window.sum(axis=2))

    def _stacked(self, windows: list[Floats]) -> Floats:
        return np.stack(windows, axis=2) if windows else np.zeros((*self.last_dose.shape, 0))

    def _milligrams(self, dose: Amount) -> Floats:
        """Return (n,) what each patient gets."""
        pairs = zip(self.profiles["weight_kg"], self.profiles["body_surface_m2"], strict=True)
        return np.array([dose.total(float(weight), float(surface)) for weight, surface in pairs])

    def window(
        self,
        start_day: float,
        end_day: float,
        phase: NDArray[np.int64],
        entered: Floats,
        share: Floats,
        ended: Flags,
    ) -> Doses:
        """Return the doses from one visit, included, to the next, not included.

        Args:
            start_day: of the window.
            end_day: of the window.
            phase: (n,) phase that each patient is in; -1 for no treatment.
            entered: (n,) day on which the patient entered it.
            share: (drugs, n) share of the full dose; 0 where a drug is held or stopped.
            ended: (drugs, n) drugs that were stopped, whose doses are planned no more.
        """
        from rascade.engine import Doses

        start, end = start_day * _HOURS_PER_DAY, end_day * _HOURS_PER_DAY
        self.starts.append(start_day)
        self._given.append(np.zeros(self.last_dose.shape))
        self._planned.append(np.zeros(self.last_dose.shape))
        pieces = []
        for index, lines in enumerate(self._phases):
            members = np.flatnonzero(phase == index)
            for offset in np.unique(entered[members]).tolist():
                who = members[entered[members] == offset]
                for line in lines:
                    piece = self._doses(
                        line, who, offset * _HOURS_PER_DAY, (start, end), share, ended
                    )
                    if piece is not None:
                        pieces.append(piece)
        return Doses.concat(pieces) if pieces else Doses.empty()

    def _doses(
        self,
        line: _Line,
        who: NDArray[np.intp],
        offset: float,
        span: tuple[float, float],
        share: Floats,
        ended: Flags,
    ) -> Doses | None:
        from rascade.engine import Doses

        start, end = span
        times = line.times + offset
        at = np.flatnonzero((times >= start - _SLACK_H) & (times < end - _SLACK_H))
        if not at.size or not who.size:
            return None
        full = np.where(at == 0, line.first[who, None], line.amount[who, None])  # (w, t)
        amount = full * share[line.drug, who][:, None] * self._taken(line, who, at)
        self._planned[-1][line.drug, who] += full.sum(axis=1) * ~ended[line.drug, who]
        self._given[-1][line.drug, who] += amount.sum(axis=1)
        hour = np.maximum(times[at], start)
        last = np.where(amount > 0, hour, -math.inf).max(axis=1)
        some = np.isfinite(last)
        self.last_dose[line.drug, who[some]] = last[some]
        row, column = np.nonzero(amount > 0)
        if not row.size:
            return None
        duration = np.where(at == 0, line.first_duration, line.duration)
        return Doses(
            who[row], hour[column], line.target, amount[row, column] * line.factor, duration[column]
        )

    def _taken(self, line: _Line, who: NDArray[np.intp], at: NDArray[np.intp]) -> Floats | float:
        """Return 1 where a dose at home is taken, 0 where it is forgotten; (w, t)."""
        if self.adherence >= 1.0 or not line.at_home:
            return 1.0
        stream, patients = f"adherence:{like(line.order.drug)}:{line.number}", self.patients[who]
        drawn = np.stack([uniform(self.seed, stream, patients, int(k)) for k in at], axis=1)
        return (drawn < self.adherence).astype(float)
