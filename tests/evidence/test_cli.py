"""`rascade evidence` and `rascade drugs` as a user runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rascade.evidence import TABLES, Evidence
from rascade.evidence.load import DATA


def rascade(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rascade.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_list_names_every_table(evidence: Evidence) -> None:
    run = rascade("evidence", "list")
    assert run.returncode == 0, run.stderr
    rows = dict(line.split("\t") for line in run.stdout.splitlines()[1:])
    assert rows == {n: str(len(getattr(evidence, a))) for n, a in TABLES.items()}


@pytest.mark.parametrize("table", TABLES)
def test_each_table_lists_as_text_and_json(table: str, evidence: Evidence) -> None:
    wanted = [record.id for record in getattr(evidence, TABLES[table])]
    text = rascade("evidence", "list", table)
    assert text.returncode == 0, text.stderr
    assert [line.split("\t")[0] for line in text.stdout.splitlines()[1:]] == wanted
    data = json.loads(rascade("evidence", "list", table, "--json").stdout)
    assert [row["id"] for row in data] == wanted
    assert all(row["file"] and row["line"] > 1 for row in data)


def test_show_gives_number_sources_and_conflicts() -> None:
    run = rascade("evidence", "show", "trametinib.clearance_apparent")
    assert run.returncode == 0, run.stderr
    for part in ("value: 5.83", "unit: L/h", "range over models", "DOI:10.3390/cancers12040931"):
        assert part in run.stdout
    assert "conflicts:" in run.stdout
    data = json.loads(rascade("evidence", "show", "mpact.gemcitabine", "--json").stdout)
    assert data["cells"]["os_median_months"] == "verified"
    assert data["citations"][0]["pmid"] == "24131140"
    assert data["checks"] == []


def test_search() -> None:
    run = rascade("evidence", "search", "daraxonrasb", "half", "life", "--limit", "3")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[1].split("\t")[1] == "daraxonrasib.half_life"
    data = json.loads(rascade("evidence", "search", "smad4", "--json").stdout)
    assert any(hit["id"] == "bio.smad4-inactivated" for hit in data)
    assert "nothing found" in rascade("evidence", "search", "xqzzyqwv").stdout


def test_check_passes_and_fails(tmp_path: Path) -> None:
    run = rascade("evidence", "check")
    assert run.returncode == 0, run.stdout
    assert run.stdout.startswith("0 errors, ")
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "drug_facts.csv"
    text = path.read_text("utf-8")
    cell = "daraxonrasib.half_life,daraxonrasib,half_life,numeric,9.2,h,"
    assert text.count(cell) == 1
    path.write_text(text.replace(cell, cell.replace(",h,", ",,")), "utf-8")
    line = text[: text.index(cell)].count("\n") + 1
    run = rascade("evidence", "check", "--folder", folder)
    assert run.returncode == 2
    assert f"error: drug_facts.csv:{line}: unit: " in run.stdout
    problems = json.loads(rascade("evidence", "check", "--folder", folder, "--json").stdout)
    assert [p["rule"] for p in problems if p["severity"] == "error"] == ["unit"]


def test_check_lists_warnings_when_asked() -> None:
    run = rascade("evidence", "check", "--warnings")
    assert run.returncode == 0
    assert len([x for x in run.stdout.splitlines() if x.startswith("warning: ")]) > 100


def test_drugs_and_one_drug(evidence: Evidence) -> None:
    run = rascade("drugs")
    assert run.returncode == 0, run.stderr
    assert run.stdout == rascade("drugs", "list").stdout
    names = [line.split("\t")[0] for line in run.stdout.splitlines()[1:]]
    assert names == [drug.name for drug in evidence.registry]
    run = rascade("drugs", "show", "RMC-6236")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("daraxonrasib\n")
    assert "mechanism: " in run.stdout
    for fact in evidence.drug("daraxonrasib").facts:
        assert f"\n{fact.quantity}\t" in run.stdout
        assert fact.sources[0] in run.stdout
    data = json.loads(rascade("drugs", "show", "5-FU", "--json").stdout)
    assert data["name"] == "fluorouracil"
    listed = json.loads(rascade("drugs", "list", "--json").stdout)
    assert len(listed) == len(evidence.registry)
    assert "no numbers yet" in rascade("drugs", "show", "sunitinib").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("drugs", "show", "sotorasip"), "did you mean 'sotorasib'"),
        (("evidence", "show", "daraxonrasib.halflife"), "did you mean"),
        (("evidence", "list", "trails"), "did you mean 'trials'"),
        (("evidence", "check", "--folder", "/nowhere"), "is missing"),
        (("evidence", "show"), "ID"),
    ],
)
def test_wrong_use_is_one_message_and_exit_2(arguments: tuple[str, ...], message: str) -> None:
    run = rascade(*arguments)
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("verb", ["list", "show", "search", "check"])
def test_help_teaches_by_example(verb: str) -> None:
    run = rascade("evidence", verb, "--help")
    assert run.returncode == 0
    assert f"rascade evidence {verb}" in run.stdout


def test_an_id_unlike_any_other_gets_a_hint_at_where_ids_are() -> None:
    run = rascade("evidence", "show", "nothing")
    assert run.returncode == 2
    assert "no evidence item 'nothing'; ids are found with 'rascade evidence search" in run.stderr
    near = rascade("evidence", "show", "daraxonrasb")
    assert "did you mean 'daraxonrasib'" in near.stderr


def test_an_arm_is_shown_with_landmarks_conduct_and_hazard_ratios() -> None:
    run = rascade("evidence", "show", "napoli-3.nalirifox")
    assert "OS at 12 months 45.6 % (40.5 to 50.5)  [source]" in run.stdout
    assert "scan interval: 8 weeks  [source]" in run.stdout
    data = json.loads(rascade("evidence", "show", "napoli-3.nalirifox", "--json").stdout)
    assert {row["endpoint"] for row in data["landmarks"]} == {"PFS", "OS"}
    assert "data_cut" in {row["field"] for row in data["conduct"]}
    assert 0.69 in {row["hazard_ratio"] for row in data["contrasts"]}
