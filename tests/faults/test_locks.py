"""One writer a folder; locks of dead processes do not count."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rascade.errors import ResultsError
from rascade.results.folders import remove_run
from rascade.results.lock import folder_lock, lock_holder, lock_path

from . import fault_helpers as faults

HOLD = """
import sys
from pathlib import Path
from rascade.results.lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path: Path):
    """Return a folder's path that another process has locked, and that process."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield tmp_path / "out", other
        other.kill()


def test_two_writers(writer) -> None:
    out, other = writer
    with pytest.raises(ResultsError, match=f"being written by process {other.pid} on "):
        faults.go(out)
    assert not out.exists()
    assert f"process {other.pid}" in str(lock_holder(out))
    other.kill()
    other.wait()
    assert lock_path(out).exists(), "what a killed writer leaves"
    assert lock_holder(out) is None
    with folder_lock(out):
        assert json.loads(lock_path(out).read_text())["pid"] == os.getpid()
    assert not lock_path(out).exists()


def test_a_number_that_another_process_has_now_holds_nothing(tmp_path: Path) -> None:
    """After a reboot the number of a dead writer may belong to anybody."""
    dead = {"host": socket.gethostname(), "pid": os.getpid(), "since": "before the reboot"}
    lock_path(tmp_path / "out").write_text(json.dumps(dead))
    assert lock_holder(tmp_path / "out") is None
    with folder_lock(tmp_path / "out"):
        assert f"process {os.getpid()} on" in str(lock_holder(tmp_path / "out"))


def test_a_folder_that_is_being_written_is_not_removed(writer, tmp_path: Path) -> None:
    out, _ = writer
    out.mkdir()
    (out / "manifest.json").write_text('{"rascade_version": "x", "files": {}}')
    with pytest.raises(ResultsError, match="is being written"):
        remove_run(out)
    assert (out / "manifest.json").exists()


def test_two_writers_in_one_process(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path / "out"),
        pytest.raises(ResultsError, match=f"process {os.getpid()}"),
        folder_lock(tmp_path / "out"),
    ):
        pytest.fail("two writers")


def test_a_lock_of_another_machine_is_believed(tmp_path: Path) -> None:
    path = lock_path(tmp_path / "out")
    path.write_text(json.dumps({"host": "node7", "pid": 12, "since": "2026-01-01T00:00:00+00:00"}))
    with (
        pytest.raises(
            ResultsError, match=r"process 12 on node7 since 2026.* no more, delete .*lock"
        ),
        folder_lock(tmp_path / "out"),
    ):
        pytest.fail("the lock was passed over")
    assert path.exists()


@pytest.mark.parametrize("content", ["", "{", "[1]"])
def test_a_lock_that_names_nobody_is_no_lock(tmp_path: Path, content: str) -> None:
    lock_path(tmp_path / "out").write_text(content)
    with folder_lock(tmp_path / "out"):
        pass


def test_without_locks_of_the_system_the_holder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system without flock: a living process of this machine holds its lock."""
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = lock_path(tmp_path / "out")
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "since": "now"}
    path.write_text(json.dumps(mine))
    with pytest.raises(ResultsError, match="is being written"), folder_lock(tmp_path / "out"):
        pytest.fail("two writers")
    path.write_text(json.dumps(mine | {"pid": 2**22 + 5}))
    with folder_lock(tmp_path / "out"):
        pass
