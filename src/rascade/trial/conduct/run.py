"""Conduct an arm: draw its cohort, simulate it from visit to visit, read the scans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from rascade.errors import InputError
from rascade.patients import settled_cohort
from rascade.random_streams import exponential
from rascade.trial.assessment.imaging import Imaging, chosen
from rascade.trial.assessment.markers import SYMBOLS, measured_markers
from rascade.trial.assessment.response import Response
from rascade.trial.conduct.treatment import Treatment
from rascade.trial.design.enrolment import Allocation, case_mix, enrolment, randomized
from rascade.trial.design.models import arm_assembly, shared_assembly
from rascade.trial.design.schedule import (
    Pause,
    end_day,
    pauses,
    scan_window,
    scans_made,
    scheduled_days,
    watch_days,
    weekly_days,
)
from rascade.trial.records import ArmRun, VisitRecord
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Segment, Settings, Simulation
    from rascade.patients import Cohort
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["allocate", "run_arm"]

HOURS_PER_DAY = 24.0
# What is kept at every visit, and what is watched between visits.
_SIGNALS = {
    "pERK_rel": "pERK_tumour",
    "RAS_GTP_rel": "RAS_GTP_total_sensitive",
    "pAKT_rel": "pAKT_sensitive",
}
_WATCHED = (
    "relative_size",
    "tumour_volume",
    "new_lesion_hazard",
    "death_hazard",
    *_SIGNALS.values(),
    *SYMBOLS,
)
_LITRES_TO_ML = 1000.0


class _Arm:
    """One arm on its way through the visits."""

    def __init__(
        self,
        spec: TrialSpec,
        arm: ArmSpec,
        patients: NDArray[np.int64],
        settings: Settings,
        backend: str,
        settled: tuple[Cohort, Simulation] | None = None,
        averaged: bool = False,
    ) -> None:
        self.spec, self.arm, self.patients = spec, arm, patients
        self.settings, self.backend = settings, backend
        self.assembly = arm_assembly(spec, arm)
        self.simulation: Simulation
        self.cohort, self.simulation = settled or settled_cohort(
            self.assembly,
            seed=spec.seed,
            patients=patients,
            eligibility=spec.cohort.eligibility,
            settings=settings,
            backend=backend,
            mix=lambda some: case_mix(spec, some),
            screened_in=shared_assembly(spec) if spec.paired else None,
            own=spec.cohort.known,
            turns=spec.turns,
        )
        self.enrolment = enrolment(spec, patients)
        size = patients.size
        self.end_day = end_day(spec)
        self.treatment = Treatment(arm, self.assembly, self.cohort, spec.seed, self.end_day)
        self.treatment.averaged = averaged
        self.scheduled, self.window = scheduled_days(spec), scan_window(spec)
        self.scans = scans_made(spec, patients)
        self.watched = (*_WATCHED, *self.treatment.signals)
        self.death_day = np.full(size, np.inf)
        self.death_threshold = exponential(spec.seed, "death", patients)
        self.visits: dict[int, VisitRecord] = {}

    def start(self) -> None:
        """Bring the arm to baseline, from its steady state: baseline scan, first doses."""
        self.imaging = Imaging(
            self.spec.seed,
            self.patients,
            self.simulation.value("sum_of_diameters"),
            self.enrolment.reading_error,
        )
        self.last = {name: self.simulation.value(name) for name in _WATCHED}
        self.baseline = {name: self.simulation.value(name) for name in _SIGNALS.values()}
        self.baseline_markers = self._markers(0, self.last)
        self.treatment.start(self.simulation)

    def _markers(
        self, visit: int, values: Mapping[str, NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        alleles = self.cohort.population.profiles["kras_allele"]
        return measured_markers(values, alleles, self.spec.seed, self.patients, visit)

    def go_to(self, pause: Pause) -> None:
        """Give what is due, go on to the next pause, note deaths, read side effects and scans."""
        start, day = self.simulation.time / HOURS_PER_DAY, pause.day
        self.treatment.doses(start, day, self.simulation)
        days = watch_days(start, pause, self.scheduled, self.window)
        segment = self.simulation.advance(day * HOURS_PER_DAY, days * HOURS_PER_DAY, self.watched)
        self._note_deaths(np.append(start, days), segment)
        phase = self.treatment.phase + 1
        self.treatment.leave(day, self.death_day)
        before = self.last
        now = {name: segment[name][:, -1] for name in _WATCHED}
        solved = np.isfinite(now["relative_size"])
        self.last = {n: np.where(solved, now[n], before[n]) for n in _WATCHED}
        weekly = np.isin(days, weekly_days(start, day))
        self.treatment.read(
            days[weekly], {n: segment[n][:, weekly] for n in self.treatment.signals}
        )
        if pause.scans:
            curves = {n: np.column_stack((before[n], segment[n])) for n in _WATCHED}
        for number in pause.scans:
            at = self.scans[:, number]
            due = (at > start) & (at <= day)
            self._read(day, number, due, phase, between(np.append(start, days), curves, at))
        if pause.visit:
            attended = solved & (self.death_day > day) & (self.treatment.dropout_day > day)
            self.treatment.visit(day, attended)
        lost = self.treatment.lost_day <= day
        # What lies after a cut-off on a known day is not in the data, so it need not be known.
        over = (self.enrolment.last_day < self.end_day) & (self.enrolment.last_day <= day)
        self.simulation.stop(np.isfinite(self.death_day) | lost | over)

    def _note_deaths(self, days: NDArray[np.float64], segment: Segment) -> None:
        before = self.last["death_hazard"][:, None]
        hazard = np.concatenate([before, segment["death_hazard"]], axis=1)
        reached = np.nan_to_num(hazard, nan=-1.0) >= self.death_threshold[:, None]
        for i in np.flatnonzero(reached.any(axis=1) & np.isinf(self.death_day)):
            k = max(int(np.argmax(reached[i])), 1)
            low, high = hazard[i, k - 1], hazard[i, k]
            part = (self.death_threshold[i] - low) / (high - low) if high > low else 1.0
            died = days[k - 1] + part * (days[k] - days[k - 1])
            # Nobody hears of the death of a patient who is lost.
            self.death_day[i] = died if died < self.treatment.lost_day[i] else np.inf

    def _read(
        self,
        day: float,
        number: int,
        due: NDArray[np.bool_],
        phase: NDArray[np.int64],
        values: Mapping[str, NDArray[np.float64]],
    ) -> None:
        """Read the scans of those patients who were scanned since the last pause."""
        at = self.scans[:, number]
        attended = due & np.isfinite(values["relative_size"])
        attended &= (self.death_day > at) & (self.treatment.dropout_day > at)
        values = {n: np.where(attended, v, self.last[n]) for n, v in values.items()}
        scan = self.imaging.read(
            values["relative_size"], values["new_lesion_hazard"], number + 1, attended, due
        )
        signals = {
            column: np.where(attended, values[name] / self.baseline[name], np.nan)
            for column, name in _SIGNALS.items()
        }
        found = VisitRecord(
            float(self.scheduled[number]),
            np.where(np.isfinite(at), at, np.nan),
            scan,
            attended,
            np.where(attended, phase, 0),
            signals,
            {
                n: np.where(attended, v, np.nan)
                for n, v in self._markers(number + 1, values).items()
            },
            np.where(attended, values["tumour_volume"] * _LITRES_TO_ML, np.nan),
        )
        known = self.visits.get(number)
        self.visits[number] = found if known is None else chosen(due, found, known)
        reading = scan.reading
        # Nothing is begun in those who die or leave between the scan and the visit.
        here = attended & (self.death_day > day) & (self.treatment.dropout_day > day)
        self.treatment.scan(
            day,
            reading.sld_mm,
            here & (reading.overall == Response.PD),
            here & (reading.overall <= Response.PR),
        )

    def result(self) -> ArmRun:
        """Return the arm at the end of follow-up."""
        self.treatment.settle(self.death_day)
        return ArmRun(
            self.arm,
            self.assembly,
            self.cohort,
            self.imaging.lesions,
            self.imaging.progress.baseline_mm,
            self.imaging.baseline_mm,
            self.baseline_markers,
            [self.visits[number] for number in sorted(self.visits)],
            self.death_day,
            self.simulation.status,
            self._failed_day(),
            self.treatment.result(),
        )

    def _failed_day(self) -> NDArray[np.float64]:
        failed = np.full(self.patients.size, np.inf)
        for failure in self.simulation.failures():
            failed[failure.patient] = failure.time / HOURS_PER_DAY
        return failed


def between(
    days: NDArray[np.float64],
    curves: Mapping[str, NDArray[np.float64]],
    at: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Return values of each patient on a day of his own, on the line between two known days.

    Args:
        days: (T,) ascending.
        curves: name -> (n, T) values on these days.
        at: (n,) days; NaN is returned for those outside.

    Returns:
        Name -> (n,) values.
    """
    right = np.clip(np.searchsorted(days, at), 1, days.size - 1)
    row = np.arange(at.size)
    with np.errstate(invalid="ignore"):
        part = (at - days[right - 1]) / (days[right] - days[right - 1])
        inside, exact = (part > 0.0) & (part <= 1.0), part == 1.0
        rest = 1.0 - part
        found = {}
        for name, values in curves.items():
            low, high = values[row, right - 1], values[row, right]
            # Exactly a known day has its value, whatever the one before.
            here = np.where(exact, high, rest * low + part * high)
            found[name] = np.where(inside, here, np.nan)
    return found


def run_arm(
    spec: TrialSpec,
    arm: ArmSpec,
    patients: NDArray[np.int64],
    *,
    settings: Settings,
    backend: str = "compiled",
    report: Callable[[float], None] | None = None,
    settled: tuple[Cohort, Simulation] | None = None,
    averaged: bool = False,
) -> ArmRun:
    """Simulate one arm, or some patients of it. The solver may give up on all of them.

    Args:
        spec: the trial.
        arm: which arm.
        patients: (n,) patient numbers.
        settings: of the solver.
        backend: of the engine.
        report: called with the share of the arm that is done.
        settled: the patients at steady state, where somebody else drew them.
        averaged: whether daily doses are merged, see `rascade.trial.conduct.dosing.merged`.
    """
    running = _Arm(spec, arm, patients, settings, backend, settled, averaged)
    running.start()
    for pause in pauses(spec, arm):
        running.go_to(pause)
        if report:
            report(pause.day / running.end_day)
    return running.result()


def allocate(spec: TrialSpec, settings: Settings | None = None) -> Allocation:
    """Return each arm's patients.

    Without randomisation arms take turns, so that a larger trial holds a smaller one.

    Raises:
        InputError: the data are cut before anybody enters.
    """
    count = len(spec.arms)
    first = enrolment(spec, np.zeros(1, dtype=np.int64))
    if not first.enrolled[0]:
        raise InputError(
            f"cut_off: month: {spec.cut_off and spec.cut_off.month:g}: the first patient enters in "
            f"month {first.entry_day[0] / DAYS_PER_MONTH:.2g}; cut the data later"
        )
    if spec.randomization is not None:
        from rascade.engine import Settings

        sizes = [arm.size or spec.cohort.size for arm in spec.arms]
        return randomized(spec, sizes, settings or Settings())
    if spec.paired:
        size = spec.arms[0].size or spec.cohort.size
        return Allocation(np.arange(size, dtype=np.int64) for _ in spec.arms)
    return Allocation(
        np.arange(arm.size or spec.cohort.size, dtype=np.int64) * count + index
        for index, arm in enumerate(spec.arms)
    )
