"""Tables and figures of the end points in detail, of side effects, and of single patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rascade.report.figures.markers import marker_course, marker_figure
from rascade.report.figures.swimmer import MOST_LANES, lanes, swimmer_figure
from rascade.report.look.canvas import drawing
from rascade.report.runs.trial import read_trial
from rascade.report.tables.end_points import end_point_tables, estimand_table
from rascade.report.tables.exposure import adverse_event_table

from .synthetic import ARMS, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return read_trial(write_run(tmp_path_factory.mktemp("run"), n=90))


def cells(table, name):
    return next(row[1:] for row in table.rows if row[0] == name)


def test_the_tables_show_the_numbers_of_the_summary(run) -> None:
    response, landmarks, means = end_point_tables(run)
    first = run.summary["end_points"]["arms"][0]
    shown = cells(response, "Confirmed response (28 days), RECIST 1.1")[0]
    assert shown.startswith(f"{first['orr_confirmed_pct']:.1f} % (")
    mark = first["os_landmarks"][1]
    assert cells(landmarks, "OS at 12 months")[0].startswith(f"{mark['rate_pct']:.1f} % (")
    assert cells(landmarks, "OS at 12 months")[0].endswith(f"n = {mark['at_risk']}")
    gain = run.summary["end_points"]["contrasts"][0]["os_rmst_difference_months"]
    shown = cells(means, f"OS, difference from {ARMS[1]}")
    assert shown[0].startswith(f"{gain:+.1f}".replace("-", "−")) and shown[1] == ""
    low, high = first["pfs_interval_median_months"]
    text = f"{high:.1f}" if low == high else f"{low:.1f} to {high:.1f}"
    shown = cells(response, "Median PFS, interval-censored, months")[0].split("\n")
    assert shown[0] == text
    low, high = first["pfs_interval_median_ci"]
    assert shown[1] == f"95 % CI ({low:.1f}–{high:.1f})"


def test_every_estimand_is_named_and_says_what_does_not_apply(run) -> None:
    table = estimand_table(run)
    names = [row[0] for row in table.rows]
    assert names[0] == "OS, treatment policy" and len(names) == len(set(names)) == 5
    assert "not in this trial" in next(row[2] for row in table.rows if row[0] == "OS, hypothetical")


def test_a_run_of_before_has_no_such_tables(tmp_path) -> None:
    bare = read_trial(write_run(tmp_path / "run", n=5, bare=True))
    assert end_point_tables(bare) == [] and estimand_table(bare) is None
    assert bare.adverse_events is None and adverse_event_table(bare) is None


def test_adverse_events_count_each_patient_once_at_the_highest_grade(run) -> None:
    events = run.adverse_events
    table = adverse_event_table(run)
    own = events[(events["arm"] == ARMS[0]) & (events["term"] == "Rash")]
    worst = own.groupby("patient")["grade"].max()
    any_grade, severe = cells(table, "Rash")[:2]
    assert any_grade.split("\n")[0] == f"{len(worst)} ({100 * len(worst) / 90:.1f} %)"
    count = (worst >= 3).sum()
    assert severe.split("\n")[0] == f"{count} ({100 * count / 90:.1f} %)"
    everybody = events[events["arm"] == ARMS[0]]["patient"].nunique()
    assert cells(table, "Any adverse event")[0].startswith(f"{everybody} (")
    assert len(table.head) == 5


def test_an_empty_table_of_events_is_no_table(run) -> None:
    from dataclasses import replace

    assert adverse_event_table(replace(run, adverse_events=run.adverse_events.iloc[:0])) is None


def test_lanes_are_spread_over_all_lengths_of_survival(run) -> None:
    people = run.of_arm(ARMS[0])
    chosen = lanes(people)
    assert len(chosen) == MOST_LANES < len(people)
    months = chosen["os_months"].to_numpy()
    assert (np.diff(months) <= 0).all()
    assert (months[0], months[-1]) == (people["os_months"].max(), people["os_months"].min())
    assert len(lanes(people.assign(os_months=np.nan))) == 0


def test_a_marker_is_relative_to_its_value_before_treatment() -> None:
    people = pd.DataFrame({"patient": range(6), "baseline_m": [10.0, 20, 30, 40, 50, np.nan]})
    seen = pd.DataFrame(
        {"patient": [*range(6), 0], "day": [56.0] * 6 + [112.0], "m": [5.0, 20, 60, 4, 50, 9, 1]}
    )
    course = marker_course(people, seen, "m")
    assert course["day"].tolist() == [0.0, 56.0], "one patient at day 112 is too few"
    assert course["median"].tolist() == [1.0, 1.0] and course["n"].tolist() == [5, 5]
    assert course["low"][1] == 0.5


def test_figures_say_in_words_what_they_show(run) -> None:
    with drawing():
        swimmer, markers = swimmer_figure(run), marker_figure(run)
    died = int(run.of_arm(ARMS[0]).pipe(lanes)["os_event"].sum())
    assert f"{ARMS[0]}: {MOST_LANES} patients, {died} died" in swimmer.alt
    assert "CA 19-9" in markers.alt and "of baseline" in markers.alt
