"""Populations in which every parameter varies at once: each patient ends with a status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, Status, System, read_sbml
from rascade.engine.symbolic.expression import evaluate

if TYPE_CHECKING:
    from pathlib import Path


def varied(system: System, n: int, seed: int, cv: float = 0.6) -> dict[str, np.ndarray]:
    """Every parameter log-normal about its value, with a coefficient of variation of `cv`."""
    rng = np.random.default_rng(seed)
    sigma = np.sqrt(np.log1p(cv**2))
    return {
        name: value * np.exp(rng.normal(0.0, sigma, n))
        for name, value in system.defaults.items()
        if np.isfinite(value) and value != 0
    }


def run(
    system: System,
    n: int,
    to: float,
    *,
    patients: dict[str, np.ndarray],
    doses: Doses | None = None,
) -> tuple[Simulation, np.ndarray]:
    sim = Simulation(system, patients=n, parameters=patients, doses=doses, settings=Settings())
    times = np.linspace(0.0, to, 21)
    return sim, sim.advance(to, times, list(system.states)).values


def check(system: System, sim: Simulation, values: np.ndarray, to: float) -> Counter[Status]:
    """Everybody has a status that agrees with the outputs; return how often each occurs."""
    failures = {failure.patient: failure for failure in sim.failures()}
    times = np.linspace(0.0, to, values.shape[1])
    for patient in range(len(values)):
        missing = np.isnan(values[patient]).all(axis=1)
        if patient in failures:
            failure = failures[patient]
            assert failure.status.failed
            assert failure.species in system.states
            np.testing.assert_array_equal(missing, times > failure.time)
        else:
            assert sim.status[patient] == Status.RUNNING
            assert not np.isnan(values[patient]).any()
    return Counter(Status(s) for s in sim.status)


# How many of 1000 fail, and why: docs/engine.md, "Failures that were traced".
MODELS = {
    "BIOMD0000000666": set(),
    "BIOMD0000000731": {Status.NOT_FINITE, Status.STEP_TOO_SMALL},
    "MODEL2109110002": {Status.NEGATIVE},
}


@pytest.mark.parametrize("model", MODELS)
def test_a_published_model(oracles: Path, model: str) -> None:
    system = read_sbml(oracles / "biomodels" / f"{model}.xml")
    sim, values = run(system, 1000, 100.0, patients=varied(system, 1000, seed=60))
    found = check(system, sim, values, 100.0)
    assert found[Status.RUNNING] >= 400
    assert set(found) <= {Status.RUNNING} | MODELS[model]


def test_ten_failures_are_not_the_solver_s(oracles: Path) -> None:
    """The reference back end fails at the same times; the empty pool goes on being drained."""
    system = read_sbml(oracles / "biomodels" / "MODEL2109110002.xml")
    patients = varied(system, 60, seed=60)
    sim, _ = run(system, 60, 100.0, patients=patients)
    failures = [f for f in sim.failures() if f.status == Status.NEGATIVE][:10]
    assert len(failures) == 10
    for failure in failures:
        own = {name: column[failure.patient] for name, column in patients.items()}
        other = Simulation(system, parameters=own, backend="reference")
        other.advance(100.0)
        (same,) = other.failures()
        assert (same.status, same.species) == (failure.status, failure.species)
        assert same.time == pytest.approx(failure.time, rel=1e-6)
        other = Simulation(system, parameters=own)
        other.advance(failure.time)
        state = system.states.index(failure.species)
        batch = other._batch
        batch.y[0, state] = 0.0
        rate = evaluate(system.graph, [system.rates[state]], failure.time, batch.y, batch.p)
        assert rate[0, 0] < 0, "with nothing left, the model still takes away"


@pytest.mark.slow
@pytest.mark.parametrize("cv", [0.01, 0.2, 0.6])
def test_the_disease_model(cv: float) -> None:
    from rascade.model import assemble

    system = assemble(["daraxonrasib"]).system
    to = 84 * 24.0
    doses = Doses(None, np.arange(84) * 24.0, "gut_daraxonrasib", 300.0)
    patients = varied(system, 1000, seed=60, cv=cv)
    sim, values = run(system, 1000, to, patients=patients, doses=doses)
    found = check(system, sim, values, to)
    assert found[Status.RUNNING] >= 990
