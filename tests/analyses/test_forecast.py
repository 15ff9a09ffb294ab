"""Forecasts: calibrated on synthetic patients, better than the cohort, refused elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rascade.analyses.forecast.check import calibration, drawn_on
from rascade.analyses.forecast.particles import Particles
from rascade.analyses.forecast.posterior import Seen, weigh
from rascade.analyses.forecast.rank import crps, missing_worth, ranked, weighted_quantile
from rascade.analyses.paired import Outcomes
from rascade.cli import main as cli
from rascade.errors import StudyFileError
from rascade.studies.files.decision import load_decision
from rascade.studies.files.forecast import ForecastPatient, maf_variants, profile_of

ROOT = Path(__file__).parents[2]
PATIENT = (ROOT / "studies/forecast/patient.yaml").read_text()
MEMBERS, PATIENTS = 4, 400


@pytest.fixture(scope="module")
def toy() -> tuple[Particles, Any]:
    """Tumours that grow at a rate of their own; whoever grows faster progresses sooner."""
    rng = np.random.default_rng(1)
    count = MEMBERS * PATIENTS
    rate = rng.normal(0.002, 0.003, count)
    days = np.array([0.0, 28.0, 56.0, 84.0])
    months = np.clip(8.0 - 1200.0 * rate + rng.normal(0, 1.5, count), 0.5, 15.0)
    profiles = {"marker": np.where(rate > 0.002, "fast", "slow")}
    size = np.exp(rng.normal(4.2, 0.3, count))
    log = rate[:, None] * days
    ones = np.ones(count)
    return Particles(days, log, log * 2.0, size, ones, profiles, ones), months


def test_intervals_hold_as_often_as_they_say_and_beat_cohort_and_growth(toy: Any) -> None:
    particles, months = toy
    found = calibration(
        particles, months, (0.0, 28.0, 56.0), patients=PATIENTS, horizon=15.0, truths=400
    )
    assert found["forecast"] > 350
    assert 0.75 <= found["inside_80"] <= 0.85
    assert found["crps"] < 0.9 * found["crps_cohort"] and found["crps"] < found["crps_growth"]
    assert found["concordance"] > 0.7


def test_what_is_known_narrows_and_what_is_strange_is_refused(toy: Any) -> None:
    particles, months = toy
    nothing = weigh(particles, Seen())
    assert nothing.sample == pytest.approx(months.size) and not nothing.refused
    some = weigh(particles, Seen([(0.0, 70.0), (56.0, 90.0)]))
    assert some.sample < nothing.sample and some.weight @ months < nothing.weight @ months - 1.0
    assert some.weight.sum() == pytest.approx(1.0)
    strange = weigh(particles, Seen([(0.0, 70.0), (28.0, 700.0)]))
    assert "outside the model" in strange.refused
    few = Particles(*(
        value[:12] if isinstance(value, np.ndarray) and value.shape[0] == months.size else value
        for value in vars(particles).values()
    ))  # fmt: skip
    assert "fewer than" in weigh(few, Seen([(0.0, 70.0)])).refused


def test_a_day_between_scans_is_between_them(toy: Any) -> None:
    particles, _ = toy
    middle = (particles.log_size[:, 1] + particles.log_size[:, 2]) / 2.0
    assert particles.at(42.0) == pytest.approx(middle)


def test_a_weighted_sample_has_the_quantiles_and_the_score_of_its_distribution() -> None:
    values = np.random.default_rng(2).normal(10.0, 2.0, 4000)
    flat = np.full(4000, 1 / 4000)
    assert weighted_quantile(values, flat, 0.5) == pytest.approx(10.0, abs=0.1)
    pairs = np.abs(values[:2000] - values[2000:]).mean() / 2
    assert crps(values, flat, 11.0) == pytest.approx(np.abs(values - 11).mean() - pairs, rel=0.05)
    assert crps(np.array([3.0, 9.0]), np.array([1.0, 0.0]), 5.0) == pytest.approx(2.0)
    assert drawn_on([(0, 50.0), (30.4375, 60.0)], 12.0) == pytest.approx(1.0, abs=1e-6)
    assert drawn_on([(0, 50.0), (28, 40.0)], 12.0) == 12.0


def test_regimens_are_ranked_and_a_missing_marker_that_decides_is_named() -> None:
    flags = np.repeat(["a", "b"], 50)
    good = np.where(flags == "a", 9.0, 3.0)[None, :]
    other = np.where(flags == "a", 4.0, 6.0)[None, :]
    one = np.ones((1, 100))
    outcomes = {
        "first": Outcomes(good, good, one, 0 * one, one, one),
        "second": Outcomes(other, other, one, one, one, one),
    }
    weight = np.full(100, 0.01)
    rows = ranked(outcomes, weight, 12.0)
    assert [row["regimen"] for row in rows] == ["first", "second"]
    assert rows[0]["probability_best"] == pytest.approx(0.5) and rows[1]["grade3plus_pct"] == 100.0
    assert rows[0]["pfs_median_months"] == 3.0 and rows[0]["high80"] == 9.0
    worth = missing_worth(outcomes, weight, {"x": flags, "y": np.repeat("c", 100)}, ["x", "y"])
    assert worth == [{"measurement": "x", "gain_months": pytest.approx(1.5)}]


def test_variants_become_a_profile(tmp_path: Path) -> None:
    profile = profile_of(("KRAS p.G12D", "TP53 R175H"), ("KRAS", "TP53", "SMAD4"))
    assert profile == {"kras_allele": "G12D", "tp53": True, "smad4": False}
    assert profile_of((), ("KRAS",)) == {"kras_allele": "WT"}
    path = tmp_path / "x.maf"
    path.write_text("#v\nHugo_Symbol\tHGVSp_Short\nKRAS\tp.G12V\nBRCA2\tp.X\nTP53\t\n")
    assert maf_variants(path) == ("KRAS G12V", "TP53 altered")
    path.write_text("a\tb\n")
    with pytest.raises(StudyFileError, match="no column Hugo_Symbol"):
        maf_variants(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("KRAS G12D, TP53", "KRAS G99X, TP53", "KRAS G99X is not modelled"),
        ("day: 56, sum_mm", "day: 200, sum_mm", r"sizes\[2\]\.day.*days must rise"),
        ("sum_mm: 72", "sum_mm: -72", r"sizes\[0\]\.sum_mm"),
        ("ecog: 1", "birthday: 1950", "birthday"),
    ],
)
def test_a_wrong_file_gets_a_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "patient.yaml"
    path.write_text(PATIENT.replace(old, new))
    with pytest.raises(StudyFileError, match=message):
        load_decision(path, ForecastPatient, "patient-course", "forecast")


def test_the_verb_ranks_and_refuses(
    tmp_path: Path, with_ensemble: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient, regimens = tmp_path / "patient.yaml", tmp_path / "regimens.yaml"
    known = "kind: patient-course\nname: x\nvariants: [KRAS G12D]\nsizes: [{day: 0, sum_mm: 70}]\n"
    patient.write_text(known)
    regimens.write_text(
        "kind: regimens\nname: x\nhorizon_months: 4\n"
        "regimens: {none: none, daraxonrasib: daraxonrasib 300 mg PO QD}\n"
    )
    out = tmp_path / "out"
    words = ["forecast", str(patient), "--regimens", str(regimens), "--out", str(out), "--json"]
    assert cli.main([*words, "--members", "2", "--patients", "20"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["refused"] is None and record["effective_sample"] >= 15
    assert sum(row["probability_best"] for row in record["regimens"]) == pytest.approx(1.0)
    assert "not for treating anybody" in (out / "forecast.html").read_text().lower()
    assert (out / "forecast.svg").exists()
    patient.write_text(known.replace("sum_mm: 70}", "sum_mm: 70}, {day: 7, sum_mm: 700}"))
    assert cli.main([*words, "--members", "2", "--patients", "20"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["regimens"] == [] and record["refused"]
