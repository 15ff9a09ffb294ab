"""Four-parameter curves against the truth, against SciPy's curve_fit, and at their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import curve_fit

from rascade.statistics.dose_response import fit_four_parameters, four_parameters

DOSES = np.logspace(-1, 4, 12)


def test_closed_form() -> None:
    assert four_parameters(0.0, 1.0, 0.2, 10.0, 2.0) == 1.0
    assert four_parameters(10.0, 1.0, 0.2, 10.0, 2.0) == pytest.approx(0.6)
    assert four_parameters(1e12, 1.0, 0.2, 10.0, 2.0) == pytest.approx(0.2)
    assert four_parameters(20.0, 1.0, 0.0, 10.0, 1.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize("emax", [0.0, 0.3, 2.5])
@pytest.mark.parametrize("hill", [0.6, 1.0, 3.0])
@pytest.mark.parametrize("ec50", [1.0, 77.0, 900.0])
def test_exact_data_give_the_truth(emax: float, hill: float, ec50: float) -> None:
    fit = fit_four_parameters(DOSES, four_parameters(DOSES, 1.0, emax, ec50, hill), e0=1.0)
    assert fit is not None
    assert (fit.ec50, fit.hill, fit.emax) == pytest.approx((ec50, hill, emax), rel=1e-3, abs=1e-3)
    assert fit.r2 > 0.999999
    assert fit.reached


def test_the_interval_is_that_of_curve_fit_and_covers_the_truth() -> None:
    random = np.random.default_rng(7)
    truth = (1.0, 0.1, 50.0, 1.3)
    covered = 0
    for trial in range(60):
        y = four_parameters(DOSES, *truth) + random.normal(0, 0.03, DOSES.size)
        fit = fit_four_parameters(DOSES, y)
        assert fit is not None
        covered += fit.ec50_ci[0] <= truth[2] <= fit.ec50_ci[1]
        if trial:
            continue

        def curve(x: np.ndarray, e0: float, emax: float, c: float, h: float) -> np.ndarray:
            return four_parameters(x, e0, emax, math.exp(c), math.exp(h))

        best, covariance = curve_fit(curve, DOSES, y, (1.0, 0.1, math.log(50.0), 0.0))
        assert math.log(fit.ec50) == pytest.approx(best[2], abs=1e-4)
        from scipy.stats import t

        half = math.sqrt(covariance[2, 2]) * t.ppf(0.975, DOSES.size - 4)
        assert math.log(fit.ec50_ci[1] / fit.ec50) == pytest.approx(half, rel=1e-3)
    assert 52 <= covered <= 60  # 95 % of 60 is 57


def test_ic50_is_not_ec50() -> None:
    fit = fit_four_parameters(DOSES, four_parameters(DOSES, 1.0, 0.4, 50.0, 1.0), e0=1.0)
    assert fit is not None
    # 1 - 0.6 s = 0.5 at s = 5/6, so at five times the EC50.
    assert fit.ic50 == pytest.approx(250.0, rel=1e-3)
    shallow = fit_four_parameters(DOSES, four_parameters(DOSES, 1.0, 0.6, 50.0, 1.0), e0=1.0)
    assert shallow is not None
    assert math.isinf(shallow.ic50)
    assert math.isnan(shallow.dose(1.2))
    assert shallow.dose(1.0) == 0.0


def test_flat_and_short_data_have_no_curve() -> None:
    assert fit_four_parameters(DOSES, np.ones(DOSES.size), e0=1.0) is None
    assert fit_four_parameters(DOSES, np.full(DOSES.size, 0.99), e0=1.0) is None
    assert fit_four_parameters(DOSES[:3], [1.0, 0.5, 0.1], e0=1.0) is None
    assert fit_four_parameters(DOSES, np.full(DOSES.size, np.nan), e0=1.0) is None
    assert fit_four_parameters(DOSES, np.full(DOSES.size, 1e-13), e0=1e-9) is None


def test_an_ec50_outside_the_doses_is_told() -> None:
    fit = fit_four_parameters(DOSES, four_parameters(DOSES, 1.0, 0.0, 4e4, 1.0), e0=1.0)
    assert fit is not None
    assert not fit.reached


# -- where the data do not determine the EC50 -----------------------------------------------


def test_where_every_response_is_complete_the_ec50_lies_below_the_lowest_dose() -> None:
    for noise in (0.0, 0.01):
        y = np.abs(np.random.default_rng(1).normal(0.0, noise, DOSES.size))
        fit = fit_four_parameters(DOSES, y, e0=1.0)
        assert fit is not None
        low, high = fit.ec50_ci
        assert low == 0.0 and 0.9 * DOSES[0] < high < DOSES[0]
        assert fit.ec50 < DOSES[0]
        assert not fit.reached and not fit.ec50_determined


def test_where_the_response_only_begins_the_ec50_is_open_above() -> None:
    # 10 % less at the highest dose alone: the middle lies anywhere above the dose before it.
    for y in (np.r_[np.ones(11), 0.9], np.r_[np.zeros(11), 0.2]):
        fit = fit_four_parameters(DOSES, y, e0=y[0])
        assert fit is not None
        assert fit.ec50_ci[0] > DOSES[-2] and math.isinf(fit.ec50_ci[1])
        assert not fit.ec50_determined


def test_a_step_between_two_doses_leaves_the_ec50_between_them() -> None:
    for e0 in (1.0, None):
        fit = fit_four_parameters(DOSES, np.r_[np.ones(6), np.zeros(6)], e0=e0)
        assert fit is not None and fit.ec50_determined
        low, high = fit.ec50_ci
        assert DOSES[5] < low < 1.1 * DOSES[5] and 0.9 * DOSES[6] < high < DOSES[6]
        assert low < fit.ec50 < high
        assert fit.hill_ci == (0.0, math.inf), "a step has any slope that is steep enough"


def test_exact_data_beyond_the_doses_still_give_the_truth() -> None:
    fit = fit_four_parameters(DOSES, four_parameters(DOSES, 1.0, 0.0, 4e4, 1.0), e0=1.0)
    assert fit is not None and fit.ec50_determined and not fit.reached
    assert fit.ec50 == pytest.approx(4e4, rel=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_an_interval_always_holds_its_estimate(seed: int) -> None:
    random = np.random.default_rng(seed)
    ec50 = float(10 ** random.uniform(-3, 6))
    y = four_parameters(DOSES, 1.0, 0.2, ec50, 1.0) + random.normal(0, 0.03, DOSES.size)
    for e0 in (1.0, None):
        fit = fit_four_parameters(DOSES, y, e0=e0)
        if fit is not None:
            assert fit.ec50_ci[0] <= fit.ec50 <= fit.ec50_ci[1]
            other = fit_four_parameters(1e3 * DOSES, y, e0=e0)
            assert other is not None and other.ec50_determined == fit.ec50_determined


def test_without_a_profile_an_undetermined_interval_is_open() -> None:
    fit = fit_four_parameters(DOSES, np.zeros(DOSES.size), e0=1.0, profile=False)
    assert fit is not None and fit.ec50_ci == (0.0, math.inf)
    four = fit_four_parameters(DOSES[::3], [1.0, 0.9, 0.4, 0.1], e0=None)
    assert four is not None and four.ec50_ci[0] <= four.ec50 <= four.ec50_ci[1]
