"""Scores of predictions, on predictions made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rascade.calibration.targets import Target, runnable_arms
from rascade.calibration.validate import (
    Prediction,
    _of_arm,
    mean_of_line,
    scores,
    table,
    write_validation,
)
from rascade.report.pages.validation import read_validation, write_validation_report
from rascade.trial.prediction.courses import Courses
from rascade.units import DAYS_PER_MONTH


def made(
    arm: str, seen: float, median: float, *, line: int = 2, endpoint: str = "pfs"
) -> Prediction:
    target = Target(arm, endpoint, seen, None, None, 50, "validate")
    return Prediction(target, ("x",), line, median, 0.7 * median, 1.4 * median, 0.5, median)


@pytest.fixture
def found() -> list[Prediction]:
    return [made("a", 2.0, 2.0), made("b", 4.0, 4.4), made("c", 8.0, 2.0), made("d", 5, 5, line=1)]


def test_the_mean_of_the_line_leaves_the_arm_itself_out(found) -> None:
    assert mean_of_line(found, found[0]) == pytest.approx((4 * 8) ** 0.5)
    assert mean_of_line(found, found[3]) != mean_of_line(found, found[3])  # nobody else: NaN


def test_scores_count_what_is_inside_and_measure_misses(found) -> None:
    score = scores(found)["validate"]["pfs"]
    assert (score["n"], score["inside_90"]) == (4, 3)
    assert score["error"]["model"] == pytest.approx(0.048, abs=0.001)


def test_a_median_that_is_not_reached_is_blank(found) -> None:
    rows = table([*found, made("e", 9.0, float("inf"))])
    assert rows[-1]["predicted"] is None


def test_the_page_says_what_the_files_say(found, tmp_path) -> None:
    write_validation(tmp_path, found, found)
    rows, told = read_validation(tmp_path)
    assert [row["arm_id"] for row in rows] == ["a", "b", "c", "d"]
    assert told == json.loads((tmp_path / "validation.json").read_text())
    page = write_validation_report(tmp_path).read_text()
    assert "Of 4 published values that were never fitted, 3 lie inside" in page
    assert "Research use only" in page


def test_landmark_rates_are_a_group_of_their_own(found, tmp_path) -> None:
    rates = [made("a", 40.0, 50.0, endpoint="pfs@6"), made("b", 60.0, 50.0, endpoint="pfs@6"),
             made("a", 30.0, 33.0, endpoint="os@12")]  # fmt: skip
    score = scores([*found, *rates])["validate"]
    assert set(score) == {"pfs", "landmark"}
    assert (score["landmark"]["n"], score["landmark"]["error"]["model"]) == (3, 10.0)
    assert score["landmark"]["error"]["previous model"] is None
    assert mean_of_line([*found, *rates], rates[0]) == 60.0  # the same month of the same curve
    write_validation(tmp_path, [*found, *rates])
    page = write_validation_report(tmp_path).read_text()
    assert "OS at 12 months, %" in page
    assert "Landmark rates, %" in page


def test_a_landmark_is_the_survival_of_the_replicates() -> None:
    """Exponential courses with the published median have the rate that follows from it."""
    arm = next(a for a in runnable_arms() if a.id == "mpact.gemcitabine")
    place = (np.arange(1000) + 0.5) / 1000

    def exponential(median: float):
        times = -np.log(place) / np.log(2) * median * DAYS_PER_MONTH
        return np.random.default_rng(0).permutation(times)[None, :]

    yes, one = np.ones((1, 1000), bool), np.ones((1, 1000))
    none = np.full((1, 1000), np.inf)
    courses = Courses(none, exponential(3.7), yes, exponential(6.7), yes, one)
    found = {p.target.endpoint: p for p in _of_arm(arm, courses)}
    for endpoint, month, median in (("os@12", 12, 6.7), ("os@24", 24, 6.7), ("pfs@6", 6, 3.7)):
        expected = 100 * 0.5 ** (month / median)
        assert found[endpoint].central == pytest.approx(expected, abs=0.3)
        assert found[endpoint].median == pytest.approx(expected, abs=2.0)
        assert found[endpoint].low < expected < found[endpoint].high
