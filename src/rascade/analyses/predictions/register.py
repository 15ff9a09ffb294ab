"""The register of what was frozen: one line a file, each bound to all lines before it.

A file that is changed no longer has the hash of its line; a line that is changed, moved or taken
out breaks the chain of the lines after it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from rascade.errors import ResultsError
from rascade.files import write_bytes, write_text

__all__ = ["REGISTER", "Line", "added", "check_register", "read_register"]

REGISTER = "register.csv"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the register.

    Attributes:
        frozen: date, UTC.
        id: of the prediction.
        file: its name, beside the register.
        sha256: of the file's bytes.
        chain: SHA-256 over the chain of the line before and this line.
    """

    frozen: str
    id: str
    file: str
    sha256: str
    chain: str


def _chain(before: str, *texts: str) -> str:
    return hashlib.sha256("\n".join((before, *texts)).encode()).hexdigest()


def read_register(folder: Path) -> list[Line]:
    """Return the lines of a folder's register, oldest first; none where there is no register.

    Raises:
        ResultsError: it is no register.
    """
    path = folder / REGISTER
    if not path.is_file():
        return []
    names = [field.name for field in fields(Line)]
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise ResultsError(f"{path}:{number}: expected {', '.join(names)}")
    if not rows or rows[0] != names:
        raise ResultsError(f"{path}:1: expected the heads {', '.join(names)}")
    return [Line(*row) for row in rows[1:]]


def added(folder: Path, id: str, frozen: str, file: str, content: bytes) -> Line:
    """Write a frozen file and its line; nothing that is there is touched.

    Raises:
        ResultsError: the file is there already, or the register no longer holds.
        OutputError: the folder cannot be written.
    """
    lines = check_register(folder)
    path = folder / file
    if path.exists():
        raise ResultsError(
            f"{path} is frozen and is never written again; a new prediction gets a new date"
        )
    digest = hashlib.sha256(content).hexdigest()
    before = lines[-1].chain if lines else ""
    line = Line(frozen, id, file, digest, _chain(before, frozen, id, file, digest))
    write_bytes(path, content)
    _write(folder, [*lines, line])
    return line


def _write(folder: Path, lines: Sequence[Line]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([field.name for field in fields(Line)])
    writer.writerows(astuple(line) for line in lines)
    write_text(folder / REGISTER, out.getvalue())


def check_register(folder: Path) -> list[Line]:
    """Check that nothing was changed since it was frozen, and return the lines.

    Raises:
        ResultsError: a file was changed or is missing, a line was changed, or a file has no line;
            the message names it.
    """
    lines, before = read_register(folder), ""
    for number, line in enumerate(lines, start=2):
        place = f"{folder / REGISTER}:{number}"
        if line.chain != _chain(before, line.frozen, line.id, line.file, line.sha256):
            raise ResultsError(
                f"{place}: this line or one before it was changed; take the register of the "
                "history back"
            )
        before = line.chain
        path = folder / line.file
        if not path.is_file():
            raise ResultsError(f"{place}: {line.file} is missing; take it back from the history")
        if hashlib.sha256(path.read_bytes()).hexdigest() != line.sha256:
            raise ResultsError(
                f"{path} was changed after it was frozen on {line.frozen}; take it back from the "
                "history"
            )
    known = {line.file for line in lines}
    stray = next((p for p in sorted(folder.glob("*.json")) if p.name not in known), None)
    if stray is not None:
        raise ResultsError(
            f"{stray} stands in no line of {REGISTER}: it was not frozen, or that was interrupted; "
            "remove it"
        )
    return lines
