"""Characteristics are drawn together, and each keeps its own distribution."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import kstest, norm, spearmanr

from rascade.errors import EvidenceError
from rascade.model import load_table
from rascade.patients import Given, draw_profiles, load_properties
from rascade.patients.distributions import shape_of, share_below
from rascade.patients.draws import Draws
from rascade.patients.joint import correlated, joint_names, load_correlations, parse_correlations

MANY = np.arange(20_000)
HEAD = "first,second,correlation,source,confidence,seen\n"
NONE = np.zeros(MANY.size, dtype=np.int64)


@pytest.fixture(scope="module")
def profiles():
    return draw_profiles(7, MANY)


@pytest.fixture(scope="module")
def numbers():
    return Draws(7).numbers(MANY, NONE)


def test_every_margin_is_what_the_file_says(profiles, numbers) -> None:
    for item in load_properties().values():
        if item.kind == "share":
            continue
        for category, row in item.rows.items():
            some = profiles["sex"] == category if category else np.ones(MANY.size, dtype=bool)
            draws = [share_below(item.kind, shape_of(row), v) for v in profiles[item.name][some]]
            assert kstest(draws, "uniform").pvalue > 1e-4, (item.name, category)
    for name in joint_names()[1]:
        assert kstest(numbers(name), "uniform").pvalue > 1e-4, name


def test_scores_are_correlated_as_the_table_says() -> None:
    properties, rows = joint_names()
    stream = np.random.default_rng(3)
    drawn = correlated([*properties, *rows], lambda name: stream.random(MANY.size))
    turned = {name for name, item in load_properties().items() if item.truth}
    scores = {n: ndtri(v) * (-1 if n in turned else 1) for n, v in drawn.items()}
    pairs = {frozenset((c.first, c.second)): c.value for c in load_correlations()}
    for a in scores:
        for b in scores:
            expected = pairs.get(frozenset((a, b)), 0.0) if a != b else 1.0
            assert np.corrcoef(scores[a], scores[b])[0, 1] == pytest.approx(expected, abs=0.03)


def test_patients_go_together_as_patients_do(profiles, numbers) -> None:
    assert spearmanr(profiles["albumin_g_l"], profiles["nlr"])[0] < -0.2
    women = profiles["sex"] == "female"
    assert spearmanr(profiles["height_cm"][women], profiles["weight_kg"][women])[0] > 0.35
    liver = profiles["liver_metastases"]
    marker = ndtri(numbers("CA19_9_start"))
    assert marker[liver].mean() > marker[~liver].mean() + 0.4
    burden = ndtri(numbers("baseline_sum_of_diameters"))
    active = profiles["ecog"] == 0
    assert burden[~active].mean() > burden[active].mean() + 0.1


def test_what_is_not_in_the_table_is_drawn_as_ever() -> None:
    from rascade.random_streams import uniform

    assert "k_division" not in joint_names()[1]
    alone = uniform(7, "parameter:k_division", MANY)
    np.testing.assert_array_equal(Draws(7).numbers(MANY, NONE)("k_division"), alone)


def test_a_patient_depends_on_his_number_and_attempt_alone() -> None:
    some, attempts = np.array([4001, 7, 50]), np.array([3, 0, 3])
    draws = Draws(7)
    together = draws.profiles(some, attempts)
    numbers = draws.numbers(some, attempts)
    for place in range(3):
        alone = slice(place, place + 1)
        one = draws.profiles(some[alone], attempts[alone])
        assert all((one[name] == together[name][alone]).all() for name in one)
        own = draws.numbers(some[alone], attempts[alone])
        assert all((own(n) == numbers(n)[alone]).all() for n in (*joint_names()[1], "k_division"))


def test_stratified_numbers_vary_less_and_go_with_the_profile() -> None:
    """One number of each equal part for what is drawn for itself; the rest shares in it."""
    patients, name = np.arange(200), "baseline_sum_of_diameters"
    means: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(60):
        for stratify, found in means.items():
            attempts = np.zeros(patients.size, dtype=np.int64)
            numbers = Draws(seed).numbers(patients, attempts, stratify)
            found.append(float(ndtri(numbers(name)).mean()))
            if stratify:
                places = np.floor(numbers("k_division") * 200).astype(int)
                assert sorted(places) == list(range(200))
    assert np.std(means[True]) < 0.7 * np.std(means[False])


def test_what_is_known_moves_what_goes_with_it(profiles) -> None:
    known = draw_profiles(7, MANY, given={"ecog": 1})
    those = profiles["ecog"] == 1
    for name in ("age_years", "albumin_g_l", "nlr"):
        values, expected = known[name], profiles[name][those]
        error = expected.std() * np.sqrt(1 / MANY.size + 1 / those.sum())
        assert abs(values.mean() - expected.mean()) < 4 * error, name
    near = np.abs(profiles["albumin_g_l"] - 30.0) < 0.5
    low = draw_profiles(7, MANY, given={"albumin_g_l": 30.0})
    assert np.mean(low["ecog"] == 1) == pytest.approx(
        np.mean(profiles["ecog"][near] == 1), abs=0.05
    )
    assert np.mean(low["ecog"] == 1) > 0.7
    liver = draw_profiles(7, MANY, given={"liver_metastases": False})
    assert not liver["liver_metastases"].any()


def test_a_known_parameter_moves_the_profile() -> None:
    row = load_table()["baseline_sum_of_diameters"]
    typical = draw_profiles(7, MANY, parameters={row.name: row.value})
    large = draw_profiles(7, MANY, parameters={row.name: 150.0})
    assert large["albumin_g_l"].mean() < typical["albumin_g_l"].mean() - 0.5
    rows = [row.name, "CA19_9_start"]
    some = NONE[:500]
    draws = Draws(7, given=Given(parameters={row.name: 150.0}))
    drawn = draws.parameters(load_table(), rows, MANY[:500], some)
    assert (drawn[row.name] == 150.0).all()
    usual = Draws(7).parameters(load_table(), rows, MANY[:500], some)
    assert np.median(drawn["CA19_9_start"]) > 1.2 * np.median(usual["CA19_9_start"])


def test_two_known_sizes_decide_the_odds_of_the_sexes_together() -> None:
    drawn = draw_profiles(7, np.arange(400_000))
    near = (np.abs(drawn["height_cm"] - 170) < 1) & (np.abs(drawn["weight_kg"] - 60) < 2)
    given = draw_profiles(7, MANY, given={"height_cm": 170.0, "weight_kg": 60.0})
    expected = np.mean(drawn["sex"][near] == "male")
    error = 4 * norm.std() * np.sqrt(0.25 / near.sum())
    assert np.mean(given["sex"] == "male") == pytest.approx(expected, abs=error)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("ecog,nlr,much,assumed: x,assumed,", r":2: ecog and nlr: correlation: 'much'"),
        ("ecog,nlr,1.2,assumed: x,assumed,", "1.2 is not between -1 and 1"),
        ("ecog,nrl,0.2,assumed: x,assumed,", r"second: 'nrl' .*did you mean 'nlr'"),
        ("ecog,kras_allele,0.2,assumed: x,assumed,", "kras_allele has no order"),
        ("ecog,k_death,0.2,assumed: x,assumed,", "neither a property .* nor a parameter"),
        ("ecog,nlr,0.2,somebody,assumed,", "source: 'somebody'"),
        (
            "ecog,nlr,0.2,assumed: x,assumed,\nnlr,ecog,0.1,assumed: x,assumed,",
            "stands there twice",
        ),
        (
            "ecog,nlr,0.9,assumed: x,assumed,\nnlr,albumin_g_l,0.9,assumed: x,assumed,\n"
            "ecog,albumin_g_l,-0.9,assumed: x,assumed,",
            "cannot hold together: .* not positive definite .*nearer to 0",
        ),
    ],
)
def test_wrong_correlations_are_refused(rows, message) -> None:
    with pytest.raises(EvidenceError, match=message):
        parse_correlations(HEAD + rows)
