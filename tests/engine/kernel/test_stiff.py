"""Stiff problems of the literature.

Reference values: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, and the Test
Set for IVP Solvers (F. Mazzia, C. Magherini, release 2.4): Robertson at 1e11, van der Pol
(eps = 1e-6) at 2, HIRES at 321.8122, OREGO at 360.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine.population.backend import Settings, Status
from rascade.engine.simulation import Simulation
from rascade.engine.symbolic.expression import Graph, Op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rascade.engine.symbolic.system import System


def _sum(g: Graph, *terms: tuple[float, Sequence[int]]) -> int:
    """Sum of coefficient times product of nodes."""
    return g.add(*(g.mul(g.constant(c), *nodes) for c, nodes in terms))


def _robertson(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    slow, back, fast = (0.04, [y[0]]), (1e4, [y[1], y[2]]), (3e7, [y[1], y[1]])
    first = _sum(g, (-slow[0], slow[1]), back)
    last = _sum(g, fast)
    return [first, g.sub(g.neg(first), last), last]


def _van_der_pol(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    inner = g.sub(g.mul(g.sub(g.constant(1), g.mul(y[0], y[0])), y[1]), y[0])
    return [y[1], g.mul(g.constant(1e6), inner)]


def _hires(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    a, b, c, d, e, f, h, k = y
    bind = (280.0, [f, k])
    one: list[int] = []
    free = _sum(g, bind, (-1.81, [h]))
    return [
        _sum(g, (-1.71, [a]), (0.43, [b]), (8.32, [c]), (0.0007, one)),
        _sum(g, (1.71, [a]), (-8.75, [b])),
        _sum(g, (-10.03, [c]), (0.43, [d]), (0.035, [e])),
        _sum(g, (8.32, [b]), (1.71, [c]), (-1.12, [d])),
        _sum(g, (-1.745, [e]), (0.43, [f]), (0.43, [h])),
        _sum(g, (-280.0, [f, k]), (0.69, [d]), (1.71, [e]), (-0.43, [f]), (0.69, [h])),
        free,
        g.neg(free),
    ]


def _orego(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
    a, b, c = y
    return [
        _sum(g, (77.27, [b]), (77.27, [a]), (-77.27 * 8.375e-6, [a, a]), (-77.27, [a, b])),
        _sum(g, (1 / 77.27, [c]), (-1 / 77.27, [b]), (-1 / 77.27, [a, b])),
        _sum(g, (0.161, [a]), (-0.161, [c])),
    ]


_PROBLEMS = {
    "Robertson": (
        _robertson, [1.0, 0.0, 0.0], 1e11,
        [0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050],
    ),
    "van der Pol": (_van_der_pol, [2.0, 0.0], 2.0, [1.706167732170469, -0.8928097010248257]),
    "HIRES": (
        _hires, [1.0, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122,
        [0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4,
         0.1175651343283149e-2, 0.2386356198831331e-2, 0.6238968252742796e-2,
         0.2849998395185769e-2, 0.2850001604814231e-2],
    ),
    "OREGO": (
        _orego, [1.0, 2.0, 3.0], 360.0,
        [1.000814870318523, 1228.178521549917, 132.0554942846706],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_PROBLEMS))
@pytest.mark.parametrize("rtol", [1e-4, 1e-7])
def test_classic(name: str, rtol: float, make_system: Callable[..., System]) -> None:
    rates, initial, end, exact = _PROBLEMS[name]
    simulation = Simulation(
        make_system(rates, initial), settings=Settings(rtol=rtol, atol=1e-6 * rtol)
    )
    simulation.advance(end)
    assert simulation.status.tolist() == [Status.RUNNING]
    found = np.array([simulation.value(s)[0] for s in simulation.system.states])
    # Relaxation oscillations turn an error of the step into one of the phase.
    assert found == pytest.approx(np.array(exact), rel=300 * rtol)
    assert simulation.counters["steps"][0] < 60 * rtol ** (-1 / 4)


@pytest.mark.parametrize("stiffness", [1e2, 1e5, 1e9])
def test_prothero_robinson(stiffness: float, make_system: Callable[..., System]) -> None:
    def rates(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
        away = g.sub(y[0], g.apply(Op.SIN, t))
        return [g.sub(g.apply(Op.COS, t), g.mul(p["k"], away))]

    system = make_system(rates, [0.0], {"k": stiffness})
    simulation = Simulation(system, settings=Settings(rtol=1e-6, atol=1e-8))
    times = np.linspace(0, 10, 41)
    found = simulation.advance(10.0, times, ["y0"]).values[0, :, 0]
    assert found == pytest.approx(np.sin(times), abs=3e-6)
    assert simulation.counters["steps"][0] < 250
