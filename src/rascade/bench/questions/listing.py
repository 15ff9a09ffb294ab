"""Lists of tables in TOML text: every complaint names file, line, block and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from rascade.bench.questions.schema import Table
from rascade.errors import EvidenceError
from rascade.schema_words import Path, dotted, problems

__all__ = ["read_listing"]

Model = TypeVar("Model", bound=Table)


def read_listing(text: str, file: str, table: str, model: type[Model]) -> Iterator[Model]:
    """Yield every ``[[table]]`` of a TOML text.

    Args:
        text: the text.
        file: its name, for messages.
        table: name of the blocks.
        model: what a block may hold.

    Raises:
        EvidenceError: a line a problem, as ``file:line: id: key: what is wrong``, the line being
            that of the key, or of the block where the key is not in it.
    """
    try:
        listing = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EvidenceError(f"{file}: no TOML: {error}") from None
    blocks = listing.pop(table, None)
    if not isinstance(blocks, list):
        raise EvidenceError(f"{file}: no [[{table}]] in it; it lists one or several")
    if listing:
        raise EvidenceError(f"{file}: {next(iter(listing))}: unknown; only [[{table}]] is read")
    lines = text.splitlines()
    for number, given in enumerate(blocks):
        try:
            yield model.model_validate(given)
        except ValidationError as error:
            name = given.get("id", "?") if isinstance(given, dict) else "?"
            told = sorted(
                (_line(lines, (table, number, *path)), f"{name}: {dotted(path)}: {what}")
                for path, what in problems(error, given, model)
            )
            raise EvidenceError(
                "\n".join(f"{file}:{line}: {what}" for line, what in told)
            ) from None


def _line(lines: list[str], path: Path) -> int:
    """Return the line, from 1, of a value or of what is nearest above it.

    Every part of the path is looked for below the part before it: a header of that name (of a list
    the one that is counted), or else a key, on a line of its own or within braces.
    """
    at, end, headers = 0, len(lines), ""
    for place, part in enumerate(path):
        if isinstance(part, int):
            continue
        after = path[place + 1] if place + 1 < len(path) else None
        headers = f"{headers}.{part}" if headers else part
        found = _headers(lines, headers, at, end)
        wanted = after if isinstance(after, int) else 0
        if wanted < len(found):
            below = found[wanted + 1] if wanted + 1 < len(found) else end
            at, end = found[wanted], below
        else:
            at = _key(lines, part, at, end)
    return at + 1


def _headers(lines: list[str], name: str, start: int, end: int) -> list[int]:
    pattern = re.compile(rf"\[{{1,2}}\s*{re.escape(name)}\s*\]{{1,2}}\s*(#.*)?")
    return [k for k in range(start, end) if pattern.fullmatch(lines[k].strip())]


def _key(lines: list[str], key: str, start: int, end: int) -> int:
    pattern = re.compile(rf"(?:^|[{{,])\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
    for k in range(start, end):
        if pattern.search(lines[k]):
            return k
        # The keys of another table are not those of this one.
        if k > start and lines[k].lstrip().startswith("["):
            break
    return start
