"""Tumours in nude mice: they grow as mice's do, and drugs have mouse pharmacokinetics."""

import numpy as np
import pytest

from rascade.bench.cells import Cells, cell_parameters, constant, find_cell_line
from rascade.engine import Settings, Simulation
from rascade.model import assemble
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

WEEKS = 24.0 * 7 * np.arange(6)


def volumes(name: str, order: str = "", drugs=(), include=(), **more) -> np.ndarray:
    """Return the tumour's volume in mL at the end of each of five weeks, the start first."""
    line = find_cell_line(name)
    cells = Cells(line.name, line.kras_allele, line.kras_share, None, line.genes)
    assembly = assemble(drugs, setting="xenograft", clones=["sensitive"], include=include)
    values = {**cell_parameters(cells)[0], **more}
    known = {n: v for n, v in values.items() if n in assembly.system.parameters}
    sim = Simulation(
        assembly.system,
        parameters=known | {"tumour_active": 0.0},
        start=-2000.0,
        settings=Settings(rtol=1e-5),
    )
    sim.advance(0.0)
    sim.set_parameters({"tumour_active": 1.0})
    if order:
        body = {
            "weight_kg": np.array([constant("mouse_weight")]),
            "body_surface_m2": np.array([constant("mouse_surface")]),
        }
        sim.set_doses(engine_doses(assembly, parse(order), body, 35))
    start = sim.value("tumour_volume")
    later = sim.advance(WEEKS[-1], WEEKS[1:], ["tumour_volume"]).values[0, :, 0]
    return 1000.0 * np.append(start, later)


@pytest.mark.parametrize("name", ["AsPC-1", "MIA PaCa-2", "Capan-1", "BxPC-3"])
def test_xenografts_double_in_four_to_ten_days(name) -> None:
    found = volumes(name)
    assert 0.1 <= found[0] <= 0.2  # mL, when treatment starts
    assert 4.0 <= 7.0 / np.log2(found[2] / found[1]) <= 10.0


def test_muc4_knock_down_leaves_a_tenth_of_the_tumour() -> None:
    # R7: PMID:27748843, BxPC-3, KRAS wild type: 0.1 of control (0.05 to 0.2).
    control = volumes("BxPC-3", include=["muc4"])
    silenced = volumes("BxPC-3", include=["muc4"], MUC4_silencing_sum=100.0)
    assert 0.05 <= silenced[-1] / control[-1] <= 0.2


def test_daraxonrasib_shrinks_a_xenograft_by_dose() -> None:
    drug = ["daraxonrasib"]
    high = volumes("AsPC-1", "daraxonrasib 25 mg/kg PO QD", drug)
    low = volumes("AsPC-1", "daraxonrasib 1 mg/kg PO QD", drug)
    assert high[4] < 0.5 * high[0] < low[4]


def test_scaled_rows_follow_body_weight() -> None:
    human = assemble(["trametinib"], clones=["sensitive"])
    mouse = assemble(["trametinib"], setting="xenograft", clones=["sensitive"])
    ratio = constant("mouse_weight") / constant("human_weight")
    for name, power in (("CL", "clearance_exponent"), ("Vc", "volume_exponent")):
        scaled = mouse.values[f"{name}_trametinib"] / human.values[f"{name}_trametinib"]
        assert scaled == pytest.approx(ratio ** constant(power), rel=2e-3)
