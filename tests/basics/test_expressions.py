"""One grammar for all expressions: what it reads, and that hostile texts end in one message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.errors import EligibilityError, EvidenceError, ParameterError
from rascade.expressions import (
    MOST_DEEP,
    Call,
    ExpressionError,
    Language,
    Name,
    Row,
    parse,
    within,
)

NUMBERS = st.floats(0.01, 99).map(lambda x: f"{x:.2f}")
SUMS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"-{x}"),
        inner.map(lambda x: f"2 ** -{x}"),
    ),
    max_leaves=12,
).filter(lambda text: text.count("-") + text.count("(") < MOST_DEEP)


@given(SUMS)
def test_arithmetic_is_that_of_python_to_the_last_bit(text: str) -> None:
    of_floats = re.sub(r"[0-9.]+", r"float('\g<0>')", text)
    try:
        expected = eval(of_floats)
    except ArithmeticError:
        with pytest.raises(ExpressionError, match="cannot be computed"):
            Language().evaluate(text)
    else:
        assert Language().evaluate(text) == expected


def test_parts_know_where_they_stand() -> None:
    parts = list(within(parse("round({a b}, 2) / µ - k")))
    assert [(type(p), p.at) for p in parts if isinstance(p, Call | Row | Name)] == [
        (Name, 22),
        (Call, 0),
        (Name, 18),
        (Row, 6),
    ]


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "found the end"),
        ("  1 +", 5, "found the end"),
        ("µ + ? ", 4, "'?' has no meaning"),
        ("1 + 'open", 4, "not closed"),
        ("{a + 1", 0, "not closed"),
        ("1 = 2", 2, "=="),
        ("1 is 2", 2, "use =="),
        ("1 2", 2, "an operator"),
        ("(1, 2", 5, r"',' or '\)'"),
        ("f(1 2)", 4, r"',' or '\)'"),
        ("f(a=1)", 3, "=="),
        ("a.b", 1, "no name"),
        ("0x10", 0, "no number"),
        ("1_000", 0, "no number"),
        ("1 if 1 else 2", 2, "an operator"),
        ("lambda: 1", 6, "no meaning"),
        ("1e999", 0, "too large"),
        ("2 not 3", 6, "'in' after 'not'"),
    ],
)
def test_an_error_names_the_character(text: str, position: int, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.pointed(text).splitlines()[-1] == "  " + " " * position + "^"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1" * 3000, "2000 characters; this has 3000"),
        ("(" * 900 + "1" + ")" * 900, f"{MOST_DEEP} brackets and signs deep"),
        ("[" * 900, f"{MOST_DEEP} brackets and signs deep"),
        ("-" * 900 + "1", f"{MOST_DEEP} brackets and signs deep"),
        ("not " * 400 + "1", f"{MOST_DEEP} brackets and signs deep"),
        ("2**" * 600 + "2", f"{MOST_DEEP} brackets and signs deep"),
        ("f(" * 600, f"{MOST_DEEP} brackets and signs deep"),
        ("a+" * 900 + "a", "250 names, numbers and signs"),
        ("1<" * 900 + "1", "250 names, numbers and signs"),
        ("f(" + "a," * 900 + ")", "250 names, numbers and signs"),
    ],
)
def test_hostile_texts_are_refused_before_anything_is_worked_out(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        parse(text)


def test_the_richest_text_that_is_read_can_be_worked_out() -> None:
    assert Language().evaluate("+".join("1" * 125)) == 125
    assert Language().evaluate("(" * 30 + "1" + ")" * 30) == 1


@pytest.mark.parametrize("text", ["9 ** 9 ** 9 ** 9", "1 / 0", "(-2) ** 0.5", "0 ** -1"])
def test_what_comes_to_no_number_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"computed|negative"):
        Language().evaluate(text)


@given(st.text(alphabet="ab1.9 +-*/()[],'\"{}<>=!einotrµ", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parts = list(within(parse(text)))
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert all(0 <= part.at < len(text) for part in parts)


def test_each_kind_of_expression_says_where_in_its_own_words() -> None:
    import numpy as np

    from rascade.bench.questions.expression import evaluate
    from rascade.model.derivation import derive
    from rascade.patients import eligible

    with pytest.raises(ParameterError, match=r"'2 \* x' cannot be computed: .* \(character 5\)"):
        derive("2 * x", {})
    with pytest.raises(EvidenceError, match=r"effect 'rul\(a\)': .*'rel'.* \(character 1\)"):
        evaluate("rul(a)", {"rel": len})
    with pytest.raises(EligibilityError, match=r"(?m)^  ecog < age\n         \^$"):
        eligible(["ecog < age"], {"ecog": np.array([1])})
