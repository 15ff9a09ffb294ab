"""Scores of predictions, on predictions made by hand."""

from __future__ import annotations

import json

import pytest

from rascade.calibration.targets import Target
from rascade.calibration.validate import Prediction, mean_of_line, scores, table, write_validation
from rascade.report.pages.validation import read_validation, write_validation_report


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
