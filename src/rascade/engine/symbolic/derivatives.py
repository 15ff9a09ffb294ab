"""Exact derivatives on the expression graph.

Forward differentiation, node by node in ascending order: each node carries its structurally
non-zero partial derivatives as nodes of the same graph, so that hash-consing shares everything
that rates and derivatives have in common. At a kink or a jump the derivative is that of one side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rascade.engine.symbolic.expression import BOOLEAN_OPS, Graph, Op

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["directional", "jacobian", "time_derivatives"]

_Partials = dict[int, int]


def jacobian(graph: Graph, rates: Sequence[int], n_states: int) -> tuple[tuple[int, int, int], ...]:
    """Differentiate rates by states.

    Args:
        graph: the graph; derivative nodes are added to it.
        rates: one node a row.
        n_states: the number of columns.

    Returns:
        (row, column, node) of every entry that is not zero by structure, sorted.
    """
    found = _forward(graph, rates, Op.STATE)
    return tuple(
        (row, column, node)
        for row, rate in enumerate(rates)
        for column, node in sorted(found.get(rate, {}).items())
        if 0 <= column < n_states
    )


def time_derivatives(graph: Graph, rates: Sequence[int]) -> tuple[int, ...]:
    """Return a node a rate: its explicit derivative by time, the constant 0 where none."""
    found = _forward(graph, rates, Op.TIME)
    zero = graph.constant(0)
    return tuple(found.get(rate, {}).get(0, zero) for rate in rates)


def directional(graph: Graph, nodes: Sequence[int], seeds: Mapping[int, int]) -> list[int]:
    """Differentiate nodes along a direction.

    Args:
        graph: the graph; derivative nodes are added to it.
        nodes: what to differentiate.
        seeds: leaf node -> the node of its own derivative; that of other leaves is 0.

    Returns:
        A node each, the constant 0 where the derivative is zero by structure.
    """
    zero = graph.constant(0)
    found: dict[int, int] = {}
    for node in graph.reachable(nodes):
        op = graph.ops[node]
        if node in seeds:
            found[node] = seeds[node]
        elif op not in _FLAT and any(a in found for a in graph.args[node]):
            inner = [{0: found[a]} if a in found else {} for a in graph.args[node]]
            partials = (_chosen if op in _BRANCHES else _chained)(graph, node, inner)
            if partials.get(0, zero) != zero:
                found[node] = partials[0]
    return [found.get(node, zero) for node in nodes]


def _forward(graph: Graph, roots: Sequence[int], leaf: Op) -> dict[int, _Partials]:
    """Return, for every needed node, {leaf index: derivative node} without structural zeros.

    The graph keeps what was found: most of a changed system is what it was before.
    """
    zero = graph.constant(0)
    found = graph.partials.setdefault(leaf, {})
    for node in graph.reachable(roots):
        if node in found:
            continue
        op = graph.ops[node]
        if op is leaf:
            found[node] = {graph.index(node): graph.constant(1)}
        elif op not in _FLAT and any(a in found for a in graph.args[node]):
            inner = [found.get(a, {}) for a in graph.args[node]]
            partials = (_chosen if op in _BRANCHES else _chained)(graph, node, inner)
            found[node] = {k: d for k, d in partials.items() if d != zero}
    return found


def _chained(g: Graph, node: int, inner: Sequence[_Partials]) -> _Partials:
    """The chain rule."""
    op, args = g.ops[node], g.args[node]
    if op is Op.POW and not inner[1]:  # a fixed exponent: no logarithm
        factors: tuple[int, ...] = (_power_by_base(g, *args), g.constant(0))
    else:
        factors = _RULES[op](g, node, *args)
    out: _Partials = {}
    for factor, partials in zip(factors, inner, strict=True):
        for leaf, derivative in partials.items():
            term = g.mul(factor, derivative)
            out[leaf] = g.add(out[leaf], term) if leaf in out else term
    return out


def _chosen(g: Graph, node: int, inner: Sequence[_Partials]) -> _Partials:
    """The derivative of whichever branch holds; a product with 0 or 1 would let NaN through."""
    op, args, zero = g.ops[node], g.args[node], g.constant(0)
    if op is Op.SELECT:
        first, one, other = args[0], inner[1], inner[2]
    else:
        first, one, other = g.apply(Op.LE if op is Op.MIN else Op.GE, *args), inner[0], inner[1]
    return {
        leaf: g.select(first, one.get(leaf, zero), other.get(leaf, zero))
        for leaf in {**one, **other}
    }


def _power_by_base(g: Graph, a: int, b: int) -> int:
    return g.mul(b, g.pow(a, g.sub(b, g.constant(1))))


def _power(g: Graph, node: int, a: int, b: int) -> tuple[int, ...]:
    # ln(a) only above zero: at a = 0 the limit of a^b ln(a) is 0 for every positive exponent.
    zero = g.constant(0)
    by_exponent = g.select(g.apply(Op.GT, a, zero), g.mul(node, g.apply(Op.LN, a)), zero)
    return (_power_by_base(g, a, b), by_exponent)


def _absolute(g: Graph, node: int, a: int) -> tuple[int, ...]:
    negative = g.apply(Op.LT, a, g.constant(0))
    return (g.select(negative, g.constant(-1), g.constant(1)),)


def _square(g: Graph, a: int) -> int:
    return g.mul(a, a)


def _over(g: Graph, a: int) -> tuple[int, ...]:
    return (g.div(g.constant(1), a),)


def _root(g: Graph, a: int) -> int:
    return g.apply(Op.SQRT, a)


_RULES: dict[Op, Callable[..., tuple[int, ...]]] = {
    Op.ADD: lambda g, n, a, b: (g.constant(1), g.constant(1)),
    Op.SUB: lambda g, n, a, b: (g.constant(1), g.constant(-1)),
    Op.MUL: lambda g, n, a, b: (b, a),
    Op.DIV: lambda g, n, a, b: (g.div(g.constant(1), b), g.neg(g.div(n, b))),
    Op.NEG: lambda g, n, a: (g.constant(-1),),
    Op.POW: _power,
    Op.EXP: lambda g, n, a: (n,),
    Op.LN: lambda g, n, a: _over(g, a),
    Op.SQRT: lambda g, n, a: (g.div(g.constant(0.5), n),),
    Op.ABS: _absolute,
    Op.SIN: lambda g, n, a: (g.apply(Op.COS, a),),
    Op.COS: lambda g, n, a: (g.neg(g.apply(Op.SIN, a)),),
    Op.TAN: lambda g, n, a: (g.add(g.constant(1), _square(g, n)),),
    Op.ASIN: lambda g, n, a: _over(g, _root(g, g.sub(g.constant(1), _square(g, a)))),
    Op.ACOS: lambda g, n, a: (
        g.div(g.constant(-1), _root(g, g.sub(g.constant(1), _square(g, a)))),
    ),
    Op.ATAN: lambda g, n, a: _over(g, g.add(g.constant(1), _square(g, a))),
    Op.SINH: lambda g, n, a: (g.apply(Op.COSH, a),),
    Op.COSH: lambda g, n, a: (g.apply(Op.SINH, a),),
    Op.TANH: lambda g, n, a: (g.sub(g.constant(1), _square(g, n)),),
    Op.ASINH: lambda g, n, a: _over(g, _root(g, g.add(_square(g, a), g.constant(1)))),
    Op.ACOSH: lambda g, n, a: _over(g, _root(g, g.sub(_square(g, a), g.constant(1)))),
    Op.ATANH: lambda g, n, a: _over(g, g.sub(g.constant(1), _square(g, a))),
}

_BRANCHES = frozenset({Op.SELECT, Op.MIN, Op.MAX})
# Truth values, and functions that are flat between jumps; x! has a meaning for whole x only.
_FLAT = frozenset({*BOOLEAN_OPS, Op.FLOOR, Op.CEIL, Op.FACTORIAL})
