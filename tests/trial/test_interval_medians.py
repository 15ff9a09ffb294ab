"""Medians of interval-censored times, and rates at landmarks, where the data say little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.statistics.interval_censored import median_limits, turnbull
from rascade.statistics.landmark import landmark_rates, restricted_mean, restricted_mean_difference
from rascade.statistics.survival import LIMITS, kaplan_meier

INF = np.inf
CHI = 3.841458820694124


def test_a_plateau_at_one_half_is_read_as_by_kaplan_and_meier():
    exact = turnbull([1, 2, 3, 4, 5, 6], [1, 2, 3, INF, INF, INF])
    assert exact.median() == (4.5, 4.5)
    assert kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0]).median().estimate == 4.5
    # S is one half from the end of (0, 2] to the start of (4, 6]: the middle lies in (2, 4].
    assert turnbull([0, 0, 4, 4], [2, 2, 6, 6]).median() == (2.0, 4.0)
    assert turnbull([0, 0, 2, 4], [2, 2, 3, INF]).median() == (1.0, 2.5)
    assert turnbull([0, 0, 0, 4], [2, 2, 2, INF]).median() == (0.0, 2.0)


def test_ends_that_differ_by_rounding_are_one():
    one, other = (
        turnbull([0, 0, 0.1 + 0.2], [0.3, 0.3, 0.9]),
        turnbull([0, 0, 0.3], [0.3, 0.3, 0.9]),
    )
    assert one.left.tolist() == other.left.tolist() and one.right.tolist() == other.right.tolist()
    # (0.30000000000000004, 1] and (0, 0.3] do not meet, nor do they when it is written otherwise.
    assert turnbull([0, 0.3], [0.1 + 0.2, 1.0]).mass.tolist() == [0.5, 0.5]


def thomas_grunkemeier(time, event):
    """Event times x at which empirical likelihood does not refute S(x) = 1/2."""
    from scipy.optimize import brentq

    kept = []
    for x in np.unique(time[event]):
        moments = np.unique(time[event & (time <= x)])
        d = np.array([(event & (time == u)).sum() for u in moments])
        n = np.array([(time >= u).sum() for u in moments])
        if (n == d).any():
            continue

        def excess(multiplier, d=d, n=n):
            return np.log1p(-d / (n + multiplier)).sum() - np.log(0.5)

        low = float((d - n).max()) + 1e-9
        if excess(low) > 0:
            continue
        m = brentq(excess, low, 1e9)
        ratio = -2 * ((n - d) * np.log1p(m / (n - d)) - n * np.log1p(m / n)).sum()
        if ratio <= CHI:
            kept.append(x)
    return kept


@pytest.mark.parametrize("seed", range(4))
def test_limits_for_known_times_are_those_of_thomas_and_grunkemeier(seed):
    random = np.random.default_rng(seed)
    hidden, end = random.exponential(10, 60), random.uniform(5, 30, 60)
    time, event = np.round(np.minimum(hidden, end), 2), hidden <= end
    kept = thomas_grunkemeier(time, event)
    low, high = median_limits(time, np.where(event, time, INF))
    assert low == kept[0]
    # S stays at its last value that is not refuted until the next observation.
    later = np.unique(time)
    assert high == later[np.searchsorted(later, kept[-1], side="right")] or high in time[event]
    assert low <= kaplan_meier(time, event).median().estimate <= high


def scanned(seed, n=60, every=1.7, median=10.0):
    random = np.random.default_rng(seed)
    hidden = random.exponential(median / np.log(2), n)
    end = every * np.floor(random.uniform(15, 40, n) / every)
    right = every * np.ceil(hidden / every)
    seen = right <= end + 1e-9
    return np.where(seen, right - every, end), np.where(seen, right, INF)


def test_limits_hold_the_median_as_often_as_they_say():
    hits = []
    for seed in range(100):
        low, high = median_limits(*scanned(seed))
        hits.append(low <= 10.0 <= (INF if high is None else high))
    assert np.mean(hits) >= 0.9  # 95 % and more, since limits are days of scans


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1e-3, 30.4375]), st.integers(5, 30))
def test_limits_hold_the_estimate_whatever_the_unit(seed, unit, n):
    left, right = scanned(seed, n)
    (low, high), (first, last) = median_limits(left, right), turnbull(left, right).median()
    if first is not None and last is not None:
        assert low <= last + 1e-9
        assert high is None or high >= first - 1e-9
    wide = median_limits(left, right, level=0.999)
    assert wide[0] <= low and (wide[1] is None or (high is not None and wide[1] >= high))
    scaled = median_limits(left * unit, right * unit)
    assert scaled[0] == pytest.approx(low * unit)
    assert (scaled[1] is None) == (high is None)


def test_limits_of_nearly_nothing():
    assert median_limits([], []) == (None, None)
    assert median_limits([3.0], [INF]) == (0.0, None)
    assert median_limits([0.0], [INF]) == (0.0, None)
    low, high = median_limits([2.0] * 40, [4.0] * 40)
    assert (low, high) == (2.0, 4.0), "all mass is in one interval"
    assert median_limits([3.0] * 40, [3.0] * 40) == (3.0, 3.0)
    with pytest.raises(ValueError, match="left <= right"):
        median_limits([2.0], [1.0])


# -- landmarks ------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", LIMITS)
def test_a_landmark_without_events_has_a_width(limits):
    # Six at risk, four of them still at 4: the exact lower limit of 4 of 4 is 0.025^(1/4).
    rows = landmark_rates([2, 3, 5, 8, 9, 12], [0, 0, 1, 0, 1, 1], [1, 4, 5], limits=limits)
    assert rows[0].rate == pytest.approx((1.0, 0.025 ** (1 / 6), 1.0))
    assert rows[1].rate == pytest.approx((1.0, 0.025 ** (1 / 4), 1.0))
    assert rows[2].rate.estimate == 0.75 and rows[2].rate.low < 0.75
    for row in landmark_rates([5.0] * 10, [False] * 10, [3.0, 5.0, 6.0], limits=limits)[:2]:
        assert row.rate.low == pytest.approx(0.025**0.1)


def test_a_landmark_at_a_time_up_to_rounding_includes_it():
    rows = landmark_rates([0.1 + 0.2, 0.5], [True, False], [0.3, 0.5 + 1e-12])
    assert rows[0].rate.estimate == 0.5 and rows[0].at_risk == 2
    assert rows[1].rate.estimate == 0.5


@pytest.mark.parametrize("times", [[2.0], [2.0, 2.0, 2.0]])
def test_a_restricted_mean_of_events_at_one_time_has_no_limits(times):
    found = restricted_mean(times, np.ones(len(times), bool), 3.0)
    assert (found.mean.estimate, found.mean.low, found.mean.high) == (2.0, None, None)


def test_a_restricted_mean_without_events_has_no_limits():
    still = restricted_mean([8.0, 9.0, 10.0], [False] * 3, 6.0)
    assert still.mean == (6.0, None, None)
    assert restricted_mean_difference(still, still).difference == (0.0, None, None)
    assert restricted_mean_difference(still, still).p is None
    some = restricted_mean([2.0, 9.0, 10.0], [True, False, False], 6.0)
    difference = restricted_mean_difference(still, some)
    assert difference.difference.low < difference.difference.estimate and difference.p < 1


def test_limits_take_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a moment is refuted is mostly known long before its likelihood is at its maximum."""
    from rascade.statistics import interval_censored

    taken = []
    leap, maximum = interval_censored._leap, interval_censored._maximum

    def counted(*args):
        taken.append(1)
        return leap(*args)

    def maximized(*args):
        found = maximum(*args)
        taken.clear()  # of the curve itself, which is wanted to its end
        return found

    monkeypatch.setattr(interval_censored, "_leap", counted)
    monkeypatch.setattr(interval_censored, "_maximum", maximized)
    drawn = np.random.default_rng(8).exponential(6.0, 300)
    left = np.floor(drawn / 1.9) * 1.9 + np.random.default_rng(9).uniform(0, 0.4, 300)
    low, high = median_limits(left, left + 1.9)
    assert low is not None and high is not None and low < 6.0 * np.log(2) + 1.9 and high > 3.0
    assert 0 < len(taken) < 600  # 3062 when every maximum was gone to
