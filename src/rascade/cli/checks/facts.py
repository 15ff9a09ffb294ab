"""``rascade facts``: what the field agrees on, computed by the model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import OptionalOut, Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

if TYPE_CHECKING:
    from rascade.analyses.facts.tables import FactRecord

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def facts(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Facts, such as g12c-rebound, or a subject; all if none."
        ),
    ] = None,
    role: Annotated[
        str,
        typer.Option(
            help="Only facts of this role, such as 'held out': named before tuning, never tuned on."
        ),
    ] = "",
    out: OptionalOut = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print facts.json, and nothing else, to stdout.")
    ] = False,
    threads: Threads = None,
) -> None:
    """Repeat what the field agrees on, and say what comes out.

    \b
    Everything, with a page to open in a browser; then one fact; then one subject; then what is
    held out, which comes only when it is asked for:
      rascade facts --out out/facts
      rascade facts g12c-rebound
      rascade facts signalling --json
      rascade facts --role "held out"

    A fact is an experiment with limits from the literature. It holds if every number that comes out
    with typical parameters lies within them. For intervals over uncertain parameters see rascade
    claims; for what such experiments can tell of parameters, rascade identifiability.

    Written into DIR: facts.json, facts.html and manifest.json. On an error or Ctrl-C nothing is
    written, and earlier results in DIR stay.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.facts import write_facts_report
    from rascade.studies.running.facts import facts_json, run_facts_study

    with progress_on_stderr("facts") as progress:
        result = run_facts_study(
            ids or (),
            out,
            role=role.replace("-", " "),
            threads=default_threads(threads),
            progress=progress,
            finish=write_facts_report,
        )
    if json:
        sys.stdout.write(facts_json(result.records))
        return
    _show(result.records)
    if result.folder is not None:
        say(f"page: {result.folder / 'facts.html'}", wrap=False)


def _show(records: Sequence[FactRecord]) -> None:
    from rascade.report.pages.facts import check_rows, worth_text

    rows = [
        (record.id if number == 0 else "", *row[:6])
        for record in records
        for number, row in enumerate(check_rows(record))
    ]
    header = ("fact", "what", "expected", "published", "model", "holds", "worth")
    show_table(header, rows, right={3, 4}, keep={0})
    good = sum(record.holds for record in records)
    say(f"{good} of {len(records)} facts hold ({worth_text(records)})")
