"""Fleming-Harrington tests against R and lifelines, MaxCombo against mvtnorm and permutation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.statistics.survival import log_rank
from rascade.statistics.weighted_log_rank import MAX_COMBO, max_combo, weighted_log_rank

from .reference_data import LUNG_ECOG, LUNG_EVENT, LUNG_FEMALE, LUNG_TIME


def trial(seed, n=60):
    random = np.random.default_rng(seed)
    time, end = np.ceil(random.exponential(8.0, n)), random.uniform(2.0, 30.0, n)
    return np.minimum(time, end), time <= end, np.arange(n) % 2


def test_the_form_of_peto_and_peto_is_survdiff_with_rho_1():
    # survdiff(Surv(time, status) ~ sex, lung, rho = 1): 12.7141514;
    # ~ sex + strata(ph.ecog): 13.85777275; R 4.2.2, survival 3.5-3.
    found = weighted_log_rank(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, rho=1.0)
    assert found.z**2 == pytest.approx(12.7141514, abs=5e-8)
    known = LUNG_ECOG != "x"
    columns = (column[known] for column in (LUNG_TIME, LUNG_EVENT, LUNG_FEMALE))
    stratified = weighted_log_rank(*columns, rho=1.0, strata=LUNG_ECOG[known])
    assert stratified.z**2 == pytest.approx(13.85777275, abs=5e-9)


@pytest.mark.parametrize(("rho", "gamma"), [*MAX_COMBO, (0.5, 2.0)])
def test_every_weight_is_that_of_lifelines(rho, gamma):
    from lifelines.statistics import logrank_test

    arm = LUNG_FEMALE
    peer = logrank_test(
        LUNG_TIME[arm], LUNG_TIME[~arm], LUNG_EVENT[arm], LUNG_EVENT[~arm],
        weightings="fleming-harrington", p=rho, q=gamma,
    )  # fmt: skip
    found = weighted_log_rank(LUNG_TIME, LUNG_EVENT, arm, rho=rho, gamma=gamma)
    assert found.z**2 == pytest.approx(peer.test_statistic, rel=1e-9)
    assert found.z < 0, "women do better"


def test_max_combo_is_the_largest_corrected_by_the_joint_normal_distribution():
    found = max_combo(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE)
    assert [(test.rho, test.gamma) for test in found.tests] == list(MAX_COMBO)
    assert found.tests[0].p == pytest.approx(log_rank(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE).p)
    # mvtnorm::pmvnorm with this correlation, abseps 1e-7: 0.000983845 (error 6e-7).
    assert found.p == pytest.approx(0.000983845, abs=1.5e-6)
    single = [test.p for test in found.tests]
    assert min(single) < found.p < 4 * min(single)
    assert found.p_better == pytest.approx(found.p / 2, rel=0.02)


def test_a_single_weight_needs_no_correction():
    one = weighted_log_rank(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, gamma=1.0)
    found = max_combo(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, weights=[(0.0, 1.0)])
    assert found.p == pytest.approx(one.p, rel=1e-6)
    pair = max_combo(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, weights=[(0.0, 1.0), (0.0, 1.0)])
    assert pair.p == pytest.approx(one.p, rel=1e-4)


@pytest.mark.slow  # the joint distribution is then integrated by many points
def test_five_independent_weights_are_handled_too():
    weights = [(0, 0), (0, 1), (1, 0), (1, 1), (3, 0), (0, 3)]
    found = max_combo(LUNG_TIME, LUNG_EVENT, LUNG_FEMALE, weights=weights)
    assert found.p == pytest.approx(0.0012, abs=5e-4)


def test_the_level_is_kept_and_late_effects_are_found():
    # The statistic is referred to what exchanging the labels of the arms gives.
    time, event, arm = trial(2, 80)
    random = np.random.default_rng(3)
    p = [max_combo(time, event, random.permutation(arm)).p for _ in range(60)]
    assert np.mean(np.array(p) < 0.1) < 0.25
    random = np.random.default_rng(4)
    hidden = random.exponential(10.0, 400)
    arm = np.arange(400) % 2
    late = np.where((arm == 1) & (hidden > 8), 8 + (hidden - 8) * 3, hidden)
    found = max_combo(late, np.ones(400), arm)
    assert found.p < weighted_log_rank(late, np.ones(400), arm, rho=1.0).p


def test_nothing_is_said_where_nothing_is_known():
    empty = max_combo([1.0, 2.0], [False, False], [0, 1])
    assert empty.p is None and empty.p_better is None
    assert all(test.p is None and test.z is None for test in empty.tests)
    one = max_combo([1.0, 2.0, 3.0], [True, False, False], [0, 1, 1])
    assert one.tests[1].z is None and one.p == pytest.approx(one.tests[0].p)
    with pytest.raises(ValueError, match="must not be negative"):
        weighted_log_rank([1.0], [True], [0], rho=-1.0)
    with pytest.raises(ValueError, match="group must be 0 or 1"):
        weighted_log_rank([1.0, 2.0], [True, True], [1, 2])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1e-5, 30.4375]))
def test_the_unit_of_time_and_the_labels_do_not_matter(seed, unit):
    time, event, arm = trial(seed)
    one, scaled = max_combo(time, event, arm), max_combo(time * unit, event, arm)
    turned = max_combo(time, event, 1 - arm)
    for test, same, other in zip(one.tests, scaled.tests, turned.tests, strict=True):
        assert same.z == pytest.approx(test.z) and other.z == pytest.approx(-test.z)
    assert scaled.p == pytest.approx(one.p) and turned.p == pytest.approx(one.p, abs=1e-5)
