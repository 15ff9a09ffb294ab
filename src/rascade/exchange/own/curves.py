"""Times to an event of the user's own: by patient, or from a digitised Kaplan-Meier curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rascade.errors import InputError
from rascade.own_files import OwnTable, read_table
from rascade.statistics.digitized import reconstruct
from rascade.units import DAYS_PER_MONTH

__all__ = ["OwnCurve", "curve_csv", "read_curve", "read_subjects"]

#: Column -> months in its unit.
TIMES: Mapping[str, float] = {
    "month": 1.0,
    "months": 1.0,
    "time_months": 1.0,
    "week": 7.0 / DAYS_PER_MONTH,
    "weeks": 7.0 / DAYS_PER_MONTH,
    "time_weeks": 7.0 / DAYS_PER_MONTH,
    "day": 1.0 / DAYS_PER_MONTH,
    "days": 1.0 / DAYS_PER_MONTH,
    "time_days": 1.0 / DAYS_PER_MONTH,
    "year": 12.0,
    "years": 12.0,
    "time_years": 12.0,
}
#: Column -> what a survival of one is in it.
SURVIVALS: Mapping[str, float] = {
    "survival": 1.0,
    "survival_fraction": 1.0,
    "survival_pct": 100.0,
    "survival_percent": 100.0,
}
_AT_RISK = {"at_risk": None, "n_at_risk": None, "n_risk": None, "n": None}
#: ADTTE's units of AVAL -> months.
_AVALU: Mapping[str, float] = {
    "MONTHS": 1.0,
    "MONTH": 1.0,
    "DAYS": 1.0 / DAYS_PER_MONTH,
    "DAY": 1.0 / DAYS_PER_MONTH,
    "WEEKS": 7.0 / DAYS_PER_MONTH,
    "WEEK": 7.0 / DAYS_PER_MONTH,
    "YEARS": 12.0,
    "YEAR": 12.0,
}
_LONGEST_MONTHS = 600.0
#: A digitised point may lie so much above the one before it: the width of a drawn line.
RISE = 0.005


@dataclass(frozen=True)
class OwnCurve:
    """Patients of the user's own and when they had the event.

    Attributes:
        months: (n,) ascending.
        event: (n,) True for an event, False for a censoring.
        how: where the patients are from, in words.
        files: name of each file -> its SHA-256.
        worst: of a reconstruction: the largest difference from the drawn curve; None otherwise.
    """

    months: NDArray[np.float64]
    event: NDArray[np.bool_]
    how: str
    files: Mapping[str, str]
    worst: float | None = None


def read_curve(
    path: str | Path,
    at_risk: str | Path | None = None,
    *,
    patients: int | None = None,
    events: int | None = None,
) -> OwnCurve:
    """Read a digitised Kaplan-Meier curve and reconstruct its patients.

    Args:
        path: CSV with a time (``month``, ``week``, ``day``, ``year``) and ``survival`` (0 to 1) or
            ``survival_pct``.
        at_risk: CSV with a time and ``at_risk``, from time 0 on.
        patients: in all, where there is no `at_risk`.
        events: in all, where they are known.

    Raises:
        InputError: a file is wrong; the message names row and column.
    """
    table = read_table(path)
    months, survival = _points(table)
    files = {Path(path).name: table.hash}
    if at_risk is not None:
        risks = read_table(at_risk)
        files[Path(at_risk).name] = risks.hash
        times, counts = _numbers_at_risk(risks)
        if patients is not None and patients != counts[0]:
            raise InputError(
                f"{at_risk}: {counts[0]} patients at risk at the start, but n is {patients}; "
                "leave n out, or mend it"
            )
    elif patients is not None:
        if not 2 <= patients <= 100_000:
            raise InputError(f"n: {patients} patients; it must be 2 to 100000")
        times, counts = [0.0], [patients]
    else:
        raise InputError(
            f"{path}: how many patients? Give the numbers at risk as well, or n, the number in all"
        )
    if events is not None and not 0 <= events <= counts[0]:
        raise InputError(f"events: {events} of {counts[0]} patients; give 0 to {counts[0]}")
    found = reconstruct(months, survival, times, counts, events)
    by = "its numbers at risk" if at_risk is not None else "the number of patients"
    how = f"reconstructed from a digitised curve and {by} (Guyot's method)"
    return OwnCurve(found.time, found.event, how, files, found.worst)


def _time(table: OwnTable) -> list[tuple[int, float]]:
    for plain in ("time", "t"):
        if plain in table.columns and not set(table.columns) & set(TIMES):
            raise table.error(1, plain, "has no unit; call it month, week, day or year")
    column = table.find(TIMES, "the time")
    found = []
    for line, value in table.numbers(column):
        months = value * TIMES[column]
        if value < 0:
            raise table.error(line, column, f"{value:g} is before the start; times begin at 0")
        if months > _LONGEST_MONTHS:
            raise table.error(line, column, f"{value:g} is more than 50 years; is the unit right?")
        found.append((line, months))
    return found


def _ascending(table: OwnTable, times: list[tuple[int, float]], strictly: bool) -> None:
    for (_, before), (line, now) in pairwise(times):
        if now < before or (strictly and now == before):
            raise table.error(
                line, "time", "earlier than the row above, or the same; sort the rows by time"
            )


def _points(table: OwnTable) -> tuple[list[float], list[float]]:
    times = _time(table)
    _ascending(table, times, strictly=False)
    column = table.find(SURVIVALS, "the survival")
    whole = SURVIVALS[column]
    survival: list[float] = []
    for line, value in table.numbers(column):
        share = value / whole
        if not -RISE <= share <= 1 + RISE:
            hint = "; percentages belong in survival_pct" if whole == 1.0 and value > 1 else ""
            raise table.error(line, column, f"{value:g} is not from 0 to {whole:g}{hint}")
        share = min(max(share, 0.0), 1.0)
        if survival and share > survival[-1] + RISE:
            raise table.error(
                line,
                column,
                f"{value:g} after {survival[-1] * whole:g}: a survival curve never rises; "
                "mend the point, or take it out",
            )
        survival.append(min(share, survival[-1]) if survival else share)
    if whole == 100.0 and max(survival) <= 0.0101:
        raise table.error(2, column, "no value above 1 %; fractions belong in a column survival")
    months = [month for _, month in times]
    if months[0] > 0:
        months, survival = [0.0, *months], [1.0, *survival]
    if len(months) < 3:
        raise InputError(f"{table.name}: {len(months)} points; a curve needs 3 at least")
    return months, survival


def _numbers_at_risk(table: OwnTable) -> tuple[list[float], list[int]]:
    times = _time(table)
    _ascending(table, times, strictly=True)
    column = table.find(_AT_RISK, "the numbers at risk")
    counts: list[int] = []
    for line, value in table.numbers(column):
        if value < 0 or value != int(value):
            raise table.error(line, column, f"{value:g} is no number of patients")
        if counts and value > counts[-1]:
            raise table.error(
                line, column, f"{value:g} after {counts[-1]}: nobody comes back to be at risk"
            )
        counts.append(int(value))
    if times[0][1] != 0:
        raise table.error(times[0][0], "time", "the first row must be time 0, with everybody")
    if not 2 <= counts[0] <= 100_000:
        raise table.error(times[0][0], column, f"{counts[0]} patients; it must be 2 to 100000")
    return [month for _, month in times], counts


def read_subjects(
    path: str | Path, *, parameter: str | None = None, arm: str | None = None
) -> OwnCurve:
    """Read times patient by patient.

    Args:
        path: an ADaM ADTTE as CSV (``AVAL``, ``CNSR``, ``PARAMCD``; ``AVALU`` or months), or a CSV
            with a time (``month`` ...) and ``event`` (1 for an event, 0 for a censoring).
        parameter: ``PARAMCD`` of the rows that are wanted; needed where there are several.
        arm: treatment (``TRT01P``, ``TRTP``, ``ARM`` or ``arm``) of the rows that are wanted;
            needed where there are several.

    Raises:
        InputError: the file is wrong; the message names row and column.
    """
    table = read_table(path)
    table = _only(table, ("paramcd", "param"), parameter, "parameter")
    table = _only(table, ("trt01p", "trta", "trtp", "arm"), arm, "arm")
    _nobody_twice(table)
    if {"aval", "cnsr"} <= set(table.columns):
        times, flags = _adtte(table)
        how = "patient by patient (ADTTE)"
    else:
        times = _time(table)
        flags = _flags(table, table.find({"event": None}, "who had the event"), "1")
        how = "patient by patient"
    months, event = np.array([month for _, month in times]), np.array(flags, dtype=bool)
    if months.size < 2:
        raise InputError(f"{table.name}: {months.size} patient; give 2 at least")
    order = np.lexsort((~event, months))
    return OwnCurve(months[order], event[order], how, {Path(path).name: table.hash})


def _only(table: OwnTable, columns: tuple[str, ...], wanted: str | None, key: str) -> OwnTable:
    """Return the rows of one parameter or arm."""
    column = next((c for c in columns if c in table.columns), None)
    if column is None:
        if wanted is not None:
            raise InputError(
                f"{table.name}:1: {key} {wanted!r} is asked for, but no column is called "
                f"{' or '.join(columns)}"
            )
        return table
    there = list(dict.fromkeys(text for _, text in table.texts(column)))
    if wanted is None and len(there) > 1:
        raise InputError(f"{table.name}: {column} is {', '.join(there[:6])}; say which: {key}")
    if wanted is not None and wanted not in there:
        raise InputError(f"{table.name}: no {column} is {wanted!r}; it is {', '.join(there[:6])}")
    place = table.columns.index(column)
    rows = tuple(r for r in table.rows if wanted is None or r[1][place] == wanted)
    return OwnTable(table.name, table.columns, rows, table.hash)


def _nobody_twice(table: OwnTable) -> None:
    for column in ("usubjid", "subjid", "id", "patient"):
        if column in table.columns:
            seen: dict[str, int] = {}
            for line, text in table.texts(column):
                first = seen.setdefault(text, line)
                if first != line:
                    raise table.error(line, column, f"{text!r} stands in row {first} already")
            return


def _adtte(table: OwnTable) -> tuple[list[tuple[int, float]], list[bool]]:
    if "avalu" in table.columns:
        units = [_unit(table, line, text) for line, text in table.texts("avalu")]
    else:
        raise table.error(1, "aval", "has no unit; add a column AVALU with MONTHS, WEEKS or DAYS")
    found = []
    for (line, value), unit in zip(table.numbers("aval"), units, strict=True):
        if not 0 <= value * unit <= _LONGEST_MONTHS:
            raise table.error(line, "aval", f"{value:g} is no time of a patient; is AVALU right?")
        found.append((line, value * unit))
    return found, _flags(table, "cnsr", "0")


def _unit(table: OwnTable, line: int, text: str) -> float:
    if text.upper() not in _AVALU:
        raise table.error(line, "avalu", f"{text!r} is no unit; use MONTHS, WEEKS, DAYS or YEARS")
    return _AVALU[text.upper()]


def _flags(table: OwnTable, column: str, event: str) -> list[bool]:
    found = []
    for line, text in table.texts(column):
        number = table.number(line, column, text)
        if number < 0 or number != int(number) or (column != "cnsr" and number > 1):
            raise table.error(line, column, f"{text!r} must be 0 or 1")
        found.append(int(number) == int(event))
    return found


def curve_csv(curve: OwnCurve) -> str:
    """Return the patients of a curve as CSV: ``patient,month,event``."""
    rows = [
        f"{k},{month:.4f},{int(event)}"
        for k, (month, event) in enumerate(zip(curve.months, curve.event, strict=True), 1)
    ]
    return "\n".join(["patient,month,event", *rows]) + "\n"
