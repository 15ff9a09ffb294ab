from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rascade.trial.assessment.response import NonTarget, Response
from rascade.trial.assessment.times import (
    disease_controlled,
    duration_of_response,
    months,
    overall_survival,
    progression_free_survival,
    progression_reason,
    responded,
    time_to_response,
)

CODES = {"CR": 0, "PR": 1, "SD": 2, "PD": 3, "NE": 4}
DAYS = np.array([56.0, 112.0, 168.0])


def codes(text: str):
    return np.array([[CODES[word] for word in text.split()]], dtype=np.int8)


def pfs(text, death=np.nan, **options):
    return progression_free_survival(codes(text), DAYS, np.array([death]), **options)


@pytest.mark.parametrize(
    ("text", "death", "day", "event", "reason"),
    [
        ("SD PD PD", np.nan, 112, True, "progression: target"),
        ("SD SD SD", np.nan, 168, False, "censored"),
        ("SD SD NE", np.nan, 112, False, "censored"),  # the last adequate assessment
        ("NE NE NE", np.nan, 0, False, "censored"),  # none at all: the start
        ("SD NE NE", 130, 130, True, "death"),
        ("SD PD NE", 130, 112, True, "progression: target"),
        ("PD PD PD", 20, 20, True, "death"),  # visits after death never happened
        ("SD PD NE", 112, 112, True, "progression: target"),  # the same day: progression
        ("SD SD SD", 5000, 5000, True, "death"),  # no gap rule asked for
        ("NE PD SD", np.nan, 112, True, "progression: target"),
    ],
)
def test_progression_free_survival_by_rule(text, death, day, event, reason):
    result = pfs(text, death)
    assert result.day[0] == day
    assert result.event[0] == event
    assert result.reason[0] == reason


def test_missed_visits_censor_at_the_last_adequate_assessment():
    assert not pfs("SD NE PD", max_gap_days=100).event[0]
    assert pfs("SD NE PD", max_gap_days=100).day[0] == 56
    assert pfs("SD NE PD", max_gap_days=112).event[0]
    assert not pfs("SD SD SD", 1000, max_gap_days=112).event[0]


def test_reason_names_what_progressed_first_targets_then_new_then_others():
    overall = np.full(4, Response.PD)
    target = [Response.PD, Response.SD, Response.SD, Response.SD]
    other = [NonTarget.PD, NonTarget.PD, NonTarget.PD, NonTarget.NONE]
    new = [True, True, False, False]
    assert progression_reason(target, other, new, overall).tolist() == [
        "progression: target",
        "progression: new lesion",
        "progression: non-target",
        "progression: target",  # came back after a complete response
    ]
    assert progression_reason(Response.SD, NonTarget.PD, False, Response.SD) == "censored"


def test_the_reason_of_the_first_progression_is_kept():
    why = np.array([["censored", "progression: new lesion", "progression: target"]])
    assert pfs("SD PD PD", reason=why).reason[0] == "progression: new lesion"


def test_overall_survival_and_months():
    result = overall_survival([100.0, np.nan, np.inf, 800.0], 730.5)
    assert result.day.tolist() == [100.0, 730.5, 730.5, 730.5]
    assert result.event.tolist() == [True, False, False, False]
    assert result.months[1] == 24.0
    assert months(30.4375) == 1.0


def test_rates_flags():
    best = np.array([0, 1, 2, 3, 4])
    assert responded(best).tolist() == [True, True, False, False, False]
    assert disease_controlled(best).tolist() == [True, True, True, False, False]


def test_duration_and_time_to_response():
    overall = np.vstack(
        [codes("SD PR PD"), codes("PR PR PR"), codes("SD SD SD"), codes("PR PD PR")]
    )
    first = time_to_response(overall, DAYS)
    assert first[:2].tolist() == [112, 56]
    assert np.isnan(first[2])
    assert first[3] == 56
    whole = progression_free_survival(overall, DAYS, np.full(4, np.nan))
    duration = duration_of_response(first, whole)
    assert duration.day[:2].tolist() == [56, 112]
    assert np.isnan(duration.day[2])
    assert duration.event.tolist() == [True, False, False, True]
    assert time_to_response(overall, DAYS, confirm=True)[1] == 56
    assert np.isnan(time_to_response(overall, DAYS, confirm=True)[[0, 3]]).all()


def test_nobody_and_no_visits():
    empty = progression_free_survival(np.empty((0, 3), np.int8), DAYS, np.empty(0))
    assert empty.day.shape == (0,)
    none = progression_free_survival(np.empty((2, 0), np.int8), np.empty(0), np.array([np.nan, 9]))
    assert none.day.tolist() == [0, 9]
    assert none.reason.tolist() == ["censored", "death"]


@given(
    arrays(np.int8, (5, 4), elements=st.integers(0, 4)),
    arrays(float, (5,), elements=st.floats(1, 400)),
    arrays(bool, (5,)),
)
def test_progression_free_is_never_longer_than_overall(codes_, death, dies):
    day = np.array([56.0, 112, 168, 224])
    death = np.where(dies, death, np.nan)
    free = progression_free_survival(codes_, day, death)
    alive = overall_survival(death, 400.0)
    assert (free.day <= alive.day).all()
    assert (free.event | ~alive.event).all()  # who dies has a PFS event
