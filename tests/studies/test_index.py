"""Runs are found, looked at, compared and removed; the index is never the only truth."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rascade.errors import InputError, OutputError, ResultsError
from rascade.results import index
from rascade.results.compare import Reading, compare_runs
from rascade.results.folders import damages, find_runs, read_run, remove_run
from rascade.results.records_folder import write_records
from rascade.results.store import file_hashes, new_results, write_json, write_text

STUDY = """\
kind: trial
name: {name}
cohort: {{disease: PDAC, size: 10}}
seed: {seed}
arms:
- {{name: new, regimen: {regimen}}}
- {{name: old, regimen: none, size: 5}}
"""


@pytest.fixture(autouse=True)
def own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "state" / "runs.sqlite"
    monkeypatch.setenv("RASCADE_INDEX", str(path))
    return path


def results(
    folder: Path, name: str = "One", seed: int = 1, orr: float = 30.0, **more: object
) -> Path:
    """Write what a trial writes, in miniature."""
    arm = {"name": "new", "n": 10, "orr_pct": orr, "orr_ci": [orr - 5, orr + 5]}
    arm |= {"pfs_median_months": 7.0, "pfs_ci": [6.0, None], "grade3plus_trae_pct": None}
    contrast = {"arm": "new", "reference": "old", "pfs_hr": 0.5, "pfs_hr_ci": [0.4, 0.6]}
    with new_results(folder) as place:
        regimen = more.get("regimen", "daraxonrasib 300 mg PO QD")
        write_text(place / "study.yaml", STUDY.format(name=name, seed=seed, regimen=regimen))
        summary = {"study": name, "seed": seed, "arms": [arm], "contrasts": [contrast]}
        write_json(place / "summary.json", summary)
        manifest = {
            "rascade_version": "0.1.0", "kind": "trial", "study": name, "seed": seed,
            "model_hash": "a" * 64, "versions": {"numpy": more.get("numpy", "2.0")},
            "arms": [{"name": "new", "size": 10}, {"name": "old", "size": 5}],
            "files": file_hashes(place),
        }  # fmt: skip
        write_json(place / "manifest.json", manifest)
    return folder


def test_a_run_says_what_it_is(tmp_path: Path) -> None:
    run = read_run(results(tmp_path / "out"))
    assert (run.kind, run.name, run.state, run.arms) == ("trial", "One", "finished", ("new", "old"))
    assert (run.patients, run.seed, run.folder) == (15, 1, tmp_path / "out")


def test_runs_are_known_latest_first_and_found_by_words(tmp_path: Path) -> None:
    for name, seed in (("One", 1), ("Two", 2)):
        folder = results(tmp_path / name, name, seed)
        (folder / "runs.jsonl").write_text(json.dumps({"ended": f"2026-01-0{seed}T00:00:00"}))
        index.remember(folder)
    assert [run.name for run in index.known_runs()] == ["Two", "One"]
    assert [run.name for run in index.known_runs(["one", "NEW"])] == ["One"]
    assert [run.name for run in index.known_runs([str(tmp_path)])] == ["Two", "One"]
    assert index.known_runs(["one", "two"]) == []
    assert index.known_runs(kind="experiment") == []
    assert len(index.known_runs(kind="trial")) == 2
    assert index.known_runs(["o'ne\" --"]) == []
    index.forget(tmp_path / "One")
    assert [run.name for run in index.known_runs()] == ["Two"]


def test_a_folder_of_facts_or_claims_is_noted_when_it_is_made(tmp_path: Path) -> None:
    manifest = {"rascade_version": "0.1.0", "kind": "facts", "study": "Facts of the field"}
    write_records(tmp_path / "out", "facts.json", lambda: 1, str, lambda _: manifest)
    assert [(run.kind, run.folder) for run in index.known_runs()] == [("facts", tmp_path / "out")]


def test_what_the_index_says_is_read_from_the_folders(tmp_path: Path) -> None:
    index.remember(results(tmp_path / "a", "One"))
    index.remember(results(tmp_path / "b", "Other"))
    results(tmp_path / "a", "Renamed", seed=77)
    shutil.rmtree(tmp_path / "b")
    (known,) = index.known_runs()
    assert (known.name, known.seed) == ("Renamed", 77)
    assert known == read_run(tmp_path / "a")


@pytest.mark.parametrize("how", ["lost", "damaged", "older"])
def test_the_index_is_made_anew_from_folders(tmp_path: Path, own_index: Path, how: str) -> None:
    for name in ("deep/er/one", "two"):
        index.remember(results(tmp_path / "runs" / name, name))
    if how == "lost":
        own_index.unlink()
    elif how == "damaged":
        own_index.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 20)
    else:
        import sqlite3

        with sqlite3.connect(own_index) as old:
            old.execute("PRAGMA user_version = 0")
        old.close()
    assert index.known_runs() == []
    assert index.scan(tmp_path / "runs") == 2
    assert {run.name for run in index.known_runs()} == {"deep/er/one", "two"}


def test_a_run_never_fails_for_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RASCADE_INDEX", str(tmp_path / "file" / "below" / "runs.sqlite"))
    index.remember(results(tmp_path / "out"))
    with pytest.raises(ResultsError, match=r"cannot be used: .* set RASCADE_INDEX"):
        index.known_runs()


def test_folders_that_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "manifest.json").write_text('{"name": "a web app"}')
    cases = {
        "none": "no such folder",
        "empty": "no results folder",
        "foreign": "not one of Rascade",
    }
    for name, says in cases.items():
        for action in (read_run, remove_run):
            with pytest.raises(ResultsError, match=says):
                action(tmp_path / name)
    assert (tmp_path / "foreign" / "manifest.json").exists()
    assert [path.name for path in find_runs(tmp_path)] == ["foreign"]
    assert index.scan(tmp_path) == 1
    assert index.known_runs() == []


def test_a_run_is_removed_unless_something_else_is_in_it(tmp_path: Path) -> None:
    folder = results(tmp_path / "out")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"'notes\.txt', which Rascade did not write"):
        remove_run(folder)
    (folder / "notes.txt").unlink()
    assert remove_run(folder) == 3
    assert not folder.exists()


def test_damages_of_any_run(tmp_path: Path) -> None:
    folder = results(tmp_path / "out")
    assert damages(folder) == []
    (folder / "summary.json").write_text("{}")
    (folder / "study.yaml").unlink()
    assert [Path(text.split(": ")[0]).name for text in damages(folder)] == [
        "study.yaml",
        "summary.json",
    ]


def test_side_by_side(tmp_path: Path) -> None:
    one = results(tmp_path / "one")
    two = results(tmp_path / "two", seed=2, orr=41.0, numpy="2.1", regimen="none")
    found = compare_runs([one, two])
    assert [(i.name, i.values) for i in found.inputs] == [
        ("seed", (1, 2)),
        ("arms[new].regimen", ("daraxonrasib 300 mg PO QD", "none")),
        ("versions.numpy", ("2.0", "2.1")),
    ]
    (rate,) = found.readouts
    assert rate.name == "arms, new: orr_pct"
    assert rate.readings == (Reading(30.0, 25.0, 35.0), Reading(41.0, 36.0, 46.0))
    assert rate.apart
    assert found.same == 3  # median PFS, adverse events, hazard ratio
    assert not replace(rate, readings=(rate.readings[0], Reading(34.0, 29.0, 39.0))).apart
    assert not Reading(7.0, 6.0, None).apart(Reading(9.0, 8.0, 10.0))
    assert Reading(7.0, 6.0, 7.5).apart(Reading(9.0, 8.0, None))
    assert not Reading(7.0).apart(Reading(9.0, 8.0, 10.0))


def test_three_runs_and_what_cannot_be_compared(tmp_path: Path) -> None:
    runs = [results(tmp_path / str(k), orr=orr) for k, orr in enumerate((30.0, 31.0, 60.0))]
    (rate,) = compare_runs(runs).readouts
    assert rate.apart
    assert compare_runs([runs[0], runs[0]]).readouts == ()
    with pytest.raises(InputError, match="two or more"):
        compare_runs(runs[:1])
    with pytest.raises(ResultsError, match="no such folder"):
        compare_runs([runs[0], tmp_path / "nowhere"])
    (runs[0] / "summary.json").write_text("{")
    with pytest.raises(ResultsError, match=r"summary\.json: damaged"):
        compare_runs(runs)
