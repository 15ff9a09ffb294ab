"""YAML as it is read here: what it means, where it was, and what is refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rascade.errors import StudyFileError
from rascade.studies.files.yaml_text import read_yaml


def value(text: str) -> object:
    return read_yaml(text, "s.yaml").value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a: 1", {"a": 1}),
        ("a: no", {"a": "no"}),
        ("a: 0302", {"a": 302}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: .5", {"a": 0.5}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: true", {"a": True}),
        ("a:", {"a": None}),
        ("a: '12'", {"a": "12"}),
        ("a: {b: [1, two, {c: ~}]}", {"a": {"b": [1, "two", {"c": None}]}}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: >-\n  one\n  two", {"a": "one two"}),
    ],
)
def test_values(text: str, meaning: object) -> None:
    assert value(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a: {r: x IV D1,8,15 Q28D}", {"a": {"r": "x IV D1,8,15 Q28D"}}),
        (
            "a: {r: x D1,8,15 Q28D + y D1,8,15 Q28D, n: 2}",
            {"a": {"r": "x D1,8,15 Q28D + y D1,8,15 Q28D", "n": 2}},
        ),
        ("a: {n: 2, r: x D1, 8,\n    15 Q28D}", {"a": {"n": 2, "r": "x D1, 8, 15 Q28D"}}),
        ("a: {r: 1,000 mg}", {"a": {"r": "1,000 mg"}}),
        ("a: [x D1,8]", {"a": ["x D1", 8]}),
    ],
)
def test_a_comma_in_a_flow_mapping_belongs_to_the_text(text: str, meaning: object) -> None:
    assert value(text) == meaning


def test_lines_are_kept() -> None:
    document = read_yaml("a: 1\nb:\n  - x\n  - c: {d: 2,\n        e: 3}\n", "s.yaml")
    assert document.lines[("b",)] == 2
    assert document.lines[("b", 1, "c", "e")] == 5
    assert str(document.error(("b", 1, "c", "e"), "no")) == "s.yaml:5: b[1].c.e: no"
    # What is missing is told at the line of what should hold it.
    assert str(document.error(("b", 1, "c", "f"), "no")) == "s.yaml:4: b[1].c.f: no"


REFUSED = [
    ("", 1, "empty"),
    ("# nothing\n", 1, "empty"),
    ("- a\n", 1, "expected keys and values"),
    ("just text", 1, "expected keys and values"),
    ("a: 1\nb: 2\na: 3", 3, "a: the key is there twice .first on line 1"),
    ("a: &x 1\nb: *x", 1, "anchors"),
    ("a: *x", 1, "aliases"),
    ("a: !!python/object/apply:os.system [x]", 1, "tags"),
    ("a: !thing 3", 1, "tags"),
    ("a: 1\n---\nb: 2", 2, "second document"),
    ("a:\n\t- b", 2, "not YAML.*tabs"),
    ("a: b: c", 1, "not YAML.*quotes"),
    ("a: [1, 2", 1, "not YAML"),
    ("a: 1\n  b: 2", 2, "not YAML"),
    ("a: {8, b: 1}", 1, "'8' has no value"),
    ("a: {b: [1], 8}", 1, "'8' has no value"),
    ("? [a]\n: b", 1, "a key must be text"),
    ("a: 1\nb: \x07", 2, r"U\+0007"),
    ("a: " + "[" * 500 + "]" * 500, 1, "nested more than 20"),
    ("a: [" + "1, " * 30_000 + "1]", 1, "more than 20000 values"),
]


@pytest.mark.parametrize(("text", "line", "says"), REFUSED)
def test_what_is_refused(text: str, line: int, says: str) -> None:
    with pytest.raises(StudyFileError, match=rf"^s\.yaml:{line}: .*{says}"):
        read_yaml(text, "s.yaml")


def test_a_deep_nest_is_cheap() -> None:
    with pytest.raises(StudyFileError, match="nested"):
        read_yaml("a: " + "{b: " * 100_000, "s.yaml")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text("abc ,D1é+'-", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1", min_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", min_size=1), plain, min_size=1, max_size=4), st.booleans())
def test_agrees_with_the_yaml_library(data: dict[str, object], flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    assert value(text) == yaml.safe_load(text)
