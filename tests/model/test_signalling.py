"""What the field knows of KRAS signalling under drugs, repeated in a dish.

The facts, with limits and sources, stand in ``rascade/analyses/facts/data/signalling.toml``.
"""

import numpy as np
import pytest
from dish import Dish
from fact_checks import assert_breaks, assert_holds, assert_kept

from rascade.analyses.facts.records import find_facts
from rascade.analyses.facts.run import run_facts
from rascade.model import assemble, known_drugs
from rascade.model.mechanisms import load_mechanisms

SIGNALLING = [fact.id for fact in find_facts(["signalling"])]
OPEN: dict[str, str] = {}  # fact -> why it does not hold; the model page tells it too


@pytest.fixture(scope="module")
def results():
    return {result.fact.id: result for result in run_facts(["signalling"], threads=2)}


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=OPEN[name]))
        if name in OPEN
        else name
        for name in SIGNALLING
    ],
)
def test_the_fact_holds(fact: str, results) -> None:
    assert_holds(results[fact])


def test_what_the_texts_quote_is_what_comes_out(results) -> None:
    assert_kept("signalling", results, results.values())


BROKEN = {  # fact -> what breaks it
    "g12c-rebound": {"sotorasib.affinity": 0.0},
    "g12c-partners": {"RMC-4630.affinity": 0.0},
    "ras-on-rebound": {"daraxonrasib.affinity": 0.0},
    "mek-feedback": {"K_GAB1_ERK": 1e9, "RTK_gain_ERK": 0.0},
    "ferroptosis-lkb1": {"K_peroxide_AMPK": 1e9},
    "muc4-growth": {"MUC4_share": 0.0},
    "potency-trametinib": {"trametinib.KD_MEK": 10.0},
}


@pytest.mark.parametrize("fact", sorted(BROKEN))
def test_a_broken_mechanism_fails_the_fact(fact: str, results) -> None:
    assert_breaks(results[fact], BROKEN[fact])


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


@pytest.mark.slow
def test_the_switch_of_every_drug_turns_it_off() -> None:
    for drug in known_drugs():
        assembly = assemble([drug], setting="culture", clones=["sensitive"])
        identifier = known_drugs()[drug].identifier
        switch = f"affinity_{identifier}"
        if switch not in assembly.system.parameters:
            acts = {load_mechanisms()[m].per for m in known_drugs()[drug].mechanisms}
            assert "drug and clone" not in acts, drug  # nothing on cells to turn off
            continue
        readouts = ("pERK", "pAKT", "cycling")
        dish = Dish("G12C", {drug: 1000.0}, **{switch: 0.0})
        for values in dish.course(*readouts):
            np.testing.assert_allclose(values, 1.0, rtol=1e-3, err_msg=drug)
