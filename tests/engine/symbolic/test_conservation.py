"""Conservation laws: found exactly, kept by both back ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, read_sbml

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[..., str]

AMOUNT = 'initialAmount="{}" hasOnlySubstanceUnits="true"'


@pytest.fixture
def enzyme(sbml: Writer) -> str:
    return sbml(
        species={k: AMOUNT.format(v) for k, v in {"E": 1, "S": 10, "ES": 0, "P": 0}.items()},
        parameters={"on": 'value="3"', "off": 'value="1"', "cat": 'value="2"'},
        reactions=[
            ("bind", ["E", "S"], ["ES"], "on * E * S - off * ES"),
            ("turn", ["ES"], ["E", "P"], "cat * ES"),
        ],
    )


def test_an_enzyme_and_what_it_turns_over(enzyme: str, backend: str) -> None:
    system = read_sbml(enzyme)
    assert sorted(map(str, system.conservation_laws)) == ["E + ES", "S + ES + P"]
    simulation = Simulation(system, backend=backend, settings=Settings(rtol=1e-3))
    laws = [str(law) for law in system.conservation_laws]
    for to in (0.1, 5.0, 100.0):
        simulation.advance(to)
        totals = dict(zip(laws, simulation.conserved()[0], strict=True))
        assert totals["E + ES"] == pytest.approx(1.0, rel=1e-12)
        assert totals["S + ES + P"] == pytest.approx(10.0, rel=1e-12)


def test_coefficients_are_exact(sbml: Writer) -> None:
    """2 A -> 3 B and B -> 0.1 F; D is fed and conserved by nothing; Z never changes."""
    system = read_sbml(
        sbml(
            species={k: AMOUNT.format(1) for k in "ABFDZ"},
            parameters={"k": 'value="1"'},
            reactions=[
                ("r", ["2 A"], ["3 B"], "k * A"),
                ("s", ["B"], ["0.1 F"], "k * B"),
                ("feed", [], ["D"], "k"),
            ],
        )
    )
    (law,) = system.conservation_laws
    # 0.1 is the nearest double, exactly.
    exact = float.as_integer_ratio(0.1)
    a, b, c = (law.coefficients[name] for name in "ABF")
    assert 2 * a == 3 * b
    assert b * exact[1] == c * exact[0]


def test_a_law_is_written_as_people_do(sbml: Writer) -> None:
    system = read_sbml(
        sbml(
            species={k: AMOUNT.format(1) for k in "ABF"},
            parameters={"k": 'value="1"'},
            reactions=[("r", ["A"], ["2 B"], "k * A"), ("s", [], ["A", "F"], "k")],
        )
    )
    assert [str(law) for law in system.conservation_laws] == ["2 A + B - 2 F"]


def test_nothing_is_conserved_where_something_decays(decay: str) -> None:
    assert read_sbml(decay).conservation_laws == ()
    simulation = Simulation(read_sbml(decay), patients=3, backend="reference")
    assert simulation.conserved().shape == (3, 0)


def test_doses_add_what_they_add(enzyme: str, backend: str) -> None:
    system = read_sbml(enzyme)
    place = [str(law) for law in system.conservation_laws].index("S + ES + P")
    doses = Doses([0, 1, 1], [1.0, 2.0, 3.0], "S", [5.0, 7.0, 1.0], [0.0, 0.0, 2.0])
    simulation = Simulation(system, patients=2, doses=doses, backend=backend)
    simulation.advance(10.0)
    np.testing.assert_allclose(simulation.conserved()[:, place], [15.0, 18.0], rtol=1e-12)


def test_the_disease_model() -> None:
    from rascade.model import assemble

    system = assemble(["daraxonrasib"]).system
    laws = system.conservation_laws
    simulation = Simulation(
        system, patients=2, doses=Doses(None, np.arange(7) * 24.0, "gut_daraxonrasib", 300.0)
    )
    before = simulation.conserved()
    simulation.advance(14 * 24.0)
    assert not simulation.failures()
    assert len(laws) >= 1
    np.testing.assert_allclose(simulation.conserved(), before, rtol=1e-9)
