"""Scans within windows: whose day, which pauses, what is read between two known days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.errors import InputError
from rascade.trial.conduct.run import between
from rascade.trial.design.protocol import Protocol
from rascade.trial.design.schedule import (
    pauses,
    scan_window,
    scans_made,
    scheduled_days,
    watch_days,
)
from rascade.trial.running.run import run

from . import trial_specs as specs


def plan(weeks=8.0, months=12.0, window=None, visits=None):
    spec = specs.spec("none", months=months, protocol=Protocol(visit_weeks=visits))
    return replace(spec, imaging_every_weeks=weeks, scan_window_days=window)


def test_scans_are_spread_over_the_window_and_belong_to_the_patient() -> None:
    spec = plan()
    made, days = scans_made(spec, np.arange(2000)), scheduled_days(spec)
    off = made[:, :-1] - days[:-1]
    assert off.min() >= -7 and off.max() <= 7
    assert abs(off.mean()) < 0.2 and off.std() == pytest.approx(14 / np.sqrt(12), rel=0.03)
    assert abs(np.corrcoef(off[:, 0], off[:, 1])[0, 1]) < 0.1
    assert (scans_made(spec, np.array([1500, 3])) == made[[1500, 3]]).all()
    assert (scans_made(plan(window=0.0), np.arange(3)) == days).all()


@pytest.mark.parametrize(("weeks", "window"), [(8, 7.0), (6, 7.0), (4, 7.0), (2, 3.5), (1, 1.75)])
def test_the_default_window_is_a_week_or_a_quarter(weeks, window) -> None:
    assert scan_window(plan(float(weeks))) == window


@pytest.mark.parametrize("window", [-1.0, 28.0, 40.0])
def test_windows_of_two_scans_must_not_meet(window) -> None:
    with pytest.raises(InputError, match=r"scan_window_days: .* half the interval"):
        plan(window=window)
    assert scan_window(plan(window=27.9)) == 27.9


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1.0, 2.0, 3.0, 6.0, 8.0, 9.0]),
    st.floats(0.2, 14.0),
    st.floats(0, 0.49),
    st.sampled_from([None, 1.0, 2.0, 3.0, 5.0]),
)
def test_every_scan_is_read_once_and_within_a_week(weeks, months, part, visits) -> None:
    spec = plan(weeks, months, part * weeks * 7, visits)
    made, scheduled = scans_made(spec, np.arange(7)), scheduled_days(spec)
    window, before = scan_window(spec), 0.0
    read = np.zeros(made.shape, dtype=int)
    for pause in pauses(spec, spec.arms[0]):
        days = watch_days(before, pause, scheduled, window)
        assert days[-1] == pause.day and days[0] > before and (np.diff(days) > 0).all()
        for number in pause.scans:
            due = (made[:, number] > before) & (made[:, number] <= pause.day)
            read[due, number] += 1
            assert (pause.day - made[due, number] <= 7 + 1e-9).all()
            # Sizes are read between neighbours that are a day apart.
            if window and due.any():
                known = np.append(before, days)
                right = np.searchsorted(known, made[due, number])
                near = known[right] - known[right - 1] <= 1 + 1e-9
                assert (near | (known[right] == made[due, number])).all()
        before = pause.day
    assert (read == np.isfinite(made)).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 10), st.integers(0, 3))
def test_values_between_days_lie_on_the_line(at, where) -> None:
    days = np.array([0.0, 1.0, 4.0, 10.0])
    line = 3.0 - 2.0 * days
    curves = {"size": line[None, :], "hazard": days[None, :]}
    found = between(days, curves, np.array([at]))
    assert np.isnan(found["size"][0]) if at == 0 else found["size"][0] == pytest.approx(3 - 2 * at)
    assert np.isnan(found["hazard"][0]) if at == 0 else found["hazard"][0] == pytest.approx(at)
    exact = between(days, curves, days[where : where + 1])["size"]
    assert where == 0 or exact[0] == line[where]


def test_medians_are_not_scan_days_and_scans_agree_with_the_size_on_their_day() -> None:
    close = run(specs.spec(specs.DARAXONRASIB, size=8, months=5.0, scan_window_days=0.0))
    apart = run(specs.spec(specs.DARAXONRASIB, size=8, months=5.0))
    assert set(close.visits["day"]) <= {56.0, 112.0}
    assert apart.visits["day"].nunique() > 10
    both = close.visits.merge(apart.visits, on=["patient", "visit"], suffixes=("", "_own"))
    # The true size on a day of one's own lies on the same course of the tumour.
    wide = both.pivot(index="patient", columns="visit")
    for k in (1, 2):
        rows = wide.dropna(subset=[("sld_true_mm", 1), ("sld_true_mm", 2)])
        slope = (rows[("sld_true_mm", 2)] - rows[("sld_true_mm", 1)]) / 56.0
        guess = rows[("sld_true_mm", k)] + slope * (
            rows[("day_own", k)] - rows[("scheduled_day", k)]
        )
        assert (guess - rows[("sld_true_mm_own", k)]).abs().median() < 2.0


def test_an_early_scan_is_stable_disease_by_both_criteria() -> None:
    """A scan of six weeks counts wherever in its window it was made, by RECIST and by iRECIST."""
    six_weeks = specs.spec("none", size=12, months=1.7, imaging_every_weeks=6.0)
    result = run(six_weeks)
    early = result.visits[(result.visits["response"] == "SD") & (result.visits["day"] < 42.0)]
    assert len(early) >= 2
    people = result.patients.set_index("patient").loc[early["patient"]]
    assert set(people["best_response"]) == {"SD"} and set(people["best_immune_response"]) == {"iSD"}
