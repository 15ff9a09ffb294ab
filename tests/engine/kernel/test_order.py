"""The order of Rodas5P and of its dense output, by regression on a known solution."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.kernel.solver import tableau
from rascade.engine.population.backend import Settings
from rascade.engine.simulation import Simulation
from rascade.engine.symbolic.expression import Graph, Op
from rascade.engine.symbolic.inputs import TimedInputs
from rascade.engine.symbolic.system import System

if TYPE_CHECKING:
    from collections.abc import Callable


def _rates(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    """Nonlinear, not autonomous, solved by y0 = 2 + sin t, y1 = exp(-t), y2 = 1/(1 + t)."""
    sine, cosine = g.apply(Op.SIN, t), g.apply(Op.COS, t)
    exact = [
        g.add(g.constant(2), sine),
        g.apply(Op.EXP, g.neg(t)),
        g.div(g.constant(1), g.add(g.constant(1), t)),
    ]
    away = [g.sub(a, b) for a, b in zip(y, exact, strict=True)]
    return [
        g.add(cosine, g.mul(y[0], away[1]), g.neg(g.mul(g.constant(3), away[0]))),
        g.sub(g.neg(g.mul(y[1], y[0], g.div(g.constant(1), exact[0]))), g.mul(away[2], y[0])),
        g.sub(g.neg(g.mul(y[2], y[2])), g.mul(away[0], away[0], y[1])),
    ]


def _exact(t: np.ndarray) -> np.ndarray:
    return np.stack([2 + np.sin(t), np.exp(-t), 1 / (1 + t)], axis=-1)


def _errors(system: System, steps: int) -> tuple[float, float, int]:
    """Errors at the ends of equal steps and inside them, and how many steps were taken."""
    # Tolerances so wide that nothing is ever rejected: every pause is one step.
    simulation = Simulation(
        system,
        initial=dict(zip(system.states, _exact(np.array(0.0)), strict=True)),
        settings=Settings(rtol=1e-1, atol=1e9),
    )
    inside: list[np.ndarray] = []
    ends = np.linspace(0.0, 2.0, steps + 1)
    for start, end in pairwise(ends):
        times = start + (end - start) * np.array([0.2, 0.45, 0.7, 0.9])
        segment = simulation.advance(float(end), times, system.states)
        inside.append(segment.values[0] - _exact(times))
    last = np.array([simulation.value(name)[0] for name in system.states])
    error = float(np.abs(last - _exact(np.array(2.0))).max())
    return error, float(np.abs(inside).max()), int(simulation.counters["steps"][0])


def test_order_by_regression(
    make_system: Callable[..., System], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = make_system(_rates, [1.0, 1.0, 1.0])
    # Equal steps are wanted here, without those that end where the sine turns.
    monkeypatch.setattr(System, "timed", lambda *_: TimedInputs((), (), (), ()))
    counts = np.array([12, 16, 24, 32, 48, 64])
    found = [_errors(system, n) for n in counts]
    assert [steps for _, _, steps in found] == counts.tolist()
    slope_end = -np.polyfit(np.log(counts), np.log([e for e, _, _ in found]), 1)[0]
    slope_inside = -np.polyfit(np.log(counts), np.log([d for _, d, _ in found]), 1)[0]
    assert 4.8 < slope_end < 5.6
    assert slope_inside > 3.9


def test_tableau_is_consistent() -> None:
    # Nodes are row sums of the untransformed coefficients: alpha = A Gamma with Gamma^-1 = ...
    n = tableau.STAGES
    a, c = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        a[i, :i], c[i, :i] = tableau.A[i], tableau.C[i]
    gamma = np.linalg.inv(np.eye(n) / tableau.GAMMA - c)
    assert (a @ gamma).sum(axis=1) == pytest.approx(tableau.NODES, abs=1e-13)
    assert gamma.sum(axis=1) == pytest.approx(tableau.D, abs=1e-13)


def test_stiffly_accurate() -> None:
    # The last stage is the new solution: R(infinity) = 0, which is L-stability.
    n = tableau.STAGES
    a, c = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        a[i, :i], c[i, :i] = tableau.A[i], tableau.C[i]
    weights = np.append(np.array(tableau.A[-1]), 1.0)
    for z in (-1e3, -1e6, -1e9):
        # k = (I/gamma - z... ) for y' = lambda y with z = h lambda, h taken into k.
        matrix = np.eye(n) / tableau.GAMMA - c - z * (np.eye(n) + a)
        k = np.linalg.solve(matrix, np.full(n, z))
        assert abs(1.0 + weights @ k) < 20.0 / abs(z)
