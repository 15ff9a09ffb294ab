from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.statistics.survival import cox_hazard_ratio, kaplan_meier, log_rank

from .reference_data import (
    AML_EVENT,
    AML_NOT_MAINTAINED,
    AML_TIME,
    GEHAN_EVENT,
    GEHAN_PLACEBO,
    GEHAN_TIME,
    LUNG_ECOG,
    LUNG_EVENT,
    LUNG_FEMALE,
    LUNG_TIME,
)


# Numbers that R's survival prints, with the page they were read on.
def test_aml_curve_is_r():
    # summary(survfit(Surv(time, status) ~ x, data = aml)), Maintained; rpubs 610133.
    curve = kaplan_meier(AML_TIME[:11], AML_EVENT[:11])
    at = curve.events > 0
    assert curve.time[at].tolist() == [9, 13, 18, 23, 31, 34, 48]
    assert curve.at_risk[at].tolist() == [11, 10, 8, 7, 5, 4, 2]
    printed = [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184]
    assert curve.survival[at] == pytest.approx(printed, abs=5e-4)
    errors = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    assert curve.std_error[at] == pytest.approx(errors, abs=5e-5)
    assert curve.median().estimate == 31
    assert kaplan_meier(AML_TIME[11:], AML_EVENT[11:]).median().estimate == 23


def test_aml_log_rank_and_cox_are_r():
    # survdiff: expected 10.69 and 7.31, chisq 3.4, p 0.0653; coxph: 0.9155, 2.4981, 0.5119, 0.0737.
    test = log_rank(AML_TIME, AML_EVENT, AML_NOT_MAINTAINED)
    assert test.observed.tolist() == [7, 11]
    assert test.expected == pytest.approx([10.69, 7.31], abs=5e-3)
    assert test.p == pytest.approx(0.0653, abs=5e-5)
    fit = cox_hazard_ratio(AML_TIME, AML_EVENT, AML_NOT_MAINTAINED)
    assert fit.coefficient == pytest.approx(0.9155, abs=5e-5)
    assert fit.hazard_ratio.estimate == pytest.approx(2.4981, abs=5e-5)
    assert fit.std_error == pytest.approx(0.5119, abs=5e-5)
    assert fit.p == pytest.approx(0.0737, abs=5e-5)


def test_gehan_with_many_ties_is_r():
    # coxph (Efron): 1.5721, 4.8169, 0.4124, p 0.000138; log-rank 16.79, 4.169e-05;
    # survfit: placebo median 8, 6-MP median 23.
    fit = cox_hazard_ratio(GEHAN_TIME, GEHAN_EVENT, GEHAN_PLACEBO)
    assert fit.coefficient == pytest.approx(1.5721, abs=5e-5)
    assert fit.std_error == pytest.approx(0.4124, abs=5e-5)
    assert fit.p == pytest.approx(0.000138, abs=5e-7)
    assert fit.hazard_ratio == pytest.approx((4.8169, 2.1465, 10.8093), abs=5e-4)
    test = log_rank(GEHAN_TIME, GEHAN_EVENT, GEHAN_PLACEBO)
    assert test.statistic == pytest.approx(16.7929, abs=5e-5)
    assert test.p == pytest.approx(4.169e-05, rel=1e-3)
    assert kaplan_meier(GEHAN_TIME[:21], GEHAN_EVENT[:21]).median().estimate == 23
    assert kaplan_meier(GEHAN_TIME[21:], GEHAN_EVENT[21:]).median().estimate == 8


def test_lung_is_r():
    # survfit(conf.type = "log-log"): 270 (210, 306), 426 (345, 524);
    # survdiff: expected 91.5817, 73.4183, chisq 10.3267, p 0.00131116; coxph: -0.5310, 0.1672.
    men, women = ~LUNG_FEMALE, LUNG_FEMALE
    assert kaplan_meier(LUNG_TIME[men], LUNG_EVENT[men]).median() == (270, 210, 306)
    assert kaplan_meier(LUNG_TIME[women], LUNG_EVENT[women]).median() == (426, 345, 524)
    test = log_rank(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE)
    assert test.expected == pytest.approx([91.5817, 73.4183], abs=5e-5)
    assert test.statistic == pytest.approx(10.3267, abs=5e-5)
    assert test.p == pytest.approx(0.00131116, abs=5e-9)
    fit = cox_hazard_ratio(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE)
    assert fit.coefficient == pytest.approx(-0.5310, abs=5e-5)
    assert fit.hazard_ratio.estimate == pytest.approx(0.5880, abs=5e-5)
    assert fit.std_error == pytest.approx(0.1672, abs=5e-5)
    assert fit.p == pytest.approx(0.00149, abs=5e-6)


def test_stratified_tests_agree_with_statsmodels_and_lifelines():
    import pandas as pd
    from lifelines import CoxPHFitter
    from statsmodels.duration.survfunc import survdiff

    known = LUNG_ECOG != "x"
    time, event, sex = LUNG_TIME[known], LUNG_EVENT[known], LUNG_FEMALE[known]
    strata = LUNG_ECOG[known]
    expected = survdiff(time, event.astype(int), sex.astype(int), strata=strata)
    test = log_rank(time, event, sex, strata=strata)
    assert (test.statistic, test.p) == pytest.approx(expected, rel=1e-10)
    frame = pd.DataFrame({"t": time, "e": event, "x": sex.astype(float), "s": strata.astype(int)})
    peer = CoxPHFitter().fit(frame, "t", "e", strata=["s"]).summary.loc["x"]
    fit = cox_hazard_ratio(time, event, sex, strata=strata)
    assert fit.coefficient == pytest.approx(peer["coef"], rel=1e-5)
    assert fit.std_error == pytest.approx(peer["se(coef)"], rel=1e-5)


def _random_trial(seed, n, ties):
    random = np.random.default_rng(seed)
    group = random.integers(0, 2, n)
    time = random.exponential(10, n) * (1 + 0.5 * group)
    cut = random.exponential(15, n)
    observed = np.minimum(time, cut)
    return (np.ceil(observed) if ties else observed + 1e-3), time <= cut, group


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [True, False])
def test_everything_agrees_with_lifelines(seed, ties):
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    time, event, group = _random_trial(seed, 80, ties)
    peer = KaplanMeierFitter().fit(time, event)
    curve = kaplan_meier(time, event)
    ours, low, high = curve.at(peer.survival_function_.index)
    assert ours == pytest.approx(peer.survival_function_.iloc[:, 0].to_numpy(), abs=1e-12)
    band = peer.confidence_interval_.to_numpy()
    alive = (ours > 0) & (ours < 1)
    assert low[alive] == pytest.approx(band[alive, 0], abs=1e-9)
    assert high[alive] == pytest.approx(band[alive, 1], abs=1e-9)
    arm = group == 1
    other = logrank_test(time[arm], time[~arm], event[arm], event[~arm])
    test = log_rank(time, event, group)
    assert test.statistic == pytest.approx(other.test_statistic, rel=1e-9)
    frame = pd.DataFrame({"t": time, "e": event, "x": group})
    row = CoxPHFitter().fit(frame, "t", "e").summary.loc["x"]
    fit = cox_hazard_ratio(time, event, group)
    assert fit.coefficient == pytest.approx(row["coef"], abs=1e-5)
    assert fit.std_error == pytest.approx(row["se(coef)"], abs=1e-5)
    assert fit.p == pytest.approx(row["p"], abs=1e-5)


def test_three_groups_agree_with_lifelines():
    from lifelines.statistics import multivariate_logrank_test

    time, event, _ = _random_trial(4, 90, True)
    group = np.arange(90) % 3
    test = log_rank(time, event, group)
    peer = multivariate_logrank_test(time, group, event)
    assert (test.degrees, test.statistic) == (2, pytest.approx(peer.test_statistic, rel=1e-9))


def test_number_at_risk_counts_those_who_reach_the_tick():
    curve = kaplan_meier([2, 4, 4, 6], [True, True, False, True])
    # Just before day 4 three are at risk; lifelines' table would say one, after the tick.
    assert curve.number_at_risk([0, 2, 3, 4, 5, 6, 7]).tolist() == [4, 4, 3, 3, 1, 1, 0]


def test_median_is_the_middle_of_a_span_at_one_half():
    # quantile(survfit(..., conf.type = "log-log"), 0.5) of R 4.2.2, survival 3.5-3; the span may
    # end with the last observation, where SAS would say not reached.
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median() == (2.5, 1, None)
    assert kaplan_meier([1, 2, 5, 5], [1, 1, 0, 0]).median() == (3.5, 1, None)
    assert kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0]).median() == (4.5, 1, None)


@pytest.mark.parametrize(
    ("limits", "women", "median", "low", "high"),
    [
        # survfit of lung by sex, at day 365; R 4.2.2, survival 3.5-3.
        ("log-log", False, (270, 210, 306), 0.2527291, 0.4213022),
        ("log", False, (270, 212, 310), 0.2609005, 0.4329429),
        ("plain", False, (270, 212, 306), 0.2509792, 0.4211965),
        ("log-log", True, (426, 345, 524), 0.4035798, 0.6353162),
        ("log", True, (426, 348, 550), 0.4214863, 0.6575855),
        ("plain", True, (426, 345, 524), 0.4093809, 0.6435451),
    ],
)
def test_limits_of_every_kind_are_r(limits, women, median, low, high):
    who = LUNG_FEMALE if women else ~LUNG_FEMALE
    curve = kaplan_meier(LUNG_TIME[who], LUNG_EVENT[who], limits=limits)
    assert curve.median() == median
    assert [x[0] for x in curve.at([365])[1:]] == pytest.approx([low, high], abs=5e-8)


def test_unknown_limits_are_refused():
    with pytest.raises(ValueError, match="limits 'loglog' are none of log-log, log, plain"):
        kaplan_meier([1.0], [True], limits="loglog")


def test_times_that_differ_by_rounding_are_tied():
    # R's timefix: coxph 0.2766686248 (0.9204019137), survdiff 0.09900990099; R 4.2.2.
    time, event = np.array([0.5, 0.1 + 0.2, 0.3, 0.7, 0.9, 0.6]), np.array([1, 1, 1, 1, 0, 1])
    group = np.array([0, 0, 1, 1, 0, 1])
    curve = kaplan_meier(time, event)
    assert curve.time.tolist() == [0.3, 0.5, 0.6, 0.7, 0.9]
    assert curve.events.tolist() == [2, 1, 1, 1, 0] and curve.at_risk[0] == 6
    assert curve.at([0.1 + 0.2, 0.3])[0] == pytest.approx([4 / 6] * 2)
    assert curve.number_at_risk([0.1 + 0.2, 0.3]).tolist() == [6, 6]
    fit = cox_hazard_ratio(time, event, group)
    assert fit.coefficient == pytest.approx(0.2766686248, abs=5e-10)
    assert fit.std_error == pytest.approx(0.9204019137, abs=5e-10)
    assert log_rank(time, event, group).statistic == pytest.approx(0.09900990099, abs=5e-11)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(4, 40), st.sampled_from([1e-6, 0.1, 30.4375, 1e6]))
def test_the_unit_of_time_does_not_matter(seed, n, unit):
    time, event, group = _random_trial(seed, n, True)
    noise = np.random.default_rng(seed).uniform(-1, 1, n) * 1e-13 * time
    one, two = kaplan_meier(time, event), kaplan_meier((time + noise) * unit, event)
    assert two.survival == pytest.approx(one.survival)
    for a, b in zip(one.median(), two.median(), strict=True):
        assert (a is None) == (b is None) and (a is None or b == pytest.approx(a * unit))
    fits = [cox_hazard_ratio(t, event, group) for t in (time, (time + noise) * unit)]
    assert fits[0].problem == fits[1].problem
    if fits[0].problem is None:
        assert fits[1].coefficient == pytest.approx(fits[0].coefficient, abs=1e-9)
    tests = [log_rank(t, event, group).p for t in (time, (time + noise) * unit)]
    assert tests[0] == pytest.approx(tests[1])


def test_median_interval_contains_times_whose_log_log_limits_contain_one_half():
    time, event, _ = _random_trial(11, 60, False)
    curve = kaplan_meier(time, event)
    median = curve.median()
    inside = (curve.low <= 0.5) & (curve.high >= 0.5)
    assert median.low == pytest.approx(curve.time[inside].min())
    first_out = curve.time[(curve.high < 0.5)].min()
    assert median.high == pytest.approx(first_out)


@pytest.mark.parametrize(
    ("time", "event", "median"),
    [
        ([], [], (None, None, None)),
        ([5.0], [True], (5.0, None, None)),
        ([5.0], [False], (None, None, None)),
        ([5.0, 7.0], [False, False], (None, None, None)),
        ([0.0, 0.0], [True, True], (0.0, None, None)),
    ],
)
def test_curves_of_nearly_nothing(time, event, median):
    assert kaplan_meier(time, event).median() == median


def test_impossible_times_are_refused():
    for bad in ([-1.0], [np.nan], [np.inf]):
        with pytest.raises(ValueError, match="finite and not negative"):
            kaplan_meier(bad, [True])


@pytest.mark.parametrize(
    ("time", "event", "group"),
    [
        ([], [], []),
        ([1.0], [True], [1]),
        ([1.0, 2.0], [False, False], [0, 1]),  # no events
        ([1.0, 2.0, 3.0], [True, True, True], [1, 1, 1]),  # one group only
        ([1.0, 2.0, 3.0, 4.0], [True, True, False, False], [1, 1, 0, 0]),  # none in the reference
        ([4.0, 4.0, 1.0, 2.0], [False, False, True, True], [1, 1, 0, 0]),  # none in the arm
        ([3.0, 3.0], [True, True], [0, 1]),  # all at once: no information on order
    ],
)
def test_no_hazard_ratio_where_the_likelihood_has_no_maximum(time, event, group):
    fit = cox_hazard_ratio(time, event, group)
    if group == [0, 1] and all(event):
        assert fit.hazard_ratio.estimate == pytest.approx(1.0)
    else:
        assert fit.hazard_ratio == (None, None, None)
        assert fit.p is None
    test = log_rank(time, event, group)
    assert test.p is None or 0 <= test.p <= 1


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(4, 40), st.booleans())
def test_exchanging_the_groups_inverts_the_hazard_ratio(seed, n, ties):
    time, event, group = _random_trial(seed, n, ties)
    one, two = (cox_hazard_ratio(time, event, g) for g in (group, 1 - group))
    assert (one.coefficient is None) == (two.coefficient is None)
    if one.coefficient is not None:
        assert one.coefficient == pytest.approx(-two.coefficient, abs=1e-7)
        assert one.p == pytest.approx(two.p, abs=1e-7)
    tests = [log_rank(time, event, g).p for g in (group, 1 - group)]
    assert tests[0] == pytest.approx(tests[1])


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_curves_fall_and_lie_inside_their_limits(seed, n):
    time, event, _ = _random_trial(seed, n, True)
    curve = kaplan_meier(time, event)
    assert (np.diff(curve.survival) <= 0).all()
    known = np.isfinite(curve.low)
    assert (curve.low[known] <= curve.survival[known] + 1e-12).all()
    assert (curve.high[known] >= curve.survival[known] - 1e-12).all()
    assert curve.at_risk[0] == n
    assert (curve.events + curve.censored).sum() == n
