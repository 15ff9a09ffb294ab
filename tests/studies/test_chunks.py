"""Plans of chunks: every patient once, stored chunks as they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.results.chunks import ChunkStore
from rascade.trial.running.spans import Span, chunks_of

SPANS = st.builds(
    lambda arm, start, size: Span(arm, start, start + size),
    st.integers(0, 2),
    st.integers(0, 30),
    st.integers(1, 12),
)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.lists(SPANS, max_size=8),
    st.integers(1, 15),
)
def test_every_patient_is_in_one_chunk(
    sizes: list[int], stored: list[Span], chunk_size: int
) -> None:
    chunks = chunks_of(sizes, stored, chunk_size)
    for arm, size in enumerate(sizes):
        places = [k for c in chunks if c.arm == arm for k in range(c.start, c.stop)]
        assert places == list(range(size))
    assert all(chunk.size <= chunk_size for chunk in chunks if chunk not in stored)
    assert chunks == sorted(chunks)
    # Planned again around itself, nothing changes, whatever the size of new chunks.
    assert chunks_of(sizes, chunks, chunk_size + 3) == chunks


def test_stored_chunks_are_used_as_they_lie() -> None:
    stored = [Span(0, 0, 4), Span(0, 7, 9), Span(0, 8, 12), Span(1, 0, 50)]
    assert chunks_of([10, 6], stored, 3) == [
        Span(0, 0, 4), Span(0, 4, 7), Span(0, 7, 9), Span(0, 9, 10), Span(1, 0, 3), Span(1, 3, 6),
    ]  # fmt: skip


def test_chunks_of_other_patients_are_simulated_again(tmp_path: Path) -> None:
    """As where randomisation gives a larger trial's patients to other arms."""
    store = ChunkStore(tmp_path, {}, {})
    numbers = np.arange(10)
    store.replan([numbers], 4)
    for span in store.missing:
        store.add(span, numbers[span.start : span.stop], {"patients": b"x"})
    store = ChunkStore.read(tmp_path)
    assert store.stored == [Span(0, 0, 4), Span(0, 4, 8), Span(0, 8, 10)]
    assert store.load(Span(0, 4, 8)) == {"patients": b"x"}
    others = np.concatenate([numbers[:5], [99], numbers[6:], [10]])
    store.replan([others], 4)
    assert store.stored == [Span(0, 0, 4), Span(0, 8, 10)]
    assert store.missing == [Span(0, 4, 8), Span(0, 10, 11)]


@pytest.mark.parametrize("arms", [1, 3])
def test_fewer_arms_or_patients_use_what_fits(tmp_path: Path, arms: int) -> None:
    store = ChunkStore(tmp_path, {}, {})
    numbers = [np.arange(6), np.arange(6) + 100]
    store.replan(numbers, 3)
    for span in store.missing:
        store.add(span, numbers[span.arm][span.start : span.stop], {"patients": b"x"})
    store.replan([np.arange(4)] * arms, 3)
    assert store.stored == [Span(0, 0, 3)]
