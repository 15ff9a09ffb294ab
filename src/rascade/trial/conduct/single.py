"""One patient, followed closely: every species over time under a regimen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError, SimulationError
from rascade.model import Interventions, assemble, known_alleles, load_table
from rascade.model.describe import display_facts
from rascade.patients import Given, Population, draw_cohort, steady_state
from rascade.patients.cohort import DOUBLING_TIME_DAYS
from rascade.patients.profile_checks import check_profile
from rascade.trial.conduct.dosing import engine_doses
from rascade.trial.design.cautions import (
    own_drug_cautions,
    parameter_cautions,
    regimen_cautions,
)

if TYPE_CHECKING:
    import pandas as pd

    from rascade.regimen import Regimen

__all__ = ["PatientOutcome", "simulate_patient"]

HOURS_PER_DAY = 24.0
_PLACES = "body_places"  # declares the compartments, whose sizes are constants and no results
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
    assembly: Any, seed: int, profile: Mapping[str, Any], values: Mapping[str, float], backend: str
) -> Population:
    """Draw what the caller did not give, until the whole is a plausible patient."""
    given = Given(profile, values)
    try:
        cohort = draw_cohort(
            assembly,
            seed=seed,
            patients=np.zeros(1, dtype=np.int64),
            backend=backend,
            given=given,
        )
    except SimulationError as error:
        if not given.what:
            raise
        low, high = DOUBLING_TIME_DAYS
        raise InputError(
            f"patient: no plausible patient was found who has {given.what}: untreated tumours must "
            f"reach a steady state and double in {low:g} to {high:g} days"
        ) from error
    return cohort.population


def simulate_patient(
    regimen: Regimen,
    *,
    days: int,
    seed: int = 1,
    profile: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
    changes: Interventions | None = None,
    backend: str = "compiled",
) -> PatientOutcome:
    """Simulate one virtual patient.

    Args:
        regimen: what is given.
        days: how long, 1 or more.
        seed: of the virtual patient: what is not given below is drawn.
        profile: properties such as ``kras_allele`` or ``weight_kg``.
        parameters: values by row of the parameter table, in the row's unit.
        changes: knock-outs, set parameters and wanted mechanisms; they overrule `parameters`.
        backend: ``compiled`` or ``reference``.

    Raises:
        InputError: a property or value is wrong, or no plausible patient has all of them.
        UnsupportedFeature: a drug or route that is not modelled.
        SimulationError: the solver gave up.
    """
    import pandas as pd

    from rascade.engine import Settings

    if days < 1:
        raise InputError(f"--days {days}: simulate at least one day")
    profile = dict(profile or {})
    check_profile(profile, known_alleles())
    changes = changes or Interventions()
    changes.check()
    # A knock-out means to leave the range of its row.
    given = {**(parameters or {}), **changes.set}
    parameters = {**(parameters or {}), **changes.parameters}
    table = load_table().with_values(parameters)
    assembly = assemble(regimen.drugs, table=table, include=changes.include)
    population = _population(assembly, seed, profile, parameters, backend)
    simulation = steady_state(assembly, population, Settings(rtol=1e-6), backend)
    simulation.set_doses(engine_doses(assembly, regimen, population.profiles, days))
    step = max(1.0, math.ceil(days * HOURS_PER_DAY / _POINTS))
    hours = np.append(np.arange(0.0, days * HOURS_PER_DAY, step), days * HOURS_PER_DAY)
    outputs = tuple(
        name
        for name, (copy, _) in assembly.composition.symbols.items()
        if name in assembly.system.observables and copy.mechanism.name != _PLACES
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
    cautions = [
        *own_drug_cautions(regimen.drugs),
        *regimen_cautions(regimen),
        *parameter_cautions(given),
    ]
    info = _info(regimen, days, seed, population, assembly, outputs)
    return PatientOutcome(trajectory, info | {"warnings": cautions})


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
