"""Ways of escape from RAS inhibitors: shares at progression, TP53, switches of the clones."""

import numpy as np

from rascade.model import assemble
from rascade.patients import Population, draw_profiles, engine_parameters
from rascade.patients.escape import CLONES, conditional_shares, load_ways
from rascade.patients.properties import load_properties

MANY = np.arange(20_000)


def test_the_file_knows_the_ways_of_the_profile() -> None:
    for clone in CLONES:
        assert tuple(load_properties()[clone].rows) == tuple(load_ways())


def test_ways_of_two_clones_come_near_what_is_found_at_progression() -> None:
    """Aronchik 2026 (PMID:42581230): 95 % intervals of the counts among 44 patients."""
    drawn = draw_profiles(3, MANY)
    found = {
        way: np.mean((drawn["escape_1"] == way) | (drawn["escape_2"] == way)) for way in load_ways()
    }
    assert 0.22 < found["KRAS amplification"] < 0.52
    assert 0.13 < found["RAF or MEK mutation"] < 0.40
    assert 0.03 < found["receptor amplification"] < 0.22
    assert 0.03 < found["PI3K or mTOR mutation"] < 0.22
    assert found["MYC amplification"] < 0.12
    silent = ("changed state", "second KRAS mutation")
    none = np.mean(np.isin(drawn["escape_1"], silent) & np.isin(drawn["escape_2"], silent))
    assert 0.26 < none < 0.57


def test_amplification_goes_with_mutant_tp53_and_the_shares_of_all_stay() -> None:
    shares = {"KRAS amplification": 0.2, "changed state": 0.5, "RAF or MEK mutation": 0.3}
    mutant, without = conditional_shares(shares, 0.72)
    np.testing.assert_allclose(0.72 * mutant + 0.28 * without, list(shares.values()))
    np.testing.assert_allclose([mutant.sum(), without.sum()], 1.0)
    np.testing.assert_allclose(mutant[0] / without[0], 47 / 8.356, rtol=0.01)
    drawn = draw_profiles(3, MANY)
    amplified = drawn["escape_1"] == "KRAS amplification"
    assert amplified[drawn["tp53"]].mean() > 4 * amplified[~drawn["tp53"]].mean()


def test_a_patients_ways_set_the_switches_of_his_clones() -> None:
    patients = np.arange(40)
    profiles = draw_profiles(5, patients)
    values = engine_parameters(assemble(["daraxonrasib"]), Population(patients, profiles, {}))
    for clone in CLONES:
        on = np.array([values[f"{way.switch}_{clone}"] for way in load_ways().values()])
        assert (on.sum(axis=0) == 1).all()
        names = np.array(list(load_ways()))
        assert (names[on.argmax(axis=0)] == profiles[clone]).all()
    fixed = draw_profiles(5, patients, given={"escape_2": "changed state"})
    assert set(fixed["escape_2"]) == {"changed state"}
    assert (fixed["escape_1"] == profiles["escape_1"]).all()
