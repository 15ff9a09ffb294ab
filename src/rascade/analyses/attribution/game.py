"""Shapley values of a game of few players, from the worth of sets of them.

A set is a number whose bit i says whether player i is in it. What is linear is kept as matrices, so
that shares and interactions of many bootstrap samples are one product each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["EXACT_UP_TO", "Game", "exact_game", "sampled_game"]

#: Players up to which all sets are asked.
EXACT_UP_TO = 8


@dataclass(frozen=True)
class Game:
    """Which sets must be asked, and how shares follow from what they are worth.

    Attributes:
        players: k.
        sets: c numbers of sets, ascending; the first is empty, the last holds everybody.
        shares: (k, c): shares are this times the worth of the sets.
        pairs: the pairs of players that `interactions` is of, in order; empty where orders of
            players are sampled.
        interactions: (pairs, c): interaction indices of Grabisch and Roubens (1999), by how much
            two players are worth more together than each beside the other's absence, averaged over
            the sets of the others as Shapley's rule averages.
    """

    players: int
    sets: tuple[int, ...]
    shares: Floats
    pairs: tuple[tuple[int, int], ...]
    interactions: Floats

    @property
    def exact(self) -> bool:
        """Whether all sets are asked."""
        return len(self.sets) == 1 << self.players

    def members(self) -> NDArray[np.bool_]:
        """Return (c, k) whether a player is in a set."""
        bits = np.array(self.sets)[:, None] >> np.arange(self.players)[None, :]
        return np.asarray((bits & 1).astype(bool))


def exact_game(players: int) -> Game:
    """Return the game in which all sets are asked.

    Args:
        players: k, 1 or more.
    """
    count, everybody = 2**players, range(players)
    shares = np.zeros((players, count))
    for number in range(count):
        size = number.bit_count()
        for player in everybody:
            # A set counts for whom it holds, and against whom it lacks, by its place in an order.
            if number >> player & 1:
                shares[player, number] = _weight(size - 1, players)
            else:
                shares[player, number] = -_weight(size, players)
    pairs = tuple(combinations(everybody, 2))
    interactions = np.zeros((len(pairs), count))
    for row, (one, other) in enumerate(pairs):
        for number in range(count):
            inside = (number >> one & 1) + (number >> other & 1)
            rest = number.bit_count() - inside
            weight = factorial(rest) * factorial(players - rest - 2) / factorial(players - 1)
            interactions[row, number] = weight if inside != 1 else -weight
    return Game(players, tuple(range(count)), shares, pairs, interactions)


def _weight(before: int, players: int) -> float:
    return factorial(before) * factorial(players - before - 1) / factorial(players)


def sampled_game(players: int, orders: int, seed: int) -> Game:
    """Return the game in which players enter in some orders, each order forwards and backwards.

    Shares still add up to what all are worth, and are right in the mean over seeds.

    Args:
        players: k.
        orders: random orders, 1 or more; twice as many are walked through.
        seed: of the orders.
    """
    rng = np.random.default_rng([seed, 71])
    walks: list[Sequence[int]] = []
    for _ in range(orders):
        order = rng.permutation(players).tolist()
        walks += [order, order[::-1]]
    steps = [_steps(order) for order in walks]
    sets = tuple(sorted({number for walk in steps for _, before, after in walk
                         for number in (before, after)}))  # fmt: skip
    column = {number: place for place, number in enumerate(sets)}
    shares = np.zeros((players, len(sets)))
    for walk in steps:
        for player, before, after in walk:
            shares[player, column[after]] += 1.0 / len(walks)
            shares[player, column[before]] -= 1.0 / len(walks)
    return Game(players, sets, shares, (), np.zeros((0, len(sets))))


def _steps(order: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (player, set before, set after) of an order in which players enter."""
    found, number = [], 0
    for player in order:
        found.append((player, number, number | 1 << player))
        number |= 1 << player
    return found
