"""Grades, episodes and decisions of hand-made courses: exact."""

import numpy as np
import pytest

from rascade.model import assemble
from rascade.trial.assessment.adverse_events import EventLog
from rascade.trial.assessment.ctcae import load_terms
from rascade.trial.conduct.dose_rules import Conduct, Readings
from rascade.trial.design.protocol import Protocol, rule

from .ctcae_table import NORMAL, RULES, courses

DAYS = [7.0, 14.0, 21.0, 28.0, 35.0, 42.0]
SHORT = {"hold": "H", "reduce": "D", "restart": "R", "stop": "X"}


@pytest.fixture(scope="module")
def models():
    return {drug: assemble([drug]) for drug, _ in RULES.values()}


def follow(signal, rows, version, models):
    """Run the courses of one signal through log and conduct, week by week."""
    term = next(term for term in load_terms(version) if term.signal == signal)
    scale = term.in_model_unit(1.0)
    drug, texts = RULES[signal]
    rules = tuple(rule(on, do, (drug,), 21.0, nth) for on, do, nth in texts)
    patients = np.arange(len(rows))
    baseline = {term.name: term.grade(np.full(len(rows), NORMAL[signal] * scale))}
    log = EventLog([term], patients, 1, baseline)
    levels = {drug: (1.0, 0.8, 0.6)}
    conduct = Conduct(models[drug], Protocol(rules, levels), [term], log, "arm")
    everyone = np.ones(len(rows), bool)
    values = np.array([row[1] for row in rows]) * scale
    for k, day in enumerate(DAYS):
        now, worst = log.read(
            np.array([day]), {signal: values[:, [k]]}, np.ones((len(rows), 1), bool)
        )
        conduct.decide(day, Readings(now, worst, {signal: values[:, [k]]}), everyone)
    return log.table("arm", {term.name: True}), conduct.table()


def test_the_table_is_large_enough() -> None:
    assert len(courses()) >= 60


@pytest.mark.parametrize("version", ["v5", "v6"])
@pytest.mark.parametrize("signal", sorted(RULES))
def test_grades_episodes_and_decisions_are_exact(signal, version, models) -> None:
    rows = [row for row in courses() if row[0] == signal]
    events, decisions = follow(signal, rows, version, models)
    for patient, (_, values, grades, wanted, episodes) in enumerate(rows):
        own = events[events["patient"] == patient]
        highest = int(own["grade"].max()) if len(own) else 0
        assert highest == grades[version == "v6"], (values, version)
        taken = decisions[decisions["patient"] == patient]
        made = [f"{row.day:g}{SHORT[row.action]}{row.dose_pct:.0f}" for row in taken.itertuples()]
        if signal != "neutrophils" or version == "v5" or highest:
            assert made == wanted, (values, version)
        if version == "v5":
            spans = [
                f"{row.start_day:g}-" + (f"{row.end_day:g}" if row.end_day == row.end_day else "")
                for row in own.itertuples()
            ]
            assert spans == episodes, values


def test_an_event_keeps_the_most_severe_action(models) -> None:
    rows = [row for row in courses() if row[0] == "ALT"]
    events, _ = follow("ALT", rows, "v5", models)
    stopped = events[events["patient"].isin([7, 9])]
    assert (stopped["action"] == "drug withdrawn").all()
    assert (events.loc[events["grade"] < 3, "action"] == "none").all()
    assert (events.loc[events["patient"] == 5, "action"] == "dose reduced").all()


def test_only_what_gets_worse_is_an_event(models) -> None:
    term = next(term for term in load_terms() if term.signal == "haemoglobin")
    values = np.array([[1.1, 0.95], [1.1, 1.05], [1.3, 1.15]])
    baseline = {term.name: term.grade(np.array([1.1, 1.1, 1.3]))}
    log = EventLog([term], np.arange(3), 1, baseline)
    log.read(np.array([7.0, 14.0]), {term.signal: values}, np.ones((3, 2), bool))
    events = log.table("arm", {term.name: True})
    assert events["patient"].tolist() == [0, 2]
    assert events["grade"].tolist() == [2, 1]
