"""NONMEM data sets on disk: comma-separated text with a header, read with suspicion."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rascade.errors import OutputError, RegimenError
from rascade.regimen.nonmem import DoseRecord
from rascade.regimen.words import did_you_mean

__all__ = ["MAX_BYTES", "read_nonmem", "write_nonmem"]

#: A larger file is refused before it is read: 64 MiB hold some two million records.
MAX_BYTES = 64 * 2**20
_MAX_COLUMNS = 200

_WRITTEN = ("ID", "TIME", "AMT", "RATE", "II", "ADDL", "CMT", "EVID", "ROUTE", "UNIT")
_REQUIRED = ("ID", "TIME", "AMT", "CMT", "EVID")
_READ = (*_WRITTEN, "SS")
#: Items of NONMEM data sets that say nothing about doses and are passed over.
_PASSED_OVER = frozenset(
    {"DV", "MDV", "CENS", "LIMIT", "DVID", "BLQ", "LLOQ", "L2", "CALL", "CONT"}
)


def write_nonmem(path: str | Path, records: Iterable[DoseRecord]) -> None:
    """Write records as CSV, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    path = Path(path)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_WRITTEN)
    for record in records:
        writer.writerow([_cell(getattr(record, name)) for name in _WRITTEN])
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(buffer.getvalue())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        # A path below a file cannot be unlinked either; there is nothing to remove then.
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def _cell(value: float | int | str) -> str:
    """Return a number with every digit it needs, whole numbers without ``.0``."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read_nonmem(path: str | Path) -> list[DoseRecord]:
    """Read records from CSV with a header; other columns are passed over.

    ``ID TIME AMT CMT EVID`` must be there. Missing ``RATE II ADDL SS`` are 0, a missing ``UNIT``
    is mg, and a missing ``ROUTE`` is IV. ``.`` and an empty cell are NONMEM's missing value.

    Raises:
        RegimenError: the file cannot be read as such; the message is ``file:line: item: ...``.
    """
    path = Path(path)
    rows = _rows(path, _text(path))
    line, header = next(rows, (1, []))
    columns = _columns(path, line, header)
    records = []
    for line, row in rows:
        where = f"{path}:{line}"
        if len(row) != len(header):
            message = f"{where}: {len(row)} cells, but the header has {len(header)}"
            raise RegimenError(message)
        cells = {name: row[index].strip() for name, index in columns.items()}
        records.append(_record(cells, where))
    return records


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "does not exist"
            raise RegimenError(f"{path} {kind}; give a NONMEM data set as CSV")
        if path.stat().st_size > MAX_BYTES:
            raise RegimenError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise RegimenError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RegimenError(f"{path} is not UTF-8 text (byte {error.start})") from error
    if "\0" in text:
        raise RegimenError(f"{path} is not text: it holds NUL characters")
    return text


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


def _columns(path: Path, line: int, header: list[str]) -> dict[str, int]:
    names = [cell.strip().upper() for cell in header]
    if not 0 < len(names) <= _MAX_COLUMNS:
        raise RegimenError(f"{path}:{line}: expected a header with {', '.join(_REQUIRED)}")
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in columns:
            raise RegimenError(f"{path}:{line}: column {name} is there twice")
        if name in _READ:
            columns[name] = index
            continue
        # A slip in ADDL would lose doses silently, so names close to an item are refused.
        missing = [item for item in _READ if item not in names and len(item) > 2]
        hint = did_you_mean(name, missing, cutoff=0.7) if name not in _PASSED_OVER else ""
        if hint:
            raise RegimenError(f"{path}:{line}: column {name!r} is not known{hint}")
    for name in _REQUIRED:
        if name not in columns:
            raise RegimenError(f"{path}:{line}: column {name} is missing")
    return columns


def _record(cells: dict[str, str], where: str) -> DoseRecord:
    # An observation has no amount and no compartment of its own to check.
    observation = cells["EVID"] == "0"
    drug = cells["CMT"]
    if not observation and drug in {"", "."}:
        raise RegimenError(f"{where}: CMT: expected the name of a drug")
    return DoseRecord(
        ID=_whole(cells, "ID", where),
        TIME=_number(cells, "TIME", where),
        AMT=0.0 if observation else _number(cells, "AMT", where),
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


def _word(cells: dict[str, str], name: str, missing: str) -> str:
    text = cells.get(name, ".")
    return missing if text in {"", "."} else text


def _number(cells: dict[str, str], name: str, where: str) -> float:
    text = cells.get(name, ".")
    if text in {"", "."}:
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


def _whole(cells: dict[str, str], name: str, where: str) -> int:
    value = _number(cells, name, where)
    if value != value or value in {float("inf"), float("-inf")} or value != int(value):
        raise RegimenError(f"{where}: {name}: {cells[name][:40]!r} is not a whole number")
    return int(value)
