"""What differs between the inputs of stored chunks and those of now, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["differences"]

_WORDS = {
    "code": "the code of Rascade that simulates",
    "evidence": "the evidence",
    "models": "the model of the arm",
    "parameters": "the parameter table",
    "versions": "the version of",
}


def differences(stored: Mapping[str, Any], present: Mapping[str, Any]) -> list[str]:
    """Say what differs between the inputs of stored chunks and those of now, in words."""
    old, new = dict(_leaves(stored)), dict(_leaves(present))
    told = []
    for path in dict.fromkeys([*old, *new]):
        there, here = old.get(path), new.get(path)
        if there == here:
            continue
        first, rest = re.match(r"(\w+)\.?(.*)", path).groups()  # type: ignore[union-attr]
        if first == "study":
            told.append(f"{rest}: {_value(there)} there, {_value(here)} now")
        elif first == "versions":
            told.append(f"{_WORDS[first]} {rest}: {_value(there)} there, {_value(here)} now")
        else:
            told.append(f"{_WORDS.get(first, first)}{f' {rest}' if rest else ''} is another one")
    return told


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, (Mapping, str)) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def _value(value: Any) -> str:
    return "not given" if value is None else str(value)
