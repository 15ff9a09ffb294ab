"""What a trial's study says reaches its jobs and its results, in every way of running it."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError, StudyFileError
from rascade.studies import Checks, load, loads
from rascade.studies.files.load import override
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.trial import run_trial
from rascade.trial.design.plan_text import plan_from_text, plan_text
from rascade.trial.running.executors import LocalExecutor
from rascade.trial.running.run import run

CASES = Path(__file__).parents[1] / "cases" / "trials"
TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")

#: A study that says everything that can be said; every value differs from its default.
WHOLE = """\
kind: trial
name: Whole
description: Every key of a trial's study.
cohort: {disease: PDAC, stage: metastatic, line: 3, size: 7, eligibility: ["ecog < 2"]}
seed: 5
arms:
  - name: new
    regimen: daraxonrasib 300 mg PO QD
    size: 14
    published: rasolute-302.daraxonrasib
    knockout: [MDSC]
    set: {TMB: 12}
    include: [autophagy]
    dose_levels: {daraxonrasib: [300, 200]}
    until: 42 days
    then: [{regimen: daraxonrasib 200 mg PO QD}]
    rescue: gemcitabine 1000 mg/m2 IV D1 Q28D
    protocol:
      rules:
        - {on: grade >= 2 rash, do: stop, drugs: [daraxonrasib], max_hold_days: 9, occurrence: 2}
      ctcae: v6
      visit_every_weeks: 2
      treatment_beyond_progression: true
      adherence: 0.9
      dropout_per_month: 0.01
      dropouts_followed_for_survival: 0.4
  - {name: old, regimen: none, crossover: new}
reference: new
imaging_every_weeks: 6
follow_up_months: 9
scan_window_days: 3
pfs_censoring: fda
accrual:
  centres:
    - {name: A, rate_per_month: 8, start_month: 1, ramp_months: 2, reading_error: 0.1,
       case_mix: {ecog: {'0': 0.5, '1': 0.5}}}
randomization: {method: simple, ratio: [2, 1], block_size: 6, strata: [ecog]}
cut_off: {month: 16, events: 4, endpoint: pfs}
protocol: none
population: table
members: 7
parameters: {KRAS_share: 0.3}
knockout: [Treg]
include: [autophagy]
"""


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return every field of nested records, by its path."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, dict):
        parts = value
    elif isinstance(value, tuple) and value and not hasattr(value, "_fields"):
        parts = dict(enumerate(value))
    else:
        return {path: value}
    return {
        k: v for name, part in parts.items() for k, v in _leaves(part, f"{path}.{name}").items()
    }


def test_jobs_have_every_field_of_the_plan() -> None:
    study = loads(WHOLE, "s.yaml")
    planned, there = to_plan(study), plan_from_text(plan_text(to_plan(study)))
    assert planned == there
    assert _leaves(planned) == _leaves(there)
    # Nothing is at its default, so that a field that is not carried over cannot go unnoticed.
    for record in (planned, planned.cut_off, planned.accrual.centres[0], planned.randomization,
                   planned.arms[0].protocol):  # fmt: skip
        for field in fields(record):
            value = getattr(record, field.name)
            default = getattr(type(record), field.name, None)
            # Paired patients are not randomised, so they are in a plan of their own below; whose
            # patients these are, and own drugs (tests/own), have tests of their own.
            elsewhere = field.name in {"paired", "population", "drugs"}
            assert value != default or value is True or elsewhere, field.name


def test_pairing_reaches_the_plan_and_the_jobs() -> None:
    study = loads(WHOLE, "s.yaml")
    whole = study.model_dump(mode="json", exclude_none=True, by_alias=True)
    del whole["randomization"]
    for arm in whole["arms"]:
        arm.pop("size", None)
    paired = loads(json.dumps(whole | {"pairing": "same-patients"}), "s.yaml")
    assert to_plan(paired).paired and plan_from_text(plan_text(to_plan(paired))) == to_plan(paired)


@pytest.mark.usefixtures("with_ensemble")
def test_every_key_of_a_study_reaches_its_plan() -> None:
    """Taking a key away changes the plan: none is read and dropped."""
    study, unfelt = loads(WHOLE, "s.yaml"), {"kind", "description"}
    plan = to_plan(study)
    for name in type(study).model_fields:
        if name in unfelt or name in {"name", "cohort", "seed", "arms", "protocol", "pairing"}:
            continue
        if name == "drugs":  # in tests/own: the orders name them
            continue
        default = type(study).model_fields[name].get_default(call_default_factory=True)
        if name in {"imaging_every_weeks", "follow_up_months"}:
            default = 8.0
        assert to_plan(study.model_copy(update={name: default})) != plan, name
    conduct = study.arms[0].protocol
    for name in type(conduct).model_fields:
        other = conduct.model_copy(
            update={name: type(conduct).model_fields[name].get_default(call_default_factory=True)}
        )
        arm = study.arms[0].model_copy(update={"protocol": other})
        assert to_plan(study.model_copy(update={"arms": (arm, study.arms[1])})) != plan, name


def test_windows_that_meet_and_rules_that_are_none_are_named_with_their_line() -> None:
    for old, new, says in (
        ("scan_window_days: 3", "scan_window_days: 25", r"s.yaml:\d+: scan_window_days: 25 .*21"),
        ("pfs_censoring: fda", "pfs_censoring: who", r"s.yaml:\d+: pfs_censoring"),
    ):  # fmt: skip
        with pytest.raises(StudyFileError, match=says):
            loads(WHOLE.replace(old, new), "s.yaml", Checks())


def _tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES} | {
        "summary": (folder / "summary.json").read_bytes()
    }


@pytest.fixture(scope="module")
def by_events(tmp_path_factory: pytest.TempPathFactory) -> Any:
    study = load(CASES / "cutoff-by-events.yaml")
    folder = tmp_path_factory.mktemp("events") / "out"
    return study, folder, run_trial(study, folder, chunk_size=5)


def test_four_events_are_four_events_in_every_path(by_events: Any, tmp_path: Path) -> None:
    study, folder, result = by_events
    chunked = pd.read_parquet(folder / "patients.parquet")
    memory = run(to_plan(study))
    assert chunked["pfs_event"].sum() == memory.patients["pfs_event"].sum() == 4
    pd.testing.assert_frame_equal(chunked, memory.patients, check_dtype=False, check_exact=True)
    assert result.summary["data_cut"] == memory.summary["data_cut"]
    assert (chunked["pfs_months"] <= chunked["os_months"] + 1e-9).all()
    # Nobody is known longer than the cut.
    assert (
        chunked["os_months"].max() <= result.summary["data_cut"]["month"] + 1e-5
    )  # six digits are kept
    run_trial(study, tmp_path / "threads", executor=LocalExecutor(2), chunk_size=12)
    assert _tables(tmp_path / "threads") == _tables(folder)


def test_a_trial_that_waits_for_events_is_resumed_and_enlarged(
    by_events: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, folder, _ = by_events
    from rascade.trial.running import executors

    real, done = executors.simulate, []

    def broken(job: Any, **more: Any) -> Any:
        if len(done) == 1:
            raise InputError("the power is gone")
        done.append(job)
        return real(job, **more)

    monkeypatch.setattr(executors, "simulate", broken)
    with pytest.raises(InputError):
        run_trial(study, tmp_path / "out", chunk_size=5)
    monkeypatch.setattr(executors, "simulate", real)
    run_trial(study, tmp_path / "out", start="resume", chunk_size=5)
    assert _tables(tmp_path / "out") == _tables(folder)
    # A larger trial reaches its four events earlier, with the patients of the smaller one.
    larger = run_trial(study, tmp_path / "out", start="resume", size=16)
    assert larger.summary["data_cut"]["events_seen"] == 4
    again = run_trial(override(study, size=16), tmp_path / "new")
    assert _tables(tmp_path / "new") == _tables(tmp_path / "out")
    assert again.summary["data_cut"]["month"] <= by_events[2].summary["data_cut"]["month"]


def test_only_the_cut_off_ends_observation() -> None:
    study = override(load(CASES / "cutoff-only.yaml"), size=5)
    outcome = run(to_plan(study))
    people, summary = outcome.patients, outcome.summary
    assert [arm["dropout_pct"] for arm in summary["arms"]] == [0.0, 0.0]
    assert set(people.loc[~people["os_event"], "study_end_reason"]) <= {""}
    assert people.loc[~people["os_event"], "study_ongoing"].all()
    # Strata of the randomisation, as they were when it was done.
    assert set(people["stratum"]) <= {"ecog 0", "ecog 1", "ecog 2"}
    assert ("ecog " + people["stratum_ecog"] == people["stratum"]).all()
    assert summary["randomization"]["strata"] == ["ecog"]
    (contrast,) = summary["end_points"]["contrasts"]
    for end in ("pfs", "os"):
        assert {f"{end}_stratified_hr", f"{end}_stratified_logrank_p"} <= set(contrast)


@pytest.fixture(scope="module")
def crossed() -> Any:
    study = override(load(CASES / "crossover-stratified-dropout.yaml"), size=14)
    spec = replace(to_plan(study), follow_up_months=8.0)
    return spec, run(spec)


def test_all_five_estimands_apply_to_a_trial_with_crossover_and_dropout(crossed: Any) -> None:
    _, outcome = crossed
    estimands = outcome.summary["end_points"]["estimands"]
    assert len(estimands) == 5 and all(row["applies"] for row in estimands)
    people = outcome.patients
    went = people[people["crossover_day"].notna()]
    assert len(went) and set(went["arm"]) == {"chemo"}
    assert (went["crossover_arm"] == "dara").all()
    assert (went["crossover_regimen"] == "daraxonrasib 300 mg PO QD").all()
    assert (went["other_treatment_kind"] == "crossover").all()
    assert (went["treatment_end_day"] <= went["crossover_day"]).all()
    # Whoever crosses over has progressed, on a scan of the week before.
    assert went["pfs_reason"].str.startswith("progression").all()
    wait = went["crossover_day"] - went["pfs_months"] * 30.4375
    assert ((wait >= -1e-6) & (wait <= 7 + 1e-6)).all()
    stayed = people[people["crossover_day"].isna()]
    assert (stayed["crossover_arm"] == "").all()


def test_strata_and_both_rules_of_censoring_are_in_the_summary(crossed: Any) -> None:
    _, outcome = crossed
    summary, people = outcome.summary, outcome.patients
    found = summary["pfs_censoring"]
    assert (found["rule"], [row["rule"] for row in found["sensitivity"]]) == ("ema", ["ema", "fda"])
    for row in found["sensitivity"]:
        for arm in row["arms"]:
            own = people[people["arm"] == arm["name"]]
            assert arm["events"] == own[f"pfs_{row['rule']}_event"].sum()
    assert (people["pfs_months"] == people["pfs_ema_months"]).all()
    assert (people["pfs_censor_reason"] == people["pfs_ema_censor_reason"]).all()
    assert ((people["pfs_censor_reason"] == "") == people["pfs_event"]).all()
    assert ((people["os_censor_reason"] == "") == people["os_event"]).all()


def test_a_patient_stopped_for_side_effects_crosses_over_at_progression() -> None:
    text = """\
kind: trial
name: Stopped
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 10}
seed: 11
arms:
  - name: chemo
    regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D
    rescue: daraxonrasib 300 mg PO QD
    protocol:
      rules:
        - {on: grade >= 1, do: stop}
imaging_every_weeks: 6
follow_up_months: 5
"""
    people = run(to_plan(loads(text, "s.yaml"))).patients
    stopped = people[people["treatment_end_reason"] == "adverse event"]
    later = stopped[stopped["other_treatment_day"].notna()]
    assert len(later)
    assert (later["treatment_end_day"] < later["other_treatment_day"]).all()
    assert (later["other_treatment_kind"] == "rescue").all()
    assert later["pfs_reason"].str.startswith("progression").all()
    assert (later["other_treatment_day"] < later["last_known_alive_day"] + 1e-9).all()
    assert "crossover_day" not in people
    assert np.isfinite(later["other_treatment_end_day"].dropna()).all()
