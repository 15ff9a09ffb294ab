"""A workbench in this process, asked as a browser asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from rascade.serve.app import create_app
from rascade.serve.settings import ServeSettings

PLACE = "http://127.0.0.1:8302"


def settings_in(home: Path, **more: Any) -> ServeSettings:
    return ServeSettings(home, warm=False, **more)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(
        create_app(settings_in(tmp_path_factory.mktemp("home"))), base_url=PLACE,
        raise_server_exceptions=False,
    ) as made:  # fmt: skip
        yield made


@pytest.fixture(scope="session")
def study() -> dict[str, Any]:
    return {
        "kind": "trial",
        "name": "Two arms",
        "cohort": {"disease": "PDAC", "stage": "metastatic", "line": 2, "size": 2},
        "seed": 5,
        "arms": [
            {"name": "drug", "regimen": "trametinib 2 mg PO QD"},
            {"name": "none", "regimen": "none"},
        ],
        "imaging_every_weeks": 4,
        "follow_up_months": 2,
        "population": "table",
    }


@pytest.fixture(scope="session")
def wait() -> Callable[[TestClient, str], dict[str, Any]]:
    def until_over(client: TestClient, job: str) -> dict[str, Any]:
        for _ in range(600):
            found: dict[str, Any] = client.get(f"/api/jobs/{job}").json()
            if found["final"]:
                return found
            time.sleep(0.1)
        raise AssertionError(found)

    return until_over
