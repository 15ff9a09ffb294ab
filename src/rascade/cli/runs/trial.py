"""``rascade trial``: a study file in, a folder of results and a report out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.cautions import tell_warnings
from rascade.cli.terminal.options import (
    DrugFiles,
    OptionalOut,
    Seed,
    SummaryJson,
    Threads,
    start_of,
)
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

if TYPE_CHECKING:
    from rascade.studies import TrialStudy

__all__ = ["app", "run_and_tell"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def trial(
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY.yaml", help="The study file.")
    ] = None,
    out: OptionalOut = None,
    arm: Annotated[
        str | None,
        typer.Option("--arm", metavar="TRIAL/ARM", help="A published arm instead of a study file."),
    ] = None,
    list_arms: Annotated[
        bool, typer.Option("--list-arms", help="List the published arms, and why some do not run.")
    ] = False,
    print_study: Annotated[
        bool, typer.Option("--print-study", help="Print the study file of --arm, run nothing.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Check the study and say what would be run, run nothing."),
    ] = False,
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help="Patients in each arm instead.")
    ] = None,
    drugs: DrugFiles = None,
    seed: Seed = None,
    members: Annotated[
        int | None,
        typer.Option(
            "--members",
            metavar="M",
            help="Members of the ensemble for the prediction; 0 for the central one alone.",
        ),
    ] = None,
    population: Annotated[
        str | None,
        typer.Option(
            "--population",
            metavar="NAME",
            help="ensemble (fitted to trials) or table (parameters as they stand, no prediction).",
        ),
    ] = None,
    threads: Threads = None,
    adam: Annotated[
        bool, typer.Option("--adam", help="Write ADaM-shaped data sets into DIR/adam as well.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with an unfinished run in DIR, or extend its results."
        ),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start anew, leaving what an unfinished run had done.")
    ] = False,
    chunk: Annotated[
        int | None,
        typer.Option("--chunk", metavar="N", help="Patients that are stored together, at most."),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            "--executor", metavar="NAME", help="local (threads), processes, or dask (clusters)."
        ),
    ] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Dask scheduler, or its file; implies dask."
        ),
    ] = None,
    json: SummaryJson = False,
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

    \b
    Is it right, and how much is it? Nothing is run:
      rascade trial study.yaml --check

    \b
    A published arm, made into a study from the evidence; what there is; its study file to edit:
      rascade trial --arm "MPACT/gem + nab-paclitaxel" --out out/mpact
      rascade trial --list-arms
      rascade trial --arm "MPACT/gem" --print-study > mpact.yaml

    A long run goes on after Ctrl-C, a kill or a full disk, and grows to more patients:
      rascade trial studies/rasolute-302.yaml --out out/rasolute-302 --resume
      rascade trial studies/rasolute-302.yaml --out out/rasolute-302 --resume --size 1000

    Written into DIR: study.yaml, manifest.json, patients.parquet, visits.parquet,
    lesions.parquet, summary.json and report.html; chunks/ for --resume; runs.jsonl, which says when
    and how. What a run that was ended had done is kept in DIR/unfinished; earlier results in DIR
    stay until new ones are whole.
    """
    from rascade.progress import default_threads
    from rascade.studies import dump
    from rascade.studies.running.executors import make_executor
    from rascade.trial.running.spans import DEFAULT_SIZE

    if list_arms:
        _list_arms(json)
        return
    _check_use(study, arm)
    if print_study:
        sys.stdout.write(dump(_plan(study, arm)))
        return
    changes: _Changes = {
        "size": size, "seed": seed, "members": members, "population": population
    }  # fmt: skip
    if check:
        _check(_plan(study, arm), changes, chunk, json)
        return
    if out is None:
        raise typer.BadParameter("missing; name a folder for the results", param_hint="--out")
    start = start_of(resume, restart)
    plan = _plan(study, arm)
    run_and_tell(
        plan,
        out,
        adam=adam,
        json=json,
        **changes,
        start=start,
        chunk_size=DEFAULT_SIZE if chunk is None else chunk,
        executor=make_executor(executor, default_threads(threads), scheduler),
    )


def run_and_tell(
    plan: TrialStudy, out: Path, *, adam: bool = False, json: bool = False, **how: Any
) -> None:
    """Run a trial, make its report, and print what came out.

    Args:
        plan: the study.
        out: folder for the results.
        adam: whether ADaM-shaped data sets are written as well.
        json: whether ``summary.json`` is printed instead of a table.
        how: further arguments of `rascade.studies.running.trial.run_trial`.
    """
    from rascade.cli.terminal.console import interruptible, summary_table
    from rascade.progress import progress_on_stderr
    from rascade.report import write_report
    from rascade.studies.running.adam import add_adam
    from rascade.studies.running.trial import run_trial

    def finish(folder: Path) -> None:
        write_report(folder)
        if adam:
            add_adam(folder)

    notes: list[str] = []
    with interruptible(), progress_on_stderr("trial") as progress:
        result = run_trial(plan, out, progress=progress, finish=finish, note=notes.append, **how)
    for text in notes:
        typer.echo(f"note: {text}", err=True)
    tell_warnings(result.summary["warnings"])
    if json:
        sys.stdout.write((result.folder / "summary.json").read_text("utf-8"))
        return
    from rich.console import Console

    console = Console(highlight=False)
    summary_table(result.summary, console)
    say(f"report: {result.folder / 'report.html'}", wrap=False)


class _Changes(TypedDict):
    """What options say instead of the study."""

    size: int | None
    seed: int | None
    members: int | None
    population: str | None


def _check(study: TrialStudy, changes: _Changes, chunk: int | None, as_json: bool) -> None:
    from rascade.studies.running.trial_check import check_trial
    from rascade.trial.running.spans import DEFAULT_SIZE

    chunk_size = DEFAULT_SIZE if chunk is None else chunk
    found = check_trial(study, chunk_size=chunk_size, **changes)
    if as_json:
        from rascade.results.store import json_text

        sys.stdout.write(json_text(found.as_dict()))
        return
    say(str(found))


def _check_use(study: str | None, arm: str | None) -> None:
    if (study is None) == (arm is None):
        raise typer.BadParameter(
            "give a study file or --arm TRIAL/ARM, one of them; see rascade trial --list-arms"
        )


def _plan(study: str | None, arm: str | None) -> TrialStudy:
    """Return the study that is meant: a file, or an arm of the evidence."""
    if arm is None:
        from rascade.studies import load

        return load(study or "")
    from rascade.studies.files.arms import find_arm

    found = find_arm(arm)
    plan = found.study()
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    return plan


def _list_arms(as_json: bool) -> None:
    from rascade.studies.files.arms import arm_table

    rows = arm_table()
    if as_json:
        from rascade.results.store import json_text

        sys.stdout.write(json_text(rows))
        return
    show_table(
        ("arm", "runs", "orders, or what is missing"),
        [
            (
                row["arm"],
                "yes" if row["runs"] else "no",
                row["orders"] if row["runs"] else row["reason"],
            )
            for row in sorted(rows, key=lambda row: not row["runs"])
        ],
    )
    runs = sum(row["runs"] for row in rows)
    typer.echo(f"{runs} of {len(rows)} published arms can be run by name")
