"""Tables of the user's own as rows of text, with the line of each; every problem has its place."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rascade.errors import InputError
from rascade.text import did_you_mean

__all__ = ["OwnTable", "read_table"]

#: A larger file is refused before it is read.
MAX_BYTES = 20 * 2**20
MAX_ROWS = 100_000


@dataclass(frozen=True)
class OwnTable:
    """A table as text.

    Attributes:
        name: of the file, for messages.
        columns: header, as it stands but for blanks around it and capitals.
        rows: (line, cells) of each row that is not empty.
        hash: SHA-256 of the file.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    hash: str

    def error(self, line: int, column: str, text: str) -> InputError:
        """Return an error that names the place."""
        return InputError(f"{self.name}:{line}: {column}: {text}")

    def find(self, names: Mapping[str, object], what: str) -> str:
        """Return the one column of those names that the table has.

        Raises:
            InputError: there is none, or there are two.
        """
        there = [name for name in self.columns if name in names]
        if len(there) == 1:
            return there[0]
        if there:
            raise self.error(1, there[1], f"{there[0]} says {what} already; leave one out")
        near = next((c for c in self.columns if did_you_mean(c, list(names))), None)
        hint = f" ({near!r} is close)" if near else ""
        raise InputError(
            f"{self.name}:1: no column says {what}{hint}; call one {_either(list(names))}"
        )

    def texts(self, column: str) -> Iterator[tuple[int, str]]:
        """Yield line and text of a column."""
        place = self.columns.index(column)
        for line, cells in self.rows:
            yield line, cells[place]

    def numbers(self, column: str) -> list[tuple[int, float]]:
        """Return line and number of a column.

        Raises:
            InputError: a cell is empty or holds no finite number.
        """
        return [(line, self.number(line, column, text)) for line, text in self.texts(column)]

    def number(self, line: int, column: str, text: str) -> float:
        """Return the number in a cell.

        Raises:
            InputError: it holds none.
        """
        if not text:
            raise self.error(line, column, "empty; give a number, or leave the row out")
        try:
            value = float(text)
        except ValueError:
            hint = "; write a point, not a comma" if "," in text else ""
            raise self.error(line, column, f"{text!r} is not a number{hint}") from None
        if not math.isfinite(value):
            raise self.error(line, column, f"{text!r} is not a finite number")
        return value


def read_table(path: str | Path) -> OwnTable:
    """Read a CSV file: comma, semicolon or tab between cells, a header, UTF-8.

    Raises:
        InputError: it cannot be read, is empty or huge, is not UTF-8, or a row has other cells than
            the header.
    """
    path = Path(path)
    data = _content(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8 text; save the file as CSV UTF-8") from None
    if "\0" in text:
        raise InputError(f"{path}: this is no text; save the table as CSV")
    header = next((line for line in text.splitlines() if line.strip()), "")
    if not header:
        raise InputError(f"{path}: the file is empty; write a header and a row for each point")
    between = max(",;\t", key=header.count)
    try:
        listed = _rows(text, between)
    except csv.Error as error:
        raise InputError(f"{path}: not a table that can be read: {error}") from None
    (_, names), *rows = listed
    columns = tuple(name.casefold() for name in names)
    _check_header(str(path), columns)
    for line, cells in rows:
        if len(cells) != len(columns):
            raise InputError(
                f"{path}:{line}: {len(cells)} cells, but the header has {len(columns)}; "
                "fill the row, or quote what holds a comma"
            )
    if not rows:
        raise InputError(f"{path}: a header and no rows; write a row for each point or patient")
    if len(rows) > MAX_ROWS:
        raise InputError(f"{path}: {len(rows):,} rows; {MAX_ROWS:,} at most")
    return OwnTable(str(path), columns, tuple(rows), hashlib.sha256(data).hexdigest())


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; give the file in it")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MiB; give a smaller table")
        return path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, _beside(path))
        raise InputError(f"{path}: no such file{near}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _beside(path: Path) -> list[str]:
    return [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []


def _rows(text: str, between: str) -> list[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text), delimiter=between, strict=True)
    found = []
    for cells in reader:
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            found.append((reader.line_num, stripped))
    return found


def _check_header(name: str, columns: Sequence[str]) -> None:
    seen = set()
    for place, column in enumerate(columns, 1):
        if not column:
            raise InputError(f"{name}:1: column {place} has no name; name it or take it out")
        if column in seen:
            raise InputError(f"{name}:1: {column}: two columns are called so; rename one")
        seen.add(column)
    if all(_is_number(column) for column in columns):
        raise InputError(f"{name}:1: the first row holds numbers; write a header above it")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
