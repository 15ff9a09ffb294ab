"""The usage line of a verb, in the form that manuals use."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["PlainUsage"]


class PlainUsage(TyperCommand):
    """A verb whose usage line shows a required argument bare, an optional one in brackets.

    Newer versions of typer put braces around required arguments, which reads as a choice.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the usage line behind the verb's name."""
        return [
            piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)
        ]
