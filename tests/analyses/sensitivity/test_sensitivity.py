"""Sensitivity of a study: rows and ranges, record, figure, and a run from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rascade.analyses.sensitivity import run
from rascade.analyses.sensitivity.run import Moved, Question, moved_rows, sensitivity
from rascade.analyses.sensitivity.tables import record
from rascade.cli.main import main
from rascade.errors import InputError
from rascade.model import load_table
from rascade.studies import loads
from rascade.studies.files.trial_plan import to_plan

_STUDY = """
kind: trial
name: small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 4, eligibility: ["kras_allele != 'WT'"]}
seed: 5
arms:
  - {name: one, regimen: daraxonrasib 300 mg PO QD}
  - {name: none, regimen: none}
imaging_every_weeks: 8
follow_up_months: 6
"""
_ROWS = ("k_apoptosis", "k_division", "TMB")


def _question(**how: Any) -> Question:
    return Question(to_plan(loads(_STUDY)), **how)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer by a formula in the logarithm of the rows: 5 + 2 a - b, nothing of c."""

    def answers(self: Any, stage: str, rows: list[Moved], points: Any, span: Any) -> Any:
        self.simulated += len(points)
        weight = {"k_apoptosis": 2.0, "k_division": -1.0, "TMB": 0.0}
        return 5.0 + points @ np.array([weight[one.name] for one in rows])

    monkeypatch.setattr(run._Study, "answers", answers)


@pytest.mark.parametrize("method", ["morris", "prcc", "sobol"])
def test_every_method_ranks_a_known_answer(known: None, method: str) -> None:
    made = record(sensitivity(_question(method=method, rows=_ROWS)))
    assert [one["name"] for one in made["parameters"]] == ["k_apoptosis", "k_division", "TMB"]
    first = made["parameters"][0]
    table = load_table()["k_apoptosis"]
    assert first["low"] == max(table.low, first["low"]) and first["high"] <= table.high
    assert first["low90"] <= first["index"] <= first["high90"]
    if method == "morris":
        assert [one["mu"] for one in made["parameters"]] == pytest.approx([2.0, -1.0, 0.0])
    if method == "sobol":
        assert first["first"] == pytest.approx(0.8, abs=0.05)
    bars = {one["name"]: one["at_high"] - one["at_low"] for one in made["tornado"]}
    assert bars == pytest.approx({"k_apoptosis": 2.0, "k_division": -1.0, "TMB": 0.0})
    assert made["of"] == "one over none" and made["unit"] == "months"


def test_ranges_stay_within_the_plausible_and_definitions_stay() -> None:
    table = load_table()
    for one in moved_rows(_question(fold=3.0)):
        row = table[one.name]
        assert row.low <= one.low < one.high <= row.high and row.confidence != "definition"
        assert one.high <= 3.0 * one.low * 3.0 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "moris"}, "--method: no 'moris'; did you mean 'morris'"),
        ({"endpoint": "orr"}, "--endpoint: no 'orr'"),
        ({"arm": "two"}, "--arm: no 'two'"),
        ({"arm": "none"}, "--arm: 'none' is the reference; give --alone"),
        ({"fold": 1.0}, "--fold: 1; it must be above 1"),
        ({"method": "sobol", "runs": 100}, "--runs: 100; Sobol's points come in powers of two"),
    ],
)
def test_a_wrong_question_gets_one_line(how: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _question(**how)


def test_wrong_input_of_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(_STUDY)
    assert main(["sensitivity", str(study), "--parameter", "k_apoptosi"]) == 2
    error = capsys.readouterr().err
    assert "--parameter: 'k_apoptosi' is read by no model of this study" in error
    assert "did you mean 'k_apoptosis'" in error and error.count("\n") == 1


@pytest.mark.slow
def test_untreated_patients_live_shorter_where_cells_divide_faster_and_a_page_says_so(
    tmp_path: Path,
) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(_STUDY)
    out = tmp_path / "out"
    arguments = ["--arm", "none", "--alone", "--endpoint", "os", "--runs", "2", "--patients", "4"]
    rows = ["--parameter", "k_division", "--parameter", "TMB"]
    assert main(["sensitivity", str(study), *arguments, *rows, "--out", str(out)]) == 0
    from rascade.report.runs.files import read_json

    first = read_json(out / "sensitivity.json")["parameters"][0]
    assert first["name"] == "k_division" and first["mu"] < 0
    assert "k_division" in (out / "sensitivity.html").read_text()
    assert (out / "tornado.svg").read_text().startswith("<?xml")
