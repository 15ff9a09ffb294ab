"""Accrual: rates, start dates and ramps come out; nothing depends on how many follow."""

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.trial.design.accrual import Accrual, Centre, CutOff, arrivals, enter, event_day
from rascade.units import DAYS_PER_MONTH

THREE = Accrual(
    (
        Centre("Paris", 6.0, 0.0, 3.0),
        Centre("Osaka", 4.0, 2.0, 0.0),
        Centre("Leeds", 2.0, 5.0, 6.0),
    )
)


def test_expected_numbers_invert_and_are_the_integral_of_the_rates():
    days = np.linspace(1.0, 900.0, 400)
    assert THREE.day_of(THREE.expected(days)) == pytest.approx(days, rel=1e-9)
    fine = np.linspace(0.0, 700.0, 700_001)
    rate = THREE.rates(fine).sum(axis=0)
    area = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * (fine[1] - fine[0]))])
    assert THREE.expected(fine[::1000]) == pytest.approx(area[::1000], abs=2e-3)


def test_a_centre_that_opens_late_brings_nobody_before():
    day, centre = enter(THREE, 1, np.arange(400))
    assert (np.diff(day) > 0).all()
    assert day[centre == 1].min() >= 2 * DAYS_PER_MONTH
    assert day[centre == 2].min() >= 5 * DAYS_PER_MONTH


def test_counts_of_centres_and_of_the_whole_are_poisson():
    rng = np.random.default_rng(0)
    day, centre = arrivals(THREE, rng.random((4000, 200)), rng.random((4000, 200)))
    now = day < 300.0
    expected = THREE.expected(300.0)
    counts = now.sum(axis=1)
    assert counts.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 4000))
    assert counts.var() == pytest.approx(expected, rel=0.1)
    for index, own in enumerate(THREE.centres):
        mean = Accrual((own,)).expected(300.0)
        found = (now & (centre == index)).sum(axis=1)
        assert found.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 4000))


def test_patients_do_not_depend_on_how_many_follow_or_on_chunks():
    day, centre = enter(THREE, 7, np.arange(5000))
    for part in (np.arange(10), np.array([4999, 3, 4100])):
        again = enter(THREE, 7, part)
        assert (again[0] == day[part]).all() and (again[1] == centre[part]).all()
    assert (enter(THREE, 8, np.arange(10))[0] != day[:10]).all()


def test_cut_off_by_events_or_date_whichever_is_first():
    entry = np.array([0.0, 10.0, 20.0, 30.0])
    after = np.array([100.0, np.inf, 50.0, 10.0])
    assert CutOff(events=2).day(entry, after) == 70.0
    assert CutOff(events=4).day(entry, after) == np.inf
    assert CutOff(month=2.0, events=2).day(entry, after) == 2 * DAYS_PER_MONTH
    assert event_day(entry, after, 9) == np.inf


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Centre("A", 0.0), "centre A: rate_per_month"),
        (lambda: Centre("A", 1.0, -1.0), "must not be negative"),
        (lambda: Centre("A", 1.0, case_mix={"ecog": {"0": 0.5}}), "shares of ecog"),
        (lambda: Accrual(()), "at least one"),
        (lambda: Accrual((Centre("A", 1.0), Centre("A", 2.0))), "two centres are called 'A'"),
    ],
)
def test_what_is_wrong_is_named(make, says):
    with pytest.raises(InputError, match=says):
        make()
