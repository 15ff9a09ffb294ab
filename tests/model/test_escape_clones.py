"""Clones that escape: what each costs without a drug, and which drug selects it."""

import numpy as np
import pytest
from dish import genotype
from rest import built, settle

from rascade.engine import Doses, Simulation

DAY = 24.0
WAYS = (
    "KRAS_amplified", "MAPK_mutated", "RTK_amplified", "PI3K_mutated", "KRAS_switched",
    "changed_state", "MYC_amplified",
)  # fmt: skip
NORMAL_ERK = 265.0  # nM, of an untreated G12D cell


def one_each(drug: str, **values: float) -> Simulation:
    """Return a patient at rest for each way, which his first clone has."""
    on = {f"{way}_escape_1": [float(way == other) for other in WAYS] for way in WAYS}
    patients = settle(drug, n=len(WAYS), hours=1440.0, **on, **values)
    patients.set_parameters({"tumour_active": 1.0})
    return patients


def growth(patients: Simulation, clone: str) -> np.ndarray:
    """Return the net growth of a clone in 1/day."""
    gain, loss, death, cells = (
        patients.value(f"{name}_{clone}")
        for name in ("division", "turnover", "induced_death", "cells")
    )
    return (gain - loss - death) / cells * DAY


@pytest.fixture(scope="module")
def treated() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Growth and pERK before daraxonrasib and after four weeks of it."""
    patients = one_each("daraxonrasib")
    found = []
    for _ in range(2):
        found.append(
            {clone: growth(patients, clone) for clone in ("sensitive", "escape_1")}
            | {"pERK": patients.value("pERK_escape_1")}
        )
        patients.set_doses(Doses(None, np.arange(28) * DAY, "gut_daraxonrasib", 370e3))
        patients.advance(27.5 * DAY)
    return found[0], found[1]


def test_every_way_costs_growth_without_a_drug(treated) -> None:
    untreated, _ = treated
    assert (untreated["escape_1"] < untreated["sensitive"]).all()
    most = WAYS[int(untreated["escape_1"].argmin())]
    assert most == "KRAS_amplified"  # its ERK overshoots
    assert untreated["pERK"][0] > 1.5 * NORMAL_ERK


def test_daraxonrasib_selects_every_way_but_a_second_kras_mutation(treated) -> None:
    _, drug = treated
    gain = dict(zip(WAYS, drug["escape_1"] - drug["sensitive"], strict=True))
    assert gain.pop("KRAS_switched") < 0
    assert min(gain.values()) > 0.01
    assert min(v for w, v in zip(WAYS, drug["escape_1"], strict=True) if w != "KRAS_switched") > 0


def test_under_daraxonrasib_no_way_has_much_more_erk_than_before_it(treated) -> None:
    """Only what needs no RAS comes near; elsewhere the pathway stays down while the clone grows."""
    _, drug = treated
    share = dict(zip(WAYS, drug["pERK"] / NORMAL_ERK, strict=True))
    assert 0.8 < share.pop("MAPK_mutated") < 1.4
    assert 0.15 < share.pop("KRAS_amplified") < 0.6
    assert max(share.values()) < 0.25


def test_a_drug_of_gdp_bound_kras_selects_a_second_mutation() -> None:
    alleles = genotype(built("sotorasib").system, "G12C")
    patients = one_each("sotorasib", **alleles)
    patients.set_doses(Doses(None, np.arange(14) * DAY, "gut_sotorasib", 1.7e6))
    patients.advance(13.2 * DAY)
    place = WAYS.index("KRAS_switched")
    assert growth(patients, "escape_1")[place] > growth(patients, "sensitive")[place] + 0.002
    assert patients.value("KRAS_covalent_sotorasib_escape_1")[place] == 0.0
