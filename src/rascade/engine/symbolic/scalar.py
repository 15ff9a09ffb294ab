"""Nodes turned into one Python function of plain numbers, for the reference back end.

The meaning stays that of `evaluate`: wherever Python's arithmetic raises (a division by zero, an
overflow), the same nodes are evaluated by NumPy, which gives infinities and NaN instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.symbolic.expression import FUNCTIONS, Graph, Op, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["scalar_function"]

_INFIX = {
    Op.ADD: "+",
    Op.SUB: "-",
    Op.MUL: "*",
    Op.DIV: "/",
    Op.LT: "<",
    Op.LE: "<=",
    Op.GT: ">",
    Op.GE: ">=",
    Op.EQ: "==",
    Op.NE: "!=",
    Op.AND: "and",
    Op.OR: "or",
}
_CALLS = {op: op.value for op in (Op.EXP, Op.SQRT, Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS)} | {
    **{op: op.value for op in (Op.ATAN, Op.SINH, Op.COSH, Op.TANH, Op.ASINH, Op.ACOSH)},
    Op.ATANH: "atanh",
    Op.LN: "log",
    Op.POW: "pow",
    Op.ABS: "fabs",
}


def scalar_function(
    graph: Graph, nodes: Sequence[int]
) -> Callable[[float, NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return a function (t, y, p) of one patient that gives the nodes' values.

    Args:
        graph: the graph.
        nodes: k nodes.

    Returns:
        A function of time, states (n_states,) and parameters (n_parameters,), giving (k,).
    """
    fast = _compiled(graph, nodes)

    def function(t: float, y: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
        try:
            return np.array(fast(float(t), y.tolist(), p.tolist()), dtype=np.float64)
        except (ArithmeticError, ValueError):
            return evaluate(graph, nodes, t, y, p)

    return function


def _compiled(graph: Graph, nodes: Sequence[int]) -> Callable[..., list[float]]:
    lines = ["def function(t, y, p):"]
    for node in graph.reachable(nodes):
        text = _text(graph, node)
        if text is not None:
            lines.append(f"    n{node} = {text}")
    lines.append(f"    return [{', '.join(_name(graph, node) for node in nodes)}]")
    names: dict[str, Any] = {name: getattr(math, name) for name in _CALLS.values()}
    names |= {"floor": math.floor, "ceil": math.ceil}
    names |= {"inf": math.inf, "nan": math.nan, "factorial": FUNCTIONS[Op.FACTORIAL]}
    # The text is made of operators and numbers of the graph only; no name of a model enters it.
    exec(compile("\n".join(lines), "<rascade equations>", "exec"), names)  # noqa: S102
    return names["function"]  # type: ignore[no-any-return]


def _name(graph: Graph, node: int) -> str:
    if graph.ops[node] is Op.CONSTANT:
        return f"({graph.values[node]!r})"
    return "t" if graph.ops[node] is Op.TIME else f"n{node}"


def _text(graph: Graph, node: int) -> str | None:
    op = graph.ops[node]
    a = [_name(graph, n) for n in graph.args[node]]
    if op in (Op.CONSTANT, Op.TIME):
        return None
    if op is Op.STATE:
        return f"y[{graph.index(node)}]"
    if op is Op.PARAMETER:
        return f"p[{graph.index(node)}]"
    if op in _INFIX:
        return f"{a[0]} {_INFIX[op]} {a[1]}"
    if op in _CALLS:
        return f"{_CALLS[op]}({', '.join(a)})"
    return _RARE[op].format(*a)


# min and max written so that NaN in either argument comes through, as NumPy has it.
_RARE = {
    Op.NEG: "-{0}",
    Op.NOT: "not {0}",
    Op.SELECT: "{1} if {0} else {2}",
    Op.MIN: "{0} if {0} <= {1} or {0} != {0} else {1}",
    Op.MAX: "{0} if {0} >= {1} or {0} != {0} else {1}",
    Op.FLOOR: "float(floor({0}))",
    Op.CEIL: "float(ceil({0}))",
    Op.FACTORIAL: "float(factorial({0}))",
}
