"""NONMEM data sets on disk: comma-separated text with a header, read with suspicion."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rascade.errors import RegimenError
from rascade.files import write_text
from rascade.own_files import Limits, read_text
from rascade.regimen.nonmem.columns import DURATIONS, HARMLESS, duties
from rascade.regimen.nonmem.events import DoseRecord
from rascade.text import did_you_mean

__all__ = ["DoseRecords", "read_nonmem", "write_nonmem"]

#: A larger file is refused; 64 MiB hold some two million records.
_DATA_SET = Limits("a NONMEM data set as CSV", 64 * 2**20, RegimenError)
_MAX_COLUMNS = 200

_WRITTEN = ("ID", "TIME", "AMT", "RATE", "II", "ADDL", "CMT", "EVID", "ROUTE", "UNIT")
_REQUIRED = ("ID", "TIME", "AMT", "CMT", "EVID")
_READ = (*_WRITTEN, "SS", "MDV", "DOSE")
_MISSING = frozenset({"", "."})


class DoseRecords(list[DoseRecord]):
    """Records in file order.

    Attributes:
        ignored: columns of the file that were passed over: covariates, labels, observations.
    """

    def __init__(self, records: Iterable[DoseRecord] = (), ignored: tuple[str, ...] = ()) -> None:
        super().__init__(records)
        self.ignored = ignored


def write_nonmem(path: str | Path, records: Iterable[DoseRecord]) -> None:
    """Write records as CSV, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_WRITTEN)
    for record in records:
        writer.writerow([_cell(getattr(record, name)) for name in _WRITTEN])
    write_text(Path(path), buffer.getvalue())


def _cell(value: float | int | str) -> str:
    """Return a number with every digit it needs, whole numbers without ``.0``."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read_nonmem(path: str | Path, ignore: Collection[str] = ()) -> DoseRecords:
    """Read records from CSV with a header.

    ``ID TIME AMT CMT EVID`` must be there. Missing ``RATE II ADDL SS`` are 0, a missing ``UNIT``
    is mg, and a missing ``ROUTE`` is IV. ``.`` and an empty cell are NONMEM's missing value. The
    length of an infusion in hours (``DUR``, ``TINF`` and other names) becomes its rate. ``MDV`` and
    ``DOSE`` must agree with ``EVID`` and ``AMT``. Columns that would change a dose in another way
    (bioavailability, lag time, dates, marks of skipped records) must say nothing. Columns known as
    covariates, labels and observations are passed over and listed in the result; all others are
    refused.

    Args:
        path: of the file.
        ignore: further columns to pass over.

    Raises:
        RegimenError: the file cannot be read as such; the message is ``file:line: item: ...``.
    """
    path = Path(path)
    rows = _rows(path, read_text(path, _DATA_SET))
    line, header = next(rows, (1, []))
    columns, ignored = _columns(path, line, header, {name.upper() for name in ignore})
    records = DoseRecords(ignored=ignored)
    for line, row in rows:
        where = f"{path}:{line}"
        if len(row) != len(header):
            message = f"{where}: {len(row)} cells, but the header has {len(header)}"
            raise RegimenError(message)
        cells = {name: row[index].strip() for name, index in columns.items()}
        records.append(_record(cells, where))
    return records


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RegimenError(f"{path}:{reader.line_num}: not CSV: {error}") from error
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _columns(
    path: Path, line: int, header: list[str], ignore: Collection[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the places of the columns that are read, and the names of those passed over."""
    names = [cell.strip().upper() for cell in header]
    if not 0 < len(names) <= _MAX_COLUMNS:
        raise RegimenError(f"{path}:{line}: expected a header with {', '.join(_REQUIRED)}")
    columns: dict[str, int] = {}
    ignored: list[str] = []
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RegimenError(f"{path}:{line}: column {name} is there twice")
        if name in ignore and name not in _READ:
            ignored.append(name)
        elif name in _READ or name in DURATIONS or duties(name) is not None:
            columns[name] = index
        elif name in HARMLESS:
            ignored.append(name)
        else:
            raise RegimenError(f"{path}:{line}: column {name!r} is not known{_mend(name, names)}")
    for name in _REQUIRED:
        if name not in columns:
            raise RegimenError(f"{path}:{line}: column {name} is missing")
    return columns, tuple(ignored)


def _mend(name: str, names: list[str]) -> str:
    """Say what to do about a column that may hold a part of a dose: a slip in ADDL loses doses."""
    missing = [item for item in (*_READ, *DURATIONS) if item not in names and len(item) > 2]
    hint = did_you_mean(name, missing, cutoff=0.7)
    return hint or f"; if no dose depends on it, leave it out or read with ignore=[{name!r}]"


def _record(cells: Mapping[str, str], where: str) -> DoseRecord:
    observation = _whole(cells, "EVID", where) == 0
    drug = cells["CMT"]
    # An observation has no compartment of its own to check.
    if not observation and drug in _MISSING:
        raise RegimenError(f"{where}: CMT: expected the name of a drug")
    _check_duties(cells, observation, where)
    record = DoseRecord(
        ID=_whole(cells, "ID", where),
        TIME=_number(cells, "TIME", where),
        AMT=_number(cells, "AMT", where),
        RATE=_number(cells, "RATE", where),
        II=_number(cells, "II", where),
        ADDL=_whole(cells, "ADDL", where),
        CMT=drug,
        EVID=_whole(cells, "EVID", where),
        ROUTE=_word(cells, "ROUTE", "IV").upper(),
        UNIT=_word(cells, "UNIT", "mg"),
        SS=_whole(cells, "SS", where),
        where=where,
    )
    _check_agreement(cells, record)
    return _with_duration(cells, record)


def _check_duties(cells: Mapping[str, str], observation: bool, where: str) -> None:
    """Refuse values that would change a dose in a way that is not read."""
    for name, text in cells.items():
        duty = duties(name)
        if duty is None or text in _MISSING:
            continue
        neutral, mend, of_every_record = duty
        if observation and not of_every_record:
            continue
        try:
            harmless = float(text) in neutral
        except ValueError:
            harmless = False
        if not harmless:
            raise RegimenError(f"{where}: {name}: {text[:40]!r} would change the dose; {mend}")


def _check_agreement(cells: Mapping[str, str], record: DoseRecord) -> None:
    """Refuse a record whose further columns contradict EVID or AMT."""
    where = record.where
    if cells.get("MDV", ".") not in _MISSING:
        mdv = _whole(cells, "MDV", where)
        if mdv not in {0, 1}:
            raise RegimenError(f"{where}: MDV {mdv} is not supported (0 or 1)")
        if mdv == 0 and record.EVID == 1:
            raise RegimenError(
                f"{where}: MDV 0 makes this an observation, but EVID 1 makes it a dose; write MDV 1"
            )
    if record.EVID != 0 and cells.get("DOSE", ".") not in _MISSING:
        dose = _number(cells, "DOSE", where)
        if dose != record.AMT:
            raise RegimenError(
                f"{where}: DOSE is {dose:g}, but AMT is {record.AMT:g}; leave the "
                "column DOSE out if AMT is what is given"
            )


def _with_duration(cells: Mapping[str, str], record: DoseRecord) -> DoseRecord:
    """Return the record with the rate that the length of its infusion means."""
    for name in DURATIONS:
        hours = _number(cells, name, record.where)
        if hours == 0:
            continue
        if not (math.isfinite(hours) and hours > 0):
            raise RegimenError(
                f"{record.where}: {name} is {hours:g} h; an infusion takes more than nothing"
            )
        if record.EVID == 0:
            raise RegimenError(
                f"{record.where}: {name} is {hours:g}, but EVID 0 makes this an observation; "
                "write EVID 1 for a dose, or leave the cell empty"
            )
        # Rates are written with few digits; one in a thousand is no contradiction.
        if record.RATE != 0 and not math.isclose(record.RATE * hours, record.AMT, rel_tol=1e-3):
            raise RegimenError(
                f"{record.where}: {name} {hours:g} h and RATE {record.RATE:g} do not agree for "
                f"AMT {record.AMT:g}; give one of them"
            )
        record = replace(record, RATE=record.RATE or record.AMT / hours)
    return record


def _word(cells: Mapping[str, str], name: str, missing: str) -> str:
    text = cells.get(name, ".")
    return missing if text in _MISSING else text


def _number(cells: Mapping[str, str], name: str, where: str) -> float:
    text = cells.get(name, ".")
    if text in _MISSING:
        if name in {"ID", "TIME", "EVID"}:
            raise RegimenError(f"{where}: {name} is missing")
        return 0.0
    try:
        # Python also reads "1_000" and "١"; a data set must not.
        if "_" in text or not text.isascii():
            raise ValueError
        return float(text)
    except ValueError:
        raise RegimenError(f"{where}: {name}: {text[:40]!r} is not a number") from None


def _whole(cells: Mapping[str, str], name: str, where: str) -> int:
    value = _number(cells, name, where)
    if value != value or value in {float("inf"), float("-inf")} or value != int(value):
        raise RegimenError(f"{where}: {name}: {cells[name][:40]!r} is not a whole number")
    return int(value)
