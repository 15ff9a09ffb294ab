"""Chunks of a run: which patients of which arm are simulated together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DEFAULT_SIZE", "Span", "chunks_of", "numbers_hash"]

#: Patients of a chunk: few enough that little is lost (seconds), enough that the solver's lanes
#: stay busy: chunks of 250 took 12 % more processor time than one of 500, of 100 27 %, of 50 52 %
#: (two arms of 500 patients, two years).
DEFAULT_SIZE = 500


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """Patients of an arm: those at the places `start` up to, not including, `stop`.

    Attributes:
        arm: index of the arm.
        start: place of the first patient within the arm.
        stop: place behind the last.
    """

    arm: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of patients."""
        return self.stop - self.start

    @property
    def name(self) -> str:
        """Start of the names of its files."""
        return f"arm{self.arm}-{self.start:06d}-{self.stop:06d}"


def chunks_of(sizes: Sequence[int], stored: Iterable[Span], chunk_size: int) -> list[Span]:
    """Return the chunks of a run: stored ones as they lie, and new ones in the gaps.

    Args:
        sizes: patients of each arm.
        stored: chunks that are there; those that overlap or go beyond their arm are passed over.
        chunk_size: patients of a new chunk, at most.
    """
    chunks = []
    for arm, size in enumerate(sizes):
        reached = 0
        for span in sorted(s for s in stored if s.arm == arm):
            if span.start < reached or span.stop > size:
                continue
            chunks += _pieces(arm, reached, span.start, chunk_size)
            chunks.append(span)
            reached = span.stop
        chunks += _pieces(arm, reached, size, chunk_size)
    return chunks


def _pieces(arm: int, start: int, stop: int, most: int) -> list[Span]:
    return [Span(arm, first, min(first + most, stop)) for first in range(start, stop, most)]


def numbers_hash(patients: NDArray[np.int64]) -> str:
    """Return the SHA-256 of patient numbers in their order."""
    return hashlib.sha256(patients.astype("<i8").tobytes()).hexdigest()
