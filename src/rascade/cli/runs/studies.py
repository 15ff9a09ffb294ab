"""``rascade studies``: find, look at, compare and remove what was run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage
from rascade.errors import InputError
from rascade.streams import visible

if TYPE_CHECKING:
    from rascade.results.compare import Comparison, Reading
    from rascade.results.folders import Run

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=RESEARCH_USE,
    help="Find, look at, compare and remove what was run; examples.",
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]


@app.command("list", cls=PlainUsage, epilog=RESEARCH_USE)
def list_(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Each must be in name, arms, state or folder."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Of this kind only: trial, ...")
    ] = None,
    scan: Annotated[
        list[Path] | None,
        typer.Option("--scan", metavar="DIR", help="Look for runs in DIR and below first."),
    ] = None,
    json: _Json = False,
) -> None:
    """List the runs that are known, the latest first.

    \b
    Everything; unfinished trials of one drug; what lies in a folder that was copied here:
      rascade studies list
      rascade studies list daraxonrasib unfinished --kind trial
      rascade studies list --scan results

    Runs are noted when they are made. The list is an index only: what it says is read from the
    folders, and folders that are gone are left out.
    """
    from rascade.results.index import known_runs
    from rascade.results.index import scan as look

    for folder in scan or ():
        look(folder)
    runs = known_runs(words or (), kind=kind)
    if json:
        _print_json([_plain(run) for run in runs])
        return
    if not runs:
        typer.echo("no runs are known here; 'rascade studies list --scan DIR' looks for them")
        return
    show_table(
        ("kind", "study", "state", "patients", "seed", "ended (UTC)", "folder"),
        [
            (
                run.kind,
                run.name,
                run.state,
                "" if run.patients is None else str(run.patients),
                "" if run.seed is None else str(run.seed),
                run.ended[:16].replace("T", " "),
                _short(run.folder),
            )
            for run in runs
        ],
    )


@app.command("examples", cls=PlainUsage, epilog=RESEARCH_USE)
def examples_(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="These only; all if left out.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Copy them into DIR.")
    ] = None,
    json: _Json = False,
) -> None:
    """List the example studies that come with Rascade, or copy them out.

    \b
    What there is; all of it, as the examples of the help and of the texts expect it; one:
      rascade studies examples
      rascade studies examples --to studies
      rascade studies examples wash-out --to studies

    A file that is there already and differs is not replaced.
    """
    from rascade.studies.examples import copy_examples, example, examples

    found = tuple(example(name) for name in names) if names else examples()
    if to is not None:
        files = [str(file) for file in copy_examples(found, to)]
        if json:
            _print_json(files)
        else:
            typer.echo("\n".join(files))
        return
    if json:
        _print_json([{"name": e.name, "verb": e.verb, "title": e.about} for e in found])
        return
    show_table(
        ("example", "runs with", "what it is"),
        [(e.name, f"rascade {e.verb}", e.about) for e in found],
    )


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")],
    json: _Json = False,
) -> None:
    """Show what a run is, and check that its files are as they were written.

    \b
      rascade studies show out/rasolute-302

    Ends with code 2 if a file is damaged, cut short or missing, and names it.
    """
    from rascade.errors import ResultsError
    from rascade.results.folders import being_written, damages, read_run

    run = read_run(folder)
    writer, broken = being_written(folder), damages(folder)
    if json:
        _print_json({**_plain(run), "being_written_by": writer, "damages": broken})
    else:
        rows = [
            ("study", run.name),
            ("kind", run.kind),
            ("state", run.state + (f"; being written by {writer}" if writer else "")),
            ("arms", ", ".join(run.arms)),
            ("patients", "" if run.patients is None else str(run.patients)),
            ("seed", "" if run.seed is None else str(run.seed)),
            ("model", run.model_hash),
            ("ended (UTC)", run.ended),
            ("files", "sound" if not broken else f"{len(broken)} damaged"),
            ("folder", str(run.folder)),
        ]
        for name, value in rows:
            if value:
                typer.echo(f"{name:12} {visible(value)}")
    if broken:
        raise ResultsError("\n".join(broken))


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Two or more results folders.")
    ],
    json: _Json = False,
) -> None:
    """Compare runs side by side: inputs that differ, then read-outs that differ.

    \b
      rascade studies compare out/rasolute-302 out/other-seed

    Read-outs stand with their 95 % intervals. A mark says where intervals do not overlap; that is
    no test: intervals that overlap may still belong to a real difference.
    """
    from rascade.results.compare import compare_runs

    found = compare_runs(folders)
    if json:
        _print_json(_comparison(found))
        return
    heads = [str(folder) for folder in found.folders]
    if found.inputs:
        rows = [(i.name, *(_text(v) for v in i.values)) for i in found.inputs]
        show_table(("input", *heads), rows)
    else:
        typer.echo("inputs: the same")
    if found.readouts:
        show_table(
            ("read-out (95 % interval)", *heads, ""),
            [
                (r.name, *(_reading(x) for x in r.readings), "apart" if r.apart else "")
                for r in found.readouts
            ],
        )
    typer.echo(f"read-outs: {len(found.readouts)} differ, {found.same} are the same")


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def rm(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Results folders.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove results folders, finished or not, after asking.

    \b
      rascade studies rm out/quick

    A folder that Rascade did not write, or that holds anything else, is not touched, and neither is
    one that is being written.
    """
    from rascade.results.folders import read_run, remove_run
    from rascade.results.index import forget

    for folder in folders:
        run = read_run(folder)
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("nobody is there to ask; give --yes to remove without asking")
            if not typer.confirm(f"Remove {folder} ({run.kind}: {run.name}, {run.state})?"):
                typer.echo(f"kept {folder}")
                continue
        count = remove_run(folder)
        forget(folder)
        typer.echo(f"removed {folder}, {count} files")


# -- how things are shown ----------------------------------------------------------------------


def _plain(run: Run) -> dict[str, Any]:
    return {**asdict(run), "folder": str(run.folder), "arms": list(run.arms)}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "folders": [str(folder) for folder in found.folders],
        "inputs": [{"name": i.name, "values": list(i.values)} for i in found.inputs],
        "readouts": [
            {
                "name": r.name,
                "readings": [None if x is None else asdict(x) for x in r.readings],
                "apart": r.apart,
            }
            for r in found.readouts
        ],
        "same": found.same,
    }


def _print_json(value: object) -> None:
    from rascade.results.store import json_text

    sys.stdout.write(json_text(value))


def _short(folder: Path) -> str:
    """Return a folder from here where it lies below, else in full."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    is_hash = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return text[:12] if is_hash else text


def _reading(reading: Reading | None) -> str:
    from rascade.report.look.text import number

    if reading is None:
        return "-"
    value = "-" if reading.value is None else number(reading.value)
    if reading.low is None and reading.high is None:
        return value
    low, high = ("-" if x is None else number(x) for x in (reading.low, reading.high))
    return f"{value} ({low} to {high})"
