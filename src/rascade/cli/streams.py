"""Standard streams that take whatever is printed: any script, any window, closed or not."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
import sys

__all__ = ["discard", "prepare_streams", "visible"]

# Controls of the terminal, and those that turn the direction of text, so that a name shows
# otherwise than it is stored. Joiners and marks that scripts need stay.
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """Return text in which control characters are seen instead of obeyed, new lines and tabs kept.

    A name comes from a file that somebody else may have written.
    """
    return _HIDDEN.sub(lambda match: _escape(match[0]), text)


def _escape(text: str) -> str:
    r"""Return characters as JSON writes them: ``\u65b0``, in pairs beyond the first 65536."""
    units = text.encode("utf-16-be", "surrogatepass")
    pairs = (units[k : k + 2] for k in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in pairs)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escape(error.object[error.start : error.end]), error.end


def prepare_streams() -> None:
    """Make the standard streams fit for anything.

    A closed one is opened to nowhere, before a results file gets its number. What the encoding of
    the terminal does not have is escaped as in JSON, so that ``--json`` stays JSON.
    """
    codecs.register_error("rascade.escape", _escaped)
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # the lowest free number is this one
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="rascade.escape")


def discard(stream: object) -> None:
    """Let a stream whose reader went away go nowhere: Python would complain when it closes it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
