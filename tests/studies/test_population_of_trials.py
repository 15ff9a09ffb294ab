"""Whose patients a trial has, and what it predicts; with an ensemble of two members."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rascade.errors import EvidenceError, InputError, ResultsError
from rascade.model import load_table
from rascade.patients import hyperparameters
from rascade.studies import loads
from rascade.studies.files.load import override
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.trial import population_cautions, run_trial, trial_output
from rascade.trial.design.models import arm_assembly
from rascade.trial.design.plan_text import plan_from_text, plan_text
from rascade.trial.prediction import courses
from rascade.trial.running import predicting
from rascade.trial.running.executors import FuturesExecutor
from rascade.trial.running.run import run

STUDY = """\
kind: trial
name: Small
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 3}
seed: 5
arms:
  - {name: new, regimen: daraxonrasib 300 mg PO QD, size: 2, crossover: old}
  - {name: old, regimen: none}
imaging_every_weeks: 6
follow_up_months: 2
"""
SPAN = {"median", "low90", "high90"}


def study(text: str = STUDY) -> Any:
    return loads(text, "s.yaml")


@pytest.fixture(autouse=True)
def few_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "POOL", 20)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, small_ensemble: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASCADE_ENSEMBLE", str(small_ensemble))
        patch.setattr(predicting, "POOL", 20)
        folder = tmp_path_factory.mktemp("done") / "out"
        run_trial(study(), folder, chunk_size=2)
    return folder


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def test_every_arm_and_contrast_has_a_prediction(done: Path) -> None:
    found = summary(done)
    new, old = (arm["prediction"] for arm in found["arms"])
    assert (new["size"], old["size"], new["members"]) == (2, 3, 2)
    for key in ("orr_pct", "pfs_median_months", "os_median_months"):
        assert set(new[key]) == SPAN
    assert new["orr_pct"]["low90"] <= new["orr_pct"]["median"] <= new["orr_pct"]["high90"]
    # Two months are too short for a median of survival in most trials of three patients.
    lived = old["os_median_months"]
    assert set(lived) == SPAN and lived["median"] is None and lived["high90"] is None
    assert set(found["contrasts"][0]["prediction"]) == {"members", "pfs_hr", "os_hr"}


def test_the_manifest_names_the_ensemble(done: Path, with_ensemble: Path) -> None:
    manifest = json.loads((done / "manifest.json").read_text())
    ensemble = hyperparameters.default_ensemble()
    assert ensemble is not None
    assert manifest["ensemble"]["hash"] == ensemble.hash
    assert manifest["ensemble"]["members"] == 2
    assert manifest["ensemble"]["fitted_arms"] == ensemble.manifest["arms"]


@pytest.mark.usefixtures("with_ensemble")
def test_patients_are_of_the_central_member() -> None:
    plan, usual = to_plan(study()), load_table()
    table = arm_assembly(plan, plan.arms[0]).table
    assert table["k_division"].value == pytest.approx(usual["k_division"].value * np.exp(0.1))
    row = "new_lesions_per_growth"
    assert table[row].cv == pytest.approx(usual[row].cv * np.exp(0.2))
    assert plan_from_text(plan_text(plan)) == plan
    bare = to_plan(override(study(), population="table"))
    assert arm_assembly(bare, bare.arms[0]).table["k_division"] == usual["k_division"]


@pytest.mark.usefixtures("with_ensemble")
def test_what_a_study_sets_holds_in_all_members(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception):
        pass

    seen = []

    def stack(assembly: Any, tables: Any, **_: Any) -> Any:
        seen.extend([assembly.table, *tables])
        raise Enough

    monkeypatch.setattr(courses, "settled_stack", stack)
    plan = to_plan(study(STUDY + "parameters: {k_division: 0.005}\n"))
    with pytest.raises(Enough):
        predicting.prediction(plan, _Nothing())
    assert len(seen) == 4
    assert {table["k_division"].value for table in seen} == {0.005}
    assert len({table["new_lesions_per_growth"].cv for table in seen}) == 3


class _Nothing:
    """Keeps nothing."""

    def kept(self, name: str) -> None:
        return None


@pytest.mark.usefixtures("with_ensemble")
def test_in_memory_on_a_pool_and_resumed_are_the_same(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcome = run(to_plan(study()), executor=FuturesExecutor(pool), predicted=True)
    assert trial_output(study(), outcome).summary == summary(done)
    # What counts anew is not simulated again, and larger arms are predicted from the same courses.
    real, simulated = predicting.simulate_arm, []
    monkeypatch.setattr(
        predicting, "simulate_arm", lambda *a, **k: simulated.append(a) or real(*a, **k)
    )
    run_trial(study(), done, start="resume")
    run_trial(study(), done, start="resume", size=4)
    assert not simulated
    assert summary(done)["arms"][0]["prediction"]["size"] == 4


@pytest.mark.usefixtures("with_ensemble")
def test_damaged_courses_are_simulated_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    short = study(STUDY.replace("months: 2", "months: 0.5"))
    run_trial(short, folder, size=1)
    before = summary(folder)
    kept = sorted(folder.glob("chunks/courses-*.npz"))
    assert len(kept) == 2
    content = kept[0].read_bytes()
    kept[0].write_bytes(content[:-40])
    run_trial(short, folder, size=1, start="resume")
    assert summary(folder) == before
    assert kept[0].read_bytes() == content
    # Another number of members is another prediction, of the same patients.
    run_trial(short, folder, size=1, members=0, start="resume")
    assert [arm["prediction"]["members"] for arm in summary(folder)["arms"]] == [0, 0]
    assert len(list(folder.glob("chunks/courses-*.npz"))) == 2


@pytest.mark.usefixtures("with_ensemble")
def test_the_bare_table_predicts_nothing(tmp_path: Path) -> None:
    outcome = run(to_plan(override(study(), population="table", size=1)), predicted=True)
    assert "prediction" not in outcome.summary["arms"][0]
    assert not population_cautions(study())


def test_a_package_without_an_ensemble_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RASCADE_ENSEMBLE")
    monkeypatch.setattr(hyperparameters, "_ENSEMBLE", "no.csv")
    hyperparameters._ensemble.cache_clear()
    try:
        assert len(population_cautions(study())) == 1
        assert not population_cautions(override(study(), population="table"))
        assert to_plan(study()).population is None
    finally:
        hyperparameters._ensemble.cache_clear()


def test_mistakes_are_named(
    with_ensemble: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"--members: -1"):
        override(study(), members=-1)
    with pytest.raises(InputError, match=r"--population: 'tabel'"):
        override(study(), population="tabel")
    plan = to_plan(study())
    monkeypatch.setenv("RASCADE_ENSEMBLE", "none")
    with pytest.raises(ResultsError, match="another ensemble"):
        predicting.prediction(plan, _Nothing())
    monkeypatch.setenv("RASCADE_ENSEMBLE", str(tmp_path))
    with pytest.raises(EvidenceError, match=r"RASCADE_ENSEMBLE: .*no ensemble"):
        to_plan(study())
