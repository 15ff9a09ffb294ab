"""``rascade experiment``: an experiment in a dish or in mice, from a study file to a report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from rascade import RESEARCH_USE

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(epilog=RESEARCH_USE)
def experiment(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the results, made or replaced.")
    ],
    draws: Annotated[
        int | None,
        typer.Option("--draws", metavar="N", help="Parameter sets for the intervals; 0 for none."),
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
    json: Annotated[
        bool, typer.Option("--json", help="Print summary.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Do the experiment of a study file and write its results and a report.

    \b
    A time course, a titration, a dose matrix:
      rascade experiment studies/experiments/sotorasib-time-course.yaml --out out/time-course
      rascade experiment studies/experiments/daraxonrasib-dose-response.yaml --out out/titration
      rascade experiment studies/experiments/daraxonrasib-gemcitabine.yaml --out out/matrix

    \b
    A study file:
      kind: experiment
      design: time-course     # or dose-response, dose-matrix, wash-out, knock-down, knock-out,
                              # xenograft
      cells: {name: MIA PaCa-2}
      treatments: [{drug: sotorasib, concentration: 100 nM}]
      readouts: [RAS_GTP, pERK, viability]
      hours: [0, 1, 2, 4, 8, 24, 48, 72]

    Written into DIR: study.yaml, manifest.json, results.csv (treatment, concentration_nM, time_h,
    readout, value: relative to untreated cells at the same time), results_intervals.csv,
    summary.json and experiment.html. On an error or Ctrl-C nothing is written, and earlier results
    in DIR stay.
    """
    from rascade.cli.console import default_threads, progress_on_stderr
    from rascade.report.experiment_report import write_experiment_report
    from rascade.studies import ExperimentStudy, load
    from rascade.studies.experiment import run_experiment_study

    plan = load(study, kind=ExperimentStudy)
    with progress_on_stderr("experiment") as progress:
        result = run_experiment_study(
            plan,
            out,
            draws=draws,
            seed=seed,
            threads=default_threads() if threads is None else threads,
            progress=progress,
            finish=write_experiment_report,
        )
    if json:
        sys.stdout.write((result.folder / "summary.json").read_text("utf-8"))
        return
    from rich.console import Console

    console = Console(highlight=False)
    for table in _tables(result.summary):
        console.print(table)
    for warning in result.summary["warnings"]:
        console.print(f"note: {warning}", markup=False)
    typer.echo(f"report: {result.folder / 'experiment.html'}")


def _tables(summary: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the experiment says, as tables for the terminal."""
    from rich.table import Table

    from rascade.report.experiment_tables import summary_tables

    for content in summary_tables(summary):
        table = Table(title=content.caption, title_justify="left")
        for k, name in enumerate(content.head):
            table.add_column(name, justify="right" if k in content.numeric else "left")
        for row in content.rows:
            table.add_row(*row)
        yield table
