"""A model together with its derivatives by parameters, as one larger model.

For a parameter q the derivative s = dy/dq of the states obeys the tangent equations
ds/dt = (df/dy) s + df/dq, with s = dy0/dq at the start (Hairer, Norsett & Wanner, Solving Ordinary
Differential Equations I, section I.14). They are made on the expression graph by differentiating
the rates along a direction, exactly, and solved with the states in the same steps under the same
error control.

Where the rates or the states jump at a moment that itself depends on q (an event, a switch of a
piecewise rate), s jumps too. With tau the moment, y+ = g(y-), and ' the derivative by q:
s+ = g_y s + g_q + (g_y f- + g_t - f+) tau', and tau' = -(e_y s + e_q) / (e_y f- + e_t) where e = 0
is the condition (W. Rozenvasser, Automation and Remote Control 28, 52 (1967); see Hindmarsh,
Serban, Balos et al., CVODES user guide). These jumps are events of the larger model.

Directions are parameters of the larger model, so that one kernel serves every choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rascade.engine.symbolic.derivatives import directional
from rascade.engine.symbolic.expression import Op, leaves
from rascade.engine.symbolic.rewrite import substitute
from rascade.engine.symbolic.system import Assignable, Event, System, build_system
from rascade.errors import UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["TangentSystem", "direction", "tangent", "tangent_system"]

_CROSSED = 1e-4  # how near to zero, relative, a condition is where it was crossed, not jumped over
_ORDERED = {Op.LT: -1, Op.LE: -1, Op.GT: 1, Op.GE: 1}


@dataclass(frozen=True)
class TangentSystem:
    """States and tangents.

    Attributes:
        system: the larger model.
        moving: whether moments of events or switches, and with them infusion rates, matter.
    """

    system: System
    moving: bool


_MADE: WeakKeyDictionary[System, dict[tuple[object, ...], TangentSystem]] = WeakKeyDictionary()


def tangent(lane: int, name: str) -> str:
    """Return the name of the derivative of something along a direction."""
    return f"tangent {lane} of {name}"


def direction(lane: int, parameter: str) -> str:
    """Return the name of a component of a direction."""
    return f"direction {lane} of {parameter}"


def tangent_system(
    system: System, parameters: tuple[str, ...], given: frozenset[str], lanes: int
) -> TangentSystem:
    """Return a model with the tangents of some directions; made once for each choice.

    Args:
        system: the model.
        parameters: what directions have components in.
        given: parameters with an initial assignment that the caller's value replaces.
        lanes: the number of directions.

    Raises:
        UnsupportedFeature: an event whose moment depends on states or parameters in a way for
            which the jump of the tangents is not known.
    """
    made = _MADE.setdefault(system, {})
    key = (parameters, given, lanes)
    if key not in made:
        made[key] = _Builder(system, parameters, given, lanes).build()
    return made[key]


class _Builder:
    """The larger model while it is made."""

    def __init__(
        self, system: System, parameters: Sequence[str], given: frozenset[str], lanes: int
    ) -> None:
        self.base, self.graph, self.lanes = system, system.graph, lanes
        self.n = len(system.states)
        self.names = list(system.parameters)
        self.defaults = system.default_values.tolist()
        index = system.parameter_index
        self.derived = {
            k: node for k, node in system.derived.items() if system.parameters[k] not in given
        }
        chosen = {index[name]: name for name in parameters}
        self.seeds = [self._seeds(lane, chosen) for lane in range(lanes)]

    # -- leaves -----------------------------------------------------------------------------

    def _seeds(self, lane: int, chosen: dict[int, str]) -> dict[int, int]:
        """Return leaf -> its derivative along a direction; adds the parameters that needs."""
        graph, first = self.graph, self.n * (1 + lane)
        seeds = {graph.state(i): graph.state(first + i) for i in range(self.n)}
        for k, name in chosen.items():
            seeds[graph.parameter(k)] = self._parameter(direction(lane, name))
        for k in self._affected(set(chosen)):
            seeds[graph.parameter(k)] = self._parameter(tangent(lane, self.base.parameters[k]))
        return seeds

    def _parameter(self, name: str) -> int:
        self.names.append(name)
        self.defaults.append(0.0)
        return self.graph.parameter(len(self.names) - 1)

    def _affected(self, chosen: set[int]) -> list[int]:
        """Return the parameters whose initial assignments may depend on chosen ones or states."""
        return [
            k
            for k, node in self.derived.items()
            if leaves(self.graph, [node], Op.STATE)
            or leaves(self.graph, [node], Op.PARAMETER) & (chosen | self.derived.keys())
        ]

    # -- the model --------------------------------------------------------------------------

    def build(self) -> TangentSystem:
        base, graph = self.base, self.graph
        states, rates, initial = list(base.states), list(base.rates), list(base.initial)
        observables, forms = dict(base.observables), dict(base.forms)
        assignable = dict(base.assignable)
        derived = dict(self.derived)
        for lane, seeds in enumerate(self.seeds):
            states += [tangent(lane, name) for name in base.states]
            rates += directional(graph, base.rates, seeds)
            initial += directional(graph, base.initial, seeds)
            for known in (observables, forms):
                own = base.observables if known is observables else base.forms
                slopes = directional(graph, list(own.values()), seeds)
                known |= {tangent(lane, k): s for k, s in zip(own, slopes, strict=True)}
            for name, target in base.assignable.items():
                slope = directional(graph, [target.factor], seeds)[0]
                own_state = self.n * (1 + lane) + target.state
                assignable[tangent(lane, name)] = Assignable(own_state, slope)
            derived |= self._derived(lane, seeds)
        events = self._events()
        system = build_system(
            name=base.name,
            graph=graph,
            states=states,
            rates=rates,
            parameters=self.names,
            defaults=self.defaults,
            observables=observables,
            initial=initial,
            derived=derived,
            forms=forms,
            assignable=assignable,
            dose_targets=base.dose_targets,
            nonnegative=[*base.nonnegative.tolist(), *[False] * (self.n * self.lanes)],
            scale=base.scale.tolist() * (1 + self.lanes),
            events=events,
        )
        follows = tuple(range(self.n)) * (1 + self.lanes)
        return TangentSystem(replace(system, follows=follows), moving=self.moving)

    def _derived(self, lane: int, seeds: dict[int, int]) -> dict[int, int]:
        """Return the derivatives of initial assignments of parameters, themselves parameters."""
        out = {}
        for k, node in self.derived.items():
            leaf = self.graph.parameter(k)
            if leaf not in seeds:
                continue
            slope = directional(self.graph, [node], seeds)[0]
            own = self.graph.index(seeds[leaf])
            if self.names[own] == tangent(lane, self.base.parameters[k]):
                name = direction(lane, self.base.parameters[k])
                if name in self.names:  # chosen itself, and computed from others
                    slope = self.graph.add(slope, self.graph.parameter(self.names.index(name)))
                out[own] = slope
        return out

    # -- jumps ------------------------------------------------------------------------------

    def _events(self) -> list[Event]:
        """Return the switches of rates that tangents feel, then the model's own events."""
        self.moving = False
        switches = list(self._switches())
        own = [self._event(event) for event in self.base.events]
        if self.moving:
            self._check_cascades()
        return [*switches, *own]

    def _switches(self) -> Iterator[Event]:
        graph, base = self.graph, self.base
        groups: dict[tuple[int, int], dict[int, int]] = {}
        for node in graph.reachable(base.rates):
            if graph.ops[node] in _ORDERED:
                a, b = graph.args[node]
                sign = _ORDERED[graph.ops[node]] * (1 if a < b else -1)
                groups.setdefault((min(a, b), max(a, b)), {})[node] = sign
        triggers = {tuple(sorted(graph.args[event.trigger])) for event in base.events}
        for (a, b), signs in groups.items():
            if self._fixed(a, b):
                continue
            if (a, b) in triggers:
                raise UnsupportedFeature("sensitivities over an event at a switch of a rate")
            self.moving |= bool(leaves(graph, [a, b], Op.STATE))
            above = {node: graph.constant(sign > 0) for node, sign in signs.items()}
            below = {node: graph.constant(sign < 0) for node, sign in signs.items()}
            for op, old, new in ((Op.GE, below, above), (Op.LE, above, below)):
                before = substitute(graph, base.rates, old)
                after = substitute(graph, base.rates, new)
                shifts = self._shifts(a, b, before)
                yield Event(
                    name=f"switch of {a} and {b}",
                    trigger=graph.apply(op, a, b),
                    initially=True,
                    persistent=True,
                    from_trigger_time=False,
                    assignments=tuple(self._kicks(before, after, shifts)),
                )

    def _kicks(
        self, before: list[int], after: list[int], shifts: list[int]
    ) -> Iterator[tuple[Assignable, int]]:
        graph, one = self.graph, self.graph.constant(1)
        for lane, shift in enumerate(shifts):
            for i, (old, new) in enumerate(zip(before, after, strict=True)):
                if old != new:
                    place = self.n * (1 + lane) + i
                    kick = graph.mul(graph.sub(old, new), shift)
                    yield Assignable(place, one), graph.add(graph.state(place), kick)

    def _flow(self, rates: Sequence[int]) -> dict[int, int]:
        """Return the direction in which time carries the model."""
        flow = {self.graph.state(i): rate for i, rate in enumerate(rates)}
        return {**flow, self.graph.time(): self.graph.constant(1)}

    def _fixed(self, a: int, b: int) -> bool:
        """Tell whether the moment at which a = b depends on no direction."""
        seeds, zero = self.seeds[0], self.graph.constant(0)
        return directional(self.graph, [self.graph.sub(a, b)], seeds)[0] == zero

    def _shifts(self, a: int, b: int, rates: Sequence[int]) -> list[int]:
        """Return the derivative of the moment at which a = b, a lane.

        Args:
            a: one side of a comparison.
            b: the other side.
            rates: those that hold before that moment.
        """
        graph, zero = self.graph, self.graph.constant(0)
        difference = graph.sub(a, b)
        slopes = [directional(graph, [difference], seeds)[0] for seeds in self.seeds]
        speed = directional(graph, [difference], self._flow(rates))[0]
        size = graph.add(graph.apply(Op.ABS, a), graph.apply(Op.ABS, b))
        near = graph.mul(graph.constant(_CROSSED), size)
        crossed = graph.apply(Op.LE, graph.apply(Op.ABS, difference), near)
        # A dose, or the start, may carry the states past the condition: then the moment is fixed.
        return [graph.select(crossed, graph.neg(graph.div(slope, speed)), zero) for slope in slopes]

    def _event(self, event: Event) -> Event:
        graph, one = self.graph, self.graph.constant(1)
        shifts = self._event_shifts(event)
        self.moving |= shifts is not None
        jumps = {t.state: graph.mul(value, t.factor) for t, value in event.assignments}
        after = {graph.state(i): node for i, node in jumps.items()}
        new_rates = substitute(graph, self.base.rates, after) if shifts else []
        more = []
        for lane, seeds in enumerate(self.seeds):
            for i in range(self.n) if shifts else jumps:
                landing = jumps.get(i, graph.state(i))
                slope = directional(graph, [landing], seeds)[0]
                if shifts:
                    arriving = directional(graph, [landing], self._flow(self.base.rates))[0]
                    kick = graph.mul(graph.sub(arriving, new_rates[i]), shifts[lane])
                    slope = graph.add(slope, kick)
                place = self.n * (1 + lane) + i
                if slope != graph.state(place):
                    more.append((Assignable(place, one), slope))
        return Event(
            name=event.name,
            trigger=event.trigger,
            initially=event.initially,
            persistent=event.persistent,
            from_trigger_time=event.from_trigger_time,
            assignments=(*event.assignments, *more),
        )

    def _event_shifts(self, event: Event) -> list[int] | None:
        graph, trigger = self.graph, event.trigger
        if graph.ops[trigger] in _ORDERED:
            a, b = graph.args[trigger]
            return None if self._fixed(a, b) else self._shifts(a, b, self.base.rates)
        touched = leaves(graph, [trigger], Op.STATE)
        parameters = {graph.parameter(k) for k in leaves(graph, [trigger], Op.PARAMETER)}
        if touched or parameters & self.seeds[0].keys():
            raise UnsupportedFeature(
                "sensitivities over an event with a compound trigger",
                f"not supported: sensitivities over the event {event.name!r}, whose trigger is "
                "more than one comparison",
            )
        return None

    def _check_cascades(self) -> None:
        """Refuse events that another event may bring about at the same moment."""
        graph, events = self.graph, self.base.events
        for one in events:
            set_by_one = {target.state for target, _ in one.assignments}
            for other in events:
                read = leaves(graph, [other.trigger], Op.STATE)
                if other is not one and read & set_by_one:
                    raise UnsupportedFeature(
                        "sensitivities over an event that another event may trigger",
                        f"not supported: sensitivities where the event {one.name!r} may trigger "
                        f"{other.name!r}",
                    )
