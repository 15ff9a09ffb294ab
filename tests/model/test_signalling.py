"""What the field knows of KRAS signalling under drugs, repeated in a dish."""

import numpy as np
import pytest

from rascade.analyses.cells import find_cell_line
from rascade.engine import Settings, Simulation
from rascade.model import assemble, known_drugs, load_alleles

HOURS = np.array([1.0, 2.0, 4.0, 6.0, 8.0, 24.0, 48.0, 72.0])


def genotype(system, allele: str, **more) -> dict[str, float]:
    values = load_alleles()[allele].values | more
    return {name: value for name, value in values.items() if name in system.parameters}


class Dish:
    """Cells of one genotype at steady state, with drugs in the medium from time 0."""

    def __init__(self, allele: str, dose: dict[str, float], n: int = 1, **more) -> None:
        drugs = known_drugs()
        include = more.pop("include", ())
        assembly = assemble(list(dose), setting="culture", clones=["sensitive"], include=include)
        self.sim = Simulation(
            assembly.system,
            patients=n,
            parameters=genotype(assembly.system, allele, **more) | {"tumour_active": 0.0},
            start=-3000.0,
            settings=Settings(rtol=1e-6),
        )
        self.sim.advance(0.0)
        self.medium = {f"medium_{drugs[d].identifier}": c for d, c in dose.items()}

    def course(self, *readouts: str, hours=HOURS) -> list[np.ndarray]:
        """Return each read-out over time relative to before treatment."""
        names = [f"{name}_sensitive" for name in readouts]
        before = [self.sim.value(name) for name in names]
        self.sim.set_parameters(self.medium | {"tumour_active": 1.0})
        values = self.sim.advance(hours[-1], hours, names).values
        return [values[:, :, k] / before[k][:, None] for k in range(len(names))]


def course(allele: str, dose: dict[str, float], readout: str, **more) -> np.ndarray:
    return Dish(allele, dose, **more).course(readout)[0][0]


def ic50(drug: str, allele: str, readout: str, hours: float, **more) -> float:
    """Return the medium concentration that halves a read-out."""
    concentrations = np.logspace(-3, 5, 33)
    dish = Dish(allele, {drug: concentrations}, n=concentrations.size, **more)
    relative = dish.course(readout, hours=np.array([hours]))[0][:, 0]
    first = int(np.argmax(relative < 0.5))
    assert first > 0
    pair = slice(first - 1, first + 1)
    return float(np.exp(np.interp(-0.5, -relative[pair], np.log(concentrations[pair]))))


def mia_paca_2() -> dict[str, float]:
    share = find_cell_line("MIA PaCa-2").kras_share
    assert share is not None
    return {"KRAS_share": share}


G12C_CELLS = pytest.mark.parametrize("cells", [{}, mia_paca_2()], ids=["typical", "MIA PaCa-2"])


@G12C_CELLS
def test_g12c_inhibitor_perk_falls_and_rebounds(cells) -> None:
    perk = course("G12C", {"sotorasib": 100.0}, "pERK", **cells)
    nadir = perk[(HOURS >= 2) & (HOURS <= 6)].min()
    assert nadir <= 0.20
    assert perk[HOURS >= 48].min() >= 0.30 and perk[HOURS >= 48].max() <= 0.80


@G12C_CELLS
@pytest.mark.parametrize("partner", [{"RMC-4630": 500.0}, {"BI-3406": 1000.0}])
def test_shp2_or_sos1_inhibition_holds_perk_down(partner, cells) -> None:
    pair = course("G12C", {"sotorasib": 100.0} | partner, "pERK", **cells)
    assert pair[HOURS >= 24].max() <= 0.15


@pytest.mark.parametrize(("allele", "cells"), [("G12D", {}), ("G12C", {}), ("G12C", mia_paca_2())])
def test_ras_on_inhibitor_hardly_rebounds(allele, cells) -> None:
    perk = course(allele, {"daraxonrasib": 10.0}, "pERK", **cells)
    assert perk[HOURS >= 24].max() <= 0.20


@pytest.mark.parametrize(
    ("allele", "drug"), [("G12D", {"daraxonrasib": 100.0}), ("G12C", {"sotorasib": 100.0})]
)
def test_pakt_falls_with_ras_before_lost_brakes_raise_it(allele, drug) -> None:
    pakt = course(allele, drug, "pAKT")
    assert 0.6 <= pakt[HOURS <= 2].min() <= 0.95
    assert pakt[HOURS <= 2].max() <= 0.95
    assert pakt[HOURS == 24][0] > pakt[HOURS == 1][0] + 0.2  # scaffolds are remade over hours


def test_g12r_does_not_reach_pi3k() -> None:
    pakt = course("G12R", {"RMC-7977": 100.0}, "pAKT")
    with_arm = course("G12R", {"RMC-7977": 100.0}, "pAKT", engages_PI3K=1.0)
    assert pakt[HOURS == 1][0] > with_arm[HOURS == 1][0] + 0.05


def test_receptor_input_and_slow_hydrolysis_weaken_the_off_state_drug_only() -> None:
    after = HOURS == 4  # before slow turnover lets the drug trap every KRAS
    off = course("G12C", {"sotorasib": 100.0}, "RAS_GTP_total")[after]
    for change in ({"RTK_level": 5.0}, {"hydrolysis_ratio": 0.05}):
        changed = course("G12C", {"sotorasib": 100.0}, "RAS_GTP_total", **change)[after]
        assert changed > 1.5 * off, change
    on = course("G12C", {"daraxonrasib": 10.0}, "pERK")[5]
    slow = course("G12C", {"daraxonrasib": 10.0}, "pERK", hydrolysis_ratio=0.05)[5]
    assert slow < 1.3 * on + 0.02


def test_mek_inhibitor_raises_pmek_and_pakt_and_perk_returns() -> None:
    dish = Dish("G12D", {"trametinib": 30.0})
    perk, pmek, pakt = (x[0] for x in dish.course("pERK", "pMEK", "pAKT"))
    assert 2.0 <= pmek[HOURS >= 24].max() <= 10.0
    assert 1.3 <= pakt[HOURS == 24][0] <= 4.0
    assert perk[HOURS >= 24].min() > 1.5 * perk.min()


@pytest.mark.parametrize("drug", [{"alpelisib": 1000.0}, {"MK-2206": 1000.0}])
def test_pi3k_or_akt_inhibition_raises_perk(drug) -> None:
    perk = course("G12D", drug, "pERK")
    assert 1.3 <= perk[HOURS == 24][0] <= 3.0


def test_everolimus_raises_pakt_and_perk() -> None:
    perk, pakt = (x[0] for x in Dish("G12D", {"everolimus": 20.0}).course("pERK", "pAKT"))
    assert 1.5 <= pakt[HOURS == 24][0] <= 3.0
    assert perk[HOURS == 24][0] > 1.05


def test_raf_inhibitors_paradox_and_pair() -> None:
    low_to_high = np.logspace(-1, 4, 11)
    curves = {}
    for name, dose in {
        "type I1/2": {"dabrafenib": low_to_high},
        "type II": {"LY3009120": low_to_high},
        "pair": {"dabrafenib": low_to_high, "LY3009120": np.full(11, 300.0)},
    }.items():
        dish = Dish("G12D", dose, n=11)
        curves[name] = dish.course("pERK", hours=np.array([4.0]))[0][:, 0]
    assert curves["type I1/2"].max() > 1.3
    assert curves["type II"].max() < 1.1
    assert curves["pair"].max() < 0.6


def test_shp2_inhibition_depends_on_cycling() -> None:
    perk = {a: course(a, {"RMC-4630": 500.0}, "pERK")[5] for a in ("G12C", "Q61H", "G13D")}
    assert perk["G12C"] < 0.6
    assert perk["Q61H"] > 0.75 and perk["G13D"] > 0.75


def viability(doses: dict[str, np.ndarray]) -> np.ndarray:
    """Return G12D cells left after 72 h, relative to the first dish, which is untreated."""
    dish = Dish("G12D", doses, n=max(len(series) for series in doses.values()))
    dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0})
    dish.sim.advance(72.0)
    cells = dish.sim.value("viability")
    return cells / cells[0]


def test_mek_plus_pi3k_kill_more_than_independence_predicts() -> None:
    mek, pi3k = np.array([0.0, 10.0, 0.0, 10.0]), np.array([0.0, 0, 2e3, 2e3])
    left = viability({"trametinib": mek, "alpelisib": pi3k})
    assert left[1] * left[2] - left[3] > 0.01


@pytest.mark.parametrize("readout", ["cycling", "viability"])
def test_mek_plus_pi3k_combination_index(readout) -> None:
    # S14: about 0.4 in cells (Chou and Talalay, at half of the effect); alpelisib at 200 to 1.
    trametinib = np.append(0.0, np.logspace(-1.5, 3, 19))
    name = readout if readout == "viability" else f"{readout}_sensitive"
    halves = {}
    for drug in ({"trametinib": 1.0}, {"alpelisib": 200.0}, {"trametinib": 1.0, "alpelisib": 200}):
        doses = {name: factor * trametinib for name, factor in drug.items()}
        dish = Dish("G12D", doses, n=trametinib.size)
        dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0})
        dish.sim.advance(72.0)
        share = (dish.sim.value(name) / dish.sim.value(name)[0])[1:]
        # A drug that never halves alone counts with its highest dose, against synergy.
        k = int(np.argmax(share < 0.5)) if (share < 0.5).any() else share.size - 1
        assert k > 0
        pair = slice(k - 1, k + 1)
        halves["+".join(drug)] = np.exp(np.interp(-0.5, -share[pair], np.log(trametinib[1:][pair])))
    both = halves["trametinib+alpelisib"]
    assert both / halves["trametinib"] + both / halves["alpelisib"] < 0.75


CYTOTOXICS = [  # published IC50 at 72 h in nM: evidence of gemcitabine, the others from memory
    ("gemcitabine", 10.0, 1000.0),
    ("nab-paclitaxel", 1.0, 10.0),
    ("fluorouracil", 1000.0, 10_000.0),
    ("irinotecan", 0.5, 10.0),
    ("oxaliplatin", 1000.0, 10_000.0),
]


@pytest.mark.parametrize(("drug", "low", "high"), CYTOTOXICS)
def test_cytotoxics_kill_in_a_dish(drug, low, high) -> None:
    left = viability({drug: np.array([0.0, low, high, 10_000.0])})
    assert left[1] > 0.5 > left[2]
    assert left[3] < 0.5


def test_ferroptosis_needs_lost_lkb1_and_both_drugs() -> None:
    death = {}
    for lkb1 in (1.0, 0.0):
        for dose in (
            {"trametinib": 10.0, "hydroxychloroquine": 0.0},
            {"trametinib": 0.0, "hydroxychloroquine": 20_000.0},
            {"trametinib": 10.0, "hydroxychloroquine": 20_000.0},
        ):
            dish = Dish("G12D", dose, LKB1_level=lkb1)
            dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0})
            dish.sim.advance(72.0)
            death[lkb1, *dose.values()] = [
                dish.sim.value(f"{name}_sensitive")[0] for name in ("ferroptosis", "exosome_KRAS")
            ]
    both = death.pop((0.0, 10.0, 20_000.0))
    assert both[0] * 24 > 0.2  # a day
    assert max(rate for rate, _ in death.values()) < 0.05 * both[0]
    assert both[1] > 10 * max(exosomes for _, exosomes in death.values())


def test_ferroptosis_under_oxidative_stress_needs_autophagy() -> None:
    death = {}
    for allele, hcq, ulk1 in (
        ("G12D", 0.0, 0.0),
        ("G12D", 20_000.0, 0.0),
        ("G12D", 0.0, 1000.0),
        ("G12V", 0.0, 0.0),
    ):
        dose = {"hydroxychloroquine": hcq, "inlexisertib": ulk1}
        dish = Dish(allele, dose, include=["ferroptosis_death"])
        names = ("ferroptosis_sensitive", "exosome_KRAS_sensitive")
        assert all(dish.sim.value(name)[0] < 1e-4 for name in names)  # calm cells
        dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0, "oxidative_stress": 1.0})
        dish.sim.advance(72.0)
        death[allele, hcq, ulk1] = [dish.sim.value(name)[0] for name in names]
    stressed = death.pop(("G12D", 0.0, 0.0))
    g12v = death.pop(("G12V", 0.0, 0.0))
    assert stressed[0] * 24 > 0.2 and stressed[1] > 0.5
    assert g12v[0] * 24 > 0.2 and g12v[1] == pytest.approx(0.0, abs=1e-9)  # it is KRAS-G12D
    for blocked in death.values():
        assert blocked[0] < 0.1 * stressed[0] and blocked[1] < 0.1 * stressed[1]


def test_muc4_knock_down_slows_growth_and_leaves_kras_alone() -> None:
    dish = Dish("WT", {"MUC4 shRNA": 1000.0})
    ras, cycling = (x[0] for x in dish.course("RAS_GTP_total", "cycling"))
    np.testing.assert_allclose(ras, 1.0, rtol=1e-3)
    assert cycling[-1] < 0.65


def test_sirna_acts_in_g12d_only_and_late() -> None:
    protein = course("G12D", {"siG12D-LODER": 100.0}, "RAS_GTP_total")
    assert protein[HOURS == 4][0] > 0.9  # mRNA and protein have to go first
    assert protein[HOURS == 72][0] < 0.6
    for allele in ("G12V", "G12C", "WT"):
        np.testing.assert_allclose(course(allele, {"siG12D-LODER": 100.0}, "pERK"), 1.0, rtol=1e-3)


PUBLISHED = [  # drug, allele, read-out, hours, published IC50 in nM (evidence drug_facts)
    ("sotorasib", "G12C", "pERK", 2.0, 30.0),
    ("adagrasib", "G12C", "pERK", 2.0, 14.0),
    ("divarasib", "G12C", "pERK", 2.0, 2.0),
    ("MRTX1133", "G12D", "pERK", 4.0, 5.0),
    ("RMC-7977", "G12V", "pERK", 4.0, 0.4),
    ("trametinib", "G12D", "ERK_active", 4.0, 1.0),
    ("selumetinib", "G12D", "ERK_active", 4.0, 10.0),
    ("ulixertinib", "G12D", "ERK_active", 4.0, 140.0),
    ("BI-3406", "G12D", "pERK", 4.0, 24.0),
    ("RMC-4630", "G12C", "pERK", 4.0, 39.0),
    ("everolimus", "G12D", "pS6K", 4.0, 1.0),
]


@pytest.mark.parametrize(("drug", "allele", "readout", "hours", "published"), PUBLISHED)
def test_cellular_potency_is_within_three_fold(drug, allele, readout, hours, published) -> None:
    simulated = ic50(drug, allele, readout, hours)
    assert published / 3 <= simulated <= published * 3


@pytest.mark.parametrize("drug", sorted(known_drugs()))
def test_every_drug_keeps_amounts_positive_and_proteins_whole(drug: str) -> None:
    doses = np.logspace(0, 5, 6)
    dish = Dish("G12D", {drug: doses}, n=6)
    dish.sim.set_parameters(dish.medium | {"tumour_active": 1.0})
    dish.sim.advance(48.0)
    assert not dish.sim.failures()
    for pool in (("MEK", "pMEK"), ("ERK", "pERK")):
        np.testing.assert_allclose(
            sum(dish.sim.value(f"{name}_sensitive") for name in pool), 1000.0, rtol=1e-4
        )
    for state in dish.sim.system.states:
        assert dish.sim.value(state).min() > -1e-6, state


def test_the_switch_of_every_drug_turns_it_off() -> None:
    for drug in known_drugs():
        assembly = assemble([drug], setting="culture", clones=["sensitive"])
        identifier = known_drugs()[drug].identifier
        switch = f"affinity_{identifier}"
        if switch not in assembly.system.parameters:
            assert drug in {
                "gemcitabine",
                "nab-paclitaxel",
                "fluorouracil",
                "irinotecan",
                "oxaliplatin",
                "pembrolizumab",
            }
            continue
        readouts = ("pERK", "pAKT", "cycling")
        dish = Dish("G12C", {drug: 1000.0}, **{switch: 0.0})
        for values in dish.course(*readouts):
            np.testing.assert_allclose(values, 1.0, rtol=1e-3, err_msg=drug)
