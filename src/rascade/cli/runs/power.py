"""``rascade power``: designs of a trial tried on a simulated population, thousands of times."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.cautions import tell_warnings
from rascade.cli.terminal.options import DrugFiles, Out, SummaryJson, Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def power(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Out,
    replicates: Annotated[
        int | None,
        typer.Option("--replicates", metavar="N", help="Replicate trials of each design instead."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Seed of the replicates instead.")
    ] = None,
    threads: Threads = None,
    drugs: DrugFiles = None,
    json: SummaryJson = False,
) -> None:
    """Find power, type I error, duration and size of trial designs.

    A population is simulated once; thousands of trials are then drawn from it, each with its own
    accrual, censoring and interim looks, under the simulated effect and without one. The size of a
    design is that of all arms together; that of the population, as in a trial's study, of each arm.

    \b
    The example, then a quick look:
      rascade power studies/operating/rasolute-302-designs.yaml --out out/designs
      rascade power studies/operating/rasolute-302-designs.yaml --out out/quick --replicates 1000

    \b
    A study file:
      kind: operating-characteristics
      name: How large a trial
      population: {study: rasolute-302.yaml, size: 500}   # or {results: out/rasolute-302}
      endpoint: os
      control: chemotherapy
      new: [daraxonrasib]
      seed: 1
      replicates: 10000
      accrual: {centres: [{name: all, rate_per_month: 25}]}
      designs:
        - {name: one look, size: 500, events: 330}
        - {name: three looks, size: 500, events: 330, looks: [0.5, 0.75, 1], efficacy: pocock}
      sample_size: {power: 0.9}

    Written into DIR: study.yaml, population.yaml, patients.parquet (the population), designs.csv,
    summary.json, manifest.json and power.html. On an error or Ctrl-C nothing is written, and
    earlier results in DIR stay.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.operating import write_operating_report
    from rascade.studies import OperatingStudy, load
    from rascade.studies.running.operating import run_operating

    plan = load(study, kind=OperatingStudy)
    with progress_on_stderr("power") as progress:
        result = run_operating(
            plan,
            out,
            beside=Path(study).parent,
            replicates=replicates,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_operating_report,
        )
    tell_warnings(result.summary["warnings"])
    if json:
        sys.stdout.write((result.folder / "summary.json").read_text("utf-8"))
        return
    _show(result.summary)
    say(f"report: {result.folder / 'power.html'}", wrap=False)


def _show(summary: Mapping[str, Any]) -> None:
    header = ("design", "patients, all arms", "events", "power, %", "type I error, %",
              "mean months", "mean events")  # fmt: skip
    rows = [
        (
            row["name"],
            str(row["size"]),
            "-" if row["events"] is None else str(row["events"]),
            _percent(row["power"]),
            _percent(row["type_one_error"]),
            f"{row['effect']['months']:.1f}",
            f"{row['effect']['events']:.0f}",
        )
        for row in summary["designs"]
    ]
    show_table(header, rows, right=range(1, len(header)), title=str(summary["study"]))
    for row in summary["sample_sizes"]:
        if row["size"] is None:
            say(f"{row['design']}: power {row['target']:.0%} not reached: {row['reason']}")
            continue
        events = "" if row["events"] is None else f", {row['events']} events"
        say(
            f"{row['design']}: power {row['target']:.0%} with {row['size']} patients in all "
            f"arms{events} "
            f"(Monte-Carlo interval {row['low']} to {row['high']})"
        )
    for row in (summary["assurance"] or {}).get("designs", ()):
        if row["assurance"] is not None:
            say(f"{row['design']}: assurance {row['assurance']:.0%}")


def _percent(found: Mapping[str, float]) -> str:
    return f"{100 * found['value']:.1f} ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
