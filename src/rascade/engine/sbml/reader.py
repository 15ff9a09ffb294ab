"""Model files from outside are read in a process of their own, with limits.

libsbml is a large C++ library; a file made for the purpose can crash it, or keep it busy for hours.
One reading process is started when the first such file comes and stays until this process ends. It
copies itself for every file (`os.fork`), so that each is read by a fresh process in milliseconds:
limited in memory, processor time and wall-clock time, and free to crash. What comes back are the
equations as plain data (plain.py). The libsbml of this process never sees the file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rascade.errors import InputError, ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from rascade.engine.symbolic.system import System

__all__ = ["Limits", "read_apart", "receive", "send"]

_GRACE = 30.0  # seconds for starting the reading process and for sending results


@dataclass(frozen=True)
class Limits:
    """What reading one model file may cost.

    Attributes:
        seconds: wall-clock time.
        cpu_seconds: processor time.
        memory: address space in bytes.
        nodes: terms that the equations and their derivatives may expand to.
    """

    seconds: float = 120.0
    cpu_seconds: int = 60
    memory: int = 4 * 2**30
    nodes: int = 2_000_000

    def __post_init__(self) -> None:
        for field, value in asdict(self).items():
            if not 0 < value < float("inf"):
                raise InputError(f"{field} of limits must be above zero, not {value!r}")


def read_apart(data: bytes, name: str, limits: Limits) -> System:
    """Return the equations of a document, read in another process.

    Args:
        data: the document, already looked over by `sbml_scan.scan`.
        name: what to call it in messages.
        limits: what reading may cost.

    Raises:
        ModelFileError: the model is wrong, or reading it exceeded a limit or crashed.
        UnsupportedFeature: it uses a feature that is out of scope.
    """
    from rascade.engine.sbml.plain import from_plain

    header = {"name": name, **asdict(limits)}
    end, answer = _PROCESS.ask(json.dumps(header).encode(), data, limits.seconds)
    if end != "done":
        raise ModelFileError(f"{name}: {_why(end, limits)}")
    found = json.loads(answer)
    if "system" in found:
        return from_plain(found["system"])
    if "feature" in found:
        raise UnsupportedFeature(str(found["feature"]), str(found["message"]))
    raise ModelFileError(str(found["message"]))


def _why(end: str, limits: Limits) -> str:
    """Return a message for a reader that came to no good end."""
    raise_it = "if the file is to be trusted, raise it: read_sbml(..., limits=Limits({}))"
    if end == "time":
        hint = raise_it.format(f"seconds={2 * limits.seconds:g}")
        return f"reading took longer than {limits.seconds:g} seconds and was stopped; {hint}"
    if end == f"signal {int(getattr(signal, 'SIGXCPU', 0))}":
        hint = raise_it.format(f"cpu_seconds={2 * limits.cpu_seconds}")
        return f"reading took more than {limits.cpu_seconds} seconds of processor time; {hint}"
    if end == "memory":
        hint = raise_it.format(f"memory={2 * limits.memory}")
        return f"reading needed more than {limits.memory / 2**20:.0f} MiB of memory; {hint}"
    if end == "gone":
        return (
            "the process that reads model files ended by itself or did not start; "
            f"try: {sys.executable} -m rascade.engine.sbml.reader_process < /dev/null"
        )
    return (
        f"reading it crashed the SBML library ({_signal(end)}) in a process of its own; "
        "the file is damaged, made to harm, or needs more memory than allowed"
    )


def _signal(end: str) -> str:
    with contextlib.suppress(ValueError, IndexError):
        return signal.Signals(int(end.removeprefix("signal "))).name
    return end


# -- the line between the processes: a length, then so many bytes --------------------------------


def send(stream: IO[bytes], *parts: bytes) -> None:
    """Write messages and flush."""
    for part in parts:
        stream.write(struct.pack("<Q", len(part)))
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one message.

    Raises:
        EOFError: the other side has ended.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack("<Q", head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return body


class _ReadingProcess:
    """The process that reads, started when first needed; one file at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, header: bytes, data: bytes, seconds: float) -> tuple[str, bytes]:
        """Return how the reader ended and what it said."""
        with self._lock:
            process = self._running()
            # The process keeps the time itself; this is for the case that it hangs as a whole.
            watchdog = threading.Timer(seconds + _GRACE, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                send(process.stdin, header, data)
                return receive(process.stdout).decode(), receive(process.stdout)
            except (OSError, EOFError):
                self._stop()
                return "gone", b""
            except BaseException:  # an interruption leaves an answer nobody waits for
                self._stop()
                raise
            finally:
                watchdog.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and self._owner == os.getpid() and process.poll() is None:
            return process
        if process is not None and self._owner == os.getpid():
            self._stop()
        root = str(Path(__file__).parents[3])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        # One thread only, so that copies of the process are sound.
        threads = {f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS", "MKL")}
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rascade.engine.sbml.reader_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **threads},
        )
        atexit.register(self._stop)
        return self._process

    def _stop(self) -> None:
        atexit.unregister(self._stop)
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


_PROCESS: Any = _ReadingProcess()
