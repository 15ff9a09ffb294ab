"""A patient's result is the same to the last bit, whoever is simulated beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rascade.engine.kernel import compiled
from rascade.engine.kernel.compiled import CompiledBackend
from rascade.engine.population.backend import Settings
from rascade.engine.population.doses import Doses
from rascade.engine.simulation import Simulation

if TYPE_CHECKING:
    from rascade.engine.symbolic.system import System

N = 21
DAYS = 4
TIMES = np.linspace(0.0, 24.0 * DAYS, 17)
OUTPUTS = ("y1", "y9", "y10", "time")
SETTINGS = Settings(rtol=1e-5, lanes=8)


def _population() -> tuple[dict[str, np.ndarray], Doses]:
    """Patients that differ in everything; some get infusions, some nothing, one blows up."""
    rng = np.random.default_rng(7)
    parameters = {
        name: value * np.exp(0.4 * rng.standard_normal(N))
        for name, value in (("ka", 1.2), ("km", 2.0), ("hill", 1.7), ("growth", 0.02))
    }
    parameters["capacity"] = np.where(np.arange(N) == 5, -1.0, 5000.0)  # one blows up
    count = rng.integers(0, 2 * DAYS, N)
    patient = np.repeat(np.arange(N), count)
    time = rng.choice(np.arange(0, 24 * DAYS, 6), len(patient)).astype(float)
    duration = np.where(rng.random(len(patient)) < 0.3, 7.5, 0.0)
    amount = rng.uniform(10, 60, len(patient))
    return parameters, Doses(patient, time, "y0", amount, duration)


def _run(
    system: System, who: np.ndarray, settings: Settings = SETTINGS, pauses: tuple[float, ...] = ()
) -> dict[int, bytes]:
    """Simulate some patients in some order; outputs, states, status and counters as bytes."""
    parameters, doses = _population()
    place = {int(p): i for i, p in enumerate(who)}
    kept = [i for i, p in enumerate(doses.patient) if int(p) in place]
    mine = Doses(
        [place[int(doses.patient[i])] for i in kept], doses.time[kept], "y0",
        doses.amount[kept], doses.duration[kept],
    )  # fmt: skip
    simulation = Simulation(
        system, patients=len(who), parameters={k: v[who] for k, v in parameters.items()},
        doses=mine, settings=settings, backend=CompiledBackend(system),
    )  # fmt: skip
    parts: list[np.ndarray] = []
    start = -1.0
    for pause in (*pauses, TIMES[-1]):
        times = TIMES[(start < TIMES) & (pause >= TIMES)]
        parts.append(simulation.advance(float(pause), times, OUTPUTS).values)
        start = pause
    values = np.concatenate(parts, axis=1)
    states = np.stack([simulation.value(name) for name in system.states], axis=1)
    counters = np.stack(list(simulation.counters.values()), axis=1)
    status = simulation.status
    return {
        int(p): values[i].tobytes()
        + states[i].tobytes()
        + counters[i].tobytes()
        + status[i].tobytes()
        for i, p in enumerate(who)
    }


@pytest.fixture(scope="module")
def whole(pathway: System) -> dict[int, bytes]:
    return _run(pathway, np.arange(N))


def test_the_population_is_worth_comparing(pathway: System) -> None:
    parameters, doses = _population()
    simulation = Simulation(
        pathway, patients=N, parameters=parameters, doses=doses, settings=SETTINGS
    )
    simulation.advance(TIMES[-1])
    assert len(simulation.failures()) == 1
    assert len(set(simulation.counters["steps"].tolist())) > N // 2


def test_alone(pathway: System, whole: dict[int, bytes]) -> None:
    for patient in (0, 5, 13):
        assert _run(pathway, np.array([patient])) == {patient: whole[patient]}
        alone = replace(SETTINGS, lanes=None)
        assert _run(pathway, np.array([patient]), alone) == {patient: whole[patient]}


def test_permuted(pathway: System, whole: dict[int, bytes]) -> None:
    order = np.random.default_rng(1).permutation(N)
    assert _run(pathway, order) == whole


def test_part_of_the_batch(pathway: System, whole: dict[int, bytes]) -> None:
    some = np.array([2, 3, 5, 8, 19])
    assert _run(pathway, some) == {int(p): whole[int(p)] for p in some}


@pytest.mark.parametrize("lanes", [1, 2, 4, 16])
def test_lanes(pathway: System, whole: dict[int, bytes], lanes: int) -> None:
    assert _run(pathway, np.arange(N), replace(SETTINGS, lanes=lanes)) == whole


@pytest.mark.parametrize("lanes", [1, 8])
def test_translated_thoroughly(
    pathway: System, whole: dict[int, bytes], lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tests here run what was translated quickly."""
    monkeypatch.setattr(compiled, "MANY_GROUPS", -1)
    assert _run(pathway, np.arange(N), replace(SETTINGS, lanes=lanes)) == whole


def test_threads(pathway: System, whole: dict[int, bytes]) -> None:
    for _ in range(3):
        assert _run(pathway, np.arange(N), replace(SETTINGS, lanes=2, threads=4)) == whole


def test_after_other_runs(pathway: System, whole: dict[int, bytes]) -> None:
    _run(pathway, np.arange(N)[::-1], replace(SETTINGS, rtol=1e-3))
    assert _run(pathway, np.arange(N)) == whole


def test_with_pauses(pathway: System) -> None:
    pauses = (10.0, 24.0, 55.5)
    wanted = _run(pathway, np.arange(N), pauses=pauses)
    order = np.random.default_rng(2).permutation(N)
    assert _run(pathway, order, replace(SETTINGS, lanes=4, threads=2), pauses) == wanted


def test_stopped_neighbours_change_nothing(pathway: System) -> None:
    def run(stop: bool) -> Any:
        parameters, doses = _population()
        simulation = Simulation(
            pathway, patients=N, parameters=parameters, doses=doses, settings=SETTINGS
        )
        simulation.advance(24.0)
        if stop:
            simulation.stop(np.arange(N) % 2 == 1)
        return simulation.advance(60.0, [30.0, 60.0], OUTPUTS).values

    with_all, with_half = run(False), run(True)
    assert with_half[::2].tobytes() == with_all[::2].tobytes()
    assert np.isnan(with_half[1::2]).all()
