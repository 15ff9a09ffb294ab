"""``rascade optimise``: the best schedule of what may be varied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import Out, Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def optimise(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Out,
    threads: Threads = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print optimise.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Search for the best schedule: dose, order, lead-in, interval, pauses and partners.

    \b
      rascade optimise studies/optimise/pd-1-and-mek.yaml --out out/pd-1-and-mek

    \b
    A study file:
      kind: optimise
      name: Which first
      cohort: {disease: PDAC, stage: metastatic, line: 2, size: 100}
      seed: 1
      objective: pfs
      reference: trametinib 2 mg PO QD
      drugs:
        - {name: MEK, order: "trametinib {dose} mg PO QD", values: {dose: [1, 2]}}
        - {name: PD-1, order: pembrolizumab 200 mg IV Q3W, start_weeks: [0, 3], optional: true}
      published:
        - {name: concurrent, regimen: trametinib 2 mg PO QD + pembrolizumab 200 mg IV Q3W}
      limits: {grade3plus_pct: 60}

    Many schedules are tried on few patients, the better ones on more, the best once more on
    patients and members of the population that the search has not seen. Written into DIR:
    optimise.json, optimise.html, optimise.svg, study.yaml, manifest.json, and evaluations/, from
    which the same command goes on after an interruption.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.optimise import write_optimise_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.optimise_schema import OptimiseStudy
    from rascade.studies.running.optimise import run_optimise

    plan = load_decision(study, OptimiseStudy, "optimise")
    with progress_on_stderr("optimise") as progress:
        record = run_optimise(
            plan,
            Path(out),
            threads=default_threads(threads),
            progress=progress,
            finish=write_optimise_report,
        )
    if json:
        sys.stdout.write((Path(out) / "optimise.json").read_text("utf-8"))
        return
    rows = [("best", row) for row in record["best"]]
    rows += [(row["name"], row) for row in record["published"]]
    show_table(
        ("", "schedule", record["objective"], "90 % limits", "grade 3+, %"),
        [
            (
                name, row["schedule"], f"{row['value']:.2f}",
                f"{row['low90']:.2f} to {row['high90']:.2f}", f"{row['grade3plus_pct']:.0f}",
            )
            for name, row in rows
        ],
        right={2, 4},
    )  # fmt: skip
    say(f"{record['rule']}. {record['verdict']}")
    say(f"winner's curse: {record['winners_curse']:.2f} months")
    say(f"report: {Path(out) / 'optimise.html'}", wrap=False)
