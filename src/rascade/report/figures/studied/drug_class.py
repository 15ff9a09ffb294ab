"""Figure of a drug beside its class: engagement and pERK over a day, responses by potency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rascade.report.figures.studied.experiment_curves import (
    legend,
    legend_height,
    line_style,
    panel_title,
)
from rascade.report.look.canvas import FAINT, INK, WIDTH, Canvas, Figure
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["class_figure"]

_WIDE, _HIGH, _STEP = 1.86, 1.5, 2.35
_SHOWN = 14


def class_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the figure; equal records give equal bytes.

    Args:
        record: as in ``class.json``.
        footer: of the figure.
    """
    courses = record["courses"][:_SHOWN]
    names = [plain(course["drug"]) for course in courses]
    tall = legend_height(names)
    height = Canvas.TOP + tall + 0.4 + _HIGH + 0.45 + Canvas.FOOTER + 0.1
    canvas = Canvas(WIDTH, height, f"{plain(record['drug'])} beside its class", footer)
    top = legend(canvas, names, Canvas.TOP + 0.1) + 0.1
    held, perk = (_panel(canvas, k, top, t) for k, t in enumerate(("Target held", "pERK")))
    for k, course in enumerate(courses):
        wide: dict[str, Any] = {"linewidth": 2.0 if k == 0 else 1.1, "zorder": 3 if k == 0 else 2}
        for axes, key in ((held, "held_pct"), (perk, "perk_pct")):
            axes.plot(course["hours"], course[key], **line_style(k), **wide)
    for axes, label in ((held, "%"), (perk, "% of untreated")):
        axes.set_ylim(0, max(105.0, axes.get_ylim()[1]))
        axes.set_xlim(0, 24)
        axes.set_xticks([0, 6, 12, 18, 24])
        axes.set_xlabel(f"hour of day {record['day']}", labelpad=2)
        axes.set_ylabel(label, labelpad=2)
    if record["responses"]:
        _responses(_panel(canvas, 2, top, "Response rate by potency"), record["responses"])
    return Figure(
        "class",
        "Beside its class",
        f"One typical patient with KRAS {plain(record['allele'])}, each drug as it is usually "
        f"given. Target held: {plain(record['target'])}. Right: objective responses of the drug if "
        "it were as many times as potent, in the same patients; bars: 95 % limits by chance.",
        _words(record),
        canvas.svg(),
    )


def _panel(canvas: Canvas, index: int, top: float, title: str) -> Axes:
    left = 0.42 + _STEP * index
    panel_title(canvas, left, top + 0.14, title, _STEP - 0.2)
    axes = canvas.axes(left, top + 0.3, _WIDE, _HIGH)
    axes.grid(axis="y", color=FAINT, linewidth=0.3, zorder=0)
    return axes


def _responses(axes: Axes, rows: list[dict[str, Any]]) -> None:
    factors, rates = [row["factor"] for row in rows], [row["orr_pct"] for row in rows]
    for row in rows:
        axes.plot([row["factor"]] * 2, row["orr_ci"], color=FAINT, linewidth=1.2, zorder=1)
    axes.plot(factors, rates, marker="o", markersize=3, color=INK, zorder=2)
    axes.set_xscale("log")
    axes.set_xticks(factors, [f"{factor:.2g}" for factor in factors])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("potency relative to the drug", labelpad=2)
    axes.set_ylabel("%", labelpad=2)


def _words(record: Mapping[str, Any]) -> str:
    told = [
        f"{plain(course['drug'])}: holds {number(min(course['held_pct']))} to "
        f"{number(max(course['held_pct']))} % of the target, pERK "
        f"{number(min(course['perk_pct']))} to {number(max(course['perk_pct']))} %."
        for course in record["courses"][:_SHOWN]
    ]
    rates = ", ".join(f"{row['factor']:.2g}: {row['orr_pct']:g} %" for row in record["responses"])
    return " ".join([*told, *([f"Responses by potency: {rates}."] if rates else [])])
