"""Input made to harm: refused with one message, quickly, without a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rascade.engine import read_sbml, sbml_math, sbml_scan
from rascade.errors import ModelFileError, RascadeError

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[..., str]


def test_a_doctype_is_refused(decay: str) -> None:
    bomb = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(ModelFileError, match="DOCTYPE"):
        read_sbml(decay.replace("<sbml", bomb + "<sbml", 1))


def test_deep_nesting_is_refused_before_libsbml_sees_it(decay: str) -> None:
    deep = "<apply><minus/>" * 20_000 + "<ci> k </ci>" + "</apply>" * 20_000
    with pytest.raises(ModelFileError, match="nested more than 256 deep"):
        read_sbml(decay.replace("<ci> k </ci>", deep))


def test_a_large_file_is_refused(decay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbml_scan, "MAX_BYTES", 100)
    with pytest.raises(ModelFileError, match="larger than"):
        read_sbml(decay)
    assert read_sbml(decay, trusted=True).states == ("S",)


def test_a_long_flat_sum_is_read(decay: str) -> None:
    many = "<apply><plus/>" + "<ci> k </ci>" * 3000 + "</apply>"
    assert read_sbml(decay.replace("<ci> k </ci>", many)).states == ("S",)


def test_functions_that_grow_exponentially_are_refused(
    sbml: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sbml_math, "MAX_NODES", 50_000)
    functions = {"f0": "lambda(x, x * x + 1)"}
    for k in range(1, 60):
        functions[f"f{k}"] = f"lambda(x, f{k - 1}(x) + f{k - 1}(x + {k}.5))"
    text = sbml(
        parameters={"y": 'constant="false"', "z": 'value="1"'},
        functions=functions,
        rules=[("assignment", "y", "f59(z)")],
    )
    with pytest.raises(ModelFileError, match="more than 50000 terms"):
        read_sbml(text)


def test_functions_that_repeat_themselves_are_shared(sbml: Writer) -> None:
    """2^60 calls of the same argument are 60 nodes."""
    functions = {"f0": "lambda(x, x * x)"}
    for k in range(1, 60):
        functions[f"f{k}"] = f"lambda(x, f{k - 1}(x) + f{k - 1}(x))"
    text = sbml(
        parameters={"y": 'constant="false"', "z": 'value="1"'},
        functions=functions,
        rules=[("assignment", "y", "f59(z)")],
    )
    assert len(read_sbml(text).graph) < 500


def test_functions_in_a_circle_are_refused(sbml: Writer) -> None:
    text = sbml(
        parameters={"y": 'constant="false"'},
        functions={"f": "lambda(x, g(x))", "g": "lambda(x, f(x))"},
        rules=[("assignment", "y", "f(1)")],
    )
    with pytest.raises(ModelFileError, match=r"circle: f -> g -> f"):
        read_sbml(text)


def test_a_long_chain_of_rules_is_no_recursion(sbml: Writer) -> None:
    n = 3000
    text = sbml(
        parameters={f"p{k}": 'constant="false"' for k in range(n)} | {"z": 'value="1"'},
        rules=[("assignment", f"p{k}", f"p{k + 1} + 1") for k in range(n - 1)]
        + [("assignment", f"p{n - 1}", "z")],
    )
    assert "p0" in read_sbml(text).observables


@pytest.mark.parametrize(
    "text",
    ["<", "<html/>", "<sbml/>", '<?xml version="1.0" encoding="nonsense"?><sbml/>', "<a>\x00</a>"],
)
def test_what_is_no_sbml(text: str) -> None:
    with pytest.raises(ModelFileError):
        read_sbml(text)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_damaged_documents_give_a_deliberate_error_or_a_model(
    decay: str, data: st.DataObject
) -> None:
    """Cut, double or overwrite a piece of a good document."""
    start = data.draw(st.integers(0, len(decay) - 1))
    length = data.draw(st.integers(0, 60))
    piece = data.draw(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(["<apply/>", "<cn> 1e999 </cn>", "<ci> S </ci>", 'level="2"', "&#0;"]),
            st.just(decay[start : start + length] * 2),
        )
    )
    text = decay[:start] + piece + decay[start + length :]
    try:
        read_sbml(text if text.lstrip().startswith("<") else "<" + text)
    except RascadeError as error:
        assert str(error)
