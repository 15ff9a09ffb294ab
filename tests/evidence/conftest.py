"""A copy of the data folder that a test may spoil."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rascade.evidence import Evidence, load
from rascade.evidence.load import DATA


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    return copy


Edit = Callable[[str, str, str, str], int]


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Return ``edit(file, id, field, value)``: changes one cell and returns its line."""

    def change(file: str, row_id: str, field: str, value: str) -> int:
        path = folder / file
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        column = rows[0].index(field)
        key = rows[0].index("name" if file == "drugs.csv" else "id")
        line = next(number for number, row in enumerate(rows) if row[key] == row_id)
        assert rows[line][column] != value, "the edit would change nothing"
        rows[line][column] = value
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
        return line + 1

    return change
