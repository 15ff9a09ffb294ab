from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rascade.trial.results.statistics import exact_interval, summarize

ARM_KEYS = ["name", "n", "orr_pct", "orr_ci", "dcr_pct", "pfs_median_months", "pfs_ci",
            "os_median_months", "os_ci", "grade3plus_trae_pct"]  # fmt: skip
CONTRAST_KEYS = ["arm", "reference", "pfs_hr", "pfs_hr_ci", "os_hr", "os_hr_ci", "pfs_logrank_p",
                 "os_logrank_p"]  # fmt: skip


def people(arm, n, *, scale=6.0, events=True, seed=1):
    random = np.random.default_rng(seed)
    pfs = random.exponential(scale, n)
    return pd.DataFrame(
        {
            "arm": [arm] * n,
            "best_response": random.choice(["CR", "PR", "SD", "PD", "NE"], n),
            "pfs_months": pfs,
            "pfs_event": [events] * n,
            "os_months": pfs + random.exponential(scale, n),
            "os_event": [events] * n,
        }
    )


def summary(patients, arms, reference, **more):
    result = summarize(patients, study="s", seed=1, model_hash="h", arms=arms,
                       reference=reference, **more)  # fmt: skip
    json.dumps(result, allow_nan=False)
    return result


def test_exact_interval_is_clopper_and_pearson():
    # R: binom.test(7, 21)$conf.int is 0.1458769 0.5696755, as in KRYSTAL-1 (15-57 %);
    # binom.test(0, 10) gives 0 and 0.3084971.
    assert exact_interval(7, 21) == pytest.approx((1 / 3, 0.1458769, 0.5696755), abs=5e-8)
    assert exact_interval(0, 10) == pytest.approx((0, 0, 0.3084971), abs=5e-8)
    assert exact_interval(10, 10) == pytest.approx((1, 1 - 0.3084971, 1), abs=5e-8)
    assert exact_interval(0, 0) == (None, None, None)
    with pytest.raises(ValueError, match="not a proportion"):
        exact_interval(3, 2)


def test_exact_interval_covers_at_least_its_level():
    from scipy.stats import binom

    limits = [exact_interval(k, 12) for k in range(13)]
    for p in (0.05, 0.2, 0.5, 0.8):
        covered = sum(binom.pmf(k, 12, p) for k, x in enumerate(limits) if x.low <= p <= x.high)
        assert covered >= 0.95


def test_summary_has_the_keys_of_the_contract_and_right_numbers():
    from lifelines import KaplanMeierFitter

    frame = pd.concat([people("a", 60, scale=9), people("b", 50, seed=2)], ignore_index=True)
    result = summary(frame, ["a", "b"], "b", cohort={"size": 110}, warnings=["x"])
    assert [list(arm) for arm in result["arms"]] == [ARM_KEYS] * 2
    assert [list(contrast) for contrast in result["contrasts"]] == [CONTRAST_KEYS]
    assert (result["cohort"], result["warnings"]) == ({"size": 110}, ["x"])
    assert "Research use only" in result["research_use"]
    arm = frame[frame["arm"] == "a"]
    assert result["arms"][0]["orr_pct"] == pytest.approx(
        100 * arm["best_response"].isin(["CR", "PR"]).mean(), rel=1e-5
    )
    peer = KaplanMeierFitter().fit(arm["os_months"], arm["os_event"]).median_survival_time_
    assert result["arms"][0]["os_median_months"] == pytest.approx(peer, rel=0.05)
    assert result["contrasts"][0]["pfs_hr"] < 1
    assert result["contrasts"][0]["arm"] == "a"
    assert result["arms"][0]["grade3plus_trae_pct"] is None


@pytest.mark.parametrize("n", [1, 3])
def test_tiny_and_all_censored_arms_make_nulls_not_errors(n):
    frame = pd.concat([people("a", n), people("b", n, events=False)], ignore_index=True)
    result = summary(frame, ["a", "b", "empty"], "a")
    censored, empty = result["arms"][1], result["arms"][2]
    assert censored["pfs_median_months"] is None
    assert censored["pfs_ci"] is None
    assert (empty["n"], empty["orr_pct"], empty["orr_ci"]) == (0, None, None)
    assert result["contrasts"][0]["os_hr"] is None
    assert result["contrasts"][1]["os_hr_ci"] is None


def test_no_patients_at_all_and_no_reference():
    frame = people("a", 3).iloc[:0]
    result = summary(frame, ["a"], None)
    assert result["contrasts"] == []
    assert result["arms"][0]["n"] == 0


def test_failed_patients_count_in_rates_and_are_named():
    frame = people("a", 10)
    frame.loc[:1, ["pfs_months", "os_months"]] = np.nan
    result = summary(frame, ["a"], "a")
    assert result["arms"][0]["n"] == 10
    assert result["warnings"] == [
        "a: 2 of 10 patients left out of PFS and OS: their simulation failed"
    ]


def test_unknown_arms_are_refused():
    with pytest.raises(ValueError, match="'b' is not one of 'a'"):
        summary(people("b", 2), ["a"], None)
    with pytest.raises(ValueError, match="'z' is not one of"):
        summary(people("a", 2), ["a"], "z")


def test_order_of_patients_does_not_change_the_summary():
    frame = pd.concat([people("a", 40), people("b", 40, seed=3)], ignore_index=True)
    shuffled = frame.sample(frac=1, random_state=7)
    assert summary(frame, ["a", "b"], "a") == summary(shuffled, ["a", "b"], "a")
