"""Order of elimination and fill of the sparse LU factorisation, once per model.

Pivots stay on the diagonal: ``W = I/(h*gamma) - J`` has one in every row, and for compartmental
models it is close to an M-matrix, for which elimination without pivoting is stable. A residual
check in the kernel catches the rest. Among the diagonal pivots the one with the smallest Markowitz
product (other entries in its row times other entries in its column) is taken; ties go to the
smaller number, so that the order is the same on every machine.

H. M. Markowitz, Management Science 3, 255 (1957), doi:10.1287/mnsc.3.3.255.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Factorization", "factorize"]


@dataclass(frozen=True)
class Factorization:
    """The structure of L and U.

    Attributes:
        order: state eliminated at each position.
        position: position of each state, the inverse of ``order``.
        lower: for each position, the earlier positions in its row of L, ascending.
        upper: for each position, the later positions in its row of U, ascending.
    """

    order: tuple[int, ...]
    position: tuple[int, ...]
    lower: tuple[tuple[int, ...], ...]
    upper: tuple[tuple[int, ...], ...]

    @property
    def entries(self) -> int:
        """Entries of L and U, the diagonal counted once."""
        return len(self.order) + sum(map(len, self.lower)) + sum(map(len, self.upper))


def factorize(size: int, entries: Iterable[tuple[int, int]]) -> Factorization:
    """Order a sparse matrix and find the fill of its LU factors.

    Args:
        size: rows and columns.
        entries: (row, column) of the entries; the diagonal need not be listed.
    """
    rows: list[set[int]] = [set() for _ in range(size)]
    columns: list[set[int]] = [set() for _ in range(size)]
    for i, j in entries:
        if i != j:
            rows[i].add(j)
            columns[j].add(i)
    order: list[int] = []
    lower: list[set[int]] = [set() for _ in range(size)]
    upper: list[set[int]] = [set() for _ in range(size)]
    for pivot in _pivots(rows, columns):
        upper[pivot] = rows[pivot]
        for i in columns[pivot]:
            lower[i].add(pivot)
        order.append(pivot)
    position = [0] * size
    for at, state in enumerate(order):
        position[state] = at
    return Factorization(
        order=tuple(order),
        position=tuple(position),
        lower=tuple(tuple(sorted(position[j] for j in lower[i])) for i in order),
        upper=tuple(tuple(sorted(position[j] for j in upper[i])) for i in order),
    )


def _pivots(rows: list[set[int]], columns: list[set[int]]) -> Iterable[int]:
    """Yield pivots in order of elimination and eliminate each after it was taken."""

    def cost(i: int) -> int:
        return len(rows[i]) * len(columns[i])

    heap = [(cost(i), i) for i in range(len(rows))]
    heapq.heapify(heap)
    done: set[int] = set()
    while heap:
        price, pivot = heapq.heappop(heap)
        if pivot in done or price != cost(pivot):
            continue  # an old price; the present one is in the heap too
        done.add(pivot)
        yield pivot
        row, column = rows[pivot], columns[pivot]
        for i in column:
            rows[i].discard(pivot)
            rows[i].update(j for j in row if j != i)
        for j in row:
            columns[j].discard(pivot)
            columns[j].update(i for i in column if i != j)
        for i in row | column:
            heapq.heappush(heap, (cost(i), i))
