"""Data of the user's own: curves, numbers and patients beside the simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rascade as rc
from rascade.cli.main import main
from rascade.errors import StudyFileError

RISK = "month,at_risk\n0,120\n3,95\n6,60\n9,30\n12,12\n"


def curve_text(median: float = 6.0) -> str:
    month = np.arange(0, 15.01, 0.25)
    share = 0.5 ** (month / median)
    return "month,survival\n" + "".join(f"{m},{s:.3f}\n" for m, s in zip(month, share, strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pfs.csv").write_text(curve_text())
    (tmp_path / "risk.csv").write_text(RISK)
    (tmp_path / "patients.csv").write_text(
        "days,event\n30,1\n61,event\n90,0\n150,yes\n200,censored\n"
    )
    return tmp_path


def bare() -> rc.Trial:
    arms = {"a": "none", "b": "none"}
    return rc.Trial(arms, rc.Cohort(size=6), follow_up_months=6, population="table")


def study(folder: Path, data: str) -> Path:
    path = folder / "study.yaml"
    bare().to_file(path)
    text = path.read_text().replace("regimen: none", f"regimen: none\n  data: {{{data}}}", 1)
    path.write_text(text)
    return path


def test_a_curve_on_the_command_line(folder: Path, capsys) -> None:
    call = ["curve", str(folder / "pfs.csv"), "--at-risk", str(folder / "risk.csv")]
    assert main([*call, "--json", "--out", str(folder / "out.csv")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 120
    assert found["median_months"] == pytest.approx(6.0, abs=0.3)
    (folder / "other.csv").write_text(curve_text(3.0))
    assert (
        main(
            ["curve", str(folder / "other.csv"), "--n", "120", "--against", str(folder / "out.csv")]
        )
        == 0
    )
    out = capsys.readouterr().out
    ratio = float(out.partition("hazard ratio ")[2].split()[0])
    assert ratio == pytest.approx(2.0, rel=0.15)


def test_data_stand_beside_the_simulation(folder: Path) -> None:
    path = study(
        folder,
        "source: our cohort, orr_pct: 12, os_median_months: {value: 7, low: 5, high: 9}, "
        "pfs: {curve: pfs.csv, at_risk: risk.csv}, os: {patients: patients.csv}",
    )
    trial = rc.Trial.from_file(path)
    again = trial.to_file(folder / "again.yaml")
    for name in ("pfs.csv", "risk.csv", "patients.csv"):
        (folder / name).unlink()
    assert rc.Trial.from_file(again).study == trial.study
    result = trial.run(progress=False)
    page = result.report(folder / "report.html").read_text()
    assert "Your own data beside the simulated patients" in page
    assert "our cohort; reconstructed from a digitised curve" in page
    rows = {row["endpoint"]: row for row in result.manifest["published"]}
    assert rows["orr"]["value"] == 12
    assert (rows["os"]["value"], rows["os"]["low"]) == (7, 5)
    assert rows["pfs"]["value"] == pytest.approx(6.0, abs=0.3)
    from rascade.report.figures.survival import survival_figure

    assert "Dotted steps: your own data" in survival_figure(result._run, "pfs").caption


def test_results_are_the_same_with_and_without_data(folder: Path) -> None:
    from rascade.studies.files.trial_plan import to_plan
    from rascade.trial.design.plan_text import felt_by_patients, plan_from_text, plan_text

    path = study(folder, "source: s, pfs: {patients: patients.csv}")
    plan = to_plan(rc.Trial.from_file(path).study)
    assert felt_by_patients(plan) == felt_by_patients(to_plan(bare().study))
    assert plan_from_text(plan_text(plan)) == plan


def test_adtte_and_other_words_are_read(folder: Path) -> None:
    from rascade.studies.files.own_data import read_patients

    (folder / "adtte.csv").write_text("USUBJID,AVAL,CNSR\n1,30.4375,0\n2,60.875,1\n")
    assert read_patients(folder / "adtte.csv") == ([1.0, 2.0], [True, False])
    (folder / "semi.csv").write_text("\ufeffWeek;Event\n4;no\n2;yes\n")
    assert read_patients(folder / "semi.csv")[1] == [True, False]


WRONG = {
    "no source": ("orr_pct: 3", "", "data.source: missing"),
    "a word": ("source: s, orr: 3", "", "orr"),
    "outside its limits": (
        "source: s, orr_pct: {value: 3, low: 5}",
        "",
        "3 lies outside its limits",
    ),
    "negative": ("source: s, orr_pct: -3", "", "at least 0"),
    "no file": ("source: s, pfs: {patients: none.csv}", "", "none.csv cannot be read"),
    "both": ("source: s, pfs: {patients: a.csv, curve: b.csv}", "", "give either 'curve'"),
    "neither": ("source: s, pfs: {n: 5}", "", "give either 'curve'"),
    "a slip": ("source: s, pfs: {curv: b.csv}", "", "did you mean 'curve'"),
    "how many": ("source: s, pfs: {curve: pfs.csv}", "", "how many patients were there?"),
    "it rises": (
        "source: s, pfs: {curve: bad.csv, n: 9}",
        "month,survival\n0,1\n1,.5\n2,.9\n",
        "bad.csv:4: survival rises",
    ),
    "percent": (
        "source: s, pfs: {curve: bad.csv, n: 9}",
        "month,survival\n0,100\n1,50\n",
        "100 % is 1",
    ),
    "counts grow": (
        "source: s, pfs: {curve: pfs.csv, at_risk: bad.csv}",
        "month,at_risk\n0,9\n3,12\n",
        "bad.csv:3: 12 at risk after 9",
    ),
    "a comma": (
        "source: s, pfs: {patients: bad.csv}",
        'month,event\n"1,5",1\n',
        "bad.csv:2: month: '1,5' is no number; write a point",
    ),
    "an empty cell": (
        "source: s, pfs: {patients: bad.csv}",
        "month,event\n1,\n",
        "bad.csv:2: event: empty",
    ),
    "no columns": (
        "source: s, pfs: {patients: bad.csv}",
        "a,b\n1,1\n",
        "wanted are month (or day, week, year) and event or cnsr",
    ),
    "no rows": ("source: s, pfs: {patients: bad.csv}", "month,event\n", "no rows"),
    "before the start": (
        "source: s, pfs: {patients: bad.csv}",
        "month,event\n-1,1\n",
        "bad.csv:2: month -1 must be 0 or more",
    ),
    "too many events": (
        "source: s, pfs: {curve: pfs.csv, n: 9, events: 12}",
        "",
        "events: 12; there were 9 patients",
    ),
    "not ordered": (
        "source: s, pfs: {curve: bad.csv, n: 9}",
        "month,survival\n2,.9\n1,.8\n",
        "bad.csv:3: month 1 comes after month 2",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_data_get_one_clear_line(folder: Path, what: str) -> None:
    data, bad, told = WRONG[what]
    if bad:
        (folder / "bad.csv").write_text(bad)
    with pytest.raises(StudyFileError) as error:
        rc.Trial.from_file(study(folder, data))
    assert told in str(error.value)
    assert "study.yaml:" in str(error.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"x" * 6_000_000, b'month,event\n"1,1\n\x00', b""]
)
def test_hostile_tables(folder: Path, content: bytes, capsys) -> None:
    (folder / "bad.csv").write_bytes(content)
    assert main(["curve", str(folder / "bad.csv"), "--n", "5"]) == 2
    err = capsys.readouterr().err
    assert "bad.csv" in err
    assert "Traceback" not in err
