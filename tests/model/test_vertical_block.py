"""RAS, SOS1 or SHP2 inhibition with a MEK inhibitor takes more than either part in a xenograft."""

import pytest

import rascade as rc

MEK = "trametinib 1 mg/kg PO QD"
UPSTREAM = {
    "RAS(ON)": "daraxonrasib 10 mg/kg PO QD",
    "SOS1": "BI-3406 50 mg/kg PO BID",
    "SHP2": "RMC-4630 30 mg/kg PO QD",
}
DAY_42 = 1008


@pytest.fixture(scope="module")
def volume() -> dict[str, float]:
    """Return the tumour's volume on day 42 over that at the start, by treatment."""
    orders = [MEK, *UPSTREAM.values(), *(f"{first} + {MEK}" for first in UPSTREAM.values())]
    experiment = rc.Experiment(
        name="vertical",
        design="xenograft",
        cells=[{"name": "AsPC-1"}],
        treatments=[{"regimen": order} for order in orders],
        readouts=["tumour_volume"],
        hours=[0, DAY_42],
        draws=0,
    )
    table = experiment.run(progress=False, threads=1).table
    levels = table.pivot_table(index="treatment", columns="time_h", values="level")
    return dict(levels[DAY_42] / levels[0])


@pytest.mark.parametrize("target", list(UPSTREAM))
def test_vertical_block_is_better_than_its_better_part(
    volume: dict[str, float], target: str
) -> None:
    both = volume[f"{UPSTREAM[target]} + {MEK}"]
    assert both < 0.9 * min(volume[UPSTREAM[target]], volume[MEK])


def test_the_sizes_of_vertical_block(volume: dict[str, float]) -> None:
    assert volume[f"{UPSTREAM['RAS(ON)']} + {MEK}"] < 0.25
    assert volume[f"{UPSTREAM['SOS1']} + {MEK}"] < 6
    assert volume[f"{UPSTREAM['SHP2']} + {MEK}"] < 7
    assert volume[MEK] < volume["untreated"]
