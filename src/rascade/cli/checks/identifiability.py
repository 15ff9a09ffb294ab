"""``rascade identifiability``: which parameters experiments can pin down, and which not."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import OptionalOut, Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_SHOWN = 30


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def identifiability(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FACT_ID]...",
            help="Facts whose experiments are done, or a subject; those of cells if none.",
        ),
    ] = None,
    out: OptionalOut = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print identifiability.json, and nothing else, to stdout."),
    ] = False,
    profiles: Annotated[
        int | None,
        typer.Option("--profiles", metavar="N", help="Parameters with a profile likelihood."),
    ] = None,
    threads: Threads = None,
) -> None:
    """Tell which parameters the experiments of the facts can pin down, and which not.

    \b
    All facts of cells, with a page; what one experiment tells; without the check by profiles:
      rascade identifiability --out out/identifiability
      rascade identifiability g12c-rebound g12c-partners
      rascade identifiability signalling --profiles 0

    Every parameter that nobody has verified starts from its plausible range. The experiments, with
    their measurement error, narrow it: constrained (standard deviation at least halved), partly
    (a tenth of the variance gone), or at its prior. Parameters that the data cannot tell apart are
    named together.

    Written into DIR: identifiability.json, identifiability.html and manifest.json. On an error or
    Ctrl-C nothing is written, and earlier results in DIR stay.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.identifiability import write_identifiability_report
    from rascade.studies.running.identifiability import (
        identifiability_json,
        run_identifiability_study,
    )

    with progress_on_stderr("identifiability") as progress:
        result = run_identifiability_study(
            ids or (),
            out,
            profiled=profiles,
            threads=default_threads(threads),
            progress=progress,
            finish=write_identifiability_report,
        )
    if json:
        sys.stdout.write(identifiability_json(result.record))
        return
    _show(result.record)
    if result.folder is not None:
        say(f"page: {result.folder / 'identifiability.html'}", wrap=False)


def _show(record: dict[str, Any]) -> None:
    from rascade.report.pages.identifiability import lead, parameter_rows

    rows = parameter_rows(record)
    show_table(
        ("parameter", "prior, fold", "posterior, fold", "status", "told most by"),
        [(row[0], row[1], row[2], row[5], row[6].partition(":")[0]) for row in rows[:_SHOWN]],
        right={1, 2},
        keep={0},
    )
    if len(rows) > _SHOWN:
        say(f"{len(rows) - _SHOWN} more, less well known; --json or --out has them all")
    say(lead(record))
    for group in record["groups"]:
        say(f"known together only: {', '.join(group)}")
