"""From a study to a folder of results; what ends a run before its time is in tests/faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError, SimulationError, UnsupportedFeature
from rascade.studies import Checks, loads
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.trial import run_trial

CHECKS = Checks(drugs=["daraxonrasib", "gemcitabine"])
STUDY = """\
kind: trial
name: Small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 7, eligibility: ["ecog < 2"]}
seed: 5
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD, size: 3, published: rasolute-302.daraxonrasib}
  - {name: old, regimen: none}
imaging_every_weeks: 8
follow_up_months: 2
parameters: {KRAS_share: 0.3}
"""


def study(text: str = STUDY) -> Any:
    return loads(text, "s.yaml", CHECKS)


def test_the_plan_says_what_the_study_says() -> None:
    spec = to_plan(study())
    assert (spec.name, spec.seed, spec.reference_arm) == ("Small", 5, "old")
    assert (spec.cohort.disease, spec.cohort.line, spec.cohort.eligibility) == (
        "PDAC",
        2,
        ("ecog < 2",),
    )
    assert [(arm.name, arm.size, arm.published) for arm in spec.arms] == [
        ("new", 3, "rasolute-302.daraxonrasib"),
        ("old", 7, None),
    ]
    assert str(spec.arms[0].regimen) == "daraxonrasib 300 mg PO QD"
    assert dict(spec.parameters) == {"KRAS_share": 0.3}


def test_a_stage_that_is_not_modelled() -> None:
    with pytest.raises(UnsupportedFeature, match="stage"):
        to_plan(study(STUDY.replace("metastatic", "resectable")))


def test_the_folder(tmp_path: Path) -> None:
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
    assert seen[0] == (0.0, "new: preparing, compiling the model (once per machine)")
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)
    assert seen[-1] == (1.0, "old")
    out = tmp_path / "out"
    files = [
        "adverse_events.parquet",
        "decisions.parquet",
        "lesions.parquet",
        "patients.parquet",
        "report.html",
        "study.yaml",
        "summary.json",
        "visits.parquet",
    ]
    manifest = json.loads((out / "manifest.json").read_text())
    assert sorted(manifest["files"]) == files
    there = sorted(path.name for path in out.iterdir())
    assert there == sorted([*files, "manifest.json", "chunks", "runs.jsonl"])
    assert manifest["seed"] == 6
    assert manifest["mechanism"]["nodes"]
    assert manifest["arms"][0] == {"name": "new", "regimen": "daraxonrasib 300 mg PO QD", "size": 4}
    for key in ("study_hash", "model_hash", "parameter_hash", "evidence_hash", "versions"):
        assert manifest[key], key
    # When and how is no result: it would differ between runs of the same study.
    log = json.loads((out / "runs.jsonl").read_text())
    assert not {"started", "finished", "command", "threads"} & manifest.keys()
    assert {"started", "ended", "command", "executor", "chunks"} <= log.keys()
    assert log["how"] == "finished"
    summary = json.loads((out / "summary.json").read_text())
    assert "Research use only" in summary["research_use"]
    assert loads((out / "study.yaml").read_text(), "x", CHECKS).seed == 6
    assert result.folder == out
    assert result.summary == summary
    assert len(pd.read_parquet(out / "patients.parquet")) == 8


def test_the_chunks_can_be_read_as_tables(tmp_path: Path) -> None:
    run_trial(study(), tmp_path / "out", size=3, chunk_size=2)
    names = sorted(path.name for path in (tmp_path / "out" / "chunks").glob("*.patients.parquet"))
    assert names == [
        f"arm{arm}-00000{a}-00000{b}.patients.parquet"
        for arm in (0, 1)
        for a, b in ((0, 2), (2, 3))
    ]
    table = pd.read_parquet(tmp_path / "out" / "chunks" / names[0])
    patients = pd.read_parquet(tmp_path / "out" / "patients.parquet")
    assert table["cohort.population.patients"].tolist() == [0, 2]
    ages = patients.set_index("patient").loc[[0, 2], "age_years"].tolist()
    assert table["cohort.population.profiles.age_years"].tolist() == ages


def test_a_report_that_fails_keeps_the_patients(tmp_path: Path) -> None:
    """Nobody should simulate for a day again because a figure could not be drawn."""

    def fail(folder: Path) -> None:
        (folder / "report.html").write_text("half")
        raise ValueError("report")

    with pytest.raises(ValueError, match="report"):
        run_trial(study(), tmp_path / "out", finish=fail)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["unfinished"]
    run_trial(study(), tmp_path / "out", start="resume")
    assert not (tmp_path / "out" / "report.html").exists()
    first, last = map(json.loads, (tmp_path / "out" / "runs.jsonl").read_text().splitlines())
    assert (first["how"], first["simulated"]) == ("ValueError", 2)
    assert (last["how"], last["simulated"]) == ("finished", 0)


def test_an_arm_that_nobody_survives_in_the_solver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fail again, so nothing is kept."""
    from dataclasses import replace

    from rascade.engine import Status
    from rascade.trial.conduct import run

    real = run.run_arm

    def failing(*args: Any, **more: Any) -> Any:
        arm = real(*args, **more)
        return replace(arm, status=np.full_like(arm.status, Status.TOO_MANY_STEPS))

    monkeypatch.setattr(run, "run_arm", failing)
    with pytest.raises(SimulationError, match=r"arm new: .* every patient; .* TOO_MANY_STEPS"):
        run_trial(study(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_wrong_numbers_are_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rascade.trial.running.executors.simulate", lambda *_, **__: pytest.fail("work")
    )
    for wrong in ({"size": -1}, {"seed": -1}, {"threads": 0}, {"chunk_size": 0}):
        with pytest.raises(InputError, match=next(iter(wrong)).removesuffix("_size")):
            run_trial(study(), tmp_path / "out", **wrong)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        run_trial(study(), tmp_path / "file")
