"""Read-outs of many members against the statistics of single trials."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.statistics.cox import cox_hazard_ratio
from rascade.statistics.survival import kaplan_meier
from rascade.trial.prediction.courses import Courses
from rascade.trial.prediction.measures import curve, hazard_ratio, response_share, survival_at


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(8)
    time = np.round(rng.exponential(200, 300), 1) + 1
    end = rng.uniform(50, 700, 300)
    return np.minimum(time, end), time <= end


def test_an_unweighted_curve_is_kaplan_meiers(sample) -> None:
    time, event = sample
    known = kaplan_meier(time, event)
    days = np.linspace(0, 650, 80)
    found = curve(time, event, np.ones(time.size))
    assert found.at(days) == pytest.approx(known.at(days)[0], abs=1e-12)
    assert found.when(np.array([0.5]))[0] == known.median().estimate


def test_a_weight_of_two_is_two_patients(sample) -> None:
    time, event = sample
    weight = np.where(np.arange(time.size) % 3 == 0, 2.0, 1.0)
    again = weight == 2.0
    twice = np.concatenate([time, time[again]]), np.concatenate([event, event[again]])
    days = np.linspace(0, 650, 80)
    assert curve(time, event, weight).at(days) == pytest.approx(
        curve(*twice, np.ones(twice[0].size)).at(days), abs=1e-12
    )


def test_nobody_of_weight_zero_counts(sample) -> None:
    time, event = sample
    weight = (np.arange(time.size) < 200).astype(float)
    days = np.linspace(0, 650, 80)
    assert curve(time, event, weight).at(days) == pytest.approx(
        curve(time[:200], event[:200], np.ones(200)).at(days), abs=1e-12
    )


def test_survival_of_every_member(sample) -> None:
    time, event = sample
    both = survival_at(
        np.stack([time, 2 * time]), np.stack([event] * 2), np.ones((2, 300)), [100.0]
    )
    assert both[1, 0] == curve(time, event, np.ones(300)).at(np.array([50.0]))[0]


def test_hazard_ratio_is_cox(sample) -> None:
    time, event = sample
    rng = np.random.default_rng(3)
    other = np.round(rng.exponential(120, 250), 3) + 0.5
    known = cox_hazard_ratio(
        np.concatenate([other, time]), np.concatenate([np.ones(250, bool), event]),
        np.repeat([1.0, 0.0], [250, 300]),
    )  # fmt: skip
    found = hazard_ratio((other, time), (np.ones(250, bool), event), (np.ones(250), np.ones(300)))
    # Ties are few: Breslow's and Efron's methods agree closely.
    assert found == pytest.approx(known.coefficient, abs=2e-3)


def test_hazard_ratio_without_events_is_not_a_number() -> None:
    one = np.array([1.0, 2.0])
    none = np.zeros(2, bool)
    assert np.isnan(hazard_ratio((one, one), (none, ~none), (np.ones(2), np.ones(2))))


def test_a_response_after_the_cut_is_not_known() -> None:
    shape = (1, 4)
    response = np.array([[50.0, 100.0, np.inf, 60.0]])
    full = np.full(shape, 300.0)
    courses = Courses(response, full, full < 0, full, full < 0, np.ones(shape))
    assert response_share(courses, np.array([80.0, 80.0, 80.0, 80.0]))[0] == 0.5
    # Who enters after the cut is not in the data.
    assert response_share(courses, np.array([80.0, 80.0, 80.0, -1.0]))[0] == pytest.approx(1 / 3)
