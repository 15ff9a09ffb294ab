"""Results with folders in them: hashed, listed, and replaced like files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rascade.errors import OutputError
from rascade.results.store import MANIFEST, file_hashes, new_results, write_json


def _write(out: Path, text: str) -> None:
    with new_results(out) as folder:
        (folder / "adam").mkdir()
        (folder / "adam" / "adsl.csv").write_text(text)
        (folder / "report.html").write_text(text)
        write_json(folder / MANIFEST, {"rascade_version": "0", "files": file_hashes(folder)})


def test_files_in_folders_are_hashed_by_their_path(tmp_path: Path) -> None:
    _write(tmp_path / "out", "one")
    hashes = file_hashes(tmp_path / "out")
    assert list(hashes) == ["adam/adsl.csv", "report.html"]
    assert hashes["adam/adsl.csv"] == hashes["report.html"]
    assert hashes["adam/adsl.csv"]["bytes"] == 3


def test_a_run_replaces_the_folders_of_the_one_before(tmp_path: Path) -> None:
    _write(tmp_path / "out", "one")
    _write(tmp_path / "out", "two")
    assert (tmp_path / "out" / "adam" / "adsl.csv").read_text() == "two"


def test_a_folder_that_rascade_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    _write(tmp_path / "out", "one")
    (tmp_path / "out" / "notes").mkdir()
    with pytest.raises(OutputError, match="'notes', which Rascade did not write"):
        _write(tmp_path / "out", "two")
    assert (tmp_path / "out" / "adam" / "adsl.csv").read_text() == "one"
