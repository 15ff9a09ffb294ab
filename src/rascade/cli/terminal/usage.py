"""How the help of verbs looks: usage lines as in manuals, and examples as they were written."""

from __future__ import annotations

import inspect
import shutil
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["AsWritten", "PlainGroup", "PlainUsage"]

_NARROW = 52
"""Windows narrower than this get lines of their own width; typer would print wider ones."""


class AsWritten:
    """Help whose indented lines stand as they were written at every width.

    Sentences are wrapped. An example that is wrapped cannot be copied any more, and a study file
    in which lines are joined is no study file.
    """

    help: str | None

    def get_help(self, ctx: Any) -> str:
        """Return the help text, as wide as the window."""
        columns = shutil.get_terminal_size().columns
        if ctx.terminal_width is None and columns < _NARROW:
            ctx.terminal_width = max(columns - 2, 30)
        return str(super().get_help(ctx))  # type: ignore[misc]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what the verb does, paragraph by paragraph."""
        text = inspect.cleandoc(self.help or "").replace("\b", "")
        for paragraph in text.split("\n\n"):
            lines = [line for line in paragraph.splitlines() if line.strip()]
            if lines:
                formatter.write_paragraph()
                with formatter.indentation():
                    _write(lines, formatter)


def _write(lines: list[str], formatter: Any) -> None:
    sentence: list[str] = []
    for line in [*lines, " "]:
        if not line.startswith(" "):
            sentence.append(line)
            continue
        if sentence:
            formatter.write_text(" ".join(sentence))
            sentence = []
        if line.strip():
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class PlainUsage(AsWritten, TyperCommand):
    """A verb whose usage line shows a required argument bare, an optional one in brackets.

    Newer versions of typer put braces around required arguments, which reads as a choice.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the usage line behind the verb's name."""
        return [
            piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)
        ]


class PlainGroup(AsWritten, TyperGroup):
    """A group of verbs; what each does is shown in full."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of verbs."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            about = inspect.cleandoc(command.help or "") if command is not None else ""
            rows.append((name, " ".join(about.partition("\n\n")[0].split())))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
