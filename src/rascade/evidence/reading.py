"""Reads one data file against its schema; every complaint names file, line, field and mend."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rascade.errors import EvidenceError
from rascade.evidence.names import did_you_mean
from rascade.evidence.schema import SCHEMAS, Column, Schema

__all__ = ["read_rows"]


def read_rows(folder: Path, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line number and typed cells of every row of a data file.

    Args:
        folder: the data folder.
        file: name of the file, one of `SCHEMAS`.

    Raises:
        EvidenceError: the file is missing, is not UTF-8, or a header, row or cell is wrong.
    """
    path = folder / file
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EvidenceError(f"{path}: the evidence file is missing; reinstall rascade") from error
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    schema = SCHEMAS[file]
    reader = csv.reader(content.splitlines(keepends=True), strict=True)
    try:
        header = next(reader, [])
        _check_header(file, header, schema)
        for cells in reader:
            if cells:
                yield reader.line_num, _row(file, reader.line_num, cells, schema)
    except csv.Error as error:
        raise EvidenceError(f"{file}:{reader.line_num}: not readable as CSV: {error}") from error


def _check_header(file: str, header: list[str], schema: Schema) -> None:
    wanted = schema.header
    if tuple(header) == wanted:
        return
    unknown = [name for name in header if name not in wanted]
    missing = [name for name in wanted if name not in header]
    if unknown:
        raise EvidenceError(
            f"{file}:1: unknown column {unknown[0]!r}"
            f"{did_you_mean(unknown[0], missing or list(wanted), listing='the columns are')}"
        )
    if missing:
        raise EvidenceError(f"{file}:1: column {missing[0]!r} is missing; add it to the header")
    raise EvidenceError(
        f"{file}:1: columns are out of order or doubled; they must be {', '.join(wanted)}"
    )


def _row(file: str, line: int, cells: list[str], schema: Schema) -> dict[str, Any]:
    columns = schema.columns
    if len(cells) != len(columns):
        raise EvidenceError(
            f"{file}:{line}: {len(cells)} cells where the header has {len(columns)}; "
            "put quotation marks around a cell that holds a comma"
        )
    return {
        column.name: _cell(file, line, column, cell)
        for column, cell in zip(columns, cells, strict=True)
    }


def _cell(file: str, line: int, column: Column, cell: str) -> Any:
    try:
        value = column.read(cell)
    except ValueError:
        raise EvidenceError(f"{file}:{line}: {column.name}: {column.complaint(cell)}") from None
    if (column.required and value in ("", None)) or (
        column.choices and value not in column.choices
    ):
        raise EvidenceError(f"{file}:{line}: {column.name}: {column.complaint(cell)}")
    return value
