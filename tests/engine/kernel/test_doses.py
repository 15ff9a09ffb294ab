"""Every kind of dose against the closed solution of the linear model with absorption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.population.backend import Settings
from rascade.engine.population.doses import Doses
from rascade.engine.simulation import Simulation
from rascade.engine.symbolic.expression import Graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from rascade.engine.symbolic.system import System

KA, KE = 1.3, 0.17
TIMES = np.linspace(0.0, 60.0, 121)


@pytest.fixture
def model(make_system: Callable[..., System]) -> System:
    def rates(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
        absorbed = g.mul(p["ka"], y[0])
        return [g.neg(absorbed), g.sub(absorbed, g.mul(p["ke"], y[1]))]

    return make_system(rates, [0.0, 0.0], {"ka": KA, "ke": KE}, nonnegative=True)


def _oral(t: np.ndarray, amount: float) -> np.ndarray:
    curve = amount * KA / (KA - KE) * (np.exp(-KE * t) - np.exp(-KA * t))
    return np.where(t > 0, curve, 0.0)


def _bolus(t: np.ndarray, amount: float) -> np.ndarray:
    return np.where(t > 0, amount * np.exp(-KE * np.maximum(t, 0)), 0.0)


def _infusion(t: np.ndarray, amount: float, duration: float) -> np.ndarray:
    rate = amount / duration
    during = rate / KE * (1 - np.exp(-KE * np.clip(t, 0, duration)))
    return during * np.exp(-KE * np.maximum(t - duration, 0))


def _run(model: System, doses: Doses, pauses: tuple[float, ...] = (60.0,)) -> np.ndarray:
    simulation = Simulation(model, doses=doses, settings=Settings(rtol=1e-8, atol=1e-9))
    parts, start = [], 0.0
    for pause in pauses:
        last = pause >= TIMES if pause == pauses[-1] else pause > TIMES
        times = TIMES[(start <= TIMES) & last]
        parts.append(simulation.advance(pause, times, ["y1"]).values[0, :, 0])
        start = pause
    return np.concatenate(parts)


def test_oral_doses(model: System) -> None:
    given = np.array([0.0, 12.0, 24.0, 24.0])
    exact = sum(_oral(TIMES - t, 100.0) for t in given)
    found = _run(model, Doses(0, given, "y0", 100.0))
    assert found == pytest.approx(exact, abs=1e-5)


def test_value_at_the_time_of_a_dose_is_the_one_before(model: System) -> None:
    exact = _bolus(TIMES, 50.0) + _bolus(TIMES - 10.0, 70.0)
    found = _run(model, Doses(0, [0.0, 10.0], "y1", [50.0, 70.0]))
    assert found == pytest.approx(exact, abs=1e-5)
    assert found[0] == 0.0


def test_infusions_that_overlap(model: System) -> None:
    exact = _infusion(TIMES - 1.0, 80.0, 2.5) + _infusion(TIMES - 2.0, 30.0, 24.0)
    found = _run(model, Doses(0, [1.0, 2.0], "y1", [80.0, 30.0], [2.5, 24.0]))
    assert found == pytest.approx(exact, abs=1e-5)


def test_bioavailability_and_lag(model: System) -> None:
    doses = Doses(0, 3.0, "y0", 100.0, bioavailability=0.4, lag=1.25)
    assert _run(model, doses) == pytest.approx(_oral(TIMES - 4.25, 40.0), abs=1e-5)


@pytest.mark.parametrize("pauses", [(5.0, 60.0), (10.0, 11.0, 24.0, 60.0), (10.0, 10.5, 60.0)])
def test_pauses_change_nothing(model: System, pauses: tuple[float, ...]) -> None:
    doses = Doses(
        0, [0.0, 10.0, 10.0, 24.0], ["y0", "y1", "y1", "y0"], [100.0, 60.0, 40.0, 50.0],
        [0.0, 0.0, 14.0, 0.0],
    )  # fmt: skip
    exact = (
        _oral(TIMES, 100.0) + _bolus(TIMES - 10, 60.0) + _infusion(TIMES - 10, 40.0, 14.0)
        + _oral(TIMES - 24, 50.0)
    )  # fmt: skip
    assert _run(model, doses, pauses) == pytest.approx(exact, abs=1e-5)


def test_each_patient_has_its_own_doses(model: System) -> None:
    n = 37
    rng = np.random.default_rng(11)
    count = rng.integers(0, 6, n)
    patient = np.repeat(np.arange(n), count)
    time = rng.uniform(0, 50, count.sum())
    amount = rng.uniform(10, 100, count.sum())
    long = rng.random(count.sum()) < 0.5
    duration = np.where(long, rng.uniform(0.1, 20, count.sum()), 0.0)
    simulation = Simulation(
        model, patients=n, doses=Doses(patient, time, "y1", amount, duration),
        settings=Settings(rtol=1e-8, atol=1e-9),
    )  # fmt: skip
    found = simulation.advance(60.0, TIMES, ["y1"]).values[:, :, 0]
    exact = np.zeros((n, len(TIMES)))
    for i, t, a, d in zip(patient, time, amount, duration, strict=True):
        exact[i] += _infusion(TIMES - t, a, d) if d > 0 else _bolus(TIMES - t, a)
    assert found == pytest.approx(exact, abs=1e-5)
