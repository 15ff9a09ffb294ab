"""Where a simulation starts, how finely it is solved, and at which known times its rates jump."""

from __future__ import annotations

import graphlib
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.expression import Op, evaluate, leaves
from rascade.engine.system import unknown_name
from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rascade.engine.backend import Batch, Settings
    from rascade.engine.system import System

    Columns = Mapping[int, NDArray[np.float64]]

__all__ = ["absolute_tolerances", "start_values", "time_breaks"]


def absolute_tolerances(system: System, settings: Settings) -> NDArray[np.float64]:
    """Return (n_states,) absolute tolerances; they do not depend on any patient.

    Raises:
        InputError: a tolerance for a name that is no state, or not above zero.
    """
    atol = settings.atol
    if isinstance(atol, (int, float)):
        return np.full(len(system.states), float(atol))
    out = 1e-3 * settings.rtol * system.scale
    for name, value in (atol or {}).items():
        if name not in system.states:
            raise InputError("atol: " + unknown_name("state", name, system.states))
        if not 0 < value < np.inf:
            raise InputError(f"atol of {name} must be above zero, not {value!r}")
        out[system.states.index(name)] = value
    return out


def start_values(
    system: System,
    batch: Batch,
    given: Columns,
    initial: Mapping[str, NDArray[np.float64]],
) -> None:
    """Fill the states and parameters of a batch at its time ``batch.t``.

    Initial assignments are evaluated in the order of their dependence, so that one sees the values
    that the caller gave for others.

    Args:
        system: the model.
        batch: the patients, changed in place.
        given: parameter index -> (n,) values that replace the model's.
        initial: state or species name -> (n,) initial values that replace the model's.

    Raises:
        InputError: an unknown name, or two values for one state.
    """
    batch.p[:] = system.default_values
    for index, column in given.items():
        batch.p[:, index] = column
    nodes, columns = list(system.initial), {}
    for name, column in initial.items():
        target = system.assignable.get(name)
        if target is None:
            raise InputError(unknown_name("initial value", name, system.assignable))
        if target.state in columns:
            raise InputError(f"two initial values for {system.states[target.state]!r}")
        nodes[target.state], columns[target.state] = target.factor, column
    derived = {k: node for k, node in system.derived.items() if k not in given}
    for level in _levels(system, nodes, derived):
        wanted = [nodes[k] if op is Op.STATE else derived[k] for op, k in level]
        values = evaluate(system.graph, wanted, batch.t, batch.y, batch.p)
        for column_index, (op, k) in enumerate(level):
            if op is Op.STATE:
                batch.y[:, k] = values[:, column_index] * columns.get(k, 1.0)
            else:
                batch.p[:, k] = values[:, column_index]


def _levels(
    system: System, nodes: list[int], derived: Mapping[int, int]
) -> list[list[tuple[Op, int]]]:
    """Group what is to be evaluated: each group needs the ones before it only."""
    graph = system.graph
    needs: dict[tuple[Op, int], set[tuple[Op, int]]] = {}
    targets = [((Op.STATE, k), n) for k, n in enumerate(nodes)]
    targets += [((Op.PARAMETER, k), n) for k, n in derived.items()]
    for key, node in targets:
        states = {(Op.STATE, k) for k in leaves(graph, [node], Op.STATE)}
        parameters = {
            (Op.PARAMETER, k) for k in leaves(graph, [node], Op.PARAMETER) if k in derived
        }
        needs[key] = states | parameters
    order = graphlib.TopologicalSorter(needs)
    try:
        order.prepare()
    except graphlib.CycleError as error:
        raise InputError("initial values depend on each other in a circle") from error
    levels = []
    while order.is_active():
        level = sorted(order.get_ready(), key=lambda key: (key[0].value, key[1]))
        levels.append(level)
        order.done(*level)
    return levels


def time_breaks(
    system: System, p: NDArray[np.float64], after: float, before: float
) -> NDArray[np.float64]:
    """Return the times at which a rate may jump because time passes a known value.

    A rate such as ``piecewise(1, time < t1, 0)`` would make the error control search for the jump,
    or step over a short pulse. Where both sides of a comparison depend on time and parameters only,
    and on time linearly, the moment is known beforehand.

    Args:
        system: the model.
        p: (n, n_parameters).
        after: times up to and including this one are left out.
        before: times from this one on are left out.

    Returns:
        (m, 2): patient and time.
    """
    switches = system.time_switches
    if not switches or not system.states:
        return np.empty((0, 2))
    nothing = np.zeros(len(system.states))
    offset = evaluate(system.graph, [d for d, _ in switches], 0.0, nothing, p)
    slope = evaluate(system.graph, [s for _, s in switches], 0.0, nothing, p)
    with np.errstate(all="ignore"):
        times = -offset / slope
    patient, switch = np.nonzero((times > after) & (times < before))
    return np.column_stack((patient, times[patient, switch]))
