"""Shapley values against their definition, by orders of players."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rascade.analyses.attribution.game import exact_game, sampled_game


def _by_orders(worth: np.ndarray, players: int) -> np.ndarray:
    """Return the mean over all orders of what each player adds when he enters."""
    shares = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        inside = 0
        for player in order:
            shares[player] += worth[inside | 1 << player] - worth[inside]
            inside |= 1 << player
    return shares / len(orders)


@pytest.mark.parametrize("players", [1, 2, 3, 5])
def test_shares_are_what_players_add_over_all_orders(players: int) -> None:
    worth = np.random.default_rng(players).normal(size=2**players)
    game = exact_game(players)
    shares = game.shares @ worth
    assert game.exact
    assert np.allclose(shares, _by_orders(worth, players), atol=1e-12)
    assert np.isclose(shares.sum(), worth[-1] - worth[0], atol=1e-12)


def test_interactions_are_nought_where_worth_adds_up_and_the_product_where_it_does_not() -> None:
    game, value = exact_game(4), np.array([1.0, -2.0, 0.5, 3.0])
    added = game.members() @ value
    assert np.allclose(game.interactions @ added, 0.0, atol=1e-12)
    assert np.allclose(game.shares @ added, value)
    together = added + 2.0 * game.members()[:, [1, 3]].all(axis=1)
    found = dict(zip(game.pairs, game.interactions @ together, strict=True))
    assert found[1, 3] == pytest.approx(2.0)
    assert all(abs(v) < 1e-12 for pair, v in found.items() if pair != (1, 3))
    assert np.allclose(game.shares @ together, value + np.array([0.0, 1.0, 0.0, 1.0]))


def test_a_player_who_adds_nothing_gets_nothing() -> None:
    game = exact_game(3)
    worth = np.array([float(number & 1) * 2 + float(number >> 2) for number in game.sets])
    assert np.allclose(game.shares @ worth, [2.0, 0.0, 1.0])


def test_sampled_orders_add_up_and_come_near_with_more_of_them() -> None:
    players = 10
    rng = np.random.default_rng(3)
    value, pairs = rng.normal(size=players), rng.normal(size=(players, players)) / 5
    exact = exact_game(players)

    def worth(game: object) -> np.ndarray:
        inside = game.members().astype(float)  # type: ignore[attr-defined]
        return inside @ value + np.einsum("ci,ij,cj->c", inside, pairs, inside)

    true = exact.shares @ worth(exact)
    few, many = sampled_game(players, 2, 5), sampled_game(players, 40, 5)
    assert not few.exact and len(few.sets) < len(many.sets) < 2**players
    for game in (few, many):
        assert (game.shares @ worth(game)).sum() == pytest.approx(true.sum())
    # With pairs alone an order and its reverse are exact; a triple is not.
    assert np.allclose(few.shares @ worth(few), true)
    triple = [game.members()[:, :3].all(axis=1).astype(float) for game in (few, many, exact)]
    truth = exact.shares @ triple[2]
    errors = [np.abs(g.shares @ t - truth).max() for g, t in zip((few, many), triple, strict=False)]
    assert errors[1] < errors[0]
    assert sampled_game(players, 2, 5).sets == few.sets
