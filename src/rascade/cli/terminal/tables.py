"""Tables for people: as wide as the window, no word cut; for programs, tabs between the cells."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from rascade.streams import visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_table", "say", "show_entry", "show_table"]

_LONGEST_WORDS = (28, 20, 14)
"""A longer word, such as a path, is folded before the table is given up; whole is tried first."""
_BETWEEN = 2  # blanks between columns, and one at both ends


def print_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    keep: Collection[int] = (),
    title: str = "",
) -> None:
    """Print rows: `show_table` on a terminal, tabs between cells in a pipe.

    Args:
        header: names of the columns.
        rows: their cells.
        right: columns set to the right.
        keep: columns that are never wrapped.
        title: a line above, on a terminal.
    """
    if sys.stdout.isatty():
        show_table(header, rows, right=right, keep=keep, title=title)
        return
    for row in (header, *rows):
        print("\t".join(visible(cell).replace("\t", " ").replace("\n", " ") for cell in row))  # noqa: T201


def show_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    keep: Collection[int] = (),
    title: str = "",
    console: Console | None = None,
) -> None:
    """Print rows as an aligned table that fits the window.

    Where the window is too narrow for a column each, every row is a block of its own: the first
    cell, then the others below it by name.
    """
    from rich.console import Console

    console = console or Console(highlight=False)
    lines = [[visible(cell) for cell in row] for row in rows]
    if title:
        console.print(visible(title), style="italic", markup=False)
    widths = _widths([list(header), *lines], keep, console.width)
    if widths is None:
        _blocks(header, lines, console)
    else:
        _table(header, lines, widths, right, console)


def show_entry(name: str, fields: Iterable[tuple[str, str]]) -> None:
    """Print something that has a name, and its fields below it, wrapped on a terminal."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    _block(visible(name), [(field, visible(text)) for field, text in fields], console)


def say(text: str, *, wrap: bool = True) -> None:
    """Print lines; on a terminal each is wrapped between words, below its own indentation.

    Args:
        text: the lines.
        wrap: whether they may be wrapped; not what is to be copied, as a path.
    """
    from textwrap import fill

    if not (wrap and sys.stdout.isatty()):
        print(visible(text))  # noqa: T201
        return
    width = shutil.get_terminal_size().columns
    for line in visible(text).splitlines():
        # A word too long for its indentation, as an id in a narrow window, moves to the left.
        room = max(width - _longest_word(line), 0)
        indent = " " * min(len(line) - len(line.lstrip()), room)
        below = " " * min(len(indent) + 2, room)
        print(fill(line.strip(), width, initial_indent=indent, subsequent_indent=below,  # noqa: T201
                   break_long_words=False, break_on_hyphens=False))  # fmt: skip


def _widths(lines: Sequence[Sequence[str]], keep: Collection[int], window: int) -> list[int] | None:
    """Return how wide each column may be; None where not even its words fit beside the others."""
    columns = list(zip(*lines, strict=True))
    wanted = [max(map(_length, column)) for column in columns]
    words = [max(map(_longest_word, column)) for column in columns]
    room = window - _BETWEEN * len(columns)
    for folded in _LONGEST_WORDS:
        least = [
            # A long text in a column as narrow as its words would make the table endless.
            wide if number in keep else max(min(word, folded), min(wide, folded - 2))
            for number, (wide, word) in enumerate(zip(wanted, words, strict=True))
        ]
        if sum(least) <= room:
            level = max(wanted)
            while sum(_at(level, least, wanted)) > room:
                level -= 1
            return _at(level, least, wanted)
    return None


def _at(level: int, least: Sequence[int], wanted: Sequence[int]) -> list[int]:
    return [max(low, min(high, level)) for low, high in zip(least, wanted, strict=True)]


def _length(cell: str) -> int:
    from rich.cells import cell_len

    return max((cell_len(line) for line in cell.splitlines()), default=0)


def _longest_word(cell: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.split()), default=1)


def _table(
    header: Sequence[str],
    lines: Sequence[Sequence[str]],
    widths: Sequence[int],
    right: Collection[int],
    console: Console,
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for number, (name, width) in enumerate(zip(header, widths, strict=True)):
        side = "right" if number in right else "left"
        table.add_column(Text(name), justify=side, width=width, overflow="fold")  # type: ignore[arg-type]
    for line in lines:
        table.add_row(*map(Text, line))
    console.print(table)


def _blocks(header: Sequence[str], lines: Sequence[Sequence[str]], console: Console) -> None:
    for line in lines:
        _block(line[0], zip(header[1:], line[1:], strict=True), console)


def _block(name: str, fields: Iterable[tuple[str, str]], console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Text(name, style="bold"))
    for field, text in fields:
        if text:
            line = Text(f"{field}: {text}")
            if console.soft_wrap:
                console.print(Text("  ") + line)
            else:
                console.print(Padding(line, (0, 0, 0, 2), expand=False))
