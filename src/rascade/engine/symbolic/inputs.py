"""What a model does with time itself: the expressions whose jumps, bends and turns must be seen.

An expression of time, parameters and of states that stay as they are between events is called
timed. Where a timed expression jumps or bends (a comparison, ``floor``, ``max``...), and where
it turns or is steepest, a step has to end; `breaks` finds these moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from rascade.engine.symbolic.derivatives import time_derivatives
from rascade.engine.symbolic.expression import BOOLEAN_OPS, COMPARISON_OPS, Graph, Op

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Feature", "Kind", "TimedInputs", "timed_inputs"]

_BENDS = frozenset({Op.MIN, Op.MAX, Op.ABS, Op.LN, Op.SQRT, Op.POW})
_ONE_OVER_PI = 0.3183098861837907


class Kind(Enum):
    """What is looked for in an expression."""

    SIGN = "sign"
    """Where it becomes or stops being zero."""
    WHOLE = "whole"
    """Where it passes a whole number."""
    TURN = "turn"
    """Where it turns from rising to falling or back."""


@dataclass(frozen=True)
class Feature:
    """One expression and what is looked for in it.

    Attributes:
        kind: what is looked for.
        node: the expression.
        slope: its derivative by time, valid where nothing inside jumps or bends.
        jumps: whether rates may jump there; the step then has to be chosen anew.
        inner: whether something inside `node` jumps or bends itself.
    """

    kind: Kind
    node: int
    slope: int
    jumps: bool
    inner: bool


@dataclass(frozen=True)
class TimedInputs:
    """Everything of a system that follows time explicitly.

    Attributes:
        features: what has to be found, inner expressions before those that hold them.
        largest: the largest timed expressions and truth values, and the slopes of the expressions:
            all that the rest of the system gets to see.
        leaves: the parameters and states that they depend on, as nodes.
        states: indices of those states.
    """

    features: tuple[Feature, ...]
    largest: tuple[int, ...]
    leaves: tuple[int, ...]
    states: tuple[int, ...]


def timed_inputs(graph: Graph, roots: Sequence[int], still: set[int]) -> TimedInputs:
    """Find what in rates and triggers follows time.

    Args:
        graph: the graph; nodes are added, none is changed.
        roots: the rates and the triggers of events.
        still: states that stay as they are between events.
    """
    found = _Finder(graph, roots, still)
    features = (*found.breaks(), *found.turns())
    largest = found.largest()
    numbers = [n for n in largest if graph.ops[n] not in BOOLEAN_OPS]
    largest += time_derivatives(graph, numbers)
    needed = graph.reachable([*largest, *(node for f in features for node in (f.node, f.slope))])
    leaves = tuple(n for n in needed if graph.ops[n] in (Op.PARAMETER, Op.STATE))
    states = tuple(graph.index(n) for n in leaves if graph.ops[n] is Op.STATE)
    return TimedInputs(features, tuple(dict.fromkeys(largest)), leaves, states)


class _Finder:
    """The timed nodes among all that some roots need."""

    def __init__(self, graph: Graph, roots: Sequence[int], still: set[int]) -> None:
        self.graph = graph
        self.still = still
        self.roots = roots
        self.timed: set[int] = set()
        self.mixed: set[int] = set()
        self.nodes = self.graph.reachable(self.roots)
        self.pairs: set[tuple[int, Kind]] = set()
        self._sort(self.nodes)

    def _sort(self, nodes: list[int]) -> None:
        """Tell apart what follows time alone, what follows states, and what stands still."""
        graph = self.graph
        for node in nodes:
            args = graph.args[node]
            if any(a in self.mixed for a in args) or (
                graph.ops[node] is Op.STATE and graph.index(node) not in self.still
            ):
                self.mixed.add(node)
            elif graph.ops[node] is Op.TIME or any(a in self.timed for a in args):
                self.timed.add(node)

    def breaks(self) -> Iterator[Feature]:
        """Jumps and bends, inner ones first."""
        edges = [(node, *edge) for node in self.nodes for edge in self._edges(node)]
        broken: set[int] = set()
        for node, kind, inside, jumps in edges:
            again = (inside, kind) in self.pairs
            self.pairs.add((inside, kind))
            if not again and self._follows_time(inside):
                yield self._feature(kind, inside, jumps=jumps, broken=broken)
            broken.add(node)
        self.broken = broken

    def _edges(self, node: int) -> Iterator[tuple[Kind, int, bool]]:
        """What decides where a node jumps or bends: kind, expression, whether it jumps."""
        g = self.graph
        op, args = g.ops[node], g.args[node]
        if any(a in self.mixed for a in args) or not any(a in self.timed for a in args):
            return
        if op in COMPARISON_OPS:
            if not any(g.is_boolean(a) for a in args):
                yield Kind.SIGN, g.sub(*args), True
        elif op is Op.FLOOR:
            yield Kind.WHOLE, args[0], True
        elif op is Op.CEIL:
            yield Kind.WHOLE, g.neg(args[0]), True
        elif op is Op.TAN:
            turns = g.sub(g.mul(args[0], g.constant(_ONE_OVER_PI)), g.constant(0.5))
            yield Kind.WHOLE, turns, True
        elif op is Op.DIV:
            yield Kind.SIGN, args[1], True
        elif op in (Op.MIN, Op.MAX):
            yield Kind.SIGN, g.sub(*args), False
        elif op is Op.POW:
            exponent = g.constant_value(args[1])
            if exponent is None or exponent != int(exponent) or exponent < 0:
                yield Kind.SIGN, args[0], exponent is None or exponent <= 0
        elif op in _BENDS:
            yield Kind.SIGN, args[0], False

    def _follows_time(self, node: int) -> bool:
        """Whether a node, perhaps made just now, depends on time."""
        return any(self.graph.ops[n] is Op.TIME for n in self.graph.reachable([node]))

    def _feature(self, kind: Kind, node: int, *, jumps: bool, broken: set[int]) -> Feature:
        slope = time_derivatives(self.graph, [node])[0]
        inner = any(n in broken for n in self.graph.reachable([node]))
        return Feature(kind, node, slope, jumps, inner)

    def turns(self) -> Iterator[Feature]:
        """Where each largest timed expression turns, and where it is steepest."""
        for value in self.largest():
            for _ in range(0 if self.graph.is_boolean(value) else 2):
                slope = time_derivatives(self.graph, [value])[0]
                if (slope, Kind.TURN) in self.pairs or not self._follows_time(slope):
                    break
                self.pairs.add((slope, Kind.TURN))
                inner = any(n in self.broken for n in self.graph.reachable([value]))
                yield Feature(Kind.TURN, value, slope, jumps=False, inner=inner)
                value = slope

    def largest(self) -> list[int]:
        """Timed nodes that are rates or triggers themselves or go into what follows states."""
        graph = self.graph
        found = {root for root in self.roots if root in self.timed}
        for node in self.nodes:
            if node in self.mixed:
                found.update(a for a in graph.args[node] if a in self.timed)
        return sorted(found)
