"""Accrual, randomisation and cut-off in a simulated trial."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rascade.errors import InputError
from rascade.patients.profile import draw_profiles, draw_shares
from rascade.trial.conduct.run import allocate
from rascade.trial.design.accrual import Accrual, Centre, CutOff
from rascade.trial.design.enrolment import case_mix, enrolment
from rascade.trial.design.randomization import Randomization
from rascade.trial.running.run import run
from rascade.units import DAYS_PER_MONTH

from . import trial_specs as specs

CENTRES = Accrual(
    (
        Centre("A", 6.0, case_mix={"ecog": {"0": 1.0, "1": 0.0}}, reading_error=0.2),
        Centre("B", 6.0, start_month=1.0),
    )
)


@pytest.fixture(scope="module")
def plain():
    spec = specs.spec(specs.DARAXONRASIB, specs.CHEMOTHERAPY, size=8)
    return replace(spec, follow_up_months=8.0)


@pytest.fixture(scope="module")
def outcome(plain):
    spec = replace(
        plain,
        accrual=CENTRES,
        randomization=Randomization("blocks", (1, 1), 4, ("ecog",)),
        cut_off=CutOff(month=6.0),
    )
    return spec, run(spec)


def test_patients_enter_at_centres_with_their_case_mix(outcome):
    spec, found = outcome
    people = found.patients
    assert set(people["centre"]) == {"A", "B"}
    assert (people["entry_day"].diff().dropna() > 0).all()
    assert (people.loc[people["centre"] == "A", "ecog"] == 0).all()
    assert people.loc[people["centre"] == "B", "entry_day"].min() >= DAYS_PER_MONTH
    groups = case_mix(spec, np.arange(16))
    assert len(groups) == 1 and (groups[0][0] == (people["centre"] == "A")).all()


def test_nothing_is_seen_after_the_cut_off(outcome):
    _, found = outcome
    people, visits = found.patients, found.visits
    room = 6.0 - people["entry_day"] / DAYS_PER_MONTH
    assert (room > 0).all()
    for end in ("os", "pfs"):
        assert (people[f"{end}_months"] <= room + 1e-9).all()
    entered = people.set_index("patient")["entry_day"]
    calendar = visits["day"] + visits["patient"].map(entered)
    assert (calendar <= 6.0 * DAYS_PER_MONTH + 1e-6).all()


def test_blocks_balance_the_arms_within_strata(outcome):
    spec, found = outcome
    arms = pd.crosstab(found.patients["ecog"], found.patients["arm"])
    assert (arms.max(axis=1) - arms.min(axis=1) <= 2).all()
    numbers = np.concatenate(allocate(spec))
    assert sorted(numbers) == list(range(16))


def test_what_happens_before_the_cut_off_does_not_depend_on_it(outcome):
    spec, found = outcome
    later = run(replace(spec, cut_off=None))
    both = found.visits.merge(later.visits, on=["patient", "day"], suffixes=("", "_later"))
    assert len(both) == len(found.visits) > 0
    assert (both["sld_mm"].fillna(-1) == both["sld_mm_later"].fillna(-1)).all()
    now, then = (trial.patients.set_index("patient") for trial in (found, later))
    died = now.index[now["os_event"]]
    pd.testing.assert_series_equal(now.loc[died, "os_months"], then.loc[died, "os_months"])


def test_a_trial_that_waits_for_events_ends_with_that_many(plain):
    spec = replace(plain, accrual=CENTRES, cut_off=CutOff(events=5, endpoint="pfs"))
    found = run(spec)
    assert int(found.patients["pfs_event"].sum()) == 5
    assert found.summary["data_cut"]["events_seen"] == 5


def test_numbers_of_a_patient_do_not_depend_on_chunks(plain):
    spec = replace(plain, accrual=CENTRES, cut_off=CutOff(month=9.0))
    whole = enrolment(spec, np.arange(300))
    part = enrolment(spec, np.array([250, 3]))
    assert (whole.entry_day[[250, 3]] == part.entry_day).all()
    assert (whole.reading_error[[250, 3]] == part.reading_error).all()
    assert set(np.unique(whole.reading_error)) == {0.05, 0.2}
    assert enrolment(plain, np.arange(3)).columns == {}


def test_shares_of_a_centre_change_those_patients_only():
    patients = np.arange(4000)
    usual, own = draw_profiles(1, patients), draw_profiles(1, patients)
    members = patients % 2 == 0
    draw_shares(own, {"tp53": {"True": 0.2, "False": 0.8}}, 1, patients, 0, members)
    draw_shares(own, {"kras_allele": {"G12R": 0.5, "WT": 0.5}}, 1, patients, 0, members)
    assert own["tp53"][members].mean() == pytest.approx(0.2, abs=0.03)
    assert set(own["kras_allele"][members]) == {"G12R", "WT"}
    for name in ("tp53", "kras_allele"):
        assert (own[name][~members] == usual[name][~members]).all()
    for shares in ({"sex": {"male": 1.0}}, {"ecog": {"7": 1.0}}, {"hair": {"red": 1.0}}):
        with pytest.raises(InputError, match=r"case_mix|no property with categories"):
            draw_shares(own, shares, 1, patients, 0, members)


def test_a_ratio_must_fit_the_arms(plain):
    with pytest.raises(InputError, match="3 numbers for 2 arms"):
        replace(plain, randomization=Randomization("blocks", (1, 1, 1)))
