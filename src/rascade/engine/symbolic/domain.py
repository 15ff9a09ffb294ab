"""Keeping fractional powers, roots and logarithms of species in their domain.

A trial step may take a species a little below zero although the solution never goes there; from
a state that is exactly zero every trial step does, however short. ``x^n`` with fractional ``n`` is
then not a number and no step could ever be accepted. In the rates a species that must not be
negative therefore counts as zero while it is below, but only inside the argument of a power, root
or logarithm: the rest of the equations stays linear where it was, and the solution, which is
accepted only down to -10 * atol, is the same.
"""

from __future__ import annotations

from dataclasses import replace

from rascade.engine.symbolic.derivatives import jacobian, time_derivatives
from rascade.engine.symbolic.expression import Graph, Op
from rascade.engine.symbolic.system import System

__all__ = ["keep_in_domain"]


def keep_in_domain(system: System) -> System:
    """Return the system with rates that are defined wherever a trial step may go.

    Nodes are added to the system's graph; none is changed.
    """
    graph = system.graph
    if not system.nonnegative.any():
        return system
    guard = _Guard(system)
    rates = tuple(guard.guarded(node) for node in system.rates)
    if rates == system.rates:
        return system
    return replace(
        system,
        rates=rates,
        jacobian=jacobian(graph, rates, len(system.states)),
        time_derivative=time_derivatives(graph, rates),
    )


class _Guard:
    """Rewrites nodes; remembers what it has rewritten."""

    def __init__(self, system: System) -> None:
        self.graph: Graph = system.graph
        self.nonnegative = system.nonnegative
        self.outside: dict[int, int] = {}
        self.inside: dict[int, int] = {}

    def guarded(self, root: int) -> int:
        """The node with every power, root and logarithm in it kept in its domain."""
        for node in self.graph.reachable([root]):
            if node not in self.outside:
                args = [self.outside[a] for a in self.graph.args[node]]
                if _needs_guard(self.graph, node):
                    args[0] = self._clipped(args[0])
                self.outside[node] = self._again(node, args)
        return self.outside[root]

    def _clipped(self, root: int) -> int:
        """The node with species below zero counted as zero."""
        graph = self.graph
        for node in graph.reachable([root]):
            if node in self.inside:
                continue
            if graph.ops[node] is Op.STATE and self.nonnegative[graph.index(node)]:
                zero = graph.constant(0)
                # Written so that the derivative at zero is that of the side above.
                self.inside[node] = graph.select(graph.apply(Op.LT, node, zero), zero, node)
            else:
                args = [self.inside[a] for a in graph.args[node]]
                self.inside[node] = self._again(node, args)
        return self.inside[root]

    def _again(self, node: int, args: list[int]) -> int:
        graph = self.graph
        if tuple(args) == graph.args[node]:
            return node
        return graph.apply(graph.ops[node], *args)


def _needs_guard(graph: Graph, node: int) -> bool:
    op, args = graph.ops[node], graph.args[node]
    if op is Op.POW:
        exponent = graph.constant_value(args[1])
        return exponent is None or exponent != int(exponent)
    return op in (Op.SQRT, Op.LN)
