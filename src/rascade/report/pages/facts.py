"""The page of the facts: ``facts.html`` from the folder of ``rascade facts``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.analyses.facts.tables import CheckRecord, FactRecord
from rascade.errors import InputError
from rascade.report.figures.studied.facts import HOLDS, expected_text, fact_figure
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain
from rascade.trial.results.records.codec import from_json

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure

__all__ = ["check_rows", "fact_figures", "read_facts", "worth_text", "write_facts_report"]

_LIMITS = (
    "A fact holds if every number that comes out with typical parameters lies within its limits; "
    "nothing is typed by hand. It is a test of the model against what the field agrees on, not "
    "evidence for the fact.",
    "Constants of the pathway were moved until most of these facts held, so they show that one "
    "model can hold them at once, not that it foresees them. Rows of the parameter table that were "
    "set against what a number is about are named beside it; it is then called fitted. Follows by "
    "construction: no parameter moves it. Too weak: a direction without a size. Held out: named "
    "before tuning, never tuned on.",
    "Which parameters these experiments can tell apart at all: rascade identifiability.",
)


def write_facts_report(folder: Path) -> Path:
    """Write ``facts.html`` into a folder with ``facts.json`` and ``manifest.json``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.runs.files import read_json, write_page
    from rascade.report.tables.provenance import provenance_table

    folder = Path(folder)
    records = read_facts(folder / "facts.json")
    figures = fact_figures(records)
    page = render(
        "facts.html.j2",
        title="What the field agrees on, repeated by the model",
        lead=_lead(records),
        summary=_summary(records),
        facts=[_fact(record, figures[record.id]) for record in records],
        limits=_LIMITS,
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )
    return write_page(folder / "facts.html", page)


def read_facts(path: Path) -> list[FactRecord]:
    """Read ``facts.json``.

    Raises:
        InputError: it is missing or is something else.
    """
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run rascade facts again") from error
    if not isinstance(records, list) or not all("statement" in record for record in records):
        raise InputError(f"{path}: not a list of facts; run rascade facts again")
    return [from_json(FactRecord, record) for record in records]


def fact_figures(records: Sequence[FactRecord], *, outlines: bool = True) -> dict[str, Figure]:
    """Return the figure of every fact, by id. Equal records give equal bytes.

    Args:
        records: as in ``facts.json``.
        outlines: draw glyphs as outlines, see `rascade.report.look.canvas.drawing`.
    """
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import research_footer

    with drawing(outlines=outlines):
        return {r.id: fact_figure(r, research_footer(r.id)) for r in records}


def check_rows(record: FactRecord) -> list[tuple[str, ...]]:
    """Return what, expected, published, model, holds, its worth and what was set to it."""
    return [
        (
            plain(check.what),
            expected_text(check),
            number(check.published),
            _model(check),
            "yes" if check.holds else "no",
            plain(check.standing or "not told"),
            ", ".join(map(plain, check.tuned)),
        )
        for check in record.checks
    ]


def worth(record: FactRecord) -> str:
    """Return what a fact is worth as a test: held out, or its standing."""
    # Folders written before facts were labelled can still be read.
    role, standing = record.role or "known", record.standing or "not told"
    return standing if role == "known" else f"{role}, {standing}"


def worth_text(records: Sequence[FactRecord]) -> str:
    """Return how many facts hold, by what they are worth."""
    kinds = dict.fromkeys(worth(record) for record in records)
    told = []
    for kind in kinds:
        own = [record.holds for record in records if worth(record) == kind]
        told.append(f"{kind}: {sum(own)} of {len(own)} hold")
    return "; ".join(told)


def _model(check: CheckRecord) -> str:
    """Return what came out, with its interval where there is one."""
    value = number(check.effect)
    if not value or None in check.ci:
        return value
    return f"{value} ({' to '.join(number(end, 2) for end in check.ci)})"


def _lead(records: Sequence[FactRecord]) -> str:
    good = sum(record.holds for record in records)
    checks = [check for record in records for check in record.checks]
    within = sum(check.holds for check in checks)
    return (
        f"{good} of {len(records)} facts hold; {within} of {len(checks)} numbers lie within their "
        f"limits. By what a fact is worth as a test: {worth_text(records)}."
    )


def _summary(records: Sequence[FactRecord]) -> Table:
    return Table(
        "Facts at a glance",
        ("Fact", "Holds", "Statement", "Kind", "Worth"),
        [
            (
                r.id,
                "yes" if r.holds else "no",
                plain(r.statement),
                plain(r.kind),
                plain(worth(r)),
            )
            for r in records
        ],
        wide=frozenset({2}),
    )


def _fact(record: FactRecord, figure: Figure) -> dict[str, Any]:
    return {
        "id": record.id,
        "statement": plain(record.statement),
        "source": plain(record.source),
        "holds": record.holds,
        "verdict": HOLDS[record.holds],
        "figure": figure,
        "table": Table(
            "Expected, published and simulated",
            ("What", "Expected", "Published", "Model", "Holds", "Worth", "Set to it"),
            check_rows(record),
            numeric=frozenset({2, 3}),
            wide=frozenset({0}),
        ),
    }
