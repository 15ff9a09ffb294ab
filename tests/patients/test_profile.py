import numpy as np
import pytest

from rascade.errors import InputError
from rascade.model import known_alleles
from rascade.patients import draw_profiles, load_properties
from rascade.patients.profile import check_profile, truncated_lognormal

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
        ({"kras_alele": "G12D"}, "did you mean kras_allele"),
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
