"""The parameter table: every number of the disease model with unit, range, spread and source."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final

from rascade.errors import ParameterError
from rascade.model.derivation import derive, rows_in
from rascade.model.mechanisms import data_file
from rascade.model.model_units import to_model_units
from rascade.model.own_rows import own_rows
from rascade.model.sources import parse_source
from rascade.own_drugs import kept, own_drugs
from rascade.text import did_you_mean
from rascade.units import is_unit

__all__ = [
    "COLUMNS",
    "CONFIDENCE",
    "DISTRIBUTIONS",
    "EXPRESSION",
    "Allele",
    "Parameter",
    "ParameterTable",
    "known_alleles",
    "load_alleles",
    "load_table",
    "parse_table",
    "parse_tables",
    "table_files",
    "table_of",
]

COLUMNS: Final = (
    "name",
    "value",
    "unit",
    "low",
    "high",
    "distribution",
    "cv",
    "fitted",
    "source",
    "confidence",
    "description",
)
#: A file may have this column as well: the arithmetic that a value follows from.
EXPRESSION: Final = "expression"
DISTRIBUTIONS: Final = ("fixed", "lognormal")
CONFIDENCE: Final = (
    "verified", "secondary", "derived", "recalled", "definition", "fitted", "assumed",
)  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One row of the parameter table.

    Attributes:
        name: ``name``, ``drug.name``, ``name[clone]`` or ``drug.name[clone]``.
        value: typical (median) value in `unit`.
        unit: unit as in the source.
        low: lower end of the plausible range, in `unit`.
        high: upper end of the plausible range, in `unit`.
        distribution: ``fixed`` or ``lognormal`` (between patients, cut at low and high).
        cv: coefficient of variation between patients, as a fraction.
        fitted: calibration targets that the value was set against by hand; empty if none.
        source: as `rascade.model.sources` reads it: identifiers of the evidence, or an assumption,
            a definition, a prior or calibration targets.
        confidence: ``verified``, ``secondary``, ``derived``, ``recalled``, ``definition``,
            ``fitted`` or ``assumed``; see docs/evidence.md.
        description: what it is.
        expression: the arithmetic that the value follows from (`rascade.model.derivation`); empty
            if none. It is done once, when the table is read: a value that a study sets does not
            move those derived from it.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    distribution: str
    cv: float
    fitted: str
    source: str
    confidence: str
    description: str
    expression: str = ""

    @property
    def varies(self) -> bool:
        """Whether patients differ in it."""
        return self.distribution != "fixed"

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.sqrt(math.log1p(self.cv**2))


@dataclass(frozen=True)
class Allele:
    """What a KRAS allele does to the RAS cycle: values of the allele-specific parameters."""

    name: str
    values: Mapping[str, float]
    source: str


class ParameterTable(Mapping[str, Parameter]):
    """Rows by name, immutable; `with_values` gives a changed copy."""

    def __init__(self, rows: Mapping[str, Parameter]) -> None:
        self._rows = MappingProxyType(dict(rows))

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._rows[name]
        except KeyError:
            raise ParameterError(self.unknown(name)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def unknown(self, name: str) -> str:
        """Return the message for a name that is not in the table, with the nearest names."""
        hint = did_you_mean(name, self._rows, most=3) or "; 'rascade model show' lists all"
        return f"no parameter {name!r} in the parameter table{hint}"

    def with_values(self, values: Mapping[str, float]) -> ParameterTable:
        """Return a copy with other typical values (in the table's units).

        Raises:
            ParameterError: a name is unknown or a value is not a finite, non-negative number.
        """
        rows = dict(self._rows)
        for name, value in values.items():
            row = self[name]
            if not math.isfinite(value) or value < 0:
                raise ParameterError(f"parameter {name}: {value} is not a finite number >= 0")
            rows[name] = replace(
                row, value=value, low=min(row.low, value), high=max(row.high, value)
            )
        return ParameterTable(rows)

    def with_spreads(self, factors: Mapping[str, float]) -> ParameterTable:
        """Return a copy in which patients differ more or less.

        Args:
            factors: row -> factor on its coefficient of variation.

        Raises:
            ParameterError: a name is unknown, its row does not vary, or a factor is not a positive
                finite number.
        """
        rows = dict(self._rows)
        for name, factor in factors.items():
            row = self[name]
            if not row.varies:
                raise ParameterError(f"parameter {name}: patients do not differ in it")
            if not (math.isfinite(factor) and factor > 0):
                raise ParameterError(f"parameter {name}: spread times {factor} is not possible")
            rows[name] = replace(row, cv=row.cv * factor)
        return ParameterTable(rows)

    def model_value(self, name: str, molecular_weight: float | None = None) -> float:
        """Return a value in the model's units (hour, nmol, litre, nM, mm, 1e6 cells)."""
        row = self[name]
        return to_model_units(row.value, row.unit, molecular_weight)

    @property
    def hash(self) -> str:
        """SHA-256 over all rows."""
        text = "\n".join(repr(self._rows[name]) for name in sorted(self._rows))
        return hashlib.sha256(text.encode()).hexdigest()


def _number(row: Mapping[str, str], column: str, where: str) -> float:
    try:
        return float(row[column])
    except ValueError:
        raise ParameterError(f"{where}: {column}: {row[column]!r} is not a number") from None


def _read_row(row: Mapping[str, str], where: str, value: float) -> Parameter:
    low = _number(row, "low", where) if row["low"] else value
    high = _number(row, "high", where) if row["high"] else value
    cv = _number(row, "cv", where) if row["cv"] else 0.0
    distribution = row["distribution"] or "fixed"
    problems = [
        (not is_unit(row["unit"]) or not row["unit"], f"unit: {row['unit']!r} is not a unit"),
        (not low <= value <= high, f"value: {value} is outside {low} to {high}"),
        (distribution not in DISTRIBUTIONS, f"distribution: {distribution!r}; use {DISTRIBUTIONS}"),
        (
            (distribution != "fixed") != (cv > 0),
            "cv: must be > 0 for a distribution, empty if fixed",
        ),
        (
            row["confidence"] not in CONFIDENCE,
            f"confidence: {row['confidence']!r}; use {CONFIDENCE}",
        ),
        (
            (row["confidence"] == "fitted") != bool(row["fitted"]),
            "fitted: name the targets, or none",
        ),
        (not row["description"], "description: empty"),
        (
            row["confidence"] == "derived" and not row.get(EXPRESSION),
            "expression: a derived value needs the arithmetic that it follows from",
        ),
    ]
    for wrong, message in problems:
        if wrong:
            raise ParameterError(f"{where}: {message}")
    try:
        parse_source(row["source"], row["confidence"])
    except ParameterError as error:
        raise ParameterError(f"{where}: source: {error}") from None
    return Parameter(
        row["name"], value, row["unit"], low, high, distribution, cv, row["fitted"], row["source"],
        row["confidence"], row["description"], row.get(EXPRESSION) or "",
    )  # fmt: skip


def parse_table(text: str, file: str) -> ParameterTable:
    """Read a parameter table from CSV text.

    Raises:
        ParameterError: naming file, line, column and what is wrong.
    """
    return parse_tables({file: text})


def parse_tables(texts: Mapping[str, str]) -> ParameterTable:
    """Read one parameter table from several CSV texts, by file name.

    The value of a row with an expression is computed; where the file states it too, both must
    agree to the last bit.

    Raises:
        ParameterError: as `parse_table`, or a name stands in two files.
    """
    found: dict[str, tuple[dict[str, str], str]] = {}
    home: dict[str, str] = {}
    for file, text in texts.items():
        for name, row, where in _raw_rows(text, file):
            if name in home:
                again = "twice" if home[name] == file else f"in {home[name]} already"
                raise ParameterError(f"{where}: name: stands {again}")
            found[name], home[name] = (row, where), file
    values = _Values(found)
    return ParameterTable(
        {name: _read_row(row, where, values[name]) for name, (row, where) in found.items()}
    )


def _raw_rows(text: str, file: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the name, the cells and the place of every row."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) not in (COLUMNS, (*COLUMNS, EXPRESSION)):
        raise ParameterError(
            f"{file}:1: the columns must be {', '.join(COLUMNS)}, and {EXPRESSION} if there is any"
        )
    for row in reader:
        yield row["name"], row, f"{file}:{reader.line_num}: {row['name']}"


class _Values(dict[str, float]):
    """Values by name, those with an expression computed when they are asked for."""

    def __init__(self, rows: Mapping[str, tuple[Mapping[str, str], str]]) -> None:
        super().__init__()
        self.rows = rows
        self.asked: list[str] = []

    def __missing__(self, name: str) -> float:
        row, where = self.rows[name]
        expression = row.get(EXPRESSION) or ""
        self[name] = (
            self._computed(name, expression) if expression else _number(row, "value", where)
        )
        return self[name]

    def _computed(self, name: str, expression: str) -> float:
        row, where = self.rows[name]
        if name in self.asked:
            raise ParameterError(f"{where}: {EXPRESSION}: {' needs '.join([*self.asked, name])}")
        try:
            read = rows_in(expression)
        except ParameterError as error:
            raise ParameterError(f"{where}: {EXPRESSION}: {error}") from None
        unknown = next((other for other in read if other not in self.rows), None)
        if unknown is not None:
            raise ParameterError(f"{where}: {EXPRESSION}: no parameter {unknown!r} in the table")
        self.asked.append(name)
        needed = {other: self[other] for other in read}
        self.asked.pop()
        try:
            value = derive(expression, needed)
        except ParameterError as error:
            raise ParameterError(f"{where}: {EXPRESSION}: {error}") from None
        if row["value"] and _number(row, "value", where) != value:
            raise ParameterError(
                f"{where}: value: {row['value']} is not what the expression comes to, {value!r}"
            )
        return value


@cache
def table_files() -> tuple[str, ...]:
    """Return the files of the package's parameter table, by subject, below its ``data`` folder."""
    folder = data_file("parameters")
    return tuple(sorted(f"parameters/{file.name}" for file in folder.iterdir()))


@kept
def load_table() -> ParameterTable:
    """Return the package's parameter table, with the rows of the user's own drugs."""
    table = _package_table()
    if not own_drugs():
        return table
    rows = dict(table)
    for drug in own_drugs().values():
        rows.update(own_rows(drug, table))
    return ParameterTable(rows)


def table_of(drugs: Iterable[str]) -> ParameterTable:
    """Return the table without the user's own drugs that are not among these.

    What a study depends on is the same whatever other drugs the user has.
    """
    others = set(own_drugs()) - set(drugs)
    table = load_table()
    if not others:
        return table
    return ParameterTable({n: table[n] for n in table if n.partition(".")[0] not in others})


@cache
def _package_table() -> ParameterTable:
    return parse_tables({f: data_file(f).read_text(encoding="utf-8") for f in table_files()})


@cache
def load_alleles() -> Mapping[str, Allele]:
    """Return the KRAS alleles that the model knows, wild type (``WT``) included."""
    reader = csv.DictReader(io.StringIO(data_file("alleles.csv").read_text(encoding="utf-8")))
    fields = [name for name in reader.fieldnames or () if name not in ("allele", "source")]
    return MappingProxyType(
        {
            row["allele"]: Allele(
                row["allele"],
                MappingProxyType(
                    {name: _number(row, name, f"alleles.csv:{reader.line_num}") for name in fields}
                ),
                row["source"],
            )
            for row in reader
        }
    )


def known_alleles() -> tuple[str, ...]:
    """Return the names of the KRAS alleles that the model knows, wild type (``WT``) included."""
    return tuple(load_alleles())
