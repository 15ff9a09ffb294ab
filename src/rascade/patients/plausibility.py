"""When a drawn patient is taken: the range of growth, and how long and how often is tried."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rascade.errors import EvidenceError, ParameterError
from rascade.model.sources import parse_source

__all__ = ["plausibility"]

_FILE = "plausibility.csv"


@cache
def plausibility() -> Mapping[str, float]:
    """Return the numbers of ``data/plausibility.csv`` by name, in the unit that stands there.

    Raises:
        EvidenceError: a row has no source that `rascade.model.sources` can read, or no number.
    """
    text = (files("rascade.patients") / "data" / _FILE).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    found = {}
    for row in reader:
        try:
            parse_source(row["source"], row["confidence"])
            found[row["name"]] = float(row["value"])
        except (ParameterError, ValueError) as error:
            raise EvidenceError(f"{_FILE}:{reader.line_num}: {row['name']}: {error}") from None
    return MappingProxyType(found)
