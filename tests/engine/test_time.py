"""Inputs that follow time are seen, however short and however far apart. Both back ends.

The right values come from quadrature between the moments at which an input jumps, bends or is high.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, Status, System, read_sbml, simulate
from rascade.engine.__main__ import main
from rascade.engine.population.breaks import MOST, BreakFinder
from rascade.engine.symbolic.expression import Graph, Op, evaluate
from rascade.engine.symbolic.intervals import enclose
from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Writer = Callable[..., str]
    Maths = Callable[[str], str]

CASES = Path(__file__).parents[1] / "cases" / "engine"
# The tolerances of the command and those of Python, and how near the answer then has to be.
COMMAND = Settings(rtol=1e-9, atol=1e-12, nonnegative=False)
TOLERANCES = {"command": (COMMAND, 3e-6), "python": (Settings(), 2e-2)}


@pytest.mark.parametrize(
    ("name", "end", "steps", "output", "right"),
    [
        ("periodic_infusion_floor", 240, 100, "x", 54.94690),
        ("gauss10", 1000, 10, "x", 11.97259),
        ("strict_gt_time_switch", 48, 100, "A", 95.40890),
        ("narrow_state_window_event", 10, 2, "n", 1.0),
        ("narrow_state_window_event", 10, 100, "n", 1.0),
    ],
)
def test_the_command(
    tmp_path: Path, backend: str, name: str, end: int, steps: int, output: str, right: float
) -> None:
    out = tmp_path / "out.csv"
    words = [str(CASES / f"{name}.xml"), "--end", str(end), "--steps", str(steps)]
    assert main([*words, "--select", output, "--backend", backend, "--out", str(out)]) == 0
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1][output]) == pytest.approx(right, rel=1e-6)


# -- inputs against quadrature ------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """An input of a kind: its formula, its parameters, itself, and where it must be cut."""

    formula: str
    parameters: dict[str, float]
    value: Callable[[np.ndarray], np.ndarray]
    cuts: np.ndarray


def _inputs(rng: np.random.Generator, span: float) -> Iterator[tuple[str, Input]]:
    """Pulse trains and bumps of random sizes over a span of time."""
    period = span / float(rng.integers(2, 12))
    width = period * float(10 ** rng.uniform(-4, -0.5))
    height = float(10 ** rng.uniform(-1, 3))
    start = span * float(rng.uniform(0.1, 0.9))
    end = start + width
    size = span * float(10 ** rng.uniform(-6, -1.5))
    k = np.arange(-1, math.ceil(span / period) + 2) * period
    half, quarter = k + period / 2, k + period / 4
    near = np.arange(-30.0, 31.0)
    train = {"P": period, "w": width, "h": height}
    once = {"a": start, "b": end, "w": width, "h": height}
    bump = {"m": start, "s": size, "h": height}
    cosine = math.cos(math.pi * width / period)

    def pulses(t: np.ndarray) -> np.ndarray:
        return height * (t % period < width)

    def pulse(t: np.ndarray) -> np.ndarray:
        return height * ((t > start) & (t <= end))

    def scaled(t: np.ndarray) -> np.ndarray:
        return np.clip((t - start) / size, -700, 700)

    edges, ends = np.concatenate((k, k + width)), np.array([start, end])
    around = start + size * np.concatenate((near, near / 10))
    far = start + size * np.concatenate((-np.geomspace(1, 1e8, 80), np.geomspace(1, 1e8, 80)))

    def kind(name: str, *parts: object) -> tuple[str, Input]:
        return name, Input(*parts)  # type: ignore[arg-type]

    yield kind("floor", "piecewise(h, time - P*floor(time/P) < w, 0)", train, pulses, edges)
    yield kind("rem", "piecewise(h, rem(time, P) < w, 0)", train, pulses, edges)
    yield kind("ceil", "piecewise(h, P*ceil(time/P) - time > P - w, 0)", train, pulses, edges)
    yield kind(
        "abs", "piecewise(h, abs(rem(time, P) - P/2) < w/2, 0)", train,
        lambda t: height * (np.abs(t % period - period / 2) < width / 2),
        np.concatenate((k, half - width / 2, half + width / 2)),
    )  # fmt: skip
    yield kind(
        "sin", "piecewise(h, sin(2*pi*time/P) > c, 0)", {**train, "c": cosine},
        lambda t: height * (np.sin(2 * np.pi * t / period) > cosine),
        np.concatenate((quarter - width / 2, quarter + width / 2)),
    )  # fmt: skip
    yield kind(
        "max", "h*max(0, 1 - abs(rem(time, P) - P/2)/w)", train,
        lambda t: height * np.maximum(0, 1 - np.abs(t % period - period / 2) / width),
        np.concatenate((k, half - width, half, half + width)),
    )  # fmt: skip
    yield kind(
        "min", "h*(min(max((time-a)/w, 0), 1) - min(max((time-b)/w, 0), 1))", once,
        lambda t: height * (np.clip((t - start) / width, 0, 1) - np.clip((t - end) / width, 0, 1)),
        np.array([start, end, end + width]),
    )  # fmt: skip
    yield kind("strict", "piecewise(h, time > a && time <= b, 0)", once, pulse, ends)
    yield kind("nested", "piecewise(piecewise(h, time <= b, 0), time > a, 0)", once, pulse, ends)
    yield kind("product", "piecewise(h, (time-a)*(b-time) > 0, 0)", once, pulse, ends)
    yield kind(
        "gaussian", "h*exp(-((time-m)/s)^2)", bump, lambda t: height * np.exp(-(scaled(t) ** 2)),
        around,
    )  # fmt: skip
    yield kind(
        "lorentzian", "h/(1 + ((time-m)/s)^2)", bump,
        lambda t: height / (1 + ((t - start) / size) ** 2), np.concatenate((far, around)),
    )  # fmt: skip
    yield kind(
        "sigmoids", "h/(1+exp(-(time-m)/s)) - h/(1+exp(-(time-m-5*s)/s))", bump,
        lambda t: height / (1 + np.exp(-scaled(t))) - height / (1 + np.exp(-scaled(t - 5 * size))),
        np.concatenate((around, around + 40 * size)),
    )  # fmt: skip
    yield kind(
        "sines", "h*sin(pi*time/P)^200", train,
        lambda t: height * np.sin(np.pi * t / period) ** 200,
        (half[:, None] + period / 40 * near[::3]).ravel(),
    )  # fmt: skip


KINDS = [name for name, _ in _inputs(np.random.default_rng(0), 1.0)]


def _quadrature(given: Input, loss: float, span: float) -> float:
    """x(span) of x' = input - loss * x, x(0) = 0."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = np.unique(np.clip(np.concatenate(([0.0, span], given.cuts)), 0.0, span))
    edges = np.concatenate([np.linspace(a, b, 5)[:-1] for a, b in pairwise(edges)] + [[span]])
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    t = middle[:, None] + half[:, None] * nodes
    return float(np.sum(half[:, None] * weights * given.value(t) * np.exp(-loss * (span - t))))


def _check(sbml: Writer, kind: str, seed: int, backend: str, tolerances: str) -> None:
    rng = np.random.default_rng(seed)
    span = float(10 ** rng.uniform(1, 3.5))
    given = dict(_inputs(rng, span))[kind]
    loss = float(10 ** rng.uniform(-2, 1)) / span
    names = {name: f'value="{value!r}"' for name, value in given.parameters.items()}
    names |= {"loss": f'value="{loss!r}"', "x": 'value="0" constant="false"'}
    rules = [("rate", "x", f"{given.formula} - loss*x")]
    if seed % 2:  # through an assignment rule, times something that an event might change
        names |= {"R": 'constant="false"', "z": 'value="1" constant="false"'}
        rules = [("rate", "x", "z*R - loss*x"), ("assignment", "R", given.formula)]
    settings, close = TOLERANCES[tolerances]
    times = np.linspace(0, span, int(rng.integers(2, 60)))
    found = simulate(
        read_sbml(sbml(parameters=names, rules=rules)), to=span, times=times, outputs=["x"],
        settings=settings, backend=backend,
    )  # fmt: skip
    assert found["x"][0, -1] == pytest.approx(_quadrature(given, loss, span), rel=close)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("backend", "tolerances"),
    [("compiled", "command"), ("compiled", "python"), ("reference", "python")],
)
def test_an_input_against_quadrature(
    sbml: Writer, kind: str, backend: str, tolerances: str
) -> None:
    _check(sbml, kind, 1, backend, tolerances)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tolerances", list(TOLERANCES))
def test_many_inputs_against_quadrature(
    sbml: Writer, backend: str, kind: str, tolerances: str
) -> None:
    for seed in range(2, 5 if backend == "reference" else 40):
        _check(sbml, kind, seed, backend, tolerances)


# -- patients, pauses, events -------------------------------------------------------------------


def _train(sbml: Writer, **parts: object) -> System:
    """Pulses of one hour every P hours; a tenth is lost in an hour."""
    return read_sbml(
        sbml(
            parameters={"P": 'value="24"', "x": 'value="0" constant="false"'},
            rules=[("rate", "x", "piecewise(10, rem(time, P) < 1, 0) - 0.1*x")],
            **parts,
        )
    )


def _after(periods: np.ndarray, end: float) -> np.ndarray:
    """x at the end for pulses of one hour from 0 on."""
    out = []
    for period in periods:
        starts = np.arange(0.0, end, period)
        ends = np.minimum(starts + 1, end)
        out.append(np.sum(100 * (np.exp(-0.1 * (end - ends)) - np.exp(-0.1 * (end - starts)))))
    return np.array(out)


def test_every_patient_has_moments_of_its_own(sbml: Writer, backend: str) -> None:
    periods = np.array([24.0, 17.3, 24.0])
    found = simulate(
        _train(sbml), to=60.5, outputs=["x"], patients=3, parameters={"P": periods},
        settings=Settings(rtol=1e-7), backend=backend,
    )  # fmt: skip
    np.testing.assert_allclose(found["x"][:, -1], _after(periods, 60.5), rtol=1e-5)


def test_moments_are_the_same_alone_and_among_others(sbml: Writer) -> None:
    system, periods = _train(sbml), np.linspace(5.0, 40.0, 11)

    def run(values: np.ndarray, threads: int = 1) -> np.ndarray:
        return simulate(
            system, to=200.0, times=np.linspace(0, 200, 9), outputs=["x"], patients=len(values),
            parameters={"P": values}, settings=Settings(threads=threads),
        )["x"]  # fmt: skip

    together = run(periods)
    np.testing.assert_array_equal(run(periods, threads=2), together)
    np.testing.assert_array_equal(run(periods[::-1])[::-1], together)
    for k in (0, 4, 10):
        np.testing.assert_array_equal(run(periods[k : k + 1]), together[k : k + 1])


def test_pauses_and_doses_at_the_moments(sbml: Writer, backend: str) -> None:
    system = read_sbml(
        sbml(
            species={"S": 'initialAmount="0" hasOnlySubstanceUnits="true"'},
            reactions=[
                ("into", [], ["S"], "piecewise(5, time > 1 && time <= 2, 0)"),
                ("out", ["S"], [], "0.5*S"),
            ],
        )
    )
    doses = Doses(None, [1.0, 2.0], "S", 3.0)
    simulation = Simulation(system, doses=doses, settings=COMMAND, backend=backend)
    for pause in (1.0, 2.0, 3.0):
        simulation.advance(pause)
    made = 10 * (math.exp(-0.5) - math.exp(-1.0)) + 3 * (math.exp(-1.0) + math.exp(-0.5))
    assert simulation.value("S")[0] == pytest.approx(made, rel=1e-7)


def test_what_holds_at_one_moment_alone_is_nothing(sbml: Writer, backend: str) -> None:
    reactions = [("in", [], ["S"], "piecewise(1e9, time == 5, 2)"), ("out", ["S"], [], "S/2")]
    species = {"S": 'initialAmount="0" hasOnlySubstanceUnits="true"'}
    simulation = Simulation(
        read_sbml(sbml(species=species, reactions=reactions)), settings=COMMAND, backend=backend
    )
    simulation.advance(10.0, np.linspace(0.0, 10.0, 101), ["S"])  # the reference lands on each
    assert simulation.status[0] == Status.RUNNING
    assert simulation.value("S")[0] == pytest.approx(4 * (1 - math.exp(-5.0)), rel=1e-7)


@pytest.mark.parametrize("ulps", [-3, 1, 5])
def test_a_moment_next_to_a_dose(sbml: Writer, backend: str, ulps: int) -> None:
    switch = 1000.1 + ulps * float(np.spacing(1000.1))
    system = read_sbml(
        sbml(
            parameters={"T": f'value="{switch!r}"'},
            species={"S": 'initialAmount="0" hasOnlySubstanceUnits="true"'},
            reactions=[("in", [], ["S"], "piecewise(5, time > T, 0)"), ("out", ["S"], [], "S/2")],
        )
    )
    doses = Doses(None, 1000.1, "S", 3.0, 0.1)
    simulation = Simulation(system, doses=doses, settings=Settings(rtol=1e-8), backend=backend)
    simulation.advance(1001.1)
    wanted = 10 * (1 - math.exp(-0.5)) + 60 * (1 - math.exp(-0.05)) * math.exp(-0.45)
    assert simulation.value("S")[0] == pytest.approx(wanted, rel=1e-6)


def test_more_moments_than_one_search_holds(sbml: Writer) -> None:
    system = read_sbml(
        sbml(
            parameters={"x": 'value="0" constant="false"'},
            rules=[("rate", "x", "piecewise(1, rem(time, 1) < 0.25, 0)")],
        )
    )
    assert 4 * MOST < 2 * 10_000
    found = simulate(system, to=10_000.0, outputs=["x"], settings=COMMAND)
    assert found["x"][0, 0] == pytest.approx(2500.0, rel=1e-9)


def _event(math_of: Maths, trigger: str, sets: dict[str, str], initially: str = "true") -> str:
    assigned = "".join(
        f'<eventAssignment variable="{v}">{math_of(f)}</eventAssignment>' for v, f in sets.items()
    )
    return (
        '<listOfEvents><event id="E" useValuesFromTriggerTime="true">'
        f'<trigger initialValue="{initially}" persistent="true">{math_of(trigger)}</trigger>'
        f"<listOfEventAssignments>{assigned}</listOfEventAssignments></event></listOfEvents>"
    )


def test_an_event_moves_what_is_to_come(sbml: Writer, math: Maths, backend: str) -> None:
    """A pulse whose time is set by an event is not stepped over either."""
    system = read_sbml(
        sbml(
            parameters={"x": 'value="0" constant="false"', "next": 'value="1e6" constant="false"'},
            rules=[("rate", "x", "piecewise(1000, time > next && time < next + 0.001, 0)")],
            events=_event(math, "time >= 10", {"next": "500"}),
        )
    )
    found = simulate(system, to=1000.0, outputs=["x"], settings=COMMAND, backend=backend)
    assert found["x"][0, 0] == pytest.approx(1.0, rel=1e-7)


@pytest.mark.parametrize(
    ("trigger", "rate", "count"),
    [
        ("x > a && x < a + 1e-6", "0.4", 1),
        ("abs(x - a) < 1e-5", "0.4", 1),
        ("(x - a)*(a + 1e-4 - x) > 0", "0.4", 1),
        ("x < a || x > a + 1e-5", "0.4", 1),
        ("x > 0.999", "cos(time)", 2),
        ("x >= 0.5 && x <= 0.5001", "cos(time)", 4),
        ("time > 3 && time < 3.00001", "0.4", 1),
        ("rem(time, 1.7) < 0.001 && time > 0.5", "0.4", 5),
        ("exp(-((time-4)/0.001)^2) > 0.5", "0.4", 1),
        ("time == 5", "0.4", 1),
    ],
)
def test_events_do_not_depend_on_the_output_grid(
    sbml: Writer, math: Maths, backend: str, trigger: str, rate: str, count: int
) -> None:
    system = read_sbml(
        sbml(
            parameters={"n": 'value="0" constant="false"', "x": 'value="0" constant="false"',
                        "a": 'value="0.37"'},
            rules=[("rate", "x", rate)],
            events=_event(math, trigger, {"n": "n + 1"}),
        )
    )  # fmt: skip
    found = [
        simulate(
            system, to=10.0, times=np.linspace(0, 10, n + 1), outputs=["n"],
            settings=Settings(rtol=1e-6, nonnegative=False), backend=backend,
        )["n"][0, -1]
        for n in (1, 30)
    ]  # fmt: skip
    assert found == [count] * 2


# -- the longest step ---------------------------------------------------------------------------


def test_the_longest_step(decay: str, backend: str, tmp_path: Path) -> None:
    system = read_sbml(decay)
    simulation = Simulation(system, settings=Settings(max_step=0.125), backend=backend)
    simulation.advance(10.0)
    assert simulation.counters["steps"][0] >= 80
    model, out = tmp_path / "model.xml", tmp_path / "out.csv"
    model.write_text(decay, encoding="utf-8")
    words = [str(model), "--end", "1", "--max-step", "0.5", "--backend", backend]
    assert main([*words, "--out", str(out)]) == 0
    assert main([*words[:-3], "0", "--out", str(out)]) == 2
    with pytest.raises(InputError, match="max_step must be above zero"):
        Settings(max_step=0.0)


# -- the search itself --------------------------------------------------------------------------


def _random_node(graph: Graph, rng: np.random.Generator, depth: int) -> int:
    if depth == 0:
        leaf = rng.integers(3)
        if leaf == 0:
            return graph.time()
        return graph.parameter(0) if leaf == 1 else graph.constant(float(rng.normal()))
    one = [Op.NEG, Op.EXP, Op.SIN, Op.COS, Op.ABS, Op.FLOOR, Op.CEIL, Op.SQRT, Op.LN, Op.TANH,
           Op.ATAN, Op.COSH, Op.ASIN, Op.ACOS, Op.TAN, Op.SINH, Op.ASINH]  # fmt: skip
    two = [Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MIN, Op.MAX, Op.POW]
    pick = rng.integers(4)
    if pick == 0:
        return graph.apply(one[rng.integers(len(one))], _random_node(graph, rng, depth - 1))
    a, b = (_random_node(graph, rng, depth - 1) for _ in range(2))
    if pick == 1:
        c, d = (_random_node(graph, rng, depth - 1) for _ in range(2))
        compare = [Op.LT, Op.LE, Op.GT, Op.GE][rng.integers(4)]
        return graph.select(graph.apply(compare, a, b), c, d)
    return graph.apply(two[rng.integers(len(two))], a, b)


def test_bounds_hold_every_value() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        graph = Graph()
        node = _random_node(graph, rng, 4)
        low = rng.normal(scale=3, size=20)
        high = low + 10 ** rng.uniform(-6, 1.5, size=20)
        p = rng.normal(size=20)
        leaves = {n: p for n in graph.reachable([node]) if graph.ops[n] is Op.PARAMETER}
        least, most = enclose(graph, graph.reachable([node]), low, high, leaves)[node]
        t = low + (high - low) * np.linspace(0, 1, 33)[:, None]
        nodes = graph.reachable([node])
        places = np.broadcast_to(p[:, None], (33, 20, 1))
        values = evaluate(graph, nodes, t, np.zeros((33, 20, 0)), places)
        defined = ~np.isnan(values).any(axis=-1)  # where all its parts are numbers
        value = values[..., -1]
        assert not (defined & ~((value >= least) & (value <= most))).any()


def test_a_bump_of_a_millisecond_in_a_year(sbml: Writer) -> None:
    year, second = 365.25 * 86400, 1.0
    system = read_sbml(
        sbml(
            parameters={"x": 'value="0" constant="false"'},
            rules=[("rate", "x", "exp(-((time - 1.2345678e7)/0.001)^2)")],
        )
    )
    simulation = Simulation(system)
    found = BreakFinder(system, simulation._doses).find(simulation._batch, year * second)
    assert np.abs(found.time - 1.2345678e7).min() < 1e-5
    simulation.advance(year)
    assert simulation.value("x")[0] == pytest.approx(0.001 * math.sqrt(math.pi), rel=1e-2)


def test_a_model_without_time_has_no_moments(decay: str) -> None:
    system = read_sbml(decay)
    assert system.timed(frozenset()).features == ()
