"""One undisturbed run, against which every disturbed one is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import fault_helpers as faults


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of the run in one go, one chunk an arm."""
    out: Path = tmp_path_factory.mktemp("undisturbed") / "out"
    faults.go(out, chunk_size=100)
    return faults.results(out)
