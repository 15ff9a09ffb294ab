"""Events: when they happen, in which order, and what they set. Both back ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, Status, System, read_sbml, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    Maths = Callable[[str], str]
    Writer = Callable[..., str]

TIGHT = Settings(rtol=1e-9, atol=1e-11, nonnegative=False)


@pytest.fixture
def model(sbml: Writer, math: Maths) -> Callable[..., System]:
    """Make a model with events given as (trigger, {variable: value}, XML options)."""

    def event(k: int, trigger: str, sets: dict[str, str], options: dict[str, str]) -> str:
        flags = {"initialValue": "true", "persistent": "true", **options}
        when = flags.pop("useValuesFromTriggerTime", "true")
        told = " ".join(f'{a}="{b}"' for a, b in flags.items())
        assigned = "".join(
            f'<eventAssignment variable="{v}">{math(f)}</eventAssignment>' for v, f in sets.items()
        )
        return (
            f'<event id="E{k}" useValuesFromTriggerTime="{when}"><trigger {told}>{math(trigger)}'
            f"</trigger><listOfEventAssignments>{assigned}</listOfEventAssignments></event>"
        )

    def make(events: list[tuple[str, dict[str, str], dict[str, str]]], **parts: object) -> System:
        body = "".join(event(k, *each) for k, each in enumerate(events))
        return read_sbml(sbml(events=f"<listOfEvents>{body}</listOfEvents>", **parts))

    return make


def decaying(model: Callable[..., System], *events: tuple, **parts: object) -> System:
    return model(
        list(events),
        species={"S": 'initialAmount="8" hasOnlySubstanceUnits="true"'},
        parameters={"k": 'value="0.5"', "count": 'value="0" constant="false"',
                    "a": 'value="0" constant="false"', "b": 'value="0" constant="false"'},
        reactions=[("r", ["S"], [], "k * S")],
        **parts,
    )  # fmt: skip


def test_a_state_trigger_is_located(model: Callable[..., System], backend: str) -> None:
    """S falls from 8 to 1, jumps to 8, again and again: the period is ln(8)/k."""
    system = decaying(model, ("S < 1", {"S": "8", "count": "count + 1"}, {}))
    k = np.array([0.3, 0.5, 0.9])
    times = np.linspace(0, 20, 41)
    seg = simulate(
        system, patients=3, parameters={"k": k}, to=20.0, times=times, outputs=["S", "count"],
        settings=TIGHT, backend=backend,
    )  # fmt: skip
    period = math.log(8) / k[:, None]
    np.testing.assert_array_equal(seg["count"], np.floor(times / period))
    np.testing.assert_allclose(seg["S"], 8 * np.exp(-k[:, None] * (times % period)), rtol=1e-6)


def test_a_time_trigger_and_an_output_at_its_time(
    model: Callable[..., System], backend: str
) -> None:
    system = decaying(model, ("time >= 2", {"S": "S + 3"}, {}))
    seg = simulate(
        system, to=3.0, times=[1.0, 2.0, 3.0], outputs=["S"], settings=TIGHT, backend=backend
    )
    after = 8 * math.exp(-1) + 3
    wanted = [8 * math.exp(-0.5), after, after * math.exp(-0.5)]
    np.testing.assert_allclose(seg["S"][0], wanted, rtol=1e-7)


@pytest.mark.parametrize(("initially", "count"), [("true", 0.0), ("false", 1.0)])
def test_a_trigger_that_holds_at_the_start(
    model: Callable[..., System], backend: str, initially: str, count: float
) -> None:
    system = decaying(model, ("S > 2", {"count": "count + 1"}, {"initialValue": initially}))
    seg = simulate(system, to=1.0, times=[0.0], outputs=["count"], settings=TIGHT, backend=backend)
    assert seg["count"][0, 0] == count


def test_one_event_triggers_another(model: Callable[..., System], backend: str) -> None:
    system = decaying(
        model,
        ("a > 0", {"b": "a + time"}, {}),
        ("time > 1", {"a": "5"}, {}),
    )
    sim = Simulation(system, settings=TIGHT, backend=backend)
    sim.advance(2.0)
    assert sim.value("b")[0] == pytest.approx(6.0, rel=1e-9)


@pytest.mark.parametrize(("persistent", "count"), [("true", 1.0), ("false", 0.0)])
def test_persistence(
    model: Callable[..., System], backend: str, persistent: str, count: float
) -> None:
    """The first event takes the ground from under the second at the same moment."""
    system = decaying(
        model,
        ("time > 1 && a == 0", {"a": "1"}, {}),
        ("time > 1 && a == 0", {"count": "count + 1"}, {"persistent": persistent}),
    )
    sim = Simulation(system, settings=TIGHT, backend=backend)
    sim.advance(2.0)
    assert sim.value("a")[0] == 1.0
    assert sim.value("count")[0] == count


@pytest.mark.parametrize(("when", "value"), [("true", 0.0), ("false", 7.0)])
def test_values_from_trigger_time(
    model: Callable[..., System], backend: str, when: str, value: float
) -> None:
    system = decaying(
        model,
        ("time > 1", {"a": "7"}, {}),
        ("time > 1", {"b": "a"}, {"useValuesFromTriggerTime": when}),
    )
    sim = Simulation(system, settings=TIGHT, backend=backend)
    sim.advance(2.0)
    assert sim.value("b")[0] == value


def test_a_dose_can_trigger(model: Callable[..., System], backend: str) -> None:
    system = decaying(model, ("S > 100", {"count": "count + 1", "S": "1"}, {}))
    doses = Doses([0, 1], [2.0, 2.0], "S", [200.0, 20.0])
    sim = Simulation(system, patients=2, doses=doses, settings=TIGHT, backend=backend)
    sim.advance(3.0)
    assert sim.value("count").tolist() == [1.0, 0.0]
    wanted = [math.exp(-0.5), 8 * math.exp(-1.5) + 20 * math.exp(-0.5)]
    np.testing.assert_allclose(sim.value("S"), wanted, rtol=1e-6)


def test_an_event_keeps_the_amount_when_it_changes_the_compartment(
    model: Callable[..., System], backend: str
) -> None:
    system = model(
        [("time > 1", {"C": "4"}, {})],
        compartments={"C": 'size="2" constant="false"'},
        species={"S": 'initialConcentration="6"'},
    )
    seg = simulate(system, to=2.0, outputs=["S", "amount(S)", "C"], settings=TIGHT, backend=backend)
    assert seg.values[0, 0].tolist() == [3.0, 12.0, 4.0]


def test_events_that_never_end_are_a_failure_of_one_patient(
    model: Callable[..., System], backend: str
) -> None:
    """Two events that trigger each other for ever, in one of two patients."""
    system = decaying(
        model,
        ("k > 0.6 && time > 1 && a <= b", {"a": "b + 1"}, {}),
        ("k > 0.6 && time > 1 && a > b", {"b": "a + 1"}, {}),
    )
    sim = Simulation(
        system, patients=2, parameters={"k": [0.5, 0.7]}, settings=TIGHT, backend=backend
    )
    sim.advance(3.0)
    (failure,) = sim.failures()
    assert (failure.patient, failure.status) == (1, Status.TOO_MANY_STEPS)
    assert failure.time == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(sim.value("S")[0], 8 * math.exp(-1.5), rtol=1e-7)


def test_a_trigger_that_becomes_false_ends_no_step(model: Callable[..., System]) -> None:
    never = decaying(model, ("S < 0", {"count": "count + 1"}, {}))
    falls = decaying(model, ("S > 4", {"count": "count + 1"}, {}))
    work = []
    for system in (never, falls):
        simulation = Simulation(system)
        simulation.advance(10.0)
        assert simulation.value("count") == 0
        counters = simulation.counters
        work.append([counters[name].tolist() for name in ("steps", "rejected")])
    assert work[0] == work[1]


@pytest.mark.parametrize(
    ("trigger", "right"),
    [
        ("floor(S * 1000000) == 4000000", 1),  # stays zero where it turns
        ("max(S - 4.000001, 0) <= 0 && max(4 - S, 0) <= 0", 1),
        ("S > 4.000001 || S < 4", 1),  # false for a moment
        ("(S > 6 && S < 6.000001) || S > 7.9 || (S > 2 && S < 2.000001)", 2),
    ],
)
def test_a_trigger_that_turns_twice_within_a_step(
    model: Callable[..., System], backend: str, trigger: str, right: int
) -> None:
    system = decaying(model, (trigger, {"count": "count + 1"}, {}))
    simulation = Simulation(system, backend=backend, settings=TIGHT)
    simulation.advance(10.0)
    assert simulation.value("count") == right


def test_triggers_are_looked_at_for_all_patients_together(
    model: Callable[..., System], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One evaluation after each round of events, not one a patient."""
    from rascade.engine.kernel import compiled

    looks: list[int] = []
    original = compiled.evaluate

    def counting(graph: object, nodes: object, t: np.ndarray, *rest: object) -> np.ndarray:
        looks.append(len(t))
        return original(graph, nodes, t, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled, "evaluate", counting)
    system = decaying(model, ("S < 1", {"count": "count + 1"}, {}))
    k = np.linspace(0.3, 0.9, 40)
    seg = simulate(system, patients=40, parameters={"k": k}, to=20.0, outputs=["count"])
    assert (seg["count"] == 1).all()
    assert looks[0] == 40
    assert len(looks) < 10  # a few where NumPy rounds otherwise
