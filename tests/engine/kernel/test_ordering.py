"""The symbolic factorisation: the right pattern, and no more fill than the textbook examples."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.engine.kernel.codegen.ordering import factorize


@pytest.mark.parametrize("seed", range(5))
def test_pattern_holds_every_entry_of_the_factors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    matrix = np.where(rng.random((n, n)) < 0.08, rng.uniform(-1, 1, (n, n)), 0.0)
    matrix[np.diag_indices(n)] = 20.0
    plan = factorize(n, zip(*np.nonzero(matrix), strict=True))
    assert sorted(plan.order) == list(range(n))
    assert [plan.order[p] for p in plan.position] == list(range(n))
    work = matrix[np.ix_(plan.order, plan.order)]
    for k in range(n):
        work[k + 1 :, k] /= work[k, k]
        work[k + 1 :, k + 1 :] -= np.outer(work[k + 1 :, k], work[k, k + 1 :])
    for i in range(n):
        allowed = {*plan.lower[i], i, *plan.upper[i]}
        assert set(np.flatnonzero(work[i]).tolist()) <= allowed
    assert plan.entries == n + sum(map(len, plan.lower)) + sum(map(len, plan.upper))


def test_arrow_is_eliminated_from_its_shaft() -> None:
    # A full first row and column: eliminated first they fill everything, last nothing.
    n = 40
    entries = [(0, j) for j in range(n)] + [(i, 0) for i in range(n)]
    plan = factorize(n, entries)
    assert plan.entries == 3 * n - 2
    assert 0 in plan.order[-2:]


def test_chain_has_no_fill() -> None:
    n = 25
    plan = factorize(n, [(i + 1, i) for i in range(n - 1)] + [(i, i) for i in range(n)])
    assert plan.entries == 2 * n - 1


def test_order_does_not_depend_on_the_order_of_entries() -> None:
    rng = np.random.default_rng(9)
    entries = [(int(i), int(j)) for i, j in rng.integers(0, 20, (60, 2))]
    shuffled = [entries[k] for k in rng.permutation(len(entries))]
    assert factorize(20, entries) == factorize(20, shuffled)


def test_empty() -> None:
    assert factorize(0, []).order == ()
