"""The same virtual patients in many populations at once: members of an ensemble, stacked.

Every member draws the same N patients from its own distributions (the same random numbers), and all
are brought to steady state in one simulation of members x N patients, so that the equations are
assembled and compiled once. Nobody is drawn anew where a tumour is implausible: it gets the weight
zero, so that random numbers stay common to all members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.own_drugs import origin
from rascade.patients.cohort import Cohort, eligible_attempts, plausible, steady_state
from rascade.patients.population import Population
from rascade.patients.profile import draw_profiles, truncated_lognormal
from rascade.random_streams import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Settings, Simulation
    from rascade.model import Assembly, ParameterTable

    Floats = NDArray[np.float64]

__all__ = ["Stack", "settled_stack", "stratified"]


@dataclass(frozen=True)
class Stack:
    """Patients of several members, one member after the other.

    Attributes:
        cohort: of members x N patients; numbers repeat from member to member.
        members: m.
        weight: (m, N) 1 for patients who count, 0 for those whose tumour grows implausibly fast or
            slowly, or whose steady state was not found.
    """

    cohort: Cohort
    members: int
    weight: Floats


def stratified(seed: int, stream: str, patients: NDArray[np.int64]) -> Floats:
    """Return one number in (0, 1) a patient, one from each of n equal parts of it.

    The average over n patients then varies far less from seed to seed than with independent
    numbers (Latin hypercube sampling, McKay 1979).
    """
    order = np.argsort(uniform(seed, f"{stream}:order", patients), kind="stable")
    place = np.empty(patients.size)
    place[order] = np.arange(patients.size)
    return np.asarray((place + uniform(seed, stream, patients)) / patients.size)


def settled_stack(
    assembly: Assembly,
    tables: Sequence[ParameterTable],
    *,
    seed: int,
    patients: NDArray[np.int64],
    eligibility: Sequence[str] = (),
    settings: Settings,
    backend: str = "compiled",
) -> tuple[Stack, Simulation]:
    """Draw the patients of every member and bring all to steady state.

    Args:
        assembly: the model.
        tables: m parameter tables, one a member.
        seed: of the random numbers.
        patients: (N,) patient numbers.
        eligibility: conditions on profiles, all of which must hold.
        settings: of the solver.
        backend: of the engine.

    Returns:
        The stack, and its simulation paused at time 0.

    Raises:
        EligibilityError: an expression is wrong, or nobody meets it.
    """
    attempts = eligible_attempts(seed, patients, eligibility)
    profiles = _profiles(seed, patients, attempts)
    rows = sorted(set(assembly.composition.parameters.values()))
    drawn = [_parameters(table, rows, seed, patients) for table in tables]
    m = len(tables)
    # Fixed rows whose typical value differs between members are per-patient values of the stack.
    names = sorted({name for each in drawn for name in each} | _moved(tables, assembly.table, rows))
    together = {
        name: np.concatenate(
            [
                each.get(name, np.full(patients.size, table[name].value))
                for each, table in zip(drawn, tables, strict=True)
            ]
        )
        for name in names
    }
    population = Population(
        np.tile(patients, m), {n: np.tile(v, m) for n, v in profiles.items()}, together
    )
    simulation = steady_state(assembly, population, settings, backend)
    weight = plausible(simulation).astype(float).reshape(m, patients.size)
    nobody = np.zeros(population.size, dtype=np.int64)
    return Stack(Cohort(population, nobody, nobody), m, weight), simulation


def _profiles(
    seed: int, patients: NDArray[np.int64], attempts: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Return the profile of each patient at his own attempt."""
    order, parts = [], []
    for attempt in np.unique(attempts):
        now = np.flatnonzero(attempts == attempt)
        order.append(now)
        parts.append(draw_profiles(seed, patients[now], int(attempt)))
    places = np.argsort(np.concatenate(order))
    return {name: np.concatenate([part[name] for part in parts])[places] for name in parts[0]}


def _parameters(
    table: ParameterTable, rows: Sequence[str], seed: int, patients: NDArray[np.int64]
) -> dict[str, Floats]:
    drawn = {}
    for name in rows:
        row = table[name]
        if row.varies and row.value > 0:
            numbers = stratified(seed, f"parameter:{origin(name)}", patients)
            drawn[name] = truncated_lognormal(numbers, row.value, row.cv, row.low, row.high)
    return drawn


def _moved(tables: Sequence[ParameterTable], base: ParameterTable, rows: Sequence[str]) -> set[str]:
    """Return the rows whose typical value differs from the assembly's in some member."""
    return {name for name in rows if any(t[name].value != base[name].value for t in tables)}
