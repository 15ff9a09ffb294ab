"""The assembly of a model is written once on a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rascade.engine.kernel import kept_code
from rascade.engine.kernel.codegen.emit import ModelCode, write_model

if TYPE_CHECKING:
    from rascade.engine.symbolic.system import System


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the lanes of every assembly that is written, with a cache that is empty at first."""
    lanes: list[int] = []

    def noted(system: System, many: int, *, fused: bool) -> ModelCode:
        lanes.append(many)
        return write_model(system, many, fused=fused)

    monkeypatch.setenv("RASCADE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kept_code, "write_model", noted)
    return lanes


def test_what_is_kept_is_what_is_written(pathway: System, written: list[int]) -> None:
    first = kept_code.model_code(pathway, 4, fused=True)
    again = kept_code.model_code(pathway, 4, fused=True)
    assert written == [4]
    assert again == first == write_model(pathway, 4, fused=True)


def test_other_lanes_and_other_processors_have_their_own(
    pathway: System, written: list[int]
) -> None:
    texts = {
        kept_code.model_code(pathway, lanes, fused=fused).text
        for lanes in (2, 4)
        for fused in (True, False)
    }
    assert written == [2, 2, 4, 4]
    assert len(texts) == 4


def test_a_damaged_entry_is_written_anew(
    pathway: System, written: list[int], tmp_path: Path
) -> None:
    first = kept_code.model_code(pathway, 2, fused=True)
    (entry,) = (tmp_path / "kernels").iterdir()
    entry.write_bytes(entry.read_bytes()[:-1])
    assert kept_code.model_code(pathway, 2, fused=True) == first
    assert written == [2, 2]
