"""Effects are arithmetic over named functions; draws stay inside their third of the range."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rascade.analyses.claims.records import load_experiments
from rascade.bench.questions.courses import SETTINGS, Courses, run_courses
from rascade.bench.questions.effects import effect_of_courses
from rascade.bench.questions.expression import evaluate
from rascade.bench.questions.records import Condition
from rascade.bench.readouts import clones_of, find_row
from rascade.bench.unsure import draw_row, uncertain_rows
from rascade.errors import EvidenceError
from rascade.model import assemble, load_table


@pytest.fixture(scope="module")
def courses():
    experiment = dataclasses.replace(
        load_experiments()[0],
        kind="dish",
        hours=(1.0, 2.0, 8.0),
        conditions=(
            Condition("none", "G12C"),
            Condition("drug", "G12C", drugs={"sotorasib": (100.0,)}),
            Condition("washed", "G12C", drugs={"sotorasib": (100.0,)}, wash=2.0),
            Condition("series", "G12C", drugs={"sotorasib": (0.1, 10.0, 1000.0)}),
        ),
    )
    return run_courses(experiment, load_table(), draws=3, seed=1)


def test_expressions() -> None:
    functions = {"twice": lambda x: 2 * x, "named": lambda name: len(name)}
    assert evaluate("-(twice(3) + 2) ** 2 / 4", functions) == -16.0
    assert evaluate("named(pERK) * k", functions, {"k": 3.0}) == 12.0


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "open('x')", "(1).real", "[1]", "twice(x=1)", "1 if 2 else 3", "1 +", "k"],
)
def test_nothing_but_arithmetic(text: str) -> None:
    with pytest.raises(EvidenceError, match="effect"):
        evaluate(text, {"twice": lambda x: 2 * x})


def test_untreated_cells_rest_and_the_drug_acts(courses) -> None:
    np.testing.assert_allclose(effect_of_courses("rel(pERK, none, 8)", courses), 1.0, rtol=1e-3)
    assert (effect_of_courses("rel(pERK, drug, 2)", courses) < 0.9).all()
    assert (effect_of_courses("climb(RAS_GTP, series, 8)", courses) < 1.0).all()


def test_low_and_high_are_the_ends_of_a_course(courses) -> None:
    values = [effect_of_courses(f"rel(pERK, drug, {h})", courses) for h in (1, 2, 8)]
    low = effect_of_courses("low(pERK, drug, 1, 8)", courses)
    high = effect_of_courses("high(pERK, drug, 1, 8)", courses)
    np.testing.assert_array_equal(low, np.min(values, axis=0))
    np.testing.assert_array_equal(high, np.max(values, axis=0))


def test_wash_out_ends_engagement_but_for_turnover(courses) -> None:
    ratio = effect_of_courses(
        "engaged(sotorasib, washed, 8) / engaged(sotorasib, washed, 2)", courses
    )
    turnover = courses.assembly.values["k_RAS_turnover"]
    # Engaged over engaged and free: numerator falls with turnover, the sum is conserved.
    np.testing.assert_allclose(ratio, np.exp(-6 * turnover), rtol=1e-2)
    more = effect_of_courses("engaged(sotorasib, drug, 8) - engaged(sotorasib, washed, 8)", courses)
    assert (more > 0).all()


def test_half_doses(courses) -> None:
    ic50 = effect_of_courses("ic50(pERK, series, 8)", courses)
    ec50 = effect_of_courses("ec50(pERK, series, 8)", courses)
    assert ((ic50 >= 0.1) & (ic50 <= 1000)).all()
    assert (ec50 <= ic50 * (1 + 1e-9)).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rel(pERK, dug, 8)", "no condition 'dug'"),
        ("rel(pERRK, drug, 8)", "no read-out 'pERRK'"),
        ("rel(pERK, drug, 9)", "hour 9"),
        ("rel(pERK, series, 8)", "dose series"),
        ("really(pERK, drug, 8)", "no function"),
    ],
)
def test_a_wrong_effect_is_told(courses, text: str, says: str) -> None:
    with pytest.raises(EvidenceError, match=says):
        effect_of_courses(text, courses)


def test_draws_span_a_third_of_the_range_and_grow() -> None:
    row = load_table()["K_SOS_ERK"]
    values = draw_row(row, 1, 4000)
    assert values[0] == row.value
    low = row.value * (row.low / row.value) ** (1 / 3)
    high = row.value * (row.high / row.value) ** (1 / 3)
    assert low <= values.min() < 1.05 * low and 0.95 * high < values.max() <= high
    assert np.log(high / low) == pytest.approx(np.log(row.high / row.low) / 3)
    np.testing.assert_array_equal(draw_row(row, 1, 10), values[:11])


def test_what_is_drawn() -> None:
    assembly = assemble(["sotorasib"], setting="culture", clones=["sensitive"])
    rows = uncertain_rows(assembly, {"KRAS_share"})
    table = load_table()
    assert {"K_SOS_ERK", "sotorasib.kinact_over_KI"} <= set(rows)
    assert "sotorasib.fraction_unbound" not in rows and "sotorasib.affinity" not in rows
    assert "hydrolysis_ratio" not in rows and "bypass_RAF" not in rows
    assert not [name for name in rows if table[name].confidence == "verified"]


def test_every_experiment_in_a_dish_can_be_run() -> None:
    for experiment in load_experiments():
        if experiment.kind == "dish":
            found = run_courses(experiment, load_table(), draws=1, seed=1)
            for check in experiment.checks:
                assert np.isfinite(effect_of_courses(check.effect, found)[0]), check


def test_every_experiment_names_what_its_model_has() -> None:
    """Read-outs, conditions, hours and parameters, without solving anything."""
    for experiment in load_experiments():
        if experiment.kind in SETTINGS:
            found = blank(experiment)
            for check in experiment.checks:
                assert effect_of_courses(check.effect, found).shape == (2,), check
            parameters = found.assembly.composition.parameters
            setting = found.assembly.setting
            for condition in experiment.conditions:
                for name in {*condition.set, *condition.times, *condition.step}:
                    if not name.endswith("_sum"):  # what drugs bind, where no drug does
                        assert find_row(parameters, name, setting), (experiment.id, name)


def blank(experiment) -> Courses:
    """Return courses of ones under the names that the experiment's model has."""
    setting = SETTINGS[experiment.kind]
    clones = None if setting == "patient" else clones_of(setting)
    assembly = assemble(
        experiment.drugs, setting=setting, clones=clones, include=experiment.include
    )
    hours = np.array([0.0, *experiment.hours])
    rows, doses, start = {}, {}, 0
    for condition in experiment.conditions:
        rows[condition.name] = slice(start, start := start + condition.members)
        doses[condition.name] = next((d for d in condition.drugs.values() if len(d) > 1), ())
    ones = np.ones((start, 2, len(hours)))
    values = dict.fromkeys(assembly.composition.symbols, ones)
    drugs = {condition.name: condition.drugs for condition in experiment.conditions}
    return Courses(assembly, rows, doses, drugs, hours, values, (), 0)


def drawn_courses(values: dict[str, list[float]], hours: list[float]) -> Courses:
    """Return courses of one parameter set, each condition with its own tumour volumes."""
    assembly = assemble([], setting="mouse", clones=["sensitive", "normal"])
    rows = {name: slice(k, k + 1) for k, name in enumerate(values)}
    series = np.array(list(values.values()))[:, None, :]
    return Courses(
        assembly,
        rows,
        dict.fromkeys(values, ()),
        {name: {} for name in values},
        np.array(hours),
        {"tumour_volume": series},
        (),
        0,
    )


def test_reach_growth_and_excess_over_bliss() -> None:
    found = drawn_courses(
        {
            "none": [1.0, 2.0, 4.0],
            "a": [1.0, 1.0, 2.0],
            "b": [1.0, 1.5, 3.0],
            "both": [1.0, 0.5, 0.25],
        },
        [0.0, 24.0, 48.0],
    )
    effects = {
        "reach(tumour_volume, none, 2)": 24.0,
        "reach(tumour_volume, none, 2.828427)": 36.0,  # half-way on the log scale
        "reach(tumour_volume, a, 10)": 48.0,  # never: the last hour
        "reach(tumour_volume, both, 0.5)": 24.0,
        "growth(tumour_volume, none, 0, 48)": np.log(2.0),
        "growth(tumour_volume, both, 0, 24)": -np.log(2.0),
        "bliss_excess(tumour_volume, a, b, both, none, 48)": 2 / 4 * 3 / 4 - 0.25 / 4,
        "level(tumour_volume, tumour_volume, 0.5, 48, both, a, b, none)": 2.125,
    }
    for text, expected in effects.items():
        assert effect_of_courses(text, found)[0] == pytest.approx(expected, rel=1e-6), text


@pytest.mark.parametrize("name", ["MDSC_level", "kill_MDSC", "TGFb_myCAF"])
def test_a_range_from_zero_is_drawn_around_its_value(name: str) -> None:
    row = load_table()[name]
    assert row.low == 0.0
    values = draw_row(row, 1, 4000)[1:]
    assert values.min() * values.max() == pytest.approx(row.value**2, rel=0.02)
    assert values.max() == pytest.approx(row.value * (row.high / row.value) ** (1 / 3), rel=0.01)


def test_response_rates_of_the_same_patients_are_compared_in_pairs() -> None:
    import pandas as pd

    from rascade.bench.questions.patients import Trials, trial_effect
    from rascade.bench.questions.records import Arm

    arms = (Arm("old", "none"), Arm("new", "gemcitabine 1000 mg/m2 IV QW"))
    experiment = dataclasses.replace(load_experiments()[0], kind="trial", arms=arms, size=4)
    trials = Trials(load_table(), seed=1)
    for arm, responses in zip(
        arms, (["PR", "SD", "PD", "PD"], ["PR", "CR", "SD", "PD"]), strict=True
    ):
        patients = pd.DataFrame({"patient": range(4), "best_response": responses})
        trials.arms[trials._key(experiment, arm)] = patients
    assert trial_effect("orr(new)", experiment, trials).value == 50.0
    assert trial_effect("dcr(new)", experiment, trials).value == 75.0
    gain = trial_effect("orr_gain(new, old)", experiment, trials)
    assert gain.value == 25.0
    assert gain.low == 0.0 and 50.0 <= gain.high <= 100.0  # one of four gained, none lost
