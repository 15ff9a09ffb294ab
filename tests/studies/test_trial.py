"""From a study to a folder of results, with a small stand-in for the simulation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from rascade.errors import InputError, UnsupportedFeature
from rascade.studies import Checks, loads
from rascade.studies.trial import run_trial, to_spec

CHECKS = Checks(drugs=["daraxonrasib", "gemcitabine"])
STUDY = """\
kind: trial
name: Small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 7, eligibility: ["ecog < 2"]}
seed: 5
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD, size: 3, published: "RASolute 302"}
  - {name: old, regimen: none}
imaging_every_weeks: 8
follow_up_months: 6
parameters: {KRAS_share: 0.3}
"""


def study(text: str = STUDY) -> Any:
    return loads(text, "s.yaml", CHECKS)


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stand in for the simulation; returns the plans that it was given."""
    plans: list[Any] = []

    def run(spec: Any, *, threads: int, progress: Callable[[float, str], None] | None) -> Any:
        plans.append(spec)
        if progress is not None:
            progress(0.5, "new")
        return SimpleNamespace(
            patients=pd.DataFrame({"patient": [0, 1], "arm": ["new", "old"]}),
            visits=pd.DataFrame({"patient": [0, 1], "day": [56.0, 56.0]}),
            adverse_events=pd.DataFrame({"patient": [0], "grade": [3]}),
            decisions=pd.DataFrame({"patient": [0], "action": ["hold"]}),
            summary={
                "study": "Small",
                "seed": spec.seed,
                "model_hash": "m",
                "arms": [],
                "contrasts": [],
                "x": float("nan"),
            },
            model_hash="m",
            provenance={"mechanism": {"nodes": []}, "seed": "must not hide the seed"},
        )

    monkeypatch.setattr("rascade.trial.run.run", run)
    return plans


def test_the_plan_says_what_the_study_says() -> None:
    spec = to_spec(study())
    assert (spec.name, spec.seed, spec.reference_arm) == ("Small", 5, "old")
    assert (spec.cohort.disease, spec.cohort.line, spec.cohort.eligibility) == (
        "PDAC",
        2,
        ("ecog < 2",),
    )
    assert [(arm.name, arm.size, arm.published) for arm in spec.arms] == [
        ("new", 3, "RASolute 302"),
        ("old", 7, None),
    ]
    assert str(spec.arms[0].regimen) == "daraxonrasib 300 mg PO QD"
    assert dict(spec.parameters) == {"KRAS_share": 0.3}


def test_a_stage_that_is_not_modelled() -> None:
    with pytest.raises(UnsupportedFeature, match="stage"):
        to_spec(study(STUDY.replace("metastatic", "resectable")))


def test_the_folder(tmp_path: Path, simulated: list[Any]) -> None:
    seen: list[tuple[float, str]] = []

    def finish(folder: Path) -> None:
        assert json.loads((folder / "manifest.json").read_text())["files"]
        (folder / "report.html").write_text("report")

    result = run_trial(
        study(),
        tmp_path / "out",
        size=4,
        seed=6,
        progress=lambda share, step: seen.append((share, step)),
        finish=finish,
    )
    assert [arm.size for arm in simulated[0].arms] == [4, 4]
    assert simulated[0].seed == 6
    assert seen == [(0.5, "new")]
    out = tmp_path / "out"
    files = [
        "adverse_events.parquet",
        "decisions.parquet",
        "patients.parquet",
        "report.html",
        "study.yaml",
        "summary.json",
        "visits.parquet",
    ]
    manifest = json.loads((out / "manifest.json").read_text())
    assert sorted(manifest["files"]) == files
    assert sorted(path.name for path in out.iterdir()) == sorted([*files, "manifest.json"])
    assert manifest["seed"] == 6
    assert manifest["mechanism"] == {"nodes": []}
    assert manifest["arms"][0] == {"name": "new", "regimen": "daraxonrasib 300 mg PO QD", "size": 4}
    for key in (
        "study_hash",
        "model_hash",
        "parameter_hash",
        "evidence_hash",
        "versions",
        "started",
        "finished",
        "command",
    ):
        assert manifest[key], key
    summary = json.loads((out / "summary.json").read_text())
    assert summary["x"] is None
    assert "Research use only" in summary["research_use"]
    assert loads((out / "study.yaml").read_text(), "x", CHECKS).seed == 6
    assert result.folder == out
    assert result.summary == summary


def test_the_data_are_the_same_bytes_again(tmp_path: Path, simulated: list[Any]) -> None:
    for name in ("one", "two"):
        run_trial(study(), tmp_path / name)
    for name in ("patients.parquet", "visits.parquet", "summary.json", "study.yaml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_report_that_fails_leaves_nothing(
    tmp_path: Path, simulated: list[Any], error: type[BaseException]
) -> None:
    def finish(folder: Path) -> None:
        (folder / "report.html").write_text("half")
        raise error

    with pytest.raises(error):
        run_trial(study(), tmp_path / "out", finish=finish)
    assert list(tmp_path.iterdir()) == []


def test_wrong_numbers_are_refused_before_the_work(tmp_path: Path, simulated: list[Any]) -> None:
    for wrong in ({"size": -1}, {"seed": -1}, {"threads": 0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            run_trial(study(), tmp_path / "out", **wrong)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        run_trial(study(), tmp_path / "file")
    assert simulated == []
