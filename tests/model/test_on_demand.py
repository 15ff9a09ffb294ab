"""Parts on demand change nothing until a drug or a knock-out of theirs acts."""

from functools import cache

import numpy as np
import pytest
from dish import Dish, genotype
from numpy.testing import assert_allclose

from rascade.engine import Doses, Settings, Simulation
from rascade.model import assemble, shared_parts
from rascade.model.mechanisms import load_mechanisms

DAY = 24.0
ON_DEMAND = sorted(name for name, part in load_mechanisms().items() if part.on_demand)
# What every part of the tumour and its surroundings could be seen in.
SEEN = (
    "relative_size", "death_hazard", "new_lesion_hazard", "ERK_tumour", "MHC_I_sensitive",
    "drug_kill_sensitive", "cycling_sensitive", "CD8", "T_cell_kill", "danger", "M2_fraction",
    "perfusion_change", "IL6",
)  # fmt: skip
BLOCKED = {"trametinib": [0.0, 1.0, 1.0], "hydroxychloroquine": [0.0, 0.0, 1.0]}
GEMCITABINE, DARAXONRASIB = 6.5e6, 3.7e5  # nmol, 1,700 mg and 300 mg


@cache
def course(include: tuple[str, ...], *drugs: str) -> np.ndarray:
    """Return what is seen of an untreated and of a treated patient, (2, days, SEEN)."""
    assembly = assemble(drugs, include=include)
    simulation = Simulation(
        assembly.system,
        patients=2,
        parameters=genotype(assembly.system, "G12D") | {"tumour_active": 0.0},
        start=-2880.0,
        settings=Settings(rtol=1e-8),
    )
    simulation.advance(0.0)
    simulation.set_parameters({"tumour_active": 1.0})
    who, doses = np.array([1]), []
    for drug, place, amount, every in (
        ("gemcitabine", "central", GEMCITABINE, 7),
        ("daraxonrasib", "gut", DARAXONRASIB, 1),
        ("trametinib", "gut", 3250.0, 1),
    ):
        if drug in drugs:
            hours = np.arange(0, 70, every) * DAY
            doses.append(Doses(np.repeat(who, hours.size), hours, f"{place}_{drug}", amount))
    simulation.set_doses(Doses.concat(doses))
    days = np.array([7.0, 28.0, 70.0]) * DAY
    return simulation.advance(days[-1], days, SEEN).values


def same(part: tuple[str, ...], *drugs: str) -> None:
    """Both patients fare as without the part."""
    # A patient has one cell in ten thousand without B2M, which T cells pass by; what selects them
    # in ten weeks of treatment makes that a little more.
    assert_allclose(course(part, *drugs), course((), *drugs), rtol=2e-4, atol=1e-9)


def test_all_parts_together_change_neither_an_untreated_nor_a_treated_patient() -> None:
    treated = course((), "daraxonrasib", "gemcitabine")
    assert treated[1, -1, 0] < 0.9 * treated[0, -1, 0]  # and the treatment worked
    same(tuple(ON_DEMAND), "daraxonrasib", "gemcitabine")


@pytest.mark.slow
@pytest.mark.parametrize("part", ON_DEMAND)
def test_no_part_changes_a_patient_under_a_mek_inhibitor(part: str) -> None:
    """ERK falls silent, autophagy rises: that is in the constants of the cell already."""
    same((part,), "gemcitabine", "trametinib")


def test_what_an_arm_needs_is_known_without_its_side_effects() -> None:
    assert shared_parts(["gemcitabine", "hydroxychloroquine"]) == (
        "autophagy", "autophagy_presentation", "exosome_uptake", "ferroptosis_death",
    )  # fmt: skip
    assert shared_parts(["gemcitabine"], ["muc4"]) == ("muc4",)
    assert shared_parts(["gemcitabine"]) == ()


def test_blocked_autophagy_lets_drugs_kill_more() -> None:
    """What a block takes away is what the same cell would have had, under the same other drugs."""
    affinity = {f"affinity_{drug}": np.array(on) for drug, on in BLOCKED.items()}
    found = {}
    for lkb1 in (1.0, 0.0):
        dish = Dish("G12D", dict.fromkeys(BLOCKED, 100.0), n=3, LKB1_level=lkb1, **affinity)
        dish.sim.set_parameters({"medium_trametinib": 100.0, "medium_hydroxychloroquine": 2e4})
        dish.sim.advance(48.0)
        found[lkb1] = {n: dish.sim.value(f"{n}_sensitive") for n in ("autophagy_relief", "flux")}
    relief, flux = found[1.0]["autophagy_relief"], found[1.0]["flux"]
    assert relief[:2].tolist() == [1.0, 1.0] and relief[2] > 1.02
    assert flux[1] > 1.3 * flux[0]  # PMID:30833748: about doubles under MEK inhibition
    assert flux[2] < 0.5 * flux[1]
    assert found[0.0]["flux"][1] < 1.3 * found[0.0]["flux"][0]  # through LKB1 and AMPK
