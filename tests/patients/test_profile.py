import numpy as np
import pytest

from rascade.errors import InputError
from rascade.model import known_alleles
from rascade.patients import draw_profiles, load_properties
from rascade.patients.distributions import truncated_lognormal
from rascade.patients.profile_checks import check_profile

MANY = np.arange(20_000)


def test_shares_come_out_as_the_file_says() -> None:
    profiles = draw_profiles(7, MANY)
    for item in load_properties().values():
        if item.kind != "share":
            continue
        for category, row in item.rows.items():
            share = float(row["value"])
            found = np.mean(profiles[item.name].astype(str) == category)
            assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / MANY.size), category


def test_kras_alleles_agree_with_the_evidence() -> None:
    from rascade.evidence import load

    shares = {
        fact.quantity: (fact.low, fact.high)
        for fact in load().biology
        if fact.quantity.startswith("KRAS ") and "share" in fact.quantity and fact.low
    }
    rows = load_properties()["kras_allele"].rows
    compared = 0
    for quantity, (low, high) in shares.items():
        allele = quantity.split()[1]
        if allele in rows:
            assert low <= 100 * float(rows[allele]["value"]) <= high, quantity
            compared += 1
    assert compared >= 3
    assert set(rows) == set(known_alleles())


def test_bodies_are_human() -> None:
    profiles = draw_profiles(7, MANY)
    assert 1.7 < profiles["body_surface_m2"].mean() < 1.9
    assert profiles["body_surface_m2"].min() > 1.1
    assert profiles["age_years"].min() >= 27 and profiles["age_years"].max() <= 88
    women = profiles["sex"] == "female"
    assert profiles["weight_kg"][women].mean() < profiles["weight_kg"][~women].mean()


def test_truncated_lognormal_has_its_median_and_its_bounds() -> None:
    draws = (np.arange(10_000) + 0.5) / 10_000
    values = truncated_lognormal(draws, 2.0, 0.5, 0.0, 1e9)
    assert np.median(values) == pytest.approx(2.0, rel=1e-3)
    assert values.std() / values.mean() == pytest.approx(0.5, rel=0.02)
    cut = truncated_lognormal(draws, 2.0, 0.5, 1.5, 3.0)
    assert cut.min() >= 1.5 and cut.max() <= 3.0


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"kras_alele": "G12D"}, "did you mean 'kras_allele'"),
        ({"kras_allele": "G12Z"}, "not one of"),
        ({"weight_kg": 700}, "not from 38 to 150 kg"),
        ({"weight_kg": "heavy"}, "not from"),
        ({"stk11": "yes"}, "must be true or false"),
        ({"sex": "m"}, "not one of female, male"),
    ],
)
def test_wrong_properties_are_named(profile, message) -> None:
    with pytest.raises(InputError, match=message):
        check_profile(profile, known_alleles())


def test_right_properties_pass() -> None:
    check_profile(
        {"kras_allele": "G12D", "weight_kg": 61, "stk11": False, "ecog": 1, "sex": "female"},
        known_alleles(),
    )


def test_what_is_given_holds_for_all_and_decides_what_depends_on_it() -> None:
    women = draw_profiles(7, MANY, given={"sex": "female", "stk11": True})
    drawn = draw_profiles(7, MANY)
    was = drawn["sex"] == "female"
    assert set(women["sex"]) == {"female"} and women["stk11"].all()
    assert abs(women["height_cm"].mean() - drawn["height_cm"][was].mean()) < 0.3
    np.testing.assert_array_equal(women["weight_kg"][was], drawn["weight_kg"][was])
    np.testing.assert_array_equal(women["age_years"], drawn["age_years"])


def test_a_given_size_changes_the_odds_of_the_sexes() -> None:
    drawn = draw_profiles(7, MANY)
    tall = draw_profiles(7, MANY, given={"height_cm": 180.0})
    near = np.abs(drawn["height_cm"] - 180.0) < 1.0
    share, expected = np.mean(tall["sex"] == "male"), np.mean(drawn["sex"][near] == "male")
    assert share > 0.9
    assert abs(share - expected) < 4 * np.sqrt(0.1 * 0.9 / near.sum())
    # No woman is drawn above 190 cm, so nobody of 200 cm is one.
    assert set(draw_profiles(7, MANY, given={"height_cm": 200.0})["sex"]) == {"male"}


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"sex": "male", "weight_kg": 40}, "weight_kg: .* as male; the range is male 45 to 150 kg"),
        ({"sex": "female", "height_cm": 200}, "height_cm: .* as female"),
        ({"weight_kg": 40, "height_cm": 200}, "nobody is drawn with"),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(profile, message) -> None:
    with pytest.raises(InputError, match=message):
        check_profile(profile, known_alleles())
    check_profile({"sex": "male", "weight_kg": 50, "height_cm": 200}, known_alleles())


def test_a_source_that_cannot_be_read_is_refused(monkeypatch, tmp_path) -> None:
    from importlib.resources import files

    from rascade.errors import EvidenceError
    from rascade.patients import properties as module

    text = (files("rascade.patients") / "data" / "profile.csv").read_text()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "profile.csv").write_text(text.replace("REF:genie,", "AACR GENIE,", 1))
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    with pytest.raises(EvidenceError, match=r"profile\.csv:\d+: pten True: source: 'AACR GENIE'"):
        module.load_properties.__wrapped__()


def test_shares_of_a_centre_are_drawn_from_the_same_joint_numbers() -> None:
    """A centre with more liver metastases: who has them still goes with the rest of him."""
    from rascade.patients.profile import draw_shares

    usual = draw_profiles(7, MANY)
    own = {name: values.copy() for name, values in usual.items()}
    everyone = np.ones(MANY.size, dtype=bool)
    draw_shares(own, {"ecog": {"0": 0.4, "1": 0.6}}, 7, MANY, 0, everyone)
    np.testing.assert_array_equal(own["ecog"], usual["ecog"])
    draw_shares(own, {"ecog": {"0": 0.1, "1": 0.9}}, 7, MANY, 0, everyone)
    assert (own["ecog"] >= usual["ecog"]).all() and own["ecog"].mean() == pytest.approx(
        0.9, abs=0.01
    )
    assert own["albumin_g_l"][own["ecog"] == 0].mean() > own["albumin_g_l"].mean() + 1.0
