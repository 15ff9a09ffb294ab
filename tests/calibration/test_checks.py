"""Checks of a fit, on a build made by hand: data that are a known function of the unknowns."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.calibration.build import Kept
from rascade.calibration.checks import (
    emulate,
    partial_rank_correlations,
    recovery,
    second_method,
)
from rascade.calibration.leave_out import refitted
from rascade.statistics.smoother import normal_hypercube, update

K, Q, M, ROUNDS = 6, 8, 120, 3


@pytest.fixture(scope="module")
def kept() -> Kept:
    rng = np.random.default_rng(6)
    matrix = rng.normal(size=(Q, K)) * (np.arange(K) < 4)  # two unknowns act on nothing
    sd, variance = np.full(K, 0.7), np.full(Q, 0.1)
    truth = np.array([0.5, -0.6, 0.3, 0.4, 0.0, 0.0])

    def forward(u):
        return u @ matrix.T + 0.1 * (u @ matrix.T) ** 2

    observed = forward(truth[None])[0] + rng.normal(size=Q) * np.sqrt(variance)
    members = [normal_hypercube(rng, M, sd)]
    for _ in range(ROUNDS):
        last = members[-1]
        members.append(
            update(last, forward(last), observed, variance, inflation=float(ROUNDS), rng=rng)
        )
    stack = np.stack(members)
    return Kept(
        tuple(f"u{j}" for j in range(K)), sd, stack,
        np.stack([forward(each) for each in stack]), observed, variance,
        tuple((f"arm-{q // 2}", "pfs" if q % 2 else "orr") for q in range(Q)),
    )  # fmt: skip


def test_the_emulator_explains_a_smooth_model_and_says_what_it_leaves(kept) -> None:
    emulator = emulate(kept)
    assert np.median(emulator.explained) > 0.9
    assert np.abs(emulator(kept.members[0]) - kept.predicted[0]).mean() < 2 * emulator.left.mean()


def test_noise_is_not_explained(kept) -> None:
    rng = np.random.default_rng(0)
    noise = Kept(
        kept.names, kept.sd, kept.members, rng.normal(size=kept.predicted.shape), kept.observed,
        kept.variance, kept.data,
    )  # fmt: skip
    assert np.median(emulate(noise).explained) < 0.1


def test_markov_chains_agree_with_the_members(kept) -> None:
    found = second_method(kept)
    assert found["shift"] < 0.6
    assert 0.75 < found["width"] < 1.3


def test_synthetic_truths_are_found_and_errors_are_as_stated(kept) -> None:
    found = recovery(kept, truths=30)
    assert 0.75 < found["inside_90"] <= 1.0
    assert found["error"] == pytest.approx(found["stated"], rel=0.4)
    assert sum(found["ranks"]) == 30 * Q // 2


def test_what_acts_on_nothing_correlates_with_nothing(kept) -> None:
    moved = np.abs(partial_rank_correlations(kept))
    assert moved[4:].max() < 0.4
    assert moved[:4].max() > 0.8


def test_an_arm_left_out_no_longer_holds_the_fit(kept) -> None:
    everything = refitted(kept, set(), members=60, seed=1)
    less = refitted(kept, {"arm-0", "arm-1", "arm-2"}, members=60, seed=1)
    assert less.values[1:].std(axis=0).mean() > everything.values[1:].std(axis=0).mean()
    assert less.values.shape == (61, K)
