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
from rascade.own_files.text import Limits, decoded, read_bytes
from rascade.text import did_you_mean

__all__ = ["A_TABLE", "OwnTable", "read_table"]

A_TABLE = Limits("a CSV table", 20 * 2**20)
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


def read_table(path: str | Path, limits: Limits = A_TABLE, *, fold: bool = True) -> OwnTable:
    """Read a CSV file: comma, semicolon or tab between cells, a header, UTF-8.

    Args:
        path: of the file.
        limits: what it is meant to be, and how large it may be.
        fold: whether the capitals of the header do not count.

    Raises:
        InputError: it cannot be read, is empty or huge, is not UTF-8, or a row has other cells than
            the header.
    """
    path = Path(path)
    data = read_bytes(path, limits)
    text = decoded(data, path, limits)
    header = next((line for line in text.splitlines() if line.strip()), "")
    if not header:
        raise limits.error(f"{path}: the file is empty; write a header, and a row for each item")
    listed = _rows(path, text, max(",;\t", key=header.count), limits)
    (line, names), *rows = listed
    columns = tuple(name.casefold() if fold else name for name in names)
    _check_header(f"{path}:{line}", columns, limits)
    for line, cells in rows:
        if len(cells) != len(columns):
            raise limits.error(
                f"{path}:{line}: {len(cells)} cells, but the header has {len(columns)}; "
                "fill the row, or quote what holds a comma"
            )
    if not rows:
        raise limits.error(f"{path}: a header and no rows; write a row for each point or patient")
    if len(rows) > MAX_ROWS:
        raise limits.error(f"{path}: {len(rows):,} rows; {MAX_ROWS:,} at most")
    return OwnTable(str(path), columns, tuple(rows), hashlib.sha256(data).hexdigest())


def _rows(path: Path, text: str, between: str, limits: Limits) -> list[tuple[int, tuple[str, ...]]]:
    """Return line and cells of every row that is not empty; a row in quotes ends on its line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    found = []
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                found.append((reader.line_num, stripped))
    except csv.Error as error:
        raise limits.error(
            f"{path}:{reader.line_num}: not CSV: {error}; save the table as CSV"
        ) from None
    return found


def _check_header(where: str, columns: Sequence[str], limits: Limits) -> None:
    seen = set()
    for place, column in enumerate(columns, 1):
        if not column:
            raise limits.error(f"{where}: column {place} has no name; name it or take it out")
        if column in seen:
            raise limits.error(f"{where}: {column}: two columns are called so; rename one")
        seen.add(column)
    if all(_is_number(column) for column in columns):
        raise limits.error(f"{where}: the first row holds numbers; write a header above it")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
