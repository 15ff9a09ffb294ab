"""The numbers that say how trials are conducted, where a protocol does not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rascade.model import ParameterTable

__all__ = ["load_conduct"]


@cache
def load_conduct() -> ParameterTable:
    """Return the numbers of a trial's conduct, with sources."""
    from rascade.model import parse_table

    text = (files("rascade.trial") / "data" / "conduct.csv").read_text(encoding="utf-8")
    return parse_table(text, "conduct.csv")
