"""Rank correlations with PFS: intervals, censoring, and the threshold for all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from rascade.trial.results.influence import influences, least_correlation, ranked_times


def table(random, n, columns, months, event=None, arm="a"):
    event = np.ones(n, bool) if event is None else event
    people = {"arm": arm, "pfs_months": months, "pfs_event": event}
    return pd.DataFrame(people | {f"p:{name}": values for name, values in columns.items()})


def test_without_censoring_it_is_spearmans_correlation_with_the_months() -> None:
    random = np.random.default_rng(1)
    months = random.permutation(np.arange(1.0, 61.0))
    values = months + random.normal(0, 30, 60)
    one = influences(table(random, 60, {"k": values}, months)).found["k"]
    assert one.rho == pytest.approx(spearmanr(values, months).statistic)
    # Fisher's z with the variance (1 + rho^2 / 2) / (n - 3).
    half = 1.959964 * np.sqrt((1 + one.rho**2 / 2) / 57)
    assert [one.low, one.high] == pytest.approx(
        np.tanh(np.arctanh(one.rho) + half * np.array([-1, 1]))
    )
    assert one.p == pytest.approx(spearmanr(values, months).pvalue)


def test_a_censored_patient_counts_for_at_least_as_long_as_one_with_an_event_then() -> None:
    score = ranked_times(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True]))
    # Cumulative hazard 1/4, 7/12, 7/12, 19/12, less one for an event.
    assert score == pytest.approx([-3 / 4, -5 / 12, 7 / 12, 7 / 12])


def test_the_early_end_of_follow_up_does_not_pass_for_an_influence() -> None:
    """Censoring that hangs on a parameter must not look like a shorter PFS."""
    random = np.random.default_rng(2)
    n = 400
    months, entry = random.exponential(8, n), random.uniform(0, 10, n)
    seen = months <= 10 - entry + 0.5
    people = table(random, n, {"entry": entry}, np.minimum(months, 10.5 - entry), seen)
    found = influences(people).found["entry"]
    assert abs(spearmanr(entry, people["pfs_months"]).statistic) > 0.4
    assert abs(found.rho) < 0.25


def test_the_threshold_holds_for_all_parameters_and_arms_together() -> None:
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(60):
        parts = [
            table(random, 30, {f"k{i}": random.normal(size=30) for i in range(20)},
                  random.exponential(5, 30), arm=arm)
            for arm in "ab"
        ]  # fmt: skip
        every = influences(pd.concat(parts))
        assert every.looked_at == 40
        strongest = max(every.found.values(), key=lambda one: abs(one.rho))
        assert (strongest.p < 0.05) == (abs(strongest.rho) > every.least[strongest.arm])
        wrong += strongest.p < 0.05
    assert wrong <= 9  # 3 are expected of 60; more than 9 in less than one run of a thousand


def test_the_threshold_is_that_of_students_t() -> None:
    # n = 27, one correlation: t = 2.0595 with 25 degrees of freedom, r = 0.381 in printed tables.
    assert least_correlation(27, 1) == pytest.approx(0.381, abs=5e-4)
    assert least_correlation(27, 96) > least_correlation(27, 1)
    assert least_correlation(250, 96) < least_correlation(27, 96)


def test_what_cannot_be_correlated_is_left_out() -> None:
    random = np.random.default_rng(4)
    still = table(random, 20, {"same": np.ones(20)}, random.exponential(5, 20))
    nobody = table(random, 20, {"k": random.normal(size=20)}, np.full(20, 5.0), np.zeros(20, bool))
    failed = table(random, 20, {"k": random.normal(size=20)}, np.full(20, np.nan))
    failed["pfs_event"] = None
    for people in (still, nobody, failed):
        assert influences(people).found == {} and influences(people).looked_at == 0
