"""Statistics against numbers that R prints for published data, and against lifelines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.statistics.cox import cox_hazard_ratio, cox_model, interaction_p
from rascade.statistics.interval_censored import turnbull
from rascade.statistics.landmark import (
    common_horizon,
    landmark_rates,
    median_follow_up,
    restricted_mean,
    restricted_mean_difference,
)
from rascade.statistics.survival import kaplan_meier, log_rank

from .published_data import (
    COSMESIS_CHEMOTHERAPY,
    COSMESIS_RADIATION,
    PBC_DEATH,
    PBC_PENICILLAMINE,
    PBC_YEARS,
    VETERAN_CELL,
    VETERAN_COVARIATES,
    VETERAN_EVENT,
    VETERAN_TIME,
    VETERAN_TREATMENT,
)
from .reference_data import LUNG_EVENT, LUNG_TIME


def test_veteran_with_all_covariates_is_r():
    # coxph(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior, veteran)
    assert len(VETERAN_TIME) == 137 and VETERAN_EVENT.sum() == 128
    fit = cox_model(VETERAN_TIME, VETERAN_EVENT, VETERAN_COVARIATES)
    assert fit is not None
    printed = [0.29460, 0.86156, 1.19607, 0.40129, -0.032815, 8.132e-05, -0.0087065, 0.0071594]
    errors = [0.20755, 0.27528, 0.30092, 0.28269, 0.0055078, 0.0091361, 0.0093003, 0.023231]
    assert fit.coefficients == pytest.approx(printed, rel=2e-4)
    assert fit.std_errors == pytest.approx(errors, rel=2e-4)
    ratio = 2 * (fit.log_likelihood - fit.null_log_likelihood)
    assert ratio == pytest.approx(62.1, abs=0.05)


def test_veteran_within_strata_agrees_with_lifelines():
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(VETERAN_COVARIATES[:, [0, 4, 6]], columns=["trt", "karno", "age"])
    frame = frame.assign(t=VETERAN_TIME, e=VETERAN_EVENT, cell=VETERAN_CELL)
    peer = CoxPHFitter().fit(frame, "t", "e", strata=["cell"]).summary
    fit = cox_model(
        VETERAN_TIME, VETERAN_EVENT, VETERAN_COVARIATES[:, [0, 4, 6]], strata=VETERAN_CELL
    )
    assert fit is not None
    assert fit.coefficients == pytest.approx(peer["coef"].to_numpy(), rel=1e-5)
    assert fit.std_errors == pytest.approx(peer["se(coef)"].to_numpy(), rel=1e-5)
    one = cox_hazard_ratio(VETERAN_TIME, VETERAN_EVENT, VETERAN_TREATMENT, strata=VETERAN_CELL)
    alone = CoxPHFitter().fit(frame[["trt", "t", "e", "cell"]], "t", "e", strata=["cell"])
    assert one.coefficient == pytest.approx(alone.summary.loc["trt", "coef"], rel=1e-5)


def test_an_interaction_agrees_with_lifelines_and_finds_one_that_is_there():
    from lifelines import CoxPHFitter
    from scipy.stats import chi2

    frame = pd.DataFrame({"trt": VETERAN_TREATMENT, "t": VETERAN_TIME, "e": VETERAN_EVENT})
    for cell in "las":
        frame[cell] = (cell == VETERAN_CELL).astype(float)
        frame[f"{cell}x"] = frame[cell] * frame["trt"]
    large = CoxPHFitter().fit(frame, "t", "e").log_likelihood_
    small = CoxPHFitter().fit(frame.drop(columns=["lx", "ax", "sx"]), "t", "e").log_likelihood_
    p = interaction_p(VETERAN_TIME, VETERAN_EVENT, VETERAN_TREATMENT, VETERAN_CELL)
    assert p == pytest.approx(chi2.sf(2 * (large - small), 3), rel=1e-4)
    random = np.random.default_rng(3)
    arm, sex = random.integers(0, 2, 400), random.integers(0, 2, 400)
    time = random.exponential(np.where(arm & sex, 30.0, 10.0))
    assert interaction_p(time, np.ones(400, bool), arm, sex) < 1e-4
    assert interaction_p(time, np.ones(400, bool), arm, np.zeros(400)) is None


def test_restricted_means_of_pbc_are_those_of_survrm2():
    # rmst2(time, status, arm, tau = 10) of survRM2's vignette: penicillamine against placebo.
    assert len(PBC_YEARS) == 312 and PBC_DEATH.sum() == 125 and PBC_PENICILLAMINE.sum() == 158
    arm = restricted_mean(PBC_YEARS[PBC_PENICILLAMINE], PBC_DEATH[PBC_PENICILLAMINE], 10.0)
    base = restricted_mean(PBC_YEARS[~PBC_PENICILLAMINE], PBC_DEATH[~PBC_PENICILLAMINE], 10.0)
    assert arm.mean == pytest.approx((7.146, 6.592, 7.701), abs=5e-4)
    assert arm.std_error == pytest.approx(0.283, abs=5e-4)
    assert base.mean == pytest.approx((7.283, 6.704, 7.863), abs=5e-4)
    assert base.std_error == pytest.approx(0.295, abs=6e-4)
    gain = restricted_mean_difference(arm, base)
    assert gain.difference == pytest.approx((-0.137, -0.939, 0.665), abs=5e-4)
    assert gain.p == pytest.approx(0.738, abs=5e-4)


def test_a_restricted_mean_agrees_with_lifelines_and_with_the_mean():
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    curve = KaplanMeierFitter().fit(LUNG_TIME, LUNG_EVENT)
    peer = restricted_mean_survival_time(curve, t=500.0)
    assert restricted_mean(LUNG_TIME, LUNG_EVENT, 500.0).mean.estimate == pytest.approx(peer)
    time = np.array([3.0, 1.0, 7.0, 5.0])
    whole = restricted_mean(time, np.ones(4, bool), 7.0)
    assert whole.mean.estimate == pytest.approx(4.0)
    assert whole.std_error == pytest.approx(time.std() / 2.0)  # Greenwood's is the binomial one
    assert restricted_mean(time, np.array([1, 1, 0, 1], bool), 8.0) is None


def test_the_common_horizon_is_the_shortest_follow_up_that_did_not_end_in_an_event():
    first = ([5.0, 9.0], [True, True])
    assert common_horizon(first, ([4.0, 7.0], [True, False])) == 7.0
    assert common_horizon(first, ([4.0, 12.0], [True, False])) == 12.0
    assert common_horizon(first, ([4.0, 7.0], [True, True])) == 9.0


def test_lung_landmarks_are_r():
    # summary(survfit(Surv(time, status) ~ 1, lung), times = c(180, 365)): 0.722 and 0.409, with
    # 160 and 65 at risk; limits here are log-log, lifelines' default.
    from lifelines import KaplanMeierFitter

    rows = landmark_rates(LUNG_TIME, LUNG_EVENT, [180.0, 365.0, 2000.0])
    assert [row.at_risk for row in rows[:2]] == [160, 65]
    assert [row.rate.estimate for row in rows[:2]] == pytest.approx([0.722, 0.409], abs=5e-4)
    peer = KaplanMeierFitter().fit(LUNG_TIME, LUNG_EVENT)
    band = peer.confidence_interval_
    at = band[band.index <= 365.0].iloc[-1].to_numpy()
    assert rows[1].rate[1:] == pytest.approx(at, abs=1e-9)
    assert rows[2].rate == (None, None, None), "beyond follow-up nothing is known"


def test_follow_up_is_the_reverse_curve():
    follow = median_follow_up(LUNG_TIME, LUNG_EVENT)
    assert follow == kaplan_meier(LUNG_TIME, ~LUNG_EVENT).median()
    assert follow.estimate > np.median(LUNG_TIME)
    assert median_follow_up([1.0, 2.0, 3.0], [False] * 3).estimate == 2.0


def test_a_stratified_log_rank_agrees_with_r():
    # survdiff(Surv(time, status) ~ trt + strata(celltype), veteran) against statsmodels.
    from statsmodels.duration.survfunc import survdiff

    test = log_rank(VETERAN_TIME, VETERAN_EVENT, VETERAN_TREATMENT, strata=VETERAN_CELL)
    peer = survdiff(
        VETERAN_TIME, VETERAN_EVENT.astype(int), VETERAN_TREATMENT.astype(int), strata=VETERAN_CELL
    )
    assert (test.statistic, test.p) == pytest.approx(peer, rel=1e-10)


# icfit of R's interval, as its vignette prints it (Fay and Shaw 2010, J Stat Softw 36(2)).
RADIATION = [
    (4, 5, 0.0463), (6, 7, 0.0334), (7, 8, 0.0887), (11, 12, 0.0708), (24, 25, 0.0926),
    (33, 34, 0.0818), (38, 40, 0.1209), (46, 48, 0.4656),
]  # fmt: skip
CHEMOTHERAPY = [
    (4, 5, 0.0433), (5, 8, 0.0433), (11, 12, 0.0692), (16, 17, 0.1454), (18, 19, 0.1411),
    (19, 20, 0.1157), (24, 25, 0.0999), (30, 31, 0.0709), (35, 36, 0.1608), (44, 48, 0.0552),
    (48, 60, 0.0552),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "printed"), [(COSMESIS_RADIATION, RADIATION), (COSMESIS_CHEMOTHERAPY, CHEMOTHERAPY)]
)
def test_breast_cosmesis_is_r(data, printed):
    fit = turnbull(*data)
    assert fit.converged and fit.mass.sum() == pytest.approx(1.0)
    kept = fit.mass > 5e-5
    assert list(zip(fit.left[kept], fit.right[kept], strict=True)) == [row[:2] for row in printed]
    assert fit.mass[kept] == pytest.approx([row[2] for row in printed], abs=6e-5)


def test_intervals_agree_with_lifelines():
    from lifelines import KaplanMeierFitter

    # lifelines takes intervals as closed: [left + 1/2, right] is (left, right] for whole months.
    left, right = COSMESIS_CHEMOTHERAPY
    peer = KaplanMeierFitter().fit_interval_censoring(
        left + 0.5, right, show_progress=False, tol=1e-10
    )
    curve = peer.survival_function_["NPMLE_estimate_upper"]
    moments = [10.0, 15.0, 22.0, 27.0, 33.0, 40.0]
    low, high = turnbull(left, right).at(moments)
    expected = [curve[curve.index <= moment].iloc[-1] for moment in moments]
    assert low == pytest.approx(expected, abs=1e-4)
    assert high == pytest.approx(expected, abs=1e-4)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_exact_times_give_kaplan_meier(rows):
    time = np.array([float(t) for t, _ in rows])
    event = np.array([e for _, e in rows])
    fit = turnbull(time, np.where(event, time, np.inf))
    curve = kaplan_meier(time, event)
    moments = np.arange(0.0, 31.0)
    known = moments <= (time.max() if event.any() else -1.0)
    expected = curve.at(moments)[0]
    assert fit.at(moments)[1][known] == pytest.approx(expected[known], abs=1e-5)


def test_a_median_between_visits_is_an_interval():
    fit = turnbull([0, 56, 56, 112], [56, 112, 112, np.inf])
    assert fit.median() == (56.0, 112.0)
    assert fit.at(80.0) == (pytest.approx(0.25), pytest.approx(0.75))
    assert turnbull([], []).median() == (None, None)
    with pytest.raises(ValueError, match="0 <= left <= right"):
        turnbull([3.0], [2.0])
