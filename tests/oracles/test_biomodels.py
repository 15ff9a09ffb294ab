"""Published models against trajectories that libRoadRunner made and COPASI confirmed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Settings, Simulation, read_sbml, simulate

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    "BIOMD0000000234",
    "BIOMD0000000623",
    "BIOMD0000000666",
    "BIOMD0000000724",
    "BIOMD0000000731",
    "BIOMD0000000792",
    "BIOMD0000000822",
    "BIOMD0000000826",
    "MODEL1909100002",
    "MODEL2109110002",
)


def test_the_list_is_complete(oracles: Path) -> None:
    assert {path.stem for path in (oracles / "biomodels").glob("*.xml")} == set(MODELS)


@pytest.mark.parametrize("backend", ["reference", "compiled"])
@pytest.mark.parametrize("model", MODELS)
def test_model(oracles: Path, model: str, backend: str) -> None:
    """To 1e-6 of each value, or of 1e-6 of the largest that the output reaches."""
    folder = oracles / "biomodels"
    with (folder / f"{model}_rr_0_100.csv").open() as file:
        rows = list(csv.reader(file))
    names, table = rows[0][1:], np.array(rows[1:], dtype=float)
    times, wanted = table[:, 0], table[:, 1:]
    segment = simulate(
        read_sbml(folder / f"{model}.xml"),
        to=float(times[-1]),
        times=times,
        outputs=names,
        settings=Settings(rtol=1e-10, atol=1e-14, nonnegative=False),
        backend=backend,
    )
    size = np.maximum(np.abs(wanted), 1e-6 * np.abs(wanted).max(axis=0))
    error = np.abs(segment.values[0] - wanted) / np.where(size > 0, size, 1.0)
    worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
    assert error.max() <= 1e-6, f"{names[worst[1]]} at {times[worst[0]]}: {error[worst]:.2e}"


@pytest.mark.parametrize("backend", ["reference", "compiled"])
@pytest.mark.parametrize(("model", "laws"), [("BIOMD0000000666", 15), ("BIOMD0000000724", 10)])
def test_what_reactions_conserve_is_conserved(
    oracles: Path, model: str, laws: int, backend: str
) -> None:
    system = read_sbml(oracles / "biomodels" / f"{model}.xml")
    assert len(system.conservation_laws) >= laws
    simulation = Simulation(
        system, settings=Settings(rtol=1e-6, nonnegative=False), backend=backend
    )
    before = simulation.conserved()
    for to in (1.0, 10.0, 100.0):
        simulation.advance(to)
        np.testing.assert_allclose(simulation.conserved(), before, rtol=1e-11, atol=1e-11)
