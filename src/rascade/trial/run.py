"""Run a trial: draw each arm's cohort, simulate it from visit to visit, read the scans."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import SimulationError
from rascade.model import Assembly, assemble, load_table
from rascade.patients import Cohort, settled_cohort
from rascade.patients.keys import exponential
from rascade.trial.endpoints import DAYS_PER_MONTH
from rascade.trial.enrolment import case_mix, cut_off_month, enrolment, randomized
from rascade.trial.imaging import Imaging, Scan
from rascade.trial.lesions import Lesions
from rascade.trial.markers import SYMBOLS, measured_markers
from rascade.trial.response import Response
from rascade.trial.treatment import Safety, Treatment, visit_weeks

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.engine import Segment, Settings, Simulation
    from rascade.trial.spec import ArmSpec, TrialSpec

__all__ = [
    "ArmRun",
    "TrialOutcome",
    "VisitRecord",
    "allocate",
    "arm_assembly",
    "run",
    "run_arm",
]

Report = Callable[[float, str], None]
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
_GRID_DAYS = 7.0
_LITRES_TO_ML = 1000.0
PREPARING = "preparing, compiling the model (once per machine)"


@dataclass(frozen=True)
class VisitRecord:
    """One visit of an arm; arrays of shape (n,)."""

    day: float
    scan: Scan
    attended: NDArray[np.bool_]
    on_treatment: NDArray[np.bool_]
    signals: Mapping[str, NDArray[np.float64]]
    markers: Mapping[str, NDArray[np.float64]]
    volume_ml: NDArray[np.float64]


@dataclass
class ArmRun:
    """An arm as it was simulated.

    Attributes:
        arm: its specification.
        assembly: the model with the arm's drugs.
        cohort: the patients.
        lesions: what they had at baseline.
        baseline_mm: (n,) measured sum of diameters at baseline.
        baseline_lesions_mm: (n, 8) recorded diameters at baseline.
        baseline_markers: what the laboratory reported at baseline.
        visits: in order of time.
        death_day: (n,) day of death, infinite where not reached.
        status: (n,) status of the solver at the end.
        safety: side effects, decisions of the protocol and exposure.
    """

    arm: ArmSpec
    assembly: Assembly
    cohort: Cohort
    lesions: Lesions
    baseline_mm: NDArray[np.float64]
    baseline_lesions_mm: NDArray[np.float64]
    baseline_markers: Mapping[str, NDArray[np.float64]]
    visits: list[VisitRecord]
    death_day: NDArray[np.float64]
    status: NDArray[np.int32]
    safety: Safety


@dataclass(frozen=True)
class TrialOutcome:
    """Everything a trial gives.

    Attributes:
        patients: one row a patient.
        visits: one row a patient and scan.
        lesions: one row a patient, scan (0 is baseline) and lesion.
        adverse_events: one row an episode.
        decisions: one row a decision of the protocol.
        summary: read-outs by arm and contrasts, ready for JSON.
        model_hash: SHA-256 over the models of all arms.
        provenance: mechanism, parameters and published results for the report, ready for JSON.
        arms: the arms as simulated.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    lesions: pd.DataFrame
    adverse_events: pd.DataFrame
    decisions: pd.DataFrame
    summary: dict[str, Any]
    model_hash: str
    provenance: dict[str, Any]
    arms: tuple[ArmRun, ...] = field(repr=False)


def visit_days(spec: TrialSpec) -> list[float]:
    """Return the days of the scans after baseline, and the end of follow-up as the last entry."""
    end = spec.follow_up_months * DAYS_PER_MONTH
    step = spec.imaging_every_weeks * 7.0
    scans = [step * k for k in range(1, math.floor(end / step + 1e-9) + 1)]
    return scans if scans and scans[-1] >= end - 1e-9 else [*scans, end]


def arm_assembly(spec: TrialSpec, arm: ArmSpec) -> Assembly:
    """Return the model with the drugs of an arm and the parameters of the trial.

    Arms and chunks with the same drugs share one, so that it is made and compiled once.
    """
    changes = spec.changes_of(arm)
    values = tuple(sorted(changes.parameters.items()))
    return _assembly(arm.drugs, values, changes.include)


@lru_cache(maxsize=32)
def _assembly(
    drugs: tuple[str, ...], parameters: tuple[tuple[str, float], ...], include: tuple[str, ...]
) -> Assembly:
    return assemble(drugs, table=load_table().with_values(dict(parameters)), include=include)


@dataclass(frozen=True)
class _Pause:
    """A day on which the simulation stops: for a scan (its number, else 0), for a visit."""

    day: float
    scan: int
    visit: bool


def _pauses(spec: TrialSpec, arm: ArmSpec) -> list[_Pause]:
    """Return scans, visits, the end of a first phase of fixed length, and the end of follow-up."""
    end = spec.follow_up_months * DAYS_PER_MONTH
    image, step = spec.imaging_every_weeks * 7.0, visit_weeks(arm) * 7.0
    scans = {day: k for k, day in enumerate(visit_days(spec), 1) if k * image <= end + 1e-9}
    first = arm.course[0].until
    visits = {step * k for k in range(1, math.floor(end / step + 1e-9) + 1)}
    if first is not None and first.kind == "time" and first.days < end:
        visits.add(first.days)
    return [
        _Pause(day, scans.get(day, 0), day in visits or day in scans)
        for day in sorted({*scans, *visits, end})
    ]


class _Arm:
    """One arm on its way through the visits."""

    def __init__(
        self,
        spec: TrialSpec,
        arm: ArmSpec,
        patients: NDArray[np.int64],
        settings: Settings,
        backend: str,
    ) -> None:
        self.spec, self.arm, self.patients = spec, arm, patients
        self.settings, self.backend = settings, backend
        self.assembly = arm_assembly(spec, arm)
        self.simulation: Simulation
        self.cohort, self.simulation = settled_cohort(
            self.assembly,
            seed=spec.seed,
            patients=patients,
            eligibility=spec.cohort.eligibility,
            settings=settings,
            backend=backend,
            mix=lambda some: case_mix(spec, some),
        )
        self.enrolment = enrolment(spec, patients)
        size = patients.size
        self.end_day = spec.follow_up_months * DAYS_PER_MONTH
        self.treatment = Treatment(arm, self.assembly, self.cohort, spec.seed, self.end_day)
        # Whoever is beyond the cut-off is no longer heard of.
        cut = np.where(self.enrolment.last_day < self.end_day, self.enrolment.last_day, np.inf)
        self.treatment.dropout_day = np.minimum(self.treatment.dropout_day, cut)
        self.watched = (*_WATCHED, *self.treatment.signals)
        self.death_day = np.full(size, np.inf)
        self.death_threshold = exponential(spec.seed, "death", patients)
        self.visits: list[VisitRecord] = []

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
        self.baseline_markers = self._markers(0)
        self.treatment.start(self.simulation)

    def _markers(self, visit: int) -> dict[str, NDArray[np.float64]]:
        alleles = self.cohort.population.profiles["kras_allele"]
        return measured_markers(self.last, alleles, self.spec.seed, self.patients, visit)

    def go_to(self, pause: _Pause) -> None:
        """Give what is due, simulate to the next pause, note deaths, read scan and side effects."""
        start, day = self.simulation.time / HOURS_PER_DAY, pause.day
        self.treatment.doses(start, day, self.simulation)
        days = np.append(np.arange(start + _GRID_DAYS, day - 1e-9, _GRID_DAYS), day)
        segment = self.simulation.advance(day * HOURS_PER_DAY, days * HOURS_PER_DAY, self.watched)
        self._note_deaths(np.append(start, days), segment)
        self.treatment.leave(day, self.death_day)
        now = {name: segment[name][:, -1] for name in _WATCHED}
        solved = np.isfinite(now["relative_size"])
        attended = solved & (self.death_day > day) & (self.treatment.dropout_day > day)
        self.last = {n: np.where(solved, now[n], self.last[n]) for n in _WATCHED}
        self.treatment.read(days, segment)
        if pause.scan:
            self._read(day, pause.scan, attended)
        if pause.visit:
            self.treatment.visit(day, attended)
        gone = np.isfinite(self.death_day) | (self.treatment.dropout_day <= day)
        self.simulation.stop(gone)

    def _note_deaths(self, days: NDArray[np.float64], segment: Segment) -> None:
        before = self.last["death_hazard"][:, None]
        hazard = np.concatenate([before, segment["death_hazard"]], axis=1)
        reached = np.nan_to_num(hazard, nan=-1.0) >= self.death_threshold[:, None]
        for i in np.flatnonzero(reached.any(axis=1) & np.isinf(self.death_day)):
            k = max(int(np.argmax(reached[i])), 1)
            low, high = hazard[i, k - 1], hazard[i, k]
            part = (self.death_threshold[i] - low) / (high - low) if high > low else 1.0
            died = days[k - 1] + part * (days[k] - days[k - 1])
            # Nobody hears of the death of a patient who has left.
            self.death_day[i] = died if died < self.treatment.dropout_day[i] else np.inf

    def _read(self, day: float, visit: int, attended: NDArray[np.bool_]) -> None:
        scan = self.imaging.read(
            self.last["relative_size"], self.last["new_lesion_hazard"], visit, attended
        )
        on_treatment = self.treatment.treated & attended
        signals = {
            column: np.where(attended, self.last[name] / self.baseline[name], np.nan)
            for column, name in _SIGNALS.items()
        }
        volume = np.where(attended, self.last["tumour_volume"] * _LITRES_TO_ML, np.nan)
        self.visits.append(
            VisitRecord(
                day,
                scan,
                attended,
                on_treatment,
                signals,
                {n: np.where(attended, v, np.nan) for n, v in self._markers(visit).items()},
                volume,
            )
        )
        reading = scan.reading
        self.treatment.scan(
            day,
            reading.sld_mm,
            attended & (reading.overall == Response.PD),
            attended & (reading.overall <= Response.PR),
        )

    def result(self) -> ArmRun:
        """Return the arm at the end of follow-up."""
        return ArmRun(
            self.arm,
            self.assembly,
            self.cohort,
            self.imaging.lesions,
            self.imaging.progress.baseline_mm,
            self.imaging.baseline_mm,
            self.baseline_markers,
            self.visits,
            self.death_day,
            self.simulation.status,
            self.treatment.result(),
        )


def run_arm(
    spec: TrialSpec,
    arm: ArmSpec,
    patients: NDArray[np.int64],
    *,
    settings: Settings,
    backend: str = "compiled",
    report: Callable[[float], None] | None = None,
    all_may_fail: bool = False,
) -> ArmRun:
    """Simulate one arm, or some patients of it.

    Args:
        spec: the trial.
        arm: which arm.
        patients: (n,) patient numbers.
        settings: of the solver.
        backend: of the engine.
        report: called with the share of the arm that is done.
        all_may_fail: whether these are a part of an arm, of whom all may fail.

    Raises:
        SimulationError: the solver gave up on every patient.
    """
    from rascade.engine import Status

    running = _Arm(spec, arm, patients, settings, backend)
    running.start()
    for pause in _pauses(spec, arm):
        running.go_to(pause)
        if report:
            report(pause.day / running.end_day)
    if not all_may_fail and (running.simulation.status >= Status.STEP_TOO_SMALL).all():
        first = running.simulation.failures()[0]
        raise SimulationError(
            f"arm {arm.name}: the solver gave up on every patient; the first at day "
            f"{first.time / HOURS_PER_DAY:.1f}, {first.species or 'no species named'}: "
            f"{first.status.name}"
        )
    return running.result()


def allocate(spec: TrialSpec, settings: Settings | None = None) -> list[NDArray[np.int64]]:
    """Return each arm's patient numbers.

    Without randomisation arms take turns, so that a larger trial holds a smaller one.
    """
    count = len(spec.arms)
    if spec.randomization is not None:
        from rascade.engine import Settings

        sizes = [arm.size or spec.cohort.size for arm in spec.arms]
        return randomized(spec, sizes, settings or Settings())
    return [
        np.arange(arm.size or spec.cohort.size, dtype=np.int64) * count + index
        for index, arm in enumerate(spec.arms)
    ]


def run(
    spec: TrialSpec,
    *,
    threads: int = 1,
    progress: Report | None = None,
    backend: str = "compiled",
) -> TrialOutcome:
    """Run a trial.

    Args:
        spec: the trial.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.
        backend: ``compiled`` or ``reference``.

    Raises:
        InputError: the specification is wrong somewhere.
        UnsupportedFeature: a drug, route or setting that this version does not model.
        SimulationError: the solver gave up on every patient of an arm.
    """
    from rascade.engine import Settings
    from rascade.trial.tables import outcome

    if waits_for_events(spec):
        first, progress = _halves(progress)
        spec = until_events(spec, threads=threads, progress=first, backend=backend)
    settings = Settings(threads=threads)
    arms = []
    allocated = allocate(spec, settings)
    sizes = [len(patients) for patients in allocated]
    for index, (arm, patients) in enumerate(zip(spec.arms, allocated, strict=True)):

        def report(share: float, index: int = index, arm: ArmSpec = arm) -> None:
            if progress:
                done = sum(sizes[:index]) + share * sizes[index]
                progress(done / sum(sizes), arm.name)

        if progress:
            # Ctrl-C waits for the compiler, so say what keeps a new machine busy.
            progress(sum(sizes[:index]) / sum(sizes), f"{arm.name}: {PREPARING}")
        arms.append(run_arm(spec, arm, patients, settings=settings, backend=backend, report=report))
    return outcome(spec, arms)


def _halves(progress: Report | None) -> tuple[Report | None, Report | None]:
    """Return what tells of the first and of the second half of the work."""
    if progress is None:
        return None, None
    tell = progress
    return (
        lambda share, what: tell(share / 2.0, what),
        lambda share, what: tell(0.5 + share / 2.0, what),
    )


def waits_for_events(spec: TrialSpec) -> bool:
    """Tell whether the data of a trial are cut when so many events have happened."""
    return spec.cut_off is not None and spec.cut_off.events is not None


def until_events(
    spec: TrialSpec, *, threads: int = 1, progress: Report | None = None, backend: str = "compiled"
) -> TrialSpec:
    """Find the day on which a trial that waits for events is cut off, by running it once.

    Returns:
        The trial with a cut-off on that day, or at the latest one it allows.

    Raises:
        SimulationError: the solver gave up on every patient of an arm.
    """
    assert spec.cut_off is not None
    latest = spec.cut_off.month
    whole = run(replace(spec, cut_off=None), threads=threads, progress=progress, backend=backend)
    month = cut_off_month(spec, whole.patients)
    month = latest if month is None else month
    ended = None if month is None else replace(spec.cut_off, month=month, events=None)
    return replace(spec, cut_off=ended)
