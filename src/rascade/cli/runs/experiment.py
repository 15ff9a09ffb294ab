"""``rascade experiment``: an experiment in a dish or in mice, from a study file to a report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.cautions import tell_warnings
from rascade.cli.terminal.options import DrugFiles, Out, Seed, SummaryJson, Threads
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def experiment(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Out,
    draws: Annotated[
        int | None,
        typer.Option("--draws", metavar="N", help="Parameter sets for the intervals; 0 for none."),
    ] = None,
    seed: Seed = None,
    drugs: DrugFiles = None,
    threads: Threads = None,
    json: SummaryJson = False,
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
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.experiment import write_experiment_report
    from rascade.studies import ExperimentStudy, load
    from rascade.studies.running.experiment import run_experiment_study

    plan = load(study, kind=ExperimentStudy)
    with progress_on_stderr("experiment") as progress:
        result = run_experiment_study(
            plan,
            out,
            draws=draws,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_experiment_report,
        )
    tell_warnings(result.summary["warnings"])
    if json:
        sys.stdout.write((result.folder / "summary.json").read_text("utf-8"))
        return
    for line in _lines(result.summary):
        say(line)
    say(f"report: {result.folder / 'experiment.html'}", wrap=False)


def _lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the experiment says, a line for each curve, course or matrix."""
    from rascade.report.look.text import number

    for row in summary.get("dose_response") or []:
        head = f"{row['treatment']}, {row['readout']} at {number(row['time_h'])} h:"
        if not row["fitted"]:
            yield f"{head} flat"
            continue
        ic50 = "not reached" if row["ic50_nM"] is None else f"{number(row['ic50_nM'])} nM"
        yield (
            f"{head} EC50 {number(row['ec50_nM'])} nM{_range(row['ec50_interval'])}, "
            f"IC50 {ic50}, Hill slope {number(row['hill'], 2)}, Emax {number(row['emax'], 2)}"
        )
    for row in summary.get("time_course") or []:
        dose = row["concentration_nM"]
        yield (
            f"{row['treatment']}{f', {number(dose)} nM' if dose else ''}, {row['readout']}: lowest "
            f"{number(row['nadir'], 2)} at {number(row['nadir_h'])} h, at the end "
            f"{number(row['end'], 2)}{_range(row['end_interval'])}"
        )
    for row in summary.get("matrices") or []:
        index = row["combination_index_median"]
        yield (
            f"{' + '.join(row['drugs'])} in {row['cells']}, {row['readout']} at "
            f"{number(row['time_h'])} h: mean Bliss excess {number(row['bliss_mean'], 2)}"
            f"{_range(row['bliss_mean_interval'])}, combination index "
            f"{'not defined' if index is None else number(index, 2)}"
        )


def _range(limits: Sequence[float | None] | None) -> str:
    """Return `` (0.2 to 0.8)``, or nothing where there is no interval."""
    from rascade.report.look.text import number

    if not limits:
        return ""
    low, high = ("-" if limit is None else number(limit, 2) for limit in limits)
    return f" ({low} to {high})"
