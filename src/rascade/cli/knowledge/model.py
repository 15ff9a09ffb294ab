"""``rascade model``: what the model is made of, and the model as a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage

if TYPE_CHECKING:
    from rascade.model.describe import Description

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Show what the model is made of, check its numbers, or export it as SBML.",
    epilog=RESEARCH_USE,
)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="SPECIES|PARAMETER", help="What to show; everything if left out."),
    ] = None,
) -> None:
    """Show a species or a parameter: equation, value, unit, range, source.

    \b
    A list of everything, then one species and one parameter:
      rascade model show
      rascade model show pERK_tumour
      rascade model show KRAS_share
    """
    from rascade.model.describe import describe, list_model

    if name is None:
        _contents(list_model())
    else:
        say(_entry(describe(name)))


def _entry(found: Description) -> str:
    """Return one description as text: headings, then the equations by mechanism."""
    lines = [f"{found.name}: {found.label}" if found.label != found.name else found.name]
    lines += [f"  {heading}: {text}" for heading, text in found.lines]
    mechanism = None
    for name, statement in found.equations:
        if name != mechanism:
            lines += ["", f"  in {name}:"]
            mechanism = name
        lines.append(f"    {statement}")
    return "\n".join(lines)


def _contents(model: Mapping[str, Any]) -> None:
    """Print the list of everything: tables on a terminal, aligned columns in a pipe."""
    parameters = [
        (name, f"{value:g} {unit}", about) for name, value, unit, about in model["parameters"]
    ]
    mechanisms = [(name, title) for name, title, _ in model["mechanisms"]]
    typer.echo(f"With every drug the model has {model['states']} states.\n\nDrugs:")
    if sys.stdout.isatty():
        say(", ".join(model["drugs"]))
        show_table(("mechanism", "what"), mechanisms)
        show_table(("parameter", "value", "what"), parameters)
        return
    lines = [f"  {name}" for name in model["drugs"]]
    lines += ["", "Mechanisms:", *_columns(mechanisms), "", "Parameters:", *_columns(parameters)]
    typer.echo("\n".join(lines))


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Check the source of every number against the evidence; exit with 2 where one is wrong.

    \b
    Parameters, alleles, patients and measurement, and that fitted targets are listed:
      rascade model check
    """
    import json
    from dataclasses import asdict

    from rascade.evidence import load
    from rascade.trial.results.published.numbers import check_numbers

    count, problems = check_numbers(load())
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], indent=1))
    else:
        for problem in problems:
            typer.echo(f"{problem.severity}: {problem}")
        typer.echo(f"{count} numbers checked, {len(problems)} errors")
    if problems:
        raise typer.Exit(2)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def export(
    drugs: Annotated[
        str, typer.Option("--drugs", metavar="A,B", help="Drugs in the model, joined by commas.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="MODEL.xml", help="File to write.")],
) -> None:
    """Export the model with some drugs as SBML (Level 3 Version 2).

    \b
    For COPASI, Tellurium, AMICI and others:
      rascade model export --drugs daraxonrasib,gemcitabine --out model.xml
    """
    from rascade.errors import InputError
    from rascade.model import export_sbml

    names = [name.strip() for name in drugs.split(",") if name.strip()]
    if not names:
        raise InputError("--drugs: name at least one drug; 'rascade model show' lists them")
    export_sbml([_drug(name) for name in names], out)
    typer.echo(f"model: {out}")


def _drug(name: str) -> str:
    """Return the name that the model uses for a drug, found as in orders.

    Raises:
        InputError: the evidence knows no such drug; what it knows and the model does not is for
            the model to say.
    """
    from rascade.errors import InputError
    from rascade.regimen.names import drug_names

    known = drug_names(None)
    found = known.find(name)
    if found is None:
        raise InputError(f"--drugs: {known.unknown(name)}")
    return found
