"""Damaged, foreign and newer folders are found, named, and mended or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rascade.errors import OutputError, ResultsError
from rascade.results import chunks
from rascade.results.folders import damages, read_run, remove_run

from . import fault_helpers as faults


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("finished") / "out"
    faults.go(out)
    return out


@pytest.fixture
def out(tmp_path: Path, finished: Path) -> Path:
    """Return a finished folder of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


DAMAGE = {
    "a flipped bit": (flip_a_bit, "altered since it was written"),
    "a cut": (cut_short, "cut short or grown"),
    "a lost file": (Path.unlink, "missing"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_chunk_is_named_and_simulated_again(
    out: Path, what: str, undisturbed: dict[str, bytes]
) -> None:
    damage, says = DAMAGE[what]
    victim = faults.chunk_files(out)[3]
    damage(victim)
    (told,) = damages(out)
    assert told.startswith(f"{victim}: {says}")
    assert "--resume simulates its patients again" in told
    notes: list[str] = []
    faults.go(out, "resume", note=notes.append)
    assert len(notes) == 1
    assert victim.name in notes[0]
    assert says in notes[0]
    assert damages(out) == []
    assert faults.results(out) == undisturbed
    last = json.loads((out / "runs.jsonl").read_text().splitlines()[-1])
    assert (last["reused"], last["simulated"]) == (5, 1)


def test_a_damaged_result_is_named_and_written_anew(
    out: Path, undisturbed: dict[str, bytes]
) -> None:
    flip_a_bit(out / "visits.parquet")
    (told,) = damages(out)
    assert told.startswith(f"{out / 'visits.parquet'}: altered")
    faults.go(out, "resume")
    assert damages(out) == []
    assert faults.results(out) == undisturbed
    assert json.loads((out / "runs.jsonl").read_text().splitlines()[-1])["simulated"] == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"chunks": []}', '{"inputs": 3, "format": 1}'])
def test_a_damaged_list_of_chunks(out: Path, content: str) -> None:
    (out / "chunks" / "chunks.json").write_text(content)
    with pytest.raises(ResultsError, match=r"chunks\.json: damaged or missing .*delete the folder"):
        faults.go(out, "resume")


def test_a_folder_of_a_newer_version(out: Path) -> None:
    for name in ("chunks/chunks.json", "manifest.json"):
        path = out / name
        listed = json.loads(path.read_text())
        path.write_text(json.dumps(listed | {"format": 99, "rascade_version": "7.1"}))
    says = r"written by Rascade 7\.1 in format 99; .* update Rascade"
    with pytest.raises(ResultsError, match=says):
        faults.go(out, "resume")
    with pytest.raises(ResultsError, match=says):
        read_run(out)
    with pytest.raises(ResultsError, match=says):
        remove_run(out)


OTHERS = [
    ("seed: 3", "seed: 4", "seed: 3 there, 4 now"),
    ("follow_up_months: 2", "follow_up_months: 3", "follow_up_months: 2.0 there, 3.0 now"),
    ("every_weeks: 4", "every_weeks: 2", "imaging_every_weeks: 4.0 there, 2.0 now"),
    ("Q28D", "Q21D", r"arms\[0\]\.regimen: gemcitabine .* Q28D there"),
    ("seed: 3", "seed: 3\nparameters: {perfusion: 0.6}", "the parameter table is another one"),
    ("regimen: none", "regimen: daraxonrasib 300 mg PO QD", "the model of the arm"),
]


@pytest.mark.parametrize(("old", "new", "says"), OTHERS)
def test_chunks_of_another_run_are_never_mixed_in(out: Path, old: str, new: str, says: str) -> None:
    before = faults.results(out)
    with pytest.raises(ResultsError, match=says) as caught:
        faults.go(out, "resume", study=faults.study(old, new))
    assert "holds patients of another run" in str(caught.value)
    assert "Name another folder, or give --restart" in str(caught.value)
    if "follow_up" in old:
        assert "every patient simulated from the first day" in str(caught.value)
    assert faults.results(out) == before


@pytest.mark.parametrize("what", ["code", "versions", "evidence"])
def test_another_rascade_is_another_run(
    out: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "code":
        monkeypatch.setattr("rascade.trial.running.inputs._code_hash", lambda parts: "other")
    elif what == "versions":
        versions = dict.fromkeys(chunks_versions(), "0")
        monkeypatch.setattr("rascade.trial.running.inputs.package_versions", lambda: versions)
    else:
        monkeypatch.setattr("rascade.evidence.evidence_hash", lambda: "other")
    says = {
        "code": "the code of Rascade that simulates is another one",
        "versions": r"the version of numpy: .* there, 0 now",
        "evidence": "the evidence is another one",
    }
    with pytest.raises(ResultsError, match=says[what]):
        faults.go(out, "resume")


def chunks_versions() -> list[str]:
    from rascade.trial.running.inputs import _SOLVING

    return list(_SOLVING)


def test_texts_and_sizes_do_not_make_another_run(out: Path) -> None:
    faults.go(out, "resume", study=faults.study("name: Fault", "name: Renamed"), size=7)
    last = json.loads((out / "runs.jsonl").read_text().splitlines()[-1])
    assert (last["reused"], last["simulated"]) == (6, 2)
    assert len(chunks.ChunkStore.read(out / "chunks").planned) == 8


def test_a_larger_trial_is_the_same_extended_or_at_once(tmp_path: Path) -> None:
    faults.go(tmp_path / "grown", size=3)
    faults.go(tmp_path / "grown", "resume", size=7)
    faults.go(tmp_path / "grown", "resume", size=9, chunk_size=100)
    faults.go(tmp_path / "at-once", size=9, chunk_size=1, threads=2)
    assert faults.results(tmp_path / "grown") == faults.results(tmp_path / "at-once")


def test_a_smaller_trial_does_not_throw_patients_away(out: Path) -> None:
    before = faults.results(out)
    with pytest.raises(ResultsError, match=r"was to have 5 patients, and now 3; give --size 5"):
        faults.go(out, "resume", size=3)
    assert faults.results(out) == before
    assert sum(".patients." in file.name for file in faults.chunk_files(out)) == 6


def test_what_is_not_ours_is_not_touched(out: Path) -> None:
    (out / "chunks" / "thesis.tex").write_text("years of work")
    for action in (lambda: faults.go(out, "resume"), lambda: remove_run(out)):
        with pytest.raises(OutputError, match=r"'chunks/thesis\.tex', which Rascade did not write"):
            action()
    assert (out / "chunks" / "thesis.tex").read_text() == "years of work"
