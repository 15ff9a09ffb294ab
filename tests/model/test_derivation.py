"""Derived rows: the loader does their arithmetic, and the files agree to the last bit."""

import csv
import math
from importlib.resources import files

import pytest

from rascade.errors import ParameterError
from rascade.model import load_table, parse_table
from rascade.model.derivation import derive, rows_in
from rascade.model.table import COLUMNS, parse_tables, table_files

HEAD = ",".join((*COLUMNS, "expression"))
FIRST = "first,2,1/h,1,3,fixed,,,PMID:1,verified,What,"


def row(name: str, value: str, expression: str, confidence: str = "derived") -> str:
    return f'{name},{value},1/h,0,100,fixed,,,PMID:1,{confidence},What,"{expression}"'


def table(*lines: str):
    return parse_table("\n".join([HEAD, *lines, ""]), "t.csv")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("386 * 1000 / 250", 1544.0),
        ("-2 + 3 ** 2", 7.0),
        ("ln(2)", math.log(2)),
        ("round(2.91 * 0.02, 4)", 0.0582),
        ("round(42 * 317, -2)", 13300.0),
        ("sqrt(exp(0))", 1.0),
        ("round(weight(C9H11F2N3O4), 1)", 263.2),
        ("{a} * {drug b.c-d[x]}", 6.0),
    ],
)
def test_arithmetic(expression: str, value: float) -> None:
    assert derive(expression, {"a": 2.0, "drug b.c-d[x]": 3.0}) == value


def test_absorption_puts_the_peak_where_it_was_seen() -> None:
    for tmax, k in ((2.2, 0.075), (6.0, 0.03), (1.0, 0.9)):
        ka = derive(f"absorption({tmax}, {k})", {})
        assert ka > k and math.log(ka / k) / (ka - k) == pytest.approx(tmax, rel=1e-9)


@pytest.mark.parametrize(
    "expression",
    [
        "", "1 +", "1 / 0", "ln(0)", "__import__(1)", "(1).real", "'a'", "True", "x", "round(1)",
        "weight(Xx2)", "weight(c2)", "absorption(1, 2)", "10 ** 400", "[1]", "1 if 1 else 2",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(ParameterError, match="cannot be computed"):
        derive(expression, {})


def test_a_value_is_computed_where_it_is_left_out() -> None:
    found = table(row("second", "", "{first} * 2"), FIRST, row("third", "5", "{second} + 1"))
    assert (found["second"].value, found["third"].value) == (4.0, 5.0)
    assert found["second"].expression == "{first} * 2" and found["first"].expression == ""
    # Rows of another file are found as well.
    both = parse_tables(
        {"a.csv": f"{HEAD}\n{row('second', '', '{first} * 3')}\n", "b.csv": f"{HEAD}\n{FIRST}\n"}
    )
    assert both["second"].value == 6.0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((FIRST, row("x", "4.1", "{first} * 2")), r"t\.csv:3: x: value: 4.1 is not .* 4.0"),
        ((row("x", "", "{no} * 2"),), r"x: expression: no parameter 'no'"),
        ((row("x", "", "{y}"), row("y", "", "{x}")), r"expression: x needs y needs x"),
        ((row("x", "", "2 *"),), r"t\.csv:2: x: expression: '2 \*' cannot be computed"),
        ((row("x", "4", ""),), r"x: expression: a derived value needs the arithmetic"),
        ((row("x", "", "", "assumed"),), r"x: value: '' is not a number"),
        ((row("x", "", "{first} * 2"), FIRST, FIRST), r"t\.csv:4: first: name: stands twice"),
    ],
)
def test_wrong_expressions_are_named_with_their_line(lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        table(*lines)


def test_the_files_state_what_the_loader_computes() -> None:
    """Values are those that stood in the files before any was computed, to the last bit."""
    stated = {}
    for file in table_files():
        text = (files("rascade.model") / "data" / file).read_text(encoding="utf-8")
        stated |= {line["name"]: line["value"] for line in csv.DictReader(text.splitlines())}
    derived = [item for item in load_table().values() if item.expression]
    assert len(derived) >= 110
    for item in derived:
        assert float(stated[item.name]) == item.value, item.name
    assert all(item.expression for item in load_table().values() if item.confidence == "derived")
    assert rows_in(load_table()["sotorasib.cell_to_medium"].expression) == (
        "sotorasib.fraction_unbound",
    )
