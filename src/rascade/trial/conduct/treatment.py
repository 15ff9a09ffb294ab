"""Treatment of an arm's patients: phases, doses, side effects, and what the protocol decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rascade.random_streams import exponential, uniform
from rascade.trial.assessment.adverse_events import EventLog
from rascade.trial.assessment.conduct_table import load_conduct
from rascade.trial.assessment.ctcae import modelled_terms
from rascade.trial.conduct.dispensing import Dispenser
from rascade.trial.conduct.dose_rules import Conduct, Readings
from rascade.trial.design.phases import ASSIGNED
from rascade.trial.records import (
    ADVERSE_EVENT,
    DEATH,
    DROPOUT,
    END_REASONS,
    PROGRESSION,
    Safety,
)
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rascade.engine import Simulation
    from rascade.model import Assembly
    from rascade.patients import Cohort
    from rascade.trial.design.spec import ArmSpec

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["END_REASONS", "Safety", "Treatment"]

HOURS_PER_DAY = 24.0
_OFF = -1
# A second progression, in a later phase, by the limits of RECIST 1.1 against the phase's own nadir.
_GROWTH, _GROWTH_MM = 1.2, 5.0


class Treatment:
    """The patients of one arm on treatment.

    Args:
        arm: its specification.
        assembly: model with the drugs of all its phases.
        cohort: the patients.
        seed: of the study.
        until_day: last day of the trial.
    """

    def __init__(
        self, arm: ArmSpec, assembly: Assembly, cohort: Cohort, seed: int, until_day: float
    ) -> None:
        self.arm, self.assembly = arm, assembly
        population = cohort.population
        self.patients, n = population.patients, population.size
        self.until_day = until_day
        self.terms = modelled_terms(assembly, arm.protocol.ctcae)
        self.signals = tuple(dict.fromkeys(term.signal for term in self.terms))
        self.dispenser = Dispenser(
            assembly,
            [phase.regimen for phase in arm.course],
            population.profiles,
            self.patients,
            seed,
            math.ceil(until_day),
            arm.protocol.adherence,
        )
        self.phase = np.zeros(n, dtype=np.int64)
        self.entered = np.zeros(n)
        self.phase_nadir = np.full(n, np.inf)
        self.end_day = np.full(n, np.nan)
        self.end_reason = np.full(n, "", dtype="<U40")
        # Crossover or rescue is the last phase; all phases before it are the assigned treatment.
        self.other = next(
            (k for k, phase in enumerate(arm.course) if phase.role != ASSIGNED), len(arm.course)
        )
        self.other_day = np.full(n, np.nan)
        self.other_end_day = np.full(n, np.nan)
        self.other_end_reason = np.full(n, "", dtype="<U40")
        hazard = arm.protocol.dropout_per_month / DAYS_PER_MONTH
        self.dropout_day = (
            exponential(seed, "dropout", self.patients) / hazard if hazard else np.full(n, np.inf)
        )
        share = arm.protocol.dropouts_followed
        self.survival_followed = np.isinf(self.dropout_day) | (
            uniform(seed, "survival follow-up", self.patients) < share
        )
        self.seed = seed

    @property
    def lost_day(self) -> Floats:
        """(n,) day from which nothing is known of a patient, not even death; infinite if never."""
        return np.where(self.survival_followed, np.inf, self.dropout_day)

    def start(self, simulation: Simulation) -> None:
        """Read the grades before treatment."""
        before = {name: simulation.value(name) for name in self.signals}
        baseline = {term.name: term.grade(before[term.signal]) for term in self.terms}
        self.log = EventLog(self.terms, self.patients, self.seed, baseline)
        self.conduct = Conduct(
            self.assembly, self.arm.protocol, self.terms, self.log, self.arm.name
        )
        self._forget()

    def _forget(self) -> None:
        """Begin to collect what the next visit looks back on."""
        n = self.patients.size
        self._now = {term.name: np.zeros(n, np.int8) for term in self.terms}
        self._worst = dict(self._now)
        self._values: dict[str, list[Floats]] = {name: [] for name in self.signals}

    @property
    def treated(self) -> Flags:
        """(n,) patients who are on a phase of treatment, held drugs included."""
        return self.phase > _OFF

    def doses(self, day: float, until: float, simulation: Simulation) -> None:
        """Give the doses from a visit to the next."""
        conduct = self.conduct
        window = self.dispenser.window(
            day, until, self.phase, self.entered, conduct.share, conduct.stopped
        )
        simulation.set_doses(window)

    def read(self, days: Floats, values: Mapping[str, Floats]) -> None:
        """Read the signals of side effects between two pauses.

        Args:
            days: (T,).
            values: signal -> (n, T) values on these days.
        """
        if not self.terms:
            return
        now, worst = self.log.read(days, values, self._counted(days))
        self._now = now
        self._worst = {name: np.maximum(self._worst[name], worst[name]) for name in worst}
        for name, column in values.items():
            self._values[name].append(column)

    def _counted(self, days: Floats) -> Flags:
        """Tell on which days a new event counts: from the first dose to 30 days after the last."""
        window = load_conduct()["reporting_window"].value
        last = np.nan_to_num(self.dispenser.last_dose, nan=-np.inf)
        last = last.max(axis=0, initial=-np.inf) / HOURS_PER_DAY
        gone = self.dropout_day[:, None] <= days
        return np.asarray((days <= last[:, None] + window) & ~gone)

    def leave(self, day: float, death_day: Floats) -> None:
        """End the treatment of those who have died or left.

        Args:
            day: up to which deaths are known.
            death_day: (n,) infinite where not reached.
        """
        for reason, when in ((DEATH, death_day), (DROPOUT, self.dropout_day)):
            self._end(self.treated & (when <= day), when, reason)

    def visit(self, day: float, present: Flags) -> None:
        """Let the protocol decide, and move patients whose phase is over.

        Args:
            day: of the visit.
            present: (n,) patients who are there.
        """
        readings = Readings(
            self._now,
            self._worst,
            {name: np.concatenate(parts, axis=1) for name, parts in self._values.items() if parts},
        )
        if self.terms and all(self._values.values()):
            self.conduct.decide(day, readings, present & self.treated)
            all_stopped = self._all_stopped()
            self._end(self.treated & all_stopped, day, ADVERSE_EVENT)
            self._move_on_conditions(day, readings, present)
        self._move_on_time(day, present)
        self._forget()

    def _all_stopped(self) -> Flags:
        """(n,) patients in whom a rule has ended every drug of their phase."""
        stopped = np.zeros(self.patients.size, dtype=bool)
        for index, phase in enumerate(self.arm.course):
            rows = [self.conduct.drugs.index(name) for name in phase.regimen.drugs]
            if rows:
                stopped |= (self.phase == index) & self.conduct.stopped[rows].all(axis=0)
        return stopped

    def _move_on_conditions(self, day: float, readings: Readings, present: Flags) -> None:
        for index, phase in enumerate(self.arm.course):
            if phase.until is not None and phase.until.condition is not None:
                met = self.conduct.met(phase.until.condition, readings)
                self._advance(present & met & (self.phase == index), day)

    def _move_on_time(self, day: float, present: Flags) -> None:
        for index, phase in enumerate(self.arm.course):
            if phase.until is not None and phase.until.kind == "time":
                over = day - self.entered >= phase.until.days - 1e-6
                self._advance(present & over & (self.phase == index), day)

    def _advance(self, who: Flags, day: float) -> None:
        self.phase[who] += 1
        self.entered[who] = day
        self.phase_nadir[who] = np.inf

    def _switch(self, who: Flags, day: float) -> None:
        """Begin crossover or rescue at progression; the assigned treatment ends, if it has not."""
        self._end(who & self.treated, day, PROGRESSION)
        self.phase[who] = self.other
        self.entered[who] = self.other_day[who] = day
        self.phase_nadir[who] = np.inf

    def _end(self, who: Flags, day: float | Floats, reason: str) -> None:
        days = np.broadcast_to(np.asarray(day, dtype=float), who.shape)
        own, other = who & (self.phase < self.other), who & (self.phase >= self.other)
        self.end_day[own], self.end_reason[own] = days[own], reason
        self.other_end_day[other], self.other_end_reason[other] = days[other], reason
        self.phase[who] = _OFF

    def scan(self, day: float, sld_mm: Floats, progressed: Flags, responded: Flags) -> None:
        """Act on a scan: the next phase, or the end of treatment.

        Args:
            day: of the scan.
            sld_mm: (n,) sum of diameters; NaN where there was none.
            progressed: (n,) progression against the baseline and nadir of the trial.
            responded: (n,) complete or partial response.
        """
        again = (sld_mm >= _GROWTH * self.phase_nadir) & (sld_mm >= self.phase_nadir + _GROWTH_MM)
        worse = np.where(self.phase == 0, progressed, again)
        self.phase_nadir = np.fmin(self.phase_nadir, sld_mm)
        # Whoever ended the assigned treatment for its side effects can still switch.
        stopped = (self.phase == _OFF) & (self.end_reason == ADVERSE_EVENT) & progressed
        stopped &= np.isnan(self.other_day)
        for index in reversed(range(len(self.arm.course))):
            until = self.arm.course[index].until
            here, kind = self.phase == index, until.kind if until is not None else ""
            if kind == "progression" and index + 1 != self.other:
                self._advance(here & worse, day)
            elif kind == "progression" or not self.arm.protocol.beyond_progression:
                self._progressed(here & worse, day)
            if kind == "response":
                self._advance(here & responded & ~worse, day)
        if self.other < len(self.arm.course):
            self._switch(stopped, day)

    def _progressed(self, who: Flags, day: float) -> None:
        """End the assigned treatment, for crossover or rescue if the arm has them, or the other."""
        if self.other < len(self.arm.course):
            self._switch(who & (self.phase < self.other), day)
            who = who & (self.phase >= self.other) & (self.other_day < day)
        self._end(who, day, PROGRESSION)

    def settle(self, death_day: Floats) -> None:
        """Forget that those who died before would have left later; call it at the end.

        Args:
            death_day: (n,) infinite where not reached.
        """
        died = death_day <= self.dropout_day
        self.dropout_day = np.where(died, np.inf, self.dropout_day)
        self.survival_followed = self.survival_followed | died

    def result(self) -> Safety:
        """Return what became of the arm's treatment."""
        drugs = self.assembly.drugs
        related = {
            term.name: any(term.mechanisms & set(drug.mechanisms) for drug in drugs)
            for term in self.terms
        }
        return Safety(
            self.patients,
            self.log.history(self.arm.name, related),
            self.conduct.table(),
            self.conduct.drugs,
            tuple(self.dispenser.starts),
            self.dispenser.given_by_window,
            self.dispenser.planned_by_window,
            self.end_day,
            self.end_reason,
            self.other_day,
            self.other_end_day,
            self.other_end_reason,
            self.dropout_day,
            self.survival_followed,
            bool(self.terms),
            self.arm.protocol.ctcae,
        )
