"""One patient, followed closely: every species over time under a regimen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError, SimulationError
from rascade.model import assemble, known_alleles, load_table
from rascade.model.describe import display_facts
from rascade.patients import Population, draw_cohort, steady_state
from rascade.patients.profile import check_profile
from rascade.trial.dosing import engine_doses

if TYPE_CHECKING:
    import pandas as pd

    from rascade.regimen import Regimen

__all__ = ["PatientOutcome", "simulate_patient"]

HOURS_PER_DAY = 24.0
_POINTS = 4000  # at most, so that a two-year trajectory stays readable


@dataclass(frozen=True)
class PatientOutcome:
    """A patient's trajectory.

    Attributes:
        trajectory: column ``day``, then every species and observable in the model's units.
        info: what was simulated and how columns are drawn, ready for JSON.
    """

    trajectory: pd.DataFrame
    info: dict[str, Any]


def _population(
    assembly: Any, seed: int, profile: Mapping[str, Any], values: Mapping[str, float]
) -> Population:
    """Draw a typical patient, or the seed's, and set what the caller gave."""
    allele = profile.get("kras_allele")
    cohort = draw_cohort(
        assembly,
        seed=seed,
        patients=np.zeros(1, dtype=np.int64),
        eligibility=(f"kras_allele == {allele!r}",) if allele else (),
    )
    drawn = cohort.population
    profiles = {name: column.copy() for name, column in drawn.profiles.items()}
    for name, value in profile.items():
        profiles[name] = np.array([value])
    if {"weight_kg", "height_cm"} & set(profile) and "body_surface_m2" not in profile:
        profiles["body_surface_m2"] = np.sqrt(
            profiles["weight_kg"] * profiles["height_cm"] / 3600.0
        )
    parameters = dict(drawn.parameters)
    for name, value in values.items():
        parameters[name] = np.array([float(value)])
    return Population(drawn.patients, profiles, parameters)


def simulate_patient(
    regimen: Regimen,
    *,
    days: int,
    seed: int = 1,
    profile: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
    backend: str = "compiled",
) -> PatientOutcome:
    """Simulate one virtual patient.

    Args:
        regimen: what is given.
        days: how long, 1 or more.
        seed: of the virtual patient: what is not given below is drawn.
        profile: properties such as ``kras_allele`` or ``weight_kg``.
        parameters: values by row of the parameter table, in the row's unit.
        backend: ``compiled`` or ``reference``.

    Raises:
        InputError: a property or value is wrong.
        UnsupportedFeature: a drug or route that is not modelled.
        SimulationError: the solver gave up.
    """
    import pandas as pd

    from rascade.engine import Settings

    if days < 1:
        raise InputError(f"--days {days}: simulate at least one day")
    profile = dict(profile or {})
    check_profile(profile, known_alleles())
    table = load_table().with_values(parameters or {})
    assembly = assemble(regimen.drugs, table=table)
    population = _population(assembly, seed, profile, parameters or {})
    simulation = steady_state(assembly, population, Settings(rtol=1e-6), backend)
    simulation.set_doses(engine_doses(assembly, regimen, population.profiles, days))
    step = max(1.0, math.ceil(days * HOURS_PER_DAY / _POINTS))
    hours = np.append(np.arange(0.0, days * HOURS_PER_DAY, step), days * HOURS_PER_DAY)
    outputs = tuple(
        name for name in assembly.composition.symbols if name in assembly.system.observables
    )
    segment = simulation.advance(days * HOURS_PER_DAY, hours, outputs)
    if simulation.failures():
        failure = simulation.failures()[0]
        raise SimulationError(
            f"the solver gave up at day {failure.time / HOURS_PER_DAY:.2f} "
            f"({failure.status.name}, {failure.species or 'no species named'})"
        )
    trajectory = pd.DataFrame(np.asarray(segment.values)[0], columns=list(outputs))
    trajectory.insert(0, "day", hours / HOURS_PER_DAY)
    return PatientOutcome(trajectory, _info(regimen, days, seed, population, assembly, outputs))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _info(
    regimen: Regimen, days: int, seed: int, population: Population, assembly: Any, outputs: Any
) -> dict[str, Any]:
    doses = regimen.doses(
        days,
        float(population.profiles["weight_kg"][0]),
        float(population.profiles["body_surface_m2"][0]),
    )
    return {
        "regimen": str(regimen),
        "days": days,
        "seed": seed,
        "model_hash": assembly.hash,
        "patient": {name: _plain(column[0]) for name, column in population.profiles.items()},
        "parameters": {name: _plain(column[0]) for name, column in population.parameters.items()},
        "drugs": [drug.name for drug in assembly.drugs],
        "columns": {name: display_facts(assembly, name) for name in outputs},
        "doses": [
            {"drug": str(drug), "day": float(hour) / HOURS_PER_DAY}
            for drug, hour in zip(doses.drug, doses.time_h, strict=True)
        ],
    }
