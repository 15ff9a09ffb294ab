"""Figures of experiments: time courses by read-out, and dose-response curves on a log scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import (
    FAINT,
    GREY,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    text_width,
    wrap,
)
from rascade.report.look.text import number, plain, power_of_ten

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from rascade.report.runs.experiment import ExperimentFolder

__all__ = [
    "course_figure",
    "dose_axis",
    "dose_figures",
    "legend",
    "legend_height",
    "line_style",
    "panel_title",
    "time_axis",
]

_COLUMNS = 3
_WIDE, _HIGH = 1.86, 1.35  # of one panel, inches
_STEP_X, _STEP_Y = 2.35, 1.98
_LINES = ("-", "--", ":", "-.")
_UNTREATED = "untreated"
_LINE = 0.16  # of the legend, inches
_SHOWN = 14  # curves in one panel, at most


def line_style(k: int) -> dict[str, Any]:
    """Return colour and dashes of the curve at a place."""
    return {"color": arm_color(k), "linestyle": _LINES[k // 7 % len(_LINES)]}


def legend(canvas: Canvas, names: Sequence[str], top: float) -> float:
    """Write the legend, in two columns if every name fits; return where it ends."""
    columns = _legend_columns(names)
    width, row = WIDTH / columns, 0
    for k, name in enumerate(_legend_names(names)):
        x = 0.1 + width * (k % columns)
        for index, line in enumerate(name.split("\n")):
            y = top + _LINE * (row + index)
            if not index:
                canvas.key(x, y, 0.25, linewidth=1.6, **line_style(k))
            canvas.text(x + 0.32, y, line, size=7)
        if k % columns == columns - 1:
            row += name.count("\n") + 1
    return top + legend_height(names)


def _legend_names(names: Sequence[str]) -> list[str]:
    room = WIDTH / _legend_columns(names) - 0.45
    return [wrap(name, room, 7, most=6) for name in names]


def _legend_columns(names: Sequence[str]) -> int:
    """Names often differ at their end only, so none may be cut short for want of room."""
    return 2 if all(text_width(name, 7) < WIDTH / 2 - 0.45 for name in names) else 1


def legend_height(names: Sequence[str]) -> float:
    """Return how high a legend is, in inches."""
    lines = sum(name.count("\n") + 1 for name in _legend_names(names))
    return _LINE * math.ceil(lines / _legend_columns(names))


def _panels(count: int) -> float:
    return math.ceil(count / _COLUMNS) * _STEP_Y


def _place(canvas: Canvas, index: int, top: float, title: str) -> Axes:
    left = 0.42 + _STEP_X * (index % _COLUMNS)
    height = top + 0.26 + _STEP_Y * (index // _COLUMNS)
    panel_title(canvas, left, height - 0.12, title, _STEP_X - 0.2)
    axes = canvas.axes(left, height, _WIDE, _HIGH)
    axes.axhline(1.0, color=FAINT, linewidth=0.8, zorder=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.3, zorder=0)
    return axes


def panel_title(canvas: Canvas, x: float, y: float, title: str, room: float) -> None:
    """Write the title of a panel, on two smaller lines if it is long."""
    short = text_width(title, 7.5, "bold") <= room
    text = title if short else wrap(title, room, 6, "bold", most=2)
    size = 7.5 if short else 6
    canvas.text(x, y if short else y - 0.03, text, size=size, weight="bold", linespacing=1.0)


def _names(run: ExperimentFolder) -> dict[tuple[str, float], str]:
    """Return the curves of a time course: (treatment, concentration) -> name."""
    found: dict[tuple[str, float], str] = {}
    for treatment, dose in zip(run.table["treatment"], run.table["concentration_nM"], strict=True):
        text = str(treatment)
        if text.split(" in ")[0] == _UNTREATED:
            continue
        key = (text, -1.0 if math.isnan(dose) else float(dose))
        found.setdefault(key, plain(text) if key[1] <= 0 else f"{plain(text)}, {number(dose)} nM")
    return found


def course_figure(run: ExperimentFolder) -> Figure:
    """Return the time courses: one panel a read-out, one line a treatment, with its band."""
    names = _names(run)
    shown = list(names.items())[:_SHOWN]
    readouts = list(run.summary["readouts"])
    height = _panels(len(readouts))
    tall = legend_height([name for _, name in shown])
    title = f"{run.summary['design'].capitalize()}: {plain(run.summary['study'])}"
    canvas = Canvas(WIDTH, Canvas.TOP + tall + height + Canvas.FOOTER + 0.2, title, run.footer)
    top = legend(canvas, [name for _, name in shown], Canvas.TOP + 0.1)
    days = run.summary["hours"][-1] > 240
    for index, readout in enumerate(readouts):
        axes = _place(canvas, index, top, run.reading(readout))
        part = run.table[run.table["readout"] == readout]
        for k, ((treatment, dose), _) in enumerate(shown):
            mine = part[part["treatment"] == treatment]
            if dose >= 0:
                mine = mine[mine["concentration_nM"] == dose]
            _course(axes, mine, k, days)
        time_axis(axes, run.summary["hours"], days)
        for hour in run.summary.get("washed_out_at_h") or []:
            axes.axvline(hour / (24 if days else 1), color=GREY, linewidth=0.7, linestyle=":")
        axes.set_ylim(bottom=0, top=max(1.15, axes.get_ylim()[1]))
        if index % _COLUMNS == 0:
            axes.set_ylabel("relative to untreated", labelpad=2)
        if index + _COLUMNS >= len(readouts):
            axes.set_xlabel("day" if days else "hour (square-root scale)", labelpad=2)
    more = len(names) - len(shown)
    return Figure(
        "course",
        "Time courses",
        "Relative to untreated at the same time. Lines: typical parameters"
        + ("; bands: 5 % and 95 % points over the drawn parameter sets." if run.has_bands else ".")
        + (" Dotted lines: the drug is washed out." if run.summary.get("washed_out_at_h") else "")
        + (f" {more} more treatments are in results.csv." if more > 0 else ""),
        f"Courses of {', '.join(map(plain, readouts))} under "
        f"{'; '.join(name for _, name in shown)}; the numbers are in the table below.",
        canvas.svg(),
    )


def _course(axes: Axes, mine: pd.DataFrame, k: int, days: bool) -> None:
    hours = mine["time_h"].to_numpy(dtype=float) / (24.0 if days else 1.0)
    low, high = (mine[name].to_numpy(dtype=float) for name in ("low", "high"))
    if np.isfinite(low).any():
        axes.fill_between(hours, low, high, color=arm_color(k), alpha=0.13, linewidth=0)
    axes.plot(
        hours, mine["value"].to_numpy(dtype=float), marker="o", markersize=2.2, **line_style(k)
    )


def time_axis(axes: Axes, hours: Sequence[float], days: bool) -> None:
    """Square-root time in a dish, where most happens in the first hours; days in a mouse."""
    last = hours[-1]
    if days:
        axes.set_xlim(0, last / 24)
        return
    axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0.0)), np.square))
    wanted = [0, 1, 2, 4, 8, 12, 24, 36, 48, 72, 96, 120, 168, 240]
    ticks = [0.0]
    for tick in wanted[1:]:
        if tick <= last and math.sqrt(tick) - math.sqrt(ticks[-1]) >= 0.105 * math.sqrt(last):
            ticks.append(float(tick))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(0, last)


def dose_figures(run: ExperimentFolder) -> list[Figure]:
    """Return the dose-response curves: one panel a read-out and hour, in one figure."""
    entries = run.summary["dose_response"]
    names = list(dict.fromkeys(plain(row["treatment"]) for row in entries))[:_SHOWN]
    order = list(run.summary["readouts"])
    places = sorted(
        {(row["readout"], row["time_h"]) for row in entries},
        key=lambda place: (order.index(place[0]), place[1]),
    )
    height = _panels(len(places))
    tall = legend_height(names)
    canvas = Canvas(
        WIDTH,
        Canvas.TOP + tall + height + Canvas.FOOTER + 0.2,
        f"Dose and response: {plain(run.summary['study'])}",
        run.footer,
    )
    top = legend(canvas, names, Canvas.TOP + 0.1)
    for index, (readout, hour) in enumerate(places):
        axes = _place(canvas, index, top, f"{run.reading(readout)}, {number(hour)} h")
        for k, name in enumerate(names):
            _titration(axes, run, (name, readout, hour), k)
        dose_axis(axes)
        axes.set_ylim(bottom=0, top=max(1.15, axes.get_ylim()[1]))
        if index % _COLUMNS == 0:
            axes.set_ylabel("relative to untreated", labelpad=2)
        if index + _COLUMNS >= len(places):
            axes.set_xlabel("concentration, nM", labelpad=2)
    return [
        Figure(
            "dose-response",
            "Dose and response",
            "Points: typical parameters; lines: four-parameter logistic fits"
            + ("; bands: 5 % and 95 % points over drawn parameter sets" if run.has_bands else "")
            + "; ticks on the axis: EC50 where it lies among the doses.",
            f"Dose-response curves of {', '.join(names)}; EC50, slope and greatest effect are in "
            "the table below.",
            canvas.svg(),
        )
    ]


def dose_axis(axes: Axes) -> None:
    """Make the x axis one of concentrations on a log scale."""
    axes.set_xscale("log")
    axes.minorticks_off()
    low, high = (math.log10(limit) for limit in axes.get_xlim())
    decades = range(math.ceil(low), math.floor(high) + 1)
    shown = list(decades)[:: max(1, math.ceil(len(decades) / 7))]
    axes.set_xticks([10.0**k for k in shown], [power_of_ten(10.0**k) for k in shown])


def _titration(axes: Axes, run: ExperimentFolder, key: tuple[str, str, float], k: int) -> None:
    from rascade.statistics.dose_response import four_parameters

    name, readout, hour = key
    entry = next(
        (
            row
            for row in run.summary["dose_response"]
            if (plain(row["treatment"]), row["readout"], row["time_h"]) == key
        ),
        None,
    )
    table = run.table
    mine = table[
        (table["treatment"].map(plain) == name)
        & (table["readout"] == readout)
        & (table["time_h"] == hour)
        & (table["concentration_nM"] > 0)
    ]
    doses = mine["concentration_nM"].to_numpy(dtype=float)
    low, high = (mine[column].to_numpy(dtype=float) for column in ("low", "high"))
    color = arm_color(k)
    if np.isfinite(low).any():
        axes.fill_between(doses, low, high, color=color, alpha=0.13, linewidth=0)
    values = mine["value"].to_numpy(dtype=float)
    if entry is None or not entry["fitted"]:
        axes.plot(doses, values, marker="o", markersize=2.4, **line_style(k))
        return
    fine = np.geomspace(doses.min(), doses.max(), 200)
    curve = four_parameters(fine, entry["e0"], entry["emax"], entry["ec50_nM"], entry["hill"])
    axes.plot(fine, curve, **line_style(k))
    axes.plot(doses, values, "o", markersize=2.4, color=color)
    if entry["ec50_among_doses"]:
        axes.plot(
            [entry["ec50_nM"]] * 2, [0.0, 0.06], color=color, linewidth=1.4, solid_capstyle="butt"
        )
