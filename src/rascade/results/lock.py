"""One writer a folder: a lock that ends with its process, however that ends.

The lock is a file beside the folder, ``.NAME.lock``, held with ``flock``: the system lets go of it
when the process ends, by ``kill -9`` as well, so that what a dead process left behind is known for
what it is. The file names its holder, for the message and for file systems that do not pass
``flock`` on to other machines: a lock of another machine is believed.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rascade.errors import OutputError, ResultsError
from rascade.results.manifest import now

__all__ = ["folder_lock", "lock_holder", "lock_path", "process_alive"]


def lock_path(target: Path) -> Path:
    """Return the lock file of a folder."""
    return target.with_name(f".{target.name}.lock")


@contextlib.contextmanager
def folder_lock(target: Path) -> Iterator[None]:
    """Hold the lock of a folder, which need not exist.

    Raises:
        ResultsError: another process holds it, or one on another machine did.
        OutputError: the lock cannot be made.
    """
    path = lock_path(target)
    try:
        handle = _acquire(path, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written: {reason}; name another folder") from error
    try:
        yield
    finally:
        # While it is still held: whoever opened the file meanwhile notices that it is gone.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def lock_holder(target: Path) -> str | None:
    """Say who is writing a folder; None where nobody is."""
    path = lock_path(target)
    holder = _read(path)
    if not holder or holder.get("host") != socket.gethostname():
        return _words(holder) if holder else None
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        # What can be locked is held by nobody: its process has ended, and another has its number.
        free = _flock(handle, path, target) or not process_alive(int(holder.get("pid", 0)))
    except ResultsError:
        free = False
    finally:
        os.close(handle)
    return None if free else _words(holder)


def process_alive(pid: int) -> bool:
    """Tell whether a process of this machine is there."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _acquire(path: Path, target: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            locked = _flock(handle, path, target)
            if not _same_file(handle, path):
                os.close(handle)  # its holder removed it while we were opening it
                continue
            _refuse_living(path, target, locked=locked)
            me = {"host": socket.gethostname(), "pid": os.getpid(), "since": now()}
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(me).encode(), 0)
            os.fsync(handle)
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise
        return handle


def _flock(handle: int, path: Path, target: Path) -> bool:
    """Take the system's lock; False where the file system has none."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ResultsError(
            f"{target} is being written by {_words(_read(path))}; wait until it is done, or name "
            "another folder"
        ) from None
    except OSError:
        return False
    return True


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _refuse_living(path: Path, target: Path, *, locked: bool) -> None:
    """Refuse a lock whose holder may live although the system's lock does not say so."""
    holder = _read(path)
    if not holder:
        return
    if holder.get("host") != socket.gethostname():
        raise ResultsError(
            f"{target} was being written by {_words(holder)}; if that process is no more, delete "
            f"{path}"
        )
    if not locked and process_alive(int(holder.get("pid", 0))):
        raise ResultsError(f"{target} is being written by {_words(holder)}; wait until it is done")


def _read(path: Path) -> dict[str, Any]:
    try:
        holder = json.loads(path.read_text("utf-8"))
        return holder if isinstance(holder, dict) else {}
    except (OSError, ValueError):
        return {}


def _words(holder: dict[str, Any]) -> str:
    if not holder:
        return "another process"
    return f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
