"""Tumour sizes of the user's own over time: sum of diameters of each patient at each scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.exchange.own.curves import TIMES
from rascade.own_files import OwnTable, read_table

__all__ = ["read_sizes"]

_SIZES = {"size_mm": 1.0, "size_cm": 10.0, "change_pct": None}
_MOST = 2000.0


def read_sizes(path: str | Path) -> dict[str, Any]:
    """Read tumour sizes over time, as changes from each patient's first scan.

    Args:
        path: CSV with ``patient``, a time (``month``, ``week``, ``day``) and ``size_mm`` or
            ``size_cm`` (sums of diameters), or ``change_pct`` (from baseline).

    Returns:
        ``patient``, ``month`` and ``change_pct`` (columns, sorted by patient and time), and
        ``files``.

    Raises:
        InputError: the file is wrong; the message names row and column.
    """
    table = read_table(path)
    who = table.find({"patient": None, "id": None, "usubjid": None}, "the patient")
    if "size" in table.columns and not set(table.columns) & set(_SIZES):
        raise table.error(1, "size", "has no unit; call it size_mm or size_cm")
    when, what = table.find(TIMES, "the time"), table.find(_SIZES, "the size")
    factor = _SIZES[what]
    found: list[tuple[str, float, float, int]] = []
    for (line, patient), (_, time), (_, size) in zip(
        table.texts(who), table.numbers(when), table.numbers(what), strict=True
    ):
        _check(table, line, what, size)
        if not patient:
            raise table.error(line, who, "empty; say whose scan it is")
        found.append((patient, time * TIMES[when], size * (factor or 1.0), line))
    found.sort(key=lambda row: (row[0], row[1]))
    return {**_changes(table, found, when, factor is None), "files": {Path(path).name: table.hash}}


def _check(table: OwnTable, line: int, what: str, size: float) -> None:
    if what == "change_pct":
        if not -100 <= size <= 1000:
            raise table.error(line, what, f"{size:g} % is no change of a tumour's size")
    elif not 0 <= size * (_SIZES[what] or 1.0) <= _MOST:
        raise table.error(line, what, f"{size:g} is no sum of diameters; is the unit right?")


def _changes(
    table: OwnTable, rows: list[tuple[str, float, float, int]], when: str, relative: bool
) -> dict[str, Any]:
    patient, month, change = [], [], []
    first = ("", 0.0, 0.0)
    before = None
    for who, time, size, line in rows:
        if before == (who, time):
            raise table.error(line, when, f"patient {who} has two scans at one time; leave one out")
        before = (who, time)
        if who != first[0]:
            first = (who, time, size)
            if not relative and size <= 0:
                raise table.error(line, "size", f"patient {who} begins with 0; nothing can shrink")
        patient.append(who)
        month.append(round(time, 4))
        value = size if relative else 100.0 * (size / first[2] - 1.0)
        change.append(round(value, 2))
    if len(set(patient)) == len(patient):
        raise InputError(f"{table.name}: one scan a patient; a change needs two at least")
    return {"patient": patient, "month": month, "change_pct": change}
