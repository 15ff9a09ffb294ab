"""Predictions from Python and from the command line, with an ensemble of two members."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import rascade as rc
from rascade.errors import InputError
from rascade.trial.running import predicting

STUDY = """\
kind: trial
name: Short
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 2}
seed: 5
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD}
  - {name: old, regimen: none}
imaging_every_weeks: 6
follow_up_months: 1.5
"""


@pytest.fixture(autouse=True)
def few_patients(monkeypatch, with_ensemble) -> None:
    monkeypatch.setattr(predicting, "POOL", 12)


@pytest.fixture
def trial():
    return rc.Trial(
        {"new": "daraxonrasib 300 mg PO QD", "old": "none"},
        rc.Cohort(size=2),
        imaging_every_weeks=6,
        follow_up_months=1.5,
        members=1,
    )


def test_a_result_has_its_prediction_and_shows_it(trial) -> None:
    result = trial.run(progress=False)
    found = result.prediction("new")
    assert found is not None
    assert (found.size, found.members) == (2, 1)
    assert result.summary["arms"][0]["prediction"]["orr_pct"]["low90"] == found.orr.low90
    assert found.medians["os"].median is None
    assert result.contrasts[0].prediction is not None
    for text in (repr(result), result._repr_html_()):
        assert f"predicted with 90 % limits, new: {found.text()}" in text
    with pytest.raises(InputError, match="no arm"):
        result.prediction("nobody")


def test_the_bare_table_has_none() -> None:
    trial = rc.Trial({"old": "none"}, rc.Cohort(size=1), follow_up_months=1, population="table")
    result = trial.run(progress=False)
    assert result.prediction("old") is None
    assert "predicted" not in repr(result)


def test_wrong_members_and_populations_are_refused() -> None:
    for key, value in (("members", -1), ("members", 1.5), ("population", "tables")):
        with pytest.raises(InputError, match=key):
            rc.Trial({"old": "none"}, **{key: value})


def test_the_command_line_predicts(tmp_path) -> None:
    from rascade.cli.runs.trial import app

    (tmp_path / "s.yaml").write_text(STUDY)
    out = tmp_path / "out"
    arguments = [str(tmp_path / "s.yaml"), "--out", str(out), "--members", "0", "--threads", "1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "predicted with 90 % limits, new:" in " ".join(done.output.split())
    arms = json.loads((out / "summary.json").read_text())["arms"]
    assert [arm["prediction"]["members"] for arm in arms] == [0, 0]
    assert "population: ensemble" in (out / "study.yaml").read_text()
