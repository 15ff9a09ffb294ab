"""What the trial shows must come from the mechanism: break it and the result goes away."""

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation
from rascade.model import assemble, load_alleles, load_table
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses
from rascade.trial.running.run import run

from . import trial_specs as specs


def alone(text: str, **more):
    """Return the patients and visits of a one-arm trial; the same seed gives the same patients."""
    outcome = run(specs.spec(text, **more))
    return outcome.patients, outcome.visits


def test_a_drug_that_binds_nothing_is_no_drug() -> None:
    off = {"daraxonrasib.affinity": 0.0}
    silent, silent_visits = alone(specs.DARAXONRASIB, size=25, parameters=off)
    untreated, _ = alone("none", size=25)
    working, working_visits = alone(specs.DARAXONRASIB, size=25)
    for column in ("best_response", "pfs_reason"):
        assert silent[column].tolist() == untreated[column].tolist()
    np.testing.assert_allclose(silent["os_months"], untreated["os_months"], rtol=0.01)
    np.testing.assert_allclose(silent_visits["RAS_GTP_rel"], 1.0, rtol=1e-3)
    assert working["pfs_months"].median() > 2 * untreated["pfs_months"].median()
    assert working_visits.query("visit == 1")["RAS_GTP_rel"].median() < 0.5


def ic50(allele: str) -> tuple[float, float]:
    """Return the tissue concentrations of daraxonrasib that halve pERK, tumour and normal."""
    concentrations = np.logspace(0, 4, 25)
    assembly = assemble(["daraxonrasib"])
    values = {
        name: value
        for name, value in load_alleles()[allele].values.items()
        if name in assembly.system.parameters
    }
    sim = Simulation(
        assembly.system,
        patients=concentrations.size,
        parameters={**values, "tumour_active": 0.0, "k_tumour_daraxonrasib": 0.0},
        start=-2000.0,
        settings=Settings(rtol=1e-5),
    )
    sim.advance(0.0)
    before = [sim.value(name) for name in ("pERK_sensitive", "pERK_normal")]
    sim.set_state("tumour_daraxonrasib", concentrations)
    sim.set_state("normal_tissue_daraxonrasib", concentrations)
    sim.advance(24.0)
    after = [sim.value(name) for name in ("pERK_sensitive", "pERK_normal")]
    halves = []
    for start, end in zip(before, after, strict=True):
        share = end / start
        assert share[0] > 0.9 and share[-1] < 0.1
        halves.append(float(np.exp(np.interp(-0.5, -share, np.log(concentrations)))))
    return halves[0], halves[1]


def test_selectivity_comes_from_the_mutant() -> None:
    tumour, normal = ic50("G12D")
    assert tumour == pytest.approx(42.3, rel=0.5)  # CT08: DUSP6 in xenografts, 42.3 nM
    assert normal / tumour > 4
    wild_tumour, wild_normal = ic50("WT")
    assert wild_normal / wild_tumour < 2


def perk_after(drug: str, allele: str, hours: float) -> float:
    """Return pERK of sensitive cells relative to before the first doses of a drug."""
    regimen = parse(f"{drug} 960 mg PO QD")
    assembly = assemble([drug])
    values = {
        name: value
        for name, value in load_alleles()[allele].values.items()
        if name in assembly.system.parameters
    }
    sim = Simulation(assembly.system, parameters={**values, "tumour_active": 0.0}, start=-2000.0)
    sim.advance(0.0)
    before = sim.value("pERK_sensitive")[0]
    body = {"weight_kg": np.array([70.0]), "body_surface_m2": np.array([1.8])}
    sim.set_doses(engine_doses(assembly, regimen, body, 10))
    sim.advance(hours)
    return float(sim.value("pERK_sensitive")[0] / before)


@pytest.mark.slow
def test_sotorasib_needs_the_cysteine() -> None:
    for allele in ("G12D", "G12V", "G12R", "WT"):
        assert perk_after("sotorasib", allele, 52.0) == pytest.approx(1.0, abs=1e-3)
    assert perk_after("sotorasib", "G12C", 4.0) < 0.6
    assert perk_after("sotorasib", "G12C", 52.0) < 0.6


@pytest.mark.slow
def test_sotorasib_in_g12d_and_in_g12c_patients() -> None:
    treated, visits = alone(specs.SOTORASIB, size=25, eligibility=("kras_allele == 'G12D'",))
    untreated, _ = alone("none", size=25, eligibility=("kras_allele == 'G12D'",))
    assert treated["best_response"].tolist() == untreated["best_response"].tolist()
    np.testing.assert_allclose(treated["os_months"], untreated["os_months"], rtol=0.01)
    np.testing.assert_allclose(visits["RAS_GTP_rel"], 1.0, rtol=1e-3)
    treated, visits = alone(specs.SOTORASIB, size=25, eligibility=("kras_allele == 'G12C'",))
    untreated, _ = alone("none", size=25, eligibility=("kras_allele == 'G12C'",))
    assert treated["pfs_months"].median() > 1.5 * untreated["pfs_months"].median()
    assert visits.query("visit == 1")["RAS_GTP_rel"].median() < 0.6


def test_pembrolizumab_alone_does_next_to_nothing_in_pdac() -> None:
    # CT11: 0 of 92 responded, upper 95 % limit 3.9 %.
    patients, _ = alone("pembrolizumab 200 mg IV Q3W", size=60)
    assert patients["best_response"].isin(["CR", "PR"]).mean() < 0.04


def test_daraxonrasib_reaches_the_exposure_of_its_label() -> None:
    # CT07: AUC24 3760 ng*h/mL at steady state; one compartment puts Cmax 21 % below the label.
    assembly = assemble(["daraxonrasib"])
    dose = 300.0 / assembly.molecular_weight("daraxonrasib") * 1e6
    sim = Simulation(
        assembly.system,
        doses=Doses(None, np.arange(10) * 24.0, "gut_daraxonrasib", dose),
        settings=Settings(rtol=1e-6),
    )
    hours = np.linspace(216.0, 240.0, 241)
    plasma = sim.advance(240.0, hours, ["plasma_daraxonrasib"]).values[0, :, 0]
    ng_per_ml = plasma * assembly.molecular_weight("daraxonrasib") / 1000.0
    assert np.trapezoid(ng_per_ml, hours) == pytest.approx(3760.0, rel=0.05)
    assert ng_per_ml.max() == pytest.approx(365.0, rel=0.25)


def test_the_table_of_the_package_is_what_the_demo_uses() -> None:
    assert load_table()["daraxonrasib.affinity"].value == 1.0
