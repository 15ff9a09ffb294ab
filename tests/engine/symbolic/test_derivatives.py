"""Exact derivatives against central differences, at random points away from zero."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.engine.symbolic.derivatives import jacobian, time_derivatives
from rascade.engine.symbolic.expression import Graph, Op, evaluate

SMOOTH = {
    Op.NEG: (-2, 2),
    Op.EXP: (-2, 2),
    Op.LN: (0.2, 3),
    Op.SQRT: (0.2, 3),
    Op.ABS: (0.2, 3),
    Op.SIN: (-3, 3),
    Op.COS: (-3, 3),
    Op.TAN: (-1, 1),
    Op.ASIN: (-0.9, 0.9),
    Op.ACOS: (-0.9, 0.9),
    Op.ATAN: (-3, 3),
    Op.SINH: (-2, 2),
    Op.COSH: (-2, 2),
    Op.TANH: (-2, 2),
    Op.ASINH: (-3, 3),
    Op.ACOSH: (1.2, 4),
    Op.ATANH: (-0.9, 0.9),
}
PAIRS = (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.POW, Op.MIN, Op.MAX)


def check(g: Graph, nodes: list[int], points: np.ndarray, p: np.ndarray, t: float = 0.7) -> None:
    """Compare Jacobian and time derivative with central differences at several points."""
    n = points.shape[1]
    entries = jacobian(g, nodes, n)
    assert all(node != g.constant(0) for _, _, node in entries)
    by_time = time_derivatives(g, nodes)
    for y in points:
        exact = np.zeros((len(nodes), n))
        values = evaluate(g, [node for _, _, node in entries], t, y, p)
        for (row, column, _), value in zip(entries, values, strict=True):
            exact[row, column] = value
        h = 1e-6
        for k in range(n):
            step = np.zeros(n)
            step[k] = h * max(1.0, abs(y[k]))
            high, low = evaluate(g, nodes, t, y + step, p), evaluate(g, nodes, t, y - step, p)
            np.testing.assert_allclose(
                exact[:, k], (high - low) / (2 * step[k]), rtol=2e-7, atol=1e-8
            )
        slope = (evaluate(g, nodes, t + h, y, p) - evaluate(g, nodes, t - h, y, p)) / (2 * h)
        np.testing.assert_allclose(evaluate(g, by_time, t, y, p), slope, rtol=2e-7, atol=1e-8)


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.value)
def test_one_argument(op: Op) -> None:
    g = Graph()
    low, high = SMOOTH[op]
    points = np.random.default_rng(1).uniform(low, high, (20, 1))
    check(g, [g.apply(op, g.state(0))], points, np.empty(0))


@pytest.mark.parametrize("op", PAIRS, ids=lambda op: op.value)
def test_two_arguments(op: Op) -> None:
    g = Graph()
    x, y, k, t = g.state(0), g.state(1), g.parameter(0), g.time()
    nodes = [g.apply(op, x, y), g.apply(op, x, k), g.apply(op, k, x), g.apply(op, t, y)]
    points = np.random.default_rng(2).uniform(0.3, 3, (20, 2))
    check(g, [*nodes, g.apply(op, x, t)], points, np.array([1.7]))


def test_complex_step_on_a_smooth_network() -> None:
    """To rounding: the imaginary part of a step of 1e-200 has no cancellation."""
    g = Graph()
    s = [g.state(k) for k in range(4)]
    k1, n = g.parameter(0), g.parameter(1)
    hill = g.div(g.pow(s[0], n), g.add(g.pow(s[1], n), g.pow(s[0], n)))
    nodes = [
        g.sub(g.mul(k1, s[0], s[1]), g.mul(hill, s[2])),
        g.mul(g.apply(Op.EXP, g.neg(s[3])), g.apply(Op.LN, s[2])),
        g.div(g.apply(Op.SQRT, s[0]), g.add(g.constant(1), g.mul(s[3], s[3]))),
    ]
    from rascade.engine.symbolic.expression import FUNCTIONS

    def complex_values(y: np.ndarray) -> list[complex]:
        found: dict[int, complex] = {}
        for node in g.reachable(nodes):
            op = g.ops[node]
            if op is Op.CONSTANT:
                found[node] = g.values[node]
            elif op is Op.STATE:
                found[node] = y[g.index(node)]
            elif op is Op.PARAMETER:
                found[node] = p[g.index(node)]
            else:
                found[node] = FUNCTIONS[op](*(np.complex128(found[a]) for a in g.args[node]))
        return [found[node] for node in nodes]

    rng, p = np.random.default_rng(3), np.array([0.8, 2.3])
    entries = jacobian(g, nodes, 4)
    for y in rng.uniform(0.2, 3.0, (10, 4)):
        values = evaluate(g, [node for _, _, node in entries], 0.0, y, p)
        for (row, column, _), value in zip(entries, values, strict=True):
            step = y.astype(complex)
            step[column] += 1e-200j
            assert value == pytest.approx(complex_values(step)[row].imag / 1e-200, rel=1e-13)


def test_select_takes_the_branch_that_holds_and_nothing_of_the_other() -> None:
    g = Graph()
    x = g.state(0)
    zero = g.constant(0)
    root = g.select(g.apply(Op.GT, x, zero), g.apply(Op.SQRT, x), g.mul(x, g.constant(3)))
    ((row, column, node),) = jacobian(g, [root], 1)
    assert (row, column) == (0, 0)
    values = evaluate(g, [node], 0.0, [[4.0], [-4.0]], np.zeros((2, 0)))[:, 0]
    np.testing.assert_array_equal(values, [0.25, 3.0])  # no NaN from the root of -4


def test_what_is_absent_is_not_in_the_pattern() -> None:
    g = Graph()
    x, y = g.state(0), g.state(1)
    rates = [g.mul(g.constant(0), x), g.add(x, g.sub(y, y)), g.apply(Op.FLOOR, y)]
    assert [(r, c) for r, c, _ in jacobian(g, rates, 2)] == [(1, 0)]


def test_power_at_zero_base() -> None:
    """x^n with n > 1 has the slope 0 at 0; the logarithm for the exponent must not give NaN."""
    g = Graph()
    x, y = g.state(0), g.state(1)
    entries = jacobian(g, [g.pow(x, y)], 2)
    values = evaluate(g, [node for _, _, node in entries], 0.0, [0.0, 2.5], np.empty(0))
    np.testing.assert_array_equal(values, [0.0, 0.0])
