"""Effects are arithmetic over named functions; draws stay inside their third of the range."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rascade.analyses.claims.draws import draw_row, uncertain_rows
from rascade.analyses.claims.experiments_signalling import run_courses
from rascade.analyses.claims.expression import evaluate
from rascade.analyses.claims.observables import effect_of_courses
from rascade.analyses.claims.records import Condition, load_experiments
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


def test_every_experiment_names_what_its_model_has() -> None:
    for experiment in load_experiments():
        if experiment.kind in ("dish", "xenograft", "patient"):
            found = run_courses(experiment, load_table(), draws=1, seed=1)
            for check in experiment.checks:
                assert np.isfinite(effect_of_courses(check.effect, found)[0]), check
