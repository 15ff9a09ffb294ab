"""What the functions of one model share: order of states, shared nodes, places of entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from rascade.engine.kernel.codegen.layout import Slot, make_layout
from rascade.engine.kernel.codegen.nodes import Slots, Sources
from rascade.engine.kernel.codegen.ordering import factorize
from rascade.engine.symbolic.expression import LEAF_OPS, Graph, Op
from rascade.engine.symbolic.system import System

__all__ = ["Entry", "Plan"]


@dataclass(frozen=True)
class Entry:
    """One entry of the Jacobian: a slot times a sign, or a number."""

    slot: int | None
    sign: float
    value: float = 0.0


class Plan:
    """What is shared between the functions of one model."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.graph: Graph = system.graph
        n = len(system.states)
        self.size = n
        self.factorization = factorize(n, ((i, j) for i, j, _ in system.jacobian))
        self.base = make_layout(
            n, len(system.parameters), len(system.events), len(system.conditions), 0
        )
        self.slots = Slots(self.base.model)
        self.fixed = _fixed_nodes(self.graph, self.roots)
        self.known: dict[int, int] = {}
        self.reciprocals: dict[int, int] = {}
        self._share_fixed()
        self.entries = self._jacobian_entries()
        self.lower = self.slots.take(sum(map(len, self.factorization.lower)))
        self.inverse = self.slots.take(n)
        self.upper: dict[tuple[int, int], tuple[int, float]] = {}
        self.lower_slot: dict[tuple[int, int], int] = {}
        at = self.lower
        for i, row in enumerate(self.factorization.lower):
            for j in row:
                self.lower_slot[i, j] = at
                at += 1

    @property
    def sloped(self) -> bool:
        """Whether any rate depends on time explicitly."""
        return any(self.graph.constant_value(n) != 0.0 for n in self.system.time_derivative)

    @cached_property
    def roots(self) -> list[int]:
        """All nodes a step needs."""
        s = self.system
        return [
            *s.rates,
            *(node for _, _, node in s.jacobian),
            *s.time_derivative,
            *(event.trigger for event in s.events),
            *s.conditions,
        ]

    def _share_fixed(self) -> None:
        """Give slots to parameter-only nodes that moving code uses, and to their reciprocals."""
        graph = self.graph
        wanted: set[int] = set(self.roots)
        divisors: set[int] = set()
        for node in graph.reachable(self.roots):
            if node in self.fixed or graph.ops[node] in LEAF_OPS:
                continue
            args = graph.args[node]
            if graph.ops[node] is Op.DIV and self._is_fixed(args[1]):
                divisors.add(args[1])
                wanted.add(args[0])
            else:
                wanted.update(args)
        for node in sorted(n for n in wanted if n in self.fixed):
            if graph.ops[node] is not Op.PARAMETER:
                self.known[node] = self.slots.take()
        for node in sorted(divisors):
            self.reciprocals[node] = self.slots.take()

    def _is_fixed(self, node: int) -> bool:
        return node in self.fixed

    def _jacobian_entries(self) -> dict[tuple[int, int], Entry]:
        """Entries by position; equal nodes up to sign share a slot."""
        graph, position = self.graph, self.factorization.position
        slot_of: dict[int, int] = {}
        found: dict[tuple[int, int], Entry] = {}
        stripped = []
        for row, column, node in self.system.jacobian:
            sign = 1.0
            while graph.ops[node] is Op.NEG:
                node, sign = graph.args[node][0], -sign
            stripped.append((position[row], position[column], node, sign))
        self.jacobian_first = self.slots.next
        for _, _, node, _ in stripped:
            if not (graph.ops[node] is Op.CONSTANT or node in self.fixed or node in slot_of):
                slot_of[node] = self.slots.take()
        self.jacobian_count = self.slots.next - self.jacobian_first
        self.jacobian_nodes = slot_of
        for i, j, node, sign in stripped:
            if graph.ops[node] is Op.CONSTANT:
                found[i, j] = Entry(None, 1.0, sign * graph.values[node])
            elif graph.ops[node] is Op.PARAMETER:
                found[i, j] = Entry(self.base.parameter + graph.index(node), sign)
            elif node in self.fixed:
                if node not in self.known:
                    self.known[node] = self.slots.take()
                found[i, j] = Entry(self.known[node], sign)
            else:
                found[i, j] = Entry(slot_of[node], sign)
        return found

    def sources(self, states: int, time: Slot) -> Sources:
        """Leaves at one of the state arrays."""
        return Sources(
            graph=self.graph,
            states=[states + p for p in self.factorization.position],
            time=int(time),
            parameters=self.base.parameter,
            known=self.known,
            reciprocals=self.reciprocals,
        )


def _fixed_nodes(graph: Graph, roots: Iterable[int]) -> set[int]:
    """Nodes that depend on parameters and nothing that moves."""
    fixed: set[int] = set()
    for node in graph.reachable(roots):
        op, args = graph.ops[node], graph.args[node]
        if op is Op.PARAMETER or (
            args and all(a in fixed or graph.ops[a] is Op.CONSTANT for a in args)
        ):
            fixed.add(node)
    return fixed
