"""``rascade experiment``: what a user can do wrong, and what a user gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from cli_helpers import inside

STUDY = """\
kind: experiment
design: time-course
cells: {name: MIA PaCa-2}
treatments: [{drug: sotorasib, concentration: 100 nM}]
readouts: [pERK, viability]
hours: [0, 4, 72]
draws: 2
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path


def test_from_file_to_report(study: Path) -> None:
    out = study.parent / "out"
    done = inside("experiment", study, "--out", out, "--draws", "3", "--seed", "5")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == f"report: {out / 'experiment.html'}"
    assert lines[0].startswith("sotorasib, 100 nM, pERK: lowest 0.")
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["draws"], summary["seed"]) == (3, 5)
    page = (out / "experiment.html").read_text("utf-8")
    assert "Research use only" in page
    assert page.count("<script") == 1  # the one that saves figures


def test_json_is_all_there_is_on_stdout(study: Path) -> None:
    out = study.parent / "out"
    done = inside("experiment", study, "--out", out, "--draws", "0", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("MIA PaCa-2", "MIA PaCa-3", 2, "study.yaml:3: cells.name: no cell line 'MIA PaCa-3'"),
        ("100 nM", "100", 2, "study.yaml:4: treatments[0].concentration: 100 has no unit"),
        ("sotorasib", "vopimetostat", 3, "study.yaml:4: treatments[0].drug: vopimetostat is not"),
        ("kind: experiment", "kind: experimnt", 2, "did you mean 'experiment'?"),
    ],
)
def test_a_wrong_study(study: Path, old: str, new: str, code: int, says: str) -> None:
    study.write_text(STUDY.replace(old, new, 1))
    out = study.parent / "out"
    done = inside("experiment", study, "--out", out)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_wrong_options_and_the_wrong_verb(study: Path) -> None:
    out = study.parent / "out"
    for more, says in (
        (("--draws", "-1"), "--draws: -1"),
        (("--seed", "-1"), "--seed: -1"),
        (("--threads", "0"), "--threads: 0"),
    ):
        done = inside("experiment", study, "--out", out, *more)
        assert done.returncode == 2
        assert says in done.stderr
    done = inside("trial", study, "--out", out)
    assert done.returncode == 2
    assert "run it with: rascade experiment" in done.stderr
    assert [path.name for path in study.parent.iterdir()] == ["study.yaml"]


def test_help_names_the_contract() -> None:
    done = inside("experiment", "--help")
    assert done.returncode == 0
    assert "results.csv" in done.stdout
    assert "experiment" in inside("--help").stdout
