"""Verdicts on claims follow from the mechanisms: break one and its verdict flips."""

from __future__ import annotations

import json
import math

import pytest

from rascade.analyses.claims.records import (
    load_experiments,
    load_notes,
    parse_experiments,
    parse_notes,
)
from rascade.analyses.claims.run import IN_ERROR, find_claims, run_claims
from rascade.analyses.claims.tables import ClaimRecord, records
from rascade.analyses.claims.verdict import Verdict, judge, together
from rascade.errors import EvidenceError, InputError
from rascade.evidence import load
from rascade.model import load_table
from rascade.trial.results.records.codec import from_json, to_json

DRAWS = 20
MORE_DRAWS = {"U8": 60}  # most sets are left out in mice: of 20 too few remain
KEYS = ["id", "verdict", "scientific_status", "effect", "ci", "experiment"]

SUPPORTED = {  # claim -> what breaks it
    "S4": {"alpelisib.affinity": 0.0},
    "S5": {"MK-2206.affinity": 0.0},
    "S7": {"MK-2206.affinity": 0.0, "K_TSC_AKT": 1e-9},
    "S9": {"K_SOS_SPRY": 1e9, "K_SOS_ERK": 1e9, "K_SOS_S6K": 1e9, "K_RAF_ERK": 1e9, "k_DUSP": 0.0},
    "S16": {"zoldonrasib.affinity": 0.0},
    "K2": {"sotorasib.affinity": 0.0},
    "K8": {"sotorasib.affinity": 0.0},
    "K9": {"daraxonrasib.affinity": 0.0},
    "K13": {"dabrafenib.KD_RAF_second": 1e-4, "dabrafenib.KD_RAF_monomer": 0.25},
    "U4": {"K_peroxide_AMPK": 1e9, "k_ferroptosis": 20.0},
    "U5": {"K_peroxide_AMPK": 1e9},
    "U9": {"autophagy_support": 0.0},
    "R6": {"MUC4_share": 0.0},
}
UNCERTAIN = {
    "U8": {"K_ferritinophagy": 1e-9},
    "U11": {"inlexisertib.affinity": 0.0},
    "S1": {"PI3K_RAS": 0.0},
    "S6": {"AKT_one_site": 1.0},
    "S8": {"everolimus.affinity": 0.0},
    "S11": {"K_GAB1_ERK": 1e9, "RTK_gain_ERK": 0.0},
    "S12": {"K_GAB1_ERK": 1e9, "RTK_gain_ERK": 0.0},
    "K10": {"daraxonrasib.affinity": 0.0},
    "K14": {"RMC-4630.affinity": 0.0},
    "R2": {"k_KRAS_mRNA": 0.0},
    "S10": {"trametinib.affinity": 0.0},
    "R1": {"siG12D-LODER.affinity": 0.0},
}


def verdicts(*ids: str, **more) -> dict[str, Verdict]:
    draws = max(MORE_DRAWS.get(id, DRAWS) for id in ids) if len(ids) == 1 else DRAWS
    return {r.claim.id: r.verdict for r in run_claims(ids, draws=draws, **more)}


@pytest.fixture(scope="module")
def intact() -> dict[str, Verdict]:
    return verdicts(*SUPPORTED, *UNCERTAIN)


@pytest.mark.parametrize("claim", sorted(SUPPORTED))
def test_a_broken_mechanism_flips_support_to_contradiction(claim: str, intact) -> None:
    assert intact[claim] is Verdict.SUPPORTED
    broken = load_table().with_values(SUPPORTED[claim])
    assert verdicts(claim, table=broken)[claim] is Verdict.CONTRADICTED


@pytest.mark.parametrize("claim", sorted(UNCERTAIN))
def test_a_broken_mechanism_contradicts_what_was_open(claim: str, intact) -> None:
    before = verdicts(claim)[claim] if claim in MORE_DRAWS else intact[claim]
    assert before in (Verdict.UNCERTAIN, Verdict.OUTSIDE)
    broken = load_table().with_values(UNCERTAIN[claim])
    assert verdicts(claim, table=broken)[claim] is Verdict.CONTRADICTED


def test_the_reviews_own_sentence_turns_true_where_the_drug_is_taken_away() -> None:
    silent = load_table().with_values({"daraxonrasib.affinity": 0.0})
    for table, expected in ((load_table(), "contradicted"), (silent, "supported")):
        (result,) = run_claims(["K9"], draws=DRAWS, table=table)
        assert result.review_verdict is Verdict(expected)


@pytest.mark.slow
def test_resistance_lengthens_nothing_where_no_cell_is_resistant() -> None:
    clones = {f"clone_fraction[escape_{n}]": 1e-6 for n in (1, 2)}
    without = load_table().with_values({**clones, "k_resistance": 0.0})
    assert verdicts("K5")["K5"] is Verdict.SUPPORTED
    assert verdicts("K5", table=without)["K5"] is Verdict.CONTRADICTED


@pytest.mark.slow
def test_a_g12c_drug_that_binds_nothing_does_not_work_in_part() -> None:
    silent = load_table().with_values({"adagrasib.affinity": 0.0, "sotorasib.affinity": 0.0})
    (before,), (after,) = (run_claims(["K4"], draws=1, table=t) for t in (None, silent))
    rates = [
        [c.effect for c in r.checks if c.check.effect.startswith("orr")] for r in (before, after)
    ]
    assert min(rates[0]) > 8 > max(rates[1])
    assert after.verdict is Verdict.CONTRADICTED


def test_every_claim_has_an_experiment_or_a_reason() -> None:
    tested = {c.claim for e in load_experiments() for c in e.checks if c.reading == "right"}
    claims = load().claims
    assert len(claims) == 105
    for claim in claims:
        note = load_notes().get(claim.id)
        if claim.id in tested:
            assert note is None or not note.reason, claim.id
        else:
            assert note is not None and note.reason, claim.id
    untested = {"S2", "K3", "U1", "R5", "R8", "I1", "T5", "C9", "G3", "B1"}
    assert {c.id for c in claims if c.id not in tested} == untested


def test_every_sentence_of_the_review_that_errs_is_tested_or_has_a_reason() -> None:
    own = {c.claim for e in load_experiments() for c in e.checks if c.reading == "review"}
    for claim in load().claims:
        note = load_notes().get(claim.id)
        if claim.status in IN_ERROR and claim.id not in own:
            assert note is not None and (note.review or note.reason), claim.id


def test_verdicts_follow_from_intervals_alone() -> None:
    assert judge(1.0, 2.0, 0.5, 2.0) is Verdict.SUPPORTED
    assert judge(1.0, 2.0, 1.5, 3.0) is Verdict.UNCERTAIN
    assert judge(1.0, 2.0, 2.1, math.inf) is Verdict.CONTRADICTED
    assert judge(1.0, 2.0, -math.inf, 0.9) is Verdict.CONTRADICTED
    assert judge(math.nan, 2.0, 0.0, 3.0) is Verdict.UNCERTAIN
    assert judge(1.0, 2.0, 1.5, 3.0, effect=1.6) is Verdict.UNCERTAIN
    assert judge(1.0, 2.0, 1.5, 3.0, effect=1.4) is Verdict.OUTSIDE
    assert judge(1.0, 2.0, 0.0, 1.5, effect=1.6) is Verdict.OUTSIDE
    assert together([]) is Verdict.NOT_TESTABLE
    yes, no, open_ = Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.UNCERTAIN
    assert together([yes, yes]) is yes
    assert together([yes, open_]) is open_
    assert together([yes, open_, no]) is no
    assert together([yes, open_, Verdict.OUTSIDE]) is Verdict.OUTSIDE
    assert together([Verdict.OUTSIDE, no]) is no


def test_nothing_in_the_data_types_a_verdict() -> None:
    words = {v.value for v in Verdict}
    for experiment in load_experiments():
        for check in experiment.checks:
            assert not words & {check.source, check.what}


def test_records_keep_the_contract() -> None:
    found = records(run_claims(["S2", "S4", "K9"], draws=5))
    assert [r.id for r in found] == ["S2", "S4", "K9"]
    for record in found:
        assert list(to_json(record))[: len(KEYS)] == KEYS
        assert from_json(ClaimRecord, json.loads(json.dumps(to_json(record)))) == record
        assert record.verdict in {v.value for v in Verdict}
    structural, lipid, wording = found
    assert structural.effect is None and structural.ci is None and structural.reason
    assert lipid.ci[0] <= lipid.effect <= lipid.ci[1]
    assert lipid.review_verdict == "not testable here" and lipid.review_reason
    assert wording.review_verdict == "contradicted"


def test_a_claim_does_not_depend_on_what_is_tested_beside_it_or_on_threads() -> None:
    (alone,) = records(run_claims(["S8"], draws=8))
    beside = records(run_claims(["S8", "S5"], draws=8, threads=2))
    assert alone == next(r for r in beside if r.id == "S8")
    (other,) = records(run_claims(["S8"], draws=8, seed=1))
    assert other.effect == alone.effect and other.ci != alone.ci


def test_parameters_set_for_a_claim_are_named() -> None:
    found = records(run_claims(["K10", "S9"], draws=3))
    tuned = {r.id: {name for c in r.checks for name in c.tuned} for r in found}
    assert "K_SOS_SPRY" in tuned["K10"]
    assert not tuned["S9"]


def test_unknown_claims_and_wrong_numbers_are_told() -> None:
    with pytest.raises(EvidenceError, match="did you mean 'K8'"):
        run_claims(["K88"])
    with pytest.raises(InputError, match="--draws: 0"):
        run_claims(["S8"], draws=0)
    with pytest.raises(InputError, match="--seed"):
        run_claims(["S8"], seed=-1)
    assert [c.id for c in find_claims(["k8", "A1"])] == ["A1", "K8"]


GOOD = """
[[experiment]]
id = "x"
title = "x"
kind = "dish"
hours = [1]
[experiment.conditions]
a = { allele = "G12D" }
[[experiment.checks]]
claim = "S1"
reading = "right"
what = "x"
effect = "rel(pERK, a, 1)"
high = 1.0
source = "x"
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "dish"', 'kind = "bowl"', "kind: 'bowl'"),
        ('reading = "right"', 'reading = "left"', "reading: 'left'"),
        ("high = 1.0", "", "expects nothing"),
        ("high = 1.0", "high = 1.0\nlow = 2.0", "expects nothing"),
        ('source = "x"', "", "source: missing"),
        ("hours = [1]", "hour = [1]", "hour: unknown key"),
        ('allele = "G12D"', 'alele = "G12D"', "alele: unknown key"),
        ("[[experiment.checks]]", "[[experiment.cheks]]", "cheks: unknown key"),
        ("hours = [1]", 'hours = [1]\ncontrol = "b"', "control: there is no condition 'b'"),
    ],
)
def test_a_wrong_experiment_is_refused(old: str, new: str, says: str) -> None:
    assert parse_experiments(GOOD, "x.toml")[0].id == "x"
    with pytest.raises(EvidenceError, match=says):
        parse_experiments(GOOD.replace(old, new), "x.toml")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('kind = "dish"', 'kind = "bowl"', 5),
        ('allele = "G12D"', 'alele = "G12D"', 8),
        ('source = "x"', "", 9),
        ('reading = "right"', 'reading = "left"', 11),
        ("hours = [1]", 'hours = [1]\ncontrol = "b"', 7),
    ],
)
def test_a_complaint_names_the_line_of_its_key(old: str, new: str, line: int) -> None:
    with pytest.raises(EvidenceError, match=rf"^x\.toml:{line}: x: "):
        parse_experiments(GOOD.replace(old, new), "x.toml")


def test_a_reason_must_say_something() -> None:
    with pytest.raises(EvidenceError, match=r"x\.csv:2: S1: reason"):
        parse_notes("claim,reason,review,open\nS1,,,\n", "x.csv")
    with pytest.raises(EvidenceError, match="twice"):
        parse_notes("claim,reason,review,open\nS1,a,,\nS1,b,,\n", "x.csv")
