"""``rascade doctor``: is this installation sound, and does it compute what it should?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Look at the surroundings only, compute nothing.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON, and nothing else.")
    ] = False,
) -> None:
    """Look at versions, processor and cache, and check a few results against stored numbers.

    \b
    Everything, in about ten seconds once the model is compiled; then without computing; then for a
    report of a fault:
      rascade doctor
      rascade doctor --quick
      rascade doctor --json > doctor.json

    The check draws random numbers, repeats a textbook's log-rank test, solves a model with a known
    solution on both back ends, and simulates one patient for a week. Exit code 1 if something is
    broken, 0 else.
    """
    import contextlib

    from rascade.analyses.doctor.records import BROKEN
    from rascade.analyses.doctor.run import examine, records, verdict
    from rascade.progress import progress_on_stderr

    with contextlib.ExitStack() as stack:
        progress = None if quick else stack.enter_context(progress_on_stderr("doctor"))
        found = examine(quick=quick, progress=progress)
    if json:
        from rascade.results.store import json_text

        kept = {"research_use": RESEARCH_USE, "verdict": verdict(found), "findings": records(found)}
        sys.stdout.write(json_text(kept))
    else:
        show_table(
            ("part", "state", "found"),
            [
                (one.part, one.state, one.found + (f"; {one.mend}" if one.mend else ""))
                for one in found
            ],
            keep={1},
        )
        say(verdict(found))
    if any(one.state == BROKEN for one in found):
        raise typer.Exit(1)
