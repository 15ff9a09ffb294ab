"""Cells in a dish or under a mouse's skin: cell lines by name, or a genotype spelled out.

A cell line is a row of ``data/cell_lines.csv``; what its genes do to the model's parameters is in
``data/genes.csv`` and in the alleles of the model.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from statistics import median
from types import MappingProxyType
from typing import Final

from rascade.errors import EvidenceError, InputError
from rascade.text import nearest

__all__ = [
    "CellLine",
    "Cells",
    "cell_lines",
    "cell_parameters",
    "constant",
    "find_cell_line",
    "parse_cell_lines",
    "typical_doubling_hours",
]

CONFIDENCE: Final = ("verified", "recalled", "derived", "assumed")
NUMBERS: Final = {
    "kras_share": "share",
    "receptor_level": "receptor",
    "doubling_hours": "doubling",
}
"""Columns that hold a number -> the label under which the column ``source`` names its source."""


@dataclass(frozen=True)
class CellLine:
    """One row of the table of cell lines.

    Attributes:
        name: as the field writes it.
        aliases: other spellings; case, blanks, dots and dashes never matter.
        rrid: Cellosaurus accession.
        kras_allele: allele of the model, ``WT`` for wild type.
        zygosity: ``homozygous``, ``heterozygous`` or ``wild type``.
        kras_share: share of the RAS pool that is KRAS of this allele; None if not known.
        receptor_level: receptor input relative to a typical PDAC cell; None if not known.
        genes: altered gene -> what happened to it, as in ``data/genes.csv``.
        doubling_hours: of untreated cells; None if not known.
        source: sources by label: ``genotype``, ``share``, ``receptor``, ``doubling``.
        confidence: of the row's weakest number.
        note: what to keep in mind.
    """

    name: str
    aliases: tuple[str, ...]
    rrid: str
    species: str
    tissue: str
    kras_allele: str
    zygosity: str
    kras_share: float | None
    receptor_level: float | None
    genes: Mapping[str, str]
    doubling_hours: float | None
    source: Mapping[str, str]
    confidence: str
    note: str = ""


@dataclass(frozen=True)
class Cells:
    """The cells of an experiment.

    Attributes:
        label: for results and figures.
        kras_allele: allele of the model.
        kras_share: None takes the parameter table's value.
        receptor_level: None takes the parameter table's value.
        genes: altered gene -> what happened to it.
        doubling_hours: of untreated cells in a dish.
        source: where this is from.
    """

    label: str
    kras_allele: str
    kras_share: float | None = None
    receptor_level: float | None = None
    genes: Mapping[str, str] = field(default_factory=dict)
    doubling_hours: float | None = None
    source: str = "study file"


def _data(name: str) -> str:
    return (files("rascade.bench") / "data" / name).read_text(encoding="utf-8")


def _key(name: str) -> str:
    return re.sub(r"[\s\-_./]+", "", name).casefold()


def _number(row: Mapping[str, str], column: str, sources: Mapping[str, str], where: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        raise EvidenceError(f"{where}: {column}: {row[column]!r} is not a number") from None
    if not (math.isfinite(value) and value > 0):
        raise EvidenceError(f"{where}: {column}: {row[column]} must be above zero")
    if not sources.get(NUMBERS[column]):
        raise EvidenceError(
            f"{where}: {column}: {row[column]} has no source; "
            f"add '{NUMBERS[column]}: ...' to the column 'source'"
        )
    return value


def _genes(row: Mapping[str, str]) -> dict[str, str]:
    genes = {"STK11": row["stk11"], "PTEN": row["pten"]}
    for text in row["other_genes"].split(";"):
        gene, _, what = text.strip().partition(" ")
        if gene:
            genes[gene] = what
    return {gene: what for gene, what in genes.items() if what != "wild type"}


def parse_cell_lines(text: str, file: str) -> tuple[CellLine, ...]:
    """Read a table of cell lines from CSV text.

    Raises:
        EvidenceError: a number has no source, or a value is wrong; the message names file, line
            and column.
    """
    from rascade.model import known_alleles

    reader = csv.DictReader(io.StringIO(text))
    lines = []
    for row in reader:
        where = f"{file}:{reader.line_num}: {row['name']}"
        sources = {
            label.strip(): rest.strip()
            for label, _, rest in (
                part.partition(": ")
                for part in re.split(r"; (?=(?:genotype|share|receptor|doubling): )", row["source"])
            )
        }
        if not sources.get("genotype"):
            raise EvidenceError(f"{where}: source: add 'genotype: ...'; every row needs one")
        if row["kras_allele"] not in known_alleles():
            raise EvidenceError(f"{where}: kras_allele: no allele {row['kras_allele']!r}")
        if row["confidence"] not in CONFIDENCE:
            raise EvidenceError(f"{where}: confidence: {row['confidence']!r}; use {CONFIDENCE}")
        numbers = {
            column: _number(row, column, sources, where) if row[column] else None
            for column in NUMBERS
        }
        aliases = tuple(alias.strip() for alias in row["aliases"].split(";") if alias.strip())
        lines.append(
            CellLine(
                row["name"], aliases, row["rrid"], row["species"], row["tissue"],
                row["kras_allele"], row["zygosity"], numbers["kras_share"],
                numbers["receptor_level"], MappingProxyType(_genes(row)),
                numbers["doubling_hours"], MappingProxyType(sources), row["confidence"],
                row["note"],
            )
        )  # fmt: skip
    return tuple(lines)


@cache
def cell_lines() -> Mapping[str, CellLine]:
    """Return the cell lines by name."""
    lines = parse_cell_lines(_data("cell_lines.csv"), "cell_lines.csv")
    return MappingProxyType({line.name: line for line in lines})


def find_cell_line(name: str) -> CellLine:
    """Return a cell line by its name or an alias, however it is spelled.

    Raises:
        InputError: there is none of that name; the message says which come near.
    """
    spellings = {
        _key(text): line for line in cell_lines().values() for text in (line.name, *line.aliases)
    }
    found = spellings.get(_key(name))
    if found is None:
        near = nearest(_key(name), spellings, key=str)
        known = ", ".join(cell_lines())
        hint = f"; did you mean {spellings[near[0]].name!r}?" if near else f"; known: {known}"
        raise InputError(
            f"no cell line {name!r}{hint} Or give the genotype, such as {{kras_allele: G12D}}"
        )
    return found


@cache
def typical_doubling_hours() -> float:
    """Return the median doubling time of the cell lines that have one, in hours."""
    return median(line.doubling_hours for line in cell_lines().values() if line.doubling_hours)


@cache
def _gene_effects() -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
    effects: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(_data("genes.csv"))):
        effects.setdefault((row["gene"], row["state"]), []).append((row["parameter"], row["value"]))
    return {key: tuple(pairs) for key, pairs in effects.items()}


@cache
def _constants() -> Mapping[str, float]:
    rows = csv.DictReader(io.StringIO(_data("constants.csv")))
    return {row["name"]: float(row["value"]) for row in rows}


def constant(name: str) -> float:
    """Return a number of ``data/constants.csv``, where its unit and source stand."""
    return _constants()[name]


def cell_parameters(cells: Cells) -> tuple[dict[str, float], list[str]]:
    """Return what cells set in the parameter table, and what of them the model does not know.

    Returns:
        Row name without setting or clone -> value in the table's unit; and the altered genes that
        set nothing, as ``GENE what``.

    Raises:
        InputError: there is no such allele.
    """
    from rascade.model import load_alleles, load_table

    alleles = load_alleles()
    if cells.kras_allele not in alleles:
        raise InputError(f"no KRAS allele {cells.kras_allele!r}; known: {', '.join(alleles)}")
    values = dict(alleles[cells.kras_allele].values)
    if cells.kras_share is not None:
        values["KRAS_share"] = cells.kras_share
    if cells.receptor_level is not None:
        values["RTK_level"] = cells.receptor_level
    unknown = []
    table, effects = load_table(), _gene_effects()
    for gene, what in cells.genes.items():
        pairs = effects.get((gene, what), ())
        for parameter, value in pairs:
            values[parameter] = table[value].value if value in table else float(value)
        if not pairs:
            unknown.append(f"{gene} {what}")
    return values, unknown
