"""Cohorts: virtual patients that are eligible, plausible, and at steady state before treatment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rascade.errors import EligibilityError, SimulationError
from rascade.patients.eligibility import eligible
from rascade.patients.population import Population, draw_parameters, engine_parameters
from rascade.patients.profile import categories, draw_profiles, draw_shares

if TYPE_CHECKING:
    from rascade.engine import Settings, Simulation
    from rascade.model import Assembly

__all__ = [
    "DOUBLING_TIME_DAYS",
    "Cohort",
    "Given",
    "draw_cohort",
    "eligible_attempts",
    "plausible",
    "settled_cohort",
    "steady_state",
]

# Range of untreated volume doubling times in 100 patients followed by CT (Ahn 2016,
# doi:10.1007/s12029-016-9876-7): a virtual tumour outside it is drawn anew.
DOUBLING_TIME_DAYS = (20.0, 977.0)
EQUILIBRATION_HOURS = 350 * 24.0
_MOST_ATTEMPTS = 5000
_MOST_IMPLAUSIBLE = 200
_SWITCH = "tumour_active"

#: Patient numbers -> groups of them and the shares of their properties.
Mix = Callable[
    [NDArray[np.int64]], Sequence[tuple[NDArray[np.bool_], Mapping[str, Mapping[str, float]]]]
]


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


@dataclass(frozen=True)
class Given:
    """What is known of patients before they are drawn; the rest is drawn on that condition.

    Attributes:
        profile: property -> value.
        parameters: row of the parameter table -> value in the row's unit.
    """

    profile: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What is given, for messages; empty where nothing is."""
        return ", ".join(f"{k}: {v}" for k, v in {**self.profile, **self.parameters}.items())


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
        seed: int,
        expressions: Sequence[str],
        settings: Settings,
        backend: str,
        given: Given,
        mix: Mix | None,
        screened_in: Assembly | None = None,
    ) -> None:
        self.assembly, self.seed, self.expressions = assembly, seed, expressions
        self.screened_in = screened_in
        self.settings, self.backend, self.given, self.mix = settings, backend, given, mix

    def profiles(self, patients: NDArray[np.int64], attempt: int) -> dict[str, NDArray[Any]]:
        """Draw profiles, with the case mix of each group of patients where there is one."""
        drawn = draw_profiles(self.seed, patients, attempt, self.given.profile)
        if self.mix is not None:
            for members, shares in self.mix(patients):
                draw_shares(drawn, shares, self.seed, patients, attempt, members)
        return drawn

    def next_eligible(
        self, patients: NDArray[np.int64], attempts: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return for each patient the first attempt from its own on that gives an eligible one."""
        found = attempts.copy()
        pending = np.arange(patients.size)
        while pending.size:
            if found[pending].max() >= _MOST_ATTEMPTS:
                raise EligibilityError(
                    f"eligibility: none of {_MOST_ATTEMPTS} patients drawn for one place met "
                    f"{' and '.join(self.expressions) or 'the plausibility filter'}"
                )
            met = np.zeros(pending.size, dtype=bool)
            for attempt in np.unique(found[pending]):
                now = np.flatnonzero(found[pending] == attempt)
                profiles = self.profiles(patients[pending[now]], int(attempt))
                met[now] = eligible(self.expressions, profiles, categories())
            pending = pending[~met]
            found[pending] += 1
        return found

    def population(
        self, patients: NDArray[np.int64], attempts: NDArray[np.int64], assembly: Assembly
    ) -> Population:
        """Draw profiles and parameters, each patient at its own attempt."""
        rows = sorted(set(assembly.composition.parameters.values()))
        order, profiles, parameters = [], [], []
        for attempt in np.unique(attempts):
            now = np.flatnonzero(attempts == attempt)
            order.append(now)
            profiles.append(self.profiles(patients[now], int(attempt)))
            drawn = draw_parameters(assembly.table, rows, self.seed, patients[now], int(attempt))
            for name, value in self.given.parameters.items():
                drawn[name] = np.full(now.shape, float(value))
            parameters.append(drawn)
        places = np.argsort(np.concatenate(order))
        return Population(patients, _joined(profiles, places), _joined(parameters, places))

    def run(self, patients: NDArray[np.int64]) -> tuple[Cohort, Simulation]:
        from rascade.engine import Simulation

        screen = self.screened_in or self.assembly
        attempts = np.zeros(patients.size, dtype=np.int64)
        turned_down = np.zeros(patients.size, dtype=np.int64)
        pending = np.arange(patients.size)
        settled, places = [], []
        for _ in range(_MOST_IMPLAUSIBLE):
            attempts[pending] = self.next_eligible(patients[pending], attempts[pending])
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
                f"{_MOST_IMPLAUSIBLE} draws gave no plausible patient for {pending.size} of "
                f"{patients.size} places: untreated tumours must double in {low:g} to {high:g} "
                "days; look at the parameters that the study changes"
            )
        drawn = self.population(patients, attempts, self.assembly)
        cohort = Cohort(drawn, attempts, turned_down)
        if screen is not self.assembly:
            return cohort, steady_state(self.assembly, drawn, self.settings, self.backend)
        together = Simulation.gather(settled)
        return cohort, Simulation.gather([(together, np.argsort(np.concatenate(places)))])


def _joined(
    pieces: Sequence[Mapping[str, NDArray[Any]]], places: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([piece[name] for piece in pieces])[places] for name in pieces[0]}


def eligible_attempts(
    seed: int, patients: NDArray[np.int64], expressions: Sequence[str]
) -> NDArray[np.int64]:
    """Return for each patient the first attempt at drawing him that gives an eligible one.

    Raises:
        EligibilityError: an expression is wrong, or nobody meets it.
    """
    found = np.zeros(patients.size, dtype=np.int64)
    pending = np.arange(patients.size)
    for attempt in range(_MOST_ATTEMPTS):
        profiles = draw_profiles(seed, patients[pending], attempt)
        met = eligible(expressions, profiles, categories())
        found[pending[met]] = attempt
        pending = pending[~met]
        if not pending.size:
            return found
    raise EligibilityError(
        f"eligibility: none of {_MOST_ATTEMPTS} patients drawn for one place met "
        f"{' and '.join(expressions)}"
    )


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

    Returns:
        The cohort, and its simulation as `steady_state` returns it: the filter needs the steady
        state, so that nobody has to compute it twice.

    Raises:
        EligibilityError: an expression is wrong, or nobody meets it.
        SimulationError: no plausible patient came out of many draws.
    """
    from rascade.engine import Settings as EngineSettings

    screening = _Screening(
        assembly,
        seed,
        eligibility,
        settings or EngineSettings(),
        backend,
        given or Given(),
        mix,
        screened_in,
    )
    return screening.run(patients)
