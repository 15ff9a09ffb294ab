"""Options that several verbs share, so that they read and act alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rascade.errors import InputError

if TYPE_CHECKING:
    from rascade.results.unfinished import Start

__all__ = ["DrugFiles", "OptionalOut", "Out", "Seed", "SummaryJson", "Threads", "start_of"]

_OUT = typer.Option("--out", metavar="DIR", help="Folder for the results, made or replaced.")

Out = Annotated[Path, _OUT]
OptionalOut = Annotated[Path | None, _OUT]


def _use(paths: list[Path] | None) -> list[Path]:
    """Let the program know drugs of the user's own before anything else is read."""
    if paths:
        from rascade.model.own import load_own_drug

        for path in paths:
            load_own_drug(path)
    return paths or []


DrugFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--drugs", metavar="FILE.toml", callback=_use, is_eager=True,
        help="A drug of your own (rascade drugs new); may be given several times.",
    ),
]  # fmt: skip
Seed = Annotated[int | None, typer.Option("--seed", metavar="S", help="Random seed instead.")]
SummaryJson = Annotated[
    bool, typer.Option("--json", help="Print summary.json, and nothing else, to stdout.")
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="T", help="Threads; the processors there are if left out."),
]


def start_of(resume: bool, restart: bool) -> Start:
    """Return how a run begins in a folder that may hold an unfinished one.

    Raises:
        InputError: both are asked for.
    """
    if resume and restart:
        raise InputError("--resume goes on and --restart starts anew; give one of them")
    return "resume" if resume else "restart" if restart else "new"
