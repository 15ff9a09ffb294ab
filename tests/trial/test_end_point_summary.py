"""End points in detail and estimands, on patients made by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rascade.statistics.proportional_hazards import proportional_hazards
from rascade.statistics.weighted_log_rank import max_combo
from rascade.trial.assessment.response import Response
from rascade.trial.assessment.times import progression_bounds, progression_free_survival
from rascade.trial.results.end_point_summary import end_points
from rascade.trial.results.estimands import ESTIMANDS, times_under
from rascade.trial.results.response_times import confirmed_times

PD, SD, NE = Response.PD, Response.SD, Response.NE


def patients(n: int = 40, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2, "old", "new")
    os = random.exponential(np.where(arm == "new", 14.0, 8.0)).clip(0.2, 24.0)
    pfs = np.minimum(np.ceil(os / 4) * 1.84, os)
    responded = np.arange(n) % 5 == 0
    return pd.DataFrame(
        {
            "patient": np.arange(n), "arm": arm,
            "best_response": np.where(responded, "PR", "SD"),
            "confirmed_response": np.where(responded & (np.arange(n) % 2 == 0), "PR", "SD"),
            "best_immune_response": np.where(responded, "iPR", "iUPD"),
            "pfs_months": pfs, "pfs_event": os < 24, "os_months": os, "os_event": os < 24,
            "pfs_after_months": np.maximum(pfs - 1.84, 0.0),
            "pfs_by_months": np.where(os < 24, pfs, np.inf),
            "ipfs_months": pfs, "ipfs_event": os < 24,
            "ttr_months": np.where(responded, np.minimum(1.84, pfs), np.nan),
            "dor_months": np.where(responded, np.maximum(pfs - 1.84, 0), np.nan),
            "dor_event": responded,
            "baseline_ca19_9_u_ml": np.where(np.arange(n) == 3, np.nan, 1000.0),
            "baseline_kras_maf_pct": np.where(np.arange(n) < 4, 0.0, 2.0),
        }
    )  # fmt: skip


def visits(people: pd.DataFrame) -> pd.DataFrame:
    n = len(people)
    return pd.DataFrame(
        {
            "patient": np.repeat(people["patient"], 2), "arm": np.repeat(people["arm"], 2),
            "ca19_9_u_ml": np.tile([900.0, 500.0], n) * np.repeat(people["patient"] % 2 + 1, 2),
            "kras_maf_pct": np.tile([1.0, 0.0], n) + np.repeat(people["patient"] % 3 > 0, 2),
        }
    )  # fmt: skip


def summary(people: pd.DataFrame, **more):
    arms = ["new", "old"]
    return end_points(
        people, visits(people), arms=arms, reference="old", follow_up_months=24.0, **more
    )


def test_what_is_counted_is_right_and_valid_json() -> None:
    people = patients()
    detail = summary(people)
    json.dumps(detail, allow_nan=False)
    new, old = detail["arms"]
    assert [mark["month"] for mark in new["os_landmarks"]] == [6.0, 12.0, 18.0, 24.0]
    rows = people[people["arm"] == "new"]
    alive = 100 * (rows["os_months"] > 12).mean()
    assert new["os_landmarks"][1]["rate_pct"] == pytest.approx(alive), "nobody is censored early"
    assert new["responders"] == 4 and new["orr_confirmed_pct"] == 20.0
    assert old["orr_confirmed_pct"] == 0.0 and old["iorr_pct"] == 20.0
    assert new["ca19_9_halved_pct"] == 100.0 and old["ca19_9_halved_pct"] == 0.0
    assert old["ca19_9_baseline_median"] == 1000.0
    # Of those with mutant KRAS found at first, the numbers that three divides are cleared.
    found = rows[rows["patient"] >= 4]["patient"]
    assert new["kras_cleared_pct"] == pytest.approx(100 * (found % 3 == 0).mean(), abs=1e-3)


def test_confirmed_responses_have_times_of_their_own() -> None:
    people = patients()
    confirmed = people["confirmed_response"] == "PR"
    people["ttr_confirmed_months"] = people["ttr_months"].where(confirmed)
    people["dor_confirmed_months"] = people["dor_months"].where(confirmed)
    people["dor_confirmed_event"] = confirmed
    new = summary(people)["arms"][0]["responses"]
    rows = people[people["arm"] == "new"]
    for kind, column in (("unconfirmed", "best_response"), ("confirmed", "confirmed_response")):
        own = rows[rows[column] == "PR"]
        assert new[kind]["responders"] == len(own) == new[kind]["dor_events"]
        assert new[kind]["orr_pct"] == pytest.approx(100 * len(own) / len(rows))
        assert new[kind]["ttr_median_months"] == pytest.approx(own["ttr_months"].median(), rel=1e-5)
    # Results of an earlier version have the rate alone.
    assert "dor_events" not in summary(patients())["arms"][0]["responses"]["confirmed"]


def test_every_cox_model_has_its_test_and_one_that_does_without() -> None:
    people = patients(n=60)
    people["stratum"] = np.where(people["patient"] % 4 < 2, "a", "b")
    contrast = summary(people)["contrasts"][0]
    json.dumps(contrast, allow_nan=False)
    rows = people[people["arm"].isin(["new", "old"])]
    arm = (rows["arm"] == "new").astype(int)
    for end in ("pfs", "os"):
        sample = (rows[f"{end}_months"], rows[f"{end}_event"], arm)
        for key, strata in ((end, None), (f"{end}_stratified", rows["stratum"])):
            test = proportional_hazards(*sample, strata=strata)
            assert contrast[f"{key}_proportional_hazards"]["p"] == pytest.approx(
                test.global_p, rel=1e-5
            )
            assert contrast[f"{key}_proportional_hazards"]["transform"] == "km"
            combined = max_combo(*sample, strata=strata)
            assert contrast[f"{key}_max_combo_p"] == pytest.approx(combined.p, rel=1e-5)
            assert len(contrast[f"{key}_weighted_log_rank"]) == 4
            assert contrast[f"{key}_hr_problem"] is None
        estimands = [e for e in summary(people)["estimands"] if e["end_point"] == end]
        policy = next(e for e in estimands if e["strategy"] == "treatment policy")
        assert policy["contrasts"][0]["proportional_hazards_p"] == pytest.approx(
            contrast[f"{end}_proportional_hazards"]["p"], rel=1e-5
        )
    people["os_event"] = False
    contrast = summary(people)["contrasts"][0]
    assert contrast["os_hr_problem"] == "no events" and contrast["os_max_combo_p"] is None
    assert contrast["os_proportional_hazards"] is None


def test_limits_of_every_kind_and_of_the_interval_censored_median() -> None:
    new = summary(patients())["arms"][0]
    for end in ("pfs", "os"):
        assert list(new[f"{end}_median_ci_by_limits"]) == ["log-log", "log", "plain"]
        for mark in new[f"{end}_landmarks"]:
            assert mark["ci_by_limits"]["log-log"] == mark["ci"]
            known = [limits for limits in mark["ci_by_limits"].values() if limits]
            assert all(low < high for low, high in known)
    low, high = new["pfs_interval_median_ci"]
    assert low <= new["pfs_interval_median_months"][1] and (high is None or low < high)


def test_restricted_means_differ_as_the_means_do() -> None:
    people = patients(400)
    people["os_event"] = True
    detail = summary(people)
    means = people.groupby("arm")["os_months"].mean()
    contrast = detail["contrasts"][0]
    assert detail["arms"][0]["os_rmst"]["mean_months"] == pytest.approx(means["new"], rel=1e-5)
    gain = contrast["os_rmst_difference_months"]
    assert gain == pytest.approx(means["new"] - means["old"], rel=1e-4)
    low, high = contrast["os_rmst_difference_ci"]
    assert low < gain < high and contrast["os_rmst_p"] < 0.001


def test_a_stratum_adds_stratified_tests() -> None:
    people = patients(200)
    assert "pfs_stratified_hr" not in summary(people)["contrasts"][0]
    plain = summary(people)["estimands"][0]["contrasts"][0]["hr"]
    people["stratum"] = "one"
    assert summary(people)["contrasts"][0]["os_stratified_hr"] == pytest.approx(plain, rel=1e-5)
    people["stratum"] = np.where(people["patient"] % 4 < 2, "a", "b")
    assert summary(people)["contrasts"][0]["os_stratified_hr"] != plain


def test_an_empty_arm_and_nobody_with_a_time_are_none_not_errors() -> None:
    people = patients()
    people.loc[people["arm"] == "new", ["os_months", "pfs_months", "ipfs_months"]] = np.nan
    detail = summary(people)
    json.dumps(detail, allow_nan=False)
    assert detail["arms"][0]["os_rmst"] is None
    assert detail["contrasts"][0]["os_rmst_difference_months"] is None
    json.dumps(summary(people[people["arm"] == "old"]), allow_nan=False)


def _named(name: str):
    return next(item for item in ESTIMANDS if item.name == name)


def test_estimands_differ_only_by_their_censoring() -> None:
    people = patients()
    policy = times_under(_named("PFS, treatment policy"), people)
    np.testing.assert_array_equal(policy[0], people["pfs_months"])
    treated = _named("PFS, while on treatment")
    np.testing.assert_array_equal(times_under(treated, people)[0], policy[0])
    people["treatment_end_day"] = np.nan
    np.testing.assert_array_equal(times_under(treated, people)[0], policy[0])
    early, late = people.index[:2]
    people.loc[[early, late], ["pfs_months", "pfs_after_months"]] = [9.2, 7.36]
    people.loc[[early, late], "pfs_event"] = True
    # One stops at month 3 for another reason; one at the scan before progression was dated.
    people.loc[early, "treatment_end_day"] = 3 * 30.4375
    people.loc[late, "treatment_end_day"] = 7.36 * 30.4375
    time, event = times_under(treated, people)
    assert (time[early], event[early]) == (pytest.approx(3.0), False)
    assert (time[late], event[late]) == (9.2, True)


def test_an_estimand_without_its_event_is_listed_without_numbers() -> None:
    people = patients()
    rows = {row["name"]: row for row in summary(people)["estimands"]}
    assert not rows["OS, hypothetical"]["applies"] and rows["OS, hypothetical"]["arms"] == []
    people["crossover_day"] = np.where(people["arm"] == "old", 60.0, np.nan)
    crossed = {row["name"]: row for row in summary(people)["estimands"]}["OS, hypothetical"]
    policy = rows["OS, treatment policy"]
    assert crossed["applies"]
    assert crossed["arms"][0] == policy["arms"][0], "nobody crosses over from the new arm"
    assert crossed["arms"][1] != policy["arms"][1]


def test_progression_lies_between_two_adequate_scans() -> None:
    days = np.array([56.0, 112.0, 168.0])
    codes = np.array([[SD, PD, PD], [SD, NE, PD], [PD, NE, NE], [SD, SD, NE], [NE, NE, NE]])
    death = np.array([np.nan, np.nan, 70.0, 150.0, np.nan])
    left, right = progression_bounds(codes, days, death)
    assert left.tolist() == [56.0, 56.0, 0.0, 150.0, 0.0]
    assert right.tolist() == [112.0, 168.0, 56.0, 150.0, np.inf]


def test_a_confirmed_response_is_dated_by_its_first_reading() -> None:
    code = np.array([[Response.PR, Response.PR, PD], [Response.PR, SD, PD], [SD, Response.PR, PD]])
    day = np.array([56.0, 112.0, 168.0])
    pfs = progression_free_survival(code, day, np.full(3, np.nan))
    found = confirmed_times(code, day, pfs, np.array([False, False, False]))
    first = found["ttr_confirmed_months"] * 30.4375
    assert first[0] == pytest.approx(56.0) and np.isnan(first[1:]).all()
    assert found["dor_confirmed_months"][0] * 30.4375 == pytest.approx(112.0)
    assert found["dor_confirmed_event"].tolist() == [True, False, False]
    failed = confirmed_times(code, day, pfs, np.array([True, False, False]))
    assert np.isnan(failed["ttr_confirmed_months"]).all()


def test_while_on_treatment_reads_the_reason_that_was_recorded() -> None:
    row = {
        "arm": "a",
        "pfs_months": 112 / 30.4375,
        "pfs_event": True,
        "pfs_after_months": 56 / 30.4375,
        "treatment_end_day": 60.0,
        "pfs_reason": "progression: target",
    }
    treated = _named("PFS, while on treatment")
    for reason, day, seen in (
        ("adverse event", 60.0, False),  # in the interval of the scan that showed progression
        ("dropout", 60.0, False),
        ("progression", 112.0, True),
        ("death", 112.0, True),
    ):
        time, event = times_under(treated, pd.DataFrame([row | {"treatment_end_reason": reason}]))
        assert time[0] * 30.4375 == pytest.approx(day) and bool(event[0]) == seen


def test_leaving_and_other_treatment_censor_the_hypothetical_estimand() -> None:
    people = pd.DataFrame(
        {
            "arm": "a",
            "pfs_months": [6.0, 6.0, 6.0],
            "pfs_event": True,
            "pfs_after_months": 4.0,
            "dropout_day": [np.nan, 91.3125, 152.1875],
            "other_treatment_day": [np.nan, np.nan, 30.4375],
        }
    )
    time, event = times_under(_named("PFS, hypothetical"), people)
    np.testing.assert_allclose(time, [6.0, 3.0, 1.0])
    assert event.tolist() == [True, False, False]
