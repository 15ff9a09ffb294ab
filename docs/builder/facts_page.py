"""``reference/facts.md`` with its figures, and tables of the model's page, from kept results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.results import RESULTS, threads
from builder.text import NOTE, cell, small_svg, table

if TYPE_CHECKING:
    from rascade.analyses.facts.tables import FactRecord

__all__ = ["dish_table", "facts_page", "figures", "kept_facts", "potency_table", "run"]

_KEPT = RESULTS / "facts.json"
_HEAD = """\
# Facts

What the field agrees on, repeated by the model: one experiment a fact, one figure each.
`rascade facts` computes them anew. A fact **holds** if every number that comes out with typical
parameters lies within its limits; nothing here is typed by hand. Constants of the pathway were
moved until most of these held, so they show that one model can hold them at once, not that it
foresees them. What such experiments can tell of the parameters is in
[identifiability](identifiability.md); how to add a fact, in [its how-to](../how-to/facts.md).

In the figures green, or the colour of a curve where there are several, is what is expected; the
diamond is the published value. Sources are identifiers of the [evidence](../evidence.md).
"""


def run() -> None:
    """Compute all facts and keep what the pages need of them."""
    from rascade.studies.running.facts import facts_json, run_facts_study

    text = facts_json(run_facts_study(threads=threads()).records)
    _KEPT.write_text(text, encoding="utf-8")


def kept_facts() -> list[FactRecord]:
    """Return the kept results, one record a fact."""
    from rascade.report.pages.facts import read_facts

    return read_facts(_KEPT)


def figures() -> dict[str, str]:
    """Return file below ``docs`` -> SVG text."""
    from rascade.report.pages.facts import fact_figures

    return {
        f"images/facts/{name}.svg": small_svg(figure.svg)
        for name, figure in fact_figures(kept_facts(), outlines=False).items()
    }


def facts_page() -> str:
    """Return the page."""
    records = kept_facts()
    good = sum(record.holds for record in records)
    parts = [NOTE, _HEAD, f"{good} of {len(records)} facts hold.\n"]
    subject = ""
    for record in records:
        if record.subject != subject:
            subject = record.subject
            parts.append(f"## {subject.capitalize()}\n")
        parts.append(_entry(record))
    return "\n".join(parts) + "\n"


def _entry(record: FactRecord) -> str:
    from rascade.report.pages.facts import check_rows

    verdict = "holds" if record.holds else "**does not hold**"
    rows = [
        (w, e, p, m, h if h == "yes" else f"**{h}**", worth, t)
        for w, e, p, m, h, worth, t in check_rows(record)
    ]
    head = ("what", "expected", "published", "model", "holds", "worth", "set to it")
    name, statement = record.id, record.statement
    return "\n".join(
        [
            f"### {name}\n",
            f"{statement} Kind: {record.kind}; {verdict}. Source: {cell(record.source)}.\n",
            f"![{statement}](../images/facts/{name}.svg)\n",
            table(head, rows, right=(2, 3)),
            "",
        ]
    )


def _is_potency(record: FactRecord) -> bool:
    return all(check.observable.startswith("ic50(") for check in record.checks)


def dish_table() -> str:
    """Return every fact that is no potency: what is expected, and what the model gives."""
    from rascade.report.pages.facts import check_rows

    rows = []
    for record in kept_facts():
        if record.subject == "signalling" and not _is_potency(record):
            for number, row in enumerate(check_rows(record)):
                what, expected, _, model, holds, *_ = row
                link = f"[{record.id}](../reference/facts.md#{record.id})"
                said = model if holds == "yes" else f"**{model}**"
                rows.append((link if number == 0 else "", what, expected, said))
    return table(("fact", "what", "limits", "model"), rows)


def missed_table() -> str:
    """Return the checks that do not hold; a line in words where all do."""
    from rascade.report.pages.facts import check_rows

    rows = [
        (f"[{record.id}](../reference/facts.md#{record.id})", what, expected, model)
        for record in kept_facts()
        if not record.holds
        for what, expected, _, model, holds, *_ in check_rows(record)
        if holds != "yes"
    ]
    return table(("fact", "what", "limits", "model"), rows) if rows else "All of them hold."


def potency_table() -> str:
    """Return published beside simulated potencies, and whether a constant was set to it."""
    from rascade.report.look.text import number

    rows = []
    for record in kept_facts():
        if not _is_potency(record):
            continue
        for check in record.checks:
            panel = record.panels[0]
            cells, _, drug = panel.curves[0].label.partition(", ")
            rows.append(
                (
                    drug,
                    f"{cells}, {panel.label}, {panel.hour:g}",
                    number(check.published),
                    number(check.effect, 2),
                    "yes" if check.tuned else "no",
                )
            )
    head = ("drug", "cells, read-out, hours", "published, nM", "model, nM", "set to it?")
    return table(head, rows, right=(2, 3))
