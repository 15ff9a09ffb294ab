"""What an expectation is worth: read off parameter records, never off a phrase of its own."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from rascade.analyses.claims.records import load_experiments, load_notes
from rascade.analyses.facts.records import load_facts
from rascade.analyses.standing import (
    Standing,
    Target,
    fitted_rows,
    known_targets,
    standing,
    targets_of,
    weakest,
)
from rascade.bench.questions.records import Check
from rascade.evidence import load
from rascade.model import load_table

TABLE = load_table()
NAN = math.nan


def check(effect: str = "rel(pERK, a, 24)", low: float = 1.3, high: float = 3.0, **more) -> Check:
    return Check(**{"claim": "S99", "reading": "right", "effect": effect, "what": "x", "low": low,
                    "high": high, "source": "x", **more})  # fmt: skip


def test_a_row_set_against_a_record_makes_what_is_about_it_fitted() -> None:
    rows = ["K_RAF_AKT", "k_MEK", "trametinib.KD_MEK", "KRAS_share"]
    assert fitted_rows(check(source="bio.perk-rise-pi3k"), rows, TABLE) == ("K_RAF_AKT",)
    # The same record, but another read-out than the one that was set.
    assert fitted_rows(check("rel(pMEK, a, 24)", source="bio.perk-rise-pi3k"), rows, TABLE) == ()
    # A claim that stands as the source of a row; and a fact that tells what it is about.
    assert fitted_rows(check(claim="S11"), rows, TABLE) == ("K_RAF_AKT",)
    assert fitted_rows(check(), rows, TABLE, ["bio.perk-nadir-g12c"]) == ("k_MEK",)
    assert fitted_rows(check(), rows, TABLE) == ()


def test_a_potency_is_fitted_for_its_own_drug_only() -> None:
    rows = ["trametinib.KD_MEK", "selumetinib.KD_MEK"]
    own = check("ic50(ERK_active, doses, 4)", published="trametinib.cell_pERK_IC50")
    assert fitted_rows(own, rows, TABLE, ["trametinib.cell_pERK_IC50"]) == ("trametinib.KD_MEK",)
    other = check("ic50(ERK_active, doses, 4)", source="trametinib.cell_pERK_IC50")
    assert fitted_rows(other, rows, TABLE, ["fact", "trametinib.cell_pERK_IC50"]) == ()


def test_a_calibration_target_is_found_by_its_name_and_by_its_work_and_end_point() -> None:
    rows = ["k_CD8_kill", "k_death"]
    assert fitted_rows(check("orr(ici)", source="evidence CT11"), rows, TABLE) == ("k_CD8_kill",)
    work = check("pfs(ici)", source="1.4 months (PMID:38316517)")
    assert fitted_rows(work, rows, TABLE) == ("k_CD8_kill",)
    assert fitted_rows(check("os(ici)", source="PMID:38316517"), rows, TABLE) == ()
    assert fitted_rows(check("os(arm)", source="PMID:42223072"), rows, TABLE) == ("k_death",)


def test_the_words_of_the_table_are_all_resolved() -> None:
    for row in TABLE.values():
        for words in filter(None, map(str.strip, row.fitted.split(";"))):
            known = words in known_targets() or re.search(r"\w\.\w|CT\d\d|\b[A-Z]\d{1,2}\b", words)
            assert known, (
                f"{row.name}: {words!r}: say in analyses/data/targets.csv what it is about"
            )
    for words, target in known_targets().items():
        for item in target.ids - {"{drug}."}:
            load().record(item)
        assert target.ids, words


def test_a_row_without_a_target_is_set_against_nothing() -> None:
    row = dataclasses.replace(TABLE["k_MEK"], fitted="", source="assumed: minutes")
    assert targets_of(row) == []
    row = dataclasses.replace(row, source="S11 (a remark); PMID:23918833")
    assert targets_of(row) == [Target(frozenset({"S11"}))]


@pytest.mark.parametrize(
    ("given", "kind", "found", "fitted", "expected"),
    [
        (check(), "dish", (1.6, NAN, NAN), (), Standing.TEST),
        (check(), "dish", (1.6, 1.4, 1.9), ("k_MEK",), Standing.FITTED),
        (check(), "dish", (1.6, 1.6, 1.6), ("k_MEK",), Standing.BUILT),
        (check(low=0.999, high=math.inf), "dish", (1.0, NAN, NAN), (), Standing.BUILT),
        (check("at(x, a, 1)", -math.inf, 1e-4), "dish", (0.0, NAN, NAN), (), Standing.BUILT),
        (check(low=1.01, high=math.inf), "mouse", (1.6, NAN, NAN), (), Standing.WEAK),
        (check(low=1.1, high=math.inf), "mouse", (1.6, NAN, NAN), (), Standing.TEST),
        (check(low=0.1, high=10.0), "mouse", (1.6, NAN, NAN), (), Standing.WEAK),
        (check("orr(a)", -math.inf, 1.0), "trial", (0.0, 0.0, 3.0), (), Standing.TEST),
        (check("os_hr(a, b)", -math.inf, 1.0), "trial", (0.8, 0.6, 1.1), (), Standing.WEAK),
        (check("orr_gain(a, b)", 0.0, math.inf), "trial", (8.0, 2.0, 12.0), (), Standing.WEAK),
        (check("orr(a)", 5.0, 20.0), "trial", (10.0, 10.0, 10.0), (), Standing.TEST),
    ],
)  # fmt: skip
def test_what_an_expectation_is_worth(given, kind, found, fitted, expected) -> None:
    assert standing(given, kind, *found, fitted) is expected


def test_together_they_are_a_test_if_one_of_them_is() -> None:
    assert weakest([Standing.WEAK, Standing.TEST, Standing.FITTED]) is Standing.TEST
    assert weakest([Standing.WEAK, Standing.BUILT]) is Standing.BUILT


def test_no_reason_says_that_something_is_missing_which_is_there() -> None:
    told = " ".join(f"{n.reason} {n.review} {n.open}" for n in load_notes().values()).lower()
    assert "adverse" not in told.replace("told by the adverse events of a trial", "")
    assert "toxicity" not in told


def test_what_hid_a_miss_asks_for_what_was_published() -> None:
    checks = [c for e in load_experiments() for c in e.checks if c.claim == "A2"]
    ratio = next(c for c in checks if c.reading == "right" and c.effect.startswith("os_hr"))
    published = load().record("bio.ras-on-os-hr")
    assert (ratio.low, ratio.high) == (published.low, published.high) == (0.3, 0.53)


def test_known_facts_and_held_out_ones_are_told_apart_by_record() -> None:
    assert {fact.role for fact in load_facts().values()} == {"known", "held out"}
