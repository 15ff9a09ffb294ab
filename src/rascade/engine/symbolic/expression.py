"""The expression graph that every model is turned into.

A `Graph` is append-only and hash-consed: two equal expressions are one node, a node is an integer,
and the arguments of a node always have smaller numbers than the node itself. Walking the numbers
upward is therefore a topological order, for free.

Numbers and truth values are kept apart. The operators in `BOOLEAN_OPS` give truth values; `AND`,
`OR`, `NOT` and the first argument of `SELECT` take them; everything else takes and gives numbers.
`Graph.as_number` and `Graph.as_boolean` cross between the two. A truth value known beforehand is
the constant 0 or 1, and folding removes it from wherever it is used.

In one module since what a node is, how it folds and how it is found again keep one invariant.
"""

from __future__ import annotations

from enum import Enum, unique
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "BOOLEAN_OPS",
    "COMMUTATIVE_OPS",
    "COMPARISON_OPS",
    "LEAF_OPS",
    "Graph",
    "GraphTooLargeError",
    "Op",
    "evaluate",
    "leaves",
]


@unique
class Op(Enum):
    """What a node does with its arguments."""

    CONSTANT = "constant"
    TIME = "time"
    STATE = "state"
    PARAMETER = "parameter"
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    NEG = "neg"
    POW = "pow"
    EXP = "exp"
    LN = "ln"
    SQRT = "sqrt"
    ABS = "abs"
    FLOOR = "floor"
    CEIL = "ceil"
    SIN = "sin"
    COS = "cos"
    TAN = "tan"
    ASIN = "asin"
    ACOS = "acos"
    ATAN = "atan"
    SINH = "sinh"
    COSH = "cosh"
    TANH = "tanh"
    ASINH = "asinh"
    ACOSH = "acosh"
    ATANH = "atanh"
    MIN = "min"
    MAX = "max"
    FACTORIAL = "factorial"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EQ = "eq"
    NE = "ne"
    AND = "and"
    OR = "or"
    NOT = "not"
    SELECT = "select"

    # Members are compared by identity. The hash that comes with Enum is a Python function, and
    # graphs look operators up hundreds of thousands of times.
    __hash__ = object.__hash__


LEAF_OPS = frozenset({Op.CONSTANT, Op.TIME, Op.STATE, Op.PARAMETER})
"""Operators without arguments."""
BOOLEAN_OPS = frozenset(
    {Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE, Op.AND, Op.OR, Op.NOT},
)
"""Operators whose result is a truth value."""
COMPARISON_OPS = frozenset({Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE})
"""Operators that compare two numbers."""
COMMUTATIVE_OPS = frozenset(
    {Op.ADD, Op.MUL, Op.MIN, Op.MAX, Op.EQ, Op.NE, Op.AND, Op.OR},
)
"""Operators whose two arguments are kept in ascending order."""


def _factorial(x: Any) -> Any:
    """Return x! as the gamma function gives it, NaN below zero."""
    from scipy.special import gamma

    return np.where(np.asarray(x) < 0, np.nan, gamma(np.asarray(x, dtype=float) + 1.0))


FUNCTIONS: dict[Op, Callable[..., Any]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.DIV: np.divide,
    Op.NEG: np.negative,
    Op.POW: np.power,
    Op.EXP: np.exp,
    Op.LN: np.log,
    Op.SQRT: np.sqrt,
    Op.ABS: np.abs,
    Op.FLOOR: np.floor,
    Op.CEIL: np.ceil,
    Op.SIN: np.sin,
    Op.COS: np.cos,
    Op.TAN: np.tan,
    Op.ASIN: np.arcsin,
    Op.ACOS: np.arccos,
    Op.ATAN: np.arctan,
    Op.SINH: np.sinh,
    Op.COSH: np.cosh,
    Op.TANH: np.tanh,
    Op.ASINH: np.arcsinh,
    Op.ACOSH: np.arccosh,
    Op.ATANH: np.arctanh,
    Op.MIN: np.minimum,
    Op.MAX: np.maximum,
    Op.FACTORIAL: _factorial,
    Op.LT: np.less,
    Op.LE: np.less_equal,
    Op.GT: np.greater,
    Op.GE: np.greater_equal,
    Op.EQ: np.equal,
    Op.NE: np.not_equal,
    Op.AND: np.logical_and,
    Op.OR: np.logical_or,
    Op.NOT: np.logical_not,
    Op.SELECT: np.where,
}
"""What each operator means, in NumPy. The compiled kernel is tested against these."""

_BINARY = (
    Op.ADD,
    Op.SUB,
    Op.MUL,
    Op.DIV,
    Op.POW,
    Op.MIN,
    Op.MAX,
    *sorted(BOOLEAN_OPS - {Op.NOT}, key=lambda op: op.value),
)
ARITY: dict[Op, int] = {
    **dict.fromkeys(LEAF_OPS, 0),
    **dict.fromkeys(FUNCTIONS, 1),
    **dict.fromkeys(_BINARY, 2),
    Op.SELECT: 3,
}
"""The number of arguments of each operator."""


class GraphTooLargeError(Exception):
    """A graph grew beyond its limit; the reader turns this into an error for people."""


class Graph:
    """A hash-consed, append-only expression graph.

    Args:
        limit: the most nodes it may have; None for any number.

    Attributes:
        ops: the operator of each node.
        args: the arguments of each node, all smaller than the node's own number.
        values: the number of a ``CONSTANT``; the index of a ``STATE`` or ``PARAMETER`` (as a
            float); 0.0 elsewhere.
        partials: leaf operator -> node -> {leaf index: derivative}, as far as found
            (derivatives.py).
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.ops: list[Op] = []
        self.args: list[tuple[int, ...]] = []
        self.values: list[float] = []
        self.partials: dict[Op, dict[int, dict[int, int]]] = {}
        self._index: dict[tuple[object, ...], int] = {}

    def __len__(self) -> int:
        return len(self.ops)

    # -- leaves -----------------------------------------------------------------------------

    def constant(self, value: float) -> int:
        """Return the node of a number; NaN and infinities are numbers too."""
        number = float(value)
        return self._node((Op.CONSTANT, number.hex()), Op.CONSTANT, (), number)

    def time(self) -> int:
        """Return the node of the independent variable."""
        return self._node((Op.TIME,), Op.TIME, (), 0.0)

    def state(self, index: int) -> int:
        """Return the node of a state."""
        return self._node((Op.STATE, index), Op.STATE, (), float(index))

    def parameter(self, index: int) -> int:
        """Return the node of a parameter."""
        return self._node((Op.PARAMETER, index), Op.PARAMETER, (), float(index))

    def restore(self, op: Op, args: tuple[int, ...], value: float) -> int:
        """Return the node with just these parts, as it stood in another graph: nothing is folded.

        Args:
            op: its operator.
            args: its arguments, nodes of this graph.
            value: as in `values`.
        """
        if op is Op.CONSTANT:
            return self.constant(value)
        if op in LEAF_OPS:
            key: tuple[object, ...] = (op,) if op is Op.TIME else (op, int(value))
            return self._node(key, op, (), value)
        return self._node((op, *args), op, args, 0.0)

    # -- operators --------------------------------------------------------------------------

    def apply(self, op: Op, *args: int) -> int:
        """Return the node of ``op(*args)``, folded and simplified.

        Args:
            op: any operator that is not a leaf.
            args: as many nodes as the operator takes.

        Raises:
            ValueError: a leaf operator, a wrong number of arguments or an unknown node.
        """
        if op in LEAF_OPS or len(args) != ARITY[op]:
            raise ValueError(f"{op.name} does not take {len(args)} arguments")
        ops, known = self.ops, True
        for a in args:
            if not 0 <= a < len(ops):
                raise ValueError(f"{op.name}{args}: not a node of this graph")
            known = known and ops[a] is Op.CONSTANT
        if op in COMMUTATIVE_OPS and args[0] > args[1]:
            args = (args[1], args[0])
        if known:
            return self._fold(op, args)
        found = self._index.get((op, *args))  # what stands in the graph was not simpler before
        if found is not None:
            return found
        simpler = _SIMPLER[op](self, *args) if op in _SIMPLER else None
        return simpler if simpler is not None else self._node((op, *args), op, args, 0.0)

    def add(self, *terms: int) -> int:
        """Return the sum of any number of terms; none give 0."""
        return reduce(lambda a, b: self.apply(Op.ADD, a, b), terms) if terms else self.constant(0)

    def sub(self, a: int, b: int) -> int:
        """Return a - b."""
        return self.apply(Op.SUB, a, b)

    def mul(self, *factors: int) -> int:
        """Return the product of any number of factors; none give 1."""
        if not factors:
            return self.constant(1)
        return reduce(lambda a, b: self.apply(Op.MUL, a, b), factors)

    def div(self, a: int, b: int) -> int:
        """Return a / b."""
        return self.apply(Op.DIV, a, b)

    def neg(self, a: int) -> int:
        """Return -a."""
        return self.apply(Op.NEG, a)

    def pow(self, a: int, b: int) -> int:
        """Return a to the power of b, as IEEE 754 has it (NaN for a < 0 and b not whole)."""
        return self.apply(Op.POW, a, b)

    def select(self, condition: int, then: int, otherwise: int) -> int:
        """Return ``then`` where the truth value holds, else ``otherwise``."""
        return self.apply(Op.SELECT, condition, then, otherwise)

    # -- numbers and truth values -----------------------------------------------------------

    def is_boolean(self, node: int) -> bool:
        """Tell whether a node gives a truth value."""
        return self.ops[node] in BOOLEAN_OPS

    def as_boolean(self, node: int) -> int:
        """Return a truth value: the node itself, or whether the number differs from zero."""
        return node if self.is_boolean(node) else self.apply(Op.NE, node, self.constant(0))

    def as_number(self, node: int) -> int:
        """Return a number: the node itself, or 1 for true and 0 for false."""
        if not self.is_boolean(node):
            return node
        return self.select(node, self.constant(1), self.constant(0))

    # -- questions --------------------------------------------------------------------------

    def constant_value(self, node: int) -> float | None:
        """Return the number of a constant node, None for any other."""
        return self.values[node] if self.ops[node] is Op.CONSTANT else None

    def index(self, node: int) -> int:
        """Return the index of a ``STATE`` or ``PARAMETER`` node."""
        return int(self.values[node])

    def reachable(self, nodes: Iterable[int]) -> list[int]:
        """Return the nodes needed for some nodes, themselves included, ascending."""
        seen: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self.args[node])
        return sorted(seen)

    # -- inside -----------------------------------------------------------------------------

    def _node(self, key: tuple[object, ...], op: Op, args: tuple[int, ...], value: float) -> int:
        found = self._index.get(key)
        if found is None:
            if self.limit is not None and len(self.ops) >= self.limit:
                raise GraphTooLargeError(f"more than {self.limit} terms")
            found = self._index[key] = len(self.ops)
            self.ops.append(op)
            self.args.append(args)
            self.values.append(value)
        return found

    def _fold(self, op: Op, args: tuple[int, ...]) -> int:
        with np.errstate(all="ignore"):
            value = FUNCTIONS[op](*(np.float64(self.values[a]) for a in args))
        return self.constant(float(value))


# Rules that need no knowledge of the arguments' values. They give None where none applies.
# 0 * x is taken as 0: a term that is absent must not appear in the sparsity of the Jacobian.


def _is(graph: Graph, node: int, number: float) -> bool:
    return graph.ops[node] is Op.CONSTANT and graph.values[node] == number


def _add(g: Graph, a: int, b: int) -> int | None:
    if _is(g, a, 0):
        return b
    if _is(g, b, 0):
        return a
    if g.ops[b] is Op.NEG:
        return g.sub(a, g.args[b][0])
    if g.ops[a] is Op.NEG:
        return g.sub(b, g.args[a][0])
    return None


def _sub(g: Graph, a: int, b: int) -> int | None:
    if a == b:
        return g.constant(0)
    if _is(g, b, 0):
        return a
    if _is(g, a, 0):
        return g.neg(b)
    if g.ops[b] is Op.NEG:
        return g.add(a, g.args[b][0])
    return None


def _mul(g: Graph, a: int, b: int) -> int | None:
    for one, other in ((a, b), (b, a)):
        if _is(g, one, 0):
            return g.constant(0)
        if _is(g, one, 1):
            return other
        if _is(g, one, -1):
            return g.neg(other)
    if g.ops[a] is Op.NEG and g.ops[b] is Op.NEG:
        return g.mul(g.args[a][0], g.args[b][0])
    return None


def _div(g: Graph, a: int, b: int) -> int | None:
    if _is(g, b, 1):
        return a
    if _is(g, b, -1):
        return g.neg(a)
    return g.constant(0) if _is(g, a, 0) else None


def _neg(g: Graph, a: int) -> int | None:
    if g.ops[a] is Op.NEG:
        return g.args[a][0]
    return g.sub(g.args[a][1], g.args[a][0]) if g.ops[a] is Op.SUB else None


def _pow(g: Graph, a: int, b: int) -> int | None:
    if _is(g, b, 0) or _is(g, a, 1):
        return g.constant(1)
    if _is(g, b, 1):
        return a
    if _is(g, b, -1):
        return g.div(g.constant(1), a)
    return g.apply(Op.SQRT, a) if _is(g, b, 0.5) else None


def _and(g: Graph, a: int, b: int) -> int | None:
    for one, other in ((a, b), (b, a)):
        if _is(g, one, 0):
            return g.constant(0)
        if g.ops[one] is Op.CONSTANT or a == b:
            return other
    return None


def _or(g: Graph, a: int, b: int) -> int | None:
    for one, other in ((a, b), (b, a)):
        if _is(g, one, 0) or a == b:
            return other
        if g.ops[one] is Op.CONSTANT:
            return g.constant(1)
    return None


def _not(g: Graph, a: int) -> int | None:
    return g.args[a][0] if g.ops[a] is Op.NOT else None


def _same(g: Graph, a: int, b: int) -> int | None:
    return a if a == b else None


def _select(g: Graph, condition: int, then: int, otherwise: int) -> int | None:
    if then == otherwise:
        return then
    if g.ops[condition] is Op.CONSTANT:
        return then if g.values[condition] != 0 else otherwise
    return None


_SIMPLER: dict[Op, Callable[..., int | None]] = {
    Op.ADD: _add,
    Op.SUB: _sub,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.NEG: _neg,
    Op.POW: _pow,
    Op.AND: _and,
    Op.OR: _or,
    Op.NOT: _not,
    Op.MIN: _same,
    Op.MAX: _same,
    Op.SELECT: _select,
}


def leaves(graph: Graph, nodes: Iterable[int], op: Op) -> set[int]:
    """Return the indices of all states (or parameters) that some nodes depend on.

    Args:
        graph: the graph.
        nodes: where to start.
        op: ``Op.STATE`` or ``Op.PARAMETER``.
    """
    return {graph.index(n) for n in graph.reachable(nodes) if graph.ops[n] is op}


def evaluate(
    graph: Graph,
    nodes: Sequence[int],
    t: ArrayLike,
    y: ArrayLike,
    p: ArrayLike,
) -> NDArray[np.float64]:
    """Evaluate nodes the obvious way, for any number of patients at once.

    Args:
        graph: the graph.
        nodes: k nodes.
        t: time, scalar or shape (...).
        y: states, shape (..., n_states).
        p: parameters, shape (..., n_parameters).

    Returns:
        Shape (..., k). Truth values come as 0 and 1; what is undefined as NaN or infinite.
    """
    time, states, parameters = (np.asarray(x, dtype=np.float64) for x in (t, y, p))
    shape = np.broadcast_shapes(time.shape, states.shape[:-1], parameters.shape[:-1])
    found: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in graph.reachable(nodes):
            op = graph.ops[node]
            if op is Op.CONSTANT:
                found[node] = np.float64(graph.values[node])
            elif op is Op.TIME:
                found[node] = time
            elif op is Op.STATE:
                found[node] = states[..., graph.index(node)]
            elif op is Op.PARAMETER:
                found[node] = parameters[..., graph.index(node)]
            else:
                found[node] = FUNCTIONS[op](*(found[a] for a in graph.args[node]))
    out = np.empty((*shape, len(nodes)), dtype=np.float64)
    for column, node in enumerate(nodes):
        out[..., column] = found[node]
    return out
