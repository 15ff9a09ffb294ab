from __future__ import annotations

import math

import pytest

from rascade.report.look.text import (
    clean,
    interval,
    months_text,
    number,
    p_value,
    percent,
    plain,
    power_of_ten,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "1"), (12.345, "12.3"), (0.00123, "0.00123"), (12340.0, "12340"),
        (1e-9, "10⁻⁹"), (1.234e-7, "1.23 × 10⁻⁷"), (2.5e9, "2.5 × 10⁹"), (-0.5, "−0.5"),
        (None, ""), (math.nan, ""), (math.inf, "∞"), (1234567, "1 234 567"), ("text", "text"),
        (True, "True"), (99999.9, "100000"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_texts_of_results():
    assert percent(35.0, [17.2, 55.66]) == "35.0 % (17.2–55.7)"
    assert percent(None) == "—"
    assert months_text(8.45, [7.1, None]) == "8.4 (7.1–NR)"
    assert months_text(None, None) == "NR"
    assert interval(None) == ""
    assert interval([None, None]) == ""
    assert [p_value(x) for x in (0.0004, 0.0123, 0.5, None)] == [
        "p < 0.001", "p = 0.012", "p = 0.50", "—",
    ]  # fmt: skip
    assert power_of_ten(1e-4) == "10⁻⁴"


def test_what_cannot_be_seen_is_written_out():
    assert plain("a\u202eb\x00c\n\td") == "a<U+202E>b<U+0000>c d"
    assert plain("\u2067\u061c\ufeff") == "<U+2067><U+061C><U+FEFF>"
    # Joiners shape letters; names in any script stay as they are, and stay apart.
    assert plain("می\u200cخواهم") == "می\u200cخواهم"
    assert clean("漢\U0001f9ec α ≥ é") == "漢\U0001f9ec α ≥ é"
    assert plain("arm\u200b") != plain("arm")
    assert clean("one\ntwo") == "one\ntwo"
