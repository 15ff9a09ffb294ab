"""For all tests: runs made here are noted in an index of their own, not in the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def index_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Set RASCADE_INDEX, for this process and those it starts."""
    path = tmp_path_factory.mktemp("index") / "runs.sqlite"
    before = os.environ.get("RASCADE_INDEX")
    os.environ["RASCADE_INDEX"] = str(path)
    yield path
    if before is None:
        del os.environ["RASCADE_INDEX"]
    else:
        os.environ["RASCADE_INDEX"] = before
