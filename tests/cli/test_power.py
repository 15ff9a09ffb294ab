"""``rascade power`` as a user runs it, and ``rascade trial`` with an arm of the evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..studies.operating_studies import write_study
from .cli_helpers import inside


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


def test_designs_from_file_to_page(study: Path) -> None:
    out = study.parent / "out"
    done = inside("power", study, "--out", out, "--replicates", "200", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["replicates"] == 200
    assert "left" in done.stderr or "100%" in done.stderr
    assert (out / "power.html").exists()


@pytest.mark.parametrize(
    ("options", "says", "code"),
    [
        (("--replicates", "5"), "--replicates: 5 trials; it must be 100", 2),
    ],
)
def test_wrong_options_say_so(study: Path, options: tuple[str, ...], says: str, code: int) -> None:
    done = inside("power", study, "--out", study.parent / "out", *options)
    assert done.returncode == code and says in done.stderr and "Traceback" not in done.stderr
    assert not (study.parent / "out").exists()


def test_arms_are_listed_and_printed() -> None:
    rows = json.loads(inside("trial", "--list-arms", "--json").stdout)
    assert sum(row["runs"] for row in rows) >= 39
    done = inside("trial", "--arm", "MPACT/gem + nab-paclitaxel", "--print-study")
    assert (
        done.returncode == 0 and "published: mpact.gemcitabine-plus-nab-paclitaxel" in done.stdout
    )
    assert "note: published population" in done.stderr
    missing = next(row for row in rows if not row["runs"])
    refused = inside("trial", "--arm", missing["arm"], "--print-study")
    assert refused.returncode in (2, 3) and f"rascade: {missing['arm']}: " in refused.stderr
    done = inside("trial", "a.yaml", "--arm", "mpact/gem")
    assert done.returncode == 2 and "one of them" in done.stderr
