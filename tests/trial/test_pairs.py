"""The same patients in every arm."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rascade as rc
from rascade.errors import InputError
from rascade.statistics.landmark import restricted_mean
from rascade.trial.results.pairs import restricted_contributions


def paired(size: int = 8, **more: object) -> rc.Trial:
    return rc.Trial(
        arms={
            "full": "daraxonrasib 300 mg PO QD",
            "half": "daraxonrasib 150 mg PO QD",
            "none": "none",
        },
        cohort=rc.Cohort(size=size),
        seed=5,
        follow_up_months=6,
        pairing="same-patients",
        **more,
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result() -> rc.TrialResult:
    return paired().run(progress=False)


def test_twins_are_the_same_person(result: rc.TrialResult) -> None:
    patients = result.patients
    assert patients["patient"].is_unique and len(patients) == 24
    same = [
        "sex", "age_years", "weight_kg", "kras_allele", "baseline_sld_mm", "draws",
        "n_target_lesions", "p:k_division",
    ]  # fmt: skip
    for name in same:
        assert (patients.groupby("twin")[name].nunique() == 1).all(), name
    first = result.visits[result.visits["visit"] == 1].groupby("twin")["scheduled_day"]
    assert (first.nunique() <= 1).all()


def test_an_arm_against_itself_differs_in_nobody() -> None:
    trial = rc.Trial(
        arms={"a": "none", "b": "none"},
        cohort=rc.Cohort(size=4),
        seed=5,
        follow_up_months=6,
        pairing="same-patients",
    )
    pair = trial.run(progress=False).summary["contrasts"][0]["paired"]
    for name in ("best_change_pct", "pfs_restricted_mean_months", "os_restricted_mean_months"):
        assert pair[name]["difference"] == 0.0 and pair[name]["ci"] == [0.0, 0.0]
    assert pair["pfs_better_pct"] == pair["pfs_worse_pct"] == 0.0


def test_a_contrast_says_what_a_patient_gains_and_how_much_narrower_it_is(
    result: rc.TrialResult,
) -> None:
    assert result.summary["pairing"] == "same-patients"
    pair = result.summary["contrasts"][0]["paired"]
    wide = result.patients.pivot(index="twin", columns="arm", values="best_change_pct")
    gap = wide["full"] - wide["none"]
    assert pair["n"] == 8
    assert pair["best_change_pct"]["difference"] == pytest.approx(gap.mean(), abs=1e-4)
    assert pair["best_change_pct"]["n"] == int(gap.notna().sum())
    low, high = pair["best_change_pct"]["ci"]
    # What independent arms of as many patients would give.
    known = wide[["full", "none"]][gap.notna()]
    apart = 2 * 1.959964 * np.sqrt((known.var(ddof=1) / len(known)).sum())
    assert pair["best_change_pct"]["width_of_unpaired"] == pytest.approx((high - low) / apart)


def test_patients_do_not_depend_on_who_else_is_there(result: rc.TrialResult) -> None:
    fewer = paired(size=3).run(progress=False).patients
    kept = result.patients[result.patients["twin"] < 3].reset_index(drop=True)
    assert fewer["pfs_months"].tolist() == kept["pfs_months"].tolist()


def test_pairs_without_an_event_have_no_interval_of_no_width() -> None:
    short = rc.Trial(
        arms={"a": "none", "b": "none"},
        cohort=rc.Cohort(size=2),
        seed=5,
        follow_up_months=1,
        pairing="same-patients",
    )
    pair = short.run(progress=False).summary["contrasts"][0]["paired"]
    assert pair["pfs_restricted_mean_months"] is None
    assert pair["os_restricted_mean_months"] is None


def test_contributions_add_up_to_the_restricted_mean() -> None:
    random = np.random.default_rng(3)
    time, event = random.exponential(8.0, 60).round(1), random.random(60) < 0.6
    for horizon in (2.0, 5.0, 9.0):
        each = restricted_contributions(time, event, horizon)
        wanted = restricted_mean(time, event, horizon)
        assert wanted is not None
        assert each.mean() == pytest.approx(wanted.mean.estimate, rel=1e-9)
        error = each.std(ddof=0) / np.sqrt(each.size)
        assert error == pytest.approx(wanted.std_error, rel=0.05)


def test_without_censoring_a_contribution_is_the_restricted_time() -> None:
    time = np.array([1.0, 3.0, 4.0, 7.0])
    each = restricted_contributions(time, np.ones(4, bool), 5.0)
    assert each == pytest.approx([1.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"randomization": {"method": "simple"}}, "randomization: .*leave randomization out"),
        ({"pairing": "same"}, "pairing: 'same' is not one of"),
    ],
)
def test_what_does_not_go_with_pairs_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rc.Trial(
            arms={"a": "none", "b": "none"}, cohort=rc.Cohort(size=2),
            **{"pairing": "same-patients", **more},
        )  # type: ignore[arg-type]  # fmt: skip


def test_arms_of_different_sizes_cannot_be_paired() -> None:
    with pytest.raises(InputError, match=r"pairing: .*leave the sizes of arms out"):
        rc.Trial(
            arms={"a": "none", "b": {"regimen": "none", "size": 3}},
            cohort=rc.Cohort(size=2),
            pairing="same-patients",
        )


def test_the_report_says_that_patients_are_the_same(result: rc.TrialResult, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Every arm treats the same virtual patients" in page
    assert "The same patients in both arms" in page
    for row in result.summary["contrasts"]:
        share = row["paired"]["pfs_restricted_mean_months"]["width_of_unpaired"]
        by = round(100 * (1 - share))
        word = f"{abs(by)} % {'narrower' if by > 0 else 'wider'}" if by else "as wide"
        assert re.search(rf"{row['arm']} against {row['reference']}: [^;]*PFS {word}", page)
    result.plot.paired("full").savefig(tmp_path / "paired.png", dpi=110)
