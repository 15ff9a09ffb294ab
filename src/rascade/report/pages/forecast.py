"""The page of a forecast: ``forecast.html`` beside ``forecast.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rascade.report.figures.studied.forecast import forecast_figure
from rascade.report.look.canvas import drawing
from rascade.report.look.page import Table, render
from rascade.report.look.text import number
from rascade.report.runs.files import read_json, research_footer, write_page

__all__ = ["write_forecast_report"]

_LIMITS = (
    "This is not for treating anybody. It shows what a model says of virtual patients that are "
    "like one; no forecast of it has been tested in patients.",
    "The past weighs the parameters of virtual patients. Each regimen then starts from the model's "
    "usual beginning of a line of treatment: what tumour and host carry over is left out.",
    "The interval holds chance, what is not known of the patient and of the population. What is "
    "wrong in the mechanism is not in it.",
    "No name, date or number of a person is asked; nothing leaves the machine.",
)


def write_forecast_report(folder: Path) -> Path:
    """Write ``forecast.html``, and ``forecast.svg`` unless it was refused, into a folder.

    Raises:
        InputError: ``forecast.json`` is missing or broken.
        OutputError: the folder cannot be written.
    """
    record = read_json(folder / "forecast.json")
    figures = []
    if record["refused"] is None:
        with drawing():
            figures = [forecast_figure(record, research_footer("forecast"))]
        write_page(folder / "forecast.svg", figures[0].svg)
    page = render(
        "answer.html.j2",
        title="Forecast for virtual patients like one",
        lead=_lead(record),
        figures=figures,
        tables=[_regimens(record), _missing(record)],
        limits=_LIMITS,
    )
    return write_page(folder / "forecast.html", page)


def _lead(record: dict[str, Any]) -> str:
    if record["refused"] is not None:
        return f"Not for treating anybody. Nothing is forecast: {record['refused']}."
    best = record["regimens"][0]
    return (
        f"Not for treating anybody. Of {record['virtual_patients']} virtual patients of this "
        f"profile, {record['effective_sample']:.0f} (effective) are like this one. Most months "
        f"without progression: {best['regimen']}, best in {best['probability_best']:.0%} of them."
    )


def _regimens(record: dict[str, Any]) -> Table:
    return Table(
        "Regimens, by mean months without progression within the horizon",
        ("Regimen", "Median, months", "80 % interval", "OS, median", "Response, %", "Best, %",
         "Grade 3+, %"),
        [
            (
                row["regimen"],
                number(row["pfs_median_months"], 2) or "not reached",
                f"{number(row['low80'], 2) or 'not reached'} to "
                f"{number(row['high80'], 2) or 'not reached'}",
                number(row["os_median_months"], 3) or "not reached",
                f"{row['response_pct']:.0f}",
                f"{100 * row['probability_best']:.0f}",
                f"{row['grade3plus_pct']:.0f}",
            )
            for row in record["regimens"]
        ],
        numeric=frozenset({1, 3, 4, 5, 6}),
    )  # fmt: skip


def _missing(record: dict[str, Any]) -> Table:
    return Table(
        "What is not known, and how much knowing it would improve the choice",
        ("Measurement", "Months without progression"),
        [(row["measurement"], number(row["gain_months"], 2)) for row in record["missing"]],
        numeric=frozenset({1}),
    )
