"""Hyperparameters of the population: what is uncertain of patients as a whole, and its ensemble.

A row of the parameter table has a median and a spread between patients. How well these are known
is another matter: ``data/hyperparameters.csv`` lists the medians and spreads that trials inform,
each with a prior. An `Ensemble` holds members, each a full set of their values; one member is one
population that the evidence allows, and predictions are made with all of them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import EvidenceError
from rascade.model import load_table
from rascade.model.sources import parse_source
from rascade.own_drugs import origin, own_drugs
from rascade.patients.joint import load_correlations
from rascade.patients.lines import known_lines, load_lines
from rascade.patients.population import load_effects
from rascade.patients.prognosis import load_factors
from rascade.patients.properties import load_properties
from rascade.random_streams import normal

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

    from rascade.model import ParameterTable

    Floats = NDArray[np.float64]

__all__ = [
    "ENSEMBLE_PLACE",
    "STATISTICS",
    "Ensemble",
    "Hyperparameter",
    "default_ensemble",
    "hyperparameters_hash",
    "load_hyperparameters",
    "member_table",
    "parse_ensemble",
    "read_ensemble",
]

_FILE, _ENSEMBLE, _MANIFEST = "hyperparameters.csv", "ensemble.csv", "ensemble.json"
#: Environment variable: folder of a build whose ensemble is used instead of the package's, or
#: ``none``.
ENSEMBLE_PLACE = "RASCADE_ENSEMBLE"
#: What of a row of the parameter table a hyperparameter is: its median, its spread between
#: patients, or what an earlier or later line of treatment does to its median.
STATISTICS = ("median", "spread", "line 1", "line 3")


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One uncertain number of the population.

    Attributes:
        name: ``row`` for a median, ``row:spread`` for the coefficient of variation, ``row:line 1``
            for the factor of that line of treatment; of the first.
        rows: of the parameter table, which it moves together.
        statistic: one of `STATISTICS`.
        sd: of the prior: standard deviation of the logarithm of the factor on the table's number,
            which is the prior's median.
        drugs: whose arms it can act on; empty for all.
        lines: lines of treatment it can act on; empty for all.
        source: of the prior.
        confidence: of the prior.
        description: what it is.
    """

    name: str
    rows: tuple[str, ...]
    statistic: str
    sd: float
    drugs: frozenset[str]
    lines: frozenset[int]
    source: str
    confidence: str
    description: str

    def acts_on(self, drugs: Sequence[str], line: int) -> bool:
        """Tell whether it can act on an arm with these drugs in this line of treatment."""
        given = not self.drugs or not self.drugs.isdisjoint(drugs)
        return given and (not self.lines or line in self.lines)


@cache
def load_hyperparameters() -> tuple[Hyperparameter, ...]:
    """Read the hyperparameters of the package.

    Raises:
        EvidenceError: a row is wrong; the message names file, line and field.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text))
    found = tuple(_read(row, f"{_FILE}:{reader.line_num}") for row in reader)
    names = [item.name for item in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EvidenceError(f"{_FILE}: {twice} stands there twice")
    return found


def _read(row: Mapping[str, str], where: str) -> Hyperparameter:
    table = load_table()
    where, rows = f"{where}: {row['rows']}", tuple(row["rows"].split("; "))
    unknown = next((name for name in rows if name not in table), None)
    if unknown is not None:
        raise EvidenceError(f"{where}: rows: {table.unknown(unknown)}")
    if row["statistic"] not in STATISTICS:
        raise EvidenceError(f"{where}: statistic: {row['statistic']!r}; use {STATISTICS}")
    spread = row["statistic"] == "spread"
    line = _line(row["statistic"])
    if line and not any((item.line, item.row) == (line, rows[0]) for item in load_lines()):
        raise EvidenceError(f"{where}: statistic: line {line} does nothing to it; see lines.csv")
    if spread and not all(table[name].varies for name in rows):
        raise EvidenceError(f"{where}: statistic: patients do not differ in it")
    try:
        sd = float(row["sd"])
        parse_source(row["source"], row["confidence"])
    except (ValueError, EvidenceError) as error:
        raise EvidenceError(f"{where}: {error}") from None
    if not 0 < sd < 3:
        raise EvidenceError(f"{where}: sd: {sd:g} is not between 0 and 3")
    return Hyperparameter(
        rows[0] if row["statistic"] == "median" else f"{rows[0]}:{row['statistic']}",
        rows,
        row["statistic"],
        sd,
        frozenset(filter(None, row["drugs"].split("; "))),
        frozenset({line} if line else (int(n) for n in row["lines"].split("; ") if n)),
        row["source"],
        row["confidence"],
        row["description"],
    )


def _line(statistic: str) -> int:
    """Return the line of treatment of a statistic, 0 if it is of none."""
    return int(statistic.removeprefix("line ")) if statistic.startswith("line ") else 0


def hyperparameters_hash() -> str:
    """SHA-256 over the hyperparameters, their priors, what they are factors on, and the patients.

    Who the patients are (distributions of their properties, correlations, what acts) changes what a
    trial shows at the same hyperparameters, so that members fitted before are no longer the fit.
    """
    table = load_table()
    text = "\n".join(
        f"{item.name} {item.sd} {sorted(item.drugs)} {sorted(item.lines)} "
        + " ".join(repr(table[name]) for name in item.rows)
        for item in load_hyperparameters()
    )
    text += "".join(repr(item) for item in load_lines())
    people = (load_properties().values(), load_correlations(), load_effects(), load_factors())
    text += "".join(repr(item) for part in people for item in part)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Ensemble:
    """Members of a calibrated population.

    Attributes:
        names: k hyperparameters.
        values: (m, k) logarithms of the factors on the table's numbers; the first member is the
            central one, which lies at the mean of the others.
        manifest: how it came about, ready for JSON.
    """

    names: tuple[str, ...]
    values: Floats
    manifest: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Number of members beside the central one."""
        return len(self.values) - 1

    def first(self, members: int) -> Ensemble:
        """Return the central member and the first so many others.

        Raises:
            EvidenceError: there are fewer.
        """
        if not 0 <= members <= self.size:
            raise EvidenceError(f"members: {members}; the ensemble has 0 to {self.size}")
        return Ensemble(self.names, self.values[: members + 1], self.manifest)

    def tables(self, base: ParameterTable, line: int) -> list[ParameterTable]:
        """Return the parameter table of every member for patients in a line of treatment."""
        return [
            _with_own_potency(member_table(base, self.names, row, line), base, number)
            for number, row in enumerate(self.values)
        ]

    @property
    def hash(self) -> str:
        """SHA-256 over names and values."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """Return the members as CSV, one a line."""
        lines = [",".join(self.names)]
        lines += [",".join(f"{value:.6g}" for value in row) for row in self.values]
        return "\n".join(lines) + "\n"


def member_table(
    base: ParameterTable, names: Sequence[str], values: Floats, line: int
) -> ParameterTable:
    """Return the table with the medians and spreads of one member.

    Args:
        base: the table whose numbers the values are factors on.
        names: k hyperparameters, as `Hyperparameter.name`.
        values: (k,) logarithms of the factors.
        line: of treatment of the patients; lines after the last known one are as that.
    """
    known = {item.name: item for item in load_hyperparameters()}
    line = min(line, known_lines()[-1])
    medians = {item.row: item.factor for item in load_lines() if item.line == line}
    spreads: dict[str, float] = {}
    for name, factor in zip(names, np.exp(values).tolist(), strict=True):
        item = known[name]
        for row in item.rows:
            if item.statistic == "spread":
                spreads[row] = factor
            elif item.statistic == "median" or _line(item.statistic) == line:
                medians[row] = medians.get(row, 1.0) * factor
    # A drug of the user's own is to its file as the drug that it is like is to the table.
    for row in base:
        if row not in medians and (known_row := origin(row)) in medians:
            medians[row] = medians[known_row]
        if row not in spreads and origin(row) in spreads and base[row].varies:
            spreads[row] = spreads[origin(row)]
    return base.with_values(
        {row: base[row].value * factor for row, factor in medians.items()}
    ).with_spreads(spreads)


def _with_own_potency(table: ParameterTable, base: ParameterTable, member: int) -> ParameterTable:
    """Let the potency of own drugs that have a prior differ by it, instead of by their class.

    The central member, which is the first, has the potency of the drug's file.
    """
    values: dict[str, float] = {}
    for name, drug in own_drugs().items():
        if drug.potency is None:
            continue
        who = np.array([member], dtype=np.int64)
        z = float(normal(0, f"potency of {name}", who)[0]) if member else 0.0
        rows = [f"{name}.{symbol}" for symbol in drug.potency.symbols]
        way = -1.0 if drug.potency.symbols[0].startswith(("KD", "EC50", "IC50")) else 1.0
        values |= {row: base[row].value * math.exp(way * drug.potency.sd * z) for row in rows}
    return table.with_values(values) if values else table


def parse_ensemble(text: str, manifest: Mapping[str, Any], file: str) -> Ensemble:
    """Read an ensemble from CSV text.

    Raises:
        EvidenceError: a name is no hyperparameter, or a line has not one number a name.
    """
    rows = list(csv.reader(io.StringIO(text)))
    known = {item.name for item in load_hyperparameters()}
    names = tuple(rows[0]) if rows else ()
    unknown = next((name for name in names if name not in known), None)
    if not names or unknown is not None:
        raise EvidenceError(f"{file}:1: {unknown!r} is no hyperparameter; build the ensemble anew")
    try:
        values = np.array([[float(cell) for cell in row] for row in rows[1:]])
    except ValueError as error:
        raise EvidenceError(f"{file}: {error}") from None
    if values.ndim != 2 or values.shape[1] != len(names) or not np.isfinite(values).all():
        raise EvidenceError(f"{file}: every line must hold {len(names)} finite numbers")
    return Ensemble(names, values, manifest)


def read_ensemble(folder: Traversable) -> Ensemble:
    """Read the ensemble that a build wrote into a folder.

    Raises:
        EvidenceError: it holds none, or one of other hyperparameters.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        text = (folder / _ENSEMBLE).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"{folder}: no ensemble can be read there ({error}); run rascade cohort build --out "
            f"{folder}"
        ) from error
    return parse_ensemble(text, manifest, str(folder / _ENSEMBLE))


def default_ensemble() -> Ensemble | None:
    """Return the ensemble of the package, or that of `ENSEMBLE_PLACE`; None where there is none.

    Raises:
        EvidenceError: the folder that `ENSEMBLE_PLACE` names holds none.
    """
    place = os.environ.get(ENSEMBLE_PLACE, "")
    return None if place == "none" else _ensemble(place)


@cache
def _ensemble(place: str) -> Ensemble | None:
    if place:
        try:
            return read_ensemble(Path(place))
        except EvidenceError as error:
            raise EvidenceError(f"{ENSEMBLE_PLACE}: {error}") from None
    folder = files("rascade.patients") / "data"
    return read_ensemble(folder) if (folder / _ENSEMBLE).is_file() else None
