"""How long the first result takes: the engine's imports, reading, deriving, compiling, a day.

Processor time, the best of a few tries, because the machine may be shared; a start that has grown
by as much as a neighbour slows it down would be noticed all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FIRST_RESULT = """
import sys, time
from rascade.engine import Doses, Simulation, read_sbml
system = read_sbml(sys.argv[1], trusted=True)
doses = Doses(None, 0.0, "gut_daraxonrasib", 370.0)
segment = Simulation(system, patients=1, doses=doses).advance(24.0, outputs=system.states)
assert (segment.values == segment.values).all()
print(time.process_time())
"""
TRIES = 4


def _seconds(model: Path, cache: Path) -> float:
    environment = {**os.environ, "RASCADE_CACHE_DIR": str(cache), "OPENBLAS_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, "-c", FIRST_RESULT, str(model)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(made.stdout)


@pytest.mark.slow
def test_first_result_of_the_disease_model(tmp_path: Path) -> None:
    from rascade.model import assemble

    model = tmp_path / "model.xml"
    model.write_text(assemble(drugs=["daraxonrasib"]).sbml, encoding="utf-8")
    nothing = [_seconds(model, tmp_path / f"cache{i}") for i in range(TRIES)]
    cached = [_seconds(model, tmp_path / f"cache{i}") for i in range(TRIES)]
    assert min(nothing) < 2.0, nothing
    assert min(cached) < 1.0, cached
