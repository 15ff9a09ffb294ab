"""``rascade sensitivity``: on which numbers an answer of a study hangs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import OptionalOut, Seed, Threads, start_of
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_SHOWN = 15


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def sensitivity(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="morris, prcc or sobol.")
    ] = "morris",
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="NAME", help="pfs or os, mean months.")
    ] = "pfs",
    arm: Annotated[
        str, typer.Option("--arm", metavar="NAME", help="Whose answer; the first if left out.")
    ] = "",
    alone: Annotated[
        bool, typer.Option("--alone", help="The arm's own mean, not its gain over the reference.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", metavar="ROW", help="A row that is moved; may be repeated. All if none."
        ),
    ] = None,
    fold: Annotated[
        float | None,
        typer.Option("--fold", metavar="F", help="Rows go from value/F to value*F; 2 if left out."),
    ] = None,
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", help="Walks, points, or base points.")
    ] = 0,
    patients: Annotated[
        int | None, typer.Option("--patients", metavar="N", help="Patients of each run.")
    ] = None,
    seed: Seed = None,
    out: OptionalOut = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished run in DIR.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start anew, leaving what an unfinished run had done.")
    ] = False,
    threads: Threads = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print sensitivity.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Tell on which rows of the parameter table an answer of a study hangs.

    \b
    All rows by Morris; some by Sobol:
      rascade sensitivity studies/daraxonrasib-pembrolizumab.yaml --out out/sensitivity
      rascade sensitivity studies/daraxonrasib-pembrolizumab.yaml --method sobol --parameter TMB \\
        --parameter k_CD8_kill --parameter k_apoptosis --endpoint os

    The answer is the mean PFS or OS that the first arm gains over the reference, or has with
    --alone. The same virtual patients are simulated each time.

    Written into DIR: sensitivity.json, sensitivity.html, tornado.svg and manifest.json. What an
    interrupted run had done is kept for --resume.
    """
    from rascade.cli.terminal.console import interruptible
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.sensitivity import lead, parameter_rows, write_sensitivity_report
    from rascade.studies import load
    from rascade.studies.running.sensitivity import run_sensitivity

    start = start_of(resume, restart)
    with interruptible(), progress_on_stderr("sensitivity") as progress:
        result = run_sensitivity(
            load(study),
            out,
            arm=arm,
            alone=alone,
            endpoint=endpoint,
            method=method,
            rows=tuple(parameter or ()),
            fold=fold,
            runs=runs,
            patients=patients,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_sensitivity_report,
            start=start,
        )
    if json:
        sys.stdout.write(result.json)
        return
    say(lead(result.record))
    header = ("row", "from", "to", "unit", "index", "90 % interval")
    rows = [row[:6] for row in parameter_rows(result.record, _SHOWN)]
    show_table(header, rows, right={1, 2, 4, 5}, keep={0})
    say(f"index: {result.record['index']}")
    if result.folder is not None:
        say(f"page: {result.folder / 'sensitivity.html'}", wrap=False)
