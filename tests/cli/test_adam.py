"""``rascade adam`` and ``rascade trial --adam``: what a user can do wrong, and what a user gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import ROOT, inside, rascade

# Names of the study and of both arms in Japanese: transport files cannot hold them.
CASE = ROOT / "tests" / "cases" / "trials" / "adam_arms_not_latin.yaml"


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("adam")
    done = rascade("trial", CASE, "--out", folder / "out", "--adam")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_the_data_sets_are_there_listed_and_right(trial: Path) -> None:
    files = json.loads((trial / "manifest.json").read_text())["files"]
    assert {"adam/adsl.parquet", "adam/adtte.xpt", "adam/define.xml", "adam/names.csv"} <= set(
        files
    )
    done = inside("adam", "check", trial / "adam")
    assert done.returncode == 0, done.stderr
    assert "ADSL: 4 records" in done.stdout and done.stdout.endswith("all rules hold\n")


def test_arms_that_are_not_latin_stay_apart(trial: Path) -> None:
    arms = {"試験群", "対照群"}
    assert set(pd.read_parquet(trial / "adam" / "adsl.parquet")["TRT01P"]) == arms
    assert set(pd.read_csv(trial / "adam" / "adsl.csv")["TRT01P"]) == arms
    plain = pyreadstat.read_xport(str(trial / "adam" / "adsl.xpt"))[0]
    assert set(plain["TRT01P"]) == {"Arm 1", "Arm 2"}
    names = pd.read_csv(trial / "adam" / "names.csv").set_index("label")["name"]
    assert set(names[["Arm 1", "Arm 2"]]) == arms


def test_arms_that_collapsed_are_found(trial: Path, tmp_path: Path) -> None:
    for path in (trial / "adam").glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        for arm in ("試験群", "対照群"):
            text = text.replace(arm, "???")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = inside("adam", "check", tmp_path)
    assert done.returncode == 2
    assert "ADSL TRT01P, TRT01PN: TRT01P and TRT01PN belong together one to one" in done.stdout


def test_a_finished_run_gives_the_same_bytes(trial: Path, tmp_path: Path) -> None:
    done = inside("adam", "write", trial, "--out", tmp_path / "again")
    assert done.returncode == 0 and "18 files written" in done.stdout, done.stderr
    for path in (trial / "adam").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_broken_data_set_is_found(trial: Path, tmp_path: Path) -> None:
    inside("adam", "write", trial, "--out", tmp_path)
    path = tmp_path / "adsl.csv"
    path.write_text(path.read_text().replace(",YEARS,", ",WEEKS,", 1))
    done = inside("adam", "check", tmp_path)
    assert done.returncode == 2
    assert "ADSL AGEU: .parquet and .csv differ: 1 records" in done.stdout
    assert "ADSL AGEU: in .csv: must be one of YEARS" in done.stdout
    assert "2 rules are broken" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere"], "nowhere: no such folder"),
        (["check", "."], "no data set there"),
        (["write", ".", "--out", "x"], "trial (summary.json: No such file or directory); name"),
        (["write", "."], "--out"),
        (["chek", "."], "chek"),
    ],
)
def test_wrong_use_has_one_clear_message(tmp_path: Path, monkeypatch, arguments, says) -> None:
    monkeypatch.chdir(tmp_path)
    done = inside("adam", *arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()
