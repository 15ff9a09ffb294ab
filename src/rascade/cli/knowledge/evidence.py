"""``rascade evidence``: read, search and check what is known, with its sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rascade import RESEARCH_USE
from rascade.cli.terminal.tables import print_table, say
from rascade.cli.terminal.usage import PlainGroup, PlainUsage
from rascade.streams import visible

if TYPE_CHECKING:
    from rascade.evidence import Evidence, Fact, Problem, Record

__all__ = ["app", "print_json", "value_text"]

app = typer.Typer(
    cls=PlainGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Read, search and check the evidence: every number with unit, range and source.",
    epilog=RESEARCH_USE,
)

JSON = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


@app.command("list", cls=PlainUsage, epilog=RESEARCH_USE)
def list_(
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="Which table; all names if left out.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """List the tables, or the records of one table.

    \b
    What tables there are, then one of them, then the same for a program:
      rascade evidence list
      rascade evidence list trials
      rascade evidence list calibration-targets --json

    \b
    Tables:
      drugs, drug-facts, trials, landmarks, trial-conduct, contrasts, adverse-events,
      biology, ras-kinetics, io-parameters, published-parameters, calibration-targets,
      clinical, claims, citations, conflicts, checks
    """
    from rascade.evidence import TABLES, as_dict, load

    evidence = load()
    if table is None:
        counts = {name: len(getattr(evidence, attribute)) for name, attribute in TABLES.items()}
        if as_json:
            print_json(counts)
        else:
            print_table(("table", "records"), [(n, str(c)) for n, c in counts.items()], right={1})
        return
    records = _table(evidence, table)
    if as_json:
        print_json([as_dict(record) for record in records])
    else:
        _print_records(records)


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def show(
    item: Annotated[str, typer.Argument(metavar="ID", help="Id of a record, or of a citation.")],
    as_json: JSON = False,
) -> None:
    """Show one record with its sources, the conflicts it stands in and the checks made.

    Of a trial arm also its landmark rates, how it was followed, and its hazard ratios.

    \b
    A number, a trial arm, a citation:
      rascade evidence show daraxonrasib.half_life
      rascade evidence show rasolute-302.daraxonrasib
      rascade evidence show PMID:42223072
    """
    from rascade.evidence import as_dict, load

    evidence = load()
    record = evidence.record(item)
    data = as_dict(record)
    data["citations"] = [
        as_dict(evidence.citation(source)) for source in getattr(record, "sources", ())
    ]
    data["conflicts"] = [as_dict(conflict) for conflict in evidence.conflicts_of(record.id)]
    data |= _of_arm(evidence, record)
    data["checks"] = [as_dict(lookup) for lookup in evidence.lookups_of(record.id)]
    if as_json:
        print_json(data)
    else:
        say("\n".join(_record_lines(record, data)))


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What to look for.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 20,
    as_json: JSON = False,
) -> None:
    """Find records by words; near spellings of drugs and genes are found as well.

    \b
      rascade evidence search daraxonrasib half life
      rascade evidence search "KRAS G12D" frequency --limit 5
    """
    from rascade.evidence import load

    hits = load().search(" ".join(words), limit)
    if as_json:
        print_json(
            [
                {"id": h.record.id, "table": h.table, "title": h.title, "score": h.score}
                for h in hits
            ]
        )
    elif hits:
        rows = [(hit.table, hit.record.id, hit.title) for hit in hits]
        print_table(("table", "id", "what"), rows, keep={1})
    else:
        typer.echo("nothing found; try fewer words, or rascade evidence list")


@app.command(cls=PlainUsage, epilog=RESEARCH_USE)
def check(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Check an edited copy of the data folder.")
    ] = None,
    warnings: Annotated[
        bool, typer.Option("--warnings", help="List every warning, not only their number.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Check every row; exit with 2 where a number lacks unit or source, or anything is wrong.

    \b
    The package's own evidence, then a copy that you have edited:
      rascade evidence check
      rascade evidence check --folder my-evidence --warnings
    """
    from rascade.evidence import load
    from rascade.evidence.check import check as check_evidence

    problems = check_evidence(load(folder))
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json([_problem_dict(problem) for problem in problems])
    else:
        _print_problems(problems, errors, warnings)
    if errors:
        raise typer.Exit(2)


def _of_arm(evidence: Evidence, record: Record) -> dict[str, Any]:
    """Return what other tables hold of a trial arm; nothing for other records."""
    from rascade.evidence import TrialArm, as_dict

    if not isinstance(record, TrialArm):
        return {}
    return {
        "landmarks": [as_dict(one) for one in evidence.landmarks_of(record.id)],
        "conduct": [as_dict(one) for one in evidence.conduct_of(record.id)],
        "contrasts": [as_dict(one) for one in evidence.contrasts_of(record.id)],
    }


def _arm_lines(record: Record) -> list[tuple[str, list[str]]]:
    """Return the titles and lines of what other tables hold of a trial arm."""
    from rascade.evidence import TrialArm, load
    from rascade.evidence.search import conduct_text, headline, landmark_text

    if not isinstance(record, TrialArm):
        return []
    evidence = load()
    landmarks = evidence.landmarks_of(record.id)
    conduct = evidence.conduct_of(record.id)
    return [
        ("landmark rates", [f"{landmark_text(one)}  [{one.seen}]" for one in landmarks]),
        ("how it was followed", [f"{conduct_text(one)}  [{one.seen}]" for one in conduct]),
        (
            "hazard ratios",
            [
                f"{headline(one)} against {one.reference_id}  [{one.confidence}]"
                for one in evidence.contrasts_of(record.id)
            ],
        ),
    ]


def _problem_dict(problem: Problem) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(problem)


def _print_problems(problems: list[Problem], errors: list[Problem], warnings: bool) -> None:
    for problem in problems:
        if warnings or problem.severity == "error":
            typer.echo(visible(f"{problem.severity}: {problem}"))
    rules: dict[str, int] = {}
    for problem in problems:
        if problem.severity == "warning":
            rules[problem.rule] = rules.get(problem.rule, 0) + 1
    counts = ", ".join(f"{number} {rule}" for rule, number in sorted(rules.items()))
    total = sum(rules.values())
    told = f"{len(errors)} errors, {total} warnings" + (f" ({counts})" if counts else "")
    typer.echo(told if warnings or not total else f"{told}; --warnings lists them")


def _table(evidence: Evidence, name: str) -> tuple[Record, ...]:
    from rascade.errors import EvidenceError
    from rascade.evidence import TABLES
    from rascade.evidence.names import did_you_mean

    attribute = TABLES.get(name.replace("_", "-").casefold())
    if attribute is None:
        near = did_you_mean(name, TABLES, listing="tables are")
        raise EvidenceError(f"no table {name!r}{near}")
    found: tuple[Record, ...] = getattr(evidence, attribute)
    return found


def _sure(record: Record) -> str:
    """Return how well a record is known, in the word of its table."""
    words = ("confidence", "seen", "status")
    return next((str(getattr(record, word)) for word in words if hasattr(record, word)), "")


def _print_records(records: Sequence[Record]) -> None:
    from rascade.evidence.search import headline

    rows = [(record.id, headline(record), _sure(record)) for record in records]
    print_table(("id", "what", "confidence"), rows, keep={0})


_HIDDEN = {
    *("id", "file", "line", "sources", "citations", "conflicts", "checks", "facts", "cells"),
    *("landmarks", "conduct", "contrasts"),
}


def _record_lines(record: Record, data: dict[str, Any]) -> list[str]:
    """Return a record as text: its fields, its sources, its conflicts and its checks."""
    lines = [record.id]
    for name, value in data.items():
        if name in _HIDDEN or value in (None, "", (), []):
            continue
        text = "; ".join(map(str, value)) if isinstance(value, tuple | list) else _plain(value)
        sure = data.get("cells", {}).get(name, "")
        lines.append(f"  {name.replace('_', ' ')}: {text}{f'  [{sure}]' if sure else ''}")
    if data.get("facts"):
        lines.append(f"  facts: {len(data['facts'])}; rascade drugs show {record.id!r} lists them")
    for title, entries in (
        *_arm_lines(record),
        ("sources", [f"{c['id']}  {c['reference']}  [{c['status']}]" for c in data["citations"]]),
        ("conflicts", [f"{c['what']}; {_decision(c)}" for c in data["conflicts"]]),
        ("checks", [f"{c['date']} {c['verdict']}: {c['found']}" for c in data["checks"]]),
    ):
        lines += [f"  {title}:", *(f"    {entry}" for entry in entries)] if entries else []
    lines.append(f"  stands at: {record.file}:{record.line}")
    return lines


def _decision(conflict: dict[str, Any]) -> str:
    if conflict["used"]:
        return f"used: {conflict['used']} ({conflict['why']})"
    return f"open: {conflict['why']}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_text(fact: Fact) -> tuple[str, str, str]:
    """Return value, unit and range of a fact as people write them."""
    value = fact.value if isinstance(fact.value, str) else f"{fact.value:.10g}"
    unit = "" if fact.unit in {"text", "1"} else fact.unit
    if fact.low is None and fact.high is None:
        return value, unit, ""
    low = "" if fact.low is None else f"{fact.low:.10g}"
    high = "" if fact.high is None else f"{fact.high:.10g}"
    return value, unit, f"{low} to {high} ({fact.range})".strip()


def print_json(data: Any) -> None:
    """Print plain data as JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    app()
