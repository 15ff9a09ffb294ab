"""Drugs of published arms: each does what its class is known for, and none touches another drug."""

import numpy as np
import pytest
from dish import Dish, genotype

from rascade.engine import Doses, Settings, Simulation
from rascade.model import assemble, known_drugs, load_table
from rascade.model.compose import compose, known_clones
from rascade.model.mechanisms import load_mechanisms
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses

DAY = 24.0


def treated(order: str, days: float, reads, allele: str = "G12D", **values):
    """Return read-outs of a patient before treatment and, treated and not, after so many days."""
    regimen = parse(order)
    assembly = assemble(regimen.drugs)
    system = assembly.system
    sim = Simulation(
        system,
        patients=2,
        parameters=genotype(system, allele) | {"tumour_active": 0.0} | values,
        start=-120 * DAY,
        settings=Settings(rtol=1e-6),
    )
    sim.advance(0.0)
    sim.set_parameters({"tumour_active": 1.0})
    body = {"weight_kg": np.full(2, 70.0), "body_surface_m2": np.full(2, 1.8)}
    given = engine_doses(assembly, regimen, body, int(days), np.array([True, False]))
    sim.set_doses(Doses.concat([given]))
    before = {name: sim.value(name)[0] for name in reads}
    sim.advance(days * DAY)
    assert not sim.failures()
    return before, {name: sim.value(name) for name in reads}


# -- no drug touches another --


@pytest.mark.parametrize("drug", ["daraxonrasib", "trametinib", "sotigalimab", "RMC-4630"])
def test_what_stands_between_two_mechanisms_leaves_no_trace_where_no_drug_needs_it(drug) -> None:
    needed = {name for name, one in load_mechanisms().items() if one.passes}
    assert needed >= {"egfr_input", "raf_in_clamp", "csf1r"}
    made = compose([drug], load_table())
    assert not needed & {copy.mechanism.name for copy in made.copies}
    own = {symbol for name in needed for symbol in load_mechanisms()[name].own}
    assert not any(symbol.split("_sensitive")[0] in own for symbol in made.symbols)
    for clone in known_clones():
        assert f"RTK_input_{clone}" not in made.antimony
    assert "AKT_brake" in made.antimony and "RAF_brake" not in made.antimony


def test_what_stands_between_two_mechanisms_changes_nothing_without_its_drug() -> None:
    between = ("egfr_input", "raf_in_clamp", "csf1r")
    values = []
    for include in ((), between):
        system = assemble(["daraxonrasib"], include=include).system
        sim = Simulation(system, parameters={"tumour_active": 0.0}, start=-60 * DAY)
        sim.advance(0.0)
        sim.set_parameters({"tumour_active": 1.0})
        sim.advance(60 * DAY)
        values.append([sim.value(s)[0] for s in ("pERK_sensitive", "pAKT_sensitive", "M2", "CD8")])
    np.testing.assert_allclose(values[0], values[1], rtol=1e-4)


# -- EGFR --


def test_an_inhibitor_of_egfr_is_weak_where_kras_is_mutant() -> None:
    falls = {}
    for allele in ("WT", "G12D", "G12R"):
        dish = Dish(allele, {"erlotinib": 1000.0})
        falls[allele] = [1 - course[0, -1] for course in dish.course("pERK", "cycling")]
    for mutant in ("G12D", "G12R"):
        assert all(0 < a < 0.6 * b for a, b in zip(falls[mutant], falls["WT"], strict=True))


def test_at_saturation_all_that_egfr_carries_falls_silent_and_no_more() -> None:
    dish = Dish("G12D", {"erlotinib": 1e7})
    dish.sim.set_parameters(dish.medium)
    share = load_table()["EGFR_share"].value
    heard = dish.sim.value("RTK_input_sensitive")[0] / dish.sim.value("RTK_sensitive")[0]
    assert heard == pytest.approx(1 - share, rel=1e-3)
    # What a clone amplified is another receptor: EGFR's part of it is a fifth with five copies.
    dish.sim.set_parameters({"RTK_copies": 5.0})
    heard = dish.sim.value("RTK_input_sensitive")[0] / dish.sim.value("RTK_sensitive")[0]
    assert heard == pytest.approx(1 - share / 5, rel=1e-3)


@pytest.mark.parametrize(
    "order", ["erlotinib 100 mg PO QD", "cetuximab 250 mg/m2 IV QW", "panitumumab 6 mg/kg IV Q2W"]
)
def test_inhibitors_of_egfr_hold_their_target_and_bring_rash(order) -> None:
    clone = "sensitive"
    drug = known_drugs()[parse(order).drugs[0]].identifier
    reads = (f"EGFR_binding_{drug}_{clone}", "rash_total")
    before, after = treated(order, 28, reads)
    binding = after[reads[0]]
    assert binding[0] / (1 + binding[0]) > 0.8 and binding[1] == 0
    assert after["rash_total"][0] > 10 * max(before["rash_total"], after["rash_total"][1])


# -- RAS(ON) G12C --


def test_a_g12c_on_inhibitor_bonds_to_g12c_alone() -> None:
    held = {}
    for allele in ("G12C", "G12D", "WT"):
        dish = Dish(allele, {"elironrasib": 100.0})
        dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0})
        dish.sim.advance(24.0)
        held[allele] = dish.sim.value("KRAS_on_covalent_elironrasib_sensitive")[0]
    assert held["G12C"] > 100 and held["G12D"] == held["WT"] == 0


def test_the_on_state_drug_needs_no_hydrolysis() -> None:
    # Without hydrolysis all KRAS stays GTP-bound: out of reach for the one, in reach of the other.
    left = {}
    for drug in ("elironrasib", "sotorasib", "divarasib"):
        dish = Dish("G12C", {drug: 100.0}, hydrolysis_ratio=0.01)
        left[drug] = dish.course("KRAS_effector", hours=np.array([4.0]))[0][0, 0]
    assert left["elironrasib"] < 0.05
    assert min(left["sotorasib"], left["divarasib"]) > 0.5


# -- clamp --


def test_a_clamp_lowers_pmek_where_an_inhibitor_of_mek_lets_it_rise() -> None:
    rise = {}
    for drug, dose in (("avutometinib", 500.0), ("trametinib", 20.0)):
        course = Dish("G12D", {drug: dose}).course("pMEK", "pERK", hours=np.array([24.0]))
        rise[drug] = course[0][0, 0]
        assert course[1][0, 0] < 0.5, drug
    assert rise["avutometinib"] < 1 < rise["trametinib"]


# -- FAK, CSF1R --


@pytest.mark.parametrize("order", ["defactinib 200 mg PO BID", "GSK2256098 250 mg PO BID"])
def test_an_inhibitor_of_fak_thins_the_matrix_by_the_share_that_needs_it(order) -> None:
    drug = known_drugs()[parse(order).drugs[0]].identifier
    reads = ("matrix", f"matrix_share_{drug}", "myCAF")
    _, after = treated(order, 120, reads)
    share = after[f"matrix_share_{drug}"][0]
    assert 0.1 < share < load_table()["FAK_share"].value
    ratio = after["matrix"][0] / after["matrix"][1] * after["myCAF"][1] / after["myCAF"][0]
    assert ratio == pytest.approx(1 - share, abs=0.08)


def test_a_blocker_of_csf1r_takes_macrophages_by_the_share_that_needs_csf1() -> None:
    reads = ("M1", "M2", "MDSC", "CCL2")
    _, after = treated("AMG 820 1100 mg IV Q3W", 60, reads)
    macrophages = after["M1"] + after["M2"]
    supply = after["CCL2"][0] / after["CCL2"][1]
    share = load_table()["CSF1_share"].value
    assert macrophages[0] / macrophages[1] / supply == pytest.approx(1 - share, abs=0.08)
    assert after["MDSC"][0] == pytest.approx(after["MDSC"][1], rel=0.3)


# -- PARP --


@pytest.mark.parametrize("drug", ["olaparib", "niraparib"])
def test_trapped_parp_kills_where_repair_is_missing_and_nowhere_else(drug) -> None:
    left = {}
    for missing in (0.0, 1.0):
        dish = Dish("G12D", {drug: 10_000.0}, HRD=missing)
        left[missing] = dish.course("cells", hours=np.array([96.0]))[0][0, 0]
    alone = Dish("G12D", {drug: 0.0}).course("cells", hours=np.array([96.0]))[0][0, 0]
    assert left[0.0] == pytest.approx(alone, rel=1e-6)
    assert left[1.0] < 0.5 * alone


def test_niraparib_costs_platelets() -> None:
    reads = ("platelets", "haemoglobin")
    before, after = treated("niraparib 200 mg PO QD", 28, reads)
    assert after["platelets"][0] < 0.9 * before["platelets"]
    assert after["platelets"][1] == pytest.approx(before["platelets"], rel=1e-3)


# -- docetaxel --


def test_docetaxel_has_its_clearance_and_an_early_nadir() -> None:
    assembly = assemble(["docetaxel"])
    sim = Simulation(assembly.system, parameters={"tumour_active": 0.0}, start=-120 * DAY)
    sim.advance(0.0)
    amount = 75 * 1.8 * 1e6 / assembly.molecular_weight("docetaxel")
    target = assembly.drug("docetaxel").dose_target("IV")
    sim.set_doses(Doses(0, 0.0, target, amount, duration=1.0))
    hours = np.concatenate([np.arange(0.0, 24.0, 0.05), np.arange(24.0, 21 * DAY, 2.0)])
    course = sim.advance(21 * DAY, hours, ["plasma_docetaxel", "neutrophils"])
    plasma, counts = course["plasma_docetaxel"][0], course["neutrophils"][0]
    clearance = amount / np.trapezoid(plasma, hours)
    assert clearance == pytest.approx(load_table()["docetaxel.CL"].value, rel=0.02)
    nadir = hours[counts.argmin()] / DAY
    assert 5 <= nadir <= 12 and counts.min() < 0.5 * counts[0]
