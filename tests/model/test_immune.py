"""The surroundings and the immune system: facts that hold whatever the numbers are tuned to."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rest import built, settle, units

from rascade.engine import Doses, Simulation

CYTOKINES = ("IL6", "TGFb", "IL10", "VEGF", "GM_CSF", "CCL2", "CXCL12_signal", "IFNg", "IL2")
CELLS = {"MDSC": "MDSC", "M1": "M1", "M2": "M2", "Treg": "Treg", "CD8": "CD8", "Th": "Th"}


def one_of_each(values: dict[str, float], default) -> dict[str, np.ndarray]:
    """Return patients of whom each differs from the first in one value."""
    keys = list(values)
    return {
        name: np.array([default(name)] + [values[k] if k == name else default(name) for k in keys])
        for name in keys
    }


@pytest.fixture(scope="module")
def typical() -> Simulation:
    return settle()


def test_units_of_measure_in_the_table_are_those_of_the_model() -> None:
    values = built().values
    for name, measured in units().items():
        assert values[name] == pytest.approx(measured, rel=0.03), name


def test_a_typical_patient_sits_at_the_references(typical) -> None:
    values = built().values
    for name in CYTOKINES:
        # The unit of measure is a typical PDAC; the spread between patients is twenty times this.
        assert typical.value(name)[0] == pytest.approx(1.0, abs=0.08), name
    for pool, name in CELLS.items():
        reference = values[f"{name}_reference"]
        assert typical.value(pool)[0] == pytest.approx(reference, rel=0.15), pool
    for name in ("myCAF", "iCAF", "matrix", "perfusion_change", "hypoxia", "DC", "CD8_blood"):
        # The unit of measure is a typical PDAC; the spread between patients is twenty times this.
        assert typical.value(name)[0] == pytest.approx(1.0, abs=0.08), name


def test_an_untreated_patient_stays_there_while_the_tumour_is_held() -> None:
    patient = settle()
    names = [*CYTOKINES, *CELLS, "CD8_progenitor", "CD8_exhausted", "DC_LN", "matrix", "PDL1"]
    before = {name: patient.value(name)[0] for name in names}
    patient.advance(60 * 24.0)
    for name in names:
        assert patient.value(name)[0] == pytest.approx(before[name], rel=3e-3), name


KNOCK_OUTS = {
    # row: what is empty, what falls, what rises
    "CD8_level": ("CD8", "IFNg", "M2_fraction"),
    "Treg_level": ("Treg", "TGFb", "T_cell_kill"),
    "Th_level": ("Th", "IL2", "M2_fraction"),
    "DC_level": ("DC", "CD8_blood", "M2_fraction"),
    "naive_level": ("CD8_blood", "CD8", "M2_fraction"),
    "TMB": ("antigenicity", "CD8", "M2_fraction"),
    "MDSC_level": ("MDSC", "kill_restraint", "T_cell_kill"),
    "macrophage_level": ("M2", "IL10", "T_cell_kill"),
    "CTLA4_level": ("CTLA4_free", "M2_fraction", "divisions"),
    "PDL1_level": ("PDL1", "PD1_signal", "T_cell_kill"),
    "IL6_level": ("IL6", "MDSC", "DC_mature"),
    "TGFb_level": ("TGFb", "matrix", "iCAF"),
    "IL10_level": ("IL10", "M2_fraction", "DC_mature"),
    "VEGF_level": ("VEGF", "vessel_density", "hypoxia"),
    "GM_CSF_level": ("GM_CSF", "MDSC", "T_cell_kill"),
    "CCL2_level": ("M1", "M2", "T_cell_kill"),
    "CXCL12_level": ("CXCL12_signal", "M2_fraction", "entry_gate"),
    "IFNg_level": ("IFNg", "MHC_tumour", "M2_fraction"),
    "IL2_level": ("IL2", "divisions", "M2_fraction"),
    "stroma_density": ("matrix", "VEGF", "entry_gate"),
    "MHC_capacity": ("MHC_tumour", "CD8_exhausted", "CD8"),  # what sees nothing does not tire
}


def test_knock_outs_empty_their_pool_and_move_the_others_the_known_way() -> None:
    values = built().values
    rows = one_of_each(dict.fromkeys(KNOCK_OUTS, 0.0), values.__getitem__)
    patients = settle(n=len(KNOCK_OUTS) + 1, **rows)
    for number, (row, (empty, falls, rises)) in enumerate(KNOCK_OUTS.items(), start=1):
        # A matrix that is no longer laid down goes by its own turnover, of weeks.
        left = 0.15 if empty == "matrix" else 0.01
        pool, low, high = (patients.value(name) for name in (empty, falls, rises))
        assert pool[number] < left * pool[0], (row, empty)
        assert low[number] < 0.99 * low[0], (row, falls)
        assert high[number] > 1.01 * high[0], (row, rises)


def synapse(pd1: float, ligands: tuple[float, float], kd: tuple[float, float]) -> float:
    """Return PD-1 bound to two ligands that compete for it, by root finding."""
    from scipy.optimize import brentq

    def surplus(free: float) -> float:
        bound = sum(free * ligand / (free + k) for ligand, k in zip(ligands, kd, strict=True))
        return free + bound - pd1

    return pd1 - brentq(surplus, 0.0, pd1, xtol=1e-12)


@pytest.mark.parametrize("pdl2", [0.0, 9.0])
def test_the_synapse_is_the_equilibrium_of_pd1_and_its_ligands(pdl2: float) -> None:
    values = built().values
    level = np.array([0.0, 0.3, 1.0, 3.0, 10.0])
    patients = settle(n=level.size, hours=240.0, PDL1_level=level, PDL2_density=pdl2)
    bound = patients.value("PD1_PDL1") + patients.value("PD1_PDL2")
    kd = (values["KD_PD1_PDL1"], values["KD_PD1_PDL2"])
    want = [
        synapse(values["PD1_density"], (ligand, pdl2), kd) for ligand in patients.value("PDL1_free")
    ]
    # One ligand is exact. With two, PD-L1 is served first: a few per cent while PD-1 is in excess.
    assert_allclose(bound, want, rtol=0.04 if pdl2 else 1e-6, atol=1e-6)


DRUGS = ("bevacizumab", "durvalumab", "ipilimumab", "pembrolizumab", "trametinib")


def held(strength: dict[str, list[float]]) -> Simulation:
    """Return patients at rest under plasma levels that stay as they are.

    Args:
        strength: drug -> affinity of each patient, relative to the real drug.
    """
    n = len(next(iter(strength.values())))
    still = {f"{name}_{drug}": 0.0 for drug in DRUGS for name in ("CL", "Q")}
    power = {f"affinity_{drug}": np.array(strength.get(drug, [0.0] * n)) for drug in DRUGS}
    amount = {f"central_{drug}": 600.0 for drug in DRUGS} | {"central_trametinib": 4000.0}
    return settle(*DRUGS, n=n, initial=amount, **still, **power)


def test_occupancy_is_that_of_the_binding_isotherm() -> None:
    strength = [0.0, 0.01, 0.1, 1.0, 10.0]
    patients = held(dict.fromkeys(("pembrolizumab", "durvalumab", "ipilimumab"), strength))
    values = built(*DRUGS).values

    def over_kd(drug: str, target: str, place: str) -> np.ndarray:
        return patients.value(f"{place}_{drug}") * strength / values[f"KD_{target}_{drug}"]

    reach = values["antibody_reach"]
    bound = over_kd("pembrolizumab", "PD1", "tumour")
    free = values["PD1_density"] * (1 - reach * bound / (1 + bound))
    assert_allclose(patients.value("PD1_free"), free, rtol=1e-9)
    ligand = over_kd("durvalumab", "PDL1", "tumour")
    left = patients.value("PDL1") * (1 - reach * ligand / (1 + ligand))
    assert_allclose(patients.value("PDL1_free"), left, rtol=1e-9)
    blood = over_kd("pembrolizumab", "PD1", "plasma"), over_kd("durvalumab", "PDL1", "plasma")
    saturation = 1 - 1 / ((1 + blood[0]) * (1 + blood[1]))
    assert_allclose(patients.value("PD1_saturation"), saturation, rtol=1e-9, atol=1e-12)
    occupancy = patients.value("PD1_occupancy")
    assert_allclose(occupancy, reach * saturation, rtol=1e-9, atol=1e-12)
    ctla4 = over_kd("ipilimumab", "CTLA4", "plasma")
    assert_allclose(patients.value("CTLA4_occupancy"), ctla4 / (1 + ctla4), rtol=1e-9, atol=1e-12)
    # Perfusion keeps the tissue below what plasma alone would give.
    assert (patients.value("tumour_pembrolizumab") < patients.value("plasma_pembrolizumab")).all()


def test_ctla4_blockade_raises_divisions_and_depletes_regulatory_cells() -> None:
    patients = held({"ipilimumab": [0.0, 0.03, 1.0, 30.0]})
    assert (np.diff(patients.value("CD28_signal")) > 0).all()
    assert (np.diff(patients.value("divisions")) > 0).all()
    assert (np.diff(patients.value("Treg")) < 0).all()


def test_blocked_pd1_lets_cells_kill_and_tires_fewer() -> None:
    patients = held({"pembrolizumab": [0.0, 0.01, 0.1, 1.0]})
    assert (np.diff(patients.value("PD1_signal")) < 0).all()
    assert (np.diff(patients.value("exhaustion_drive")) < 0).all()
    assert (np.diff(patients.value("T_cell_kill")) > 0).all()


def test_a_mek_inhibitor_hinders_priming_and_spares_t_cells_their_death() -> None:
    patients = held({"trametinib": [0.0, 0.1, 1.0, 10.0]})
    for name in ("priming_ERK", "TCR_stress", "oncogenic_signal"):
        # Near full block RAS signals that ERK no longer brakes can rise again by a little.
        assert (np.diff(patients.value(name)) < 0.02).all(), name
        assert patients.value(name)[-1] < 0.9 * patients.value(name)[0], name
        assert patients.value(name)[0] == pytest.approx(1.0, abs=0.05), name
    assert (np.diff(patients.value("MHC_relief_sensitive")) > 0).all()


def test_mild_vegf_blockade_opens_vessels_and_deep_blockade_closes_them() -> None:
    patients = held({"bevacizumab": [0.0, 0.1, 0.3, 1.0, 10.0, 1000.0]})
    signal, perfusion = patients.value("VEGF_signal"), patients.value("perfusion_change")
    assert (np.diff(signal) < 0).all()
    best = int(np.argmax(perfusion))
    assert 0 < best < perfusion.size - 1
    assert perfusion[best] > 1.05
    assert perfusion[-1] < 0.8
    hypoxia, gate = patients.value("hypoxia"), patients.value("entry_gate")
    assert hypoxia[best] < hypoxia[0] < hypoxia[-1]
    assert gate[best] > gate[0]
    assert_allclose(patients.value("VEGF_blockade")[0], 0.0, atol=1e-12)


def test_more_mutations_are_recognised_better() -> None:
    burden = np.array([0.5, 1.0, 1.8, 5.0, 20.0, 60.0])
    patients = settle(n=burden.size, TMB=burden)
    for name in ("antigenicity", "CD8_blood", "CD8", "MHC_tumour", "T_cell_kill"):
        assert (np.diff(patients.value(name)) > 0).all(), name
    assert patients.value("antigenicity")[2] == pytest.approx(1.0)


def integrate(slope, start: list[float], times: np.ndarray) -> np.ndarray:
    """Return the solution of a small system by scipy, (times, states)."""
    from scipy.integrate import solve_ivp

    span = (0.0, float(times[-1]))
    found = solve_ivp(slope, span, start, "LSODA", t_eval=times, rtol=1e-10, atol=1e-12)
    return found.y.T


def test_vaccine_cells_surge_contract_and_persist_as_the_equations_say() -> None:
    drug = "autogene_cevumeran"
    patient = settle("autogene cevumeran")
    p = {k.removesuffix(f"_{drug}"): v for k, v in built("autogene cevumeran").values.items()}
    ready = float(patient.value("priming_ERK")[0])
    shots, times = np.arange(4) * 168.0, np.arange(1, 80) * 24.0
    patient.set_doses(Doses(None, shots, f"shot_{drug}", 0.05))
    names = [f"vaccine_{pool}_{drug}" for pool in ("blood", "memory")]
    ours = patient.advance(times[-1], times, names).values[0]

    def slope(t: float, y: np.ndarray) -> list[float]:
        shot = sum(0.05 * np.exp(-p["k_shot"] * (t - s)) for s in shots if t >= s)
        shown = shot / (shot + p["shot_half"])
        prime = p["vaccine_response"] * shown * ready
        born = prime * (p["k_priming_vaccine"] + p["k_recall"] * y[1])
        gone = p["k_contraction"] * y[0]
        return [born - gone, p["memory_share"] * gone - p["k_memory_loss"] * y[1]]

    state, pieces = [0.0, 0.0], []
    for first, last in zip(shots, [*shots[1:], times[-1] + 1.0], strict=True):
        inside = np.array([t for t in times if first <= t < last])
        grid = np.unique(np.concatenate([[first], inside, [last]]))
        course = integrate(lambda u, y, f=first: slope(u + f, y), state, grid - first)
        state = list(course[-1])
        pieces.append(course[np.isin(grid, inside)])
    assert_allclose(ours, np.concatenate(pieces), rtol=2e-3, atol=1e-9)
    peak = int(np.argmax(ours[:, 0]))
    assert 21 <= peak < 45
    assert ours[-1, 0] < 0.3 * ours[peak, 0]
    assert ours[-1, 1] > 0.99 * ours[:, 1].max() > 0


@pytest.mark.parametrize("drug", ["CARTmeso", "KRAS G12D TCR-T"])
def test_infused_cells_expand_contract_and_persist_as_the_equations_say(drug: str) -> None:
    assembly = built("CARTmeso", "KRAS G12D TCR-T")
    patient = settle("CARTmeso", "KRAS G12D TCR-T")
    name = drug.replace(" ", "_").replace("-", "_")
    p = {k.removesuffix(f"_{name}"): v for k, v in assembly.values.items() if k.endswith(name)}
    times = np.arange(1, 61) * 24.0
    patient.set_doses(Doses(None, np.array([0.0]), f"fresh_{name}", 500.0))
    outputs = [f"{pool}_{name}" for pool in ("fresh", "circulating", "persisting")]
    ours = patient.advance(times[-1], times, outputs).values[0]

    def slope(_: float, y: np.ndarray) -> list[float]:
        settled, passed = p["k_settle"] * y[0], p["k_contraction_cells"] * y[1]
        born = p["expansion_fold"] * p["adoptive_fitness"] * settled
        lost = p["k_attrition"] * y[1]
        return [-settled, born - passed - lost, passed - p["k_persistence_loss"] * y[2]]

    assert_allclose(ours, integrate(slope, [500.0, 0.0, 0.0], times), rtol=1e-4, atol=1e-6)


def test_antigen_loss_hides_a_cell_from_the_therapy_that_needs_it() -> None:
    drugs = ("CARTmeso", "KRAS G12D TCR-T")
    patients = settle(*drugs, n=3)
    patients.set_parameters({"tumour_active": 1.0})
    names = ("fresh_CARTmeso", "fresh_KRAS_G12D_TCR_T")
    doses = [Doses(np.array([i]), np.zeros(1), name, 5e4) for i, name in enumerate(names, start=1)]
    patients.set_doses(Doses.concat(doses))
    pools = [f"{pool}_sensitive" for pool in ("cells", "b2m_null", "mesothelin_null")]
    start = np.array([patients.value(pool) for pool in pools])
    patients.advance(10 * 24.0)
    growth = np.log(np.array([patients.value(pool) for pool in pools]) / start)
    killed = growth[:, :1] - growth[:, 1:]  # by CAR-T, by TCR-T: (pools, 2)
    assert (killed[0] > 1e-3).all()
    assert killed[1, 0] == pytest.approx(killed[0, 0], rel=0.5)  # the CAR needs no MHC-I
    assert abs(killed[1, 1]) < 0.2 * killed[0, 1]
    assert abs(killed[2, 0]) < 0.2 * killed[0, 0]
    assert killed[2, 1] == pytest.approx(killed[0, 1], rel=0.5)
