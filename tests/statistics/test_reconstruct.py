"""Patients from curves: their curve, median, events and hazard ratio are those of the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.errors import InputError
from rascade.statistics.reconstruct import check_at_risk, check_curve, reconstruct
from rascade.statistics.survival import cox_hazard_ratio, kaplan_meier


def truth(seed: int, n: int, median: float, lost: float = 30.0, until: float = 24.0):
    rng = np.random.default_rng(seed)
    time, gone = rng.exponential(median / np.log(2), n), rng.exponential(lost, n)
    month = np.minimum(np.minimum(time, gone), until)
    return month, (time <= gone) & (time <= until)


def digitised(month, event, step: float = 3.0):
    """What a reader of the picture writes down: the curve to a thousandth, counts below it."""
    curve = kaplan_meier(month, event)
    fall = curve.events > 0
    when = np.arange(0.0, month.max(), step)
    risk = [(month >= t).sum() for t in when]
    x = np.concatenate([[0.0], curve.time[fall], [month.max()]])
    y = np.concatenate([[1.0], curve.survival[fall], curve.survival[-1:]])
    return x.round(2), y.round(3), when, risk


@pytest.mark.parametrize("seed", range(6))
def test_the_patients_are_nearly_the_true_ones(seed: int) -> None:
    month, event = truth(seed, 250, 6.0)
    found, flags = reconstruct(*digitised(month, event))
    assert found.size == 250
    assert flags.sum() == pytest.approx(event.sum(), rel=0.04)
    one, other = kaplan_meier(month, event), kaplan_meier(found, flags)
    grid = np.arange(1.0, 20.0)
    at = [
        np.append(1.0, c.survival)[np.searchsorted(c.time, grid, side="right")]
        for c in (one, other)
    ]
    assert np.abs(at[0] - at[1]).max() < 0.012


@pytest.mark.parametrize("seed", range(4))
def test_hazard_ratios_come_out(seed: int) -> None:
    arms = [truth(10 * seed + k, 200, median) for k, median in enumerate((10.0, 6.0))]
    again = [reconstruct(*digitised(*arm)) for arm in arms]

    def ratio(pair):
        time, flags = (np.concatenate(parts) for parts in zip(*pair, strict=True))
        fit = cox_hazard_ratio(time, flags, np.repeat([1, 0], [200, 200]))
        return fit.hazard_ratio

    assert ratio(again) == pytest.approx(ratio(arms), rel=0.05)


def test_without_counts_the_total_of_events_helps() -> None:
    month, event = truth(3, 120, 8.0, lost=12.0)
    x, y, _, _ = digitised(month, event)
    told = reconstruct(x, y, [0], [120], events=int(event.sum()))[1].sum()
    untold = reconstruct(x, y, [0], [120])[1].sum()
    assert told == pytest.approx(event.sum(), abs=2)
    assert abs(untold - event.sum()) > abs(told - event.sum())


@given(st.integers(0, 10_000), st.integers(5, 120), st.floats(1.0, 30.0), st.floats(3.0, 60.0))
@settings(max_examples=40, deadline=None)
def test_everybody_is_there_and_nobody_twice(seed: int, n: int, median: float, lost: float) -> None:
    month, event = truth(seed, n, median, lost)
    found, flags = reconstruct(*digitised(month, event))
    assert found.size == n == flags.size
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= month.max() + 0.01


@pytest.mark.parametrize(
    ("month", "survival", "told"),
    [
        ([0, 1, 2], [1, 0.8, 0.9], "row 3: survival rises from 0.8 to 0.9"),
        ([0, 1], [1, 80], "row 2: survival 80 must be between 0 and 1; 80 % is 0.8"),
        ([0, 2, 1], [1, 0.9, 0.8], "row 3: month 1 comes after month 2"),
        ([0, 1], [1, float("nan")], "row 2: month and survival must be numbers"),
        ([-1, 1], [1, 0.5], "row 1: month -1 is before the start"),
        ([0], [1], "at least two points"),
    ],
)
def test_what_is_no_curve(month, survival, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_curve(month, survival)


@pytest.mark.parametrize(
    ("month", "count", "told"),
    [
        ([0, 3], [100, 120], "row 2: 120 at risk after 100; nobody comes back"),
        ([0, 3, 3], [100, 90, 80], "row 3: month 3 must come after month 3"),
        ([1, 3], [100, 90], "must begin at month 0"),
        ([0, 3], [100, 90.5], "row 2: 90.5 at risk; it must be a whole number"),
        ([0], [0], "nobody is at risk at the start"),
    ],
)
def test_what_are_no_numbers_at_risk(month, count, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_at_risk(month, count)


def test_reading_errors_are_smoothed() -> None:
    time, share = check_curve([1, 2, 3], [0.9, 0.903, 0.8])
    assert time.tolist() == [0, 1, 2, 3]
    assert share.tolist() == [1, 0.9, 0.9, 0.8]
