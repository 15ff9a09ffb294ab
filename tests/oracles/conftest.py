"""Where the independent reference data lie; they are no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of reference data: ``$RASCADE_SHARED/oracles`` or ``../shared/oracles``."""
    root = os.environ.get("RASCADE_SHARED") or Path(__file__).parents[3] / "shared"
    folder = Path(root) / "oracles"
    if not folder.is_dir():
        pytest.skip(
            f"no reference data at {folder}; set RASCADE_SHARED to the folder that has them"
        )
    return folder
