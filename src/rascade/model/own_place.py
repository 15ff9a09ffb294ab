"""The file of an own drug: where its keys stand, for messages, and how wide its ranges are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from rascade.errors import InputError
from rascade.text import did_you_mean

__all__ = ["SPAN", "Place"]

#: Between a typical value and the ends of its range, where a file gives none.
SPAN = 10.0


class Place:
    """Where a key of a file stands, for messages."""

    def __init__(self, file: str, text: str = "") -> None:
        self.file, self.lines = file, text.splitlines()

    def wrong(self, key: str, message: str) -> NoReturn:
        """Raise an error that names file, line and key."""
        last = key.rpartition("/")[2]
        pattern = re.compile(rf"""^\s*\[?\s*["']?{re.escape(last)}["']?\s*[]=.]""")
        lines = (n for n, line in enumerate(self.lines, 1) if pattern.match(line))
        line = next(lines, None)
        raise InputError(
            f"{self.file}{f':{line}' if line else ''}: {key.replace('/', '.')}: {message}"
        )

    def known(self, given: Mapping[str, Any], keys: Sequence[str], before: str = "") -> None:
        """Refuse keys that mean nothing."""
        for key in given:
            if key not in keys:
                hint = did_you_mean(key, keys) or f"; there are {', '.join(keys)}"
                self.wrong(f"{before}{key}", f"no such key{hint}")

    def text(self, given: Mapping[str, Any], key: str, name: str = "") -> str:
        """Return a text that must be there."""
        value = given.get(key)
        if not isinstance(value, str) or not value.strip():
            self.wrong(name or key, "missing; write it as a text in quotes")
        return str(value).strip()

    def number(self, value: object, key: str) -> float:
        """Return a number that is finite and not negative."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, f"{value!r} is no number")
        number = float(value)
        if not math.isfinite(number) or number < 0:
            self.wrong(key, f"{value} is not possible; give a finite number, 0 or more")
        return number

    def table(self, given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return a table of the file; an empty one where it is left out."""
        value = given.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"must be a table, as [{key}]")
        return dict(value)
