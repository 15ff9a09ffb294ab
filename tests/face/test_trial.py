"""The face in Python: what the README and the design promise, as a user would call it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

import rascade as rc
from rascade.errors import InputError, StudyFileError

ARMS = {"a": "daraxonrasib 300 mg PO QD", "b": "none"}
COHORT = rc.Cohort(size=6, line=2)


def small(**more: object) -> rc.Trial:
    return rc.Trial(
        arms=ARMS, cohort=COHORT, seed=1, imaging_every_weeks=8, follow_up_months=6, **more
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result() -> rc.TrialResult:
    return small().run(progress=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("face") / "run"
    small().run(place, progress=False)
    return place


def test_a_result_in_memory_is_what_the_folder_holds(result: rc.TrialResult, folder: Path) -> None:
    kept = rc.open_result(folder)
    assert kept.summary == result.summary
    for name in ("patients", "visits", "lesions", "adverse_events", "decisions"):
        pd.testing.assert_frame_equal(kept.table(name), result.table(name), check_dtype=False)
    assert json.loads((folder / "summary.json").read_text()) == result.summary


def test_an_executor_of_the_standard_library_gives_the_same(result: rc.TrialResult) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = small().run(executor=pool, progress=False)
    assert other.summary == result.summary
    assert other.folder is None and len(other.lesions) == len(result.lesions)


def test_a_curve_is_a_table_that_ends_at_the_median_of_the_summary(result: rc.TrialResult) -> None:
    curve = result.endpoint("os").curve("a")
    assert list(curve)[:5] == ["month", "survival", "low", "high", "at_risk"]
    assert curve["month"].iloc[0] == 0.0 and curve["survival"].iloc[0] == 1.0
    assert curve["at_risk"].iloc[0] == 6
    assert np.all(np.diff(curve["survival"]) <= 0)
    assert result.endpoint("os").median("a")[0] == result.summary["arms"][0]["os_median_months"]
    assert result.endpoint("pfs").hazard_ratio("a")[0] == result.summary["contrasts"][0]["pfs_hr"]


def test_arms_and_contrasts_are_typed(result: rc.TrialResult) -> None:
    assert result.headlines["a"].rates["orr"].value == result.summary["arms"][0]["orr_pct"]
    assert result.contrasts[0].ratios["os"].value == result.summary["contrasts"][0]["os_hr"]
    with pytest.raises(InputError, match="orr: a share of patients, not a time"):
        result.endpoint("orr")


def test_figures_are_of_matplotlib_and_can_be_saved(result: rc.TrialResult, tmp_path: Path) -> None:
    for figure in (result.plot.survival("os"), result.plot.waterfall(), result.plot.forest()):
        assert isinstance(figure, matplotlib.figure.Figure)
    result.plot.survival("pfs").savefig(tmp_path / "pfs.png")
    assert (tmp_path / "pfs.png").stat().st_size > 10_000


def test_the_report_is_that_of_the_command_line(
    result: rc.TrialResult, folder: Path, tmp_path: Path
) -> None:
    page = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Research use only" in page
    assert (
        rc.open_result(folder).report(tmp_path / "k.html").read_bytes()
        == (folder / "report.html").read_bytes()
    )


def test_data_sets_are_written_from_memory(result: rc.TrialResult, tmp_path: Path) -> None:
    written = {path.name.lower() for path in result.to_adam(tmp_path / "adam")}
    assert any(name.startswith("adsl") for name in written)


def test_it_shows_itself_in_one_line_an_arm(result: rc.TrialResult) -> None:
    lines = repr(result).splitlines()
    assert lines[1].startswith("  a: n 6, ORR ") and lines[2].startswith("  b: n 6")
    assert "a against b" in lines[3] and "Research use only" in lines[-1]
    assert "<table>" in result._repr_html_() and "Research use only" in result._repr_html_()


def test_names_are_escaped_in_a_notebook() -> None:
    row = {"name": "<b>", "n": 1, "orr_pct": None, "orr_ci": None}
    row |= {f"{e}_{k}": None for e in ("pfs", "os") for k in ("median_months", "ci")}
    shown = rc.TrialResult(
        {"study": "<script>", "seed": 1, "arms": [row], "contrasts": []}, {}, ""
    )._repr_html_()
    assert "<script>" not in shown and "<b></th>" not in shown


def test_a_study_file_and_back(tmp_path: Path) -> None:
    trial = small(name="There and back", cut_off={"month": 4})
    again = rc.Trial.from_file(trial.to_file(tmp_path / "study.yaml"))
    assert again.study == trial.study
    assert repr(again) == "Trial('There and back', 2 arms of 6, line 2, seed 1): a, b"


def test_a_trial_is_checked_without_running_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "rascade.trial.running.executors.simulate", lambda *_, **__: pytest.fail("run")
    )
    trial = small(protocol={"dropout_per_month": 0.02})
    found = trial.check()
    assert [(arm.name, arm.patients, arm.chunks) for arm in found.arms] == [
        ("a", 6, 1),
        ("b", 6, 1),
    ]
    assert found.as_dict()["patients"] == 12
    assert "a: 6 patients in 1 chunk" in repr(found)
    with pytest.raises(InputError, match=r"cohort\.size"):
        rc.Trial(arms=ARMS, cohort=rc.Cohort(size=0)).check()


def test_published_arms_bring_their_evidence() -> None:
    arm = rc.published("MPACT/gem + nab-paclitaxel")
    trial = rc.Trial(arms={"old": arm}, cohort=COHORT)
    assert trial.study.arms[0].published == arm.evidence


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ({}, "arms: give a mapping"),
        ({"a": 3}, "arms\\['a'\\]: expected orders"),
        ({"a": "daraxonrasip 300 mg PO QD"}, "Trial: arms\\[0\\].regimen: .*daraxonrasib"),
        ({"a": {"regimne": "none"}}, "Trial: arms\\[0\\].regimne: .*regimen"),
    ],
)
def test_what_is_wrong_is_said_as_of_a_study_file(arms: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rc.Trial(arms=arms, cohort=COHORT)  # type: ignore[arg-type]


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(StudyFileError, match=r"Trial: cut_of: .*cut_off"):
        small(cut_of={"month": 4})


def test_wrong_names_of_arms_and_end_points(result: rc.TrialResult) -> None:
    with pytest.raises(InputError, match="no arm is called 'c'"):
        result.endpoint("os").curve("c")
    with pytest.raises(InputError, match="no end point is called 'pf'"):
        result.endpoint("pf")
    with pytest.raises(InputError, match="compared with"):
        result.endpoint("os").hazard_ratio("b")
    with pytest.raises(InputError, match="no table is called"):
        result.table("patient")


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results of a trial here"):
        rc.open_result(tmp_path)


def test_resuming_needs_a_folder() -> None:
    with pytest.raises(InputError, match="resume: name the folder"):
        small().run(resume=True, progress=False)


def test_public_names_are_all_there() -> None:
    assert {name for name in rc.__all__ if not hasattr(rc, name)} == set()
    with pytest.raises(AttributeError, match="no attribute 'trail'"):
        rc.trail  # noqa: B018
