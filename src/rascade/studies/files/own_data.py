"""Data of the user's own in study files: numbers, digitised curves, patients, checked and kept.

A file is read when the study is; the study then holds its patients, so that results run again
without it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StrictStr, model_validator

from rascade.errors import InputError
from rascade.statistics.reconstruct import check_at_risk, check_curve, reconstruct
from rascade.studies.files.parts import Part, wrong
from rascade.text import did_you_mean
from rascade.trial.design.own_data import ArmData, OwnCurve, OwnValue

if TYPE_CHECKING:
    from rascade.studies.files.yaml_text import Document

__all__ = [
    "OwnData",
    "OwnPatients",
    "OwnSpan",
    "columns_of",
    "read_curve",
    "read_data",
    "read_patients",
]

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
_DAY, _WEEK = 12 / 365.25, 84 / 365.25
_MONTHS = {
    "month": 1.0, "months": 1.0, "day": _DAY, "days": _DAY, "week": _WEEK, "weeks": _WEEK,
    "year": 12.0, "years": 12.0,
}  # fmt: skip
_EVENT = {"true": True, "false": False, "yes": True, "no": False, "event": True, "censored": False}


class OwnSpan(Part):
    """A number with its 95 % limits."""

    value: Annotated[float, Field(strict=True, ge=0)]
    """What was seen."""
    low: Annotated[float, Field(strict=True, ge=0)] | None = None
    """Lower limit; left out where not known."""
    high: Annotated[float, Field(strict=True, ge=0)] | None = None
    """Upper limit; left out where not known or not reached."""

    @model_validator(mode="after")
    def _ordered(self) -> OwnSpan:
        if (self.low is not None and self.low > self.value) or (
            self.high is not None and self.high < self.value
        ):
            raise wrong(f"{self.value:g} lies outside its limits")
        return self


class OwnPatients(Part):
    """Patients of a time to an event, as a file of curve or patients gave them."""

    months: Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_ROWS)]
    """Months of each patient."""
    events: Annotated[tuple[bool, ...], Field(min_length=1, max_length=MAX_ROWS)]
    """Whether each is an event."""
    how: StrictStr = "patients"
    """Where they are from."""

    @model_validator(mode="after")
    def _as_many(self) -> OwnPatients:
        if len(self.months) != len(self.events):
            raise wrong(f"{len(self.months)} months for {len(self.events)} events")
        return self


class OwnData(Part):
    """Your own data of an arm, shown beside the simulation."""

    source: Annotated[StrictStr, Field(min_length=1, max_length=500)]
    """Where they are from."""
    orr_pct: OwnSpan | None = None
    """Objective response rate in percent."""
    dcr_pct: OwnSpan | None = None
    """Disease control rate in percent."""
    pfs_median_months: OwnSpan | None = None
    """Median progression-free survival."""
    os_median_months: OwnSpan | None = None
    """Median overall survival."""
    pfs: OwnPatients | None = None
    """Progression-free survival: ``curve: FILE.csv`` (month, survival) with ``at_risk: FILE.csv``
    (month, at_risk) or ``n``, or ``patients: FILE.csv`` (month, event)."""
    os: OwnPatients | None = None
    """Overall survival, as ``pfs``."""

    def as_plan(self) -> ArmData:
        """Return the data for the plan of a trial."""
        values = [
            OwnValue(name.partition("_")[0], span.value, span.low, span.high)
            for name in ("orr_pct", "dcr_pct", "pfs_median_months", "os_median_months")
            if (span := getattr(self, name)) is not None
        ]
        curves = [
            OwnCurve(name, own.months, own.events, own.how)
            for name in ("pfs", "os")
            if (own := getattr(self, name)) is not None
        ]
        return ArmData(self.source, tuple(values), tuple(curves))


def read_data(document: Document, value: dict[str, Any]) -> dict[str, Any]:
    """Return a study's keys and values with the files of its arms' data read.

    Raises:
        StudyFileError: a file is wrong; the message names the study's line, the file and its row.
    """
    arms = value.get("arms")
    if not isinstance(arms, list | tuple) or not any(
        isinstance(arm, Mapping) and isinstance(arm.get("data"), Mapping) for arm in arms
    ):
        return value
    return {**value, "arms": [_arm(document, number, arm) for number, arm in enumerate(arms)]}


def _arm(document: Document, number: int, arm: Any) -> Any:
    if not isinstance(arm, Mapping) or not isinstance(arm.get("data"), Mapping):
        return arm
    data = dict(arm["data"])
    for key, given in data.items():
        path = ("arms", number, "data", key)
        try:
            if isinstance(given, int | float) and not isinstance(given, bool):
                data[key] = {"value": float(given)}
            elif key in ("pfs", "os") and isinstance(given, Mapping) and "months" not in given:
                data[key] = _patients(given, Path(document.name).parent)
        except InputError as error:
            raise document.error(path, str(error)) from None
    return {**arm, "data": data}


_KEYS = ("curve", "at_risk", "n", "events", "patients")


def _patients(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    for key in given:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS) or f"; there are {', '.join(_KEYS)}"
            raise InputError(f"{key}: no such key{hint}")
    if ("curve" in given) == ("patients" in given):
        raise InputError("give either 'curve', a file of months and survival, or 'patients'")
    if "patients" in given:
        months, events = read_patients(folder / str(given["patients"]))
        return {"months": months, "events": events, "how": "patients"}
    curve = folder / str(given["curve"])
    risk = given.get("at_risk")
    months, events = read_curve(
        curve, None if risk is None else folder / str(risk), given.get("n"), given.get("events")
    )
    return {"months": months, "events": events, "how": "reconstructed from a digitised curve"}


def read_curve(
    curve: Path, at_risk: Path | None = None, n: int | None = None, events: int | None = None
) -> tuple[list[float], list[bool]]:
    """Read a digitised curve and return patients that make it.

    Args:
        curve: CSV with month (or day, week, year) and survival (or survival_pct).
        at_risk: CSV with month and at_risk; None where `n` says how many there were.
        n: patients at month 0.
        events: of all, where published.

    Raises:
        InputError: a file cannot be read or is wrong; the message names file and row.
    """
    time, share, rows = columns_of(curve, ("survival", "survival_pct"))
    name = "survival" if "survival" in share else "survival_pct"
    values = [v / 100 for v in share[name]] if name == "survival_pct" else share[name]
    _in_file(curve, rows, lambda: check_curve(time, values))
    if at_risk is None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise InputError("how many patients were there? give at_risk: FILE.csv or n: NUMBER")
        when, count = [0.0], [float(n)]
    else:
        when, found, lines = columns_of(at_risk, ("at_risk",))
        count = found["at_risk"]
        _in_file(at_risk, lines, lambda: check_at_risk(when, count))
    if events is not None and (isinstance(events, bool) or not isinstance(events, int)):
        raise InputError(f"events: {events!r}; give a whole number")
    months, flags = reconstruct(time, values, when, count, events)
    return [round(m, 4) for m in months.tolist()], flags.tolist()


def read_patients(path: Path) -> tuple[list[float], list[bool]]:
    """Read patients: month (or day, week, year) and event; or ADaM's AVAL (days) and CNSR.

    Raises:
        InputError: the file cannot be read or is wrong; the message names file and row.
    """
    time, found, rows = columns_of(path, ("event", "cnsr"))
    name = "event" if "event" in found else "cnsr"
    events = [(v == 0.0) if name == "cnsr" else (v != 0.0) for v in found[name]]
    for row, month in zip(rows, time, strict=True):
        if not math.isfinite(month) or month < 0:
            raise InputError(f"{path}:{row}: month {month:g} must be 0 or more")
    order = sorted(range(len(time)), key=lambda k: (time[k], not events[k]))
    return [round(time[k], 4) for k in order], [events[k] for k in order]


def columns_of(
    path: Path, wanted: Sequence[str]
) -> tuple[list[float], dict[str, list[float]], list[int]]:
    """Return the months, the one wanted column that a CSV has, and the line of each row.

    Raises:
        InputError: the file cannot be read, has no such columns, or holds what is no number.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES:,} bytes; it is no such table")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8 text; save the file as CSV in UTF-8") from None
    try:
        reader = csv.reader(
            io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","
        )
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{path}: no CSV: {error}") from None
    if len(lines) < 2:
        raise InputError(f"{path}: no rows; the first line names the columns, as month,{wanted[0]}")
    if len(lines) > MAX_ROWS:
        raise InputError(f"{path}: more than {MAX_ROWS:,} rows")
    header = [cell.strip().casefold() for cell in lines[0][1]]
    if "aval" in header and "cnsr" in header:
        header = ["days" if cell == "aval" else cell for cell in header]
    unit = next((cell for cell in header if cell in _MONTHS), None)
    name = next((cell for cell in header if cell in wanted), None)
    if unit is None or name is None:
        raise InputError(
            f"{path}:1: the columns are {', '.join(header)}; wanted are month (or day, week, year) "
            f"and {' or '.join(wanted)}"
        )
    time, values, rows = [], [], []
    for line, row in lines[1:]:
        cells = dict(zip(header, row, strict=False))
        time.append(_number(cells.get(unit, ""), path, line, unit) * _MONTHS[unit])
        values.append(_number(cells.get(name, ""), path, line, name))
        rows.append(line)
    return time, {name: values}, rows


def _number(cell: str, path: Path, line: int, column: str) -> float:
    text = cell.strip()
    if column == "event" and text.casefold() in _EVENT:
        return float(_EVENT[text.casefold()])
    try:
        return float(text)
    except ValueError:
        told = f"{text!r} is no number" if text else "empty"
        hint = "; write a point, not a comma" if "," in text else ""
        raise InputError(f"{path}:{line}: {column}: {told}{hint}") from None


def _in_file(path: Path, rows: Sequence[int], check: Any) -> None:
    """Run a check that names rows from 1, and name the file's line instead."""
    try:
        check()
    except InputError as error:
        text = str(error)
        if text.startswith("row "):
            row, _, rest = text.removeprefix("row ").partition(": ")
            raise InputError(f"{path}:{rows[int(row) - 1]}: {rest}") from None
        raise InputError(f"{path}: {text}") from None
