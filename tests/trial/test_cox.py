"""Cox's model at its edges: any unit, no variation, separation, interactions, its premiss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.statistics.cox import cox_hazard_ratio, cox_model, interaction_p
from rascade.statistics.partial_likelihood import CONSTANT, NO_EVENTS, SEPARATED
from rascade.statistics.proportional_hazards import proportional_hazards

from .published_data import (
    VETERAN_CELL,
    VETERAN_COVARIATES,
    VETERAN_EVENT,
    VETERAN_TIME,
    VETERAN_TREATMENT,
)
from .reference_data import LUNG_ECOG, LUNG_EVENT, LUNG_FEMALE, LUNG_TIME


def trial(seed=1, n=120, effect=0.7):
    random = np.random.default_rng(seed)
    x = random.normal(0, 1, n)
    time, end = random.exponential(np.exp(-effect * x)), random.exponential(2.0, n)
    return np.minimum(time, end), time <= end, x


@pytest.mark.parametrize("unit", [1e-5, 1e-12, 1e-100, 1e5, 1e12, 1e100])
def test_a_covariate_times_a_number_has_the_coefficient_over_it(unit):
    time, event, x = trial()
    one, other = cox_hazard_ratio(time, event, x), cox_hazard_ratio(time, event, x * unit)
    assert other.coefficient * unit == pytest.approx(one.coefficient, rel=1e-12)
    assert other.std_error * unit == pytest.approx(one.std_error, rel=1e-12)
    assert other.p == pytest.approx(one.p, rel=1e-10)


@pytest.mark.parametrize("shift", [1e-3, 1.0, 1e6, -1e9])
def test_a_covariate_far_from_zero_is_fitted_alike(shift):
    time, event, x = trial()
    moved = cox_hazard_ratio(time, event, x + shift).coefficient
    assert moved == pytest.approx(cox_hazard_ratio(time, event, x).coefficient, rel=1e-6)
    tiny = cox_hazard_ratio(time, event, 1.0 + x * 1e-5).coefficient
    assert tiny * 1e-5 == pytest.approx(cox_hazard_ratio(time, event, x).coefficient, rel=1e-8)


def test_two_covariates_of_unlike_size_are_fitted_as_those_of_like_size():
    time, event, x = trial()
    z = np.random.default_rng(5).normal(0, 1, x.size)
    one, other = (cox_model(time, event, np.c_[x * a, z * b]) for a, b in ((1, 1), (1e-9, 1e7)))
    size = np.array([1e-9, 1e7])
    assert other.coefficients * size == pytest.approx(one.coefficients, rel=1e-10)
    assert other.covariance * np.outer(size, size) == pytest.approx(one.covariance, rel=1e-9)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)


def test_two_covariates_that_nearly_agree_are_no_separation():
    time, event, x = trial()
    z = x + 1e-4 * np.random.default_rng(5).normal(0, 1, x.size)
    near, apart = cox_model(time, event, np.c_[x, z]), cox_model(time, event, np.c_[x, z - x])
    assert near is not None and near.log_likelihood == pytest.approx(apart.log_likelihood)
    assert near.coefficients[1] == pytest.approx(apart.coefficients[1], rel=1e-5)


@pytest.mark.parametrize(
    ("time", "event", "covariate", "problem"),
    [
        ([1, 2, 3], [0, 0, 0], [0, 1, 0], NO_EVENTS),
        ([], [], [], NO_EVENTS),
        ([1, 2, 3], [1, 1, 0], [0.3, 0.1 + 0.2, 0.3], CONSTANT),
        ([1, 2, 3], [0, 1, 1], [0, 1, 1], CONSTANT),  # the only 0 left before the first event
        ([1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0], SEPARATED),
        ([1, 2, 3, 4], [1, 1, 1, 1], [4e9, 3e9, 2e9, 1e9], SEPARATED),
        ([1, 2, 3, 4], [1, 1, 1, 1], [4e-9, 3e-9, 2e-9, 1e-9], SEPARATED),
    ],
)
def test_why_there_is_no_fit_is_told(time, event, covariate, problem):
    fit = cox_hazard_ratio(time, event, covariate)
    assert fit.problem == problem
    assert fit.hazard_ratio == (None, None, None) and fit.coefficient is None and fit.p is None
    assert cox_model(time, event, covariate) is None


def test_a_covariate_without_a_number_is_refused():
    with pytest.raises(ValueError, match="covariates must be finite"):
        cox_hazard_ratio([1, 2], [1, 1], [0.0, np.nan])
    with pytest.raises(ValueError, match="use another unit"):
        cox_hazard_ratio([1, 2], [1, 1], [0.0, 1e300])


def test_a_strong_effect_is_no_separation():
    time, event, x = trial(effect=6.0)
    fit = cox_hazard_ratio(time, event, x)
    assert fit.problem is None and fit.coefficient == pytest.approx(6.0, abs=1.5)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(6, 40), st.sampled_from([1e-5, 3.0, 1e8]))
def test_the_unit_of_a_covariate_never_matters(seed, n, unit):
    time, event, x = trial(seed, n)
    one, other = cox_hazard_ratio(time, event, x), cox_hazard_ratio(time, event, x * unit)
    assert one.problem == other.problem
    if one.problem is None:
        assert other.coefficient * unit == pytest.approx(one.coefficient, rel=1e-7, abs=1e-9)


# -- interactions ---------------------------------------------------------------------------


def test_a_level_with_one_arm_only_takes_no_degree_of_freedom():
    # Lung: of ECOG 3 there is one man and no woman. R 4.2.2, survival 3.5-3, sex * factor(ph.ecog):
    # chi-squared 0.5614074494 with 2 degrees, p 0.7552520649, and one coefficient NA.
    known = LUNG_ECOG != "x"
    columns = (column[known] for column in (LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, LUNG_ECOG))
    assert interaction_p(*columns) == pytest.approx(0.7552520649, abs=5e-9)


def test_levels_that_tell_nothing_do_not_hide_those_that_do():
    time, event, _ = trial(3, 200)
    treated, level = np.arange(200) % 2, np.arange(200) // 2 % 4
    two = level < 2
    wanted = interaction_p(time[two], event[two], treated[two], level[two])
    one_arm = np.where(level == 2, 1, treated)  # level 2 has one arm, level 3 no event
    assert interaction_p(time, event & (level != 3), one_arm, level) is not None
    silent = event & two
    assert interaction_p(time, silent, treated, level) == pytest.approx(wanted, abs=1e-9)
    assert interaction_p(time, event, treated, np.where(treated == 1, "a", "b")) is None
    assert interaction_p(time, event, treated, np.zeros(200)) is None


def test_a_level_without_an_event_in_one_arm_has_the_limit_of_the_likelihood():
    # R warns ("coefficient may be infinite") and gives the likelihood ratio test all the same.
    time, event, _ = trial(4, 200)
    treated, level = np.arange(200) % 2, np.arange(200) // 2 % 3
    event = event & ~((level == 1) & (treated == 1))
    found = interaction_p(time, event, treated, level)
    # With one event there, late, the coefficient exists and the test is nearly the same.
    last = np.flatnonzero((level == 1) & (treated == 1))[
        time[(level == 1) & (treated == 1)].argmax()
    ]
    event[last] = True
    assert 0 < found < interaction_p(time, event, treated, level) < 1e-3


def test_the_interaction_is_tested_within_strata():
    time, event, x = trial(5, 200)
    treated, level, strata = np.arange(200) % 2, np.arange(200) // 2 % 2, x > 0
    arm = treated[:, None].astype(float)
    small = cox_model(time, event, np.c_[arm, level], strata=strata)
    large = cox_model(time, event, np.c_[arm, level, arm[:, 0] * level], strata=strata)
    from scipy.stats import chi2

    gain = 2 * (large.log_likelihood - small.log_likelihood)
    found = interaction_p(time, event, treated, level, strata=strata)
    assert found == pytest.approx(chi2.sf(gain, 1))
    assert found != pytest.approx(interaction_p(time, event, treated, level))


# -- proportional hazards -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transform", "statistic", "p"),
    [
        # cox.zph(coxph(Surv(time, status) ~ trt, veteran), transform); R 4.2.2, survival 3.5-3.
        ("km", 3.536972782, 0.06001490027),
        ("identity", 4.913951802, 0.02664062352),
        ("log", 2.7393224, 0.09790627417),
    ],
)
def test_proportional_hazards_is_cox_zph(transform, statistic, p):
    found = proportional_hazards(
        VETERAN_TIME, VETERAN_EVENT, VETERAN_TREATMENT, transform=transform
    )
    assert found.statistic[0] == pytest.approx(statistic, abs=5e-9)
    assert found.p[0] == pytest.approx(p, abs=5e-10)
    assert (found.global_statistic, found.global_p) == pytest.approx((statistic, p), abs=5e-9)


def test_proportional_hazards_with_ties_and_strata_is_cox_zph():
    # lung ~ sex: 2.863235149, p 0.09062506425; with round(time / 30): 2.8678925;
    # with strata(ph.ecog): 2.368107711, p 0.123837081.
    found = proportional_hazards(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE)
    assert (found.statistic[0], found.p[0]) == pytest.approx((2.863235149, 0.09062506425), abs=5e-9)
    months = np.round(LUNG_TIME / 30)
    tied = proportional_hazards(months, LUNG_EVENT, LUNG_FEMALE)
    assert tied.statistic[0] == pytest.approx(2.8678925, abs=5e-8)
    known = LUNG_ECOG != "x"
    time, event, sex, strata = (
        column[known] for column in (LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, LUNG_ECOG)
    )
    found = proportional_hazards(time, event, sex, strata=strata)
    assert (found.statistic[0], found.p[0]) == pytest.approx((2.368107711, 0.123837081), abs=5e-10)


def test_the_global_test_has_all_covariates():
    # veteran ~ karno + age + trt: 12.0029574498, 2.0995176245, 0.2835469265, GLOBAL 19.1016647863.
    found = proportional_hazards(VETERAN_TIME, VETERAN_EVENT, VETERAN_COVARIATES[:, [4, 6, 0]])
    assert found.statistic == pytest.approx([12.0029574498, 2.0995176245, 0.2835469265], abs=5e-9)
    assert found.global_statistic == pytest.approx(19.1016647863, abs=5e-9)
    assert found.global_p == pytest.approx(0.0002604794495, abs=5e-13)


def test_a_hazard_ratio_that_changes_is_found_and_its_direction_told():
    random = np.random.default_rng(8)
    arm = np.arange(600) % 2
    time = random.exponential(10.0, 600)
    late = np.where((arm == 1) & (time > 5.0), 5.0 + (time - 5.0) * 3.0, time)  # benefit after 5
    found = proportional_hazards(late, np.ones(600), arm)
    assert found.p[0] < 1e-3 and found.slope[0] < 0
    assert proportional_hazards(time, np.ones(600), arm).p[0] > 0.01


def test_where_there_is_no_model_there_is_no_test_of_it():
    assert proportional_hazards([1, 2, 3], [0, 0, 0], [0, 1, 0]) is None
    assert proportional_hazards([1, 1, 1, 2], [1, 1, 1, 0], [0, 1, 0, 1]) is None
    with pytest.raises(ValueError, match="transform 'rank' is none of km, identity, log"):
        proportional_hazards([1, 2], [1, 1], [0, 1], transform="rank")


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([1e-4, 30.4375]), st.sampled_from([1e-5, 1e5]))
def test_units_and_the_labels_of_arms_do_not_matter(seed, unit, size):
    time, event, _ = trial(seed, 60)
    arm = np.arange(60) % 2
    one = proportional_hazards(time, event, arm)
    for other in (
        proportional_hazards(time * unit, event, arm * size),
        proportional_hazards(time, event, 1 - arm),
    ):
        assert (one is None) == (other is None)
        if one is not None:
            assert other.statistic == pytest.approx(one.statistic, rel=1e-6, abs=1e-9)


def test_strata_are_kept_apart():
    time, event, x = trial(7, 150)
    strata = VETERAN_CELL[:137]
    time, event, x = time[:137], event[:137], x[:137]
    found = cox_hazard_ratio(time, event, x, strata=strata)
    assert found.coefficient != pytest.approx(cox_hazard_ratio(time, event, x).coefficient)


def test_no_test_where_both_arms_are_at_risk_at_one_event_only() -> None:
    """A trial of a few patients: one arm is empty after the first day on which somebody dies."""
    assert proportional_hazards([1, 1, 1.5, 2], [1, 1, 0, 1], [0, 1, 0, 1]) is None
