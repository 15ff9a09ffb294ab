"""What the line of treatment changes: typical values of patients before and after earlier lines."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rascade.errors import EvidenceError, ParameterError
from rascade.model import load_table
from rascade.model.sources import parse_source

__all__ = ["TABLE_LINE", "LineFactor", "known_lines", "line_values", "load_lines"]

#: The line of treatment whose patients the parameter table describes.
TABLE_LINE = 2
_FILE = "lines.csv"


@dataclass(frozen=True, slots=True)
class LineFactor:
    """What a line of treatment does to a parameter.

    Attributes:
        line: of treatment; 1 is the first.
        row: row of the parameter table.
        factor: that its typical value is multiplied by, relative to `TABLE_LINE`.
        source: where that is from.
    """

    line: int
    row: str
    factor: float
    source: str


@cache
def load_lines() -> tuple[LineFactor, ...]:
    """Return what the lines of treatment do to the disease.

    Raises:
        EvidenceError: a row has no source that `rascade.model.sources` can read.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    found = []
    for row in reader:
        try:
            parse_source(row["source"], row["confidence"])
        except ParameterError as error:
            where = f"{_FILE}:{reader.line_num}: line {row['line']} {row['row']}"
            raise EvidenceError(f"{where}: source: {error}") from None
        found.append(LineFactor(int(row["line"]), row["row"], float(row["factor"]), row["source"]))
    return tuple(found)


def known_lines() -> tuple[int, ...]:
    """Return the lines of treatment that have values of their own, in order."""
    return tuple(sorted({TABLE_LINE, *(item.line for item in load_lines())}))


def line_values(line: int) -> Mapping[str, float]:
    """Return the typical values of patients in a line, by row of the parameter table.

    Args:
        line: of treatment, 1 or more; lines after the last known one are as that.

    Returns:
        Row -> value in the row's unit; empty for the line that the table describes.
    """
    table, line = load_table(), min(line, known_lines()[-1])
    return {
        item.row: table[item.row].value * item.factor for item in load_lines() if item.line == line
    }
