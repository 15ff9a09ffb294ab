"""Models for the tests of the engine, written as text, and the back ends to run them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@pytest.fixture(params=["reference", "compiled"])
def backend(request: pytest.FixtureRequest) -> str:
    """Every test of meaning runs on both back ends."""
    return str(request.param)


def _math(formula: str) -> str:
    import libsbml

    tree = libsbml.parseL3Formula(formula)
    assert tree is not None, libsbml.getLastParseL3Error()
    text = libsbml.writeMathMLToString(tree)
    return str(text.split("?>", 1)[1])


def write_sbml(
    *,
    compartments: Mapping[str, str] | None = None,
    species: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    reactions: Sequence[tuple[str, Sequence[str], Sequence[str], str]] = (),
    rules: Sequence[tuple[str, str, str]] = (),
    initial: Mapping[str, str] | None = None,
    functions: Mapping[str, str] | None = None,
    events: str = "",
    attributes: str = "",
) -> str:
    """Return a Level 3 Version 2 document.

    Compartments, species and parameters are given with their XML attributes; reactions as (name,
    reactants, products, kinetic law), a reactant as ``2 A`` or ``A``; rules as (assignment or
    rate, variable, formula); functions as ``lambda(...)``.
    """
    out = []

    def block(name: str, parts: list[str]) -> None:
        if parts:
            out.append(f"<listOf{name}>{''.join(parts)}</listOf{name}>")

    def side(name: str, members: Sequence[str]) -> str:
        refs = ""
        for member in members:
            count, _, species_id = member.rpartition(" ")
            refs += f'<speciesReference species="{species_id}" stoichiometry="{count or 1}" '
            refs += 'constant="true"/>'
        return f"<listOf{name}>{refs}</listOf{name}>" if refs else ""

    block(
        "FunctionDefinitions",
        [
            f'<functionDefinition id="{k}">{_math(v)}</functionDefinition>'
            for k, v in (functions or {}).items()
        ],
    )
    block(
        "Compartments",
        [
            f'<compartment id="{k}" spatialDimensions="3" {v}/>'
            for k, v in (compartments or {"C": 'size="1" constant="true"'}).items()
        ],
    )
    defaults = {
        "compartment": "C",
        "hasOnlySubstanceUnits": "false",
        "boundaryCondition": "false",
        "constant": "false",
    }
    block(
        "Species",
        [
            f'<species id="{k}" {v} '
            + " ".join(f'{a}="{b}"' for a, b in defaults.items() if f"{a}=" not in v)
            + "/>"
            for k, v in (species or {}).items()
        ],
    )
    constants = {
        k: v if "constant=" in v else f'{v} constant="true"' for k, v in (parameters or {}).items()
    }
    block("Parameters", [f'<parameter id="{k}" {v}/>' for k, v in constants.items()])
    block(
        "InitialAssignments",
        [
            f'<initialAssignment symbol="{k}">{_math(v)}</initialAssignment>'
            for k, v in (initial or {}).items()
        ],
    )
    block("Rules", [f'<{k}Rule variable="{v}">{_math(f)}</{k}Rule>' for k, v, f in rules])
    block(
        "Reactions",
        [
            f'<reaction id="{k}" reversible="false">{side("Reactants", r)}{side("Products", p)}'
            f"<kineticLaw>{_math(law)}</kineticLaw></reaction>"
            for k, r, p, law in reactions
        ],
    )
    body = "".join(out) + events
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'
        f'<model id="m" {attributes}>{body}</model></sbml>'
    )


@pytest.fixture
def sbml() -> Callable[..., str]:
    """The writer of small models, `write_sbml`."""
    return write_sbml


@pytest.fixture
def math() -> Callable[[str], str]:
    """A formula as MathML."""
    return _math


@pytest.fixture
def decay() -> str:
    """One species in a compartment of 2, eliminated at the rate k."""
    return write_sbml(
        compartments={"C": 'size="2" constant="true"'},
        species={"S": 'initialAmount="10"'},
        parameters={"k": 'value="0.5"'},
        reactions=[("elimination", ["S"], [], "C * k * S")],
    )
