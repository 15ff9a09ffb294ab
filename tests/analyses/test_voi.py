"""The value of information: against formulas and brute force, and not fooled by chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rascade.analyses.voi.draws import draw_sets
from rascade.analyses.voi.measure import arm_reading
from rascade.analyses.voi.value import Measurement, by_weights, reduction, worths
from rascade.cli import main as cli
from rascade.errors import StudyFileError
from rascade.patients.hyperparameters import read_ensemble
from rascade.studies.files.decision import load_decision
from rascade.studies.files.voi_schema import VoiStudy
from rascade.trial.prediction.courses import Courses

STUDY = (Path(__file__).parents[2] / "studies/voi/daraxonrasib-with-pd-1.yaml").read_text()
RNG = np.random.default_rng(1)
X = RNG.normal(size=(3, 1500))
#: The prediction follows the first two causes; the third says nothing of it.
Y = 2.0 * X[0] + 1.0 * X[1] + 0.5 * RNG.normal(size=1500)
VARIANCE = 4.0 + 1.0 + 0.25


@pytest.mark.parametrize(("cause", "noise"), [(0, 0.5), (0, 2.0), (1, 0.5), (2, 0.5)])
def test_the_share_is_that_of_the_formula_and_of_brute_force(cause: int, noise: float) -> None:
    exact = (4.0, 1.0, 0.0)[cause] / VARIANCE / (1.0 + noise**2)
    assert reduction(Y, X[cause], noise) == pytest.approx(exact, abs=0.05)
    assert by_weights(Y, X[cause], noise) == pytest.approx(exact, abs=0.06)


def test_measurements_come_in_the_order_of_brute_force() -> None:
    some = [
        Measurement("weak", "assay", "", X[1], 0.5),
        Measurement("precise", "assay", "", X[0], 0.3),
        Measurement("rough", "assay", "", X[0], 3.0),
        Measurement("idle", "assay", "", X[2], 0.1),
        Measurement("fixed", "assay", "", np.ones(1500), 0.1),
    ]
    found = worths(Y, some)
    brute = sorted(some[:4], key=lambda m: -by_weights(Y, m.reading, m.noise))
    assert [one.name for one in found][:3] == [m.name for m in brute][:3]
    assert [one.name for one in found if one.stands_out] == ["precise", "weak", "rough"]
    by_name = {one.name: one for one in found}
    assert by_name["fixed"].share == 0.0 and by_name["precise"].low90 <= by_name["precise"].share
    assert by_name["precise"].sd_after == pytest.approx(
        float(Y.std(ddof=1)) * (1 - by_name["precise"].share) ** 0.5
    )


def test_among_many_idle_measurements_hardly_one_stands_out() -> None:
    fooled = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        idle = [Measurement(str(k), "assay", "", rng.normal(size=60), 0.1) for k in range(40)]
        found = worths(rng.normal(size=60), idle, seed)
        fooled += any(one.stands_out for one in found)
    assert fooled <= 4


def test_a_larger_arm_reads_more_precisely() -> None:
    flat = np.ones((4, 50))
    response = np.where(np.arange(50)[None, :] < np.array([5, 10, 20, 30])[:, None], 60.0, np.inf)
    courses = Courses(response, flat * 100, flat > 0, flat * 200, flat > 0, flat)
    reading, small = arm_reading(courses, "orr", 20)
    assert (np.diff(reading) > 0).all()
    assert arm_reading(courses, "orr", 80)[1] == pytest.approx(small / 2)


def test_sets_hold_members_and_what_no_trial_has_fitted(small_ensemble: Path) -> None:
    draws = draw_sets(read_ensemble(small_ensemble), ("daraxonrasib",), 2, 6, 3)
    assert len(draws.tables) == 6 and "k_division" in draws.fitted
    divisions = draws.rows["k_division"]
    assert len(set(divisions)) == 2 and divisions[0] == divisions[2]
    free = [row for row in draws.rows if row not in draws.fitted]
    assert len(free) > 20 and all(len(set(draws.rows[row])) == 6 for row in free[:5])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[CD8,", "[CD88,", r"biopsies\.species\[0\].*no 'CD88'.*did you mean"),
        ("draws: 160", "draws: 2", "draws"),
        ("  new: daraxonrasib 300", "  new: daraxonrasb 300", r"prediction\.new"),
    ],
)
def test_a_wrong_study_gets_a_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(StudyFileError, match=message):
        load_decision(path, VoiStudy, "voi")


def test_the_verb_writes_a_page_and_a_figure(
    tmp_path: Path, with_ensemble: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = STUDY.replace("draws: 160", "draws: 20").replace("patients: 60", "patients: 10")
    text = text.replace("horizon_months: 12", "horizon_months: 4").split("arms:")[0]
    (tmp_path / "study.yaml").write_text(text)
    out = tmp_path / "out"
    assert cli.main(["voi", str(tmp_path / "study.yaml"), "--out", str(out), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    kinds = {row["kind"] for row in record["measurements"]}
    assert kinds == {"assay", "biopsy", "trial"}
    shares = [row["share"] for row in record["measurements"]]
    assert shares == sorted(shares, reverse=True) and 0 <= shares[0] <= 1
    assert (out / "voi.html").exists() and (out / "voi.svg").exists()
