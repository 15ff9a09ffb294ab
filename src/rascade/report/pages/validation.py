"""The page of a validation: ``validation.html`` from the folder of ``rascade cohort validate``."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.report.figures.validation import validation_figure
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain

__all__ = [
    "SCORE_HEADS",
    "read_rows",
    "read_validation",
    "score_rows",
    "value_name",
    "write_validation_report",
]

_ROLES = {"validate": "never fitted", "calibrate": "fitted"}
_NAMES = {"orr": "ORR", "pfs": "PFS", "os": "OS", "landmark": "landmark rates, %"}
_LIMITS = (
    "A value counts as inside if it lies in the 90 % predictive interval for a trial of its size: "
    "the uncertainty of the population, what trials of one regimen differ by, and chance. Of good "
    "intervals nine in ten values lie inside, not all.",
    "The error is the median of the absolute miss: of the logarithm for months (0.15 is about 15 "
    "%), in points for response and landmark rates. A model that does not beat the mean of the "
    "line has no skill.",
    "A landmark rate is the share alive, or free of progression, at a month.",
    "Values that were fitted are shown apart and are no evidence.",
)


def value_name(endpoint: str) -> str:
    """Return what a value is of, in words: ``os@12`` is ``OS at 12 months``."""
    name, _, month = endpoint.partition("@")
    return f"{_NAMES[name]} at {month} months, %" if month else _NAMES[name]


def read_validation(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read rows and scores from a folder of ``rascade cohort validate``.

    Raises:
        InputError: a file is missing or broken.
    """
    try:
        scores = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
        rows = read_rows(folder / "validation.csv")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{folder}: no validation can be read there ({error}); run rascade cohort validate"
        ) from error
    return rows, scores


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read predictions of values as `rascade.calibration.validate.table` gives them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_typed(row) for row in csv.DictReader(file)]


def _typed(row: Mapping[str, str]) -> dict[str, Any]:
    texts = ("arm_id", "endpoint", "role")
    typed: dict[str, Any] = {name: row[name] for name in texts}
    typed["inside"] = row["inside"] == "True"
    for name, value in row.items():
        if name not in typed:
            typed[name] = float(value) if value else None
    return typed


def score_rows(scores: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return role, end point, values, inside, rank correlation, and errors, one row each."""
    return [
        (
            _ROLES[role],
            _NAMES[endpoint],
            str(one["n"]),
            f"{one['inside_90']} ({one['inside_90'] / one['n']:.0%})",
            number(one["rank_correlation"], 2),
            *(number(one["error"][way], 2) for way in _WAYS),
        )
        for role in _ROLES
        for endpoint, one in scores.get(role, {}).items()
    ]


_WAYS = ("model", "mean of the line", "prior", "previous model")
SCORE_HEADS = (
    "Role", "End point", "Values", "Inside 90 %", "Rank correlation",
    *(f"Error: {way}" for way in _WAYS),
)  # fmt: skip


def write_validation_report(folder: Path) -> Path:
    """Write ``validation.html`` into a folder with ``validation.csv`` and ``validation.json``.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import research_footer, write_page

    rows, scores = read_validation(folder)
    with drawing():
        figure = validation_figure(rows, research_footer("validation"))
    page = render(
        "validation.html.j2",
        title="How well the population predicts",
        lead=_lead(scores),
        figure=figure,
        scores=Table(
            "Scores by role and end point, beside the baselines",
            SCORE_HEADS,
            score_rows(scores),
            numeric=frozenset(range(2, 9)),
        ),
        values=Table(
            "Every value",
            ("Arm", "End point", "Role", "Published", "Predicted", "90 % interval", "Inside",
             "Mean of the line"),
            _value_rows(rows),
            numeric=frozenset({3, 4, 5, 7}),
            wide=frozenset({0}),
        ),
        limits=_LIMITS,
    )  # fmt: skip
    return write_page(folder / "validation.html", page)


def _lead(scores: Mapping[str, Any]) -> str:
    unseen = scores.get("validate", {}).values()
    inside, n = sum(one["inside_90"] for one in unseen), sum(one["n"] for one in unseen)
    return (
        f"Of {n} published values that were never fitted, {inside} lie inside their 90 % "
        "predictive interval."
    )


def _value_rows(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            plain(row["arm_id"]),
            value_name(row["endpoint"]),
            _ROLES[row["role"]],
            number(row["published"]),
            number(row["predicted"]) or "not reached",
            f"{number(row['low90'])} to {number(row['high90']) or 'not reached'}",
            "yes" if row["inside"] else "no",
            number(row["mean_of_line"]),
        )
        for row in rows
    ]
