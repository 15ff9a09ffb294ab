import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.errors import EligibilityError
from rascade.patients import categories, draw_profiles, eligible

COLUMNS = {
    "kras_allele": np.array(["G12D", "WT", "G12C"]),
    "age_years": np.array([50.0, 70.0, 80.0]),
    "ecog": np.array([0, 1, 1]),
    "stk11": np.array([True, False, False]),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kras_allele != 'WT'", [True, False, True]),
        ("kras_allele in ('G12D', 'G12C')", [True, False, True]),
        ("kras_allele not in ['WT']", [True, False, True]),
        ("40 < age_years <= 70", [True, True, False]),
        ("stk11 or ecog == 1 and age_years < 75", [True, True, False]),
        ("not stk11", [False, True, True]),
        ("age_years / 10 - 1 > 5 + ecog * 0", [False, True, True]),
        ("ecog == -1", [False, False, False]),
    ],
)
def test_expressions(text: str, expected: list[bool]) -> None:
    assert eligible([text], COLUMNS, categories()).tolist() == expected


def test_all_expressions_must_hold_and_none_means_everyone() -> None:
    assert eligible([], COLUMNS).tolist() == [True, True, True]
    both = eligible(["ecog == 1", "age_years > 75"], COLUMNS)
    assert both.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kras_alele != 'WT'", "did you mean 'kras_allele'"),
        ("kras_allele != 'G12Z'", "kras_allele is one of G12D"),
        ("kras_allele in ('G12D')", "needs a list"),
        ("kras_allele in ('G12', 'G12D')", "not 'G12'"),
        ("age_years < 'x'", "text with a number"),
        ("age_years <", "found the end"),
        ("age_years", "not a condition"),
        ("__import__('os').system('true')", "no number and no name"),
        ("__import__('os')", "no function '__import__'"),
        ("age_years.real > 1", "no number and no name"),
        ("(lambda: True)()", "':' has no meaning"),
        ("{age_years} > 1", "{age_years} is not allowed"),
        ("ecog == [1]", "only stand after 'in'"),
        ("-kras_allele == 'WT'", "cannot be computed"),
        ("stk11 and kras_allele", "a text is no condition"),
        ("ecog in (0, 1) == stk11", "after a list"),
        ("age_years ** 99999999 > 1", r"only \+ - \* /"),
        ("kras_allele is 'WT'", "'is' is not allowed"),
        ("age_years > 1" + " and age_years > 1" * 100, "500 characters"),
    ],
)
def test_wrong_expressions_get_one_clear_error(text: str, message: str) -> None:
    with pytest.raises(EligibilityError, match=message):
        eligible([text], COLUMNS, categories())


@given(st.text(max_size=60))
def test_any_text_is_evaluated_or_refused(text: str) -> None:
    with contextlib.suppress(EligibilityError):
        assert eligible([text], COLUMNS, categories()).shape == (3,)


def test_real_profiles_can_be_asked_for_every_property() -> None:
    profiles = draw_profiles(1, np.arange(50))
    for name, column in profiles.items():
        value = column[0].item()
        assert eligible([f"{name} == {value!r}"], profiles, categories()).any()
