"""The reference back end against problems with known solutions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from rascade.engine import Settings, Simulation, System, simulate
from rascade.engine.reference import DENSE_UP_TO
from rascade.engine.symbolic.expression import Graph
from rascade.engine.symbolic.system import build_system


def equations(build: object, initial: list[float], names: str) -> System:
    """Make a system from a function of (graph, states)."""
    g = Graph()
    states = [g.state(k) for k in range(len(initial))]
    return build_system(
        name="test",
        graph=g,
        states=list(names),
        rates=build(g, states),
        parameters=[],
        defaults=[],
        observables=dict(zip(names, states, strict=True)),
        initial=[g.constant(x) for x in initial],
    )


def robertson() -> System:
    def build(g: Graph, y: list[int]) -> list[int]:
        a, b = g.mul(g.constant(0.04), y[0]), g.mul(g.constant(1e4), y[1], y[2])
        c = g.mul(g.constant(3e7), y[1], y[1])
        return [g.sub(b, a), g.sub(g.sub(a, b), c), c]

    return equations(build, [1.0, 0.0, 0.0], "xyz")


def test_robertson() -> None:
    """Reference values: Hairer & Wanner, Solving ODEs II, test set solution at t = 1e11."""
    system = robertson()
    for backend in ("reference", "compiled"):
        segment = simulate(
            system, to=1e11, outputs=["x", "y", "z"], backend=backend,
            settings=Settings(rtol=1e-9, atol=1e-20),
        )  # fmt: skip
        wanted = [0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050]
        np.testing.assert_allclose(segment.values[0, 0], wanted, rtol=2e-6)


def test_prothero_robinson_with_an_explicit_time_derivative() -> None:
    """y' = -1e6 (y - cos t) - sin t has the solution cos t."""

    def build(g: Graph, y: list[int]) -> list[int]:
        from rascade.engine.symbolic.expression import Op

        cosine, sine = g.apply(Op.COS, g.time()), g.apply(Op.SIN, g.time())
        return [g.sub(g.mul(g.constant(-1e6), g.sub(y[0], cosine)), sine)]

    system = equations(build, [1.0], "y")
    settings = Settings(rtol=1e-8, atol=1e-8)
    times = np.linspace(0, 10, 11)
    segment = simulate(
        system, to=10.0, times=times, outputs=["y"], settings=settings, backend="reference"
    )
    np.testing.assert_allclose(segment["y"][0], np.cos(times), atol=1e-7)
    # Between its steps the compiled back end interpolates, which this problem is made to punish;
    # where it lands on a time it is as good.
    segment = simulate(system, to=10.0, outputs=["y"], settings=settings, backend="compiled")
    assert segment["y"][0, 0] == pytest.approx(math.cos(10.0), abs=1e-7)


@pytest.mark.parametrize("backend", ["reference", "compiled"])
def test_a_long_chain_is_solved_sparsely(backend: str) -> None:
    """n compartments in a row: the k-th holds a gamma density."""
    n = DENSE_UP_TO + 30

    def build(g: Graph, y: list[int]) -> list[int]:
        return [g.neg(y[0])] + [g.sub(a, b) for a, b in pairwise(y)]

    names = "".join(chr(0x4E00 + k) for k in range(n))
    system = equations(build, [1.0] + [0.0] * (n - 1), names)
    assert len(system.jacobian) == 2 * n - 1
    t = 30.0
    segment = simulate(
        system, to=t, outputs=list(names), backend=backend,
        settings=Settings(rtol=1e-8, atol=1e-10),
    )  # fmt: skip
    k = np.arange(n)
    log_factorial = np.array([math.lgamma(x + 1) for x in k])
    wanted = np.exp(k * math.log(t) - t - log_factorial)
    np.testing.assert_allclose(segment.values[0, 0], wanted, atol=1e-7)


def test_a_derivative_that_is_infinite_at_the_start() -> None:
    """y' = sqrt(y) + 1 from 0: the slope of the root at 0 counts as 0."""
    from rascade.engine.symbolic.expression import Op

    system = equations(lambda g, y: [g.add(g.apply(Op.SQRT, y[0]), g.constant(1))], [0.0], "y")
    for backend in ("reference", "compiled"):
        simulation = Simulation(system, settings=Settings(rtol=1e-8, atol=1e-10), backend=backend)
        simulation.advance(2.0)
        assert simulation.failures() == []
        root = math.sqrt(simulation.value("y")[0])
        # t = 2 (sqrt(y) - ln(1 + sqrt(y)))
        assert 2 * (root - math.log1p(root)) == pytest.approx(2.0, rel=1e-6)


def test_progress_is_told() -> None:
    calls: list[tuple[int, int]] = []
    simulation = Simulation(
        robertson(),
        patients=3,
        settings=Settings(progress=lambda done, total: calls.append((done, total))),
        backend="reference",
    )
    simulation.advance(1.0)
    assert calls == [(1, 3), (2, 3), (3, 3)]
