"""Powers, roots and logarithms of species at zero: both back ends solve the same equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Settings, Simulation, read_sbml
from rascade.engine.symbolic.domain import keep_in_domain
from rascade.engine.symbolic.expression import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[..., str]


def hill(sbml: Writer, n: str, start: str = "0") -> str:
    amount = 'initialAmount="{}" hasOnlySubstanceUnits="true"'
    return sbml(
        species={"S": amount.format(start), "P": amount.format(0)},
        parameters={"n": f'value="{n}"'},
        reactions=[
            ("feed", [], ["S"], "1"),
            ("loss", ["S"], [], "S"),
            ("make", [], ["P"], "S^n / (1 + S^n)"),
            ("decay", ["P"], [], "P"),
        ],
    )


def test_a_fractional_power_of_an_empty_species(sbml: Writer, backend: str) -> None:
    """Every trial step from zero goes a little below; that must not become NaN."""
    simulation = Simulation(
        read_sbml(hill(sbml, "2.5")), settings=Settings(rtol=1e-7), backend=backend
    )
    segment = simulation.advance(30.0, [0.01, 1.0, 30.0], ["S", "P"])
    assert simulation.failures() == []
    assert simulation.counters["rejected"][0] < 10
    np.testing.assert_allclose(segment["S"][0], 1 - np.exp(-segment.times), rtol=1e-5)
    assert segment["P"][0, -1] == pytest.approx(0.5, rel=1e-5)


def test_a_species_that_runs_dry_stays_dry(sbml: Writer, backend: str) -> None:
    """S' = -2 k sqrt(S): S = (sqrt(S0) - k t)^2 until it is empty, then nothing flows."""
    text = sbml(
        species={"S": 'initialAmount="1" hasOnlySubstanceUnits="true"'},
        parameters={"k": 'value="0.5"'},
        reactions=[("flow", ["S"], [], "2 * k * sqrt(S)")],
    )
    simulation = Simulation(
        read_sbml(text), settings=Settings(rtol=1e-7, atol=1e-9), backend=backend
    )
    segment = simulation.advance(10.0, [1.0, 1.9, 5.0, 10.0], ["S"])
    assert simulation.failures() == []
    np.testing.assert_allclose(segment["S"][0], [0.25, 0.0025, 0.0, 0.0], atol=1e-6)


def test_back_ends_agree_where_a_solution_touches_zero(sbml: Writer) -> None:
    found = [
        Simulation(read_sbml(hill(sbml, "1.3")), settings=Settings(rtol=1e-8), backend=backend)
        .advance(3.0, np.linspace(0, 3, 31), ["S", "P"])
        .values
        for backend in ("reference", "compiled")
    ]
    np.testing.assert_allclose(*found, rtol=1e-6, atol=1e-8)


def test_rates_above_zero_are_untouched(sbml: Writer) -> None:
    system = read_sbml(hill(sbml, "1.3"))
    guarded = keep_in_domain(system)
    assert guarded.rates != system.rates
    rng = np.random.default_rng(1)
    y, p = rng.uniform(0, 3, (50, 2)), np.array([1.0, 1.3])
    one, other = (evaluate(system.graph, s.rates, 0.0, y, p) for s in (system, guarded))
    assert one.tobytes() == other.tobytes()
    below = evaluate(system.graph, guarded.rates, 0.0, np.array([-1e-9, 0.0]), p)
    np.testing.assert_allclose(below, [1 + 1e-9, 0.0])  # only the power sees zero


def test_nothing_is_done_where_nothing_needs_it(decay: str) -> None:
    system = read_sbml(decay)
    assert keep_in_domain(system) is system
