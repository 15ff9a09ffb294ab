"""The page of a search for schedules: ``optimise.html`` beside ``optimise.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.report.figures.studied.optimise import optimise_figure
from rascade.report.look.canvas import drawing
from rascade.report.look.page import Table, render
from rascade.report.look.text import number
from rascade.report.runs.files import read_json, research_footer, write_page

__all__ = ["write_optimise_report"]

_LIMITS = (
    "A gain is the mean of months that a patient has more than under the reference, within the "
    "horizon; the same virtual patients are treated both ways.",
    "Only the numbers from fresh patients count. The winner of a search is a winner by luck in "
    "part; what it lost on fresh patients is the winner's curse.",
    "Limits hold which patients are treated and which member of the population is right. What is "
    "wrong in the mechanism is wrong in every member.",
    "The best of many schedules that differ by less than their limits is no recommendation. It "
    "must not be used to choose a treatment for a patient.",
)


def write_optimise_report(folder: Path) -> Path:
    """Write ``optimise.html`` and ``optimise.svg`` into a folder of ``rascade optimise``.

    Raises:
        InputError: ``optimise.json`` is missing or broken.
        OutputError: the folder cannot be written.
    """
    record = read_json(folder / "optimise.json")
    with drawing():
        figure = optimise_figure(record, research_footer(record["study"], record["seed"]))
    write_page(folder / "optimise.svg", figure.svg)
    page = render(
        "answer.html.j2",
        title=record["study"],
        lead=f"{record['rule']}. {record['verdict']} Winner's curse: "
        f"{number(record['winners_curse'], 2)} months.",
        figures=[figure],
        tables=[
            _schedules("Best, on fresh patients", record["best"]),
            _schedules("Published, on the same patients", record["published"]),
            _schedules("Beaten by no other in gain, toxicity and dose intensity", record["front"]),
            _worth(record),
        ],
        limits=_LIMITS,
    )
    return write_page(folder / "optimise.html", page)


def _schedules(caption: str, rows: list[Mapping[str, Any]]) -> Table:
    return Table(
        caption,
        ("Schedule", "Gain, months", "90 % limits", "Grade 3+, %", "Dose intensity, %"),
        [
            (
                f"{row['name']}: {row['schedule']}" if "name" in row else row["schedule"],
                number(row["value"], 2),
                f"{number(row['low90'], 2)} to {number(row['high90'], 2)}",
                number(row["grade3plus_pct"], 2),
                number(row["dose_intensity_pct"], 3),
            )
            for row in rows
        ],
        numeric=frozenset({1, 3, 4}),
        wide=frozenset({0}),
    )


def _worth(record: Mapping[str, Any]) -> Table:
    return Table(
        "What each choice is worth: mean gain of the schedules that make it",
        ("What is chosen", "Choice", "Schedules", "Mean gain, months"),
        [
            (row["dimension"], row["choice"].strip() or "none", str(row["schedules"]),
             number(row["mean"], 2))
            for row in record["worth"]
        ],
        note="On the first rung, where patients are few and other choices differ as well.",
        numeric=frozenset({2, 3}),
    )  # fmt: skip
