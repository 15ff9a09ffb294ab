"""The ensemble smoother against what is known exactly, and against Markov chains."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from rascade.statistics.smoother import damping, normal_hypercube, update


def smoothed(forward, sd, observed, variance, *, members=400, rounds=4, seed=1):
    rng = np.random.default_rng(seed)
    unknowns = normal_hypercube(rng, members, sd)
    for _ in range(rounds):
        unknowns = update(
            unknowns, forward(unknowns), observed, variance, inflation=rounds, rng=rng
        )
    return unknowns


def test_a_hypercube_fills_every_margin_evenly() -> None:
    drawn = normal_hypercube(np.random.default_rng(3), 50, np.array([1.0, 2.0]))
    for column, sd in zip(drawn.T, (1.0, 2.0), strict=True):
        assert sorted(np.floor(ndtr(column / sd) * 50).astype(int)) == list(range(50))


def test_a_linear_model_gets_its_exact_posterior() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(6, 4))
    sd, variance = np.array([1.0, 0.5, 2.0, 1.0]), np.full(6, 0.3)
    observed = matrix @ np.array([0.5, -0.2, 1.0, 0.3]) + rng.normal(size=6) * np.sqrt(variance)
    exact = np.linalg.inv(np.diag(sd**-2.0) + matrix.T @ np.diag(1 / variance) @ matrix)
    mean = exact @ matrix.T @ (observed / variance)
    found = smoothed(lambda u: u @ matrix.T, sd, observed, variance, members=2000)
    error = np.sqrt(np.diag(exact))
    assert np.abs((found.mean(axis=0) - mean) / error).max() < 0.3
    assert np.abs(found.std(axis=0, ddof=1) / error - 1).max() < 0.15


def test_what_data_do_not_inform_keeps_its_prior() -> None:
    found = smoothed(lambda u: u[:, :1], np.ones(10), np.array([1.5]), np.array([0.1]), members=60)
    assert found[:, 0].mean() == pytest.approx(1.36, abs=0.15)
    assert np.abs(found[:, 1:].mean(axis=0)).max() < 0.3
    assert found[:, 1:].std(axis=0, ddof=1).min() > 0.8


def test_a_mask_keeps_an_unknown_where_it_was() -> None:
    rng = np.random.default_rng(5)
    before = normal_hypercube(rng, 50, np.ones(2))
    after = update(
        before, before.sum(axis=1, keepdims=True), np.array([2.0]), np.array([0.1]),
        inflation=1.0, rng=rng, mask=np.array([[True], [False]]),
    )  # fmt: skip
    assert np.array_equal(after[:, 1], before[:, 1])
    assert not np.allclose(after[:, 0], before[:, 0])


def test_chance_correlations_are_damped_and_real_ones_kept() -> None:
    unknowns = np.random.default_rng(2).normal(size=(60, 30))
    keep = damping(unknowns, unknowns[:, :1])
    assert keep[0, 0] > 0.95
    assert np.median(keep[1:, 0]) < 0.1


def test_intervals_of_predictions_hold_what_they_say() -> None:
    """Over many truths drawn from the prior, 90 % intervals of a prediction hold about 90 %."""
    rng = np.random.default_rng(11)
    k, q, trials = 8, 6, 120
    matrix = rng.normal(size=(q + 1, k)) / np.sqrt(k)
    sd, variance = np.ones(k), np.full(q, 0.05)

    def forward(u):
        return np.sinh(u @ matrix.T)

    inside = 0
    for number in range(trials):
        truth = forward(rng.normal(size=(1, k)))[0]
        seen = truth[:q] + rng.normal(size=q) * np.sqrt(variance)
        members = smoothed(lambda u: forward(u)[:, :q], sd, seen, variance, members=80, seed=number)
        low, high = np.percentile(forward(members)[:, q], [5, 95])
        inside += low <= truth[q] <= high
    assert 0.8 <= inside / trials <= 0.97


def test_markov_chains_on_the_same_model_agree() -> None:
    """A second method: random-walk Metropolis on a curved model of two unknowns."""
    variance, observed = np.array([0.1, 0.2]), np.array([0.6, 0.4])

    def forward(u):
        return np.stack([u[:, 0] + 0.05 * u[:, 0] ** 2, u[:, 0] * 0.5 + u[:, 1]], axis=1)

    def log_density(u):
        misfit = ((forward(u) - observed) ** 2 / variance).sum(axis=1)
        return -0.5 * misfit - 0.5 * (u**2).sum(axis=1)

    rng = np.random.default_rng(4)
    walkers = rng.normal(size=(400, 2))
    density, kept = log_density(walkers), []
    for step in range(1500):
        proposed = walkers + 0.5 * rng.normal(size=walkers.shape)
        other = log_density(proposed)
        take = np.log(rng.random(400)) < other - density
        walkers[take], density[take] = proposed[take], other[take]
        if step >= 500 and step % 20 == 0:
            kept.append(walkers.copy())
    chain = np.concatenate(kept)
    found = smoothed(forward, np.ones(2), observed, variance, members=1500)
    assert np.abs(found.mean(axis=0) - chain.mean(axis=0)).max() < 0.08
    assert np.abs(found.std(axis=0) / chain.std(axis=0) - 1).max() < 0.15
