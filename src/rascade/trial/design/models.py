"""The model of an arm: its drugs, and the parameters and changes of the trial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from rascade.model import Assembly, assemble, load_table, shared_parts
from rascade.patients import line_values

if TYPE_CHECKING:
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["arm_assembly", "shared_assembly"]


def arm_assembly(spec: TrialSpec, arm: ArmSpec) -> Assembly:
    """Return the model with the drugs of an arm, its line of treatment and its parameters.

    A part of the tumour that one arm needs is in all, so that arms differ in drugs alone. Arms and
    chunks with the same drugs share one model, so that it is made and compiled once.
    """
    changes = spec.changes_of(arm)
    values = _values(spec, changes.parameters)
    asked = [name for other in spec.arms for name in spec.changes_of(other).include]
    parts = shared_parts([drug for other in spec.arms for drug in other.drugs], asked)
    return _assembly(arm.drugs, values, tuple(dict.fromkeys((*changes.include, *parts))))


def shared_assembly(spec: TrialSpec) -> Assembly:
    """Return the model with the drugs of all arms, by which paired patients are screened.

    A patient must be plausible or not whatever arm he is in.
    """
    changes = spec.shared_changes
    drugs = tuple(dict.fromkeys(drug for arm in spec.arms for drug in arm.drugs))
    include = tuple(
        dict.fromkeys(name for arm in spec.arms for name in spec.changes_of(arm).include)
    )
    return _assembly(drugs, _values(spec, changes.parameters), include)


def _values(spec: TrialSpec, given: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the changed typical values of a trial; what it sets itself has the last word."""
    return tuple(sorted({**line_values(spec.cohort.line), **given}.items()))


@lru_cache(maxsize=32)
def _assembly(
    drugs: tuple[str, ...], parameters: tuple[tuple[str, float], ...], include: tuple[str, ...]
) -> Assembly:
    return assemble(drugs, table=load_table().with_values(dict(parameters)), include=include)
