import numpy as np
import pytest

from rascade.engine import Settings
from rascade.errors import EligibilityError
from rascade.model import assemble
from rascade.patients import draw_cohort, draws, settled_cohort, steady_state
from rascade.patients.cohort import DOUBLING_TIME_DAYS, doubling_time_days
from rascade.patients.plausibility import plausibility

SETTINGS = Settings()


@pytest.fixture(scope="module")
def assembly():
    return assemble()


def draw(assembly, n, **more):
    return draw_cohort(assembly, seed=5, patients=np.arange(n, dtype=np.int64), **more)


def test_a_patient_does_not_depend_on_the_others(assembly) -> None:
    few, many = draw(assembly, 4), draw(assembly, 40)
    for name, values in few.population.parameters.items():
        np.testing.assert_array_equal(values, many.population.parameters[name][:4])
    for name, values in few.population.profiles.items():
        np.testing.assert_array_equal(values, many.population.profiles[name][:4])


def test_a_drug_in_the_model_does_not_change_the_patients(assembly) -> None:
    treated = draw(assemble(["daraxonrasib"]), 20).population
    untreated = draw(assembly, 20).population
    for name, values in untreated.parameters.items():
        np.testing.assert_array_equal(values, treated.parameters[name])


def test_everyone_is_eligible_and_plausible(assembly) -> None:
    rule = "kras_allele in ('G12C', 'G13D') and age_years < 60"
    cohort = draw(assembly, 15, eligibility=(rule,))
    profiles = cohort.population.profiles
    assert set(profiles["kras_allele"]) <= {"G12C", "G13D"}
    assert profiles["age_years"].max() < 60
    time = doubling_time_days(steady_state(assembly, cohort.population, SETTINGS))
    assert time.min() >= DOUBLING_TIME_DAYS[0] and time.max() <= DOUBLING_TIME_DAYS[1]
    assert cohort.screened >= 15 + cohort.ineligible


def test_the_steady_state_of_the_filter_is_that_of_the_cohort(assembly) -> None:
    """Nobody is solved twice, and those who were drawn anew stand in their own places."""
    cohort, settled = settled_cohort(assembly, seed=5, patients=np.arange(150, dtype=np.int64))
    turned_down = np.flatnonzero(cohort.turned_down)
    assert 0 < turned_down[0] < 149
    assert cohort.implausible == cohort.turned_down.sum()
    assert cohort.screened == 150 + cohort.ineligible + cohort.implausible
    again = steady_state(assembly, cohort.population, SETTINGS)
    assert settled.time == again.time == 0.0
    for simulation in (settled, again):
        simulation.advance(24.0)
    names = assembly.system.states
    for name in names:
        np.testing.assert_array_equal(settled.value(name), again.value(name))
    assert len(names) > 20


def test_growth_spreads_as_published(assembly) -> None:
    # CT17: untreated doubling times 20 to 977 days; locally advanced disease 34 to 151, median 86.
    cohort = draw(assembly, 200)
    time = doubling_time_days(steady_state(assembly, cohort.population, SETTINGS))
    assert 34 < np.median(time) < 151
    assert np.quantile(time, 0.9) > 2 * np.quantile(time, 0.1)


def test_nobody_eligible_is_said_so(assembly, monkeypatch) -> None:
    fewer = {**plausibility(), "most_attempts": 200.0}
    monkeypatch.setattr(draws, "plausibility", lambda: fewer)
    with pytest.raises(EligibilityError, match=r"none of 200 patients .* age_years > 200"):
        draw(assembly, 2, eligibility=("age_years > 200",))


def test_prognostic_factors_select_and_bring_what_goes_with_them(assembly) -> None:
    """The whole way of a study: an expression, a cohort, and what goes with what it selected."""
    rule = "albumin_g_l >= 35 and nlr < 5 and not liver_metastases"
    cohort = draw(assembly, 60, eligibility=(rule,))
    profiles = cohort.population.profiles
    assert profiles["albumin_g_l"].min() >= 35 and profiles["nlr"].max() < 5
    assert not profiles["liver_metastases"].any()
    everyone = draw(assembly, 60).population.parameters
    selected = cohort.population.parameters
    assert np.median(selected["CA19_9_start"]) < np.median(everyone["CA19_9_start"])
