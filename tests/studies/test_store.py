"""Results are there as a whole or not at all, whatever happens in between."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rascade.errors import OutputError
from rascade.files import temporary_name
from rascade.results.store import file_hashes, new_results, write_json, write_table, write_text


def write_run(folder: Path, content: str) -> None:
    """Write what a run writes, in miniature."""
    write_text(folder / "summary.json", content)
    write_json(folder / "manifest.json", {"rascade_version": "x", "files": file_hashes(folder)})


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_results_appear_whole(tmp_path: Path) -> None:
    out = tmp_path / "new" / "deep" / "out"
    with new_results(out) as folder:
        write_run(folder, "one")
        assert not out.exists()
    assert names(out) == ["manifest.json", "summary.json"]
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_nothing_is_left_on_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    out = tmp_path / "new" / "out"
    with pytest.raises(error), new_results(out) as folder:
        write_run(folder, "half")
        raise error
    assert names(tmp_path) == []


def test_earlier_results_survive_a_failed_run_and_go_with_a_good_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with new_results(out) as folder:
        write_run(folder, "old")
    with pytest.raises(KeyboardInterrupt), new_results(out) as folder:
        write_run(folder, "half")
        raise KeyboardInterrupt
    assert (out / "summary.json").read_text() == "old"
    with new_results(out) as folder:
        write_run(folder, "new")
    assert (out / "summary.json").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_what_rascade_did_not_write_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(OutputError, match=r"'thesis.tex', which Rascade did not write"),
        new_results(out),
    ):
        pass
    (out / "manifest.json").write_text('{"rascade_version": "x", "files": {"a": 1}}')
    with pytest.raises(OutputError, match="thesis"), new_results(out):
        pass
    assert names(out) == ["manifest.json", "thesis.tex"]


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {"notes.txt": 1}}', "\xff"])
def test_a_strange_manifest_protects_its_folder(tmp_path: Path, manifest: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(manifest, encoding="latin-1")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="did not write"), new_results(out):
        pass


def test_a_link_to_a_folder_stands_for_the_folder(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    for content in ("one", "two"):
        with new_results(tmp_path / "out") as folder:
            write_run(folder, content)
    assert (tmp_path / "disk" / "summary.json").read_text() == "two"
    assert names(tmp_path) == ["disk", "out"]


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with new_results(tmp_path / "out") as folder:
        write_run(folder, "one")
    assert (tmp_path / "out" / "summary.json").exists()


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    cases = {
        "file": "is a file; --out must name a folder",
        "file/below": "is a file, so no folder can be below it",
        "file/far/below": "file",
        "link": "is a file",
        ".": "the folder you are in",
        "..": "the folder you are in, or above it",
        "/": "the folder you are in, or above it",
        "/proc/rascade": "cannot be written",
        "x" * 300: "cannot be written",
    }
    if sys.platform == "linux":
        cases["/proc"] = "is a mount point"
    for place, says in cases.items():
        with pytest.raises(OutputError, match=says), new_results(place):
            pytest.fail(f"{place} was accepted")
    assert names(tmp_path) == ["file", "link"]


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """/dev/full says "no space left" to every write."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OutputError, match="No space left"), new_results(tmp_path / "out") as folder:
        temporary_name(folder / "t.json").symlink_to("/dev/full")
        write_text(folder / "t.json", "x" * 10_000)
    assert names(tmp_path) == []


KILLED = """
import os, signal, sys
from rascade.results import store
if sys.argv[2] == "between":
    real = store.Path.rename
    def rename(self, target):
        result = real(self, target)
        if ".previous-" in str(target):
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    store.Path.rename = rename
with store.new_results(sys.argv[1]) as folder:
    store.write_text(folder / "summary.json", "half")
    if sys.argv[2] == "during":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["during", "between"])
def test_a_killed_run_is_cleared_away_by_the_next(tmp_path: Path, when: str) -> None:
    out = tmp_path / "out"
    with new_results(out) as folder:
        write_run(folder, "old")
    subprocess.run([sys.executable, "-c", KILLED, str(out), when], check=False)
    assert len(names(tmp_path)) == 2, "the killed run should leave something hidden"
    # Another run that fails must still find the old results in their place.
    with pytest.raises(ValueError, match="stop"), new_results(out):
        raise ValueError("stop")
    assert names(tmp_path) == ["out"]
    assert (out / "summary.json").read_text() == "old"


def test_the_hidden_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    with new_results(tmp_path / "out") as first:
        write_run(first, "first")
        with new_results(tmp_path / "out") as second:
            write_run(second, "second")
        assert first.exists()
    assert (tmp_path / "out" / "summary.json").read_text() == "first"


def test_json_has_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(
        path, {"a": float("nan"), "b": np.float64(1.5), "c": np.array([1, 2]), "d": (np.inf, True)}
    )
    assert json.loads(path.read_text()) == {"a": None, "b": 1.5, "c": [1, 2], "d": [None, True]}


def test_tables_are_the_same_bytes_and_read_back(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "patient": np.arange(1000),
            "arm": ["a", "b"] * 500,
            "x": np.r_[np.nan, np.linspace(0, 1, 999)],
            "event": np.arange(1000) % 3 == 0,
        },
        index=np.arange(1000) * 7,
    )
    for name in ("one", "two"):
        write_table(tmp_path / name, table)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert b"pandas" not in (tmp_path / "one").read_bytes()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "one"), table.reset_index(drop=True))
    with pytest.raises(OutputError):
        write_table(tmp_path / "one" / "below", table)
