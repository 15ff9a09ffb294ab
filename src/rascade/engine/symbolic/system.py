"""A model as equations: frozen, complete, without biology."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rascade.engine.symbolic.conservation import ConservationLaw, conservation_laws
from rascade.engine.symbolic.derivatives import jacobian, time_derivatives
from rascade.engine.symbolic.expression import COMPARISON_OPS, Graph, Op, leaves
from rascade.engine.symbolic.inputs import TimedInputs, timed_inputs
from rascade.errors import InputError
from rascade.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

_FLAT_OPS = frozenset({Op.FLOOR, Op.CEIL, Op.MIN, Op.MAX, Op.SELECT})
_Scalar = TypeVar("_Scalar", bound=np.generic)

__all__ = ["Assignable", "Event", "System", "build_system", "unknown_name"]


@dataclass(frozen=True)
class Assignable:
    """How a name that the user gives a value for sets a state.

    The state becomes the value times ``factor`` (a node): 1 for what the state holds itself, the
    compartment's size for a concentration of a state that is an amount.
    """

    state: int
    factor: int


@dataclass(frozen=True)
class Event:
    """Something that happens when a condition comes true.

    Attributes:
        name: its identifier.
        trigger: node of a truth value (or the constant 0 or 1).
        initially: whether the trigger counts as true before the start; it then has to become
            false and true again.
        persistent: whether it still happens when another event at the same moment makes the
            trigger false again.
        from_trigger_time: whether the new values are computed when the trigger comes true, or
            when the event's turn comes; the two differ if other events happen at that moment.
        assignments: (what is set, node of the new value).
    """

    name: str
    trigger: int
    initially: bool
    persistent: bool
    from_trigger_time: bool
    assignments: tuple[tuple[Assignable, int], ...]


@dataclass(frozen=True, eq=False)
class System:
    """Equations of a model, ready for a back end.

    Attributes:
        name: the model's own name or identifier.
        graph: where all nodes live.
        states: names of the states. A species changed by reactions is held as its amount; the
            target of a rate rule as its own value.
        rates: a node a state, dy/dt.
        jacobian: (row, column, node) of every structurally non-zero d(rate)/d(state), sorted.
        time_derivative: a node a state, the explicit d(rate)/dt; the constant 0 where none.
        parameters: names of the constants that may differ from patient to patient.
        default_values: (n_parameters,) their values in the model; NaN where it gives none.
        derived: parameter index -> node of its initial assignment, evaluated once at the start for
            every patient whose parameter was not given a value.
        observables: every name that can be an output -> node.
        forms: further names, ``amount(S)`` and ``[S]`` -> node.
        initial: a node a state, its value at the start, over parameters, states and time.
        assignable: names that may be given an initial value -> what that does.
        dose_targets: species -> state.
        nonnegative: which states must not become negative.
        scale: typical size of each state, above zero.
        notes: what was assumed while reading, for people.
        follows: for each state the one whose tolerance it has; empty where each has its own.
        events: in the order in which they happen at one moment.
        backends: back ends made for this system so far, by name; a cache, not a part of the model.
    """

    name: str
    graph: Graph = field(repr=False)
    states: tuple[str, ...]
    rates: tuple[int, ...] = field(repr=False)
    jacobian: tuple[tuple[int, int, int], ...] = field(repr=False)
    time_derivative: tuple[int, ...] = field(repr=False)
    parameters: tuple[str, ...]
    default_values: NDArray[np.float64] = field(repr=False)
    derived: Mapping[int, int] = field(repr=False)
    observables: Mapping[str, int] = field(repr=False)
    forms: Mapping[str, int] = field(repr=False)
    initial: tuple[int, ...] = field(repr=False)
    assignable: Mapping[str, Assignable] = field(repr=False)
    dose_targets: Mapping[str, int] = field(repr=False)
    nonnegative: NDArray[np.bool_] = field(repr=False)
    scale: NDArray[np.float64] = field(repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)
    follows: tuple[int, ...] = field(default=(), repr=False)
    events: tuple[Event, ...] = field(default=(), repr=False)
    backends: dict[str, Any] = field(default_factory=dict, repr=False, init=False)
    _timed: dict[frozenset[int], TimedInputs] = field(default_factory=dict, repr=False, init=False)

    @property
    def defaults(self) -> dict[str, float]:
        """Values of the parameters as in the model; NaN where it gives none."""
        return dict(zip(self.parameters, self.default_values.tolist(), strict=True))

    @cached_property
    def parameter_index(self) -> Mapping[str, int]:
        """Parameter name -> its place."""
        return {name: k for k, name in enumerate(self.parameters)}

    @cached_property
    def still(self) -> tuple[int, ...]:
        """States that nothing but events, doses and the caller changes."""
        graph = self.graph
        return tuple(k for k, rate in enumerate(self.rates) if graph.constant_value(rate) == 0.0)

    def timed(self, moved: frozenset[int]) -> TimedInputs:
        """Return what follows time in the rates and triggers; see `timed_inputs`.

        Args:
            moved: states that must not be taken for constant between events although their rate
                is zero, because doses go into them.
        """
        if moved not in self._timed:
            triggers = [event.trigger for event in self.events]
            still = set(self.still) - moved
            self._timed[moved] = timed_inputs(self.graph, [*self.rates, *triggers], still)
        return self._timed[moved]

    @cached_property
    def conditions(self) -> tuple[int, ...]:
        """Differences of the two sides of every comparison in triggers that follows a state.

        A trigger can only turn where one of them changes its sign, or where time alone turns it.
        """
        graph, found = self.graph, []
        for node in graph.reachable(event.trigger for event in self.events):
            if graph.ops[node] in COMPARISON_OPS and not graph.is_boolean(graph.args[node][0]):
                difference = graph.sub(*graph.args[node])
                states = leaves(graph, [difference], Op.STATE)
                if states - set(self.still):
                    found.append(difference)
        return tuple(dict.fromkeys(found))

    @cached_property
    def plain_conditions(self) -> bool:
        """Whether no condition can be zero for a length of time, as one with ``floor`` can."""
        inside = self.graph.reachable(self.conditions)
        return not any(self.graph.ops[node] in _FLAT_OPS for node in inside)

    @cached_property
    def parameter_only(self) -> frozenset[int]:
        """Nodes that depend on parameters alone: worth computing once a patient."""
        graph = self.graph
        moving: set[int] = set()
        found: set[int] = set()
        for node in graph.reachable(self._dynamic_nodes()):
            op = graph.ops[node]
            if op in (Op.STATE, Op.TIME) or any(a in moving for a in graph.args[node]):
                moving.add(node)
            elif op is Op.PARAMETER or any(a in found for a in graph.args[node]):
                found.add(node)
        return frozenset(found)

    @cached_property
    def conservation_laws(self) -> tuple[ConservationLaw, ...]:
        """What reactions conserve: a basis of combinations of states that never change.

        Doses and events may change them. `Simulation.conserved` gives their values.
        """
        return conservation_laws(self.graph, self.states, self.rates)

    @cached_property
    def structure_hash(self) -> str:
        """SHA-256 of the equations and names; values of parameters and states do not enter."""
        graph = self.graph
        roots = [*self._dynamic_nodes(), *self.observables.values()]
        roots += [event.trigger for event in self.events]
        number: dict[int, int] = {}
        digest = hashlib.sha256(repr((self.states, self.parameters)).encode())
        for new, node in enumerate(graph.reachable(roots)):
            number[node] = new
            args = tuple(number[a] for a in graph.args[node])
            digest.update(f"{graph.ops[node].value}{args}{graph.values[node].hex()};".encode())
        digest.update(repr([number[n] for n in roots]).encode())
        digest.update(repr(list(self.observables)).encode())
        return digest.hexdigest()

    def observable(self, name: str) -> int:
        """Return the node of an output name, ``amount(S)`` and ``[S]`` included.

        Raises:
            InputError: no such name; the message offers near ones.
        """
        node = self.observables.get(name, self.forms.get(name))
        if node is None:
            raise InputError(unknown_name("output", name, [*self.observables, *self.forms]))
        return node

    def _dynamic_nodes(self) -> list[int]:
        return [*self.rates, *(node for _, _, node in self.jacobian), *self.time_derivative]


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return a message for a name that does not exist, with the nearest that do."""
    names = list(known)
    folded = [k for k in names if k.lower() == name.lower()]
    offer = list(dict.fromkeys(folded + nearest(name, names, most=3, key=str)))[:3]
    hint = f"; did you mean {' or '.join(map(repr, offer))}?" if offer else ""
    return f"the model has no {kind} {name!r}{hint}"


def build_system(
    *,
    name: str,
    graph: Graph,
    states: Sequence[str],
    rates: Sequence[int],
    parameters: Sequence[str],
    defaults: Sequence[float],
    observables: Mapping[str, int],
    initial: Sequence[int],
    derived: Mapping[int, int] | None = None,
    forms: Mapping[str, int] | None = None,
    assignable: Mapping[str, Assignable] | None = None,
    dose_targets: Mapping[str, int] | None = None,
    nonnegative: Sequence[bool] | None = None,
    scale: Sequence[float] | None = None,
    notes: Sequence[str] = (),
    events: Sequence[Event] = (),
) -> System:
    """Differentiate and freeze.

    Without `assignable`, `dose_targets`, `nonnegative` and `scale` every state may be set and
    dosed under its own name, may be negative, and has the typical size 1. The other arguments are
    those of `System`.
    """
    one = graph.constant(1)
    entries = jacobian(graph, rates, len(states))
    return System(
        name=name,
        graph=graph,
        states=tuple(states),
        rates=tuple(rates),
        jacobian=entries,
        time_derivative=time_derivatives(graph, rates),
        parameters=tuple(parameters),
        default_values=_frozen(defaults, np.float64),
        derived=dict(derived or {}),
        observables=dict(observables),
        forms=dict(forms or {}),
        initial=tuple(initial),
        assignable=dict(
            {s: Assignable(i, one) for i, s in enumerate(states)}
            if assignable is None
            else assignable
        ),
        dose_targets=dict(
            {s: i for i, s in enumerate(states)} if dose_targets is None else dose_targets
        ),
        nonnegative=_frozen(
            [False] * len(states) if nonnegative is None else nonnegative, np.bool_
        ),
        scale=_frozen([1.0] * len(states) if scale is None else scale, np.float64),
        notes=tuple(notes),
        events=tuple(events),
    )


def _frozen(values: Sequence[float], dtype: type[_Scalar]) -> NDArray[_Scalar]:
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array
