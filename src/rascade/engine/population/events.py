"""What happens when the triggers of events come true: the same for every back end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.population.backend import Status
from rascade.engine.symbolic.expression import evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine.population.backend import Batch
    from rascade.engine.symbolic.system import Event, System

__all__ = ["LOOKS", "MAX_EVENTS", "carry_out", "prepare_triggers"]

MAX_EVENTS = 1000
"""The most events of one patient at one moment; more are taken for events that never end."""


LOOKS = (0.0, 1e-4, 0.25, 0.5, 0.75, 1.0 - 1e-4, 1.0)
"""Parts of a step at which the sides of comparisons in triggers are looked at. Between them a
comparison is found to turn where its sign differs, or where three in a row show that it comes near.
Those next to the ends tell which way it goes there."""


def prepare_triggers(system: System, batch: Batch) -> None:
    """Set what the triggers count as before the start."""
    for k, event in enumerate(system.events):
        batch.triggers[:, k] = event.initially


def carry_out(system: System, batch: Batch, who: NDArray[np.int64]) -> NDArray[np.int64]:
    """Carry out every event whose trigger holds now and did not when last looked at.

    At one moment events happen one after the other, in the order of the model. Each may trigger
    more, or take back a later one that is not persistent.

    Args:
        system: the model.
        batch: the patients, changed in place.
        who: numbers of the patients to look at.

    Returns:
        The patients of whom anything happened.
    """
    if not system.events or not len(who):
        return who[:0]
    waiting = np.zeros((len(who), len(system.events)), dtype=np.bool_)
    values: dict[int, NDArray[np.float64]] = {}
    _look(system, batch, who, waiting, values)
    touched = waiting.any(axis=1)
    rounds = 0
    while waiting.any():
        rounds += 1
        if rounds > MAX_EVENTS:
            endless = who[waiting.any(axis=1)]
            batch.status[endless] = Status.TOO_MANY_STEPS
            batch.failed_time[endless] = batch.t[endless]
            break
        first = np.where(waiting.any(axis=1), waiting.argmax(axis=1), -1)
        for k in np.unique(first[first >= 0]).tolist():
            mine = np.flatnonzero(first == k)
            waiting[mine, k] = False
            _assign(system, batch, who[mine], system.events[k], values[k][mine])
        _look(system, batch, who, waiting, values)
    batch.h[who[touched]] = 0.0
    return who[touched]


def _look(
    system: System,
    batch: Batch,
    who: NDArray[np.int64],
    waiting: NDArray[np.bool_],
    values: dict[int, NDArray[np.float64]],
) -> None:
    """Note which triggers have changed: add to those waiting, or take back."""
    nodes = [event.trigger for event in system.events]
    holds = _evaluate(system, batch, who, nodes) != 0
    new = holds & (batch.triggers[who] == 0)
    batch.triggers[who] = holds
    for k, event in enumerate(system.events):
        if not event.persistent:
            waiting[~holds[:, k], k] = False
        if new[:, k].any():
            present = _evaluate(system, batch, who, [node for _, node in event.assignments])
            kept = values.setdefault(k, np.zeros_like(present))
            kept[new[:, k]] = present[new[:, k]]
    waiting |= new


def _assign(
    system: System,
    batch: Batch,
    who: NDArray[np.int64],
    event: Event,
    values: NDArray[np.float64],
) -> None:
    """Set all variables of an event at once."""
    if not event.from_trigger_time:
        values = _evaluate(system, batch, who, [node for _, node in event.assignments])
    # All at once: a concentration is set in the compartment as it was, and what that makes as an
    # amount stays when the same event changes the compartment (SBML Test Suite, case 01780).
    targets = [target for target, _ in event.assignments]
    factors = _evaluate(system, batch, who, [target.factor for target in targets])
    for column, target in enumerate(targets):
        batch.y[who, target.state] = values[:, column] * factors[:, column]


def _evaluate(
    system: System, batch: Batch, who: NDArray[np.int64], nodes: list[int]
) -> NDArray[np.float64]:
    return evaluate(system.graph, nodes, batch.t[who], batch.y[who], batch.p[who])
