"""``rascade attribute``: which mechanisms carry the benefit of a combination."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import OptionalOut, Seed, Threads, start_of
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def attribute(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    endpoint: Annotated[
        str,
        typer.Option(
            "--endpoint", metavar="NAME", help="pfs, os (mean months), hazard (of PFS), or size."
        ),
    ] = "pfs",
    arm: Annotated[
        str,
        typer.Option("--arm", metavar="NAME", help="Whose benefit; the first if left out."),
    ] = "",
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="NAME", help="The arm it is compared with, or nothing (untreated)."
        ),
    ] = "",
    mechanism: Annotated[
        list[str] | None,
        typer.Option(
            "--mechanism",
            metavar="NAME",
            help="A mechanism that may have a share; may be repeated. All if left out.",
        ),
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", metavar="N", help="Patients of each member.")
    ] = None,
    members: Annotated[
        int | None, typer.Option("--members", metavar="M", help="Members of the ensemble.")
    ] = None,
    orders: Annotated[
        int,
        typer.Option(
            "--orders", metavar="K", help="Random orders of the mechanisms instead of all sets."
        ),
    ] = 0,
    patient: Annotated[
        int | None,
        typer.Option("--patient", metavar="I", help="Tell the shares of this patient as well."),
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
        bool, typer.Option("--json", help="Print attribution.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Tell which mechanisms carry the benefit of a combination over its reference arm.

    \b
    Daraxonrasib with an anti-PD-1 antibody, against daraxonrasib, then against no treatment:
      rascade attribute studies/daraxonrasib-pembrolizumab.yaml --out out/attribute
      rascade attribute studies/daraxonrasib-pembrolizumab.yaml --against nothing --patient 3

    The benefit is divided by Shapley's rule among direct kill (direct), immunogenic_death,
    antigen presentation (presentation), suppressor cells (suppressors), checkpoint release
    (checkpoint), priming, stroma_vessels and resistance. A mechanism that is switched off reads
    what it read before treatment. Shares add up to the benefit.

    Written into DIR: attribution.json, patients.csv, attribution.html, waterfall.svg and
    manifest.json. What an interrupted run had done is kept for --resume.
    """
    from rascade.cli.terminal.console import interruptible
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.attribution import write_attribution_report
    from rascade.studies import load
    from rascade.studies.running.attribution import run_attribution

    start = start_of(resume, restart)
    with interruptible(), progress_on_stderr("attribute") as progress:
        result = run_attribution(
            load(study),
            out,
            arm=arm,
            against=against,
            endpoint=endpoint,
            pathways=tuple(mechanism or ()),
            members=members,
            patients=patients,
            orders=orders,
            patient=patient,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_attribution_report,
            start=start,
        )
    if json:
        sys.stdout.write(result.json)
        return
    _show(result.record)
    if result.folder is not None:
        say(f"page: {result.folder / 'attribution.html'}", wrap=False)


def _show(record: dict[str, Any]) -> None:
    from rascade.report.pages.attribution import interaction_rows, lead, share_rows

    say(lead(record))
    header = ("mechanism", f"share, {record['unit']}", "90 % interval", "alone")
    rows = [row[:4] for row in share_rows(record)]
    show_table(header, rows, right={1, 2, 3}, keep={0})
    if record["interactions"]:
        rows = interaction_rows(record, 5)
        show_table(("strongest interactions", "value", "90 % interval"), rows, right={1, 2})
    if "patient" in record:
        own = {**record, **record["patient"]}
        rows = [row[:3] for row in share_rows({**own, "shares": _padded(own["shares"])})]
        show_table((f"patient {own['number']}", "share", "90 % interval"), rows, right={1, 2})


def _padded(shares: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"alone": None, "lost_without": None, **share} for share in shares]
