"""Every rule of `check` is broken once on a copied folder, and must be named at its place."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rascade.evidence import Evidence, Problem, load
from rascade.evidence.check import check
from rascade.evidence.check_trials import reachable

RULES = [
    # file, row, field, bad value, field complained of, part of the message
    ("drug_facts.csv", "daraxonrasib.half_life", "unit", "", "unit", "without a unit"),
    ("drug_facts.csv", "daraxonrasib.half_life", "unit", "furlong/parsnip", "unit", "unknown unit"),
    ("drug_facts.csv", "daraxonrasib.half_life", "unit", "text", "unit", "has unit 'text'"),
    ("drug_facts.csv", "sotorasib.MTD", "unit", "h", "unit", "a text has unit 'text'"),
    ("biology.csv", "bio.tp53-mutated", "sources", "", "sources", "without a source"),
    ("biology.csv", "bio.tp53-mutated", "sources", "PMID:28810145", "sources", "did you mean"),
    ("drug_facts.csv", "sotorasib.tmax", "low", "1.5", "low", "above the value"),
    ("drug_facts.csv", "sotorasib.tmax", "high", "0.5", "high", "below the value"),
    ("drug_facts.csv", "sotorasib.tmax", "range", "", "range", "what low and high mean"),
    ("drug_facts.csv", "sotorasib.dose", "range", "95 % CI", "range", "only where there are any"),
    ("drug_facts.csv", "sotorasib.free_cmax", "derivation", "", "derivation", "from what and how"),
    ("drug_facts.csv", "sotorasib.dose", "id", "sotorasib.tmax", "id", "already used at"),
    ("drug_facts.csv", "sotorasib.dose", "subject", "sotorasip", "subject", "mean 'sotorasib'"),
    ("trials.csv", "mpact.gemcitabine", "drugs", "gemcitabin", "drugs", "mean 'gemcitabine'"),
    ("drugs.csv", "adagrasib", "aliases", "AMG 510", "aliases", "also belongs to sotorasib"),
    ("claims.csv", "K11", "right_reading", "", "right_reading", "give its right reading"),
    ("citations.csv", "PMID:42223072", "identifier", "42x", "identifier", "not a PMID"),
    ("citations.csv", "PMID:42223072", "doi", "NEJMoa", "doi", "not a DOI"),
    ("citations.csv", "PMID:42223072", "pmid", "42090791", "pmid", "already belongs to"),
    ("trials.csv", "rasolute-302.daraxonrasib", "n", "0", "n", "0 patients cannot be"),
    ("trials.csv", "rasolute-302.daraxonrasib", "orr_pct", "130", "orr_pct", "outside 0 to 100"),
    ("trials.csv", "krystal-1-pdac.adagrasib", "orr_pct", "33.9", "orr_pct", "no whole number"),
    ("trials.csv", "krystal-1-pdac.adagrasib", "dcr_pct", "20", "dcr_pct", "below response"),
    ("trials.csv", "mpact.gemcitabine", "n_evaluable", "500", "n_evaluable", "cannot be"),
    (
        "trials.csv",
        "mpact.gemcitabine",
        "os_ci_low_months",
        "6.9",
        "os_ci_low_months",
        "above os_median_months",
    ),
    (
        "trials.csv",
        "mpact.gemcitabine",
        "os_ci_high_months",
        "6.5",
        "os_ci_high_months",
        "below os_median_months",
    ),
    (
        "trials.csv",
        "rasolute-302.daraxonrasib",
        "grade3plus_basis",
        "",
        "grade3plus_basis",
        "treatment-related or any-cause",
    ),
    ("trials.csv", "mpact.gemcitabine", "grade3plus_pct", "30", "grade3plus_pct", "how this"),
    ("trial_cells.csv", "mpact.gemcitabine:n", "arm_id", "mpact.gem", "arm_id", "no trial arm"),
    ("trial_cells.csv", "mpact.gemcitabine:n", "field", "m", "field", "no field 'm'"),
    (
        "trial_cells.csv",
        "mpact.gemcitabine:n",
        "field",
        "grade3plus_pct",
        "field",
        "has no grade3plus_pct",
    ),
    ("contrasts.csv", "contrast.rasolute-302.os", "low", "0.5", "low", "above the hazard ratio"),
    ("contrasts.csv", "contrast.rasolute-302.os", "high", "0.3", "high", "below the hazard ratio"),
    ("contrasts.csv", "contrast.rasolute-302.os", "hazard_ratio", "-1", "hazard_ratio", "not a"),
    ("contrasts.csv", "contrast.rasolute-302.os", "arm_id", "rasolute", "arm_id", "no trial arm"),
    (
        "adverse_events.csv",
        "ae.folfirinox.diarrhea.prodige-4-accord-11",
        "n",
        "3",
        "grade3plus_pct",
        "no whole number of 3",
    ),
    (
        "adverse_events.csv",
        "ae.sotorasib.hepatotoxicity-grouped.pooled-nsclc-960-mg",
        "any_grade_pct",
        "11",
        "grade3plus_pct",
        "above any grade",
    ),
    (
        "conflicts.csv",
        "conflict.trametinib-volume",
        "records",
        "trametinib.volum",
        "records",
        "did you mean",
    ),
    ("conflicts.csv", "conflict.trametinib-volume", "records", "", "records", "at least one row"),
    ("conflicts.csv", "conflict.trametinib-volume", "why", "", "why", "say why"),
]


def errors(found: list[Problem]) -> list[Problem]:
    return [problem for problem in found if problem.severity == "error"]


def test_the_packages_own_evidence_has_no_error(evidence: Evidence) -> None:
    assert errors(check(evidence)) == []


@pytest.mark.parametrize(("file", "row", "field", "bad", "complained", "message"), RULES)
def test_a_broken_rule_is_named(
    file: str, row: str, field: str, bad: str, complained: str, message: str, edit, folder: Path
) -> None:
    line = edit(file, row, field, bad)
    found = errors(check(load(folder)))
    here = [p for p in found if p.file == file and p.field == complained and message in p.message]
    assert here, "\n".join(map(str, found))
    if field != "id":
        assert here[0].line == line
    assert str(here[0]).startswith(f"{file}:")


def test_an_id_used_twice_names_the_second_place(edit, folder: Path) -> None:
    edit("biology.csv", "bio.tp53-mutated", "id", "bio.kras-g12d-share")
    found = [p for p in errors(check(load(folder))) if p.rule == "id"]
    assert len(found) == 1
    assert "biology.csv:" in found[0].message


def test_a_drug_named_twice(edit, folder: Path) -> None:
    edit("drugs.csv", "adagrasib", "name", "sotorasib")
    found = [p for p in errors(check(load(folder))) if p.rule == "id"]
    assert [(p.file, p.field) for p in found] == [("drugs.csv", "name")]


def test_two_values_for_one_thing_need_a_conflict(edit, folder: Path) -> None:
    edit("drug_facts.csv", "sotorasib.tmax", "quantity", "half_life")
    found = [p for p in errors(check(load(folder))) if p.rule == "doubled"]
    assert len(found) == 1
    assert "conflicts.csv" in found[0].message


def test_the_same_arm_twice_needs_a_conflict(folder: Path, edit) -> None:
    edit("trials.csv", "mpact.gemcitabine", "arm", "gemcitabine + nab-paclitaxel")
    found = [p for p in errors(check(load(folder))) if p.rule == "doubled"]
    assert [(p.file, p.field) for p in found] == [("trials.csv", "arm")]


def add(folder: Path, file: str, cells: list[str]) -> None:
    with (folder / file).open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerow(cells)


@pytest.mark.parametrize(
    ("cells", "field", "message"),
    [
        (
            ["check.x", "sotorasib.tmaxx", "2026-11-23", "q", "f", "confirmed", ""],
            "record",
            "did you mean",
        ),
        (
            ["check.x", "sotorasib.tmax", "2026-11-23", "q", "f", "confirmed", "PMID:1"],
            "citation",
            "no citation",
        ),
        (
            ["check.x", "sotorasib.tmax", "23 November", "q", "f", "confirmed", ""],
            "date",
            "not a date",
        ),
    ],
)
def test_a_recorded_check_must_hold(
    cells: list[str], field: str, message: str, folder: Path
) -> None:
    add(folder, "checks.csv", cells)
    found = [p for p in errors(check(load(folder))) if p.file == "checks.csv"]
    assert [p.field for p in found] == [field]
    assert message in found[0].message


def test_recalled_items_are_warned_of(evidence: Evidence, edit, folder: Path) -> None:
    row = "daraxonrasib.half_life"
    assert evidence.fact(row).confidence == "verified"
    edit("drug_facts.csv", row, "confidence", "recalled")
    found = [p for p in check(load(folder)) if row in p.message]
    assert [p.severity for p in found] == ["warning"]


def test_a_conflict_turns_an_impossible_percentage_into_a_warning(
    evidence: Evidence, edit, folder: Path
) -> None:
    percent = [p for p in check(evidence) if p.rule == "percent"]
    assert percent
    assert {p.severity for p in percent} == {"warning"}
    edit("conflicts.csv", "conflict.parpvax-response-denominator", "records", "A1")
    assert [p for p in errors(check(load(folder))) if p.rule == "percent"]


@pytest.mark.parametrize(
    ("percent", "n", "possible"),
    [
        (33.3, 21, True),
        (33.9, 21, False),
        (50.0, 3, False),
        (0.8, 119, True),
        (21.0, 38, True),
        (8.0, 38, True),
        (100.0, 1, True),
        (61.8, 248, False),
        (43.6, 248, True),
    ],
)
def test_percentages_that_can_be(percent: float, n: int, possible: bool) -> None:
    assert reachable(percent, n) is possible


def test_a_contradicted_citation_in_use_is_warned_of(edit, folder: Path) -> None:
    edit("biology.csv", "bio.tp53-mutated", "sources", "PMID:32049587")
    found = [p for p in check(load(folder)) if p.rule == "contradicted"]
    assert [(p.file, p.field, p.severity) for p in found] == [("biology.csv", "sources", "warning")]


def test_an_adverse_event_needs_patients(edit, folder: Path) -> None:
    edit("adverse_events.csv", "ae.folfirinox.diarrhea.prodige-4-accord-11", "n", "0")
    found = [p for p in errors(check(load(folder))) if p.rule == "count"]
    assert [p.field for p in found] == ["n"]
