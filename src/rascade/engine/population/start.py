"""Where a simulation starts, and how finely it is solved."""

from __future__ import annotations

import functools
import graphlib
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.symbolic.expression import Op, evaluate, leaves
from rascade.engine.symbolic.system import unknown_name
from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rascade.engine.population.backend import Batch, DoseTable, Settings
    from rascade.engine.symbolic.system import System

    Columns = Mapping[int, NDArray[np.float64]]

__all__ = ["Scales", "size_of_one", "start_values"]


class Scales:
    """Absolute tolerances of every patient, kept up with the doses.

    A tolerance is 1e-3 * rtol * the typical size of a state unless it is given. A given one is in
    the meaning that the species has as a name: one for a concentration is multiplied by the size of
    the compartment at the start, because the state is an amount. The typical size
    is that of the model, which knows nothing of doses: a compartment that starts empty would be
    followed down to a thousandth of the smallest start value in the model. So a patient's largest
    dose into a state is its size where the state starts empty, and its least size elsewhere. No
    other patient enters, so that a patient is solved the same alone and among others.

    Args:
        system: the model.
        settings: tolerances.
        batch: the patients at their start; ``batch.atol`` is filled and kept.

    Raises:
        InputError: a tolerance for a name that is no state, not above zero, or given twice.
    """

    def __init__(self, system: System, settings: Settings, batch: Batch) -> None:
        self._batch, self._size = batch, system.scale
        self._follows = list(system.follows)
        self._factor = 1e-3 * settings.rtol
        batch.atol[:] = self._factor * system.scale
        self._open = np.ones(len(system.states), dtype=np.bool_)  # nobody gave a tolerance
        # At the start, not as the model has it: the caller may have set other initial values.
        self._empty = batch.y == 0
        self._largest: dict[int, NDArray[np.float64]] = {}
        if isinstance(settings.atol, (int, float)):
            batch.atol[:] = settings.atol * size_of_one(system, batch)
            self._open[:] = False
        elif settings.atol:
            self._give(system, settings.atol)
        self._pass_on()

    def _give(self, system: System, given: Mapping[str, float]) -> None:
        """Take the tolerances of single states."""
        batch = self._batch
        for name, value in given.items():
            place, factors = _meaning(system, batch, name)
            if not 0 < value < np.inf:
                raise InputError(f"atol of {name} must be above zero, not {value!r}")
            if not self._open[place]:
                raise InputError(f"two values of atol for {system.states[place]!r}")
            batch.atol[:, place] = value * factors
            self._open[place] = False

    def see(self, doses: DoseTable) -> None:
        """Take account of doses; those seen before keep counting."""
        patient = np.repeat(np.arange(self._batch.n), np.diff(doses.start))
        for state in np.unique(doses.state[doses.amount > 0]).tolist():
            if self._open[state]:
                largest = self._largest.setdefault(state, np.zeros(self._batch.n))
                mine = doses.state == state
                np.maximum.at(largest, patient[mine], doses.amount[mine])
                least = np.where(self._empty[:, state], 0.0, self._size[state])
                size = np.where(largest > 0, np.maximum(least, largest), self._size[state])
                self._batch.atol[:, state] = self._factor * size
        self._pass_on()

    @classmethod
    def gather(cls, parts: Sequence[tuple[Scales, NDArray[np.int64]]], batch: Batch) -> Scales:
        """Return the scales of chosen patients, who are rows of a batch of their own.

        Args:
            parts: scales of one system, each with (k,) the zero-based patients taken from it.
            batch: these patients, their tolerances included.
        """
        one = cls.__new__(cls)
        first = parts[0][0]
        one._batch, one._size, one._follows = batch, first._size, first._follows
        one._factor, one._open = first._factor, first._open
        one._empty = np.concatenate([scales._empty[who] for scales, who in parts])
        seen = {state for scales, _ in parts for state in scales._largest}
        none = np.zeros(max(scales._batch.n for scales, _ in parts))
        one._largest = {
            state: np.concatenate([scales._largest.get(state, none)[who] for scales, who in parts])
            for state in sorted(seen)
        }
        return one

    def _pass_on(self) -> None:
        if self._follows:
            self._batch.atol[:] = self._batch.atol[:, self._follows]


def size_of_one(system: System, batch: Batch) -> NDArray[np.float64]:
    """Return (n, n_states) what each state holds when its name has the value 1.

    That is 1, but the size of the compartment for an amount whose name means a concentration.

    Args:
        system: the model.
        batch: the patients at their start.
    """
    sizes = np.ones((batch.n, len(system.states)))
    for place, name in enumerate(system.states):
        if name in system.assignable and system.assignable[name].state == place:
            sizes[:, place] = _meaning(system, batch, name)[1]
    return sizes


def _meaning(system: System, batch: Batch, name: str) -> tuple[int, NDArray[np.float64]]:
    """Return the state that a name means, and (n,) what the state holds for a value of 1."""
    if name in system.assignable:
        target = system.assignable[name]
        if system.graph.constant_value(target.factor) == 1:
            return target.state, np.ones(batch.n)
        size = np.abs(evaluate(system.graph, [target.factor], batch.t, batch.y, batch.p)[:, 0])
        # A compartment that starts empty tells nothing; it will be of size 1 for all we know.
        return target.state, np.where((size > 0) & np.isfinite(size), size, 1.0)
    if name in system.states:
        return system.states.index(name), np.ones(batch.n)
    known = [*system.states, *system.assignable]
    raise InputError("atol: " + unknown_name("state", name, known))


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
    for level in _levels(system, tuple(nodes), tuple(derived.items())):
        wanted = [nodes[k] if op is Op.STATE else derived[k] for op, k in level]
        values = evaluate(system.graph, wanted, batch.t, batch.y, batch.p)
        for column_index, (op, k) in enumerate(level):
            if op is Op.STATE:
                batch.y[:, k] = values[:, column_index] * columns.get(k, 1.0)
            else:
                batch.p[:, k] = values[:, column_index]


@functools.lru_cache(maxsize=32)  # one patient at a time, this was a third of the set-up
def _levels(
    system: System, nodes: tuple[int, ...], derived_items: tuple[tuple[int, int], ...]
) -> tuple[tuple[tuple[Op, int], ...], ...]:
    """Group what is to be evaluated: each group needs the ones before it only."""
    graph, derived = system.graph, dict(derived_items)
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
        levels.append(tuple(level))
        order.done(*level)
    return tuple(levels)
