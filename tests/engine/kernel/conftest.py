"""Small systems written in Python for the tests of the compiled kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rascade.engine.symbolic.expression import Graph, Op
from rascade.engine.symbolic.system import System, build_system

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    # (graph, states, parameters by name, time) -> rates
    Rates = Callable[[Graph, list[int], dict[str, int], int], list[int]]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Object code of the tests goes to a folder of its own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RASCADE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


def make_system(
    rates: Rates,
    initial: Sequence[float],
    parameters: Mapping[str, float] | None = None,
    *,
    nonnegative: bool = False,
) -> System:
    """Return the system ``y' = rates`` with states y0, y1... and a graph of its own."""
    graph = Graph()
    names = list(parameters or {})
    states = [graph.state(i) for i in range(len(initial))]
    values = {name: graph.parameter(i) for i, name in enumerate(names)}
    return build_system(
        name="test",
        graph=graph,
        states=[f"y{i}" for i in range(len(initial))],
        rates=rates(graph, states, values, graph.time()),
        parameters=names,
        defaults=list((parameters or {}).values()),
        observables={
            **{f"y{i}": node for i, node in enumerate(states)},
            **values,
            "time": graph.time(),
        },
        initial=[graph.constant(v) for v in initial],
        nonnegative=[nonnegative] * len(initial),
    )


@pytest.fixture(name="make_system")
def _make_system() -> Callable[..., System]:
    return make_system


@pytest.fixture(scope="session")
def pathway() -> System:
    """Twelve states with Hill terms, a saturable elimination and a cell count; two parameters vary.

    Large enough that its code has several functions' worth of work, small enough to compile fast.
    """

    def rates(g: Graph, y: list[int], p: dict[str, int], t: int) -> list[int]:
        one = g.constant(1)

        def hill(x: int, k: int, n: int) -> int:
            power = g.pow(x, n)
            return g.div(power, g.add(g.pow(k, n), power))

        drug = g.div(y[1], p["V"])
        uptake = g.mul(p["ka"], y[0])
        elimination = g.div(g.mul(p["vmax"], drug), g.add(p["km"], drug))
        out = [g.neg(uptake), g.sub(uptake, elimination)]
        signal = g.div(one, g.add(one, g.pow(g.div(drug, p["ic50"]), p["hill"])))
        for i in range(2, 10):
            made = g.mul(p["k"], hill(signal, p["half"], p["hill"]))
            out.append(g.sub(made, g.mul(p["d"], y[i])))
            signal = y[i]
        room = g.sub(one, g.div(y[10], p["capacity"]))
        growth = g.mul(p["growth"], y[10], y[9], room)
        death = g.mul(p["kill"], y[10], g.apply(Op.LN, g.add(one, drug)))
        out += [g.sub(growth, death), g.sub(death, g.mul(p["d"], y[11]))]
        return out

    return make_system(
        rates,
        [0.0, 0.0] + [0.5] * 8 + [100.0, 0.0],
        {
            "V": 20.0, "ka": 1.2, "vmax": 3.0, "km": 2.0, "ic50": 0.4, "hill": 1.7, "half": 0.6,
            "k": 1.0, "d": 0.8, "growth": 0.02, "kill": 0.03, "capacity": 5000.0,
        },
        nonnegative=True,
    )  # fmt: skip
