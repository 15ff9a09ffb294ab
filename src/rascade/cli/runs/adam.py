"""``rascade adam``: data sets of a trial in the shape of CDISC's ADaM, and checks of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=RESEARCH_USE,
)


@app.callback()
def _adam() -> None:
    """Data sets of a trial in the shape of CDISC's ADaM: ADSL, ADTTE, ADRS, ADTR, ADAE.

    \b
    Make them while the trial runs, or from its folder afterwards; then check them:
      rascade trial studies/rasolute-302.yaml --out out/trial --adam
      rascade adam write out/trial --out out/adam
      rascade adam check out/adam
    """


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def write(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished trial.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the data sets, made if needed.")
    ],
) -> None:
    """Write the data sets of a finished trial as Parquet, CSV and XPT (version 5).

    \b
    Example:
      rascade adam write out/rasolute-302 --out out/adam

    Written into DIR: adsl, adtte, adrs, adtr and adae, each as .parquet, .csv and .xpt;
    define.xml (Define-XML 2.1) and define.json with their variables, labels and controlled terms;
    names.csv with the names that .xpt files, which hold ASCII only, have labels for. Data that
    break a rule are not written.
    """
    from rascade.studies.running.adam import write_adam

    files = write_adam(run, out)
    say(f"{len(files)} files written to {out}", wrap=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with adsl.parquet, adsl.csv or adsl.xpt.")
    ],
) -> None:
    """Check data sets: structure, keys, controlled terms, contradictions, and that formats agree.

    \b
    Example:
      rascade adam check out/rasolute-302/adam

    Contradictions are such as a date of death that differs between two data sets, a progression
    without its scan, a best response that no scan read, a sum of diameters that is none, a subject
    who is missing, two arms of one name.

    One line for each rule that is broken, with the number of records and the first of them. Exit
    code 2 if there is any.
    """
    from rascade.errors import InputError
    from rascade.exchange.adam import check_folder

    datasets, faults = check_folder(folder)
    for name, table in datasets.items():
        typer.echo(f"{name}: {len(table)} records, {len(table.columns)} variables")
    for fault in faults:
        say(str(fault))
    if faults:
        raise InputError(f"{folder}: {len(faults)} rules are broken; see the lines above")
    typer.echo("all rules hold")
