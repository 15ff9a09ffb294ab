"""``rascade adam`` and ``rascade trial --adam``: what a user can do wrong, and what a user gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import TINY, rascade


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("adam")
    (folder / "study.yaml").write_text(TINY)
    done = rascade("trial", folder / "study.yaml", "--out", folder / "out", "--adam")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_the_data_sets_are_there_listed_and_right(trial: Path) -> None:
    files = json.loads((trial / "manifest.json").read_text())["files"]
    assert {"adam/adsl.parquet", "adam/adtte.xpt", "adam/adae.csv", "report.html"} <= set(files)
    done = rascade("adam", "check", trial / "adam")
    assert done.returncode == 0, done.stderr
    assert "ADSL: 8 records" in done.stdout and done.stdout.endswith("all rules hold\n")


def test_a_finished_run_gives_the_same_bytes(trial: Path, tmp_path: Path) -> None:
    done = rascade("adam", "write", trial, "--out", tmp_path / "again")
    assert done.returncode == 0 and "16 files written" in done.stdout, done.stderr
    for path in (trial / "adam").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_broken_data_set_is_found(trial: Path, tmp_path: Path) -> None:
    rascade("adam", "write", trial, "--out", tmp_path)
    path = tmp_path / "adsl.csv"
    path.write_text(path.read_text().replace(",YEARS,", ",WEEKS,", 1))
    done = rascade("adam", "check", tmp_path)
    assert done.returncode == 2
    assert "ADSL AGEU: .parquet and .csv differ: 1 records" in done.stdout
    assert "1 rules are broken" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere"], "nowhere: no such folder"),
        (["check", "."], "no data set there"),
        (["write", ".", "--out", "x"], "not the folder of a finished trial"),
        (["write", "."], "--out"),
        (["chek", "."], "chek"),
    ],
)
def test_wrong_use_has_one_clear_message(tmp_path: Path, monkeypatch, arguments, says) -> None:
    monkeypatch.chdir(tmp_path)
    done = rascade("adam", *arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()
