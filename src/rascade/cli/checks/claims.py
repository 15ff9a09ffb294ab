"""``rascade claims``: the statements of the review, tested by experiment."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.options import OptionalOut, Seed, Threads
from rascade.cli.terminal.tables import say, show_table
from rascade.cli.terminal.usage import PlainUsage

if TYPE_CHECKING:
    from rascade.analyses.claims.tables import CheckRecord, ClaimRecord

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Claims, such as K8; all if none.")
    ] = None,
    out: OptionalOut = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print claims.json, and nothing else, to stdout.")
    ] = False,
    draws: Annotated[
        int | None, typer.Option("--draws", metavar="N", help="Parameter sets for the intervals.")
    ] = None,
    seed: Seed = None,
    threads: Threads = None,
) -> None:
    """Test what the review says by experiment, and give each claim its verdict.

    \b
    Everything, with a page to open in a browser; then two claims only:
      rascade claims --out out/claims
      rascade claims K8 K10

    A verdict compares the interval of a simulated effect with what is expected: supported (within),
    contradicted (outside), uncertain (across), typical value outside (across, but the value with
    typical parameters lies outside), or not testable here, with the reason. What an expectation
    is worth as a test is told: real test, fitted, follows by construction, too weak. Where the
    review errs, its own sentence is tested beside the right reading.

    Written into DIR: claims.json, claims.html and manifest.json. On an error or Ctrl-C nothing is
    written, and earlier results in DIR stay.
    """
    from rascade.progress import default_threads, progress_on_stderr
    from rascade.report.pages.claims import write_claims_report
    from rascade.studies.running.claims import claims_json, run_claims_study

    with progress_on_stderr("claims") as progress:
        result = run_claims_study(
            ids or (),
            out,
            draws=draws,
            seed=seed,
            threads=default_threads(threads),
            progress=progress,
            finish=write_claims_report,
        )
    if json:
        sys.stdout.write(claims_json(result.records))
        return
    _show(result.records, detailed=bool(ids))
    if result.folder is not None:
        say(f"page: {result.folder / 'claims.html'}", wrap=False)


def _show(records: Sequence[ClaimRecord], *, detailed: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    rows = [(r.id, _verdict(r), r.scientific_status, _effect(r), r.claim) for r in records]
    header = ("id", "verdict", "science", "effect", "claim")
    show_table(header, rows, right={3}, keep={0}, console=console)
    if detailed:
        for record in records:
            _details(console, record)
    counts = Counter(record.verdict for record in records)
    say("; ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))


def _verdict(record: ClaimRecord) -> str:
    text = str(record.verdict)
    own = record.review_verdict
    return f"{text}\n(its own sentence: {own})" if own else text


def _effect(result: ClaimRecord | CheckRecord) -> str:
    from rascade.report.look.text import number

    if result.effect is None:
        return ""
    low, high = (number(x) if x is not None else "–" for x in result.ci or (None, None))
    return f"{number(result.effect)} ({low} to {high})"


def _details(console: Any, record: ClaimRecord) -> None:
    from rascade.report.tables.claims import expectation

    lines = [f"\n{record.id}: {record.claim}"]
    if record.right_reading:
        lines.append(f"  our reading: {record.right_reading}")
    for check in record.checks:
        whose = "review's sentence: " if check.reading == "review" else ""
        lines.append(
            f"  {check.verdict}: {whose}{check.what}: {_effect(check)}; "
            f"expected {expectation(check.expected)} ({check.standing})"
        )
    for text, label in ((record.reason, "not tested"), (record.left_open, "left open")):
        if text:
            lines.append(f"  {label}: {text}")
    for line in lines:
        console.print(line, markup=False)
