"""Options that several verbs share, so that they read and act alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["OptionalOut", "Out", "Seed", "SummaryJson", "Threads"]

_OUT = typer.Option("--out", metavar="DIR", help="Folder for the results, made or replaced.")

Out = Annotated[Path, _OUT]
OptionalOut = Annotated[Path | None, _OUT]
Seed = Annotated[int | None, typer.Option("--seed", metavar="S", help="Random seed instead.")]
SummaryJson = Annotated[
    bool, typer.Option("--json", help="Print summary.json, and nothing else, to stdout.")
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="T", help="Threads; the processors there are if left out."),
]
