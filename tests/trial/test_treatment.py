"""Treatment in small trials: phases, crossover, doses missed, dropout, exposure."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rascade.model import assemble
from rascade.regimen import parse
from rascade.trial.conduct.dispensing import Dispenser
from rascade.trial.conduct.dosing import engine_doses
from rascade.trial.design.phases import Phase, parse_until
from rascade.trial.design.protocol import Protocol, rule
from rascade.trial.design.spec import ArmSpec
from rascade.trial.running.run import run

from . import trial_specs as specs

PROFILES = {"weight_kg": np.array([60.0, 80.0]), "body_surface_m2": np.array([1.6, 2.0])}
GEM = "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D"


def arm_trial(size: int = 16, months: float = 6.0, name: str = "arm", **arm):
    regimen = parse(arm.pop("regimen", specs.DARAXONRASIB))
    spec = specs.spec(specs.DARAXONRASIB, size=size, months=months)
    return run(replace(spec, arms=(ArmSpec(name, regimen, **arm),)))


def dispenser(text: str, **more) -> Dispenser:
    regimen = parse(text)
    return Dispenser(assemble(regimen.drugs), [regimen], PROFILES, np.array([0, 1]), 1, 60, **more)


def given(dispense: Dispenser, days: list[float], share=None, ended=None):
    drugs = len(dispense.drugs)
    share = np.ones((drugs, 2)) if share is None else share
    ended = np.zeros((drugs, 2), bool) if ended is None else ended
    return [
        dispense.window(a, b, np.zeros(2, int), np.zeros(2), share, ended)
        for a, b in itertools.pairwise(days)
    ]


def test_windows_add_up_to_the_whole_regimen() -> None:
    for text in (specs.CHEMOTHERAPY, specs.DARAXONRASIB):
        regimen = parse(text)
        whole = engine_doses(assemble(regimen.drugs), regimen, PROFILES, 60)
        parts = given(dispenser(text), [0.0, 7.0, 8.5, 28.0, 60.0])
        for name in ("time", "amount", "duration"):
            together = np.sort(np.concatenate([getattr(part, name) for part in parts]))
            np.testing.assert_allclose(together, np.sort(getattr(whole, name)), rtol=1e-12)


def test_levels_holds_and_stops_count_in_the_dose_intensity() -> None:
    dispense = dispenser(GEM)
    given(dispense, [0.0, 28.0], share=np.array([[0.8, 0.0]]))
    np.testing.assert_allclose(dispense.given[0] / dispense.planned[0], [0.8, 0.0])
    given(dispense, [28.0, 56.0], share=np.array([[0.8, 0.0]]), ended=np.array([[False, True]]))
    np.testing.assert_allclose(dispense.planned[0], [6 * 1600.0, 3 * 2000.0])


def test_adherence_is_a_share_of_doses_at_home_and_keyed() -> None:
    first, again = (dispenser(specs.DARAXONRASIB, adherence=0.7) for _ in range(2))
    given(first, [0.0, 60.0])
    given(again, [0.0, 10.0, 60.0])
    np.testing.assert_array_equal(first.given, again.given)
    assert 0.5 < (first.given / first.planned).mean() < 0.9
    infused = dispenser(GEM, adherence=0.7)
    given(infused, [0.0, 60.0])
    np.testing.assert_array_equal(infused.given, infused.planned)


def test_a_crossover_begins_at_progression() -> None:
    outcome = arm_trial(
        regimen=specs.CHEMOTHERAPY,
        phases=(
            Phase(parse(specs.CHEMOTHERAPY), parse_until("progression")),
            Phase(parse(specs.DARAXONRASIB)),
        ),
        protocol=Protocol(rules=()),
    )
    progressed = outcome.visits[outcome.visits["response"] == "PD"]
    later = outcome.visits.merge(
        progressed.groupby("patient")[["day", "visit"]].min().add_prefix("pd_"), on="patient"
    )
    after = later[later["visit"] == later["pd_visit"] + 1]
    assert len(after) > 3
    # RAS is silenced only from the scan that showed progression on.
    assert (after["RAS_GTP_rel"] < 0.6).all()
    before = later[later["day"] <= later["pd_day"]]
    assert (before["RAS_GTP_rel"] > 0.8).all()


def test_a_lead_in_ends_on_its_day_and_a_response_switches() -> None:
    phases = (
        Phase(parse("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D"), parse_until("30 days")),
        Phase(parse(specs.DARAXONRASIB), parse_until("grade >= 1 rash")),
        Phase(parse("gemcitabine 1000 mg/m2 IV D1 Q28D")),
    )
    outcome = arm_trial(phases=phases, months=4.0)
    rash = outcome.adverse_events.query("term == 'Rash'")
    assert len(rash)
    assert rash["start_day"].min() > 30.0
    # The drug that causes it is gone after the visit that saw it, so it does not last.
    assert (rash["end_day"].fillna(1e9) - rash["start_day"]).median() <= 42.0


def test_treatment_beyond_progression_goes_on() -> None:
    on = arm_trial(protocol=Protocol(rules=(), beyond_progression=True), months=10.0)
    assert (on.visits["response"] == "PD").any()
    assert on.visits["on_treatment"].all()
    assert not (on.patients["treatment_end_reason"] == "progression").any()


def test_dropout_censors_and_ends_treatment() -> None:
    outcome = arm_trial(protocol=Protocol(dropout_per_month=0.3), size=24)
    left = outcome.patients[outcome.patients["treatment_end_reason"] == "dropout"]
    assert len(left) > 5
    assert not left["os_event"].any()
    np.testing.assert_allclose(left["os_months"] * 30.4375, left["treatment_end_day"], rtol=1e-9)
    last = outcome.visits.groupby("patient")["day"].max()
    ended = left.set_index("patient")["treatment_end_day"]
    seen = last.reindex(ended.index).dropna()
    assert (seen <= ended.loc[seen.index]).all()


def test_rules_lower_exposure_and_decisions_match_the_events() -> None:
    strict = (rule("grade >= 2 rash", "hold until grade <= 0 then reduce one level"),)
    free, ruled = (
        arm_trial(protocol=Protocol(rules=rules), size=24, months=5.0) for rules in ((), strict)
    )
    assert free.decisions.empty
    assert (free.patients["relative_dose_intensity"] == 1.0).all()
    held = set(ruled.decisions.query("action == 'hold'")["patient"])
    grade2 = ruled.adverse_events.query("term == 'Rash' and grade >= 2")
    assert held
    assert held <= set(grade2["patient"])
    assert (ruled.patients.set_index("patient").loc[sorted(held), "dose_held"]).all()
    assert ruled.patients["relative_dose_intensity"].mean() < 0.99


def test_the_outcome_does_not_depend_on_threads_and_holds_smaller_trials() -> None:
    protocol = Protocol(adherence=0.9, dropout_per_month=0.05)
    spec = specs.spec(specs.CHEMOTHERAPY, size=12, months=4.0, protocol=protocol)
    one, two = run(spec), run(spec, threads=2)
    pd.testing.assert_frame_equal(one.adverse_events, two.adverse_events, check_exact=True)
    pd.testing.assert_frame_equal(one.decisions, two.decisions, check_exact=True)
    small = run(specs.spec(specs.CHEMOTHERAPY, size=5, months=4.0, protocol=protocol))
    first = one.adverse_events[one.adverse_events["patient"] < 5].reset_index(drop=True)
    pd.testing.assert_frame_equal(small.adverse_events, first, check_exact=True)


def test_no_drug_with_side_effects_gives_no_rate() -> None:
    spec = specs.spec(specs.DARAXONRASIB, size=3, months=2.0)
    arms = (
        ArmSpec("untreated", parse("none")),
        ArmSpec("hcq", parse("hydroxychloroquine 600 mg PO BID")),
    )
    summary = run(replace(spec, arms=arms)).summary
    assert [arm["grade3plus_trae_pct"] for arm in summary["arms"]] == [None, None]


@pytest.mark.parametrize("version", ["v5", "v6"])
def test_the_version_is_stored(version: str) -> None:
    outcome = arm_trial(regimen=GEM, protocol=Protocol(ctcae=version), size=4, months=2.0)
    assert outcome.summary["arms"][0]["ctcae_version"] == version


def test_nobody_knows_how_treatment_ended_where_the_simulation_failed() -> None:
    from types import SimpleNamespace

    from rascade.engine import Status
    from rascade.trial.results.safety import _ends

    run = SimpleNamespace(
        status=np.array([0, 0, 0, Status.STEP_TOO_SMALL]),
        arm=SimpleNamespace(course=(SimpleNamespace(role=""),)),
        safety=SimpleNamespace(
            end_reason=np.array(["", "death", "progression", ""]),
            dropout_day=np.full(4, np.inf),
            other_day=np.full(4, np.inf),
            survival_followed=np.ones(4, bool),
        ),
    )
    reasons = _ends(run)  # type: ignore[arg-type]
    assert (reasons["ongoing"], reasons["not known"]) == (25.0, 25.0)
    assert sum(reasons.values()) == 100.0
