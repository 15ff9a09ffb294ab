"""Derivatives of experiments against finite differences; what is measured, and how well."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from rascade.analyses.facts.groups import groups
from rascade.analyses.facts.records import find_facts
from rascade.analyses.identifiability.bench import SetBench, TangentBench
from rascade.analyses.identifiability.fisher import fisher, prior_sd
from rascade.analyses.identifiability.points import (
    Point,
    controlled,
    error_of,
    parse_errors,
    standard_errors,
)
from rascade.analyses.identifiability.run import identify
from rascade.analyses.identifiability.study import Readouts
from rascade.analyses.identifiability.tables import CONSTRAINED, PARTLY, STATUSES, record, status
from rascade.bench.questions.records import Condition
from rascade.errors import EvidenceError, InputError
from rascade.model import load_table

FACTS = ["g12c-rebound", "potency-sotorasib"]
STEP = 0.02


@pytest.fixture(scope="module")
def readouts() -> Readouts:
    return Readouts(find_facts(FACTS), load_table())


@pytest.fixture(scope="module")
def measured(readouts):
    return readouts.measure()


def test_the_fisher_matrix_agrees_with_finite_differences(readouts, measured) -> None:
    rows = measured.rows
    factors = {}
    for k, name in enumerate(rows):
        factors[name] = np.ones(2 * len(rows))
        factors[name][2 * k : 2 * k + 2] = np.exp(STEP), np.exp(-STEP)
    logs = np.log(readouts.under(factors, measured.points))
    differences = (logs[:, ::2] - logs[:, 1::2]) / (2 * STEP)
    np.testing.assert_allclose(measured.slopes, differences, rtol=0.02, atol=2e-3)
    priors = np.array([prior_sd(load_table()[name]) for name in rows])
    exact = fisher(measured.slopes, measured.errors, priors)
    rough = fisher(differences, measured.errors, priors)
    np.testing.assert_allclose(exact.variance, rough.variance, atol=0.01)
    np.testing.assert_allclose(exact.eigenvalues[:5], rough.eigenvalues[:5], rtol=0.02)


def test_what_a_condition_changes_changes_its_derivative() -> None:
    (group,) = groups(find_facts(["g12c-rebound"]))
    dose = {"sotorasib": (100.0,)}
    experiment = dataclasses.replace(
        group.experiment,
        conditions=(
            Condition("plain", "G12C", drugs=dose),
            Condition("set", "G12C", drugs=dose, set={"RTK_level": 2.0}),
            Condition("times", "G12C", drugs=dose, times={"RTK_level": 2.0}),
            Condition("step", "G12C", drugs=dose, step={"RTK_level": 2.0}),
            Condition("washed", "G12C", drugs=dose, wash=2.0),
        ),
        hours=(1.0, 4.0, 8.0),
    )
    rows, names = ["RTK_level", "K_SOS_ERK"], ["pERK_sensitive"]
    bench = TangentBench(experiment, load_table(), rows)
    values, slopes = bench.slopes(names, 1)
    for k, name in enumerate(bench.rows):
        factors = {name: np.exp(np.array([STEP, -STEP]))}
        moved = SetBench(experiment, load_table(), factors).read(names, 1)[..., 0]
        difference = (moved[:, 0] - moved[:, 1]) / (2 * STEP)
        np.testing.assert_allclose(
            slopes[:, :, 0, k], difference, rtol=5e-3, atol=1e-3 * values.max()
        )
    receptor = slopes[:, :, 0, bench.rows.index("RTK_level")]
    assert (receptor[1] == 0).all() and (np.abs(receptor[[0, 2, 3, 4]]).max(axis=1) > 1).all()
    with pytest.raises(EvidenceError, match="none of these parameters"):
        TangentBench(experiment, load_table(), ["hydrolysis_ratio"])


def test_what_the_experiments_do_not_read_stays_at_its_prior(measured) -> None:
    both = record(identify(["potency-sotorasib", "raf-paradox"], profiled=0))
    found = {p["name"]: p for p in both["parameters"]}
    # The doses of the RAF inhibitor say nothing of a drug that is not in the dish.
    assert found["dabrafenib.KD_RAF_first"]["removed"] > 0.1
    alone = record(identify(["potency-sotorasib"], profiled=0))
    assert "dabrafenib.KD_RAF_first" not in {p["name"] for p in alone["parameters"]}
    for name in {p["name"] for p in alone["parameters"]}:
        before = next(p for p in alone["parameters"] if p["name"] == name)
        assert found[name]["posterior_sd"] <= before["posterior_sd"] * (1 + 1e-3)
    quiet = [p for p in alone["parameters"] if not p["told_by"]]
    assert quiet and all(p["posterior_sd"] == p["prior_sd"] and p["removed"] == 0 for p in quiet)
    assert found["sotorasib.kinact_over_KI"]["removed_alone"] > 1 - CONSTRAINED
    assert found["sotorasib.kinact_over_KI"]["told_by"] == "potency-sotorasib: pERK, doses"


def test_the_record_adds_up_and_does_not_depend_on_threads() -> None:
    one, two = (record(identify(["potency-sotorasib"], profiled=2, threads=n)) for n in (1, 2))
    assert json.dumps(one) == json.dumps(two)
    assert sum(one["counts"].values()) == len(one["parameters"]) == len(one["spectrum"])
    assert one["identified"] == sum(v > 1 for v in one["spectrum"])
    assert one["points"] == 8 and one["effective"] <= 8
    for profile in one["profiles"]:
        # Near the centre the Gaussian picture must hold, or it is of no use.
        assert profile["misfit"][1:3] == pytest.approx([1.0, 1.0], abs=0.5)
    assert [status(v) for v in (CONSTRAINED, PARTLY, 1.0)] == list(STATUSES)


def test_wrong_use_is_told() -> None:
    with pytest.raises(EvidenceError, match="no fact"):
        identify(["nothing-like-it"])
    with pytest.raises(InputError, match="--profiles: 21"):
        identify(["g12c-rebound"], profiled=21)
    with pytest.raises(InputError, match="none of these facts"):
        Readouts([], load_table())


def point(member: int, reference: tuple[int, int] | None = None) -> Point:
    return Point("f", "pERK", "c", member, 1, reference, "f 0", "f: pERK, c")


def test_what_is_low_is_known_badly() -> None:
    error = error_of("pERK")
    values = np.array([1.0, error.floor, error.floor / 10])
    found = standard_errors([point(0, (0, 0))] * 3, values)
    np.testing.assert_allclose(
        found, [np.hypot(error.cv, error.floor), np.hypot(error.cv, 1), np.hypot(error.cv, 10)]
    )
    assert error_of("viability").cv < error.cv


def test_where_there_is_no_control_the_strongest_signal_is_one() -> None:
    points = [point(0), point(1), point(2), point(3, (3, 0))]
    found = controlled(points, np.array([1.0, 5.0, 2.0, 9.0]))
    assert [(p.member, p.reference) for p in found] == [(0, (1, 1)), (2, (1, 1)), (3, (3, 0))]
    assert controlled([point(0)], np.array([0.0])) == []


ERRORS = "readout,cv,floor,source,description\n*,0.2,0.05,assumed: x,y\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("0.2", "wide", "x.csv:2: .* not two numbers"),
        ("0.2", "0", "above 0"),
        ("assumed: x", "", "source: empty"),
        ("*", "pERK", "no row"),
    ],
)
def test_wrong_measurement_errors_are_refused(old: str, new: str, says: str) -> None:
    assert set(parse_errors(ERRORS, "x.csv")) == {"*"}
    with pytest.raises(EvidenceError, match=says):
        parse_errors(ERRORS.replace(old, new), "x.csv")
