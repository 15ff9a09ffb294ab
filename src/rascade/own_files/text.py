"""Small files of the user's, as bytes or as UTF-8 text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rascade.errors import InputError
from rascade.text import did_you_mean

__all__ = ["Limits", "decoded", "read_bytes", "read_text"]


def _beside(path: Path) -> str:
    """Return a hint at a file of nearly this name in the same folder."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


@dataclass(frozen=True)
class Limits:
    """What a file is meant to be, and how large it may be.

    Attributes:
        what: for messages, with its article: ``a table of patients``.
        most: bytes that it may have.
        error: what is raised.
        near: returns a hint at a file that may have been meant, or an empty text.
    """

    what: str
    most: int
    error: type[InputError] = InputError
    near: Callable[[Path], str] = _beside


def read_bytes(path: Path, limits: Limits) -> bytes:
    """Return the content of a file.

    Raises:
        InputError: of the kind that the limits name: no such file, a folder, not readable, or too
            large; no more than the limit is ever read.
    """
    try:
        if path.is_dir():
            raise limits.error(f"{path} is a folder; give {limits.what} in it")
        with path.open("rb") as file:
            data = file.read(limits.most + 1)
    except FileNotFoundError:
        raise limits.error(f"{path}: no such file{limits.near(path)}") from None
    except OSError as error:
        raise limits.error(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > limits.most:
        size = _size(limits.most)
        raise limits.error(f"{path} is larger than {size}; expected {limits.what}")
    return data


def read_text(path: Path, limits: Limits) -> str:
    """Return the text of a file, without a byte-order mark; line ends stay as they are.

    Raises:
        InputError: as of `read_bytes`, or it is no text in UTF-8; the message names the line.
    """
    return decoded(read_bytes(path, limits), path, limits)


def decoded(data: bytes, path: Path, limits: Limits) -> str:
    """Return bytes of a file as text.

    Raises:
        InputError: of the kind that the limits name: they are no text in UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise limits.error(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise limits.error(f"{path}:{line}: no text, it holds NUL characters; save it as UTF-8")
    return text


def _size(most: int) -> str:
    return f"{most >> 20} MiB" if most % 2**20 == 0 else f"{most:,} bytes"
