"""RAF activity under an inhibitor against the closed-form dimer model (shared/oracles)."""

import csv

import numpy as np
import pytest

from rascade.engine import Simulation
from rascade.model import assemble


def test_the_paradox_curve(oracles) -> None:
    # 50 uM RAF in all, K1 = 0.04, K2 = 20, K3 = 4000, K5 = 0.1 per uM; activity = RR + RIR.
    with (oracles / "raf_dimer_expected.csv").open() as file:
        rows = list(csv.DictReader(file))
    drug = np.array([float(row["I_uM"]) for row in rows])
    expected = np.array([float(row["activity_RR_plus_RIR_uM"]) for row in rows])
    # Half of all effectors hold RAF here, so twice as many effectors make the 50 uM.
    system = assemble(["dabrafenib"], setting="culture", clones=["sensitive"]).system
    sim = Simulation(
        system,
        patients=drug.size,
        parameters={
            "K_RAF_dimer": 25_000.0,
            "KD_RAF_monomer_dabrafenib": 50.0,
            "KD_RAF_first_dabrafenib": 0.25,
            "KD_RAF_second_dabrafenib": 10_000.0,
            "fraction_unbound_dabrafenib": 1.0,
            "cell_to_medium_dabrafenib": 1.0,
            "medium_dabrafenib": drug * 1000.0,
        },
    )
    # The algebra is read at the start, with the RAF that RAS would hold set by hand.
    sim.set_state("KRAS_effector_sensitive", 50_000.0)
    total = sim.value("RAF_on_RAS_sensitive")
    np.testing.assert_allclose(total, 50_000.0)
    dimers = sim.value("RAF_dimer_sensitive") * 400.0 / 1000.0  # uM
    np.testing.assert_allclose(dimers, expected, rtol=1e-6)
    assert drug[np.argmax(dimers)] == pytest.approx(0.031, rel=0.05)
