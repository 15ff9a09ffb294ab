"""A patient that cannot be solved gets a status and stops nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.kernel import call
from rascade.engine.population.backend import Settings, Status
from rascade.engine.simulation import Simulation
from rascade.engine.symbolic.expression import Graph, Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from rascade.engine.symbolic.system import System

    Make = Callable[..., System]


def test_blow_up_is_step_too_small(make_system: Make) -> None:
    system = make_system(lambda g, y, p, t: [g.mul(y[0], y[0])], [1.0])
    simulation = Simulation(system, patients=3, initial={"y0": [0.05, 1.0, 0.1]})
    values = simulation.advance(5.0, [0.5, 5.0], ["y0"]).values[:, :, 0]
    assert simulation.status.tolist() == [Status.RUNNING, Status.STEP_TOO_SMALL, Status.RUNNING]
    failure = simulation.failures()[0]
    assert failure.patient == 1
    assert failure.time == pytest.approx(1.0, abs=1e-3)
    assert failure.species == "y0"
    assert values[1, 0] == pytest.approx(2.0, rel=1e-3)
    assert np.isnan(values[1, 1])
    assert values[[0, 2], 1] == pytest.approx([0.05 / 0.75, 0.2], rel=1e-3)


def test_rate_that_is_no_number(make_system: Make) -> None:
    system = make_system(
        lambda g, y, p, t: [g.apply(Op.LN, g.sub(p["limit"], y[0])), g.constant(1)],
        [1.0, 0.0],
        {"limit": 2.0},
    )
    simulation = Simulation(system, patients=2, parameters={"limit": [0.5, 3.0]})
    simulation.advance(1.0)
    assert simulation.status.tolist() == [Status.NOT_FINITE, Status.RUNNING]
    assert simulation.failures()[0].species == "y0"
    assert simulation.failures()[0].time == 0.0


def test_species_driven_below_zero(make_system: Make) -> None:
    system = make_system(
        lambda g, y, p, t: [g.constant(-1), g.neg(y[1])], [1.0, 1.0], nonnegative=True
    )
    simulation = Simulation(system, patients=2, initial={"y0": [1.0, 10.0]})
    simulation.advance(5.0)
    assert simulation.status.tolist() == [Status.NEGATIVE, Status.RUNNING]
    failure = simulation.failures()[0]
    assert (failure.species, failure.time) == ("y0", pytest.approx(1.0, abs=1e-4))
    free = Simulation(system, settings=Settings(nonnegative=False))
    free.advance(5.0)
    assert free.value("y0") == pytest.approx([-4.0])


def test_cap_on_steps(make_system: Make) -> None:
    system = make_system(
        lambda g, y, p, t: [g.mul(p["w"], y[1]), g.neg(g.mul(p["w"], y[0]))], [1.0, 0.0], {"w": 1.0}
    )
    settings = Settings(rtol=1e-8, max_steps=200)
    simulation = Simulation(system, patients=2, parameters={"w": [1e4, 1.0]}, settings=settings)
    simulation.advance(10.0)
    assert simulation.status.tolist() == [Status.TOO_MANY_STEPS, Status.RUNNING]
    assert simulation.counters["steps"][0] + simulation.counters["rejected"][0] == 200
    assert 0 < simulation.failures()[0].time < 10.0


def test_smallest_step(make_system: Make) -> None:
    system = make_system(
        lambda g, y, p, t: [g.mul(p["w"], y[1]), g.neg(g.mul(p["w"], y[0]))], [1.0, 0.0], {"w": 1.0}
    )
    settings = Settings(rtol=1e-8, min_step=1e-3)
    simulation = Simulation(system, patients=2, parameters={"w": [1e6, 1.0]}, settings=settings)
    simulation.advance(10.0)
    assert simulation.status.tolist() == [Status.STEP_TOO_SMALL, Status.RUNNING]


def test_derivative_infinite_at_a_finite_point(make_system: Make) -> None:
    # y' = 1 - sqrt(y): the Jacobian is infinite at the start, the solution is smooth enough.
    system = make_system(
        lambda g, y, p, t: [g.sub(g.constant(1), g.apply(Op.SQRT, y[0]))], [0.0], nonnegative=True
    )
    simulation = Simulation(system, settings=Settings(rtol=1e-7, atol=1e-9))
    found = simulation.advance(5.0, [1.0, 5.0], ["y0"]).values[0, :, 0]
    # Implicit solution: t = -2 (sqrt y + ln(1 - sqrt y)).
    root = np.sqrt(found)
    assert -2 * (root + np.log(1 - root)) == pytest.approx([1.0, 5.0], rel=1e-5)


def test_fractional_power_of_an_empty_species(make_system: Make) -> None:
    # Every trial step from zero goes a little below; the power must not turn that into NaN.
    def rates(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
        made = g.div(g.pow(y[0], p["n"]), g.add(g.constant(1), g.pow(y[0], p["n"])))
        return [g.sub(g.constant(1), y[0]), g.sub(made, y[1])]

    system = make_system(rates, [0.0, 0.0], {"n": 2.5}, nonnegative=True)
    simulation = Simulation(system, settings=Settings(rtol=1e-6))
    simulation.advance(30.0)
    assert simulation.value("y1") == pytest.approx([0.5], rel=1e-5)
    assert simulation.counters["rejected"][0] < 10


def _rotating(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    """Solved by y0 = sin t, y1 = cos t; the first pivot of W is next to nothing."""
    sine, cosine = g.apply(Op.SIN, t), g.apply(Op.COS, t)
    first, second = g.sub(y[0], sine), g.sub(y[1], cosine)
    return [
        g.add(cosine, g.mul(p["w"], second)),
        g.sub(g.neg(sine), g.mul(p["w"], g.add(first, second))),
    ]


_TIGHT = Settings(rtol=1e-9, atol=1e-11, max_steps=3000)


def test_pivoted_fallback(make_system: Make) -> None:
    system = make_system(_rotating, [0.0, 1.0], {"w": 1e9})
    simulation = Simulation(system, patients=3, parameters={"w": [1.0, 1e9, 1e12]}, settings=_TIGHT)
    times = np.array([1.0, 2.0, 3.0])
    found = simulation.advance(3.0, times, ["y0", "y1"]).values
    exact = np.stack([np.sin(times), np.cos(times)], axis=1)
    assert simulation.status.tolist() == [Status.RUNNING] * 3
    assert np.abs(found - exact).max() < 1e-7


def test_without_the_fallback_it_fails(make_system: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # Proves that the test above exercises the fallback.
    monkeypatch.setattr(call, "DENSE_UP_TO", 0)
    system = make_system(_rotating, [0.0, 1.0], {"w": 1e9})
    simulation = Simulation(system, settings=replace(_TIGHT, max_steps=500))
    simulation.advance(3.0)
    assert simulation.status[0] != Status.RUNNING


def test_subnormals_are_flushed_and_the_processor_left_as_it_was(make_system: Make) -> None:
    system = make_system(lambda g, y, p, t: [g.neg(y[0])], [1.0], nonnegative=True)
    simulation = Simulation(system, settings=Settings(atol=1e-320))
    simulation.advance(800.0)
    assert simulation.value("y0")[0] == 0.0 or simulation.value("y0")[0] >= np.finfo(float).tiny
    assert np.finfo(float).tiny / 4 > 0  # subnormals live on outside


def test_a_wild_population_finishes(pathway: System) -> None:
    n = 200
    rng = np.random.default_rng(3)
    parameters = {
        name: value * np.exp(0.6 * rng.standard_normal(n))
        for name, value in pathway.defaults.items()
    }
    simulation = Simulation(
        pathway, patients=n, parameters=parameters, initial={"y0": 50.0}, settings=Settings()
    )
    simulation.advance(24.0 * 14)
    assert simulation.status.tolist() == [Status.RUNNING] * n
    assert (simulation.value("y10") > 0).all()
