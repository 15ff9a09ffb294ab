"""Runs that end before their time lose one chunk at most, and go on to the same bytes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from rascade.errors import OutputError, ResultsError
from rascade.results import chunks

from . import fault_helpers as faults

AFTER_THE_SECOND = """
real, count = chunks.ChunkStore.add, []
def add(self, span, patients, contents):
    real(self, span, patients, contents)
    count.append(span)
    if len(count) == 2:
        os.kill(os.getpid(), signal.{signal})
chunks.ChunkStore.add = add
"""
BETWEEN_FILE_AND_LIST = """
real, count = chunks.ChunkStore._write, []
def write(self):
    count.append(1)
    if len(count) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self)
chunks.ChunkStore._write = write
"""
HALF_A_FILE = """
from pathlib import Path
real, count = Path.replace, []
def replace(self, target):
    if self.name.startswith(".arm") and ".patients." in self.name:
        count.append(1)
        if len(count) == 3:
            with self.open("rb+") as file:
                file.truncate(100)
            os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
"""


@pytest.mark.parametrize(
    "fate",
    [
        pytest.param(AFTER_THE_SECOND.format(signal="SIGKILL"), id="after a chunk"),
        pytest.param(BETWEEN_FILE_AND_LIST, id="between file and list", marks=pytest.mark.slow),
        pytest.param(HALF_A_FILE, id="half a file", marks=pytest.mark.slow),
    ],
)
def test_kill_9_in_the_middle(tmp_path: Path, undisturbed: dict[str, bytes], fate: str) -> None:
    out = tmp_path / "out"
    with faults.process(out, fate) as killed:
        _, stderr = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, stderr
    assert sorted(p.name for p in out.iterdir()) == ["unfinished"]
    assert len(chunks.ChunkStore.read(out / "unfinished" / "chunks").stored) == 2
    told: list[tuple[float, str]] = []
    faults.go(out, "resume", progress=lambda share, step: told.append((share, step)))
    assert faults.results(out) == undisturbed
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "the dead process's lock is gone"
    log = (out / "runs.jsonl").read_text().splitlines()
    assert '"reused": 2, "simulated": 4' in log[-1]


BETWEEN_THE_RENAMES = """
real = Path.rename
def rename(self, target):
    result = real(self, target)
    if ".previous-" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
Path.rename = rename
"""


def test_kill_9_while_results_get_their_name(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """For an instant there is no folder at all; the next run puts it back and finishes it."""
    out = tmp_path / "out"
    with faults.process(out, BETWEEN_THE_RENAMES) as killed:
        _, stderr = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, stderr
    assert not out.exists()
    faults.go(out, "resume")
    assert faults.results(out) == undisturbed
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert '"reused": 6, "simulated": 0' in (out / "runs.jsonl").read_text()


@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_ctrl_c_keeps_the_chunks_and_earlier_results(
    tmp_path: Path, undisturbed: dict[str, bytes], name: str
) -> None:
    out = tmp_path / "out"
    faults.go(out, study=faults.study("seed: 3", "seed: 4"))
    before = faults.results(out)
    listen = "from rascade.cli.terminal.signals import listen; listen()\n"
    fate = listen + AFTER_THE_SECOND.format(signal=name)
    with faults.process(out, fate) as interrupted:
        _, stderr = interrupted.communicate(timeout=120)
    assert "KeyboardInterrupt: 2 of 6 chunks are kept in" in stderr
    assert "go on with --resume" in stderr
    assert faults.results(out) == before
    with pytest.raises(ResultsError, match=r"not finished; give --resume .* or --restart"):
        faults.go(out)
    assert faults.results(out) == before
    faults.go(out, "resume")
    assert faults.results(out) == undisturbed


def test_ctrl_c_before_the_first_chunk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rascade.trial.running.executors.simulate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        faults.go(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def test_restart_leaves_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    _fill_up(monkeypatch, after=2)
    with pytest.raises(OutputError):
        faults.go(out, study=faults.study("seed: 3", "seed: 4"))
    monkeypatch.undo()
    with pytest.raises(ResultsError, match="seed: 4 there, 3 now"):
        faults.go(out, "resume")
    assert (out / "unfinished").is_dir()
    faults.go(out, "restart")
    assert faults.results(out) == undisturbed


# -- full disks -------------------------------------------------------------------------------


def _fill_up(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full after so many chunks."""
    real, count = chunks.write_bytes, []

    def write(path: Path, content: bytes) -> None:
        if ".patients." in path.name:  # one a chunk
            count.append(path)
            if len(count) > after:
                error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                raise OutputError(f"{path} cannot be written: {error.strerror}") from error
        real(path, content)

    monkeypatch.setattr(chunks, "write_bytes", write)


def test_a_full_disk_is_named_with_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    _fill_up(monkeypatch, after=3)
    with pytest.raises(OutputError, match=r"No space left .* 3 of 6 chunks are kept in .*--resume"):
        faults.go(out)
    monkeypatch.undo()
    faults.go(out, "resume")
    assert faults.results(out) == undisturbed
    assert '"reused": 3, "simulated": 3' in (out / "runs.jsonl").read_text()


@pytest.fixture
def small_disk(tmp_path: Path):
    """Return a disk of 160 kB, and a function that makes it larger."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    try:
        mount("size=200k")
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    yield disk, lambda: mount("remount,size=16m")
    subprocess.run(["umount", str(disk)], check=False)


def test_a_disk_that_is_really_full(small_disk, undisturbed: dict[str, bytes]) -> None:
    disk, grow = small_disk
    out = disk / "out"
    with pytest.raises(OutputError, match=r"No space left on device.* of 6 chunks (is|are) kept"):
        faults.go(out)
    stored = chunks.ChunkStore.read(out / "unfinished" / "chunks").stored
    assert 1 <= len(stored) < 6
    grow()
    faults.go(out, "resume")
    assert faults.results(out) == undisturbed
    assert f'"reused": {len(stored)}' in (out / "runs.jsonl").read_text().splitlines()[-1]
