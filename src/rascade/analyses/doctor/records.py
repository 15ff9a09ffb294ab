"""What a look at one thing came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BROKEN", "GOOD", "STATES", "UNSURE", "Finding"]

GOOD: Final = "good"
#: Works, but not as well as it could, or cannot be told.
UNSURE: Final = "unsure"
BROKEN: Final = "broken"
STATES: Final = (GOOD, UNSURE, BROKEN)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one thing came to.

    Attributes:
        part: what was looked at, such as ``cache``.
        state: one of `STATES`.
        found: what it is, for people.
        mend: what to do; empty where it is good.
    """

    part: str
    state: str
    found: str
    mend: str = ""
