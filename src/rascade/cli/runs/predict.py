"""``rascade predict``: predictions of trials that have not reported, frozen and scored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainGroup, PlainUsage
from rascade.errors import InputError

__all__ = ["app"]

app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=RESEARCH_USE,
    help="Freeze predictions of trials that have not reported, and score them when they do.",
)

Folder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder of the frozen predictions.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]
_PLACE = Path("docs/predictions")


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def freeze(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Which predictions, or files; see rascade predict list."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All of the package whose model or population is new.")
    ] = False,
    out: Folder = _PLACE,
    members: Annotated[
        int | None,
        typer.Option("--members", metavar="M", help="Members of the ensemble; all if left out."),
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", help="Patients of each member.")
    ] = 100,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Predict trials with the whole ensemble and freeze what comes out; nothing is overwritten.

    \b
      rascade predict freeze --all --out docs/predictions
      rascade predict freeze divarasib-second-line --out out/predictions --members 8

    A frozen file holds the design with its sources, hashes of model, parameters and ensemble, and
    the predictive distribution of response rate, PFS, OS, landmark rates and hazard ratios. It is
    written when its trial is done, so --all goes on after an interruption.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.predictions import write_predictions_page
    from rascade.studies.running.predictions import freeze as run

    if bool(names) == everything:
        raise InputError("give ids or files, or --all, one of them; see rascade predict list")
    with progress_on_stderr("predict") as progress:
        found = run(
            names or (),
            out,
            members=members,
            patients=patients,
            threads=default_threads(threads),
            progress=progress,
            finish=write_predictions_page,
        )
    if json:
        _print_json({"written": [path.name for path in found.written], "kept": list(found.kept)})
        return
    for text in found.kept:
        say(text)
    say(f"{len(found.written)} frozen; page: {out / 'index.md'}", wrap=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def score(out: Folder = _PLACE, json: Json = False) -> None:
    """Hold frozen predictions against results that have entered the evidence since.

    \b
      rascade predict score --out docs/predictions

    Written into DIR: scores.csv and index.md; frozen files are only read.
    """
    from rascade.report.pages.predictions import write_predictions_page
    from rascade.studies.running.predictions import score as run

    rows = run(out, write_predictions_page)
    if json:
        _print_json({"scores": rows})
        return
    if not rows:
        say("no result of these trials is in the evidence yet; nothing is scored")
        return
    header = ("prediction", "arm", "end point", "predicted", "published", "inside", "CRPS")
    show_table(
        header,
        [
            (
                row["prediction"], row["arm"], row["endpoint"],
                f"{row['median']} ({row['low90']} to {row['high90']})", f"{row['published']:g}",
                "yes" if row["inside"] else "no", f"{row['crps']:.3g}",
            )
            for row in rows
        ],
        right={6},
    )  # fmt: skip


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def check(out: Folder = _PLACE) -> None:
    """Check that nothing was changed since it was frozen.

    \b
      rascade predict check --out docs/predictions
    """
    from rascade.studies.running.predictions import read_frozen

    found = read_frozen(out)
    if not found:
        raise InputError(f"{out}: nothing is frozen there; run rascade predict freeze --all")
    say(f"{len(found)} frozen predictions are as they were written")


@app.command("list", cls=PlainUsage, epilog=RESEARCH_USE)
def list_all(json: Json = False) -> None:
    """List the trials that the package predicts, and why some are refused.

    \b
      rascade predict list
    """
    from rascade.studies.files.prediction import known_definitions

    found = known_definitions().values()
    if json:
        _print_json(
            {
                "predictions": [
                    {"id": o.id, "trial": o.trial, "refused": o.refused or None} for o in found
                ]
            }
        )
        return
    show_table(
        ("id", "trial", "arms, or why not"),
        [
            (
                o.id,
                o.trial,
                o.refused if o.study is None else "; ".join(a.name for a in o.study.arms),
            )
            for o in found
        ],
        keep={0},
    )


def _print_json(value: dict[str, object]) -> None:
    from rascade.results.store import json_text

    sys.stdout.write(json_text(value))
