"""Work of the solver on the disease model: a slower engine or a stiffer model is seen here."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.engine import Settings
from rascade.model import assemble
from rascade.patients import settled_cohort
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

from . import trial_specs as specs

DAYS, PATIENTS = 28, 4
NIVOLUMAB = "nivolumab 480 mg IV Q4W"
# Regimen -> steps, rejected ones and restarts a patient in four weeks at the tolerance of trials.
WORK = {
    specs.DARAXONRASIB: (427, 1, 28),
    specs.CHEMOTHERAPY: (152, 6, 6),
    f"{specs.DARAXONRASIB} + {NIVOLUMAB}": (432, 3, 29),
}


@pytest.mark.parametrize("text", list(WORK))
def test_the_work_of_a_regimen_has_not_grown(text: str) -> None:
    """More than 15 % more steps are to be explained; fewer are to be written down here."""
    regimen = parse(text)
    assembly = assemble(regimen.drugs)
    cohort, simulation = settled_cohort(
        assembly, seed=302, patients=np.arange(PATIENTS), settings=Settings(rtol=1e-4)
    )
    before = simulation.counters
    simulation.set_doses(engine_doses(assembly, regimen, cohort.population.profiles, DAYS))
    simulation.advance(24.0 * DAYS)
    done = {n: float(np.mean(v - before[n])) for n, v in simulation.counters.items()}
    steps, rejected, restarts = WORK[text]
    assert 0.7 * steps <= done["steps"] <= 1.15 * steps
    assert done["rejected"] <= 1.3 * rejected + 3
    assert done["restarts"] == restarts
    # One Jacobian a point and one factorisation a try: none is wasted.
    assert done["jacobians"] == done["steps"]
    assert done["factorizations"] == done["steps"] + done["rejected"]
