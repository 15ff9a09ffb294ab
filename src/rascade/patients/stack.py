"""The same virtual patients in many populations at once: members of an ensemble, stacked.

Every member draws the same N patients from its own distributions (the same random numbers), and all
are brought to steady state in one simulation of members x N patients, so that the equations are
assembled and compiled once. Nobody is drawn anew where a tumour is implausible: it gets the weight
zero, so that random numbers stay common to all members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.patients.cohort import Cohort, plausible, steady_state
from rascade.patients.draws import Draws, Given
from rascade.patients.population import Population, draw_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Settings, Simulation
    from rascade.model import Assembly, ParameterTable

    Floats = NDArray[np.float64]

__all__ = ["Stack", "settled_stack"]


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


def settled_stack(
    assembly: Assembly,
    tables: Sequence[ParameterTable],
    *,
    seed: int,
    patients: NDArray[np.int64],
    eligibility: Sequence[str] = (),
    settings: Settings,
    backend: str = "compiled",
    own: Sequence[Given] = (),
    turns: int = 1,
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
        own, turns: what is known of patients one by one, as in `rascade.patients.draws.Draws`.

    Returns:
        The stack, and its simulation paused at time 0.

    Raises:
        EligibilityError: an expression is wrong, or nobody meets it.
    """
    draws = Draws(seed, eligibility, own=own, turns=turns)
    attempts = draws.next_eligible(patients, np.zeros(patients.size, dtype=np.int64))
    profiles = draws.profiles(patients, attempts)
    rows = sorted(set(assembly.composition.parameters.values()))
    numbers = draws.numbers(patients, attempts, stratify=True)
    drawn = [draw_parameters(table, rows, numbers) for table in tables]
    for each, table in zip(drawn, tables, strict=True):
        draws.put_known(each, table, rows, patients)
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


def _moved(tables: Sequence[ParameterTable], base: ParameterTable, rows: Sequence[str]) -> set[str]:
    """Return the rows whose typical value differs from the assembly's in some member."""
    return {name for name in rows if any(t[name].value != base[name].value for t in tables)}
