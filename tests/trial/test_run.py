"""The trial loop: bookkeeping on small trials."""

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError, ParameterError, UnsupportedFeature
from rascade.trial.design.protocol import Protocol
from rascade.trial.design.schedule import pauses, scans_made, scheduled_days
from rascade.trial.running.run import run

from . import trial_specs as specs


@pytest.fixture(scope="module")
def outcome():
    return run(specs.spec(specs.DARAXONRASIB, specs.CHEMOTHERAPY, size=30))


def test_one_row_a_patient_and_arms_take_turns(outcome) -> None:
    patients = outcome.patients
    assert patients["patient"].tolist() == list(range(60))
    assert (
        patients["arm"]
        == np.where(patients["patient"] % 2, "gemcitabine + nab-paclitaxel", "daraxonrasib")
    ).all()
    # Blank where it does not apply: no scan, no response, treatment goes on, no such marker.
    may_be_blank = (
        "best_change_pct|ttr_|dor_(confirmed_)?months|treatment_end|dropout_|baseline_(ca19|kras)"
    )
    assert not patients.filter(regex=f"^(?!p:|{may_be_blank})").isna().any().any()


def test_visits_come_every_eight_weeks_until_death(outcome) -> None:
    visits, patients = outcome.visits, outcome.patients.set_index("patient")
    assert (visits["scheduled_day"] == 56.0 * visits["visit"]).all()
    off = visits["day"] - visits["scheduled_day"]
    assert off.abs().max() <= 7.0
    assert (off.min() < -5) and (off.max() > 5) and abs(off.mean()) < 1.5
    death = patients["os_months"].where(patients["os_event"], np.inf) * 30.4375
    assert (visits["day"].to_numpy() < death.loc[visits["patient"]].to_numpy()).all()


def test_treatment_ends_at_progression() -> None:
    no_rules = run(specs.spec(specs.CHEMOTHERAPY, size=30, protocol=Protocol(rules=())))
    for _, rows in no_rules.visits.groupby("patient"):
        progressed = (rows["response"] == "PD").to_numpy()
        if progressed.any():
            first = int(progressed.argmax())
            assert rows["on_treatment"].iloc[: first + 1].all()
            assert not rows["on_treatment"].iloc[first + 1 :].any()


def test_pfs_is_never_after_os_and_on_a_visit_or_a_death(outcome) -> None:
    patients = outcome.patients
    assert (patients["pfs_months"] <= patients["os_months"] + 1e-9).all()
    scans = outcome.visits.groupby("patient")["day"].agg(list)
    for row in patients[patients["pfs_reason"].str.startswith("progression")].itertuples():
        assert np.isclose(scans[row.patient], row.pfs_months * 30.4375, rtol=1e-12).any()


def test_the_summary_has_the_promised_keys(outcome) -> None:
    assert {"study", "seed", "model_hash", "arms", "contrasts"} <= set(outcome.summary)
    arm = {
        "name", "n", "orr_pct", "orr_ci", "dcr_pct", "pfs_median_months", "pfs_ci",
        "os_median_months", "os_ci", "grade3plus_trae_pct", "grade3plus_trae_ci",
        "serious_trae_pct", "ctcae_version", "adverse_events", "discontinued_for_ae_pct",
        "dose_reduced_pct", "dose_held_pct", "drug_stopped_for_ae_pct",
        "relative_dose_intensity_pct", "dropout_pct", "lost_to_follow_up_pct", "planned_n",
        "not_enrolled_n", "treatment_end_reasons", "other_treatment_pct", "crossover_pct",
    }  # fmt: skip
    contrast = {
        "arm", "reference", "pfs_hr", "pfs_hr_ci", "os_hr", "os_hr_ci",
        "pfs_logrank_p", "os_logrank_p",
    }  # fmt: skip
    assert all(set(row) == arm for row in outcome.summary["arms"])
    assert all(set(row) == contrast for row in outcome.summary["contrasts"])


def test_threads_and_repetition_change_nothing(outcome) -> None:
    again = run(specs.spec(specs.DARAXONRASIB, specs.CHEMOTHERAPY, size=30), threads=2)
    pd.testing.assert_frame_equal(again.patients, outcome.patients, check_exact=True)
    pd.testing.assert_frame_equal(again.visits, outcome.visits, check_exact=True)
    pd.testing.assert_frame_equal(again.lesions, outcome.lesions, check_exact=True)
    assert again.summary == outcome.summary


def test_a_larger_trial_holds_the_smaller_one(outcome) -> None:
    small = run(specs.spec(specs.DARAXONRASIB, specs.CHEMOTHERAPY, size=10))
    first = outcome.patients[outcome.patients["patient"] < 20].reset_index(drop=True)
    pd.testing.assert_frame_equal(small.patients, first, check_exact=True)
    few = outcome.lesions[outcome.lesions["patient"] < 20].reset_index(drop=True)
    pd.testing.assert_frame_equal(small.lesions, few, check_exact=True)


def test_every_fault_of_a_specification_is_named() -> None:
    with pytest.raises(UnsupportedFeature, match=r"cohort\.stage: 'resected'"):
        specs.CohortSpec("PDAC", "resected", 2, 10)
    with pytest.raises(UnsupportedFeature, match=r"cohort\.disease: 'NSCLC'"):
        specs.CohortSpec("NSCLC", "metastatic", 2, 10)
    with pytest.raises(InputError, match="-5 patients per arm"):
        specs.CohortSpec("PDAC", "metastatic", 2, -5)
    with pytest.raises(UnsupportedFeature, match="vopimetostat is not modelled, nor"):
        run(specs.spec("vopimetostat 300 mg PO BID", size=2))
    with pytest.raises(ParameterError, match="no parameter 'k_divison'"):
        run(specs.spec(specs.DARAXONRASIB, size=2, parameters={"k_divison": 0.1}))


@pytest.mark.parametrize(
    ("weeks", "months", "scans"), [(8, 24, 13), (8, 1, 0), (4, 1.84, 2), (52, 24, 2)]
)
def test_the_last_visit_is_the_end_of_follow_up(weeks, months, scans) -> None:
    from dataclasses import replace

    spec = replace(specs.spec("none"), imaging_every_weeks=weeks, follow_up_months=months)
    assert scheduled_days(spec).tolist() == [7.0 * weeks * k for k in range(1, scans + 1)]
    days = [pause.day for pause in pauses(spec, spec.arms[0])]
    assert days[-1] <= months * 30.4375 + 1e-9
    assert set(scheduled_days(spec)) <= set(days)
    assert days == sorted(set(days))
    made = scans_made(spec, np.arange(5))
    assert (made[np.isfinite(made)] <= days[-1]).all()


def test_a_follow_up_without_a_scan_still_counts_deaths() -> None:
    outcome = run(specs.spec("none", size=30, months=1.5))
    assert (outcome.patients["best_response"] == "NE").all()
    assert outcome.patients["os_months"].max() <= 1.5 + 1e-9
    assert len(outcome.visits) == 0


def test_progress_says_what_keeps_a_new_machine_busy() -> None:
    told: list[tuple[float, str]] = []
    run(
        specs.spec(specs.DARAXONRASIB, "none", size=2, months=2.0),
        progress=lambda share, step: told.append((share, step)),
    )
    assert told[0] == (0.0, "daraxonrasib: preparing, compiling the model (once per machine)")
    assert (0.5, "untreated: preparing, compiling the model (once per machine)") in told
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1] == (1.0, "untreated")
