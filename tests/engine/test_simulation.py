"""Doses, pauses, changes on the way and statuses: the same on every back end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Doses, Settings, Simulation, Status, System, read_sbml, simulate
from rascade.errors import InputError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[..., str]

TIGHT = Settings(rtol=1e-8, atol=1e-10)


@pytest.fixture
def two_compartments(sbml: Writer) -> str:
    """Gut, central and peripheral amounts with first-order exchange."""
    amount = 'initialAmount="0" hasOnlySubstanceUnits="true"'
    return sbml(
        species={"gut": amount, "central": amount, "peripheral": amount},
        parameters={
            "ka": 'value="1.2"',
            "ke": 'value="0.3"',
            "k12": 'value="0.5"',
            "k21": 'value="0.2"',
        },
        reactions=[
            ("absorption", ["gut"], ["central"], "ka * gut"),
            ("elimination", ["central"], [], "ke * central"),
            ("out", ["central"], ["peripheral"], "k12 * central"),
            ("back", ["peripheral"], ["central"], "k21 * peripheral"),
        ],
    )


def one_compartment(sbml: Writer) -> str:
    return sbml(
        species={"S": 'initialAmount="0" hasOnlySubstanceUnits="true"'},
        parameters={"k": 'value="0.7"'},
        reactions=[("elimination", ["S"], [], "k * S")],
    )


def linear_solution(amounts: np.ndarray, t: float) -> np.ndarray:
    """Solve the two-compartment model exactly by its eigenvalues."""
    ka, ke, k12, k21 = 1.2, 0.3, 0.5, 0.2
    a = np.array([[-ka, 0, 0], [ka, -ke - k12, k21], [0, k12, -k21]])
    values, vectors = np.linalg.eig(a)
    return (vectors * np.exp(values * t)) @ np.linalg.solve(vectors, amounts)


# -- doses ----------------------------------------------------------------------------------


def test_boluses_add_up(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    doses = Doses(0, [0.0, 1.0, 2.5], "S", [10.0, 5.0, 2.0])
    times = np.array([0.0, 0.5, 1.0, 1.5, 2.5, 4.0])
    seg = simulate(
        system, to=4.0, times=times, outputs=["S"], doses=doses, settings=TIGHT, backend=backend
    )
    given = [(0.0, 10.0), (1.0, 5.0), (2.5, 2.0)]
    # The value at the time of a dose is the one before it.
    wanted = [sum(a * math.exp(-0.7 * (t - d)) for d, a in given if d < t) for t in times]
    np.testing.assert_allclose(seg["S"][0], wanted, rtol=2e-7, atol=1e-9)


def test_infusion_against_the_analytic_solution(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    doses = Doses(0, 1.0, "S", 6.0, duration=2.0)
    times = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
    seg = simulate(
        system, to=5.0, times=times, outputs=["S"], doses=doses, settings=TIGHT, backend=backend
    )
    k, rate = 0.7, 3.0
    inside = np.clip(times - 1.0, 0, 2.0)
    wanted = rate / k * (1 - np.exp(-k * inside)) * np.exp(-k * (np.clip(times - 3.0, 0, None)))
    np.testing.assert_allclose(seg["S"][0], wanted, rtol=2e-7, atol=1e-9)


def test_two_compartments_oral_with_bioavailability_and_lag(
    two_compartments: str, backend: str
) -> None:
    system = read_sbml(two_compartments)
    doses = Doses(0, 0.0, "gut", 100.0, bioavailability=0.4, lag=0.5)
    times = np.array([0.25, 1.0, 3.0, 10.0])
    names = ["gut", "central", "peripheral"]
    seg = simulate(
        system, to=10.0, times=times, outputs=names, doses=doses, settings=TIGHT, backend=backend
    )
    start = np.array([40.0, 0, 0])
    wanted = [linear_solution(start, t - 0.5) if t > 0.5 else np.zeros(3) for t in times]
    np.testing.assert_allclose(seg.values[0], wanted, rtol=2e-7, atol=1e-8)


def test_two_compartments_overlapping_infusions(two_compartments: str, backend: str) -> None:
    """By superposition of boluses: an infusion is the integral of its parts."""
    system = read_sbml(two_compartments)
    doses = Doses(0, [0.0, 1.0], "central", [8.0, 3.0], duration=[3.0, 1.5])
    seg = simulate(
        system, to=6.0, outputs=["central", "peripheral"], doses=doses, settings=TIGHT,
        backend=backend,
    )  # fmt: skip
    nodes, weights = np.polynomial.legendre.leggauss(40)
    wanted = np.zeros(3)
    for start, amount, length in ((0.0, 8.0, 3.0), (1.0, 3.0, 1.5)):
        for node, weight in zip(nodes, weights, strict=True):
            time = start + length * (node + 1) / 2
            unit = np.array([0, amount / 2 * weight, 0])
            wanted += linear_solution(unit, 6.0 - time)
    np.testing.assert_allclose(seg.values[0, 0], wanted[1:], rtol=2e-7)


def test_a_dose_into_a_concentration_is_an_amount(decay: str, backend: str) -> None:
    system = read_sbml(decay)  # compartment of 2
    seg = simulate(
        system, to=1.0, times=[1.0], outputs=["S"], doses=Doses(0, 0.5, "S", 4.0),
        settings=TIGHT, backend=backend,
    )  # fmt: skip
    wanted = (10 * math.exp(-0.5) + 4 * math.exp(-0.25)) / 2
    assert seg["S"][0, 0] == pytest.approx(wanted, rel=1e-7)


def test_patients_have_their_own_doses_and_parameters(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    n = 5
    k = np.linspace(0.1, 2.0, n)
    doses = Doses.concat([
        Doses(None, 0.0, "S", 10.0),
        Doses(np.arange(1, n), np.arange(1, n) * 0.3, "S", np.arange(1, n) * 2.0),
    ])  # fmt: skip
    seg = simulate(
        system, patients=n, parameters={"k": k}, doses=doses, to=2.0, outputs=["S"],
        settings=TIGHT, backend=backend,
    )  # fmt: skip
    i = np.arange(n)
    wanted = 10 * np.exp(-2 * k) + np.where(i > 0, 2.0 * i * np.exp(-k * (2 - 0.3 * i)), 0)
    np.testing.assert_allclose(seg["S"][:, 0], wanted, rtol=2e-7)


def test_mass_is_conserved(sbml: Writer, backend: str) -> None:
    """The left null space of the stoichiometry is constant along every trajectory."""
    amount = 'initialAmount="{}" hasOnlySubstanceUnits="true"'
    system = read_sbml(
        sbml(
            species={"E": amount.format(1), "S": amount.format(10), "ES": amount.format(0),
                     "P": amount.format(0)},
            parameters={"on": 'value="3"', "off": 'value="1"', "cat": 'value="2"'},
            reactions=[
                ("bind", ["E", "S"], ["ES"], "on * E * S"),
                ("free", ["ES"], ["E", "S"], "off * ES"),
                ("turn", ["ES"], ["E", "P"], "cat * ES"),
            ],
        )
    )  # fmt: skip
    times = np.linspace(0, 20, 21)
    seg = simulate(system, to=20.0, times=times, outputs=["E", "S", "ES", "P"], backend=backend)
    e, s, es, p = seg.values[0].T
    np.testing.assert_allclose(e + es, 1.0, rtol=1e-12)
    np.testing.assert_allclose(s + es + p, 10.0, rtol=1e-12)
    assert p[-1] > 9.5


# -- pauses ---------------------------------------------------------------------------------


def test_pausing_changes_nothing_that_matters(two_compartments: str, backend: str) -> None:
    system = read_sbml(two_compartments)
    doses = Doses(0, np.arange(0.0, 10.0, 1.0), "gut", 5.0)
    infused = Doses(0, 2.5, "central", 3.0, duration=2.0)
    doses = Doses.concat([doses, infused])
    times = np.linspace(0, 10, 21)
    whole = simulate(
        system, to=10.0, times=times, outputs=["central"], doses=doses, settings=TIGHT,
        backend=backend,
    )["central"][0]  # fmt: skip
    sim = Simulation(system, doses=doses, settings=TIGHT, backend=backend)
    parts = []
    for k in range(10):  # every pause is at the time of a dose
        seg = sim.advance(k + 1.0, times[2 * k : 2 * k + 2], ["central"])
        parts.append(seg["central"][0])
        assert sim.time == k + 1.0
    parts.append(sim.value("central"))
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-6, atol=1e-9)


def test_advancing_to_the_present_gives_no_dose(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    sim = Simulation(
        system, parameters={"k": 0.0}, doses=Doses(0, [0.0, 1.0], "S", 1.0), backend=backend
    )
    assert sim.advance(0.0, [0.0], ["S"])["S"].tolist() == [[0.0]]
    sim.advance(1.0)
    assert sim.advance(1.0, [1.0], ["S"])["S"][0, 0] == pytest.approx(1.0)
    sim.advance(2.0)
    assert sim.value("S")[0] == pytest.approx(2.0)


def test_an_infusion_too_short_for_the_clock_is_a_bolus(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    doses = Doses(0, 1000.0, "S", 5.0, duration=1e-15)
    sim = Simulation(system, parameters={"k": 0.0}, doses=doses, backend=backend)
    sim.advance(1001.0)
    assert sim.value("S")[0] == pytest.approx(5.0)


def test_doses_can_be_replaced_and_running_infusions_go_on(sbml: Writer, backend: str) -> None:
    system = read_sbml(one_compartment(sbml))
    first = Doses(None, [0.0, 2.0, 4.0], "S", [1.0, 50.0, 60.0], duration=[0, 0, 0])
    running = Doses(None, 0.5, "S", 4.0, duration=2.0)
    sim = Simulation(
        system, patients=2, parameters={"k": 1e-12}, doses=Doses.concat([first, running]),
        settings=TIGHT, backend=backend,
    )  # fmt: skip
    sim.advance(2.0)
    np.testing.assert_allclose(sim.value("S"), 1 + 3.0)
    sim.set_doses(Doses([0, 1, 1], [3.0, 2.0, 1.0], "S", [7.0, 9.0, 1000.0]))
    sim.advance(5.0)
    np.testing.assert_allclose(sim.value("S"), [1 + 4 + 7.0, 1 + 4 + 9.0])


def test_set_parameters_and_set_state(decay: str, backend: str) -> None:
    sim = Simulation(read_sbml(decay), patients=3, settings=TIGHT, backend=backend)
    sim.advance(1.0)
    sim.set_parameters({"k": [0.0, 1.0, 2.0]}, where=np.array([True, False, True]))
    sim.set_state("S", 3.0, where=np.array([True, True, False]))
    sim.set_state("amount(S)", 1.0, where=np.array([False, True, False]))
    sim.advance(2.0)
    wanted = [3.0, 0.5 * math.exp(-0.5), 5 * math.exp(-0.5) * math.exp(-2.0)]
    np.testing.assert_allclose(sim.value("S"), wanted, rtol=1e-7)
    np.testing.assert_allclose(sim.value("k"), [0.0, 0.5, 2.0])


def test_initial_values_and_start(decay: str, backend: str) -> None:
    system = read_sbml(decay)
    for name, value in (("S", 2.0), ("[S]", 2.0), ("amount(S)", 4.0)):
        seg = simulate(
            system, start=5.0, to=6.0, initial={name: value}, outputs=["S"], settings=TIGHT,
            backend=backend,
        )  # fmt: skip
        assert seg["S"][0, 0] == pytest.approx(2 * math.exp(-0.5), rel=1e-7)


def test_stopped_patients_stay_where_they_are(decay: str, backend: str) -> None:
    sim = Simulation(read_sbml(decay), patients=3, settings=TIGHT, backend=backend)
    sim.advance(1.0)
    sim.stop(np.array([False, True, False]))
    seg = sim.advance(2.0, [1.5, 2.0], ["S"])
    assert np.isnan(seg["S"]).tolist() == [[False] * 2, [True] * 2, [False] * 2]
    np.testing.assert_allclose(sim.value("amount(S)")[1], 10 * math.exp(-0.5), rtol=1e-7)
    assert sim.status.tolist() == [Status.RUNNING, Status.STOPPED, Status.RUNNING]
    assert sim.failures() == []


# -- known jumps ----------------------------------------------------------------------------


@pytest.mark.parametrize("rtol", [1e-4, 1e-9])
def test_a_short_pulse_is_not_stepped_over(sbml: Writer, backend: str, rtol: float) -> None:
    """The right-hand side is zero outside the pulse: error control alone would never see it."""
    system = read_sbml(
        sbml(
            parameters={"x": 'value="0" constant="false"', "on": 'value="500"'},
            rules=[("rate", "x", "piecewise(1000, time >= on && time < on + 0.001, 0)")],
        )
    )
    sim = Simulation(
        system, patients=2, parameters={"on": [500.0, 7.25]}, backend=backend,
        settings=Settings(rtol=rtol),
    )  # fmt: skip
    sim.advance(1000.0)
    assert sim.failures() == []
    np.testing.assert_allclose(sim.value("x"), 1.0, rtol=1e-9)
    # The step that ends at a jump sees the side before it, so that none has to be repeated.
    assert (sim.counters["rejected"] == 0).all()


def test_a_jump_at_time_zero_and_before(sbml: Writer, backend: str) -> None:
    """The last time before a jump is found for negative times and for zero too."""
    system = read_sbml(
        sbml(
            parameters={"x": 'value="1" constant="false"', "T": 'value="0"'},
            rules=[("rate", "x", "piecewise(-x / 4, time < T, -3 * x)")],
        )
    )
    at = np.array([-2.5, 0.0, 1.75])
    sim = Simulation(
        system, patients=3, parameters={"T": at}, start=-4.0, backend=backend,
        settings=Settings(rtol=1e-9, atol=1e-14),
    )  # fmt: skip
    sim.advance(3.0)
    wanted = np.exp(-(at + 4) / 4 - 3 * (3 - at))
    np.testing.assert_allclose(sim.value("x"), wanted, rtol=1e-7)


# -- guards ---------------------------------------------------------------------------------


def failing(sbml: Writer, law: str, **options: object) -> Simulation:
    """One patient of three has a = 1 and fails; the others decay."""
    system = read_sbml(
        sbml(
            species={"S": 'initialAmount="1" hasOnlySubstanceUnits="true"'},
            parameters={"a": 'value="0"'},
            reactions=[("r", ["S"], [], law)],
        )
    )
    return Simulation(system, patients=3, parameters={"a": [0.0, 1.0, 0.0]}, **options)


@pytest.mark.parametrize(
    ("law", "status", "options"),
    [
        # Blows up; falls below zero; is no number from the start; needs far too many steps.
        ("S - a * 2 * S - a * 2 * S^2", {Status.STEP_TOO_SMALL, Status.NOT_FINITE}, {}),
        ("(1 - a) * S + a", {Status.NEGATIVE}, {}),
        ("S + ln(1 - 2 * a)", {Status.NOT_FINITE}, {}),
        ("S * (1 + a * sin(1e5 * time))", {Status.TOO_MANY_STEPS}, {"max_steps": 300}),
    ],
)
def test_one_bad_patient_never_stops_the_others(
    sbml: Writer, backend: str, law: str, status: set[Status], options: dict[str, int]
) -> None:
    sim = failing(sbml, law, backend=backend, settings=Settings(rtol=1e-6, **options))
    times = np.linspace(0, 3, 31)
    seg = sim.advance(3.0, times, ["S"])
    (failure,) = sim.failures()
    assert failure.patient == 1
    assert failure.status in status
    assert failure.species in {"S", ""}
    assert seg.status.tolist() == [Status.RUNNING, failure.status, Status.RUNNING]
    np.testing.assert_allclose(seg["S"][[0, 2]], np.tile(np.exp(-times), (2, 1)), rtol=1e-4)
    # What came before the failure is kept, nothing after it is.
    assert 0 <= failure.time <= 1.0 + 1e-6
    np.testing.assert_array_equal(np.isnan(seg["S"][1]), times > failure.time)
    again = sim.advance(4.0, [4.0], ["S"])
    assert np.isnan(again["S"][:, 0]).tolist() == [False, True, False]


def test_a_species_that_starts_below_zero(decay: str, backend: str) -> None:
    system = read_sbml(decay)
    options = {"patients": 3, "initial": {"S": [1.0, -1.0, 2.0]}, "backend": backend}
    sim = Simulation(system, **options)
    seg = sim.advance(1.0, [0.0, 1.0], ["S"])
    assert sim.failures() == [(1, Status.NEGATIVE, 0.0, "S")]
    assert seg["S"][:, 0].tolist() == [1.0, -1.0, 2.0]
    assert np.isnan(seg["S"][:, 1]).tolist() == [False, True, False]
    free = Simulation(system, settings=Settings(nonnegative=False, rtol=1e-8), **options)
    free.advance(1.0)
    assert free.value("S")[1] == pytest.approx(-math.exp(-0.5), rel=1e-6)


def test_a_linear_system_that_cannot_be_solved(sbml: Writer, backend: str) -> None:
    """Exchange so fast that 1 / step vanishes beside it: the matrix of every step is singular."""
    amount = 'initialAmount="{}" hasOnlySubstanceUnits="true"'
    system = read_sbml(
        sbml(
            species={"A": amount.format(1), "B": amount.format(0.5)},
            parameters={"k": 'value="1"'},
            reactions=[("over", ["A"], ["B"], "k * A"), ("back", ["B"], ["A"], "k * B")],
        )
    )
    sim = Simulation(
        system, patients=3, parameters={"k": [1.0, 1e300, 1.0]}, start=1.0, settings=TIGHT,
        backend=backend,
    )  # fmt: skip
    sim.advance(2.0)
    (failure,) = sim.failures()
    assert failure[:3] == (1, Status.SINGULAR, 1.0)
    np.testing.assert_allclose(sim.value("A")[[0, 2]], 0.75 + 0.25 * math.exp(-2), rtol=1e-7)


def test_negative_amounts_can_be_allowed(sbml: Writer, backend: str) -> None:
    sim = failing(
        sbml, "(1 - a) * S + a", backend=backend, settings=Settings(rtol=1e-8, nonnegative=False)
    )
    sim.advance(3.0)
    assert sim.failures() == []
    assert sim.value("S")[1] == pytest.approx(-2.0)


def test_counters_grow(decay: str, backend: str) -> None:
    sim = Simulation(read_sbml(decay), patients=2, backend=backend)
    sim.advance(1.0)
    first = sim.counters
    assert set(first) >= {"steps", "rejected", "factorizations", "rhs"}
    assert (first["steps"] > 0).all()
    assert (first["rhs"] > first["steps"]).all()
    sim.advance(2.0)
    assert (sim.counters["steps"] > first["steps"]).all()


def test_a_patient_is_the_same_alone_and_in_a_batch(two_compartments: str, backend: str) -> None:
    system = read_sbml(two_compartments)
    ke = np.random.default_rng(5).lognormal(-1, 0.5, 9)
    options = {"to": 8.0, "outputs": ["central"], "backend": backend, "settings": TIGHT}
    doses = Doses(None, [0.0, 3.0], "gut", 7.0)
    batch = simulate(system, patients=9, parameters={"ke": ke}, doses=doses, **options)
    alone = [simulate(system, parameters={"ke": k}, doses=doses, **options) for k in ke]
    order = np.random.default_rng(6).permutation(9)
    mixed = simulate(system, patients=9, parameters={"ke": ke[order]}, doses=doses, **options)
    assert batch.values.tobytes() == np.concatenate([a.values for a in alone]).tobytes()
    assert batch.values[order].tobytes() == mixed.values.tobytes()


# -- tolerances -----------------------------------------------------------------------------


def tolerances(system: System, settings: Settings, **options: object) -> np.ndarray:
    sim = Simulation(system, settings=settings, backend="reference", **options)
    return sim._batch.atol


def test_tolerances_come_from_scale_number_or_name(two_compartments: str, decay: str) -> None:
    system = read_sbml(two_compartments)
    assert tolerances(system, Settings(atol=1e-5)).tolist() == [[1e-5] * 3]
    named = tolerances(system, Settings(rtol=1e-4, atol={"gut": 0.5}))
    np.testing.assert_allclose(named, [[0.5, 1e-7, 1e-7]])
    np.testing.assert_allclose(tolerances(read_sbml(decay), Settings(rtol=1e-4)), 1e-6)
    with pytest.raises(InputError, match="no state 'guts'; did you mean 'gut'"):
        tolerances(system, Settings(atol={"guts": 1.0}))
    with pytest.raises(InputError, match="atol of gut must be above zero"):
        tolerances(system, Settings(atol={"gut": 0.0}))


def test_the_tolerance_of_an_empty_compartment_comes_from_its_doses(two_compartments: str) -> None:
    system, settings = read_sbml(two_compartments), Settings(rtol=1e-4, atol={"peripheral": 1.0})
    doses = Doses([0, 0, 1, 2, 0], [0.0, 5.0, 0.0, 0.0, 1.0], ["gut"] * 4 + ["peripheral"],
                  [200.0, 300.0, 1e-3, 0.0, 7.0])  # fmt: skip
    found = tolerances(system, settings, patients=3, doses=doses)
    np.testing.assert_allclose(found[:, 0], [3e-5, 1e-10, 1e-7])
    np.testing.assert_allclose(found[:, 2], 1.0)  # given by name
    # What starts full keeps at least its own size.
    full = tolerances(system, settings, patients=3, doses=doses, initial={"gut": 1.0})
    np.testing.assert_allclose(full[:, 0], [3e-5, 1e-7, 1e-7])
    # A schedule set later counts as well, and what was given before goes on counting.
    sim = Simulation(system, patients=3, settings=settings, doses=doses, backend="reference")
    sim.set_doses(Doses(1, 3.0, "gut", 50.0))
    np.testing.assert_allclose(sim._batch.atol[:, 0], [3e-5, 5e-6, 1e-7])


# -- wrong use ------------------------------------------------------------------------------


def test_wrong_names_and_shapes_are_told(decay: str) -> None:
    system = read_sbml(decay)

    def make(**options: object) -> Simulation:
        return Simulation(system, patients=3, backend="reference", **options)

    with pytest.raises(ParameterError, match="no parameter 'K'; did you mean 'k'"):
        make(parameters={"K": 1.0})
    with pytest.raises(ParameterError, match="computed by the model"):
        make(parameters={"elimination": 1.0})
    with pytest.raises(InputError, match="k: give one number or 3 numbers"):
        make(parameters={"k": [1.0, 2.0]})
    with pytest.raises(InputError, match="k: the value of patient 1 is nan"):
        make(parameters={"k": [1.0, math.nan, 2.0]})
    with pytest.raises(InputError, match="no initial value 'T'"):
        make(initial={"T": 1.0})
    with pytest.raises(InputError, match="two initial values for 'S'"):
        make(initial={"S": 1.0, "amount(S)": 1.0})
    with pytest.raises(InputError, match="no species to dose 'k'"):
        make(doses=Doses(0, 0.0, "k", 1.0))
    with pytest.raises(InputError, match="for patient 3, the last is 2"):
        make(doses=Doses(3, 0.0, "S", 1.0))
    with pytest.raises(InputError, match="a dose at -1 lies before the start at 0"):
        make(doses=Doses(0, -1.0, "S", 1.0))
    with pytest.raises(InputError, match="backend must be"):
        Simulation(system, backend="fast")
    with pytest.raises(InputError, match="patients must be at least 1"):
        Simulation(system, patients=0, backend="reference")
    sim = make()
    sim.advance(1.0)
    with pytest.raises(InputError, match=r"cannot advance to 0\.5"):
        sim.advance(0.5)
    with pytest.raises(InputError, match="leave the span"):
        sim.advance(2.0, [0.5], ["S"])
    with pytest.raises(InputError, match="ascending"):
        sim.advance(2.0, [1.5, 1.2], ["S"])
    with pytest.raises(InputError, match="mask must be 3 truth values"):
        sim.stop([0, 1, 0])
    with pytest.raises(InputError, match="no selected output 'T'"):
        sim.advance(1.0, [1.0], ["S"])["T"]


@pytest.mark.parametrize("field", ["rtol", "atol", "max_steps", "min_step", "threads"])
def test_settings_out_of_range(field: str) -> None:
    with pytest.raises(InputError, match=field):
        Settings(**{field: -1})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": -1.0}, "amount of a dose must not be negative"),
        ({"duration": -1.0}, "duration of a dose must not be negative"),
        ({"time": math.inf}, "time of a dose must be finite"),
        ({"patient": -2}, "patient of a dose must not be negative"),
        ({"patient": 0.5}, "whole numbers"),
        ({"amount": "ten"}, "must be numbers"),
        ({"amount": [1.0, 2.0], "time": [1.0, 2.0, 3.0]}, "do not fit together"),
        ({"amount": [[1.0]]}, "one dimension"),
    ],
)
def test_wrong_doses(change: dict[str, object], message: str) -> None:
    row = {"patient": 0, "time": 0.0, "target": "S", "amount": 1.0, "duration": 0.0}
    with pytest.raises(InputError, match=message):
        Doses(**{**row, **change})


def test_no_doses_at_all(decay: str) -> None:
    assert len(Doses.empty()) == 0
    assert len(Doses.concat([])) == 0
    both = Doses.concat([Doses.empty(), Doses(0, 1.0, "S", 2.0)])
    assert both.targets == ("S",)
    sim = Simulation(read_sbml(decay), doses=Doses.empty(), backend="reference")
    sim.set_doses(Doses.empty())


# -- putting patients together --------------------------------------------------------------


def test_gathered_patients_go_on_as_they_would_have(two_compartments: str, backend: str) -> None:
    """Taken out at a pause, in another order, from two simulations: the same bytes."""
    system = read_sbml(two_compartments)

    def course(who: list[int]) -> Simulation:
        rates = np.array([0.8, 1.0, 1.3, 2.0, 0.4])[who]
        doses = Doses(np.arange(len(who)), 1.0, "gut", np.array([100.0, 50, 20, 80, 10])[who])
        return Simulation(
            system, patients=len(who), parameters={"ka": rates}, doses=doses, backend=backend
        )

    whole, left, right = course([0, 1, 2, 3, 4]), course([2, 4, 1]), course([0, 3])
    for one in (whole, left, right):
        one.advance(3.0)
    mixed = Simulation.gather([(right, [1]), (left, [1, 0])])
    assert mixed.time == 3.0
    more = Doses(None, 4.0, "central", 30.0, duration=2.0)
    for one in (whole, mixed):
        one.set_doses(more)
    expected = whole.advance(9.0, [5.0, 9.0], ["central", "peripheral"])
    found = mixed.advance(9.0, [5.0, 9.0], ["central", "peripheral"])
    assert np.array_equal(found.values, expected.values[[3, 4, 2]])
    assert np.isfinite(found.values).all()
    assert not np.array_equal(found.values[0], found.values[1])


def test_only_simulations_at_one_time_are_put_together(two_compartments: str) -> None:
    system = read_sbml(two_compartments)
    one, other = Simulation(system, backend="reference"), Simulation(system, backend="reference")
    other.advance(1.0)
    with pytest.raises(InputError, match="at one time"):
        Simulation.gather([(one, [0]), (other, [0])])
