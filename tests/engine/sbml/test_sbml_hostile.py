"""Input made to harm: refused with one message, quickly, without a crash."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import pytest

from rascade.engine import Limits, read_sbml
from rascade.engine.sbml import reader, scan
from rascade.engine.sbml.plain import from_plain, to_plain
from rascade.errors import InputError, ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[..., str]


def test_a_doctype_is_refused(decay: str) -> None:
    bomb = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(ModelFileError, match="DOCTYPE"):
        read_sbml(decay.replace("<sbml", bomb + "<sbml", 1))


def test_deep_nesting_is_refused_before_libsbml_sees_it(decay: str) -> None:
    deep = "<apply><minus/>" * 20_000 + "<ci> k </ci>" + "</apply>" * 20_000
    with pytest.raises(ModelFileError, match="a formula is nested more than 200 deep"):
        read_sbml(decay.replace("<ci> k </ci>", deep))
    notes = "<notes>" + "<p>" * 300 + "</p>" * 300 + "</notes>"
    with pytest.raises(ModelFileError, match="nested more than 256 deep"):
        read_sbml(decay.replace('<model id="m" >', f'<model id="m" >{notes}'))


def test_a_formula_nested_as_deep_as_allowed_is_read(decay: str) -> None:
    deep = "<apply><minus/>" * 190 + "<ci> k </ci>" + "</apply>" * 190
    assert read_sbml(decay.replace("<ci> k </ci>", deep)).states == ("S",)


def test_too_many_of_a_kind_are_refused(decay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scan.MAX_COUNTS, "species", 0)
    with pytest.raises(ModelFileError, match="more than 0 elements 'species'"):
        read_sbml(decay)
    monkeypatch.setitem(scan.MAX_COUNTS, "species", 1)
    monkeypatch.setattr(scan, "MAX_ELEMENTS", 5)
    with pytest.raises(ModelFileError, match="more than 5 elements"):
        read_sbml(decay)


def test_a_large_file_is_refused(decay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_BYTES", 100)
    with pytest.raises(ModelFileError, match="larger than"):
        read_sbml(decay)
    assert read_sbml(decay, trusted=True).states == ("S",)


def test_a_long_flat_sum_is_read(decay: str) -> None:
    many = "<apply><plus/>" + "<ci> k </ci>" * 3000 + "</apply>"
    assert read_sbml(decay.replace("<ci> k </ci>", many)).states == ("S",)


def growing(sbml: Writer) -> str:
    """Function definitions whose expansion has 2^60 terms."""
    functions = {"f0": "lambda(x, x * x + 1)"}
    for k in range(1, 60):
        functions[f"f{k}"] = f"lambda(x, f{k - 1}(x) + f{k - 1}(x + {k}.5))"
    return sbml(
        parameters={"y": 'constant="false"', "z": 'value="1"'},
        functions=functions,
        rules=[("assignment", "y", "f59(z)")],
    )


def test_functions_that_grow_exponentially_are_refused(sbml: Writer) -> None:
    with pytest.raises(ModelFileError, match="more than 50000 terms"):
        read_sbml(growing(sbml), limits=Limits(nodes=50_000))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"memory": 230 * 2**20}, r"needed more than 230 MiB of memory.*memory=482344960"),
        ({"cpu_seconds": 1}, r"more than 1 seconds of processor time.*cpu_seconds=2"),
        ({"seconds": 0.5}, r"longer than 0\.5 seconds.*seconds=1"),
    ],
)
def test_what_was_exceeded_is_named(sbml: Writer, limit: dict[str, float], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        read_sbml(growing(sbml), limits=Limits(nodes=10**9, **limit))
    assert read_sbml(sbml()).states == ()  # the next file is read as if nothing had been


def test_limits_must_be_above_zero() -> None:
    with pytest.raises(InputError, match="memory of limits must be above zero"):
        Limits(memory=0)


def test_a_crash_of_the_library_is_an_error_like_others(decay: str) -> None:
    """Nested thousands deep, libsbml overflows its stack; the scan is left out here."""
    deep = "<apply><minus/>" * 60_000 + "<ci> k </ci>" + "</apply>" * 60_000
    with pytest.raises(ModelFileError, match=r"crashed the SBML library \(SIG[A-Z]+\)"):
        reader.read_apart(decay.replace("<ci> k </ci>", deep).encode(), "deep.xml", Limits())


def test_a_reading_process_that_dies_is_told_and_started_again(decay: str, sbml: Writer) -> None:
    read_sbml(decay)
    process = reader._PROCESS._process
    process.kill()
    process.wait()
    assert read_sbml(decay).states == ("S",)  # dead before: a new one
    process = reader._PROCESS._process
    threading.Timer(0.3, process.kill).start()  # in the middle of a long piece of work
    with pytest.raises(ModelFileError, match="ended by itself or did not start"):
        read_sbml(growing(sbml), limits=Limits(nodes=10**9, cpu_seconds=2))
    assert read_sbml(decay).states == ("S",)


def test_what_comes_back_is_checked(decay: str) -> None:
    system = read_sbml(decay)
    good = to_plain(system)
    assert from_plain(good).structure_hash == system.structure_hash
    last = len(system.graph) - 1
    for change in (
        {"states": ["S", "S"]},
        {"rates": [last + 1]},
        {"rates": [-1]},
        {"rates": []},
        {"graph": [*good["graph"], ["add", [0], 0.0]]},
        {"graph": [*good["graph"], ["add", [0, last + 7], 0.0]]},
        {"graph": [*good["graph"], ["state", [], 1.0]]},
        {"graph": [*good["graph"], good["graph"][-1]]},
        {"graph": [["system", [], 0.0]]},
        {"default_values": ["a"]},
        {"scale": [math.inf]},
        {"assignable": {"S": [0]}},
        {"events": [1]},
    ):
        with pytest.raises(ModelFileError, match="came back damaged"):
            from_plain(good | change)
    with pytest.raises(ModelFileError, match="came back damaged"):
        from_plain([])


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
