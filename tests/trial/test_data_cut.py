"""A data cut-off hides what is later and changes nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.engine import Settings
from rascade.errors import InputError
from rascade.trial.conduct.run import allocate, run_arm
from rascade.trial.design.accrual import Accrual, Centre, CutOff
from rascade.trial.design.protocol import Protocol
from rascade.trial.results.data_cut import cut_by_events
from rascade.trial.results.tables import outcome
from rascade.trial.running.run import run
from rascade.units import DAYS_PER_MONTH

from . import trial_specs as specs

TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")
DAY = st.integers(0, 6).map(float)  # few days, so that events are often simultaneous


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(DAY, DAY | st.just(np.inf), DAY | st.just(np.inf)), min_size=1, max_size=12),
    st.integers(1, 8),
    st.none() | st.floats(0.05, 0.5),
)
def test_the_cut_is_the_first_day_with_so_many_events(patients, events, month) -> None:
    entry, after, failed = np.array(patients, dtype=float).reshape(-1, 3).T
    failed = np.where(failed > after, entry + failed, np.inf)  # who failed before has no event
    cut = cut_by_events(CutOff(month, events), entry, after, failed)

    def seen(day: float) -> int:
        return int(((entry + after <= day + 1e-6) & (failed > day + 1e-6)).sum())

    latest = np.inf if month is None else month * DAYS_PER_MONTH
    days = sorted({*(entry + after)[np.isfinite(after)].tolist()})
    first = next((day for day in days if seen(day) >= events), np.inf)
    assert cut.day == pytest.approx(min(first, latest), abs=2e-6)
    assert cut.events_seen == seen(min(cut.day, 1e9) - 1e-6)
    assert cut.reached == (np.isfinite(first) and first <= latest)


def test_simultaneous_events_are_all_in_the_data() -> None:
    cut = cut_by_events(
        CutOff(events=2), np.zeros(5), np.array([9.0, 7.0, 7.0, 7.0, 3.0]), np.full(5, np.inf)
    )
    assert (cut.day, cut.events_seen) == (pytest.approx(7.0), 4)
    never = cut_by_events(
        CutOff(events=9), np.zeros(2), np.array([1.0, np.inf]), np.full(2, np.inf)
    )
    assert np.isinf(never.day) and not never.reached


@pytest.fixture(scope="module")
def spec():
    plain = specs.spec(
        specs.DARAXONRASIB,
        specs.CHEMOTHERAPY,
        size=10,
        months=8.0,
        protocol=Protocol(dropout_per_month=0.05, dropouts_followed=0.5),
    )
    return replace(plain, accrual=Accrual((Centre("A", 4.0),)))


@pytest.fixture(scope="module")
def arms(spec):
    """The arms as simulated without any cut-off."""
    patients = allocate(spec)
    return [
        run_arm(spec, arm, some, settings=Settings())
        for arm, some in zip(spec.arms, patients, strict=True)
    ]


def test_patients_simulated_to_the_cut_are_those_whose_later_days_are_hidden(spec, arms) -> None:
    cut = replace(spec, cut_off=CutOff(month=3.7))
    ended, hidden = run(cut), outcome(cut, arms, allocate(cut))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(ended, name), getattr(hidden, name), check_exact=True)
    assert ended.summary == hidden.summary
    assert len(ended.adverse_events) and len(ended.visits) and len(ended.decisions)


@pytest.mark.parametrize(("events", "endpoint"), [(1, "pfs"), (4, "pfs"), (3, "os"), (999, "os")])
def test_there_are_as_many_events_as_asked_for(spec, arms, events, endpoint) -> None:
    ending = replace(spec, cut_off=CutOff(events=events, endpoint=endpoint))
    found = outcome(ending, arms, allocate(ending))
    cut, people = found.summary["data_cut"], found.patients
    whole = outcome(spec, arms, allocate(spec)).patients
    there = int(people[f"{endpoint}_event"].sum())
    assert there == min(events, int(whole[f"{endpoint}_event"].sum())) == cut["events_seen"]
    assert cut["reached"] == (events < 999) == (cut["month"] is not None)
    assert any("waits for 999 events" in text for text in found.summary["warnings"]) == (
        events == 999
    )
    assert (people["pfs_months"] <= people["os_months"] + 1e-9).all()


def test_nothing_is_later_than_the_cut_and_nobody_enters_after_it(spec, arms) -> None:
    ending = replace(spec, cut_off=CutOff(month=3.7))
    found = outcome(ending, arms, allocate(ending))
    people = found.patients.set_index("patient")
    summary = found.summary
    assert len(people) < 20 and (people["data_cut_day"] > 0).all()
    assert summary["enrolment"] == {
        "planned": 20,
        "enrolled": len(people),
        "not_enrolled": 20 - len(people),
    }
    assert [arm["n"] + arm["not_enrolled_n"] for arm in summary["arms"]] == [10, 10]
    cut = people["data_cut_day"]
    for table, days in (
        (found.visits, ["day"]),
        (found.lesions, ["day"]),
        (found.adverse_events, ["start_day", "end_day"]),
        (found.decisions, ["day"]),
    ):
        assert set(table["patient"]) <= set(people.index)
        late = table[days].gt(table["patient"].map(cut), axis=0)
        assert not late.any(axis=None)
    for name in people.filter(regex="_day$").columns.drop(["entry_day", "data_cut_day"]):
        assert not (people[name] > cut).any(), name


def test_an_administrative_cut_off_is_no_dropout(spec) -> None:
    plain = replace(spec, arms=tuple(replace(arm, protocol=Protocol()) for arm in spec.arms))
    found = run(replace(plain, cut_off=CutOff(month=4.0)))
    people = found.patients
    assert people["dropout_day"].isna().all()
    assert not (people["treatment_end_reason"] == "dropout").any()
    assert set(people["study_end_reason"]) <= {"", "death"}
    assert (people["study_ongoing"] == ~people["os_event"]).all()
    alive = people[~people["os_event"]]
    assert (alive["os_censor_reason"] == "alive at the data cut").all()
    np.testing.assert_allclose(alive["last_known_alive_day"], alive["data_cut_day"])
    for arm in found.summary["arms"]:
        assert arm["dropout_pct"] == arm["lost_to_follow_up_pct"] == 0.0
        assert sum(arm["treatment_end_reasons"].values()) == pytest.approx(100.0, abs=0.01)


def test_dropouts_may_be_followed_for_survival(spec, arms) -> None:
    people = outcome(spec, arms, allocate(spec)).patients
    left = people[people["dropout_day"].notna()]
    followed = left[left["survival_follow_up"]]
    lost = left[~left["survival_follow_up"]]
    assert len(followed) and len(lost)
    # Who is lost is last heard of on that day; who is followed lives on, and his death is an event.
    np.testing.assert_allclose(lost["last_known_alive_day"], lost["dropout_day"])
    assert (lost["study_end_reason"] == "lost to follow-up").all()
    assert (lost["os_censor_reason"] == "lost to follow-up").all()
    assert (followed["last_known_alive_day"] > followed["dropout_day"]).all()
    assert not (followed["study_end_reason"] == "lost to follow-up").any()
    assert people.loc[~people["survival_follow_up"], "dropout_day"].notna().all()


def test_a_cut_before_anybody_enters_is_refused_before_the_work(spec) -> None:
    with pytest.raises(
        InputError, match=r"cut_off: month: 0\.001: the first patient enters in month"
    ):
        allocate(replace(spec, cut_off=CutOff(month=0.001)))
    assert isinstance(allocate(spec), tuple)
