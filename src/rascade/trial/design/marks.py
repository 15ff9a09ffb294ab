"""Marks on the fields of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COUNTS"]

#: Marks a field that no patient feels: it decides who is counted, compared or shown. Patients who
#: are stored need not be simulated again when it changes. A field without the mark counts as felt,
#: so one that is forgotten costs time and never a wrong result.
COUNTS: Final[Mapping[str, str]] = {"role": "counts"}
