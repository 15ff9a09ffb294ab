"""The model of an arm: its drugs, its population, and the parameters and changes of the trial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from rascade.errors import InputError, ResultsError
from rascade.model import Assembly, assemble, load_table, shared_parts
from rascade.own_drugs import own_drugs
from rascade.patients import line_values
from rascade.patients.hyperparameters import Ensemble, default_ensemble

if TYPE_CHECKING:
    from rascade.model import ParameterTable
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = [
    "arm_assembly",
    "needed_ensemble",
    "population_table",
    "shared_assembly",
    "trial_ensemble",
]


def trial_ensemble(population: str | None) -> Ensemble | None:
    """Return the ensemble that a trial's plan names by its hash; None for the bare table.

    Raises:
        ResultsError: this process has another ensemble.
    """
    if population is None:
        return None
    found = default_ensemble()
    if found is None or found.hash != population:
        raise ResultsError(
            "the trial was planned with another ensemble of the population than this process has; "
            "use the same version of Rascade and the same RASCADE_ENSEMBLE everywhere"
        )
    return found


def needed_ensemble(population: str | None) -> Ensemble:
    """Return the ensemble of a plan whose question only an ensemble can answer.

    Args:
        population: hash of the ensemble that the plan names; None for the bare table.

    Raises:
        InputError: this process has no ensemble, or the plan asks for the bare table.
        ResultsError: this process has another ensemble.
    """
    found = trial_ensemble(population)
    if found is not None:
        return found
    if default_ensemble() is not None:
        raise InputError(
            "population: table; this needs the ensemble of the population: write 'population: "
            "ensemble', or leave it out"
        )
    raise InputError(
        "this needs the ensemble of the population, and there is none; let RASCADE_ENSEMBLE name a "
        "folder of 'rascade cohort build', or take it out of the environment"
    )


def population_table(population: str | None, line: int) -> ParameterTable:
    """Return the parameter table of patients in a line of treatment, the one source of a trial's.

    Args:
        population: hash of the ensemble, of which it is the central member; None for the bare
            table, changed for the line.
        line: of treatment.
    """
    return _population_table(population, line, _own())


def _own() -> tuple[str, ...]:
    """Return what the user's own drugs are now: a table or a model of others is another one."""
    return tuple(drug.hash for drug in own_drugs().values())


@lru_cache(maxsize=8)
def _population_table(population: str | None, line: int, own: tuple[str, ...]) -> ParameterTable:
    ensemble = trial_ensemble(population)
    if ensemble is None:
        return load_table().with_values(line_values(line))
    return ensemble.first(0).tables(load_table(), line)[0]


def arm_assembly(spec: TrialSpec, arm: ArmSpec) -> Assembly:
    """Return the model with the drugs of an arm, its line of treatment and its parameters.

    A part of the tumour that one arm needs is in all, so that arms differ in drugs alone. Arms and
    chunks with the same drugs share one model, so that it is made and compiled once.
    """
    changes = spec.changes_of(arm)
    who = spec.population, spec.cohort.line
    asked = [name for other in spec.arms for name in spec.changes_of(other).include]
    parts = shared_parts([drug for other in spec.arms for drug in other.drugs], asked)
    include = tuple(dict.fromkeys((*changes.include, *parts)))
    return _assembly(arm.drugs, who, _items(changes.parameters), include, _own())


def shared_assembly(spec: TrialSpec) -> Assembly:
    """Return the model with the drugs of all arms, by which paired patients are screened.

    A patient must be plausible or not whatever arm he is in.
    """
    changes = spec.shared_changes
    drugs = tuple(dict.fromkeys(drug for arm in spec.arms for drug in arm.drugs))
    include = tuple(
        dict.fromkeys(name for arm in spec.arms for name in spec.changes_of(arm).include)
    )
    who = spec.population, spec.cohort.line
    return _assembly(drugs, who, _items(changes.parameters), include, _own())


def _items(parameters: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return what a trial sets itself, which has the last word over its population."""
    return tuple(sorted(parameters.items()))


@lru_cache(maxsize=32)
def _assembly(
    drugs: tuple[str, ...],
    who: tuple[str | None, int],
    parameters: tuple[tuple[str, float], ...],
    include: tuple[str, ...],
    own: tuple[str, ...],
) -> Assembly:
    table = population_table(*who).with_values(dict(parameters))
    return assemble(drugs, table=table, include=include)
