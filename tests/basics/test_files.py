"""Files that are there as a whole or not at all."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from rascade.errors import OutputError
from rascade.files import new_file, temporary_name, write_bytes, write_text

SOURCES = Path(__file__).parents[2] / "src" / "rascade"


def test_a_file_is_replaced_in_one_go_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "žluť.txt"
    write_text(target, "a\r\nπ")
    assert target.read_bytes() == "a\r\nπ".encode()
    write_bytes(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["žluť.txt"]
    assert target.read_bytes() == b"new"


def test_what_goes_wrong_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "t"
    write_text(target, "old")
    with pytest.raises(KeyboardInterrupt), new_file(target) as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_place_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "none" / "t", tmp_path / "file" / "t"):
        with pytest.raises(OutputError, match=r"t cannot be written: .*; name another folder"):
            write_text(place, "x")


def test_threads_that_write_one_file_do_not_write_into_each_other() -> None:
    names = []
    own = threading.Thread(target=lambda: names.append(temporary_name(Path("t"))))
    own.start()
    own.join()
    assert names != [temporary_name(Path("t"))]


def test_nothing_else_writes_whole_files_or_finds_near_names() -> None:
    """A second way of doing either would differ in what it forgets."""
    word = re.compile(r"get_close_matches|\.fsync\(|mkstemp|NamedTemporaryFile")
    found = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if word.search(path.read_text(encoding="utf-8"))
    }
    # The lock flushes who holds it, the store the names in a folder.
    assert found == {"files.py", "text.py", "results/lock.py", "results/store.py"}
