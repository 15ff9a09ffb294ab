"""Files that are there as a whole or not at all: another name first, flushed, then renamed."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from rascade.errors import OutputError

__all__ = ["as_output_error", "new_file", "temporary_name", "write_bytes", "write_text"]


@contextlib.contextmanager
def as_output_error(target: Path) -> Iterator[None]:
    """Turn what the system says of a place that cannot be written into one message."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{target} cannot be written: {reason}; name another folder") from error


def temporary_name(path: Path) -> Path:
    """Return the hidden name beside a file under which this thread writes it."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.partial")


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield the name to write under; what is there in the end is flushed and gets its name.

    Whatever goes wrong, what was at `path` stays as it was and nothing is left beside it. Errors
    of the system pass as they are; within `as_output_error` they become one message.
    """
    temporary = temporary_name(path)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        # Below a file nothing can be removed either; there is nothing to remove then.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, line ends as they are, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    with as_output_error(path), new_file(path) as temporary:
        temporary.write_bytes(content)
