"""MathML, as libsbml has parsed it, turned into nodes of an expression graph."""

from __future__ import annotations

import math
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rascade.engine.symbolic.expression import Graph, Op
from rascade.errors import ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["MathReader", "names_in"]

MAX_CALLS = 100
"""The deepest nesting of calls from one function definition to another."""


def names_in(ast: Any) -> set[str]:
    """Return the identifiers that an expression refers to."""
    import libsbml

    return {n.getName() for n in _breadth_first(ast) if n.getType() == libsbml.AST_NAME}


def _breadth_first(ast: Any) -> Iterator[Any]:
    queue = [ast] if ast is not None else []
    for node in queue:
        yield node
        queue.extend(node.getChild(k) for k in range(node.getNumChildren()))


class MathReader:
    """Turns expressions into nodes; function definitions are inlined.

    Args:
        graph: where nodes go.
        functions: name -> the lambda of each function definition.
    """

    def __init__(self, graph: Graph, functions: Mapping[str, Any]) -> None:
        import libsbml

        self.graph = graph
        self._functions = functions
        self._calls: dict[tuple[object, ...], int] = {}
        self._active: list[str] = []
        self._types = {
            getattr(libsbml, f"AST_{name}"): handler for name, handler in _HANDLERS.items()
        }
        self._names = {libsbml.AST_NAME: "name", libsbml.AST_FUNCTION: "call"}
        self._refused = {
            libsbml.AST_FUNCTION_DELAY: "delay",
            libsbml.AST_FUNCTION_RATE_OF: "rateOf",
        }
        self._numbers = (
            libsbml.AST_INTEGER,
            libsbml.AST_REAL,
            libsbml.AST_REAL_E,
            libsbml.AST_RATIONAL,
            libsbml.AST_NAME_AVOGADRO,
        )

    def read(self, ast: Any, symbols: Mapping[str, int], where: str) -> int:
        """Return the node of an expression, which may be a truth value.

        Args:
            ast: a libsbml ``ASTNode``.
            symbols: identifier -> node.
            where: the place in the model, for messages.

        Raises:
            ModelFileError: an unknown identifier, or a wrong number of arguments.
            UnsupportedFeature: an operator out of scope, by name.
        """
        # Children first, without recursion: an n-ary sum may be nested as deep as it is long.
        order: list[Any] = [ast]
        children: list[range] = []
        for node in order:
            first = len(order)
            order.extend(node.getChild(k) for k in range(node.getNumChildren()))
            children.append(range(first, len(order)))
        found = [0] * len(order)
        for i in range(len(order) - 1, -1, -1):
            found[i] = self._node(order[i], [found[c] for c in children[i]], symbols, where)
        return found[0]

    def number(self, ast: Any, symbols: Mapping[str, int], where: str) -> int:
        """Return `read` as a number."""
        return self.graph.as_number(self.read(ast, symbols, where))

    def _node(self, ast: Any, args: list[int], symbols: Mapping[str, int], where: str) -> int:
        kind, graph = ast.getType(), self.graph
        if kind in self._numbers:
            return graph.constant(ast.getValue())
        if kind in self._names:
            name = ast.getName()
            if self._names[kind] == "name":
                if name not in symbols:
                    raise ModelFileError(f"{where}: nothing in the model is called {name!r}")
                return symbols[name]
            return self._call(name, args, where)
        if kind in self._refused:
            raise UnsupportedFeature(
                self._refused[kind], f"not supported: {self._refused[kind]} ({where})"
            )
        handler = self._types.get(kind)
        if handler is None:
            raise UnsupportedFeature(f"operator {ast.getName() or ast.getOperatorName()}")
        try:
            return handler(graph, *args)
        except TypeError as error:
            raise ModelFileError(
                f"{where}: {ast.getOperatorName() or ast.getName() or 'an operator'} "
                f"does not take {len(args)} arguments"
            ) from error

    def _call(self, name: str, args: list[int], where: str) -> int:
        function = self._functions.get(name)
        if function is None:
            # SimBiology writes these as plain names; they are operators from Level 3 Version 2 on.
            if name in {"max", "min"} and args:
                return _EXTREMES[name](self.graph, *args)
            raise ModelFileError(f"{where}: the model has no function {name!r}")
        key = (name, *args)
        if key not in self._calls:
            if name in self._active:
                path = " -> ".join([*self._active[self._active.index(name) :], name])
                raise ModelFileError(f"{where}: functions call each other in a circle: {path}")
            if len(self._active) >= MAX_CALLS:
                raise ModelFileError(f"{where}: functions call each other {MAX_CALLS} deep")
            variables = [
                function.getChild(k).getName() for k in range(function.getNumChildren() - 1)
            ]
            if len(variables) != len(args):
                raise ModelFileError(
                    f"{where}: function {name!r} takes {len(variables)} arguments, not {len(args)}"
                )
            self._active.append(name)
            body = function.getChild(function.getNumChildren() - 1)
            bound = dict(zip(variables, args, strict=True))
            self._calls[key] = self.read(body, bound, f"{where}, function {name!r}")
            self._active.pop()
        return self._calls[key]


# Each handler takes the graph and the arguments' nodes. Numbers and truth values may stand for
# each other from Level 3 Version 2 on; earlier levels never mix them, so that it does no harm.


def _numeric(op: Op) -> Callable[..., int]:
    def handler(g: Graph, a: int) -> int:
        return g.apply(op, g.as_number(a))

    return handler


def _inverse_of(op: Op) -> Callable[..., int]:
    """1 / op(x): secant and its kind."""

    def handler(g: Graph, a: int) -> int:
        return g.div(g.constant(1), g.apply(op, g.as_number(a)))

    return handler


def _of_inverse(op: Op) -> Callable[..., int]:
    """op(1 / x): arc secant and its kind."""

    def handler(g: Graph, a: int) -> int:
        return g.apply(op, g.div(g.constant(1), g.as_number(a)))

    return handler


def _nary(op: Op, *, empty: float | None = None) -> Callable[..., int]:
    def handler(g: Graph, *args: int) -> int:
        if not args:
            if empty is None:
                raise TypeError
            return g.constant(empty)
        return reduce(lambda a, b: g.apply(op, a, b), [g.as_number(a) for a in args])

    return handler


def _logical(op: Op, *, empty: float) -> Callable[..., int]:
    def handler(g: Graph, *args: int) -> int:
        parts = [g.as_boolean(a) for a in args]
        return reduce(lambda a, b: g.apply(op, a, b), parts) if parts else g.constant(empty)

    return handler


def _chain(op: Op) -> Callable[..., int]:
    """a < b < c: every neighbouring pair."""

    def handler(g: Graph, *args: int) -> int:
        numbers = [g.as_number(a) for a in args]
        pairs = [g.apply(op, a, b) for a, b in pairwise(numbers)]
        return reduce(lambda a, b: g.apply(Op.AND, a, b), pairs) if pairs else g.constant(1)

    return handler


def _different(g: Graph, a: int, b: int) -> int:
    return g.apply(Op.NE, g.as_number(a), g.as_number(b))


def _not(g: Graph, a: int) -> int:
    return g.apply(Op.NOT, g.as_boolean(a))


def _xor(g: Graph, *args: int) -> int:
    def two(a: int, b: int) -> int:
        both = g.apply(Op.AND, a, b)
        return g.apply(Op.AND, g.apply(Op.OR, a, b), g.apply(Op.NOT, both))

    parts = [g.as_boolean(a) for a in args]
    return reduce(two, parts) if parts else g.constant(0)


def _implies(g: Graph, a: int, b: int) -> int:
    return g.apply(Op.OR, _not(g, a), g.as_boolean(b))


def _minus(g: Graph, a: int, b: int | None = None) -> int:
    return g.neg(g.as_number(a)) if b is None else g.sub(g.as_number(a), g.as_number(b))


def _divide(g: Graph, a: int, b: int) -> int:
    return g.div(g.as_number(a), g.as_number(b))


def _power(g: Graph, a: int, b: int) -> int:
    return g.pow(g.as_number(a), g.as_number(b))


def _root(g: Graph, a: int, b: int | None = None) -> int:
    degree, x = (g.constant(2), a) if b is None else (a, b)
    return g.pow(g.as_number(x), g.div(g.constant(1), g.as_number(degree)))


def _log(g: Graph, a: int, b: int | None = None) -> int:
    base, x = (g.constant(10), a) if b is None else (g.as_number(a), b)
    number = g.constant_value(x)
    if g.constant_value(base) == 10 and number is not None and number > 0:
        return g.constant(math.log10(number))  # exact for powers of ten
    return g.div(g.apply(Op.LN, g.as_number(x)), g.apply(Op.LN, base))


def _arcoth(g: Graph, a: int) -> int:
    return g.apply(Op.ATANH, g.div(g.constant(1), g.as_number(a)))


def _quotient(g: Graph, a: int, b: int) -> int:
    ratio = _divide(g, a, b)
    down, up = g.apply(Op.FLOOR, ratio), g.apply(Op.CEIL, ratio)
    return g.select(g.apply(Op.GE, ratio, g.constant(0)), down, up)


def _remainder(g: Graph, a: int, b: int) -> int:
    return g.sub(g.as_number(a), g.mul(g.as_number(b), _quotient(g, a, b)))


def _piecewise(g: Graph, *args: int) -> int:
    values, conditions = args[0::2], args[1::2]
    result = g.as_number(values[-1]) if len(args) % 2 else g.constant(math.nan)
    for value, condition in reversed(list(zip(values, conditions, strict=False))):
        result = g.select(g.as_boolean(condition), g.as_number(value), result)
    return result


_EXTREMES = {"max": _nary(Op.MAX), "min": _nary(Op.MIN)}

_HANDLERS: dict[str, Callable[..., int]] = {
    "PLUS": _nary(Op.ADD, empty=0),
    "TIMES": _nary(Op.MUL, empty=1),
    "MINUS": _minus,
    "DIVIDE": _divide,
    "POWER": _power,
    "FUNCTION_POWER": _power,
    "FUNCTION_ROOT": _root,
    "FUNCTION_LOG": _log,
    "FUNCTION_ABS": _numeric(Op.ABS),
    "FUNCTION_EXP": _numeric(Op.EXP),
    "FUNCTION_LN": _numeric(Op.LN),
    "FUNCTION_FLOOR": _numeric(Op.FLOOR),
    "FUNCTION_CEILING": _numeric(Op.CEIL),
    "FUNCTION_FACTORIAL": _numeric(Op.FACTORIAL),
    "FUNCTION_SIN": _numeric(Op.SIN),
    "FUNCTION_COS": _numeric(Op.COS),
    "FUNCTION_TAN": _numeric(Op.TAN),
    "FUNCTION_SEC": _inverse_of(Op.COS),
    "FUNCTION_CSC": _inverse_of(Op.SIN),
    "FUNCTION_COT": _inverse_of(Op.TAN),
    "FUNCTION_SINH": _numeric(Op.SINH),
    "FUNCTION_COSH": _numeric(Op.COSH),
    "FUNCTION_TANH": _numeric(Op.TANH),
    "FUNCTION_SECH": _inverse_of(Op.COSH),
    "FUNCTION_CSCH": _inverse_of(Op.SINH),
    "FUNCTION_COTH": _inverse_of(Op.TANH),
    "FUNCTION_ARCSIN": _numeric(Op.ASIN),
    "FUNCTION_ARCCOS": _numeric(Op.ACOS),
    "FUNCTION_ARCTAN": _numeric(Op.ATAN),
    "FUNCTION_ARCSEC": _of_inverse(Op.ACOS),
    "FUNCTION_ARCCSC": _of_inverse(Op.ASIN),
    "FUNCTION_ARCCOT": _of_inverse(Op.ATAN),
    "FUNCTION_ARCSINH": _numeric(Op.ASINH),
    "FUNCTION_ARCCOSH": _numeric(Op.ACOSH),
    "FUNCTION_ARCTANH": _numeric(Op.ATANH),
    "FUNCTION_ARCSECH": _of_inverse(Op.ACOSH),
    "FUNCTION_ARCCSCH": _of_inverse(Op.ASINH),
    "FUNCTION_ARCCOTH": _arcoth,
    "FUNCTION_MAX": _nary(Op.MAX),
    "FUNCTION_MIN": _nary(Op.MIN),
    "FUNCTION_QUOTIENT": _quotient,
    "FUNCTION_REM": _remainder,
    "FUNCTION_PIECEWISE": _piecewise,
    "LOGICAL_AND": _logical(Op.AND, empty=1),
    "LOGICAL_OR": _logical(Op.OR, empty=0),
    "LOGICAL_XOR": _xor,
    "LOGICAL_NOT": _not,
    "LOGICAL_IMPLIES": _implies,
    "RELATIONAL_LT": _chain(Op.LT),
    "RELATIONAL_LEQ": _chain(Op.LE),
    "RELATIONAL_GT": _chain(Op.GT),
    "RELATIONAL_GEQ": _chain(Op.GE),
    "RELATIONAL_EQ": _chain(Op.EQ),
    "RELATIONAL_NEQ": _different,
    "NAME_TIME": Graph.time,
    "CONSTANT_E": lambda g: g.constant(math.e),
    "CONSTANT_PI": lambda g: g.constant(math.pi),
    "CONSTANT_TRUE": lambda g: g.constant(1),
    "CONSTANT_FALSE": lambda g: g.constant(0),
}
