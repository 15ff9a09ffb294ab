"""The page of the value of information: ``voi.html`` beside ``voi.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.report.figures.studied.voi import SHOWN, voi_figure
from rascade.report.look.canvas import drawing
from rascade.report.look.page import Table, render
from rascade.report.look.text import number
from rascade.report.runs.files import read_json, research_footer, write_page

__all__ = ["write_voi_report"]

_LIMITS = (
    "A share is what one measurement alone is expected to take away of the variance of the "
    "prediction; shares of several do not add up. What a measurement costs is left to the reader.",
    "Readings and prediction are of different simulated patients, so the luck of the simulated "
    "ones is not counted as information.",
    "An assay reads the typical value of a parameter with the relative error of the study. It "
    "counts only as far as the evidence leaves the parameter open.",
    "The regression is straight. What would narrow the prediction only in a corner of the "
    "parameters is undervalued.",
    "What is wrong in the mechanism is in no draw, and no measurement here would show it.",
)


def write_voi_report(folder: Path) -> Path:
    """Write ``voi.html`` and ``voi.svg`` into a folder of ``rascade voi``.

    Raises:
        InputError: ``voi.json`` is missing or broken.
        OutputError: the folder cannot be written.
    """
    record = read_json(folder / "voi.json")
    with drawing():
        figure = voi_figure(record, research_footer(record["study"], record["seed"]))
    write_page(folder / "voi.svg", figure.svg)
    rows = record["measurements"]
    best = rows[0]
    page = render(
        "answer.html.j2",
        title=record["study"],
        lead=f"{record['prediction']}: {number(record['value'], 2)} "
        f"({number(record['low90'], 2)} to {number(record['high90'], 2)}) over "
        f"{record['draws']} sets of parameters. Narrowed most "
        f"by {best['measurement']} ({best['about']}): {best['share']:.0%} of the variance.",
        figures=[figure],
        tables=[
            _table(f"The {SHOWN} best", rows[:SHOWN]),
            _table("All others that stand out", [r for r in rows[SHOWN:] if r["stands_out"]]),
            _table("Trials and biopsies", [r for r in rows if r["kind"] != "assay"]),
        ],
        limits=_LIMITS,
    )
    return write_page(folder / "voi.html", page)


def _table(caption: str, rows: list[Mapping[str, Any]]) -> Table:
    return Table(
        caption,
        ("Measurement", "What", "Share, %", "90 % limits", "SD left", "Stands out"),
        [
            (
                row["measurement"],
                row["about"],
                number(100 * row["share"], 2),
                f"{number(100 * row['low90'], 2)} to {number(100 * row['high90'], 2)}",
                number(row["sd_after"], 2),
                "yes" if row["stands_out"] else "no",
            )
            for row in rows
        ],
        numeric=frozenset({2, 4}),
        wide=frozenset({1}),
    )
