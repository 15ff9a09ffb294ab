"""Prognostic factors act on death as published, and the spread of the whole stays as it was."""

import numpy as np
import pytest

from rascade.errors import EvidenceError
from rascade.model import assemble, load_table
from rascade.patients import Population, draw_profiles, load_properties
from rascade.patients import prognosis as module
from rascade.patients.draws import Draws
from rascade.patients.population import engine_parameters
from rascade.patients.prognosis import hazard_factors, load_factors
from rascade.statistics.survival import cox_hazard_ratio

MANY = np.arange(20_000)
#: Standard deviation of the logarithm of a patient's hazard before the factors were told apart:
#: CV 0.8 of the drawn number, and ECOG 0 and 1 at 0.81 and 1.15 of the mean in 40 and 60 %.
SPREAD = np.sqrt(np.log1p(0.8**2) + 0.24 * np.log(1.15 / 0.81) ** 2)


@pytest.fixture(scope="module")
def people():
    """Profiles, hazards relative to others with the same growth, and times of death in days."""
    patients, attempts = MANY, np.zeros(MANY.size, dtype=np.int64)
    draws, table = Draws(11), load_table()
    profiles = draws.profiles(patients, attempts)
    rows = ("frailty", "baseline_sum_of_diameters", "k_division")
    drawn = draws.parameters(table, rows, patients, attempts)
    hazard = drawn["frailty"] * hazard_factors(profiles)["frailty"]
    size = drawn["baseline_sum_of_diameters"] / table["reference_sum_of_diameters"].value
    # Death as the model has it, for tumours that grow on with doubling times around 90 days.
    start = table["k_death"].value * hazard * size ** table["hazard_baseline"].value
    faster = drawn["k_division"] / table["k_division"].value
    growth = table["hazard_growth"].value / 3 * np.log(2) / 90 * faster
    threshold = np.random.default_rng(2).exponential(size=MANY.size)
    return profiles, hazard, np.log1p(growth * threshold / start) / growth


def ratio(people, flags, members=None) -> float:
    _, _, time = people
    some = np.ones(MANY.size, dtype=bool) if members is None else members
    died = np.ones(int(some.sum()), dtype=bool)
    return cox_hazard_ratio(time[some], died, flags[some]).hazard_ratio.estimate


def test_centre_and_spread_are_as_before(people) -> None:
    logarithm = np.log(people[1])
    assert logarithm.mean() == pytest.approx(0.0, abs=0.02)
    assert logarithm.std() == pytest.approx(SPREAD, rel=0.02)


@pytest.mark.parametrize(
    ("name", "worse", "low", "high"),
    [
        # NAPOLI-1 by the points of its nomogram: see prognosis.csv.
        ("ecog", lambda v: v == 1, np.exp(0.087), np.exp(0.743)),
        ("liver_metastases", lambda v: v, np.exp(0.085), np.exp(0.728)),
        ("nlr", lambda v: v >= 5, 1.4, 5.2),  # PMC6015665
    ],
)
def test_subgroups_die_as_published(people, name, worse, low, high) -> None:
    found = ratio(people, worse(people[0][name]))
    assert low < found < high


def test_albumin_and_neutrophils_together_are_as_in_the_score_of_msk(people) -> None:
    """MPS 2 against 0 (albumin below 40 and NLR above 4, or neither): PMC8084949, adjusted."""
    profiles = people[0]
    poor = (profiles["albumin_g_l"] < 40) & (profiles["nlr"] > 4)
    good = (profiles["albumin_g_l"] >= 40) & (profiles["nlr"] <= 4)
    same = (profiles["ecog"] == 1) & profiles["liver_metastases"]
    assert 1.13 <= round(ratio(people, poor, (poor | good) & same), 2) <= 1.76


def test_factors_reach_the_engine() -> None:
    assembly = assemble()
    profiles = {n: v[:50] for n, v in draw_profiles(3, MANY).items()}
    frailty = np.linspace(0.5, 2.0, 50)
    population = Population(MANY[:50], profiles, {"frailty": frailty})
    values = engine_parameters(assembly, population)
    (identifier,) = (k for k, row in assembly.composition.parameters.items() if row == "frailty")
    factor = values[identifier] / frailty
    np.testing.assert_allclose(factor, hazard_factors(profiles)["frailty"])
    assert factor.std() > 0.2
    # Where a study fixes the remainder, the factors still act.
    alone = engine_parameters(assembly, Population(MANY[:50], profiles, {}))[identifier]
    np.testing.assert_allclose(alone, factor)


def test_factors_are_of_drawn_properties_and_rows_that_vary() -> None:
    table = load_table()
    for factor in load_factors():
        assert factor.name in load_properties() and table[factor.row].varies
        assert factor.low < factor.log_hazard < factor.high
    assert {f.name for f in load_factors() if f.cut is not None} == {
        "albumin_g_l", "nlr", "age_years",
    }  # fmt: skip


def test_a_mean_is_that_of_the_drawn(people) -> None:
    for factor in load_factors():
        terms = factor.terms(people[0][factor.name])
        assert factor.mean == pytest.approx(terms.mean(), abs=4 * terms.std() / 141)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nlr,,log", "nrl,,log", r"prognosis\.csv:5: nrl: property"),
        ("nlr,,log", "nlr,,category", "scale: 'category' does not go with a lognormal"),
        ("ecog,1,", "ecog,7,", "category: '7' is never drawn"),
        ("0.339,0.1", "0.039,0.1", "log_hazard: 0.039 is not from low to high"),
        ("-1.26", "much", "could not convert"),
        ("PMC:PMC6721419 (", "somebody (", "'somebody"),
    ],
)
def test_wrong_rows_are_refused(monkeypatch, tmp_path, old, new, message) -> None:
    from importlib.resources import files

    text = (files("rascade.patients") / "data" / "prognosis.csv").read_text()
    assert old in text
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prognosis.csv").write_text(text.replace(old, new, 1))
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    with pytest.raises(EvidenceError, match=message):
        module.load_factors.__wrapped__()
