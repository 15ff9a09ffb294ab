"""Derivatives by parameters: against closed solutions and against tight central differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import (
    Doses,
    SensitivityResult,
    Settings,
    Simulation,
    System,
    gradients,
    read_sbml,
    sensitivities,
    simulate,
)
from rascade.engine.symbolic.expression import Graph
from rascade.engine.symbolic.system import build_system
from rascade.errors import InputError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Writer = Callable[..., str]

TIGHT = Settings(rtol=1e-9, atol=1e-12)
TIMES = np.linspace(0.0, 24.0, 13)
AMOUNT = 'initialAmount="{}" hasOnlySubstanceUnits="true"'


def central_differences(
    system: System, parameters: Sequence[str], outputs: Sequence[str], *,
    values: Mapping[str, float] | None = None, step: float = 1e-4, **options: object,
) -> np.ndarray:  # fmt: skip
    """Return (T, k, q), fourth order, each simulation solved as tightly as possible."""
    present = Simulation(system, parameters=values, backend="reference")
    columns = []
    for name in parameters:
        at = float(present.parameter(name)[0])
        h = step * (abs(at) or 1.0)

        def run(shift: float, name: str = name, at: float = at) -> np.ndarray:
            own = {**(values or {}), name: at + shift}
            return simulate(system, outputs=outputs, parameters=own, **options).values[0]

        columns.append((8 * (run(h) - run(-h)) - (run(2 * h) - run(-2 * h))) / (12 * h))
    return np.stack(columns, axis=-1)


def agrees(
    system: System, parameters: Sequence[str], outputs: Sequence[str], times: np.ndarray, *,
    backend: str, close: float = 2e-6, step: float = 1e-4, **options: object,
) -> SensitivityResult:  # fmt: skip
    """Compare with central differences, relative to the largest that a column reaches."""
    settings = options.pop("settings", TIGHT)
    found = sensitivities(
        system, parameters, outputs=outputs, times=times, settings=settings, backend=backend,
        **options,
    )  # fmt: skip
    wanted = central_differences(
        system, parameters, outputs, times=times, to=float(times[-1]), step=step,
        settings=Settings(rtol=1e-12, atol=1e-14), **options,
    )  # fmt: skip
    size = np.abs(wanted).max(axis=0, keepdims=True)
    assert np.isfinite(found.gradients).all()
    error = np.abs(found.gradients[0] - wanted) / np.where(size > 0, size, 1.0)
    assert error.max() <= close, error.max(axis=0)
    return found


# -- closed solutions -----------------------------------------------------------------------


@pytest.fixture
def oral(sbml: Writer) -> System:
    return read_sbml(
        sbml(
            compartments={"C": 'size="5" constant="true"'},
            species={"gut": AMOUNT.format(0), "central": 'initialAmount="0"'},
            parameters={"ka": 'value="1.3"', "ke": 'value="0.17"', "unused": 'value="0"'},
            reactions=[
                ("absorption", ["gut"], ["central"], "ka * gut"),
                ("elimination", ["central"], [], "C * ke * central"),
            ],
        )
    )


def test_oral_doses_against_the_closed_solution(oral: System, backend: str) -> None:
    """c(t) = D ka / (V (ka - ke)) (exp(-ke t) - exp(-ka t)), superposed, and differentiated."""
    ka = np.array([1.3, 0.9])
    ke, volume, dose, given = 0.17, 5.0, 100.0, (0.0, 12.0)
    found = sensitivities(
        oral, ["ka", "ke", "C", "unused"], times=TIMES, outputs=["central", "amount(gut)"],
        doses=Doses(None, given, "gut", dose), patients=2, values={"ka": ka}, settings=TIGHT,
        backend=backend,
    )  # fmt: skip
    assert found.gradients.shape == (2, len(TIMES), 2, 4)
    for patient, a in enumerate(ka):
        c, by_ka, by_ke, gut = (np.zeros(len(TIMES)) for _ in range(4))
        for start in given:
            t = np.maximum(TIMES - start, 0.0)
            fall, rise = np.exp(-ke * t), np.exp(-a * t)
            front = dose * a / volume / (a - ke)
            c += np.where(start < TIMES, front * (fall - rise), 0)
            slope = -dose * ke / volume / (a - ke) ** 2
            by_ka += np.where(start < TIMES, slope * (fall - rise) + front * t * rise, 0)
            by_ke += np.where(start < TIMES, front / (a - ke) * (fall - rise) - front * t * fall, 0)
            gut += np.where(start < TIMES, -t * dose * rise, 0)
        close = {"rtol": 2e-6, "atol": 2e-6}
        np.testing.assert_allclose(found.values[patient, :, 0], c, **close)
        np.testing.assert_allclose(found.of("central", "ka")[patient], by_ka, **close)
        np.testing.assert_allclose(found.of("central", "ke")[patient], by_ke, **close)
        np.testing.assert_allclose(found.of("central", "C")[patient], -c / volume, **close)
        np.testing.assert_allclose(
            found.of("amount(gut)", "ka")[patient], gut, rtol=2e-6, atol=2e-5
        )
    assert (found.of("central", "unused") == 0).all()


def test_infusions_and_doses_of_single_patients(oral: System, backend: str) -> None:
    """a(t) during an infusion: R / ke (1 - exp(-ke t)); each patient has its own."""
    doses = Doses([0, 1], [0.0, 2.0], "central", [60.0, 30.0], duration=[6.0, 3.0])
    found = sensitivities(
        oral, ["ke"], times=TIMES, outputs=["amount(central)"], doses=doses, patients=3,
        settings=TIGHT, backend=backend,
    )  # fmt: skip
    ke, rate = 0.17, 10.0
    for patient, start, length in ((0, 0.0, 6.0), (1, 2.0, 3.0)):
        inside = np.clip(TIMES - start, 0, length)
        after = np.clip(TIMES - start - length, 0, None)
        level = rate / ke * (1 - np.exp(-ke * inside))
        slope = -level / ke + rate / ke * inside * np.exp(-ke * inside)
        wanted = (slope - after * level) * np.exp(-ke * after)
        got = found.of("amount(central)", "ke")[patient]
        np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=2e-5)
    assert (found.gradients[2] == 0).all()


def robertson() -> System:
    g = Graph()
    x, y, z = (g.state(k) for k in range(3))
    k1, k2, k3 = (g.parameter(k) for k in range(3))
    a, b, c = g.mul(k1, x), g.mul(k2, y, z), g.mul(k3, y, y)
    return build_system(
        name="robertson", graph=g, states=["x", "y", "z"], parameters=["k1", "k2", "k3"],
        rates=[g.sub(b, a), g.sub(g.sub(a, b), c), c], defaults=[0.04, 1e4, 3e7],
        observables={"x": x, "y": y, "z": z, "a": a}, initial=[g.constant(v) for v in (1, 0, 0)],
        scale=[1.0, 1e-5, 1.0],
    )  # fmt: skip


def test_robertson(backend: str) -> None:
    times = np.array([0.4, 4.0, 40.0, 400.0, 4000.0])
    found = agrees(
        robertson(), ["k1", "k2", "k3"], ["x", "y", "z", "a"], times, backend=backend,
        settings=Settings(rtol=1e-9), step=1e-3,
    )  # fmt: skip
    # What is conserved is conserved whatever the parameters are.
    total = found.gradients[0, :, :3].sum(axis=1)
    assert np.abs(total * [0.04, 1e4, 3e7]).max() < 1e-10


# -- where parameters enter at the start ----------------------------------------------------


@pytest.fixture
def derived(sbml: Writer) -> System:
    """Initial assignments in a chain: k -> half -> start of S; and a size that sets an amount."""
    return read_sbml(
        sbml(
            compartments={"C": 'size="2" constant="true"'},
            species={"S": 'initialConcentration="3"', "P": AMOUNT.format(0)},
            parameters={"k": 'value="0.5"', "half": "", "both": ""},
            initial={"half": "k / 2 + both", "both": "k * C", "P": "half * S * k"},
            reactions=[("r", ["S"], ["P"], "half * S * C"), ("d", ["P"], [], "both * P")],
        )
    )


def test_initial_assignments_follow(derived: System, backend: str) -> None:
    times = np.array([0.0, 0.5, 2.0])
    agrees(derived, ["k", "C", "half", "both"], ["S", "P", "half"], times, backend=backend)


def test_what_is_given_does_not_follow(derived: System, backend: str) -> None:
    times = np.array([0.0, 0.5, 2.0])
    found = agrees(
        derived, ["k", "both"], ["S", "half", "P"], times, backend=backend, values={"both": 0.8}
    )
    assert (found.of("half", "k") == 0.5).all()
    given = agrees(
        derived, ["k", "C"], ["P", "amount(S)", "S"], times, backend=backend,
        initial={"S": 2.0, "P": 1.0},
    )  # fmt: skip
    assert (given.of("P", "k")[0, 0], given.of("amount(S)", "C")[0, 0]) == (0.0, 2.0)


# -- moments that move ----------------------------------------------------------------------


def test_switches_at_times_that_are_parameters(sbml: Writer, backend: str) -> None:
    text = sbml(
        species={"S": AMOUNT.format(1)},
        parameters={"on": 'value="2"', "width": 'value="3"', "r": 'value="4"', "k": 'value="0.3"'},
        reactions=[
            ("feed", [], ["S"], "piecewise(r * S^0.5, time >= on && time < on + width, 0.1)"),
            ("loss", ["S"], [], "k * S"),
        ],
    )
    times = np.array([1.0, 2.5, 4.0, 7.0])
    agrees(read_sbml(text), ["on", "width", "r", "k"], ["S"], times, backend=backend)


def test_both_sides_of_a_switch_may_be_spelled_out(sbml: Writer, backend: str) -> None:
    text = sbml(
        parameters={"x": 'value="1" constant="false"', "T": 'value="2"'},
        rules=[("rate", "x", "piecewise(3 * x, time < T, -2 * x, time >= T)")],
    )
    agrees(read_sbml(text), ["T"], ["x"], np.array([1.0, 3.0]), backend=backend)


def test_switches_on_states(sbml: Writer, backend: str) -> None:
    """A rate that jumps where x reaches a level; one that only bends (max) needs no jump."""
    text = sbml(
        parameters={"x": 'value="0" constant="false"', "z": 'value="0" constant="false"',
                    "level": 'value="1.5"', "v": 'value="0.7"'},
        rules=[("rate", "x", "piecewise(v, x < level, v / 4)"), ("rate", "z", "max(x - 1, 0)")],
    )  # fmt: skip
    agrees(
        read_sbml(text), ["level", "v"], ["x", "z"], np.array([1.0, 3.0, 6.0]), backend=backend,
        close=2e-5,
    )  # fmt: skip


def event(math: Callable[[str], str], name: str, trigger: str, **targets: str) -> str:
    assignments = "".join(
        f'<eventAssignment variable="{k}">{math(v)}</eventAssignment>' for k, v in targets.items()
    )
    return (
        f'<event id="{name}" useValuesFromTriggerTime="true"><trigger initialValue="true" '
        f'persistent="true">{math(trigger)}</trigger><listOfEventAssignments>{assignments}'
        "</listOfEventAssignments></event>"
    )


@pytest.fixture
def eventful(sbml: Writer, math: Callable[[str], str]) -> Callable[..., System]:
    def make(**events: tuple[str, dict[str, str]]) -> System:
        body = "".join(event(math, name, trigger, **t) for name, (trigger, t) in events.items())
        return read_sbml(
            sbml(
                species={"S": AMOUNT.format(0), "P": AMOUNT.format(0)},
                parameters={"k": 'value="0.8"', "v": 'value="2"', "T": 'value="1.25"',
                            "top": 'value="1.5"', "f": 'value="0.5"'},
                reactions=[("in", [], ["S"], "v"), ("turn", ["S"], ["P"], "k * S")],
                events=f"<listOfEvents>{body}</listOfEvents>",
            )
        )  # fmt: skip

    return make


NAMES = ["k", "v", "T", "top", "f"]


def test_an_event_at_a_known_time(eventful: Callable[..., System], backend: str) -> None:
    system = eventful(e=("time >= T", {"S": "f * S + T"}))
    agrees(system, NAMES, ["S", "P"], np.array([1.0, 2.0, 5.0]), backend=backend)


def test_an_event_at_a_level(eventful: Callable[..., System], backend: str) -> None:
    """It happens several times, each time a little earlier or later."""
    system = eventful(e=("S > top", {"S": "f * S", "P": "P + k"}))
    agrees(
        system, NAMES, ["S", "P"], np.array([1.0, 2.9, 5.3]), backend=backend, close=2e-5, step=1e-5
    )


def test_an_event_that_a_dose_brings_about(eventful: Callable[..., System], backend: str) -> None:
    """The dose, not the parameters, sets its moment."""
    system = eventful(e=("S > top", {"S": "f * S"}))
    agrees(
        system, NAMES, ["S", "P"], np.array([0.3, 0.6]), backend=backend,
        doses=Doses(0, 0.5, "S", 5.0),
    )  # fmt: skip


def test_what_is_not_known_is_refused(eventful: Callable[..., System]) -> None:
    def ask(system: System, **options: object) -> None:
        sensitivities(system, ["top"], outputs=["S"], times=[1.0], backend="reference", **options)

    both = eventful(e=("S > top && P < 3", {"S": "0"}))
    with pytest.raises(UnsupportedFeature, match="event 'e', whose trigger is more than one"):
        ask(both)
    chain = eventful(a=("S > top", {"P": "0"}), b=("P < 0.1", {"S": "0"}))
    with pytest.raises(UnsupportedFeature, match="'a' may trigger 'b'"):
        ask(chain)
    level = eventful(e=("S > top", {"S": "0"}))
    with pytest.raises(UnsupportedFeature, match="with infusions"):
        ask(level, doses=Doses(0, 0.0, "S", 1.0, duration=2.0))


# -- populations, names ---------------------------------------------------------------------


def test_the_same_whatever_the_batch(oral: System) -> None:
    ka = np.linspace(0.5, 2.0, 5)
    doses = Doses.concat([Doses(None, 0.0, "gut", 10.0), Doses(3, 5.0, "gut", 20.0)])
    options = {"times": TIMES, "outputs": ["central"], "settings": Settings(rtol=1e-6)}
    whole = sensitivities(oral, ["ka", "ke"], values={"ka": ka}, patients=5, doses=doses, **options)
    for patient in range(5):
        own = [Doses(0, 0.0, "gut", 10.0)] + [Doses(0, 5.0, "gut", 20.0)] * (patient == 3)
        alone = sensitivities(
            oral, ["ka", "ke"], values={"ka": ka[patient]}, doses=Doses.concat(own), **options
        )
        assert alone.gradients[0].tobytes() == whole.gradients[patient].tobytes()
        assert alone.values[0].tobytes() == whole.values[patient].tobytes()


def test_work_in_pieces_is_the_same(oral: System, monkeypatch: pytest.MonkeyPatch) -> None:
    doses = Doses([0, 2, 3], [0.0, 1.0, 2.0], "gut", [1.0, 2.0, 3.0])
    options = {"times": TIMES, "outputs": ["central", "gut"], "doses": doses, "patients": 4}
    whole = sensitivities(oral, ["ka", "ke", "C"], together=2, **options)
    monkeypatch.setattr(gradients, "_CHUNK", 2 * 3 * len(TIMES) * 2 * 2)
    pieces = sensitivities(oral, ["ka", "ke", "C"], together=2, **options)
    assert whole.gradients.tobytes() == pieces.gradients.tobytes()
    assert whole.status.tolist() == [1, 1, 1, 1]


def test_one_that_fails_is_told(sbml: Writer) -> None:
    system = read_sbml(
        sbml(
            parameters={"x": 'value="1" constant="false"', "a": 'value="0"'},
            rules=[("rate", "x", "a * x^2 - x / 2")],
        )
    )
    found = sensitivities(
        system, ["a"], values={"a": [0.0, 1.0]}, patients=2, times=[0.5, 3.0], outputs=["x"]
    )
    assert found.status[0] == 1
    assert found.status[1] >= 3
    assert np.isnan(found.gradients[:, :, 0, 0]).tolist() == [[False, False], [False, True]]


def test_wrong_use(oral: System) -> None:
    def ask(names: list[str], **options: object) -> SensitivityResult:
        settings = {"times": [1.0], "outputs": ["central"], "backend": "reference"} | options
        return sensitivities(oral, names, **settings)

    with pytest.raises(InputError, match="no parameter 'kA'; did you mean 'ka'"):
        ask(["kA"])
    with pytest.raises(InputError, match="given twice"):
        ask(["ka", "ka"])
    with pytest.raises(InputError, match="at least one parameter"):
        ask([])
    with pytest.raises(InputError, match="at least one output time"):
        ask(["ka"], times=[])
    with pytest.raises(InputError, match="no output 'centre'"):
        ask(["ka"], outputs=["centre"])
    with pytest.raises(InputError, match="together must be at least 1"):
        ask(["ka"], together=0)
    with pytest.raises(InputError, match="no selected parameter 'ke'"):
        ask(["ka"]).of("central", "ke")


# -- the disease model ----------------------------------------------------------------------


@pytest.mark.slow
def test_the_disease_model() -> None:
    from rascade.model import assemble

    system = assemble(["daraxonrasib"]).system
    names = ["KRAS_share", "k_hydrolysis", "K_SOS_ERK", "hydrolysis_ratio"]
    agrees(
        system, names, ["relative_size", "pERK_sensitive", "death_hazard"],
        np.linspace(0.0, 7 * 24.0, 8), backend="compiled", close=1e-6, step=4e-4,
        doses=Doses(0, np.arange(7) * 24.0, "gut_daraxonrasib", 300.0),
        settings=Settings(rtol=1e-8),
    )  # fmt: skip
