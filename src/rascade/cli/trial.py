"""``rascade trial``: a study file in, a folder of results and a report out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def trial(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the results, made or replaced.")
    ],
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help="Patients in each arm instead.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Random seed instead.")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", metavar="T", help="Threads; the processors there are if left out."
        ),
    ] = None,
    adam: Annotated[
        bool, typer.Option("--adam", help="Write ADaM-shaped data sets into DIR/adam as well.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print summary.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Simulate the trial of a study file and write its results and a report.

    \b
    The example of the README, then a quick look with 20 patients in each arm:
      rascade trial studies/rasolute-302.yaml --out out/rasolute-302
      rascade trial studies/rasolute-302.yaml --out out/quick --size 20 --seed 1

    \b
    A study file:
      kind: trial
      name: Daraxonrasib against gemcitabine
      cohort: {disease: PDAC, stage: metastatic, line: 2, size: 100,
               eligibility: ["kras_allele != 'WT'"]}
      seed: 1
      arms:
        - {name: new, regimen: daraxonrasib 300 mg PO QD}
        - {name: old, regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D}
      imaging_every_weeks: 8
      follow_up_months: 24

    Written into DIR: study.yaml, manifest.json, patients.parquet, visits.parquet, lesions.parquet,
    summary.json and report.html. On an error or Ctrl-C nothing is written, and earlier results in
    DIR stay.
    """
    from rascade.cli.console import default_threads, progress_on_stderr, summary_table
    from rascade.report import write_report
    from rascade.studies import load
    from rascade.studies.adam import add_adam
    from rascade.studies.trial import run_trial

    def finish(folder: Path) -> None:
        write_report(folder)
        if adam:
            add_adam(folder)

    plan = load(study)
    with progress_on_stderr("trial") as progress:
        result = run_trial(
            plan,
            out,
            size=size,
            seed=seed,
            threads=default_threads() if threads is None else threads,
            progress=progress,
            finish=finish,
        )
    if json:
        sys.stdout.write((result.folder / "summary.json").read_text("utf-8"))
        return
    from rich.console import Console

    console = Console(highlight=False)
    summary_table(result.summary, console)
    typer.echo(f"report: {result.folder / 'report.html'}")
