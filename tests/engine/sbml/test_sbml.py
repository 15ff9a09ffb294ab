"""What names, rules and reactions of SBML mean once they are equations."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Settings, read_sbml, simulate
from rascade.errors import InputError, ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Writer = Callable[..., str]

TIGHT = Settings(rtol=1e-9, atol=1e-12)


def end(text: str, outputs: list[str], to: float = 1.0) -> list[float]:
    seg = simulate(read_sbml(text), to=to, outputs=outputs, settings=TIGHT, backend="reference")
    return seg.values[0, 0].tolist()


def test_the_name_of_a_species_is_its_concentration(decay: str) -> None:
    system = read_sbml(decay)
    assert system.states == ("S",)
    assert system.parameters == ("C", "k")
    assert system.defaults == {"C": 2.0, "k": 0.5}
    assert list(system.observables) == ["S", "elimination", "C", "k"]
    left = 10 * math.exp(-0.5)
    assert end(decay, ["S", "amount(S)", "[S]", "elimination"]) == pytest.approx(
        [left / 2, left, left / 2, 0.5 * left], rel=1e-8
    )


def test_a_species_with_only_substance_units_is_an_amount(sbml: Writer) -> None:
    text = sbml(
        compartments={"C": 'size="4" constant="true"'},
        species={"S": 'initialConcentration="3" hasOnlySubstanceUnits="true"'},
        parameters={"k": 'value="0.1"'},
        reactions=[("r", ["S"], [], "k * S")],
    )
    left = 12 * math.exp(-0.1)
    assert end(text, ["S", "[S]"]) == pytest.approx([left, left / 4], rel=1e-8)


def test_boundary_and_constant_species_are_not_changed_by_reactions(sbml: Writer) -> None:
    text = sbml(
        species={
            "A": 'initialAmount="1" boundaryCondition="true"',
            "B": 'initialAmount="2" boundaryCondition="true" constant="true"',
            "D": 'initialAmount="0"',
        },
        reactions=[("r", ["A", "2 B"], ["3 D"], "0.5 * A * B")],
    )
    assert end(text, ["A", "B", "D"]) == pytest.approx([1.0, 2.0, 3.0], rel=1e-8)


def test_rules_in_any_order_and_functions(sbml: Writer) -> None:
    text = sbml(
        parameters={
            "a": 'constant="false"',
            "b": 'constant="false"',
            "x": 'value="1" constant="false"',
        },
        functions={
            "twice": "lambda(u, 2 * u)",
            "hill": "lambda(u, k, n, u^n / (k^n + twice(u)^n))",
        },
        rules=[
            ("assignment", "a", "b + 1"),
            ("rate", "x", "a"),
            ("assignment", "b", "hill(2, 3, 2) + time"),
        ],
    )
    hill = 4 / (9 + 16)
    assert end(text, ["x", "a"], 2.0) == pytest.approx([1 + 2 * (hill + 1) + 2, hill + 3], rel=1e-8)


def test_initial_assignments_in_any_order_and_given_values_reach_them(sbml: Writer) -> None:
    text = sbml(
        compartments={"C": 'constant="true"'},
        species={"S": 'initialAmount="1"'},
        parameters={"k": "", "q": 'value="3"', "twice": ""},
        initial={"k": "twice + S", "C": "q", "twice": "2 * q", "S": "q * q"},
    )
    system = read_sbml(text)
    run = {"to": 1.0, "outputs": ["k", "C", "S", "amount(S)"], "backend": "reference"}
    assert simulate(system, **run).values[0, 0].tolist() == [15.0, 3.0, 9.0, 27.0]
    q5 = simulate(system, parameters={"q": 5.0}, **run).values[0, 0].tolist()
    assert q5 == [35.0, 5.0, 25.0, 125.0]
    s1 = simulate(system, initial={"S": 1.0}, parameters={"twice": 0.5}, **run).values[0, 0]
    assert s1.tolist() == [1.5, 3.0, 1.0, 3.0]


def test_circles_are_printed(sbml: Writer) -> None:
    rules = [
        ("assignment", "a", "b + 1"),
        ("assignment", "b", "c"),
        ("assignment", "c", "a"),
    ]
    text = sbml(parameters=dict.fromkeys("abc", 'constant="false"'), rules=rules)
    with pytest.raises(ModelFileError, match=r"circle: (a -> b -> c -> a|b -> c -> a -> b|c -> a)"):
        read_sbml(text)
    text = sbml(parameters={"a": "", "b": ""}, initial={"a": "b", "b": "a"})
    with pytest.raises(ModelFileError, match=r"circle: (a -> b -> a|b -> a -> b)"):
        read_sbml(text)


def test_a_rate_rule_for_a_concentration_in_a_growing_compartment(sbml: Writer) -> None:
    """d[S]/dt is what the rule says; the amount follows the volume."""
    text = sbml(
        compartments={"C": 'size="2" constant="false"'},
        species={"S": 'initialConcentration="1"'},
        rules=[("rate", "C", "1"), ("rate", "S", "0.5")],
    )
    assert end(text, ["S", "C", "amount(S)"], 2.0) == pytest.approx([2.0, 4.0, 8.0], rel=1e-8)
    text = sbml(
        compartments={"C": 'constant="false"'},
        species={"S": 'initialConcentration="1"'},
        rules=[("assignment", "C", "2 + time^2"), ("rate", "S", "0.5")],
    )
    assert end(text, ["S", "C", "amount(S)"], 2.0) == pytest.approx([2.0, 6.0, 12.0], rel=1e-8)


def test_a_reaction_in_a_growing_compartment_dilutes(sbml: Writer) -> None:
    text = sbml(
        compartments={"C": 'size="1" constant="false"'},
        species={"S": 'initialAmount="6"'},
        rules=[("rate", "C", "1")],
    )
    assert end(text, ["S", "amount(S)"], 2.0) == pytest.approx([2.0, 6.0], rel=1e-8)


def test_local_parameters_shadow_global_ones_and_can_be_set(sbml: Writer) -> None:
    text = sbml(
        species={"S": 'initialAmount="1"'},
        parameters={"k": 'value="100"'},
        reactions=[("r", ["S"], [], "k * S")],
    ).replace(
        "</math>",
        '</math><listOfLocalParameters><localParameter id="k" value="2"/></listOfLocalParameters>',
    )
    system = read_sbml(text)
    assert system.parameters == ("C", "k", "r.k")
    values = simulate(
        system,
        patients=2,
        parameters={"r.k": [2.0, 3.0]},
        to=1.0,
        outputs=["S"],
        settings=TIGHT,
        backend="reference",
    )["S"]
    np.testing.assert_allclose(values[:, 0], np.exp([-2.0, -3.0]), rtol=1e-8)


def test_conversion_factors(sbml: Writer) -> None:
    text = sbml(
        species={"A": 'initialAmount="5"', "B": 'initialAmount="0" conversionFactor="f"'},
        parameters={"g": 'value="2"', "f": 'value="10"'},
        reactions=[("r", ["A"], ["B"], "0.25")],
        attributes='conversionFactor="g"',
    )
    assert end(text, ["A", "B"], 2.0) == pytest.approx([4.0, 5.0])


def test_variable_stoichiometry(sbml: Writer) -> None:
    text = sbml(
        species={"A": 'initialAmount="0"'},
        parameters={"n": 'value="3"'},
        reactions=[("r", [], ["A"], "2")],
        initial={"share": "n + 1"},
    ).replace('species="A" stoichiometry="1"', 'id="share" species="A"')
    assert end(text, ["A", "share"]) == pytest.approx([8.0, 4.0])


LEVEL2 = """<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
<model id="old"><listOfCompartments><compartment id="C"/></listOfCompartments>
<listOfSpecies><species id="A" compartment="C"/></listOfSpecies>
<listOfParameters><parameter id="n" value="3"/></listOfParameters>
<listOfReactions><reaction id="r"><listOfProducts><speciesReference species="A">
<stoichiometryMath><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><plus/><ci>n</ci>
<cn type="rational">1<sep/>2</cn></apply></math></stoichiometryMath></speciesReference>
</listOfProducts><kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>k</ci></math>
<listOfParameters><parameter id="k" value="2"/></listOfParameters></kineticLaw></reaction>
</listOfReactions></model></sbml>"""


def test_level_2_with_its_own_stoichiometry_and_defaults() -> None:
    assert end(LEVEL2, ["A", "r.k"]) == pytest.approx([7.0, 2.0])
    assert read_sbml(LEVEL2).notes == (
        "compartment 'C' has no size; taken as 1",
        "species 'A' has no initial value; taken as 0",
    )


def test_what_has_no_mathematics_is_left_out_and_noted(decay: str) -> None:
    start, stop = decay.index("<kineticLaw>"), decay.index("</kineticLaw>")
    text = decay[:start] + decay[stop + len("</kineticLaw>") :]
    assert end(text, ["amount(S)", "elimination"]) == [10.0, 0.0]
    assert read_sbml(text).notes == ("reaction 'elimination' has no kinetic law; taken as 0",)
    text = decay.replace("<listOfReactions>", '<listOfRules><rateRule variable="C"/></listOfRules>'
                         "<listOfReactions>")  # fmt: skip
    assert "no mathematics for 'C'" in read_sbml(text).notes[0]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"rules": [("rate", "x", "1"), ("assignment", "x", "2")]}, "'x' is set twice"),
        ({"rules": [("assignment", "x", "2")], "initial": {"x": "1"}}, "'x' is set twice"),
        ({"rules": [("rate", "w", "1")]}, "sets 'w', which the model does not have"),
        ({"attributes": 'conversionFactor="w"'}, "conversion factor 'w' does not exist"),
        ({"functions": {"f": "lambda(u, u)"}, "initial": {"x": "f(1, 2)"}}, "takes 1 arguments"),
    ],
)
def test_contradictory_parts(sbml: Writer, parts: dict[str, object], message: str) -> None:
    text = sbml(
        species={"S": 'initialAmount="1"'},
        parameters={"x": 'constant="false"'},
        reactions=[("r", ["S"], [], "1")],
        **parts,
    )
    with pytest.raises(ModelFileError, match=message):
        read_sbml(text)


def test_a_missing_stoichiometry_is_refused(decay: str) -> None:
    text = decay.replace('species="S" stoichiometry="1"', 'species="S"')
    with pytest.raises(ModelFileError, match="no stoichiometry for 'S' in 'elimination'"):
        read_sbml(text)


def test_a_size_that_depends_on_what_it_dilutes_is_refused(sbml: Writer) -> None:
    text = sbml(
        compartments={"C": 'constant="false"'},
        species={"S": 'initialConcentration="1"'},
        rules=[("assignment", "C", "1 + 0.1 * x"), ("rate", "S", "1"), ("rate", "x", "1")],
        parameters={"x": 'value="0" constant="false"'},
    )
    assert end(text, ["S", "C"]) == pytest.approx([2.0, 1.1])
    text = sbml(
        compartments={"C": 'size="1" constant="false"', "D": 'constant="false"'},
        species={"A": 'initialConcentration="1"', "B": 'initialConcentration="1" compartment="D"'},
        rules=[("assignment", "D", "1 + A"), ("rate", "A", "1"), ("rate", "B", "1")],
    )
    with pytest.raises(UnsupportedFeature, match="whose size depends on it"):
        read_sbml(text)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("piecewise(1, x < 1, 2, x < 3, 3)", 2.0),
        ("piecewise(5, x > 3)", math.nan),
        ("piecewise(1, and(x > 1, not(x == 3)), 0)", 1.0),
        ("piecewise(1, xor(true, x > 1, true), 0)", 1.0),
        ("piecewise(1, 1 < x && x < 2.5, 0)", 1.0),
        ("max(1, x, 1.5) + min(x, 7, 0.5)", 2.5),
        ("rem(-7, 3) + 10 * quotient(-7, 3)", -21.0),
        ("log(10, 1000) + log(2, 8) + ln(exp(1))", 7.0),
        ("root(3, 27) + sqrt(x * x)", 5.0),
        ("factorial(4) + floor(2.7) + ceil(2.2) + abs(-x)", 31.0),
        ("sec(0) + csc(pi / 2) + cot(pi / 4)", 3.0),
        ("arcsec(2) - arccos(0.5) + arccot(x) - arctan(1/x) + arccsc(2) - arcsin(0.5)", 0.0),
        ("sech(x) * cosh(x) + csch(x) * sinh(x) + coth(x) * tanh(x)", 3.0),
        ("arcsech(1/x) - arccosh(x) + arccsch(1/x) - arcsinh(x) + arccoth(x)", math.atanh(0.5)),
        ("avogadro / 6.02214179e23", 1.0),
        ("implies(x > 5, false) + true", 2.0),
        ("x^-2 + -x", -1.75),
    ],
)
def test_mathematics(sbml: Writer, formula: str, value: float) -> None:
    text = sbml(
        parameters={"x": 'value="2"', "y": 'constant="false"'},
        rules=[("assignment", "y", formula)],
    )
    assert end(text, ["y"])[0] == pytest.approx(value, rel=1e-14, abs=1e-14, nan_ok=True)


SIMBIOLOGY = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="export">
<listOfCompartments><compartment id="Tumor" size="2"/></listOfCompartments>
<listOfSpecies>
<species id="Tumor.CD8" compartment="Tumor" initialAmount="4"/>
<species id="max" compartment="Tumor" initialAmount="4" hasOnlySubstanceUnits="true"/>
</listOfSpecies>
<listOfParameters><parameter id="k.el" value="0.5"/><parameter id="min" value="0.1"/>
</listOfParameters>
<listOfReactions><reaction id="r.1" reversible="false"><listOfReactants>
<speciesReference species="Tumor.CD8"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k.el</ci>
<apply><ci>max</ci><ci>Tumor.CD8</ci><ci>max</ci><ci>min</ci></apply></apply></math></kineticLaw>
</reaction></listOfReactions></model></sbml>"""


def test_simbiology_exports_with_dots_and_max_as_a_name() -> None:
    assert end(SIMBIOLOGY, ["r.1", "amount(Tumor.CD8)"]) == pytest.approx([2.0, 2.0])


def csymbol(name: str, inside: str) -> str:
    url = f"http://www.sbml.org/sbml/symbols/{name}"
    return f'<apply><csymbol encoding="text" definitionURL="{url}"> d </csymbol>{inside}</apply>'


ALGEBRAIC = """<listOfRules><algebraicRule>
<math xmlns="http://www.w3.org/1998/Math/MathML"><ci> k </ci></math></algebraicRule></listOfRules>
<listOfReactions>"""
FBC = """level="3" xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2"
fbc:required="true" """


@pytest.mark.parametrize(
    ("feature", "change"),
    [
        ("delay", ("<ci> k </ci>", csymbol("delay", "<ci> k </ci><cn> 1 </cn>"))),
        ("rateOf", ("<ci> k </ci>", csymbol("rateOf", "<ci> S </ci>"))),
        ("algebraic rule", ("<listOfReactions>", ALGEBRAIC)),
        ("SBML package fbc", ('level="3"', FBC)),
    ],
)
def test_out_of_scope_is_refused_by_name(decay: str, feature: str, change: tuple[str, str]) -> None:
    assert change[0] in decay
    with pytest.raises(UnsupportedFeature) as caught:
        read_sbml(decay.replace(*change, 1))
    assert caught.value.feature == feature
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("part", "feature"), [("delay", "delayed event"), ("priority", "prioritised event")]
)
def test_events_out_of_scope(
    sbml: Writer, math: Callable[[str], str], part: str, feature: str
) -> None:
    text = sbml(
        parameters={"x": 'value="1" constant="false"'},
        events=f'<listOfEvents><event useValuesFromTriggerTime="true"><trigger initialValue="true" '
        f'persistent="true">{math("x > 2")}</trigger><{part}>{math("1")}</{part}></event>'
        "</listOfEvents>",
    )
    with pytest.raises(UnsupportedFeature) as caught:
        read_sbml(text)
    assert caught.value.feature == feature


def test_optional_packages_are_passed_over(decay: str) -> None:
    text = decay.replace(
        'level="3"',
        'level="3" xmlns:layout="http://www.sbml.org/sbml/level3/version1/layout/version1" '
        'layout:required="false"',
        1,
    )
    assert read_sbml(text).states == ("S",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<ci> k </ci>", "<ci> kk </ci>", "nothing in the model is called 'kk'"),
        ("<ci> k </ci>", "<apply><ci> f </ci><ci> k </ci></apply>", "no function 'f'"),
        ('species="S"', 'species="T"', "'T' is not a species"),
        ('compartment="C"', 'compartment="D"', "in no compartment"),
        ('parameter id="k"', 'parameter id="S"', "identifier 'S' is used twice"),
    ],
)
def test_contradictions_are_named(decay: str, old: str, new: str, message: str) -> None:
    assert old in decay
    with pytest.raises(ModelFileError, match=message):
        read_sbml(decay.replace(old, new, 1))


def test_a_document_without_a_model() -> None:
    text = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"/>'
    with pytest.raises(ModelFileError, match="has no model"):
        read_sbml(text)


def test_a_parameter_without_value_must_be_given(sbml: Writer) -> None:
    text = sbml(
        species={"S": 'initialAmount="1"'},
        parameters={"k": "", "unused": ""},
        reactions=[("r", ["S"], [], "k * S")],
    )
    system = read_sbml(text)
    with pytest.raises(InputError, match="parameter 'k' has no value"):
        simulate(system, to=1.0, backend="reference")
    got = simulate(system, to=1.0, parameters={"k": 1}, outputs=["S"], backend="reference")
    assert got["S"][0, 0] == pytest.approx(math.exp(-1), rel=1e-3)


def test_unknown_outputs_offer_near_names(decay: str) -> None:
    with pytest.raises(InputError, match="did you mean 'elimination'"):
        read_sbml(decay).observable("eliminatoin")


def test_the_numbers_of_nodes_do_not_depend_on_the_process(decay: str, sbml: Writer) -> None:
    """Python's hashes of strings differ by process; what a model becomes must not."""
    text = sbml(
        species={f"S{k}": 'initialAmount="1"' for k in range(6)},
        parameters={f"p{k}": 'constant="false"' for k in range(6)} | {"z": 'value="1"'},
        rules=[("assignment", f"p{k}", f"z * S{k} + S{(k + 1) % 6}") for k in range(6)],
        reactions=[(f"r{k}", [f"S{k}"], [], f"p{k} * p{5 - k}") for k in range(6)],
    )
    code = (
        "import sys; from rascade.engine import read_sbml; s = read_sbml(sys.stdin.read()); "
        "print(s.structure_hash, s.rates, s.jacobian)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(3)
    }
    assert len(answers) == 1


def test_what_depends_on_parameters_alone_is_known(decay: str) -> None:
    system = read_sbml(decay)
    graph = system.graph
    k, c = (graph.parameter(system.parameters.index(name)) for name in ("k", "C"))
    assert {k, c, graph.mul(c, k)} <= system.parameter_only
    assert not {graph.state(0), system.rates[0]} & system.parameter_only


def test_structure_hash_ignores_values_and_sees_equations(decay: str) -> None:
    one = read_sbml(decay)
    other = read_sbml(decay.replace('value="0.5"', 'value="7"').replace('"10"', '"3"'))
    assert one.structure_hash == other.structure_hash
    third = read_sbml(decay.replace("<times/>", "<plus/>", 1))
    assert one.structure_hash != third.structure_hash


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "utf-8"), ("utf-16", "UTF-16"), ("latin-1", "ISO-8859-1")],
)
def test_encodings(decay: str, tmp_path: Path, encoding: str, declared: str) -> None:
    path = tmp_path / "model.xml"
    named = decay.replace('id="m"', 'id="m" name="pancréas"').replace("UTF-8", declared)
    path.write_bytes(named.encode(encoding))
    assert read_sbml(path).states == ("S",)


def test_paths_and_missing_files(decay: str, tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(decay)
    assert read_sbml(path).structure_hash == read_sbml(decay).structure_hash
    assert read_sbml(str(path)).name == "m"
    with pytest.raises(ModelFileError, match=r"cannot read the model .*none\.xml.*No such file"):
        read_sbml(tmp_path / "none.xml")
    path.write_text(decay.replace("</model>", ""))
    with pytest.raises(ModelFileError, match=r"model\.xml:9: not well-formed"):
        read_sbml(path)
