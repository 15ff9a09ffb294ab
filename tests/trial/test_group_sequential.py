"""Boundaries against printed tables, an independent integration, and what must hold of any."""

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.statistics.group_sequential import (
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


# Bounds for futility that need not be obeyed, alpha 0.025 one-sided, beta 0.1, by R's rpact 3.3.4:
# number of equal looks (0: looks at 0.5, 0.75 and 1), function that spends alpha, that spends beta
# (Hwang-Shih-DeCani with -4, Kim-DeMets' power with 3), lower bounds, inflation.
RPACT = """
0 OF OF 0.331571 1.291656 1.082823
4 OF OF -1.402667 0.324878 1.291137 1.083028
4 P P 0.122063 0.978348 1.660069 1.409954
4 HSD HSD -1.069938 0.015345 1.002160 1.043974
4 KD KD -1.289498 0.090028 1.114211 1.056188
5 OF OF -1.977252 -0.207044 0.764423 1.446753 1.099368
5 OF P -0.242771 0.502389 1.076632 1.557983 1.287414
5 OF HSD -1.349106 -0.418324 0.405540 1.193997 1.051566
5 OF KD -1.662513 -0.402570 0.515265 1.291294 1.061261
5 P OF -1.871226 -0.057064 0.951096 1.683623 1.258092
5 P P -0.146063 0.639744 1.252370 1.792016 1.443251
5 P HSD -1.236504 -0.259062 0.601929 1.432424 1.216906
5 P KD -1.551623 -0.245731 0.709032 1.529615 1.224718
5 HSD OF -1.976036 -0.205323 0.766598 1.450211 1.101129
5 HSD P -0.241013 0.504878 1.079906 1.563263 1.290167
5 HSD HSD -1.348510 -0.417480 0.406597 1.195692 1.052410
5 HSD KD -1.661755 -0.401498 0.516611 1.293460 1.062339
5 KD OF -1.972995 -0.201023 0.771816 1.456242 1.105536
5 KD P -0.239049 0.507652 1.083159 1.567302 1.293247
5 KD HSD -1.344546 -0.411874 0.413446 1.203497 1.058028
5 KD KD -1.658030 -0.396230 0.523038 1.300794 1.067643
"""
_SHORT = dict(zip(("OF", "P", "HSD", "KD"), SPENDING, strict=True))


@pytest.mark.parametrize("row", RPACT.split("\n")[1:-1], ids=lambda row: row[:9])
def test_futility_by_spending_is_that_of_rpact(row):
    looks, upper, lower, *numbers = row.split()
    t = equal(int(looks)) if looks != "0" else [0.5, 0.75, 1.0]
    plan = futility_by_spending(efficacy(_SHORT[upper], t, 0.025), _SHORT[lower], 0.1, _p(lower))
    *bounds, inflation = map(float, numbers)
    # rpact's own constants carry an error of about 1e-5 where a Pocock function spends.
    assert plan.lower[:-1] == pytest.approx(bounds, abs=5e-5)
    assert plan.inflation(0.9) == pytest.approx(inflation, abs=5e-5)


def _p(kind):
    return {"HSD": -4.0, "KD": 3.0}.get(kind)


GRID = [
    (looks, upper, lower, alpha, beta)
    for looks in (2, 3, 4, 5)
    for upper in SPENDING
    for lower in SPENDING
    for alpha, beta in ((0.025, 0.1), (0.05, 0.2), (0.005, 0.1))
]


def _keeps_its_errors(looks, upper, lower, alpha, beta):
    plan = futility_by_spending(efficacy(upper, equal(looks), alpha), lower, beta)
    assert (plan.lower[:-1] < plan.upper[:-1]).all() and plan.lower[-1] == plan.upper[-1]
    drift = plan.drift(1.0 - beta)
    lost = plan.stopping(drift).lower
    assert lost == pytest.approx(np.diff(spend(lower, beta, equal(looks)), prepend=0.0), abs=1e-7)
    # Efficacy does not count on futility being obeyed.
    assert crossing(plan.information, plan.upper).upper.sum() == pytest.approx(alpha, abs=1e-8)
    return plan, drift


@pytest.mark.parametrize("case", GRID[::7], ids=str)
def test_every_design_has_its_bounds_and_keeps_its_errors(case):
    _keeps_its_errors(*case)


@pytest.mark.slow
def test_all_192_designs_have_their_bounds_and_keep_their_errors():
    for case in GRID:
        _keeps_its_errors(*case)


@pytest.mark.parametrize("case", [GRID[5], GRID[100], GRID[187]], ids=str)
def test_both_errors_are_right_in_simulated_trials(case):
    plan, drift = _keeps_its_errors(*case)
    random = np.random.default_rng(6)
    steps = np.sqrt(np.diff(plan.information, prepend=0.0))
    walks = np.cumsum(random.normal(0.0, steps, (200_000, plan.looks)), axis=1)
    root = np.sqrt(plan.information)
    alpha = (walks / root >= plan.upper).any(axis=1).mean()
    moved = (walks + drift * plan.information) / root
    up, down = moved >= plan.upper, moved < plan.lower
    first_up = np.where(up.any(axis=1), up.argmax(axis=1), plan.looks)
    first_down = np.where(down.any(axis=1), down.argmax(axis=1), plan.looks)
    power = (first_up < first_down).mean()
    assert alpha == pytest.approx(case[3], abs=4 * np.sqrt(case[3] / 200_000))
    assert power == pytest.approx(1 - case[4], abs=4 * np.sqrt(case[4] / 200_000))


@pytest.mark.parametrize("gap", [1e-3, 1e-4, 1e-5])
def test_looks_close_together_are_integrated_finely(gap):
    # Looks 0.3, 0.301, 0.302, 1: 1.96024. Between looks that close nothing new can be seen, so the
    # final bound tends to that of looks at 0.3 and 1 alone with what the three have spent.
    t = [0.3, 0.3 + gap, 0.3 + 2 * gap, 1.0]
    plan = efficacy("lan-demets-obrien-fleming", t, 0.025)
    assert crossing(t, plan.upper).upper.sum() == pytest.approx(0.025, abs=1e-9)
    if gap == 1e-3:
        assert plan.upper[-1] == pytest.approx(1.96024, abs=5e-6)
    else:
        two = efficacy("lan-demets-obrien-fleming", [0.3, 1.0], 0.025).upper
        assert plan.upper[-1] == pytest.approx(two[-1], abs=20 * gap + 1e-6)


def test_close_looks_agree_with_the_multivariate_normal_distribution():
    from scipy.stats import multivariate_normal

    t, upper, drift = np.array([0.3, 0.301, 0.302, 1.0]), [2.0, 2.05, 2.1, 2.2], 1.5
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    inside = multivariate_normal.cdf(
        upper, drift * np.sqrt(t), covariance, maxpts=10**6, abseps=1e-7
    )
    assert crossing(t, upper, drift=drift).upper.sum() == pytest.approx(1 - inside, abs=2e-5)


def test_looks_that_are_one_look_are_refused():
    with pytest.raises(InputError, match=r"0\.3 and 0\.3000001 are one look"):
        efficacy("pocock", [0.3, 0.3000001, 1.0], 0.025)


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
