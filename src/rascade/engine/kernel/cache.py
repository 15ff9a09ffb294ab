"""Object code kept on disk between runs.

Object code is loaded and run, so the folder must be ours alone: it is made with mode 0700, and a
folder or file that belongs to somebody else, or that others may write to, is not used. Every entry
carries a digest of its content; a truncated or altered one is ignored and made anew. Entries are
written under a temporary name in the same folder and renamed. Without a usable folder everything
works, only without memory.

The folder is ``RASCADE_CACHE_DIR`` if set, else the platform's usual place.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
from pathlib import Path

from rascade.files import new_file

__all__ = ["cache_folder", "cache_key", "generator_version", "read", "write"]

_MAGIC = b"rascade kernel 1\n"


@functools.cache
def generator_version() -> str:
    """Digest of the sources that generate code: another version, another key."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for folder in (here, here.parent / "symbolic"):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_key(*parts: object) -> str:
    """Name of an entry from everything it depends on."""
    return hashlib.sha256(repr((generator_version(), *parts)).encode()).hexdigest()


def cache_folder() -> Path:
    """Where object code is kept; need not exist."""
    chosen = os.environ.get("RASCADE_CACHE_DIR")
    if chosen:
        return Path(chosen) / "kernels"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "rascade" / "kernels"


def read(key: str) -> bytes | None:
    """An entry's content, or None where there is none that can be trusted."""
    path = cache_folder() / key
    try:
        if not _private(path.parent, folder=True):
            return None
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not _ours(os.fstat(file.fileno())):
                return None
            content = file.read()
    except (OSError, RuntimeError):
        return None
    head = len(_MAGIC) + 32
    body = content[head:]
    if content[:head] != _MAGIC + hashlib.sha256(body).digest():
        return None
    return body


def write(key: str, body: bytes) -> None:
    """Keep an entry if the folder allows; failing to is not an error."""
    with contextlib.suppress(OSError, RuntimeError):
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(folder, folder=True):
            return
        with new_file(folder / key) as temporary:
            temporary.touch(mode=0o600)  # else nobody would trust it who looks who may write to it
            temporary.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)


def _private(path: Path, *, folder: bool) -> bool:
    status = path.lstat()
    kind = stat.S_ISDIR if folder else stat.S_ISREG
    return kind(status.st_mode) and _ours(status)


def _ours(status: os.stat_result) -> bool:
    """Whether a file belongs to this user and nobody else may write to it."""
    if not hasattr(os, "getuid"):
        return True  # Windows: the folder lies in the user's profile
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
