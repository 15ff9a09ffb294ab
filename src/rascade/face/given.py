"""What a user gave, checked before anything is computed: one sentence instead of a traceback."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.random_streams import LARGEST_SEED

__all__ = ["mapping", "place", "plain", "texts", "threads", "whole"]


def plain(value: Any) -> Any:
    """Return `value` with NumPy's scalars as Python's numbers, at any depth, as a file has them."""
    import numpy as np

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def whole(name: str, value: object, low: int = 0, high: int = LARGEST_SEED) -> int:
    """Return a whole number within limits.

    Raises:
        InputError: it is none, or outside.
    """
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        last = "below 2^63" if high == LARGEST_SEED else f"at most {high}"
        raise InputError(f"{name}: {number!r}; give a whole number, at least {low} and {last}")
    return number


def threads(value: object) -> int | None:
    """Return a number of threads, or None for every processor.

    Raises:
        InputError: it is no whole number from 1 on.
    """
    return None if value is None else whole("threads", value, 1, 4096)


def place(name: str, value: object) -> Path:
    """Return a path.

    Raises:
        InputError: it is neither text nor a path.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{name}: expected a path, found {type(value).__name__}")
    return Path(value)


def texts(name: str, value: object) -> tuple[str, ...]:
    """Return one text or several as a tuple.

    Raises:
        InputError: something in it is no text.
    """
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, list | tuple | set | frozenset) or not all(
        isinstance(item, str) for item in several
    ):
        raise InputError(f"{name}: expected a text or a list of texts, found {value!r}")
    return tuple(several)


def mapping(name: str, value: object) -> dict[str, Any]:
    """Return keys and values; None has none.

    Raises:
        InputError: it is no mapping of texts.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{name}: expected names and values, such as {{...}}, found {value!r}")
    found: dict[str, Any] = plain(value)
    return found
