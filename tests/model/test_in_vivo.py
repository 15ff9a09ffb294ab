"""Combinations in mice and patients that no constant of a dish could show."""

import numpy as np
import pytest
from mice import course, mice
from numpy.testing import assert_allclose
from rest import built, settle

TRAMETINIB, PD1 = "trametinib 1 mg/kg PO QD", "nivolumab 10 mg/kg IV Q3D"
HYDROXYCHLOROQUINE = "hydroxychloroquine 60 mg/kg PO QD"
# A MEK inhibitor at an exposure that takes ERK to half or less, whatever trametinib does in mice.
STRONG = {"affinity_trametinib": 5.0}


@pytest.mark.slow
def test_anti_pd1_first_makes_most_t_cells_and_the_control_that_lasts() -> None:
    """PMID:34416167: lead-in, then both, optimises the durability of responses."""
    model = mice("mouse", "trametinib", "nivolumab")
    days = [7, 35, 70]
    orders = {
        "pd1_first": f"{TRAMETINIB} from day 8 + {PD1}",
        "together": f"{TRAMETINIB} + {PD1}",
        "mek_first": f"{TRAMETINIB} + {PD1} from day 8",
    }
    names = ("relative_size", "CD8", "memory", "recruits")
    size, cd8, memory, recruits = (
        {k: v[:, n] for k, v in found.items()}
        for found in [{k: course(model, o, days, *names) for k, o in orders.items()}]
        for n in range(4)
    )
    assert recruits["pd1_first"][0] > 1.5 * recruits["mek_first"][0]  # naive cells need MEK
    assert memory["pd1_first"][0] > 1.2 * memory["mek_first"][0]
    for day in (1, 2):
        assert cd8["pd1_first"][day] > 1.08 * cd8["together"][day] > 1.08 * cd8["mek_first"][day]
    growth = {k: (v[2] / v[1]) ** 3 for k, v in size.items()}  # week 5 to week 10
    assert growth["pd1_first"] < 0.9 * growth["together"]
    assert size["pd1_first"][2] < size["together"][2] < size["mek_first"][2]
    assert size["pd1_first"][1] > size["together"][1]  # what a week without the MEK inhibitor costs


@pytest.mark.slow
def test_autophagy_block_with_a_mek_inhibitor_kills_where_lkb1_is_lost_and_only_there() -> None:
    """PMID:36702816, in nude mice: synergy in LKB1-null tumours, nothing in LKB1-intact ones."""
    model = mice("xenograft", "trametinib", "hydroxychloroquine")
    both = f"{TRAMETINIB} + {HYDROXYCHLOROQUINE}"
    volume = {
        (lkb1, order): course(model, order, [28], "relative_size", LKB1_level=lkb1, **STRONG)[0, 0]
        ** 3
        for lkb1 in (0.0, 1.0)
        for order in ("", TRAMETINIB, HYDROXYCHLOROQUINE, both)
    }
    for lkb1, low, high in ((0.0, 0.05, 0.5), (1.0, 0.95, 1.01)):
        none, mek, block, all_ = (
            volume[lkb1, o] for o in ("", TRAMETINIB, HYDROXYCHLOROQUINE, both)
        )
        assert 0.95 * none < block <= none * 1.001  # blocked autophagy alone does little
        assert low < all_ / (mek * block / none) < high  # 1 where each does what it does alone


@pytest.mark.slow
def test_hydroxychloroquine_reaches_too_little_of_the_lysosome_in_patients() -> None:
    """Free drug in blood is a tenth of what cells in a dish need; PMID:24821822: inconsistent."""
    drugs = ("hydroxychloroquine", "trametinib")
    level = (
        15_000.0 * built(*drugs).table["hydroxychloroquine.V"].value
    )  # nM in blood at 600 mg BID
    still = {f"{name}_{drug}": 0.0 for name in ("CL",) for drug in drugs} | {"Q_trametinib": 0.0}
    start = {"central_hydroxychloroquine": level, "central_trametinib": 4000.0}
    lost = settle(*drugs, initial=start, LKB1_level=0.0, **still)
    assert 0.9 < lost.value("flow_sensitive")[0] < 0.99
    assert 24 * lost.value("ferroptosis_sensitive")[0] < 0.002


@pytest.mark.slow
def test_lag3_and_tim3_rise_when_pd1_lets_signals_through_so_that_their_blockade_adds() -> None:
    drugs = ("nivolumab", "relatlimab", "cobolimab")
    on = np.array
    patients = settle(
        *drugs,
        n=4,
        initial={f"central_{drug}": 600.0 for drug in drugs},
        affinity_nivolumab=on([0.0, 1.0, 1.0, 1.0]),
        affinity_relatlimab=on([0.0, 0.0, 1.0, 1.0]),
        affinity_cobolimab=on([0.0, 0.0, 0.0, 1.0]),
        **{f"{name}_{drug}": 0.0 for name in ("CL", "Q") for drug in drugs},
    )
    tired, kill = patients.value("tired"), patients.value("T_cell_kill")
    assert tired[0] == pytest.approx(1.0, abs=0.05)
    assert tired[1] > 1.04 * tired[0]
    assert patients.value("LAG3_signal")[2] < 0.05
    assert kill[2] > 1.05 * kill[1] > 1.2 * kill[0]
    assert kill[3] > 1.05 * kill[2]


def test_exhausted_cells_carry_lag3_and_tim3() -> None:
    """More antigen over months: more exhausted cells, and more of both receptors on them."""
    patients = settle(n=3, k_exhaustion=np.array([0.5, 1.0, 2.0]) * built().values["k_exhaustion"])
    assert (np.diff(patients.value("exhausted_share")) > 0.05).all()
    assert (np.diff(patients.value("LAG3_signal")) > 0).all()


def test_regulatory_cells_go_by_fc_and_affinity_in_mice_and_hardly_in_patients() -> None:
    drugs = ("ipilimumab", "tremelimumab")
    on = np.array
    bound = {
        "initial": {f"central_{drug}": 600.0 for drug in drugs},
        "affinity_ipilimumab": on([0.0, 1.0, 0.0, 0.01]),
        "affinity_tremelimumab": on([0.0, 0.0, 1.0, 0.0]),
    } | {f"{name}_{drug}": 0.0 for name in ("CL", "Q") for drug in drugs}
    patients = settle(*drugs, n=4, **bound)
    mouse = settle(*drugs, n=4, k_Fc_depletion=0.2 / 24, **bound)
    for these, igg1 in ((patients, (0.8, 0.97)), (mouse, (0.2, 0.6))):
        left = these.value("Treg") / these.value("Treg")[0]
        assert igg1[0] < left[1] < igg1[1]
        assert left[1] < left[3] < 1.0  # less bound, less depleted
        assert left[2] > 0.8  # IgG2 engages little, however well it binds
    assert patients.value("CD28_signal")[2] > 1.05 * patients.value("CD28_signal")[0]


def test_each_kind_of_death_leaves_its_own_danger_and_antigen() -> None:
    stress = {"oxidative_stress": 20.0}
    drugs = ("hydroxychloroquine",)  # brings autophagy and ferroptosis
    base = built(*drugs).values
    patients = settle(
        *drugs,
        n=3,
        **stress,
        danger_ferroptosis=np.array([1.0, base["danger_ferroptosis"], 1.0]),
        antigen_ferroptosis=np.array([1.0, 1.0, base["antigen_ferroptosis"]]),
    )
    danger, antigen = patients.value("danger"), patients.value("antigen_load")
    ripe = patients.value("DC_LN")
    assert danger[1] > 1.3 * danger[0] and antigen[2] < 0.8 * antigen[0]
    assert ripe[1] > 1.01 * ripe[0] > 1.01 * ripe[2]


def test_an_implant_silences_its_share_of_the_tumour() -> None:
    drug = "siG12D-LODER"
    identifier = "siG12D_LODER"
    share = np.array([1.0, 0.3, 0.0])
    patients = settle(
        drug,
        n=3,
        initial={f"central_{identifier}": 1e5},
        **{f"CL_{identifier}": 0.0, f"reached_share_{identifier}": share},
    )
    full = patients.value(f"silencing_reached_{identifier}_sensitive")
    assert full[0] > 5.0
    assert_allclose(
        patients.value("KRAS_mRNA_sensitive"), 1 - share + share / (1 + full), rtol=1e-4
    )
    assert built(drug).table[f"{drug}.reached_share"].value < 0.5


@pytest.mark.slow
def test_vegf_blockade_leaves_a_tumour_that_lives_in_poor_supply_its_growth() -> None:
    patients = settle(
        "bevacizumab",
        n=2,
        initial={"central_bevacizumab": 1200.0},
        affinity_bevacizumab=np.array([0.0, 1.0]),
        CL_bevacizumab=0.0,
        Q_bevacizumab=0.0,
    )
    patients.set_parameters({"tumour_active": 1.0})
    patients.advance(180 * 24.0)
    assert patients.value("vessel_density")[1] < 0.7
    growth = patients.value("relative_size") - 1.0
    assert 0.8 < growth[1] / growth[0] < 1.1
