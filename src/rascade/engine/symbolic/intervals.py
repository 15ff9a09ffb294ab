"""Bounds of expressions over spans of time: interval arithmetic, rounded outward.

For every node the result holds all values that it takes while time goes from one end of a span to
the other, whichever way its operations are rounded. That is what makes it possible to say that
nothing happens in a span without looking at each of its moments.

Bounds that are NaN mean that the node has no value anywhere in the span (a root of what is
negative throughout).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.symbolic.expression import FUNCTIONS, Graph, Op

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bounds = tuple[Array, Array]

__all__ = ["enclose"]

_EXACT = 3e-16  # one rounding, and a little
_LIBRARY = 1e-14  # functions whose last places differ from library to library
_LARGEST = float(np.finfo(np.float64).max)
_LOWEST_FACTORIAL = (0.46163214496836234, 0.8856031944108887)  # where x! is lowest, and its value


def enclose(
    graph: Graph,
    nodes: Sequence[int],
    low: Array,
    high: Array,
    leaves: Mapping[int, Array],
) -> dict[int, Bounds]:
    """Return bounds of nodes over spans of time.

    Args:
        graph: the graph.
        nodes: what to bound, arguments before what uses them.
        low: (n,) where each span begins.
        high: (n,) where it ends; the same for a single moment.
        leaves: parameter or state node -> (n,) its value.

    Returns:
        Node -> (n,) lower and (n,) upper bounds; truth values are 0 and 1.
    """
    found: dict[int, Bounds] = {}
    with np.errstate(all="ignore"):
        for node in nodes:
            op = graph.ops[node]
            if op is Op.CONSTANT:
                value = np.full(len(low), graph.values[node])
                found[node] = (value, value)
            elif op is Op.TIME:
                found[node] = (low, high)
            elif op in (Op.STATE, Op.PARAMETER):
                found[node] = (leaves[node], leaves[node])
            else:
                args = [found[a] for a in graph.args[node]]
                if op is Op.MUL and graph.args[node][0] == graph.args[node][1]:
                    two = np.full(len(low), 2.0)
                    found[node] = _RULES[Op.POW](args[0], (two, two))
                else:
                    found[node] = _RULES[op](*args)
    return found


def _outward(low: Array, high: Array, by: float = _EXACT) -> Bounds:
    low, high = low * (1.0 - np.copysign(by, low)), high * (1.0 + np.copysign(by, high))
    # What overflows is large, not infinite: so zero times it stays zero.
    return np.minimum(low, _LARGEST), np.maximum(high, -_LARGEST)


def _known(low: Array, high: Array, *args: Bounds) -> Bounds:
    """Where infinities left no number, anything is possible; where an argument is none, none."""
    lost = np.isnan(low) | np.isnan(high)
    if lost.any():
        nothing = np.zeros(lost.shape, dtype=np.bool_)
        for lowest, highest in args:
            nothing |= np.isnan(lowest) | np.isnan(highest)
        low = np.where(nothing, np.nan, np.where(lost, -np.inf, low))
        high = np.where(nothing, np.nan, np.where(lost, np.inf, high))
    return low, high


def _hull(*corners: Array) -> Bounds:
    low = high = corners[0]
    for corner in corners[1:]:
        low, high = np.fmin(low, corner), np.fmax(high, corner)
    return low, high


def _add(a: Bounds, b: Bounds) -> Bounds:
    return _known(*_outward(a[0] + b[0], a[1] + b[1]), a, b)


def _sub(a: Bounds, b: Bounds) -> Bounds:
    return _known(*_outward(a[0] - b[1], a[1] - b[0]), a, b)


def _mul(a: Bounds, b: Bounds) -> Bounds:
    return _known(*_outward(*_hull(*(x * y for x in a for y in b))), a, b)


def _div(a: Bounds, b: Bounds) -> Bounds:
    low, high = _outward(*_hull(*(x / y for x in a for y in b)), 2 * _EXACT)
    through = (b[0] <= 0) & (b[1] >= 0)
    low, high = np.where(through, -np.inf, low), np.where(through, np.inf, high)
    return _known(low, high, a, b)


def _pow(a: Bounds, b: Bounds) -> Bounds:
    base = (np.maximum(a[0], 0.0), a[1])
    low, high = _hull(*(np.power(x, y) for x in base for y in b))
    low, high = np.where(a[1] < 0, np.nan, low), np.where(a[1] < 0, np.nan, high)
    whole = (b[0] == b[1]) & (b[0] == np.rint(b[0]))
    if whole.any():
        n = np.where(whole, b[0], 1.0)
        through = (a[0] <= 0) & (a[1] >= 0)
        near = np.where(through, 0.0, np.minimum(np.abs(a[0]), np.abs(a[1])))
        far = np.maximum(np.abs(a[0]), np.abs(a[1]))
        even = _hull(np.power(near, n), np.power(far, n))
        odd = _hull(np.power(a[0], n), np.power(a[1], n))
        pole = through & (n < 0)
        odd = (np.where(pole, -np.inf, odd[0]), np.where(pole, np.inf, odd[1]))
        is_even = np.fmod(n, 2.0) == 0
        low = np.where(whole, np.where(is_even, even[0], odd[0]), low)
        high = np.where(whole, np.where(is_even, even[1], odd[1]), high)
    low, high = _outward(low, high, _LIBRARY)
    none = np.isnan(low) & (a[1] < 0) & ~whole
    low, high = _known(low, high, a, b)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def _rising(
    function: Callable[..., Any], least: float = -np.inf, most: float = np.inf
) -> Callable[[Bounds], Bounds]:
    """A function that rises wherever it is defined, from `least` to `most`."""

    def rule(a: Bounds) -> Bounds:
        low, high = (function(np.clip(x, least, most)) for x in a)
        outside = (a[1] < least) | (a[0] > most) | np.isnan(a[0])
        low, high = _outward(low, high, _LIBRARY)
        return np.where(outside, np.nan, low), np.where(outside, np.nan, high)

    return rule


def _falling(
    function: Callable[..., Any], least: float = -np.inf, most: float = np.inf
) -> Callable[[Bounds], Bounds]:
    rule = _rising(lambda x: -function(x), least, most)

    def turned(a: Bounds) -> Bounds:
        low, high = rule(a)
        return -high, -low

    return turned


def _meets(a: Bounds, first: float, period: float) -> NDArray[np.bool_]:
    """Whether a span holds one of ``first + k * period``; true where rounding leaves a doubt."""
    low, high = (a[0] - first) / period, (a[1] - first) / period
    doubt = 1e-14 * (1.0 + np.abs(low) + np.abs(high))
    met: NDArray[np.bool_] = ~(np.ceil(low - doubt) > np.floor(high + doubt))
    return met


def _wave(function: Callable[..., Any], top: float) -> Callable[[Bounds], Bounds]:
    """A sine whose highest place is at `top`."""

    def rule(a: Bounds) -> Bounds:
        low, high = _hull(function(a[0]), function(a[1]))
        low, high = low - _EXACT, high + _EXACT
        high = np.where(_meets(a, top, 2 * np.pi), 1.0, np.minimum(high, 1.0))
        low = np.where(_meets(a, top + np.pi, 2 * np.pi), -1.0, np.maximum(low, -1.0))
        none = np.isnan(a[0])
        return np.where(none, np.nan, low), np.where(none, np.nan, high)

    return rule


def _tan(a: Bounds) -> Bounds:
    low, high = _outward(np.tan(a[0]), np.tan(a[1]), _LIBRARY)
    pole = _meets(a, np.pi / 2, np.pi)
    return _known(np.where(pole, -np.inf, low), np.where(pole, np.inf, high), a)


def _abs(a: Bounds) -> Bounds:
    low, high = _hull(np.abs(a[0]), np.abs(a[1]))
    return np.where((a[0] <= 0) & (a[1] >= 0), 0.0, low), high


def _cosh(a: Bounds) -> Bounds:
    low, high = _abs(a)
    return _outward(np.cosh(low), np.cosh(high), _LIBRARY)


def _factorial(a: Bounds) -> Bounds:
    place, least = _LOWEST_FACTORIAL
    base = (np.maximum(a[0], 0.0), a[1])
    low, high = _hull(*(np.asarray(FUNCTIONS[Op.FACTORIAL](x)) for x in base))
    low = np.where((base[0] <= place) & (base[1] >= place), least, low)
    low, high = _outward(low, high, 1e-12)
    none = a[1] < 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def _truth(surely: Any, possibly: Any) -> Bounds:
    return np.asarray(surely, dtype=np.float64), np.asarray(possibly, dtype=np.float64)


def _equal(a: Bounds, b: Bounds) -> tuple[Any, Any]:
    surely = (a[0] == a[1]) & (b[0] == b[1]) & (a[0] == b[0])
    return surely, (a[0] <= b[1]) & (b[0] <= a[1])


def _differ(a: Bounds, b: Bounds) -> Bounds:
    surely, possibly = _equal(a, b)
    return _truth(~possibly, ~surely)


def _select(condition: Bounds, a: Bounds, b: Bounds) -> Bounds:
    yes, no = condition[0] != 0, condition[1] == 0
    low = np.where(yes, a[0], np.where(no, b[0], np.fmin(a[0], b[0])))
    high = np.where(yes, a[1], np.where(no, b[1], np.fmax(a[1], b[1])))
    return low, high


_RULES: dict[Op, Callable[..., Bounds]] = {
    Op.ADD: _add,
    Op.SUB: _sub,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.NEG: lambda a: (-a[1], -a[0]),
    Op.POW: _pow,
    Op.EXP: _rising(np.exp),
    Op.LN: _rising(np.log, 0.0),
    Op.SQRT: _rising(np.sqrt, 0.0),
    Op.ABS: _abs,
    Op.FLOOR: lambda a: (np.floor(a[0]), np.floor(a[1])),
    Op.CEIL: lambda a: (np.ceil(a[0]), np.ceil(a[1])),
    Op.SIN: _wave(np.sin, np.pi / 2),
    Op.COS: _wave(np.cos, 0.0),
    Op.TAN: _tan,
    Op.ASIN: _rising(np.arcsin, -1.0, 1.0),
    Op.ACOS: _falling(np.arccos, -1.0, 1.0),
    Op.ATAN: _rising(np.arctan),
    Op.SINH: _rising(np.sinh),
    Op.COSH: _cosh,
    Op.TANH: _rising(np.tanh),
    Op.ASINH: _rising(np.arcsinh),
    Op.ACOSH: _rising(np.arccosh, 1.0),
    Op.ATANH: _rising(np.arctanh, -1.0, 1.0),
    Op.MIN: lambda a, b: (np.minimum(a[0], b[0]), np.minimum(a[1], b[1])),
    Op.MAX: lambda a, b: (np.maximum(a[0], b[0]), np.maximum(a[1], b[1])),
    Op.FACTORIAL: _factorial,
    Op.LT: lambda a, b: _truth(a[1] < b[0], a[0] < b[1]),
    Op.LE: lambda a, b: _truth(a[1] <= b[0], a[0] <= b[1]),
    Op.GT: lambda a, b: _truth(a[0] > b[1], a[1] > b[0]),
    Op.GE: lambda a, b: _truth(a[0] >= b[1], a[1] >= b[0]),
    Op.EQ: lambda a, b: _truth(*_equal(a, b)),
    Op.NE: _differ,
    Op.AND: lambda a, b: (np.minimum(a[0], b[0]), np.minimum(a[1], b[1])),
    Op.OR: lambda a, b: (np.maximum(a[0], b[0]), np.maximum(a[1], b[1])),
    Op.NOT: lambda a: (1.0 - a[1], 1.0 - a[0]),
    Op.SELECT: _select,
}
