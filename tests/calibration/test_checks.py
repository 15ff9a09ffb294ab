"""Checks of a fit, on a build made by hand: data that are a known function of the unknowns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rascade.calibration.build import Kept
from rascade.calibration.checks import (
    emulator_of,
    partial_rank_correlations,
    recovery,
    second_method,
)
from rascade.calibration.emulator import emulate, posterior
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

    def simulated(u):  # patients of its own in every member
        return forward(u) + 0.2 * rng.normal(size=(len(u), Q))

    mask, data = np.ones((K, Q), dtype=bool), [simulated(each) for each in members]
    emulator = emulate(np.concatenate(members), np.concatenate(data), sd, mask)
    members.append(posterior(emulator, observed, variance, rng)[:M])
    data.append(simulated(members[-1]))
    return Kept(
        tuple(f"u{j}" for j in range(K)), sd, np.stack(members), np.stack(data), observed,
        variance, mask, tuple((f"arm-{q // 2}", "pfs" if q % 2 else "orr") for q in range(Q)),
        ROUNDS,
    )  # fmt: skip


def test_the_emulator_explains_a_smooth_model_and_says_what_it_leaves(kept) -> None:
    emulator = emulator_of(kept)
    assert np.median(emulator.explained) > 0.9
    missed = emulator(kept.members[-1]) - kept.predicted[-1]
    # It sees through the chance of the members' patients, and says how far it may be off itself.
    assert (missed**2).mean() == pytest.approx(0.2**2, rel=0.2)
    assert emulator.variance.max() < 0.1**2


def test_an_unknown_that_cannot_act_on_a_datum_does_not(kept) -> None:
    mask = kept.mask.copy()
    mask[0, :4] = False
    emulator = emulate(
        kept.members.reshape(-1, K), kept.predicted.reshape(-1, Q), kept.sd, mask
    )  # fmt: skip
    assert (emulator.slope[0, :4] == 0).all()
    assert (emulator.curve[:4, 0] == 0).all()
    assert np.abs(emulator.slope[0, 4:]).max() > 0.1


def test_noise_is_not_explained(kept) -> None:
    rng = np.random.default_rng(0)
    noise = replace(kept, predicted=rng.normal(size=kept.predicted.shape))
    assert np.median(emulator_of(noise).explained) < 0.1


def test_the_ensemble_agrees_with_the_smoother_and_with_its_own_simulation(kept) -> None:
    found = second_method(kept)
    assert found["shift"] < 0.6
    assert 0.75 < found["width"] < 1.3
    assert found["missed"] < 0.4


def test_the_chains_give_the_posterior_of_a_linear_model() -> None:
    rng = np.random.default_rng(3)
    sd, matrix = np.array([0.5, 1.0, 2.0]), rng.normal(size=(3, 4))
    members = normal_hypercube(rng, 160, sd)
    emulator = emulate(members, members @ matrix, sd, np.ones((3, 4), dtype=bool))
    variance, observed = np.full(4, 0.3), np.array([0.4, -1.0, 0.2, 0.9])
    draws = posterior(emulator, observed, variance, rng)
    covariance = np.linalg.inv(np.diag(sd**-2) + matrix @ np.diag(1 / variance) @ matrix.T)
    assert np.allclose(np.cov(draws.T), covariance, atol=0.1 * covariance.max())
    mean = covariance @ matrix @ (observed / variance)
    assert np.allclose(draws.mean(axis=0), mean, atol=0.1)


def test_synthetic_truths_are_found_and_errors_are_as_stated(kept) -> None:
    found = recovery(kept, truths=20)
    assert 0.75 < found["inside_90"] <= 1.0
    assert found["error"] == pytest.approx(found["stated"], rel=0.4)
    assert sum(found["ranks"]) == 20 * Q // 2


def test_what_acts_on_nothing_correlates_with_nothing(kept) -> None:
    moved = np.abs(partial_rank_correlations(kept))
    assert moved[4:].max() < 0.4
    assert moved[:4].max() > 0.8


def test_an_arm_left_out_no_longer_holds_the_fit(kept) -> None:
    emulator = emulator_of(kept)
    everything = refitted(kept, emulator, set(), members=60, seed=1)
    less = refitted(kept, emulator, {"arm-0", "arm-1", "arm-2"}, members=60, seed=1)
    assert less.values[1:].std(axis=0).mean() > everything.values[1:].std(axis=0).mean()
    assert less.values.shape == (61, K)
