"""The page of a search for the next trial: ``design.html`` beside ``design.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.report.figures.studied.next_trial import design_figure
from rascade.report.look.canvas import drawing
from rascade.report.look.page import Table, render
from rascade.report.look.text import number
from rascade.report.runs.files import read_json, research_footer, write_page

__all__ = ["write_design_report"]

_LIMITS = (
    "The chance of a design (assurance) is its power, averaged over the members of the ensemble: "
    "over what the published trials leave open of the population.",
    "The best design and the plain ones are compared in replicate trials that the choice has not "
    "seen. The simulated patients are the same, so a chance holds for them.",
    "Enrichment costs time and screening, which are counted; what a test costs and misses is not.",
    "A chance that the model is wrong altogether is in none of these numbers.",
)
_HEAD = (
    "Design", "Chance, %", "90 % limits over members", "Months", "Enrolled", "Screened",
    "Stops early, %",
)  # fmt: skip


def write_design_report(folder: Path) -> Path:
    """Write ``design.html`` and ``design.svg`` into a folder of ``rascade design``.

    Raises:
        InputError: ``design.json`` is missing or broken.
        OutputError: the folder cannot be written.
    """
    record = read_json(folder / "design.json")
    with drawing():
        figure = design_figure(record, research_footer(record["study"], record["seed"]))
    write_page(folder / "design.svg", figure.svg)
    best = record["best"]
    page = render(
        "answer.html.j2",
        title=record["study"],
        lead=f"Best of {len(record['tried'])} designs for {record['patients']} patients and "
        f"{record['months']:g} months: {best['design']}, with a chance of "
        f"{best['assurance']:.0%}. {record['verdict']}",
        figures=[figure],
        tables=[
            _table("The best design and three plain ones", [best, *record["plain"]]),
            _table("All designs, on the first round", record["tried"]),
        ],
        limits=_LIMITS,
    )
    return write_page(folder / "design.html", page)


def _table(caption: str, rows: list[Mapping[str, Any]]) -> Table:
    return Table(
        caption,
        _HEAD,
        [
            (
                f"{row['name']}: {row['design']}" if row["name"] else row["design"],
                number(100 * row["assurance"], 2),
                f"{number(100 * row['low90'], 2)} to {number(100 * row['high90'], 2)}",
                number(row["months"], 3),
                f"{row['patients']:.0f}",
                f"{row['screened']:.0f}",
                f"{100 * row['stops_early']:.0f}",
            )
            for row in rows
        ],
        numeric=frozenset({1, 3, 4, 5, 6}),
        wide=frozenset({0}),
    )
