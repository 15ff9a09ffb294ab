from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.engine.symbolic.expression import (
    ARITY,
    BOOLEAN_OPS,
    FUNCTIONS,
    LEAF_OPS,
    Graph,
    Op,
    evaluate,
)
from rascade.engine.symbolic.scalar import scalar_function

NUMERIC = sorted(set(Op) - LEAF_OPS - BOOLEAN_OPS - {Op.SELECT}, key=lambda op: op.value)


def random_expression(g: Graph, rng: np.random.Generator, depth: int) -> int:
    """Return a node made of every numeric operator, two states, two parameters and time."""
    if depth == 0:
        leaves = [g.state(0), g.state(1), g.parameter(0), g.parameter(1), g.time()]
        leaves += [g.constant(float(rng.normal())), g.constant(2.0)]
        return leaves[rng.integers(len(leaves))]
    if rng.random() < 0.1:
        a, b, c, d = (random_expression(g, rng, depth - 1) for _ in range(4))
        return g.select(g.apply(Op.LT, a, b), c, d)
    op = NUMERIC[rng.integers(len(NUMERIC))]
    return g.apply(op, *(random_expression(g, rng, depth - 1) for _ in range(ARITY[op])))


def test_equal_expressions_are_one_node() -> None:
    g = Graph()
    x, k = g.state(0), g.parameter(0)
    assert g.mul(x, k) == g.mul(k, x)
    assert g.add(g.mul(x, k), g.constant(1)) == g.add(g.constant(1), g.mul(k, x))
    assert g.sub(x, k) != g.sub(k, x)


def test_arguments_come_before_their_node() -> None:
    g = Graph()
    node = random_expression(g, np.random.default_rng(0), 7)
    order = g.reachable([node])
    assert order == sorted(order)
    assert order[-1] == node
    assert all(a < n for n in order for a in g.args[n])


def test_simplifications() -> None:
    g = Graph()
    x, zero, one = g.state(0), g.constant(0), g.constant(1)
    assert g.add(x, zero) == x
    assert g.mul(x, one) == x
    assert g.mul(x, zero) == zero
    assert g.div(x, one) == x
    assert g.sub(x, x) == zero
    assert g.pow(x, one) == x
    assert g.pow(x, zero) == one
    assert g.neg(g.neg(x)) == x
    assert g.mul(x, g.constant(-1)) == g.neg(x)
    assert g.select(g.constant(1), x, zero) == x
    assert g.select(g.apply(Op.LT, x, one), zero, zero) == zero
    assert g.apply(Op.AND, g.constant(0), g.apply(Op.LT, x, one)) == zero
    assert g.constant_value(g.apply(Op.EXP, one)) == math.e


def test_special_numbers_are_kept_apart() -> None:
    g = Graph()
    assert g.constant(math.nan) == g.constant(math.nan)
    assert g.constant(0.0) != g.constant(-0.0)
    assert g.constant_value(g.div(g.constant(1), g.constant(0))) == math.inf


def test_truth_values_and_numbers_cross() -> None:
    g = Graph()
    x = g.state(0)
    truth = g.as_boolean(x)
    number = g.as_number(g.apply(Op.NOT, truth))
    got = evaluate(g, [number, truth], 0.0, [[0.0], [2.0]], np.zeros((2, 0)))
    np.testing.assert_array_equal(got, [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("seed", range(30))
def test_folding_never_changes_a_value(seed: int) -> None:
    """The simplified graph gives what plain NumPy gives on the same random expression."""
    rng = np.random.default_rng(seed)
    g = Graph()

    def build(depth: int) -> tuple[int, np.ndarray]:
        if depth == 0:
            k = int(rng.integers(3))
            if k == 2:
                value = float(rng.integers(-2, 3))
                return g.constant(value), np.full(5, value)
            return g.state(k), y[:, k]
        op = [Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.SIN, Op.MAX, Op.MIN, Op.DIV][rng.integers(8)]
        parts = [build(depth - 1) for _ in range(ARITY[op])]
        return g.apply(op, *(n for n, _ in parts)), FUNCTIONS[op](*(v for _, v in parts))

    y = rng.normal(size=(5, 2))
    with np.errstate(all="ignore"):
        node, wanted = build(5)
    got = evaluate(g, [node], 0.0, y, np.zeros((5, 0)))[:, 0]
    finite = np.isfinite(wanted)  # 0 * NaN is folded to 0 on purpose
    np.testing.assert_allclose(got[finite], wanted[finite], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_scalar_function_means_the_same_as_evaluate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    g = Graph()
    nodes = [random_expression(g, rng, 5) for _ in range(4)]
    function = scalar_function(g, nodes)
    for _ in range(5):
        y, p, t = rng.normal(size=2), rng.normal(size=2), float(rng.normal())
        np.testing.assert_allclose(
            function(t, y, p), evaluate(g, nodes, t, y, p), rtol=1e-12, atol=1e-300
        )


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(), st.floats())
def test_scalar_function_survives_any_number(a: float, b: float, c: float) -> None:
    g = Graph()
    x, y, z = g.state(0), g.state(1), g.state(2)
    nodes = [
        g.div(x, y),
        g.apply(Op.LN, x),
        g.pow(x, y),
        g.apply(Op.EXP, z),
        g.apply(Op.FLOOR, z),
        g.apply(Op.MIN, x, z),
        g.apply(Op.FACTORIAL, y),
        g.select(g.apply(Op.LT, x, y), g.div(z, x), z),
    ]
    values = np.array([a, b, c])
    got = scalar_function(g, nodes)(0.0, values, np.empty(0))
    np.testing.assert_allclose(got, evaluate(g, nodes, 0.0, values, np.empty(0)), rtol=1e-14)


def test_wrong_use_is_refused() -> None:
    g = Graph()
    x = g.state(0)
    with pytest.raises(ValueError, match="ADD does not take 1"):
        g.apply(Op.ADD, x)
    with pytest.raises(ValueError, match="STATE does not take"):
        g.apply(Op.STATE)
    with pytest.raises(ValueError, match="not a node"):
        g.apply(Op.EXP, 99)
