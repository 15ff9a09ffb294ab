"""Verdicts on the immune claims follow from the mechanisms: break one and its verdict flips.

Every experiment is cut down to one claim's expectations and the conditions that they read.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache

import pytest

from rascade.analyses.claims.records import load_experiments
from rascade.analyses.claims.run import check_experiment
from rascade.analyses.claims.verdict import Verdict, together
from rascade.bench.questions.records import Check, Experiment
from rascade.model import load_table

DRAWS = 3
KRASI, BARRIERS = "krasi-pd1-mice", "barriers-patient"
ORDER, MACROPHAGES = "mek-pd1-order-mice", "macrophage-axis-mice"
OCCUPANCY, VACCINE = "occupancy-patient", "vaccine-patient"
NO_BRAKE_ON_DC = {f"DC_{name}": 0.0 for name in ("TGFb", "IL6", "IL10", "VEGF", "MDSC")}
DEAF_STROMA = {"GM_CSF_iCAF": 1.0, "CAF_KRAS": 0.0, "CAF_TGFb": 0.0, "MDSC_IL6": 0.0}
DEAF_VESSELS = {"gate_VEGF": 0.0, "leak_loss": 0.0, "DC_VEGF": 0.0, "Treg_VEGF": 0.0}

BREAKS = [  # claim, experiment, words in the effects that are read, what breaks it
    ("A4", KRASI, "reach(tumour_volume, both, 10)", {"CD8_level": 0.0}),
    ("M5", KRASI, "reach(tumour_volume, both, 10)", {"k_CD8_kill": 0.0}),
    ("G1", KRASI, "reach(tumour_volume, both, 10)", {"nivolumab.affinity": 0.0}),
    ("Y1", KRASI, "danger", {"MRTX1133.affinity": 0.0}),
    ("T6", KRASI, "DC_mature", {**NO_BRAKE_ON_DC, "K_danger": 1e-9, "K_antigen": 1e-9}),
    ("Y3", KRASI, "VEGF", {"VEGF_hypoxia": 1.0, "VEGF_M2": 0.0, "hypoxia_perfusion": 0.0}),
    ("A6", BARRIERS, "MDSC", DEAF_STROMA),
    ("C6", BARRIERS, "PDL1", {"PDL1_gain_IFNg": 0.0}),
    ("C7", BARRIERS, "CD8_LN", {"CTLA4_advantage": 0.0}),
    ("T9", BARRIERS, "low_burden", {"K_TMB": 1e-9}),
    ("T11", BARRIERS, "little_help", {"divisions_CD28": 0.0}),
    ("T12", BARRIERS, "entry", DEAF_VESSELS),
    ("C1", OCCUPANCY, "T_cell_kill", {"nivolumab.affinity": 0.0}),
    ("U7", MACROPHAGES, "stressed_ager", {"M2_exosome": 0.0}),
    ("Y2", ORDER, "MHC_I", {"MHC_gain": 0.0}),
    ("M3", VACCINE, "vaccine_T_cells", {"autogene cevumeran.k_priming_vaccine": 0.0}),
    ("M4", VACCINE, "vaccine_T_cells", {"autogene cevumeran.vaccine_PD1_gain": 0.0}),
]
SLOW = [
    ("Y4", "anti-vegf-patient", "hypoxia", {"K_vessel_VEGF": 1e-9}),
    ("T10", "more-checkpoints-patient", "lag3", {"exhaustion_LAG3": 0.0}),
    ("I4", "more-checkpoints-patient", "CD8_LN", {"ipilimumab.affinity": 0.0}),
    ("M1", "til-patient", "at(tumour_volume, til, 2016)", {"selected TIL.affinity": 0.0}),
    ("A7", "vaccine-cytokines-mice", "DC_mature", {"CD40_ripening": 0.0}),
    ("T4", ORDER, "area", {"priming_needs_ERK": 0.0, "stress_needs_ERK": 1.0}),
]


def cut(claim: str, name: str, words: str, reading: str = "right") -> Experiment:
    """Return what an experiment expects of one claim in some words, and the conditions read."""
    experiment = next(e for e in load_experiments() if e.id == name)
    checks = tuple(
        c
        for c in experiment.checks
        if c.claim == claim and words in c.effect and c.reading == reading
    )
    assert checks, f"{name} has no expectation of {claim} on {words}"
    named = {word for check in checks for word in re.findall(r"\w+", check.effect)}
    conditions = tuple(c for c in experiment.conditions if c.name in named)
    # A few sets are too few to leave any out.
    return dataclasses.replace(experiment, checks=checks, conditions=conditions, control="")


@cache
def intact(claim: str, name: str, words: str) -> Verdict:
    return together([r.verdict for r in check_experiment(cut(claim, name, words), draws=DRAWS)])


def broken(claim: str, name: str, words: str, values: dict[str, float]) -> Verdict:
    """Return the verdict where every condition and every drawn set has the broken values."""
    experiment = cut(claim, name, words)
    conditions = tuple(
        dataclasses.replace(c, set={**c.set, **values}) for c in experiment.conditions
    )
    found = check_experiment(dataclasses.replace(experiment, conditions=conditions), draws=DRAWS)
    return together([r.verdict for r in found])


@pytest.mark.parametrize(("claim", "name", "words", "values"), BREAKS)
def test_a_broken_mechanism_flips_its_claim(claim, name, words, values) -> None:
    assert intact(claim, name, words) is not Verdict.CONTRADICTED
    assert broken(claim, name, words, values) is Verdict.CONTRADICTED


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "name", "words", "values"), SLOW)
def test_a_broken_mechanism_flips_its_claim_too(claim, name, words, values) -> None:
    assert intact(claim, name, words) is not Verdict.CONTRADICTED
    assert broken(claim, name, words, values) is Verdict.CONTRADICTED


def test_the_reviews_half_of_the_tumour_turns_true_where_mdsc_are_that_many() -> None:
    experiment = cut("T1", "composition-patient", "MDSC", "review")
    many = load_table().with_values({"MDSC_reference": 200.0})
    for table, expected in ((load_table(), Verdict.CONTRADICTED), (many, Verdict.SUPPORTED)):
        (result,) = check_experiment(experiment, table=table, draws=DRAWS)
        assert result.verdict is expected


def test_sets_whose_untreated_tumour_nobody_has_are_left_out() -> None:
    experiment = next(e for e in load_experiments() if e.id == "vaccine-patient")
    check = next(c for c in experiment.checks if c.claim == "M4")
    experiment = dataclasses.replace(experiment, checks=(check,))
    loose = dataclasses.replace(experiment, control="")
    (gated,), (free,) = (check_experiment(e, draws=8) for e in (experiment, loose))
    assert "left out, implausible without treatment" in gated.interval
    assert free.interval == "5 % to 95 % of 8 drawn parameter sets"
    assert gated.effect == free.effect and gated.failed == free.failed == 0


def test_synergy_needs_lymphocytes() -> None:
    """The same treatments in nude mice leave nothing beyond independence."""
    nude = next(e for e in load_experiments() if e.id == "krasi-pd1-nude-mice")
    assert {r.verdict for r in check_experiment(nude, draws=1)} == {Verdict.SUPPORTED}


def test_review_sentences_of_the_immune_sections_are_tested() -> None:
    own = {c.claim for e in load_experiments() for c in e.checks if c.reading == "review"}
    assert {"A8", "C6", "T1", "T8", "Y4"} <= own


def test_claims_on_mice_stand_on_mice_and_claims_on_people_on_patients() -> None:
    kinds: dict[str, set[str]] = {}
    for experiment in load_experiments():
        for check in experiment.checks:
            kinds.setdefault(check.claim, set()).add(experiment.kind)
    for claim in ("M5", "T4", "U7", "U8", "Y1", "M6"):
        assert "mouse" in kinds[claim], claim
    for claim in ("A3", "A8", "I5", "I6", "C2", "C6", "C8", "M2"):
        assert "trial" in kinds[claim], claim
    for check in _all_checks():
        assert "assumed" in check.source or "claims" in check.source or ":" in check.source


def _all_checks() -> list[Check]:
    return [check for experiment in load_experiments() for check in experiment.checks]
