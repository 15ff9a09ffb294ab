"""Cohorts: virtual patients that are eligible, plausible, and at steady state before treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import SimulationError
from rascade.patients.draws import Draws, Given, Mix
from rascade.patients.plausibility import plausibility
from rascade.patients.population import Population, engine_parameters

if TYPE_CHECKING:
    from rascade.engine import Settings, Simulation
    from rascade.model import Assembly

__all__ = [
    "DOUBLING_TIME_DAYS",
    "Cohort",
    "draw_cohort",
    "plausible",
    "settled_cohort",
    "steady_state",
]

#: Range of untreated volume doubling times: a virtual tumour outside it is drawn anew.
DOUBLING_TIME_DAYS = (plausibility()["fastest_doubling"], plausibility()["slowest_doubling"])
EQUILIBRATION_HOURS = plausibility()["equilibration"] * 24.0
_SWITCH = "tumour_active"


@dataclass(frozen=True)
class Cohort:
    """Patients that entered, and how many drawn ones did not.

    Attributes:
        population: the patients.
        attempts: shape (n,), how often each was drawn before one was eligible and plausible.
        turned_down: shape (n,), how many of these were eligible but failed the plausibility
            filter.
    """

    population: Population
    attempts: NDArray[np.int64]
    turned_down: NDArray[np.int64]

    @property
    def screened(self) -> int:
        """Patients drawn in all."""
        return int((self.attempts + 1).sum())

    @property
    def ineligible(self) -> int:
        """Of these, failed by the eligibility expressions."""
        return int((self.attempts - self.turned_down).sum())

    @property
    def implausible(self) -> int:
        """Of these, failed by the plausibility filter."""
        return int(self.turned_down.sum())


def steady_state(
    assembly: Assembly,
    population: Population,
    settings: Settings,
    backend: str = "compiled",
) -> Simulation:
    """Bring patients to the steady state before treatment.

    Signalling, receptors and immune cells settle while the tumour is held as it is; then the
    tumour is set free.

    Returns:
        A simulation paused at time 0, without doses.
    """
    from rascade.engine import Simulation

    parameters: dict[str, Any] = dict(engine_parameters(assembly, population))
    simulation = Simulation(
        assembly.system,
        patients=population.size,
        parameters={**parameters, _SWITCH: 0.0},
        start=-EQUILIBRATION_HOURS,
        settings=replace(settings, progress=None),
        backend=backend,
    )
    simulation.advance(0.0)
    simulation.set_parameters({_SWITCH: assembly.values[_SWITCH]})
    return simulation


def doubling_time_days(simulation: Simulation) -> NDArray[np.float64]:
    """Return the present volume doubling time of each tumour, infinite where it does not grow."""
    growth = (
        simulation.value("division_sensitive")
        - simulation.value("turnover_sensitive")
        - simulation.value("induced_death_sensitive")
    ) / simulation.value("cells_sensitive")
    with np.errstate(divide="ignore"):
        return np.where(growth > 0, np.log(2.0) / np.maximum(growth, 1e-30) / 24.0, np.inf)


def plausible(simulation: Simulation) -> NDArray[np.bool_]:
    """Tell which patients are at a plausible steady state: solved, and growing as tumours grow."""
    time = doubling_time_days(simulation)
    low, high = DOUBLING_TIME_DAYS
    return np.asarray((simulation.status == 0) & (time >= low) & (time <= high))


class _Screening:
    """Draw patients until each is eligible and plausible."""

    def __init__(
        self,
        assembly: Assembly,
        draws: Draws,
        settings: Settings,
        backend: str,
        screened_in: Assembly | None = None,
    ) -> None:
        self.assembly, self.draws, self.screened_in = assembly, draws, screened_in
        self.settings, self.backend = settings, backend

    def population(
        self, patients: NDArray[np.int64], attempts: NDArray[np.int64], assembly: Assembly
    ) -> Population:
        """Draw profiles and parameters, each patient at its own attempt."""
        rows = sorted(set(assembly.composition.parameters.values()))
        return Population(
            patients,
            self.draws.profiles(patients, attempts),
            self.draws.parameters(assembly.table, rows, patients, attempts),
        )

    def run(self, patients: NDArray[np.int64]) -> tuple[Cohort, Simulation]:
        from rascade.engine import Simulation

        screen = self.screened_in or self.assembly
        attempts = np.zeros(patients.size, dtype=np.int64)
        turned_down = np.zeros(patients.size, dtype=np.int64)
        pending = np.arange(patients.size)
        settled, places = [], []
        rounds = int(plausibility()["most_implausible"])
        for _ in range(rounds):
            attempts[pending] = self.draws.next_eligible(patients[pending], attempts[pending])
            trial = self.population(patients[pending], attempts[pending], screen)
            simulation = steady_state(screen, trial, self.settings, self.backend)
            good = plausible(simulation)
            settled.append((simulation, np.flatnonzero(good)))
            places.append(pending[good])
            pending = pending[~good]
            turned_down[pending] += 1
            if not pending.size:
                break
            attempts[pending] += 1
        else:
            low, high = DOUBLING_TIME_DAYS
            raise SimulationError(
                f"{rounds} draws gave no plausible patient for {pending.size} of "
                f"{patients.size} places: untreated tumours must double in {low:g} to {high:g} "
                "days; look at the parameters that the study changes"
            )
        drawn = self.population(patients, attempts, self.assembly)
        cohort = Cohort(drawn, attempts, turned_down)
        if screen is not self.assembly:
            return cohort, steady_state(self.assembly, drawn, self.settings, self.backend)
        together = Simulation.gather(settled)
        return cohort, Simulation.gather([(together, np.argsort(np.concatenate(places)))])


def draw_cohort(
    assembly: Assembly,
    *,
    seed: int,
    patients: NDArray[np.int64],
    eligibility: Sequence[str] = (),
    settings: Settings | None = None,
    backend: str = "compiled",
    given: Given | None = None,
    mix: Mix | None = None,
) -> Cohort:
    """Draw a cohort; see `settled_cohort`, which also hands over its steady state."""
    return settled_cohort(
        assembly,
        seed=seed,
        patients=patients,
        eligibility=eligibility,
        settings=settings,
        backend=backend,
        given=given,
        mix=mix,
    )[0]


def settled_cohort(
    assembly: Assembly,
    *,
    seed: int,
    patients: NDArray[np.int64],
    eligibility: Sequence[str] = (),
    settings: Settings | None = None,
    backend: str = "compiled",
    given: Given | None = None,
    mix: Mix | None = None,
    screened_in: Assembly | None = None,
    own: Sequence[Given] = (),
    turns: int = 1,
) -> tuple[Cohort, Simulation]:
    """Draw a cohort and bring it to the steady state before treatment.

    A patient depends on the seed, its number, the eligibility expressions and the plausibility
    filter, never on how many others are drawn beside it.

    Args:
        assembly: the model; which of its parameters vary decides what is drawn.
        seed: of the study.
        patients: shape (n,), patient numbers.
        eligibility: conditions on profiles, all of which must hold.
        settings: of the solver.
        backend: of the engine.
        given: what all patients have, drawn or not.
        mix: called with patient numbers; returns groups of them (flags) and the shares of their
            properties, where these differ from the population's.
        screened_in: model by which plausibility is judged, where several models must take the same
            patients; `assembly` if None.
        own, turns: what is known of patients one by one, as in `rascade.patients.draws.Draws`.

    Returns:
        The cohort, and its simulation as `steady_state` returns it: the filter needs the steady
        state, so that nobody has to compute it twice.

    Raises:
        EligibilityError: an expression is wrong, or nobody meets it.
        SimulationError: no plausible patient came out of many draws.
    """
    from rascade.engine import Settings as EngineSettings

    draws = Draws(seed, eligibility, given or Given(), mix, own, turns)
    screening = _Screening(assembly, draws, settings or EngineSettings(), backend, screened_in)
    return screening.run(patients)
