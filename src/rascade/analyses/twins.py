"""The same virtual patients under several regimens, member by member of the ensemble.

Patients, readings of scans and deaths use the same random numbers whatever is given, so that a
difference between regimens is of the regimens alone. With switches, every patient is also there
once for every set of pathways that are let through.

This is for asking why a regimen does better, and in whom; `paired` is for choosing among regimens,
with their side effects and doses, which switches would have no meaning for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError
from rascade.model import assemble, shared_parts
from rascade.model.pathways import held_name, switch_name
from rascade.patients import Cohort
from rascade.patients.population import Population
from rascade.patients.stack import settled_stack
from rascade.trial.conduct.run import run_arm
from rascade.trial.design.models import population_table, trial_ensemble
from rascade.trial.prediction.courses import Courses, courses_of, uncut
from rascade.trial.running.predicting import RTOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Settings, Simulation
    from rascade.model import Assembly, ParameterTable
    from rascade.trial.design.spec import ArmSpec, TrialSpec
    from rascade.trial.records import ArmRun

    Floats = NDArray[np.float64]

__all__ = ["Twins", "member_tables", "simulate_twins", "undisturbed"]

#: Patients simulated at once.
_AT_ONCE = 6000


@dataclass(frozen=True)
class Twins:
    """What became of N patients of a member in each of c sets of pathways.

    Attributes:
        courses: arrays of shape (c, N).
        log_volume: (c, N) natural logarithm of the tumour's volume in mL at each scan, last known
            value carried on, by number of the scan; NaN where none was made.
        profiles: property -> (N,) values.
        markers: measured before treatment -> (N,) values; NaN where a laboratory finds none.
        parameters: row of the parameter table -> (N,) values in the table's unit.
        biopsy: symbols asked for -> (N,) values before treatment.
    """

    courses: Courses
    log_volume: tuple[Floats, ...]
    profiles: Mapping[str, NDArray[Any]]
    markers: Mapping[str, Floats]
    parameters: Mapping[str, Floats]
    biopsy: Mapping[str, Floats]


def undisturbed(spec: TrialSpec) -> TrialSpec:
    """Return the trial with nobody lost, everybody entering on day 0 and followed to the end."""
    arms = tuple(
        replace(arm, protocol=replace(arm.protocol, dropout_per_month=0.0)) for arm in spec.arms
    )
    return replace(uncut(spec, spec.follow_up_months), arms=arms)


def member_tables(spec: TrialSpec, members: int) -> list[ParameterTable]:
    """Return the parameter tables of some members of a trial's ensemble.

    The central member is left out, as in a prediction, unless there is no ensemble or one member is
    wanted.

    Args:
        spec: the trial.
        members: m.

    Raises:
        InputError: the ensemble has fewer.
    """
    from rascade.model import load_table

    ensemble = trial_ensemble(spec.population)
    if ensemble is None or members < 2:
        return [population_table(spec.population, spec.cohort.line)]
    if members > ensemble.size:
        raise InputError(f"--members: {members}; the ensemble has {ensemble.size}")
    return ensemble.first(members).tables(load_table(), spec.cohort.line)[1:]


def _assembly(spec: TrialSpec, arm: ArmSpec, switches: bool) -> Assembly:
    changes = spec.changes_of(arm)
    asked = [name for other in spec.arms for name in spec.changes_of(other).include]
    parts = shared_parts([drug for other in spec.arms for drug in other.drugs], asked)
    include = tuple(dict.fromkeys((*changes.include, *parts)))
    table = population_table(spec.population, spec.cohort.line).with_values(changes.parameters)
    return assemble(arm.drugs, table=table, include=include, switches=switches)


def simulate_twins(
    spec: TrialSpec,
    arm: ArmSpec,
    table: ParameterTable,
    patients: int,
    *,
    threads: int = 1,
    open_ways: Mapping[str, NDArray[np.bool_]] | None = None,
    biopsy: Sequence[str] = (),
    report: Callable[[float], None] | None = None,
) -> Twins:
    """Simulate an arm's patients in one member, with pathways closed where it is wanted.

    Args:
        spec: the trial, from `undisturbed`.
        arm: which arm.
        table: of the member.
        patients: N.
        threads: of the engine; results do not depend on it.
        open_ways: pathway -> (c,) whether it is let through; all are, once, if None.
        biopsy: symbols of the model whose values before treatment are wanted.
        report: called with the share done.

    Raises:
        EligibilityError: nobody meets the trial's eligibility.
    """
    from rascade.engine import Settings

    settings = Settings(threads=threads, rtol=RTOL)
    assembly = _assembly(spec, arm, open_ways is not None)
    stack, simulation = settled_stack(
        assembly,
        [table.with_values(spec.changes_of(arm).parameters)],
        seed=spec.seed,
        patients=np.arange(patients, dtype=np.int64),
        eligibility=spec.cohort.eligibility,
        settings=settings,
    )
    sets = 1 if open_ways is None else len(next(iter(open_ways.values())))
    step = max(1, _AT_ONCE // patients)
    parts = []
    for first in range(0, sets, step):
        last = min(first + step, sets)

        def told(share: float, first: int = first, last: int = last) -> None:
            if report:
                report((first + share * (last - first)) / sets)

        chosen = {name: flags[first:last] for name, flags in (open_ways or {}).items()}
        lanes = _Lanes(spec, arm, assembly, stack.cohort, simulation, stack.weight[0])
        parts.append(lanes.run(last - first, chosen, settings, told))
    seen = {name: simulation.value(name) for name in biopsy}
    return replace(_joined(parts), biopsy=seen)


@dataclass(frozen=True)
class _Lanes:
    """A settled cohort, to be followed several times over."""

    spec: TrialSpec
    arm: ArmSpec
    assembly: Assembly
    cohort: Cohort
    simulation: Simulation
    weight: Floats

    def run(
        self,
        sets: int,
        open_ways: Mapping[str, NDArray[np.bool_]],
        settings: Settings,
        report: Callable[[float], None],
    ) -> Twins:
        """Follow every patient once for each set; sets one after the other."""
        from rascade.engine import Simulation, Status

        n = self.weight.size
        place = np.tile(np.arange(n), sets)
        simulation = Simulation.gather([(self.simulation, place)])
        if open_ways:
            held = {held_name(s): simulation.value(s) for s in self.assembly.composition.held}
            switches = {
                switch_name(name): np.repeat(flags.astype(float), n)
                for name, flags in open_ways.items()
            }
            simulation.set_parameters({**held, **switches})
        cohort = _repeated(self.cohort, sets)
        run = run_arm(
            self.spec,
            self.arm,
            cohort.population.patients,
            settings=settings,
            settled=(cohort, simulation),
            averaged=True,
            report=report,
        )
        failed = (run.status >= Status.STEP_TOO_SMALL).reshape(sets, n)
        courses = courses_of(self.spec, run, np.tile(self.weight, (sets, 1)) * ~failed)
        return Twins(
            courses,
            _log_volumes(run, sets),
            self.cohort.population.profiles,
            {name: values[:n] for name, values in run.baseline_markers.items()},
            self.cohort.population.parameters,
            {},
        )


def _repeated(cohort: Cohort, times: int) -> Cohort:
    population = cohort.population
    nobody = np.zeros(population.size * times, dtype=np.int64)
    return Cohort(
        Population(
            np.tile(population.patients, times),
            {name: np.tile(values, times) for name, values in population.profiles.items()},
            {name: np.tile(values, times) for name, values in population.parameters.items()},
        ),
        nobody,
        nobody,
    )


def _log_volumes(run: ArmRun, sets: int) -> tuple[Floats, ...]:
    found, last = [], np.full((sets, run.death_day.size // sets), np.nan)
    for visit in run.visits:
        with np.errstate(divide="ignore", invalid="ignore"):
            now = np.log(visit.volume_ml).reshape(last.shape)
        last = np.where(np.isfinite(now), now, last)
        found.append(last)
    return tuple(found)


def _joined(parts: Sequence[Twins]) -> Twins:
    names = ("response", "pfs", "progressed", "death", "died", "weight")
    courses = Courses(
        *(np.concatenate([getattr(part.courses, name) for part in parts]) for name in names)
    )
    scans = zip(*(part.log_volume for part in parts), strict=True)
    return replace(
        parts[0], courses=courses, log_volume=tuple(np.concatenate(each) for each in scans)
    )
