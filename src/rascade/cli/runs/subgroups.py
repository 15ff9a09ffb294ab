"""``rascade subgroups``: in whom a combination beats its best component."""

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


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def subgroups(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="NAME", help="pfs or os, mean months gained.")
    ] = "pfs",
    arm: Annotated[
        str, typer.Option("--arm", metavar="NAME", help="The combination; the first if left out.")
    ] = "",
    marker: Annotated[
        list[str] | None,
        typer.Option(
            "--marker", metavar="NAME", help="A marker that rules may use; may be repeated."
        ),
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", metavar="N", help="Patients of each member.")
    ] = None,
    members: Annotated[
        int | None, typer.Option("--members", metavar="M", help="Members of the ensemble.")
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
        bool, typer.Option("--json", help="Print subgroups.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Find in whom a combination beats its best component, as a rule on measurable markers.

    \b
      rascade subgroups studies/daraxonrasib-pembrolizumab.yaml --out out/subgroups
      rascade subgroups studies/daraxonrasib-pembrolizumab.yaml --endpoint os --marker TMB

    The same virtual patients get the combination and every other arm of the study. A rule of one or
    two conditions is looked for in half of them and told only if chance hardly gives one as good,
    and if it holds in the other half. With it go size and power of the enriched trial.

    Written into DIR: subgroups.json, subgroups.html, gains.svg and manifest.json. What an
    interrupted run had done is kept for --resume.
    """
    from rascade.cli.terminal.console import interruptible
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.subgroups import (
        gain_rows,
        lead,
        trial_rows,
        write_subgroups_report,
    )
    from rascade.studies import load
    from rascade.studies.running.subgroups import run_subgroups

    start = start_of(resume, restart)
    with interruptible(), progress_on_stderr("subgroups") as progress:
        result = run_subgroups(
            load(study),
            out,
            arm=arm,
            endpoint=endpoint,
            markers=tuple(marker or ()),
            members=members,
            patients=patients,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_subgroups_report,
            start=start,
        )
    if json:
        sys.stdout.write(result.json)
        return
    record = result.record
    say(lead(record))
    show_table(("months gained", "mean", "90 % interval"), gain_rows(record), right={1, 2})
    header = (
        "trial in", "hazard ratio", "for power 90 %", "screened",
        f"power with {record['trial_size']}", "90 % over members",
    )  # fmt: skip
    show_table(header, trial_rows(record), right={1, 2, 3, 4, 5}, keep={0})
    if result.folder is not None:
        say(f"page: {result.folder / 'subgroups.html'}", wrap=False)
