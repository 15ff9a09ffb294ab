"""Which properties patients have, and how each is spread: the rows of ``profile.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rascade.errors import EvidenceError, ParameterError
from rascade.model.sources import parse_source

__all__ = ["Property", "categories", "load_properties"]

_FILE = "profile.csv"


@dataclass(frozen=True)
class Property:
    """A distribution of one property, in one category or over several.

    Attributes:
        name: column name.
        kind: ``share`` (probabilities of categories), ``normal`` or ``lognormal``.
        rows: category -> row of the file; category is a sex, or the value itself for shares.
    """

    name: str
    kind: str
    rows: Mapping[str, Mapping[str, str]]

    @property
    def truth(self) -> bool:
        """Whether the property is a yes or no."""
        return set(self.rows) == {"True"}


@cache
def load_properties() -> Mapping[str, Property]:
    """Read the distributions of patient properties.

    Raises:
        EvidenceError: a row has no source that `rascade.model.sources` can read, or shares do not
            add up to one.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    kinds: dict[str, str] = {}
    for row in reader:
        try:
            parse_source(row["source"], row["confidence"])
        except ParameterError as error:
            where = f"{_FILE}:{reader.line_num}: {row['property']} {row['category']}".rstrip()
            raise EvidenceError(f"{where}: source: {error}") from None
        found.setdefault(row["property"], {})[row["category"]] = row
        kinds[row["property"]] = row["kind"]
    properties = {name: Property(name, kinds[name], rows) for name, rows in found.items()}
    for item in properties.values():
        _check_shares(item)
    return MappingProxyType(properties)


def _check_shares(item: Property) -> None:
    if item.kind == "share" and not item.truth:
        total = sum(float(row["value"]) for row in item.rows.values())
        if abs(total - 1.0) > 1e-9:
            raise EvidenceError(f"{_FILE}: {item.name}: shares add up to {total:g}, not to 1")


def categories() -> Mapping[str, Sequence[str]]:
    """Return the texts that each property of text can have."""
    return {
        item.name: tuple(item.rows)
        for item in load_properties().values()
        if item.kind == "share" and not item.truth and item.name != "ecog"
    }
