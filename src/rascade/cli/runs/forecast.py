"""``rascade forecast``: regimens ranked for virtual patients like one."""

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
def forecast(
    patient: Annotated[str, typer.Argument(metavar="PATIENT.yaml", help="What is known of him.")],
    regimens: Annotated[
        str, typer.Option("--regimens", metavar="FILE", help="Regimens that are compared.")
    ],
    out: Out,
    members: Annotated[
        int, typer.Option("--members", metavar="M", help="Members of the ensemble.")
    ] = 12,
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", help="Virtual patients of each member.")
    ] = 100,
    threads: Threads = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print forecast.json, and nothing else, to stdout.")
    ] = False,
) -> None:
    """Rank regimens for virtual patients that are like one. Not for treating anybody.

    \b
      rascade forecast studies/forecast/patient.yaml --regimens studies/forecast/regimens.yaml \\
        --out out/forecast

    \b
    A patient's file (no name, date or number of a person is asked):
      kind: patient-course
      name: An example
      line: 2
      variants: [KRAS G12D, TP53 R175H]
      tested: [KRAS, TP53, CDKN2A, SMAD4]
      given: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D
      sizes: [{day: 0, sum_mm: 72}, {day: 56, sum_mm: 66}]
      ca19_9: [{day: 0, u_ml: 900}, {day: 56, u_ml: 620}]

    \b
    The regimens:
      kind: regimens
      name: Second line
      regimens: {daraxonrasib: daraxonrasib 300 mg PO QD}

    Where the patient lies outside the model, nothing is forecast and the reason is said. Written
    into DIR: forecast.json, forecast.html, forecast.svg and manifest.json.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.forecast import write_forecast_report
    from rascade.studies.files.decision import load_decision
    from rascade.studies.files.forecast import ForecastPatient, RegimensFile
    from rascade.studies.running.forecast import run_forecast

    known = load_decision(patient, ForecastPatient, "patient-course", "forecast")
    wanted = load_decision(regimens, RegimensFile, "regimens", "forecast")
    with progress_on_stderr("forecast") as progress:
        record = run_forecast(
            known,
            wanted,
            Path(out),
            beside=Path(patient).parent,
            members=members,
            patients=patients,
            threads=default_threads(threads),
            progress=progress,
            finish=write_forecast_report,
        )
    if json:
        sys.stdout.write((Path(out) / "forecast.json").read_text("utf-8"))
        return
    say("not for treating anybody")
    if record["refused"] is not None:
        say(f"nothing is forecast: {record['refused']}")
        return
    show_table(
        ("regimen", "PFS, months", "80 % interval", "best, %", "grade 3+, %"),
        [
            (
                row["regimen"], _months(row["pfs_median_months"]),
                f"{_months(row['low80'])} to {_months(row['high80'])}",
                f"{100 * row['probability_best']:.0f}", f"{row['grade3plus_pct']:.0f}",
            )
            for row in record["regimens"]
        ],
        right={1, 3, 4},
    )  # fmt: skip
    say(f"effective sample: {record['effective_sample']:.0f} of {record['virtual_patients']}")
    say(f"report: {Path(out) / 'forecast.html'}", wrap=False)


def _months(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f}"
