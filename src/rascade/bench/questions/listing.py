"""Lists of experiments in TOML text: every complaint names file, line, block and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from rascade.errors import EvidenceError

__all__ = ["read_listing"]


T = TypeVar("T")


def read_listing(
    text: str, file: str, table: str, read: Callable[[str, Mapping[str, Any]], T]
) -> Iterator[T]:
    """Yield what every ``[[table]]`` of a TOML text holds.

    Args:
        text: the text.
        file: its name, for messages.
        table: name of the blocks.
        read: from where (for messages) and a block's content to a record; it complains with
            ``where: key: what is wrong``.

    Raises:
        EvidenceError: as ``file:line: id: key: what is wrong``, the line being that of the key, or
            of the block where the key is not in it.
    """
    try:
        listing = tomllib.loads(text)[table]
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"{file}: {error}") from None
    except KeyError:
        raise EvidenceError(f"{file}: no [[{table}]] in it; it lists one or several") from None
    lines = text.splitlines()
    starts = [k for k, line in enumerate(lines) if line.strip() == f"[[{table}]]"]
    for number, given in enumerate(listing):
        where = f"{file}: {given.get('id', '?')}"
        try:
            yield read(where, given)
        except EvidenceError as error:
            end = starts[number + 1] if number + 1 < len(starts) else len(lines)
            told = str(error).removeprefix(where)
            line = _line(lines[starts[number] : end], told) + starts[number] + 1
            raise EvidenceError(f"{file}:{line}: {given.get('id', '?')}{told}") from None


def _line(block: list[str], told: str) -> int:
    """Return the line of a block that a complaint is about: of its value, else of its key, else 0.

    A value that is quoted in the complaint tells one of several equal keys from the others.
    """
    keys = re.findall(r"[\w-]+", told.split(": ")[1] if ": " in told else "")
    values = [text for text in re.findall(r"'([^']+)'", told) if text.strip()]
    for wanted in (values, []):
        for key in reversed(keys):
            pattern = re.compile(rf"(?:^|[\[.{{,\s]){re.escape(key)}\b")
            for number, line in enumerate(block):
                if pattern.search(line) and all(value in line for value in wanted[:1]):
                    return number
        if not values:
            break
    return 0
