"""``rascade report``: page and figures of a finished trial, made anew from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Results of rascade trial ... --out FOLDER.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.html", help="Where the page goes instead of FOLDER/report.html."
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write every figure as a file into DIR too."),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option("--format", metavar="svg|png|pdf", help="Of the figures; svg if not given."),
    ] = None,
) -> None:
    """Make the report of a finished trial anew, and its figures as files.

    \b
    The page, after an update of Rascade or of your own figures:
      rascade report out/rasolute-302
    Figures for a paper or for slides (PNG has 300 dots an inch):
      rascade report out/rasolute-302 --figures figures --format pdf
    A page beside the results instead of in them:
      rascade report out/rasolute-302 --out rasolute.html

    Nothing is simulated: page and figures are made of the tables and summary.json in FOLDER, which
    stay as they are. The manifest takes down the new page, so that 'rascade studies show' still
    finds all files sound.
    """
    from rascade.errors import InputError
    from rascade.report.pages.trial import renew_report

    if file_format is not None and figures is None:
        raise InputError("--format is that of the figures; say where they go: --figures DIR")
    page, files = renew_report(folder, page=out, figures=figures, file_format=file_format or "svg")
    say(f"report: {page}", wrap=False)
    if figures is not None:
        say(f"{len(files)} figures written to {figures}", wrap=False)
