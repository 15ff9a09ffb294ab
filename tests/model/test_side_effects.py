"""Mechanisms of side effects: steady before treatment, and as their facts say under drugs."""

import numpy as np
import pytest

from rascade.engine import Doses, Simulation
from rascade.model import assemble

DAY = 24.0


def settled(drugs, **parameters) -> Simulation:
    """Return one typical patient at the steady state before treatment."""
    assembly = assemble(drugs)
    sim = Simulation(
        assembly.system, parameters={"tumour_active": 0.0, **parameters}, start=-120 * DAY
    )
    sim.advance(0.0)
    sim.set_parameters({"tumour_active": 1.0})
    return sim


def daily(assembly, drug: str, milligrams: float, days: int, first: int = 0) -> Doses:
    factor = 1e6 / assembly.molecular_weight(drug)
    times = np.arange(first, days) * DAY
    return Doses(0, times, assembly.drug(drug).dose_target("PO"), milligrams * factor)


def test_untreated_marrow_skin_and_liver_stay_where_they_are() -> None:
    sim = settled(["gemcitabine", "daraxonrasib", "sotorasib"])
    before = {n: sim.value(n)[0] for n in ("neutrophils", "platelets", "haemoglobin", "ALT")}
    sim.advance(90 * DAY)
    for name, value in before.items():
        assert sim.value(name)[0] == pytest.approx(value, rel=1e-3), name
    assert before["neutrophils"] == pytest.approx(4.28e9)
    assert sim.value("ERK_lost_normal")[0] < 0.002
    assert sim.value("rash_total")[0] < 0.05


def test_one_dose_gives_a_nadir_in_the_second_week_and_a_rebound() -> None:
    # Friberg 2002: nadir after about eight to twelve days, recovery by three weeks, overshoot.
    assembly = assemble(["nab-paclitaxel"])
    sim = settled(["nab-paclitaxel"])
    target = assembly.drug("nab-paclitaxel").dose_target("IV")
    sim.set_doses(Doses(0, 0.0, target, 450e6 / 853.9, duration=0.5))
    days = np.arange(0.0, 43.0)
    counts = sim.advance(42 * DAY, days * DAY, ["neutrophils"])["neutrophils"][0]
    assert 5 <= days[counts.argmin()] <= 13
    assert counts.min() < 0.75 * counts[0]
    assert counts[20:].max() > counts[0]


def test_a_stronger_block_injures_more_and_dose_reduction_relieves() -> None:
    areas = {}
    for dose in (100.0, 200.0, 300.0):
        sim = settled(["daraxonrasib"])
        sim.set_doses(daily(assemble(["daraxonrasib"]), "daraxonrasib", dose, 28))
        sim.advance(28 * DAY)
        areas[dose] = sim.value("rash_total")[0]
    assert areas[100.0] < areas[200.0] < areas[300.0]
    sim.advance(70 * DAY)
    assert sim.value("rash_total")[0] < 0.05 * areas[300.0]


def test_mek_and_pi3k_inhibition_add_up_by_mechanism() -> None:
    def injury(*given) -> float:
        drugs = ["trametinib", "buparlisib"]
        assembly = assemble(drugs)
        sim = settled(drugs)
        parts = [daily(assembly, drug, dose, 35) for drug, dose in given]
        sim.set_doses(Doses.concat(parts))
        sim.advance(35 * DAY)
        return float(sim.value("mouth_injury_normal")[0])

    mek, pi3k = injury(("trametinib", 1.5)), injury(("buparlisib", 60.0))
    both = injury(("trametinib", 1.5), ("buparlisib", 60.0))
    assert both > mek + pi3k > max(mek, pi3k) > 0


def test_what_harms_the_liver_after_pd1_blockade_is_the_order() -> None:
    """Blockade before or with an adduct former primes; a long gap or a lead-in does not."""
    assembly = assemble(["sotorasib", "pembrolizumab"])
    antibody = assembly.drug("pembrolizumab").dose_target("IV")
    nmol = 200e6 / assembly.molecular_weight("pembrolizumab")

    def peak(drug_from: int, antibody_days) -> float:
        sim = settled(["sotorasib", "pembrolizumab"])
        times = np.array(antibody_days, dtype=float) * DAY
        sim.set_doses(
            Doses.concat(
                [
                    daily(assembly, "sotorasib", 960.0, drug_from + 120, first=drug_from),
                    Doses(0, times, antibody, nmol),
                ]
            )
        )
        hours = np.arange(0.0, drug_from + 121.0) * DAY
        return float(sim.advance(hours[-1], hours, ["adduct_effector"])["adduct_effector"].max())

    alone = peak(0, [])
    right_after = peak(85, [0, 21, 42, 63])
    gap = peak(85 + 120, [0, 21, 42, 63])
    together = peak(0, [0, 21, 42, 63, 84, 105])
    lead_in = peak(0, [42, 63, 84, 105])
    assert alone < 1e-9
    assert right_after > 3 * gap
    assert together > 2 * lead_in
    assert together > right_after


def test_neutral_ports_leave_immune_organs_alone_and_occupancy_acts() -> None:
    sim = settled(["pembrolizumab"])
    assert sim.value("colitis")[0] == 0
    assembly = assemble(["pembrolizumab"])
    target = assembly.drug("pembrolizumab").dose_target("IV")
    sim.set_doses(Doses(0, 0.0, target, 200e6 / 149000.0))
    sim.advance(21 * DAY)
    assert sim.value("PD1_saturation")[0] > 0.95
    early = sim.value("hypothyroidism")[0]
    sim.advance(63 * DAY)
    assert sim.value("hypothyroidism")[0] > 1.5 * early > 0


def test_insulin_resistance_under_pi3k_inhibition_reverses() -> None:
    assembly = assemble(["alpelisib"])
    sim = settled(["alpelisib"])
    fasting = sim.value("plasma_glucose_normal")[0]
    sim.set_doses(daily(assembly, "alpelisib", 300.0, 28))
    sim.advance(27 * DAY)
    assert sim.value("plasma_glucose_normal")[0] > 1.3 * fasting
    sim.advance(60 * DAY)
    assert sim.value("plasma_glucose_normal")[0] == pytest.approx(fasting, rel=0.02)


def test_cytokine_release_follows_interleukin_6() -> None:
    assembly = assemble(["CARTmeso"])
    sim = settled(["CARTmeso"], **{"IL6_release_gain_CARTmeso": 2.0})
    assert sim.value("cytokine_storm")[0] == 0
    sim.set_doses(Doses(0, 0.0, assembly.drug("CARTmeso").dose_target("IV"), 5e4))
    sim.advance(10 * DAY)
    raised = sim.value("IL6_relative")[0] - 1
    assert raised > 0.1
    assert sim.value("cytokine_storm")[0] == pytest.approx(raised / assembly.values["K_IL6"])


@pytest.mark.parametrize("drug", ["gemcitabine", "pembrolizumab", "siG12D-LODER"])
def test_what_no_drug_needs_is_left_out(drug: str) -> None:
    names = {copy.mechanism.name for copy in assemble([drug]).composition.copies}
    wanted = {
        "gemcitabine": {"marrow", "epithelium", "red_cells"},
        "pembrolizumab": {"immune_toxicity", "liver"},
        "siG12D-LODER": set(),
    }[drug]
    side = {"marrow", "epithelium", "red_cells", "immune_toxicity", "liver", "nerve", "glucose"}
    assert names & side == wanted
