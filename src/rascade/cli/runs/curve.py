"""``rascade curve``: patients from a published survival curve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainUsage

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def curve(
    file: Annotated[
        Path, typer.Argument(metavar="CURVE.csv", help="Digitised curve: month, survival.")
    ],
    at_risk: Annotated[
        Path | None,
        typer.Option("--at-risk", metavar="FILE.csv", help="Numbers at risk: month, at_risk."),
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", metavar="N", help="Patients, where no numbers are known.")
    ] = None,
    events: Annotated[
        int | None, typer.Option("--events", metavar="E", help="Events in all, if published.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="FILE.csv", help="Patients (month, event) to compare with."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.csv", help="Write the patients: month, event."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
) -> None:
    """Reconstruct patients from a published survival curve, by the method of Guyot and others.

    \b
    A curve that was read off a picture, with the numbers below it:
      rascade curve pfs.csv --at-risk pfs-risk.csv --out pfs-patients.csv
    Two arms, and their hazard ratio:
      rascade curve control.csv --at-risk control-risk.csv --out control-patients.csv
      rascade curve new.csv --at-risk new-risk.csv --against control-patients.csv

    Months may be days, weeks or years, survival may be survival_pct (0 to 100). The patients go
    into a study as the data of an arm (docs/how-to/my-data.md), or into any other program.
    """
    import numpy as np

    from rascade.results.store import write_rows
    from rascade.statistics.survival import cox_hazard_ratio, kaplan_meier
    from rascade.studies.files.own_data import read_curve, read_patients

    months, flags = read_curve(file, at_risk, n, events)
    median = kaplan_meier(np.array(months), np.array(flags)).median()
    found: dict[str, object] = {
        "n": len(months), "events": sum(flags), "median_months": median.estimate,
        "low95": median.low, "high95": median.high,
    }  # fmt: skip
    if against is not None:
        other, others = read_patients(against)
        ratio = cox_hazard_ratio(
            np.array([*months, *other]), np.array([*flags, *others]),
            np.repeat([1, 0], [len(months), len(other)]),
        ).hazard_ratio  # fmt: skip
        found |= {"hazard_ratio": ratio.estimate, "hr_low95": ratio.low, "hr_high95": ratio.high}
    if out is not None:
        write_rows(out, [{"month": m, "event": int(f)} for m, f in zip(months, flags, strict=True)])
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for line in _lines(found):
        say(line)
    if out is not None:
        say(f"patients: {out}", wrap=False)


def _lines(found: dict[str, object]) -> list[str]:
    def told(value: object) -> str:
        return "not reached" if value is None else f"{value:.2f}"

    lines = [
        f"{found['n']} patients, {found['events']} events",
        f"median {told(found['median_months'])} months (95 % {told(found['low95'])} to "
        f"{told(found['high95'])})",
    ]
    if "hazard_ratio" in found:
        lines.append(
            f"hazard ratio {told(found['hazard_ratio'])} (95 % {told(found['hr_low95'])} to "
            f"{told(found['hr_high95'])})"
        )
    return lines
