"""``rascade design``: the trial with the best chance for a budget of patients."""

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
def design(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Out,
    threads: Threads = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print design.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Find the design with the best chance for a budget of patients and months.

    \b
      rascade design studies/design/daraxonrasib-with-pd-1.yaml --out out/next-trial

    \b
    A study file:
      kind: design
      name: Next trial
      cohort: {disease: PDAC, stage: metastatic, line: 2, size: 100}
      arms:
        - {name: both, regimen: daraxonrasib 300 mg PO QD + pembrolizumab 200 mg IV Q3W}
        - {name: alone, regimen: daraxonrasib 300 mg PO QD}
      reference: alone
      endpoint: pfs
      patients: 200
      months: 30
      accrual: {centres: [{name: all, rate_per_month: 12}]}
      enrichment: [{name: G12D, eligibility: ["kras_allele == 'G12D'"]}]
      seed: 1

    Designs differ in whom they take, how many events end them, when they look and how they
    randomise. A chance is power averaged over the ensemble. Written into DIR: design.json,
    design.html, design.svg, study.yaml and manifest.json; on an error nothing is written.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.next_trial import write_design_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.design_schema import DesignStudy
    from rascade.studies.running.design import run_design

    plan = load_decision(study, DesignStudy, "design")
    with progress_on_stderr("design") as progress:
        record = run_design(
            plan,
            Path(out),
            threads=default_threads(threads),
            progress=progress,
            finish=write_design_report,
        )
    if json:
        sys.stdout.write((Path(out) / "design.json").read_text("utf-8"))
        return
    show_table(
        ("", "design", "chance, %", "90 % limits", "months", "screened"),
        [
            (
                row["name"], row["design"], f"{100 * row['assurance']:.0f}",
                f"{100 * row['low90']:.0f} to {100 * row['high90']:.0f}", f"{row['months']:.1f}",
                f"{row['screened']:.0f}",
            )
            for row in (record["best"], *record["plain"])
        ],
        right={2, 4, 5},
    )  # fmt: skip
    say(record["verdict"])
    say(f"report: {Path(out) / 'design.html'}", wrap=False)
