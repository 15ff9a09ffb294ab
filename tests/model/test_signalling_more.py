"""More of what the field knows of KRAS signalling, repeated in a dish."""

import numpy as np
import pytest
from dish import HOURS, Dish, course, mia_paca_2

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
