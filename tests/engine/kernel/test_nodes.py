"""Every operator of the graph, compiled, against NumPy's evaluation of the same node."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.engine.population.backend import Settings
from rascade.engine.simulation import Simulation
from rascade.engine.symbolic.expression import ARITY, BOOLEAN_OPS, LEAF_OPS, Graph, Op, evaluate
from rascade.engine.symbolic.system import System, build_system

_VALUES = np.array([-2.5, -2.0, -1.0, -0.3, 0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0])


def _system(graph: Graph, nodes: dict[str, int]) -> System:
    return build_system(
        name="nodes",
        graph=graph,
        states=["y"],
        rates=[graph.constant(0)],
        parameters=["a", "b"],
        defaults=[0.0, 0.0],
        observables=nodes,
        initial=[graph.constant(1)],
    )


def _compare(graph: Graph, nodes: dict[str, int], lanes: int) -> None:
    """Evaluate nodes over all pairs of values by both, as outputs at the first time."""
    a, b = (x.ravel() for x in np.meshgrid(_VALUES, _VALUES))
    system = _system(graph, nodes)
    simulation = Simulation(
        system,
        patients=len(a),
        parameters={"a": a, "b": b},
        initial={"y": a},
        settings=Settings(lanes=lanes, nonnegative=False),
    )
    found = simulation.advance(0.5, [0.25], list(nodes)).values[:, 0]
    exact = evaluate(graph, list(nodes.values()), 0.25, a[:, None], np.stack([a, b], axis=1))
    assert found == pytest.approx(exact, rel=1e-13, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("op", [op for op in Op if op not in LEAF_OPS], ids=lambda op: op.name)
def test_operator(op: Op, lanes: int) -> None:
    graph = Graph()
    y, a, b = graph.state(0), graph.parameter(0), graph.parameter(1)
    if op in (Op.AND, Op.OR, Op.NOT, Op.SELECT):
        first, second = graph.apply(Op.GT, y, graph.constant(0)), graph.apply(Op.LT, b, a)
        args: tuple[int, ...] = {1: (first,), 2: (first, second), 3: (first, a, b)}[ARITY[op]]
    else:
        args = (y, b)[: ARITY[op]]
    node = graph.apply(op, *args)
    # With a moving argument, and with parameters only (a different path through the generator).
    fixed = graph.apply(op, *(a if n == y else n for n in args))
    nodes = {"moving": node, "fixed": fixed}
    if op in BOOLEAN_OPS:
        nodes = {name: graph.as_number(n) for name, n in nodes.items()}
    _compare(graph, nodes, lanes)


@pytest.mark.parametrize("exponent", [-3.0, -1.0, 0.5, 1.5, 2.0, 7.0, 32.0, 33.0, 2.25])
def test_constant_exponent(exponent: float) -> None:
    graph = Graph()
    _compare(graph, {"p": graph.pow(graph.state(0), graph.constant(exponent))}, 4)


def test_a_section_of_many_functions() -> None:
    # More nodes than fit one function, each depending on the one before and on all before.
    graph = Graph()
    y, a = graph.state(0), graph.parameter(0)
    node, total = y, a
    for i in range(3000):
        node = graph.add(graph.mul(node, graph.constant(0.5)), graph.constant(i / 3000), a)
        total = graph.sub(node, graph.mul(total, graph.constant(0.25)))
    flag = graph.apply(Op.GT, node, total)
    _compare(graph, {"node": node, "total": total, "flag": graph.as_number(flag)}, 4)


def test_time_and_shared_divisor() -> None:
    graph = Graph()
    y, a, t = graph.state(0), graph.parameter(0), graph.time()
    below = graph.add(y, graph.constant(4), t)
    nodes = {
        "one": graph.div(a, below),
        "two": graph.div(y, below),
        "three": graph.div(graph.constant(1), below),
        "by_parameter": graph.div(y, a),
    }
    _compare(graph, nodes, 4)
