"""A `System` as plain data and back: how a model read in another process comes home.

The data are lists, strings and numbers that JSON can hold. What comes back is checked piece by
piece before any of it is used; nothing in it is ever executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.symbolic.expression import ARITY, Graph, Op
from rascade.engine.symbolic.system import Assignable, Event, System
from rascade.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["from_plain", "to_plain"]

_OPS = {op.value: op for op in Op}
_LEAVES = {Op.STATE: "states", Op.PARAMETER: "parameters"}


def to_plain(system: System) -> dict[str, Any]:
    """Return a system as data; node numbers stay what they are."""
    graph = system.graph
    return {
        "name": system.name,
        "graph": [
            [op.value, list(args), value]
            for op, args, value in zip(graph.ops, graph.args, graph.values, strict=True)
        ],
        "states": list(system.states),
        "rates": list(system.rates),
        "jacobian": [list(entry) for entry in system.jacobian],
        "time_derivative": list(system.time_derivative),
        "parameters": list(system.parameters),
        "default_values": system.default_values.tolist(),
        "derived": [list(item) for item in system.derived.items()],
        "observables": dict(system.observables),
        "forms": dict(system.forms),
        "initial": list(system.initial),
        "assignable": {name: _target(t) for name, t in system.assignable.items()},
        "dose_targets": dict(system.dose_targets),
        "nonnegative": system.nonnegative.tolist(),
        "scale": system.scale.tolist(),
        "notes": list(system.notes),
        "events": [_plain_event(event) for event in system.events],
    }


def from_plain(data: Any) -> System:
    """Return the system that `to_plain` was given.

    Raises:
        ModelFileError: the data are not those of a system.
    """
    try:
        return _Reader(data).system()
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"the equations of the model came back damaged: {error}") from error


def _target(target: Assignable) -> list[int]:
    return [target.state, target.factor]


def _plain_event(event: Event) -> list[Any]:
    assignments = [[*_target(target), node] for target, node in event.assignments]
    flags = [event.initially, event.persistent, event.from_trigger_time]
    return [event.name, event.trigger, flags, assignments]


class _Reader:
    """Plain data on their way back; every number is checked against what it counts."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.states = self._names("states")
        self.parameters = self._names("parameters")
        self.graph = self._graph()

    def system(self) -> System:
        data, n, m = self.data, len(self.states), len(self.parameters)
        return System(
            name=str(data["name"]),
            graph=self.graph,
            states=self.states,
            rates=self._nodes(data["rates"], n),
            jacobian=tuple(
                (_index(row, n), _index(column, n), self._node(node))
                for row, column, node in data["jacobian"]
            ),
            time_derivative=self._nodes(data["time_derivative"], n),
            parameters=self.parameters,
            default_values=_array(data["default_values"], m, np.float64),
            derived={_index(k, m): self._node(node) for k, node in data["derived"]},
            observables={str(k): self._node(v) for k, v in data["observables"].items()},
            forms={str(k): self._node(v) for k, v in data["forms"].items()},
            initial=self._nodes(data["initial"], n),
            assignable={str(k): self._assignable(*v) for k, v in data["assignable"].items()},
            dose_targets={str(k): _index(v, n) for k, v in data["dose_targets"].items()},
            nonnegative=_array(data["nonnegative"], n, np.bool_),
            scale=_sizes(data["scale"], n),
            notes=tuple(map(str, data["notes"])),
            events=tuple(self._event(*event) for event in data["events"]),
        )

    def _names(self, field: str) -> tuple[str, ...]:
        names = tuple(map(str, self.data[field]))
        if len(set(names)) != len(names):
            raise ValueError(f"{field} are not unique")
        return names

    def _graph(self) -> Graph:
        graph = Graph()
        for number, (word, args, value) in enumerate(self.data["graph"]):
            op, args = _OPS[word], [_index(a, number) for a in args]
            if len(args) != ARITY[op]:
                raise ValueError(f"{word} does not take {len(args)} arguments")
            if op in _LEAVES:
                _index(int(value), len(getattr(self, _LEAVES[op])))
            if graph.restore(op, tuple(args), float(value)) != number:
                raise ValueError(f"node {number} is there twice")
        return graph

    def _node(self, value: Any) -> int:
        return _index(value, len(self.graph))

    def _nodes(self, values: Sequence[Any], count: int) -> tuple[int, ...]:
        if len(values) != count:
            raise ValueError(f"{len(values)} nodes for {count} states")
        return tuple(self._node(v) for v in values)

    def _assignable(self, state: Any, factor: Any) -> Assignable:
        return Assignable(_index(state, len(self.states)), self._node(factor))

    def _event(self, name: Any, trigger: Any, flags: Any, assignments: Any) -> Event:
        initially, persistent, from_trigger_time = map(bool, flags)
        return Event(
            name=str(name),
            trigger=self._node(trigger),
            initially=initially,
            persistent=persistent,
            from_trigger_time=from_trigger_time,
            assignments=tuple(
                (self._assignable(state, factor), self._node(node))
                for state, factor, node in assignments
            ),
        )


def _index(value: Any, count: int) -> int:
    if type(value) is not int or not 0 <= value < count:
        raise ValueError(f"{value!r:.40} is no index below {count}")
    return value


def _array(values: Any, count: int, dtype: type[Any]) -> Any:
    array = np.array(values, dtype=dtype)
    if array.shape != (count,):
        raise ValueError(f"{count} numbers expected")
    array.flags.writeable = False
    return array


def _sizes(values: Any, count: int) -> Any:
    array = _array(values, count, np.float64)
    if not np.all((array > 0) & np.isfinite(array)):
        raise ValueError("sizes must be above zero")
    return array
