"""Options that several verbs share, so that they read and act alike."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Threads"]

Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="T", help="Threads; the processors there are if left out."),
]
