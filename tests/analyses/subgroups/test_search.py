"""The search on synthetic gains: it finds what is there, and reports nothing where nothing is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rascade.analyses.subgroups.search import Condition, conditions, find, holds


def _patients(
    seed: int, n: int = 120
) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    markers: dict[str, np.ndarray[Any, Any]] = {
        **{f"x{k}": rng.lognormal(size=n) for k in range(3)},
        "allele": rng.choice(["G12D", "G12V", "G12R"], n),
        "tp53": rng.random(n) < 0.7,
        "ecog": rng.integers(0, 2, n),
    }
    markers["x0"][rng.random(n) < 0.1] = np.nan
    return markers, rng.permutation(n) < n // 2


def test_without_a_subgroup_none_is_reported_in_95_of_100_runs() -> None:
    reported = 0
    for seed in range(100):
        markers, half = _patients(seed, 60)
        # Skewed and lumped, as months to a scan are, and good for all.
        gain = 2.0 + np.round(np.random.default_rng(seed + 1000).gamma(0.5, 4.0, half.size))
        reported += bool(find(gain, markers, half, seed).rule)
    assert reported <= 5


@pytest.mark.parametrize("seed", range(5))
def test_a_subgroup_by_two_markers_is_found_and_holds(seed: int) -> None:
    markers, half = _patients(seed, 240)
    truth = (markers["x1"] > 1.0) & (markers["allele"] != "G12R")
    gain = 5.0 * truth + np.random.default_rng(seed).normal(size=truth.size)
    found = find(gain, markers, half, seed)
    assert {one.marker for one in found.rule} == {"x1", "allele"} and not found.why
    who = holds(found.rule, markers)
    assert (who == truth)[~half].mean() > 0.85
    assert gain[~half & who].mean() > gain[~half & ~who].mean() + 3


def test_one_marker_gives_one_condition_with_its_threshold() -> None:
    markers, half = _patients(3, 400)
    gain = 4.0 * (markers["x2"] > np.median(markers["x2"])) + np.random.default_rng(1).normal(
        size=400
    )
    (only,) = find(gain, markers, half, 1).rule
    assert (only.marker, only.how) == ("x2", ">")
    assert float(only.value) == pytest.approx(np.median(markers["x2"]), rel=0.3)


def test_a_subgroup_that_loses_less_is_none_that_the_combination_is_better_in() -> None:
    markers, half = _patients(4, 240)
    gain = 4.0 * markers["tp53"] - 8.0 + np.random.default_rng(1).normal(size=240)
    found = find(gain, markers, half, 1)
    assert not found.rule and "not better in the best subgroup" in found.why


def test_no_gain_at_all_and_no_markers() -> None:
    markers, half = _patients(5)
    assert not find(np.zeros(half.size), markers, half, 1).rule
    same = {"ecog": np.zeros(half.size)}
    assert (
        find(np.arange(half.size, dtype=float), same, half, 1).why
        == "no marker divides the patients"
    )


def test_conditions_and_unknown_markers() -> None:
    markers = {"a": np.array([1.0, np.nan, 3.0, 4.0]), "b": np.array(["x", "y", "x", "y"])}
    assert Condition("b", "is not", "x") in conditions(markers)
    # Who has no CA 19-9 to measure is neither high nor low.
    for how in (">", "<="):
        assert not Condition("a", how, 2.0).met(markers)[1]
