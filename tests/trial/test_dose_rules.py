"""Rules of dosing hold for whatever course an event takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.trial.assessment.adverse_events import EventLog
from rascade.trial.assessment.ctcae import load_terms
from rascade.trial.conduct.dose_rules import Conduct, Readings
from rascade.trial.design.protocol import Protocol, rule

DRUG, LEVELS, LONGEST = "gemcitabine", (1.0, 0.8, 0.6), 15.0
TERM = next(term for term in load_terms() if term.name == "Rash")
RULES = (
    rule("grade >= 4 rash", "stop", (DRUG,)),
    rule("grade >= 3 rash", "hold until grade <= 1 then reduce one level", (DRUG,), LONGEST),
    rule("grade >= 2 rash", "hold until grade <= 1 then resume", (DRUG,), LONGEST, 2),
    rule("grade >= 1 rash", "reduce one level", (DRUG,), None, 3),
)
COURSES = st.lists(st.lists(st.integers(0, 4), min_size=9, max_size=9), min_size=1, max_size=4)


def follow(courses: Any, present: Any = None) -> tuple[Any, Any]:
    """Hold the rules against grades of patients, seen every week; decisions and given shares."""
    grades = np.array(courses, dtype=np.int8)
    n = len(grades)
    there = np.ones(grades.shape, bool) if present is None else np.array(present)
    log = EventLog([TERM], np.arange(n), 1, {TERM.name: np.zeros(n, np.int8)})
    drug = SimpleNamespace(name=DRUG, mechanisms=())
    arm: Any = SimpleNamespace(drugs=[drug])
    conduct = Conduct(arm, Protocol(RULES, {DRUG: LEVELS}), [TERM], log, "arm")
    shares = []
    for k in range(grades.shape[1]):
        now = {TERM.name: grades[:, k]}
        conduct.decide(7.0 * (k + 1), Readings(now, now, {}), there[:, k])
        shares.append(conduct.share[0].copy())
    return conduct.table(), np.stack(shares, axis=1)


@settings(max_examples=25, deadline=None)
@given(COURSES)
def test_doses_only_fall_and_a_stop_is_final(courses) -> None:
    decisions, shares = follow(courses)
    assert set(np.unique(shares)) <= {0.0, *LEVELS}
    for patient, course in enumerate(courses):
        own = decisions[decisions["patient"] == patient]
        actions = own["action"].tolist()
        assert "stop" not in actions[:-1]
        given_now = own.loc[own["action"].isin(["reduce", "restart"]), "dose_pct"].tolist()
        assert given_now == sorted(given_now, reverse=True)
        assert actions.count("reduce") <= len(LEVELS) - 1
        assert (own.loc[own["action"].isin(["hold", "stop"]), "dose_pct"] == 0).all()
        if 4 in course:
            assert actions[-1] == "stop" and own["day"].iloc[-1] <= 7.0 * (course.index(4) + 1)
        if actions[-1:] == ["stop"]:
            after = int(own["day"].iloc[-1] // 7) - 1
            assert (shares[patient, after:] == 0).all()
        if max(course) == 0:
            assert not actions and (shares[patient] == 1).all()


@settings(max_examples=25, deadline=None)
@given(COURSES)
def test_no_hold_is_longer_than_allowed_and_ends_in_recovery_or_stop(courses) -> None:
    decisions, shares = follow(courses)
    for patient, course in enumerate(courses):
        own = decisions[decisions["patient"] == patient]
        held = None
        for row in own.itertuples():
            if row.action == "hold":
                held = row.day if held is None else held
            elif row.action in ("restart", "stop"):
                if row.action == "restart":
                    assert held is not None and course[int(row.day // 7) - 1] <= 1
                assert held is None or row.day - held <= LONGEST + 7.0
                held = None
        if held is not None:
            assert 7.0 * len(course) - held <= LONGEST
            assert shares[patient, -1] == 0


@settings(max_examples=25, deadline=None)
@given(COURSES, st.data())
def test_patients_do_not_influence_each_other(courses, data) -> None:
    flags = st.lists(st.booleans(), min_size=9, max_size=9)
    present = [data.draw(flags) for _ in courses]
    decisions, shares = follow(courses, present)
    for patient, course in enumerate(courses):
        alone, share = follow([course], [present[patient]])
        own = decisions[decisions["patient"] == patient].drop(columns="patient")
        assert own.to_numpy().tolist() == alone.drop(columns="patient").to_numpy().tolist()
        assert (share[0] == shares[patient]).all()
        # Nothing is decided of those who are not there.
        days = {7.0 * (k + 1) for k, there in enumerate(present[patient]) if there}
        assert set(own["day"]) <= days
