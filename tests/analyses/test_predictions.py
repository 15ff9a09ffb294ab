"""Predictions that are frozen: unchanged, and scored against what is published later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rascade as rc
from rascade.analyses.predictions.record import LEVELS, spread
from rascade.analyses.predictions.register import added, check_register
from rascade.analyses.predictions.score import crps, place, scored
from rascade.cli import main as cli
from rascade.errors import InputError, ResultsError, StudyFileError
from rascade.evidence import load
from rascade.report.pages.predictions import write_predictions_page
from rascade.studies.files.prediction import known_definitions, load_definition
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.predictions import freeze, read_frozen, score

TINY = """\
id: tiny
trial: RASolute 302
nct: NCT06625320
question: Is it so
facts: [{what: all, source: nobody, seen: assumed}]
study:
  kind: trial
  name: Tiny
  cohort: {disease: PDAC, stage: metastatic, line: 2, size: 30}
  seed: 3
  arms:
    - {name: new, regimen: daraxonrasib 300 mg PO QD}
    - {name: old, regimen: daraxonrasib 100 mg PO QD}
  imaging_every_weeks: 8
  follow_up_months: 9
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_ensemble: Path) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("predictions")
    (place / "tiny.yaml").write_text(TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASCADE_ENSEMBLE", str(small_ensemble))
        freeze([str(place / "tiny.yaml")], place / "out", members=2, patients=12)
        yield place


def test_a_frozen_file_says_what_it_was_made_of_and_is_never_written_again(folder: Path) -> None:
    (one,) = read_frozen(folder / "out")
    assert one["made_of"]["members"] == 2 and len(one["made_of"]["ensemble"]) == 64
    (arm, other) = one["arms"]
    assert arm["drugs"] == ["daraxonrasib"] and len(arm["values"]["pfs"]["quantiles"]) == len(
        LEVELS
    )
    assert set(other["values"]) == {"orr", "pfs", "os", "pfs@6", "os@6"}
    assert 0.0 <= one["contrasts"][0]["pfs"]["chance_significant"] <= 1.0
    # RASolute 302 has been published, so of this prediction nothing may be scored.
    known = {(row["arm"], row["endpoint"]) for row in one["known_before"]}
    assert {("new", "orr"), ("new", "pfs"), ("new", "os")} <= known
    with pytest.raises(ResultsError, match="never written again"):
        freeze([str(folder / "tiny.yaml")], folder / "out", members=2, patients=12)
    assert score(folder / "out") == []


def test_a_page_and_a_figure_are_written(folder: Path) -> None:
    text = write_predictions_page(folder / "out").read_text(encoding="utf-8")
    table = rc.frozen_predictions(folder / "out")
    assert set(table["arm"]) == {"new", "old"} and len(table) == 10
    assert "new against old" in text and "Research use only" in text
    assert (folder / "out" / "predictions.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_change_of_a_file_a_line_or_the_order_shows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        added(tmp_path, name, "2026-12-01", f"{name}.json", name.encode())
    assert [line.id for line in check_register(tmp_path)] == ["a", "b"]
    register = (tmp_path / "register.csv").read_text()
    (tmp_path / "a.json").write_text("c")
    with pytest.raises(ResultsError, match=r"a\.json was changed"):
        check_register(tmp_path)
    (tmp_path / "a.json").write_text("a")
    head, one, two = register.splitlines()
    for lines in ((head, one.replace("12-01", "11-01"), two), (head, two, one), (head, two)):
        (tmp_path / "register.csv").write_text("\n".join(lines) + "\n")
        with pytest.raises(ResultsError, match="was changed"):
            check_register(tmp_path)
    (tmp_path / "register.csv").write_text(register)
    (tmp_path / "stray.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"stray\.json"):
        check_register(tmp_path)


def frozen_as(name: str, **more: Any) -> dict[str, Any]:
    draws = np.exp(np.random.default_rng(1).normal(np.log(8.0), 0.3, 4000))
    rates = np.random.default_rng(2).normal(30.0, 4.0, 4000)
    values = {"orr": spread(rates), "pfs": spread(draws), "os": spread(2 * draws)}
    arm = {"name": "new", "drugs": ["daraxonrasib"], "size": 248, "values": values}
    old = {"name": "old", "drugs": ["gemcitabine"], "size": 252, "values": {}}
    ratio = spread(draws / 16.0) or {}
    contrast = {"arm": "new", "reference": "old", "os": ratio, "pfs": None}
    return {"id": name, "frozen": "2025-01-01", "trial": "RASolute 302", "nct": "NCT06625320",
            "refused": None, "last_month": 24.0, "known_before": [], "arms": [arm, old],
            "contrasts": [contrast], **more}  # fmt: skip


def test_a_result_in_the_evidence_scores_what_was_not_known_before() -> None:
    evidence = load()
    arms = [
        replace(arm, drugs=("gemcitabine",)) if arm.id == "rasolute-302.chemotherapy" else arm
        for arm in evidence.trials
    ]
    evidence = replace(evidence, trials=tuple(arms))
    rows = {(row["arm"], row["endpoint"]): row for row in scored(frozen_as("x"), evidence)}
    orr = rows["new", "orr"]
    assert (
        orr["published"] == 30 and orr["inside"] and orr["evidence"] == "rasolute-302.daraxonrasib"
    )
    assert rows["new against old", "os hazard ratio"]["published"] == 0.4
    seen = [{"arm": "new", "endpoint": "orr", "source": "x"}]
    left = scored(frozen_as("x", known_before=seen), evidence)
    assert ("new", "orr") not in {(row["arm"], row["endpoint"]) for row in left}
    other = frozen_as("x", trial="another", nct="", any_trial=True)
    ids = {row["evidence"] for row in scored(other, evidence)}
    assert "rasolute-302.daraxonrasib" in ids
    assert not scored({**other, "known_arms": [arm.id for arm in evidence.trials]}, evidence)


def test_the_score_is_that_of_the_distribution_and_rewards_the_truth() -> None:
    draws = np.random.default_rng(3).normal(10.0, 2.0, 20000)
    said = (spread(draws) or {})["quantiles"]
    exact = np.abs(draws - 11.0).mean() - 0.5 * np.abs(draws[:10000] - draws[10000:]).mean()
    assert crps(said, 11.0, "points") == pytest.approx(exact, rel=0.1)
    assert crps(said, 10.0, "points") < crps(said, 14.0, "points")
    assert place(said, 10.0) == pytest.approx(0.5, abs=0.05) and place(said, 99.0) == 1.0
    # A median that is not reached counts as the last month.
    assert crps([None] * len(LEVELS), 24.0, "log", 24.0) == 0.0


def test_the_definitions_of_the_package_are_whole() -> None:
    found = known_definitions()
    assert {"rasolute-303", "rasolute-304", "rasolute-305"} <= set(found)
    assert found["rasolute-304"].study is None and "not modelled" in found["rasolute-304"].refused
    for one in found.values():
        assert all(row["source"] and row["seen"] for row in one.facts)
        if one.study is not None:
            assert to_plan(one.study).arms


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: tiny", "id: Tiny!", r"tiny\.yaml:1: id: use lower-case"),
        ("nct:", "nctt:", r"tiny\.yaml:3: .*did you mean 'nct'"),
        ("seen: assumed", "seem: assumed", r"tiny\.yaml:5: facts\[0\]"),
        ("300 mg", "300 m", "regimen"),
    ],
)
def test_a_wrong_file_gets_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace(old, new))
    with pytest.raises(StudyFileError, match=message):
        load_definition(path)


def test_the_verb(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", "check", "--out", str(folder / "out")]) == 0
    assert cli.main(["predict", "list", "--json"]) == 0
    text = capsys.readouterr().out
    assert "rasolute-303" in text[text.index("{") :] and json.loads(text[text.index("{") :])
    assert cli.main(["predict", "score", "--out", str(tmp_path)]) == 2
    assert cli.main(["predict", "freeze", "rasolut-303", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "nothing is frozen" in told and "did you mean 'rasolute-303'" in told
    with pytest.raises(InputError):
        freeze([], tmp_path, patients=0)


def test_what_the_documentation_shows_is_as_it_was_frozen() -> None:
    read_frozen(Path(__file__).parents[2] / "docs" / "predictions")
