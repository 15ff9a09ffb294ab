"""Knock-outs, set values and wanted mechanisms."""

import numpy as np
import pytest

from rascade.engine import Settings, Simulation
from rascade.errors import InputError
from rascade.model import Interventions, assemble, knockouts, load_table
from rascade.model.mechanisms import load_mechanisms

READ = ("CD8", "Treg", "MDSC", "M1", "M2", "Th", "PDL1", "matrix", "IL6", "VEGF", "TGFb")


def at_rest(changes: Interventions) -> dict[str, float]:
    assembly = assemble(table=load_table().with_values(changes.parameters), include=changes.include)
    simulation = Simulation(
        assembly.system,
        patients=1,
        parameters={**assembly.values, "tumour_active": 0.0},
        start=-360 * 24.0,
        settings=Settings(),
    )
    simulation.advance(0.0)
    assert not simulation.failures()
    return {name: float(simulation.value(name)[0]) for name in READ}


@pytest.fixture(scope="module")
def intact() -> dict[str, float]:
    return at_rest(Interventions())


@pytest.mark.parametrize("name", sorted(knockouts()))
def test_everything_that_can_be_knocked_out_is_a_row(name: str) -> None:
    item = knockouts()[name]
    assert item.row in load_table()
    assert Interventions((name.upper(),)).parameters == {item.row: item.value}
    assert item.about


@pytest.mark.parametrize(
    ("name", "pool"),
    [("MDSC", "MDSC"), ("Treg", "Treg"), ("CD8", "CD8"), ("CD274", "PDL1"), ("stroma", "matrix"),
     ("IL6", "IL6"), ("VEGFA", "VEGF"), ("TGFB1", "TGFb"), ("Th", "Th")],
)  # fmt: skip
def test_a_knock_out_empties_its_pool_and_spares_the_others(name, pool, intact) -> None:
    without = at_rest(Interventions((name,)))
    assert without[pool] < 0.01 * intact[pool]
    spared = [other for other in READ if without[other] > 0.01 * intact[other]]
    assert len(spared) >= len(READ) - 2


def test_macrophages_go_together() -> None:
    without = at_rest(Interventions(("macrophages",)))
    assert without["M1"] < 1e-3 and without["M2"] < 1e-3


def test_what_comes_later_has_the_last_word() -> None:
    first = Interventions(("MDSC",), {"stroma_density": 0.3}, ("autophagy",))
    second = Interventions(("Treg",), {"stroma_density": 0.5})
    merged = Interventions.merged((first, second))
    assert merged.parameters == {"MDSC_level": 0.0, "Treg_level": 0.0, "stroma_density": 0.5}
    assert merged.include == ("autophagy",)
    assert Interventions(("MDSC",), {"MDSC_level": 2.0}).parameters == {"MDSC_level": 2.0}


def test_autophagy_comes_with_what_it_does_to_mhc() -> None:
    names = {copy.mechanism.name for copy in assemble(include=["autophagy"]).composition.copies}
    assert {"autophagy", "autophagy_presentation"} <= names
    plain = {copy.mechanism.name for copy in assemble().composition.copies}
    assert not plain & {name for name, item in load_mechanisms().items() if item.on_demand}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            Interventions(("MDSCs",)),
            "nothing called 'MDSCs' can be knocked out; did you mean 'MDSC'",
        ),
        (Interventions(set={"stroma_densit": 1.0}), "no parameter 'stroma_densit'"),
        (Interventions(set={"stroma_density": np.nan}), "not a finite number"),
        (Interventions(include=("autophagie",)), "did you mean 'autophagy'"),
        (Interventions(include=("t_cells",)), "it is always there"),
    ],
)
def test_what_can_be_wrong(changes: Interventions, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("(", r"\(")):
        changes.check()
