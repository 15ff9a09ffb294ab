"""``rascade demo``: the example trial, wherever Rascade is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import Seed, SummaryJson, Threads
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the results; out/rasolute-302 if left out."
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help="Patients in each arm instead.")
    ] = None,
    seed: Seed = None,
    threads: Threads = None,
    json: SummaryJson = False,
) -> None:
    """Run the example trial, RASolute 302 in silico, and write its results and a report.

    \b
    As published, 250 patients in each arm; a quick look:
      rascade demo
      rascade demo --size 20 --out out/quick

    It needs no file: the study comes with Rascade. This copies it and the other examples out, to
    read, change and run:

    \b
      rascade studies examples --to studies
    """
    from rascade.cli.runs.trial import run_and_tell
    from rascade.progress import default_threads
    from rascade.studies import load
    from rascade.studies.examples import DEMO, example
    from rascade.studies.running.executors import make_executor

    run_and_tell(
        load(example(DEMO).path),
        out or Path("out") / DEMO,
        json=json,
        size=size,
        seed=seed,
        executor=make_executor("local", default_threads(threads), None),
    )
