"""The page of a drug beside its class, from the folder of ``rascade drugs class``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.report.figures.studied.drug_class import class_figure
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, percent, plain

__all__ = ["class_rows", "write_class_report"]

_LIMITS = (
    "Every drug acts by the one mechanism of its class; what differs are its numbers. One that "
    "is assumed or recalled makes a curve that is no better.",
    "The patient on the left is typical: the middle of every number. On the right are virtual "
    "patients who differ, the same at every potency.",
    "Where the target is held almost wholly already, more potency changes little; resistance and "
    "adaptation decide then.",
)


def write_class_report(folder: Path) -> Path:
    """Write ``class.html`` into a folder with ``class.json`` and ``manifest.json``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import read_json, research_footer, write_page
    from rascade.report.tables.provenance import provenance_table

    folder = Path(folder)
    record = read_json(folder / "class.json")
    with drawing():
        figure = class_figure(record, research_footer(plain(record["drug"])))
    page = render(
        "drug_class.html.j2",
        title=f"{plain(record['drug'])} beside its class",
        lead=_lead(record),
        figure=figure,
        tables=[table for table in (_drugs(record), _responses(record)) if table.rows],
        limits=_LIMITS,
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )
    return write_page(folder / "class.html", page)


def _lead(record: Mapping[str, Any]) -> str:
    whose = f", a drug of the user's own like {plain(record['like'])}," if record["like"] else ""
    return (
        f"{plain(record['drug'])}{whose} and {len(record['courses']) - 1} others of its mechanism "
        f"in one typical patient with KRAS {plain(record['allele'])}."
    )


def class_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return drug, orders, target held, pERK, plasma and potency of each drug, as texts."""
    return [
        (
            plain(course["drug"]) + (" (own)" if course["own"] else ""),
            plain(course["orders"]),
            f"{number(min(course['held_pct']))} to {number(max(course['held_pct']))}",
            f"{number(min(course['perk_pct']))} to {number(max(course['perk_pct']))}",
            f"{number(min(course['plasma_nM']))} to {number(max(course['plasma_nM']))}",
            "; ".join(
                f"{plain(one['name'])} {number(one['value'])} {plain(one['unit'])} "
                f"({plain(one['confidence'])})"
                for one in course["potency"]
            ),
        )
        for course in record["courses"]
    ]


def _drugs(record: Mapping[str, Any]) -> Table:
    return Table(
        f"Drugs of the class on day {record['day']}",
        ("Drug", "Given", "Target held (%)", "pERK (% of untreated)", "Plasma (nM)", "Potency"),
        class_rows(record),
        note=f"Target held: {plain(record['target'])}. Lowest to highest over 24 hours.",
        wide=frozenset({5}),
    )


def _responses(record: Mapping[str, Any]) -> Table:
    return Table(
        "Responses by potency",
        ("Potency", "Patients", "Objective responses (95 % limits)", "Median best change (%)"),
        [
            (
                f"x {row['factor']:.3g}",
                str(row["n"]),
                percent(row["orr_pct"], row["orr_ci"]),
                number(row["best_change_pct"]),
            )
            for row in record["responses"]
        ],
        numeric=frozenset({1, 3}),
    )
