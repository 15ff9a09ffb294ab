"""The page of a sensitivity: ``sensitivity.html`` from the folder of ``rascade sensitivity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIMITS", "lead", "parameter_rows", "write_sensitivity_report"]

LIMITS = (
    "Each row of the parameter table goes from its value over the fold to its value times the "
    "fold, evenly on a logarithmic scale, and never beyond its plausible range. Rows without a "
    "range, and definitions, stay. Of a row in which patients differ the typical value is moved.",
    "Morris: by how much the answer changes while a row goes through its range, mean over random "
    "places of the others (mu*), with its sign (mu) and its spread (sigma; large where a row works "
    "by others or in a curve). A screening: it ranks, and says which rows do nothing.",
    "Sobol: the share of the answer's variance that a row carries alone (first) and with all "
    "others (total); of the eight strongest rows by Morris where more are asked for. PRCC: partial "
    "rank correlation.",
    "The same virtual patients are simulated each time, of the central member of the ensemble; few "
    "patients make the answer coarse, PFS most, since progression is seen at scans.",
    "Intervals are 90 %, of the sampling alone.",
)


def write_sensitivity_report(folder: Path) -> Path:
    """Write ``sensitivity.html`` and its figure into a folder with ``sensitivity.json``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.figures.studied.sensitivity import tornado_figure
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import read_json, research_footer, write_page
    from rascade.report.tables.provenance import provenance_table
    from rascade.results.store import write_text

    folder = Path(folder)
    record = read_json(folder / "sensitivity.json")
    if "tornado" not in record:
        raise InputError(f"{folder}: no sensitivity; run rascade sensitivity again")
    with drawing():
        figure = tornado_figure(record, research_footer(record["study"], record["seed"]))
    write_text(folder / "tornado.svg", figure.svg)
    page = render(
        "analysis.html.j2",
        title=f"What the answer hangs on: {plain(record['study'])}",
        lead=lead(record),
        figures=[figure],
        tables=[
            Table(
                f"Rows by {record['index']}",
                ("Row", "From", "To", "Unit", "Index", "90 % interval", "What it is"),
                parameter_rows(record),
                numeric=frozenset({1, 2, 4, 5}),
                wide=frozenset({6}),
                name="rows",
            )
        ],
        limits=LIMITS,
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )
    return write_page(folder / "sensitivity.html", page)


def lead(record: Mapping[str, Any]) -> str:
    """Return the result in a sentence or two."""
    names = ", ".join(plain(one["name"]) for one in record["parameters"][:5])
    return (
        f"{plain(record['of'])}, {record['endpoint'].upper()}: {number(record['base'], 2)} "
        f"{record['unit']} at the table's values. Of {len(record['parameters'])} rows moved by a "
        f"factor of {record['fold']:g}, it hangs most on {names}."
    )


def parameter_rows(record: Mapping[str, Any], most: int | None = None) -> list[tuple[str, ...]]:
    """Return name, range, unit, index, interval, description; strongest first."""
    return [
        (
            plain(one["name"]),
            number(one["low"]),
            number(one["high"]),
            plain(one["unit"]),
            number(one["index"], 2),
            f"{number(one['low90'], 2)} to {number(one['high90'], 2)}",
            plain(one["description"]),
        )
        for one in record["parameters"][:most]
    ]
