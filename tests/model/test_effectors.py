"""Effectors of RAS beside RAF, and the part of a clone that cytotoxics hardly kill."""

import pytest
from test_exposure import treat
from test_response import DOUBLET, course

WEEK_4 = [24.0 * 21 + hour for hour in range(0, 168, 6)]
ORDERS = ("", "trametinib 2 mg PO QD", "ulixertinib 600 mg PO BID", "daraxonrasib 300 mg PO QD")
READS = ("effector_engaged_sensitive", "BIM_free_sensitive", "cycling_sensitive")


@pytest.fixture(scope="module")
def seen() -> dict[str, list[float]]:
    """Return the mean over week 4 of each read-out, by treatment (its first word)."""
    drugs = [order.split()[0] for order in ORDERS if order]
    _, after = treat(drugs, ORDERS, READS, WEEK_4)
    names = ["none", *drugs]
    return {name: list(after[who].mean(axis=0)) for who, name in enumerate(names)}


@pytest.mark.parametrize("drug", ["trametinib", "ulixertinib"])
def test_what_lies_below_ras_raises_its_other_effectors(seen, drug: str) -> None:
    """No activity in patients with MEK inhibitors (PMID:27978579), activity with RAS inhibitors."""
    assert seen[drug][0] > 1.3 * seen["none"][0]
    assert seen["daraxonrasib"][0] < 0.4 * seen["none"][0]
    assert seen[drug][1] < 0.35 * seen["daraxonrasib"][1]
    assert seen[drug][2] > 3 * seen["daraxonrasib"][2]


def test_cytotoxics_select_the_cells_they_spare() -> None:
    reads = ("spared_sensitive", "cytotoxic_hit_sensitive")
    found = {line: course(DOUBLET, reads, [0.001, 84.0], line=line) for line in (1, 2)}
    for values in found.values():
        spared, hit = values["spared_sensitive"][0], values["cytotoxic_hit_sensitive"][0]
        assert spared[1] > 1.2 * spared[0] and hit[1] < hit[0]
    assert found[1]["spared_sensitive"][0, 0] < 0.7 * found[2]["spared_sensitive"][0, 0]
