"""Scores of many trials at once against one at a time, and against lifelines."""

import numpy as np
import pandas as pd
import pytest

from rascade.analyses.operating.scores import cox_log_hazard, log_rank_scores
from rascade.statistics.survival import cox_hazard_ratio, log_rank


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(4)
    time = rng.exponential(10.0, (12, 80))
    time[:6] = np.ceil(time[:6])  # heavy ties, as of visits
    event, arm, present = rng.random((3, 12, 80)) < np.array([0.7, 0.5, 0.9])[:, None, None]
    time = np.where(arm, time * 1.4, time)
    return time, event, arm, present, rng.integers(0, 3, (12, 80))


def test_times_that_differ_by_rounding_are_tied():
    # One trial a row, in units that differ; see the same in tests/trial/test_survival.py.
    time = np.array([[0.5, 0.1 + 0.2, 0.3, 0.7, 0.9, 0.6]]) * np.array([[1.0], [30.4375], [1e4]])
    event, arm = (
        np.tile(np.array(x, bool), (3, 1)) for x in ([1, 1, 1, 1, 0, 1], [0, 0, 1, 1, 0, 1])
    )
    scores = log_rank_scores(time, event, arm, np.ones_like(arm))
    assert scores.z**2 == pytest.approx([0.09900990099] * 3, abs=5e-11)
    assert cox_log_hazard(time, event, arm, np.ones_like(arm)) == pytest.approx(
        [0.2766686248] * 3, abs=5e-10
    )


def test_scores_agree_with_lifelines(trials):
    from lifelines.statistics import logrank_test

    time, event, arm, present, _ = trials
    scores = log_rank_scores(time, event, arm, present)
    for r in range(len(time)):
        t, e, a = (x[r][present[r]] for x in (time, event, arm))
        known = logrank_test(t[a], t[~a], e[a], e[~a])
        assert scores.z[r] ** 2 == pytest.approx(known.test_statistic, rel=1e-9)
        assert scores.events[r] == e.sum()


def test_stratified_scores_agree_with_one_at_a_time(trials):
    time, event, arm, present, stratum = trials
    scores = log_rank_scores(time, event, arm, present, stratum)
    for r in range(len(time)):
        t, e, a, s = (x[r][present[r]] for x in (time, event, arm, stratum))
        known = log_rank(t, e, a, strata=s)
        assert scores.z[r] ** 2 == pytest.approx(known.statistic, rel=1e-9)
        assert -scores.z[r] * (known.observed[1] - known.expected[1]) > 0


def test_hazard_ratios_agree_with_lifelines_and_with_one_at_a_time(trials):
    from lifelines import CoxPHFitter

    time, event, arm, present, _ = trials
    found = cox_log_hazard(time, event, arm, present)
    for r in range(len(time)):
        t, e, a = (x[r][present[r]] for x in (time, event, arm))
        assert found[r] == pytest.approx(cox_hazard_ratio(t, e, a).coefficient, abs=1e-7)
    row = pd.DataFrame({"t": time[0], "e": event[0], "a": arm[0] * 1.0})[present[0]]
    fit = CoxPHFitter().fit(row, "t", "e")
    assert found[0] == pytest.approx(fit.params_["a"], abs=1e-4)


def test_trials_that_say_nothing_have_no_estimate():
    time = np.tile(np.arange(1.0, 7.0), (3, 1))
    arm = np.tile([True, False] * 3, (3, 1))
    event = np.array([[False] * 6, [True, False] * 3, [True] * 6])
    scores = log_rank_scores(time, event, arm, np.ones_like(arm))
    assert scores.z[0] == 0.0 and scores.events[0] == 0
    hazard = cox_log_hazard(time, event, arm, np.ones_like(arm))
    assert np.isnan(hazard[:2]).all() and np.isfinite(hazard[2])


def test_a_trial_does_not_depend_on_the_others(trials):
    time, event, arm, present, stratum = trials
    whole = log_rank_scores(time, event, arm, present, stratum)
    part = log_rank_scores(*(x[5:7] for x in trials))
    assert (whole.z[5:7] == part.z).all()
    assert (cox_log_hazard(time, event, arm, present)[5:7] ==
            cox_log_hazard(time[5:7], event[5:7], arm[5:7], present[5:7])).all()  # fmt: skip
