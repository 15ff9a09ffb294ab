"""``rascade voi``: which measurement would narrow a prediction most."""

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
def voi(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Out,
    threads: Threads = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print voi.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Find which measurement would narrow a prediction most: assay, biopsy or trial.

    \b
      rascade voi studies/voi/daraxonrasib-with-pd-1.yaml --out out/voi

    \b
    A study file:
      kind: voi
      name: What would narrow it
      cohort: {disease: PDAC, stage: metastatic, line: 2, size: 100}
      seed: 1
      prediction:
        new: daraxonrasib 300 mg PO QD + pembrolizumab 200 mg IV Q3W
        old: daraxonrasib 300 mg PO QD
      biopsies: {species: [CD8, MDSC], patients: 20}
      arms:
        - {name: alone, regimen: pembrolizumab 200 mg IV Q3W, patients: 40, endpoint: orr}

    Both treatments are simulated under many sets of parameters: members of the ensemble, and what
    no trial has fitted. Written into DIR: voi.json, voi.html, voi.svg, study.yaml and
    manifest.json; on an error nothing is written.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.voi import write_voi_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.voi_schema import VoiStudy
    from rascade.studies.running.voi import run_voi

    plan = load_decision(study, VoiStudy, "voi")
    with progress_on_stderr("voi") as progress:
        record = run_voi(
            plan,
            Path(out),
            threads=default_threads(threads),
            progress=progress,
            finish=write_voi_report,
        )
    if json:
        sys.stdout.write((Path(out) / "voi.json").read_text("utf-8"))
        return
    show_table(
        ("measurement", "what", "share of variance, %", "90 % limits", "stands out"),
        [
            (
                row["measurement"], row["about"], f"{100 * row['share']:.0f}",
                f"{100 * row['low90']:.0f} to {100 * row['high90']:.0f}",
                "yes" if row["stands_out"] else "no",
            )
            for row in record["measurements"][:10]
        ],
        right={2},
    )  # fmt: skip
    say(
        f"{record['prediction']}: {record['value']:.2f} ({record['low90']:.2f} to "
        f"{record['high90']:.2f})"
    )
    say(f"report: {Path(out) / 'voi.html'}", wrap=False)
