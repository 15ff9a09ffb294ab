"""Where the chunks of a run are kept: in memory, or wherever a subclass puts them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from rascade.trial.running.spans import Span, chunks_of, numbers_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MemoryStore", "Store"]


class _Entry(Protocol):
    @property
    def patients(self) -> str:
        """`numbers_hash` of the chunk's patients."""


Entry = TypeVar("Entry", bound=_Entry)


class Store(ABC, Generic[Entry]):
    """The plan of a run's chunks, and what is stored of them.

    Obligations of a subclass: what `add` was given, `load` gives back, byte for byte, and the chunk
    is in `stored` from then on; `_write` is called whenever the plan changes.

    Args:
        entries: chunk -> what is stored of it; None for a chunk that is only planned.
    """

    def __init__(self, entries: Mapping[Span, Entry | None]) -> None:
        self._entries = dict(entries)

    @property
    def stored(self) -> list[Span]:
        """The chunks that have been simulated, in order."""
        return sorted(span for span, entry in self._entries.items() if entry is not None)

    @property
    def planned(self) -> list[Span]:
        """All chunks, in order."""
        return sorted(self._entries)

    @property
    def missing(self) -> list[Span]:
        """The chunks that have yet to be simulated, in order."""
        return sorted(span for span, entry in self._entries.items() if entry is None)

    def size_of(self, arm: int) -> int:
        """Return the number of patients that an arm was planned with."""
        return max((span.stop for span in self._entries if span.arm == arm), default=0)

    def replan(self, arms: Sequence[NDArray[np.int64]], chunk_size: int) -> None:
        """Plan for these patients around those that are stored, and write the plan.

        Args:
            arms: numbers of the patients of each arm.
            chunk_size: patients of a new chunk, at most.
        """
        fitting = [
            span
            for span, entry in self._entries.items()
            if entry is not None
            and span.arm < len(arms)
            and entry.patients == numbers_hash(arms[span.arm][span.start : span.stop])
        ]
        chunks = chunks_of([len(patients) for patients in arms], fitting, chunk_size)
        self._entries = {s: self._entries[s] if s in fitting else None for s in chunks}
        self._write()

    @abstractmethod
    def add(self, span: Span, patients: NDArray[np.int64], contents: Mapping[str, bytes]) -> None:
        """Store a chunk.

        Args:
            span: which.
            patients: their numbers.
            contents: name of a table -> its Parquet file.

        Raises:
            OutputError: it cannot be stored.
        """

    @abstractmethod
    def load(self, span: Span) -> dict[str, bytes]:
        """Return the files of a stored chunk by the name of their table.

        Raises:
            ResultsError: they are no longer what was stored.
        """

    def keep(self, name: str, content: bytes) -> None:
        """Keep something else that took long, where that is possible.

        Args:
            name: ``WHAT-KEY.SUFFIX``; takes the place of what has the same ``WHAT``.
            content: of a file.
        """

    def kept(self, name: str) -> bytes | None:
        """Return what `keep` was given; None where it is not there."""

    def _write(self) -> None:
        """Write the plan down where that is needed."""


@dataclass(frozen=True, slots=True)
class _Held:
    patients: str
    contents: Mapping[str, bytes]


class MemoryStore(Store[_Held]):
    """Chunks in memory, for a run that leaves no folder."""

    def __init__(self) -> None:
        super().__init__({})

    def add(self, span: Span, patients: NDArray[np.int64], contents: Mapping[str, bytes]) -> None:
        """Keep a chunk."""
        self._entries[span] = _Held(numbers_hash(patients), dict(contents))

    def load(self, span: Span) -> dict[str, bytes]:
        """Return a chunk that was kept."""
        held = self._entries[span]
        assert held is not None
        return dict(held.contents)
