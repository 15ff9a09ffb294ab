"""Numbers in model files are read strictly, and what was assumed is said."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, read_sbml, simulate
from rascade.engine import __main__ as command
from rascade.errors import InputError, ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parents[2] / "cases" / "engine"
NAMESPACES = {3: "level3/version2/core", 2: "level2/version4"}


def document(body: str, level: int = 3) -> str:
    version = 2 if level == 3 else 4
    return (
        f'<sbml xmlns="http://www.sbml.org/sbml/{NAMESPACES[level]}" level="{level}" '
        f'version="{version}"><model id="m">\n{body}</model></sbml>'
    )


def with_cn(cn: str) -> str:
    return document(
        '<listOfParameters><parameter id="x" value="1" constant="false"/></listOfParameters>'
        '<listOfRules><rateRule variable="x"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        f"{cn}</math></rateRule></listOfRules>"
    )


def run(model: Path, out: Path, *words: str) -> list[list[str]]:
    assert command.main([str(model), "--out", str(out), *words]) == 0
    return list(csv.reader(out.read_text().splitlines()))


# -- numbers in formulas and attributes ------------------------------------------------------


def test_a_comma_in_a_number_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = [str(CASES / "comma_in_cn.xml"), "--end", "1", "--out", str(tmp_path / "x.csv")]
    assert command.main(words) == 2
    assert "comma_in_cn.xml:2: a <cn> holds '-0,5', which is not a number; write -0.5" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "cn",
    [
        "<cn></cn>",
        "<cn/>",
        "<cn>1e</cn>",
        "<cn>1d3</cn>",
        "<cn>0x10</cn>",
        "<cn>1 2</cn>",
        "<cn>1_000</cn>",
        "<cn>1.5 mg</cn>",
        "<cn>--1</cn>",
        "<cn>INF</cn>",
        "<cn>nan</cn>",
        "<cn>1e999</cn>",
        "<cn>٣</cn>",
        "<cn>1<ci>x</ci></cn>",
        "<cn>1<sep/>2</cn>",
        '<cn type="integer">1.5</cn>',
        '<cn type="integer">1e3</cn>',
        '<cn type="rational">1<sep/>0</cn>',
        '<cn type="rational">1.5<sep/>2</cn>',
        '<cn type="rational">1</cn>',
        '<cn type="rational">1<sep/>2<sep/>3</cn>',
        '<cn type="e-notation">1.5<sep/>2.5</cn>',
        '<cn type="e-notation">1,5<sep/>2</cn>',
        '<cn type="e-notation">1.5<sep/></cn>',
        '<cn type="e-notation">1.5</cn>',
        '<cn type="e-notation">1<sep/>999</cn>',
        '<cn base="16">10</cn>',
        '<cn type="complex-cartesian">1<sep/>2</cn>',
    ],
)
def test_malformed_numbers_in_formulas_are_refused(cn: str) -> None:
    with pytest.raises(ModelFileError, match=r"the model text:2: a <cn> "):
        read_sbml(with_cn(cn))


@pytest.mark.parametrize(
    ("cn", "value"),
    [
        ("<cn>\n +1.5 </cn>", 1.5),
        ("<cn>-.5</cn>", -0.5),
        ("<cn>5.</cn>", 5.0),
        ("<cn>1E-3</cn>", 1e-3),
        ("<cn>1<!-- one --><![CDATA[2]]></cn>", 12.0),
        ('<cn type="integer"> -3 </cn>', -3.0),
        ('<cn type="rational">-1<sep/>4</cn>', -0.25),
        ('<cn type="e-notation">1.5<sep/>-2</cn>', 0.015),
        ("<apply><plus/><cn>1</cn><cn>2</cn></apply>", 3.0),
        ("<apply><times/><cn>2</cn><exponentiale/></apply>", 2 * np.e),
    ],
)
def test_numbers_in_formulas(cn: str, value: float) -> None:
    found = simulate(read_sbml(with_cn(cn)), to=1.0, outputs=["x"], backend="reference",
                     settings=Settings(nonnegative=False))  # fmt: skip
    assert found.values[0, 0, 0] == pytest.approx(1 + value, rel=1e-12)


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize(
    ("element", "says"),
    [
        ('<parameter id="p" value="1,5"/>', "value='1,5' of parameter 'p' is not a number; write"),
        ('<parameter id="p" value=""/>', "value='' of parameter 'p' is not a number"),
        ('<parameter id="p" value="0x10"/>', "value='0x10' of parameter 'p'"),
        ('<parameter id="p" value="inf"/>', "INF in an attribute"),
        ('<parameter id="p" value="nan"/>', "NaN in an attribute"),
        ('<parameter id="p" value="1e"/>', "value='1e' of parameter 'p'"),
        ('<parameter id="p" value="1" constant="yes"/>', "constant='yes' of parameter 'p' is not"),
        ('<compartment id="c" size="abc"/>', "size='abc' of compartment 'c'"),
        ('<compartment id="c" spatialDimensions="three"/>', "spatialDimensions='three' of"),
        ('<species id="s" initialConcentration="1e"/>', "initialConcentration='1e' of species 's'"),
        ('<species id="s" initialAmount="1 2"/>', "initialAmount='1 2' of species 's'"),
        ('<species id="s" hasOnlySubstanceUnits=""/>', "hasOnlySubstanceUnits='' of species 's'"),
        ('<speciesReference species="s" stoichiometry="2x"/>', "stoichiometry='2x' of"),
        ('<reaction id="r" reversible="no"/>', "reversible='no' of reaction 'r'"),
    ],
)
def test_malformed_attributes_are_refused(element: str, says: str, level: int) -> None:
    with pytest.raises(ModelFileError) as caught:
        read_sbml(document(element, level))
    assert str(caught.value).startswith("the model text:2: ")
    assert says in str(caught.value)


def test_attributes_that_are_numbers_and_annotations_that_are_none() -> None:
    system = read_sbml(
        document(
            '<annotation><cn xmlns="http://www.w3.org/1998/Math/MathML">1,5</cn>'
            '<parameter value="a lot"/></annotation>'
            '<listOfParameters><parameter id="a" value=" +1.5 " constant="1"/>'
            '<parameter id="b" value="-INF" constant="true"/>'
            '<parameter id="c" value="NaN" constant="true"/></listOfParameters>'
        )
    )
    np.testing.assert_array_equal(system.default_values, [1.5, -np.inf, np.nan])


# -- what is assumed is said -----------------------------------------------------------------


def test_a_constant_reactant_is_held_and_noted(
    sbml: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sbml(
        species={
            "A": 'initialAmount="1" constant="true"',
            "B": 'initialAmount="0"',
            "E": 'initialAmount="1" constant="true" boundaryCondition="true"',
        },
        reactions=[("J", ["A", "E"], ["B"], "A * E")],
    )
    system = read_sbml(text)
    note = "species 'A' is constant and yet in a reaction (SBML rule 20611); it is held constant"
    assert system.notes == (note,)
    (tmp_path / "m.xml").write_text(text)
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "2", "--select", "A,B")
    assert [float(v) for v in rows[-1][1:]] == pytest.approx([1.0, 2.0])
    assert capsys.readouterr().err == f"rascade.engine: note: {note}\n"


def test_constants_that_a_rule_or_an_event_changes_are_noted(
    sbml: Callable[..., str], math: Callable[[str], str]
) -> None:
    event = (
        '<listOfEvents><event useValuesFromTriggerTime="true">'
        f'<trigger initialValue="true" persistent="true">{math("time > 1")}</trigger>'
        f'<listOfEventAssignments><eventAssignment variable="c">{math("1")}</eventAssignment>'
        "</listOfEventAssignments></event></listOfEvents>"
    )
    rules = [("rate", "a", "1"), ("assignment", "b", "2"), ("rate", "d", "1")]
    constants = dict.fromkeys("abc", 'value="0"')
    system = read_sbml(
        sbml(parameters=constants | {"d": 'value="0" constant="false"'}, rules=rules, events=event)
    )
    assert system.notes == (
        "'b' is constant and yet an assignment rule sets it; so it changes",
        "'a' is constant and yet a rate rule changes it; so it changes",
        "'c' is constant and yet an event sets it; so it changes",
    )


def test_only_the_first_column_is_called_time(sbml: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text(sbml(parameters={"time": 'value="7"', "k": 'value="1"'}))
    header = ["time", "C", "time (model)", "k"]
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "1", "--steps", "1")
    assert sorted(rows[0]) == sorted(header)
    assert rows[0][0] == "time"
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "1", "--select", "k,time")
    assert rows[0] == ["time", "k", "time (model)"]
    assert rows[-1] == ["1.0", "1.0", "7.0"]


# -- tolerances ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["1e-18", "1e-15", "1e-12", "1e6"])
@pytest.mark.parametrize("words", [(), ("--atol", "1e-12")], ids=["default", "given"])
def test_the_size_of_a_compartment_does_not_matter(
    tmp_path: Path, size: str, words: tuple[str, ...], backend: str
) -> None:
    text = (CASES / "small_volume_1e-12.xml").read_text()
    (tmp_path / "m.xml").write_text(text.replace('size="1e-12"', f'size="{size}"'))
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "60", "--steps", "1",
               "--select", "x,y", "--backend", backend, *words)  # fmt: skip
    assert [float(v) for v in rows[-1][1:]] == pytest.approx([16.6158, 4.3411], abs=1e-4)


def test_a_state_that_starts_empty_in_a_small_compartment(
    sbml: Callable[..., str], tmp_path: Path, backend: str
) -> None:
    """Its typical size is that of concentrations elsewhere, not of amounts."""
    text = sbml(
        compartments={"C": 'size="1e-15" constant="true"'},
        species={"A": 'initialConcentration="1"', "B": 'initialConcentration="0"'},
        parameters={"x": 'value="1" constant="false"'},
        rules=[("rate", "x", "-x")],
        reactions=[("J", ["A"], ["B"], "C * A"), ("L", ["B"], [], "C * 2 * B")],
    )
    (tmp_path / "m.xml").write_text(text)
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "3", "--steps", "1",
               "--select", "B", "--backend", backend, "--rtol", "1e-6")  # fmt: skip
    assert float(rows[-1][1]) == pytest.approx(np.exp(-3) - np.exp(-6), rel=1e-5)
    np.testing.assert_allclose(read_sbml(text).scale, [1e-15, 1e-15, 1.0])


def test_a_tolerance_is_in_the_meaning_of_the_name(sbml: Callable[..., str]) -> None:
    system = read_sbml(
        sbml(
            compartments={"C": 'constant="true"'},
            species={
                "A": 'initialConcentration="1"',
                "B": 'initialAmount="1" hasOnlySubstanceUnits="true"',
            },
            parameters={"x": 'value="1" constant="false"', "V": 'value="4"'},
            initial={"C": "V"},
            rules=[("rate", "x", "1")],
        )
    )

    def tolerances(given: float | dict[str, float]) -> list[list[float]]:
        simulation = Simulation(
            system, patients=2, parameters={"V": [4.0, 8.0]}, settings=Settings(atol=given),
            backend="reference",
        )  # fmt: skip
        return simulation._batch.atol.tolist()

    assert tolerances(0.5) == [[2.0, 0.5, 0.5], [4.0, 0.5, 0.5]]
    by_name = [tolerances({name: 0.5})[1][0] for name in ("A", "[A]", "amount(A)")]
    assert by_name == [4.0, 4.0, 0.5]
    with pytest.raises(InputError, match="two values of atol for 'A'"):
        tolerances({"A": 1.0, "amount(A)": 1.0})


# -- dimensions ------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", ["0", "1", "2", "3", "2.5", "0.5", "-1", "NaN", None])
def test_dimensions_of_level_3_change_no_formula(dimensions: str | None, tmp_path: Path) -> None:
    text = (CASES / "spatial_dimensions_0_with_size.xml").read_text()
    given = "" if dimensions is None else f'spatialDimensions="{dimensions}"'
    (tmp_path / "m.xml").write_text(text.replace('spatialDimensions="0"', given))
    rows = run(tmp_path / "m.xml", tmp_path / "x.csv", "--end", "2", "--steps", "1",
               "--select", "A")  # fmt: skip
    assert float(rows[-1][1]) == pytest.approx(4.524187, abs=1e-6)


def test_a_level_2_compartment_without_dimensions_holds_amounts() -> None:
    """It has no size (Level 2 Version 4, 4.7.5), so that nothing in it has a concentration."""
    body = (
        '<listOfCompartments><compartment id="c" spatialDimensions="{}"/></listOfCompartments>'
        '<listOfSpecies><species id="A" compartment="c" initialAmount="5"/></listOfSpecies>'
    )
    assert "[A]" not in read_sbml(document(body.format(0), level=2)).forms
    assert "[A]" in read_sbml(document(body.format(2), level=2)).forms


# -- short infusions -------------------------------------------------------------------------


@pytest.mark.parametrize("time", [0.0, 3.0, 1000.0, 123_456.789])
def test_a_short_infusion_gives_all_of_its_dose(
    sbml: Callable[..., str], time: float, backend: str
) -> None:
    system = read_sbml(
        sbml(
            species={"S": 'initialAmount="0"'},
            parameters={"k": 'value="0.01"'},
            reactions=[("loss", ["S"], [], "k * S")],
        )
    )
    lengths = np.array([1e-15, 1e-13, 1e-12, 1e-11, 1e-9, 1e-6, 1e-3])
    simulation = Simulation(
        system,
        patients=len(lengths),
        start=time,
        doses=Doses(np.arange(len(lengths)), time, "S", 100.0, lengths),
        settings=Settings(rtol=1e-8),
        backend=backend,
    )
    given = 100 * -np.expm1(-0.01 * lengths) / (0.01 * lengths)
    expected = given * np.exp(-0.01 * (1 - lengths))
    segment = simulation.advance(time + 1, [time + 1], ["S"])
    np.testing.assert_allclose(segment.values[:, 0, 0], expected, rtol=1e-12)
