"""What the field knows of the immune system in pancreatic cancer, repeated in patients and mice.

The facts, with limits and sources, stand in ``rascade/analyses/facts/data/immune.toml``.
"""

import pytest
from fact_checks import assert_breaks, assert_holds, assert_kept

from rascade.analyses.facts.records import Fact, find_facts
from rascade.analyses.facts.run import run_facts

OPEN: dict[str, str] = {  # fact -> why it does not hold; its figure tells it too
    "bliss-immunocompetent": "MRTX1133 alone leaves little to add: excess of 0.008, not 0.01",
}


def is_slow(fact: Fact) -> bool:
    """Return whether a fact takes more than seconds: a larger trial."""
    return fact.experiment.kind == "trial" and fact.experiment.size > 60


IMMUNE = {fact.id: fact for fact in find_facts(["immune"])}
QUICK = [name for name, fact in IMMUNE.items() if not is_slow(fact)]


def marked(name: str):
    marks = [pytest.mark.xfail(strict=True, reason=OPEN[name])] if name in OPEN else []
    return pytest.param(name, marks=[*marks, *([] if name in QUICK else [pytest.mark.slow])])


@pytest.fixture(scope="module")
def results():
    return {result.fact.id: result for result in run_facts(QUICK, threads=2)}


@pytest.mark.parametrize("fact", [marked(name) for name in IMMUNE])
def test_the_fact_holds(fact: str, results) -> None:
    assert_holds(results[fact] if fact in results else run_facts([fact], threads=2)[0])


def test_what_the_texts_quote_is_what_comes_out(results) -> None:
    assert_kept("immune", IMMUNE, results.values())


BROKEN = {  # fact -> what breaks it
    "krasi-pd1-mice": {"CD8_level": 0.0},  # no CD8 T cell enters
    "krasi-pd1-needs-cd8": {"k_CD8_kill[mouse]": 0.0},  # T cells do not kill
    "bliss-immunocompetent": {"PD1_50": 1e6},  # PD-1 does not signal
    "barriers-ranked": {"K_TMB": 0.01, "TMB_reference": 1.8},  # every tumour is seen as well as any
    "krasi-surroundings-mice": {"MHC_gain": 0.0},  # ERK leaves MHC-I alone
    "krasi-surroundings-patient": {"GM_CSF_iCAF": 1.0, "CAF_KRAS": 0.0, "MDSC_IL6": 0.0},
    "pd1-lead-in": {"priming_needs_ERK": 0.0, "division_needs_ERK": 0.0},
    "anti-vegf-dose": {"leak_loss": 0.0},  # leaky vessels carry as much blood
    "b2m-selected": {"k_CD8_kill": 0.0},
    "vaccine-kinetics": {"autogene cevumeran.memory_share": 0.0},
    "tcr-t-kinetics": {"KRAS G12D TCR-T.expansion_fold": 0.01},
    "car-t-transient": {"CARTmeso.k_persistence_loss": 0.0, "CARTmeso.k_attrition": 0.0},
    "car-t-barriers": {"matrix_barrier": 0.0, "matrix_squeeze": 0.0},
    "m2-exosomes": {"M2_exosome": 0.0},  # macrophages do not heed exosomes
}


@pytest.mark.parametrize("fact", sorted(set(BROKEN) - set(OPEN)))
def test_a_broken_mechanism_fails_the_fact(fact: str, results) -> None:
    assert_breaks(results[fact], BROKEN[fact])
