"""``rascade curve``: patients from a digitised Kaplan-Meier curve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

if TYPE_CHECKING:
    from rascade.exchange.own.curves import OwnCurve

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=RESEARCH_USE,
    help="Read a digitised Kaplan-Meier curve, or times patient by patient.",
)


@app.callback()
def _root() -> None:
    """Read a digitised Kaplan-Meier curve, or times patient by patient."""


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def read(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The curve.")],
    at_risk: Annotated[
        Path | None, typer.Option("--at-risk", metavar="FILE.csv", help="Its numbers at risk.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", metavar="N", help="Patients, without numbers at risk.")
    ] = None,
    events: Annotated[
        int | None, typer.Option("--events", metavar="E", help="Events in all, where published.")
    ] = None,
    patients: Annotated[
        bool, typer.Option("--patients", help="FILE holds patients (ADTTE or CSV), no curve.")
    ] = False,
    parameter: Annotated[
        str | None, typer.Option("--parameter", metavar="PARAMCD", help="Of an ADTTE.")
    ] = None,
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="ARM", help="Of a file with several arms.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Patients: month and event.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Reconstruct the patients of a digitised curve; print median, interval and rates.

    \b
      rascade curve read os.csv --at-risk os-at-risk.csv --out patients.csv
      rascade curve read os.csv --n 168 --events 120
      rascade curve read adtte.csv --patients --parameter OS --arm Gemcitabine

    os.csv holds month and survival (0 to 1) or survival_pct, os-at-risk.csv month and at_risk. The
    method is Guyot's (BMC Med Res Methodol 2012, 12:9).
    """
    from json import dumps

    from rascade.exchange.own.curves import curve_csv, read_curve, read_subjects
    from rascade.files import write_text

    if patients:
        curve = read_subjects(file, parameter=parameter, arm=arm)
    else:
        curve = read_curve(file, at_risk, patients=n, events=events)
    if out is not None:
        write_text(out, curve_csv(curve))
    told = _told(curve)
    if json:
        sys.stdout.write(dumps(told, indent=2) + "\n")
        return
    limits = f"{_month(told['low'])} to {_month(told['high'])}"
    say(f"{told['patients']} patients, {told['events']} events, {curve.how}")
    say(f"median {_month(told['median'])} months (95 % CI {limits})")
    for month, rate in told["rates_pct"].items():
        say(f"at {month} months: {rate:.1f} %")
    if curve.worst is not None:
        say(f"largest difference from the drawn curve: {100 * curve.worst:.1f} points")
    if out is not None:
        say(f"patients: {out}", wrap=False)


def _told(curve: OwnCurve) -> dict[str, Any]:
    from rascade.statistics.survival import kaplan_meier

    fit = kaplan_meier(curve.months, curve.event)
    median, low, high = fit.median()
    ticks = [month for month in (3, 6, 12, 18, 24, 36) if month <= curve.months.max()]
    return {
        "patients": int(curve.months.size),
        "events": int(curve.event.sum()),
        "median": median,
        "low": low,
        "high": high,
        "rates_pct": {str(m): 100 * float(s) for m, s in zip(ticks, fit.at(ticks)[0], strict=True)},
        "worst_difference_pct": None if curve.worst is None else 100 * curve.worst,
        "how": curve.how,
        "files": dict(curve.files),
    }


def _month(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f}"
