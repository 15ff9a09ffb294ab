"""Boundaries against printed tables, an independent integration, and what must hold of any."""

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.trial.group_sequential import (
    SPENDING,
    conditional_power,
    crossing,
    efficacy,
    fixed_drift,
    futility_by_conditional_power,
    futility_by_spending,
    spend,
    with_lower,
)


def equal(looks):
    return np.arange(1, looks + 1) / looks


# Jennison & Turnbull 2000, tables 2.1 (Pocock) and 2.3 (O'Brien-Fleming), alpha 0.05 two-sided.
# One side at 0.025 differs by less than the rounding: nobody crosses both.
TABLE = {
    2: (2.178, 1.977),
    3: (2.289, 2.004),
    4: (2.361, 2.024),
    5: (2.413, 2.040),
    10: (2.555, 2.087),
}


@pytest.mark.parametrize("looks", TABLE)
def test_pocock_and_obrien_fleming_are_those_of_the_book(looks):
    pocock, final = TABLE[looks]
    assert efficacy("pocock", equal(looks), 0.025).upper == pytest.approx(
        [pocock] * looks, abs=6e-4
    )
    bounds = efficacy("obrien-fleming", equal(looks), 0.025).upper
    assert bounds == pytest.approx(final / np.sqrt(equal(looks)), abs=6e-4 * np.sqrt(looks))


def test_lan_demets_boundaries_are_those_of_ld98():
    # Reboussin, DeMets, Kim & Lan, Control Clin Trials 2000;21:190-207, five equal looks, 0.05.
    fleming = efficacy("lan-demets-obrien-fleming", equal(5), 0.025)
    assert fleming.upper == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4)
    pocock = efficacy("lan-demets-pocock", equal(5), 0.025)
    assert pocock.upper == pytest.approx([2.4380, 2.4268, 2.4101, 2.3966, 2.3859], abs=2e-4)


def test_the_default_design_of_gsdesign():
    # R's gsDesign(): three looks, alpha 0.025, power 0.9, Hwang-Shih-DeCani -4 and -2, non-binding
    # (printed in its manual and at stat.ethz.ch/pipermail/r-help/2011-November/295673.html).
    plan = efficacy("hwang-shih-decani", equal(3), 0.025, -4)
    plan = futility_by_spending(plan, "hwang-shih-decani", 0.1, -2)
    assert plan.upper == pytest.approx([3.01, 2.55, 2.00], abs=5e-3)
    assert plan.lower == pytest.approx([-0.24, 0.94, 2.00], abs=5e-3)
    assert plan.inflation(0.9) == pytest.approx(1.070, abs=5e-4)
    assert plan.stopping(0.0).lower[0] == pytest.approx(0.4057, abs=5e-5)
    assert plan.stopping(plan.drift(0.9)).lower[0] == pytest.approx(0.0148, abs=5e-5)
    assert plan.power(plan.drift(0.9)) == pytest.approx(0.9)


def test_inflation_factors_are_those_of_the_book():
    # Jennison & Turnbull 2000, tables 2.2 and 2.4: five looks, alpha 0.05, power 0.9.
    assert efficacy("pocock", equal(5), 0.025).inflation(0.9) == pytest.approx(1.207, abs=6e-4)
    assert efficacy("obrien-fleming", equal(5), 0.025).inflation(0.9) == pytest.approx(
        1.026, abs=6e-4
    )


def test_crossing_agrees_with_the_multivariate_normal_distribution():
    from scipy.stats import multivariate_normal

    t, upper, lower, drift = np.array([0.3, 0.7, 1.0]), [2.6, 2.3, 2.1], [-0.5, 0.4, 2.1], 1.7
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    found = crossing(t, upper, lower, drift)

    def inside(looks):
        normal = multivariate_normal(
            drift * np.sqrt(t[:looks]),
            covariance[:looks, :looks],
            abseps=1e-7,
            maxpts=10**6,
            seed=1,
        )
        return normal.cdf(upper[:looks], lower_limit=lower[:looks])

    for k in range(1, 3):
        running = 1 - found.upper[:k].sum() - found.lower[:k].sum()
        assert running == pytest.approx(inside(k), abs=2e-6)
    assert found.upper.sum() + found.lower.sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("kind", ["pocock", "obrien-fleming", "none", *SPENDING])
def test_the_level_is_kept_whatever_the_looks(kind):
    t = [0.2, 0.55, 0.6, 1.0]
    assert crossing(t, efficacy(kind, t, 0.025).upper).upper.sum() == pytest.approx(0.025, abs=1e-8)


@pytest.mark.parametrize("kind", SPENDING)
def test_spending_starts_at_nothing_ends_with_all_and_rises(kind):
    spent = spend(kind, 0.025, np.linspace(0, 1, 50))
    assert spent[0] == 0 and spent[-1] == pytest.approx(0.025) and (np.diff(spent) >= 0).all()


def test_futility_costs_power_and_spares_information():
    plan = efficacy("lan-demets-obrien-fleming", [0.5, 0.75, 1.0], 0.025)
    drift = fixed_drift(0.025, 0.9)
    for stop in (with_lower(plan, [0.0, 0.5]), futility_by_conditional_power(plan, 0.2)):
        assert (stop.upper == plan.upper).all()
        assert stop.power(drift) < plan.power(drift)
        assert stop.power(0.0) < 0.025  # a boundary that need not be obeyed makes it smaller
        assert stop.expected_information(0.0) < plan.expected_information(0.0)


@pytest.mark.parametrize("drift", [None, 3.2])
def test_the_futility_boundary_is_where_conditional_power_is_what_was_asked(drift):
    plan = futility_by_conditional_power(efficacy("pocock", [0.4, 1.0], 0.025), 0.15, drift)
    z = plan.lower[0]
    assumed = z / np.sqrt(0.4) if drift is None else drift
    assert conditional_power(z, 0.4, plan.upper[-1], assumed) == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: efficacy("pocock", [0.5, 0.4, 1.0], 0.025), "must rise"),
        (lambda: efficacy("pocock", [0.5, 0.9], 0.025), "final analysis"),
        (lambda: efficacy("pocok", [0.5, 1.0], 0.025), "'pocok' is no spending function"),
        (lambda: efficacy("pocock", [0.5, 1.0], 0.7), "alpha: 0.7"),
        (lambda: futility_by_spending(efficacy("pocock", [1.0], 0.025), "power", 0.99), "beta"),
    ],
)
def test_what_is_wrong_is_named(call, says):
    with pytest.raises(InputError, match=says):
        call()
