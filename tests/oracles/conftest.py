"""Where the independent reference data lie: what may be shipped in tests/cases, the rest beside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[1] / "cases" / "oracles"


class Oracles:
    """Reference data by name: ``oracles / "biomodels"``."""

    def __truediv__(self, name: str) -> Path:
        """Return the shipped copy, or that in ``$RASCADE_SHARED/oracles`` or ``../shared``."""
        root = os.environ.get("RASCADE_SHARED") or Path(__file__).parents[3] / "shared"
        for folder in (SHIPPED, Path(root) / "oracles"):
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"{name} is not shipped and not in {root}/oracles; set RASCADE_SHARED")


@pytest.fixture(scope="session")
def oracles() -> Oracles:
    """The reference data; a test skips where what it asks for is not there."""
    return Oracles()
