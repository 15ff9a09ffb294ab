"""Figures of one patient's course: drug levels, signals, cells, tumour size, with dose ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.canvas import ARM_COLORS, GREY, WIDTH, Canvas, Figure, declutter, fit
from rascade.report.text import clean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["PANELS", "patient_figures"]

# Panel of `simulation.json`: title, logarithmic axis, start the axis at zero.
PANELS: dict[str, tuple[str, bool]] = {
    "drug": ("Drug levels", True),
    "ras": ("RAS-GTP", False),
    "signal": ("Pathway signals", False),
    "cells": ("Cells by clone", True),
    "immune": ("Immune cells", True),
    "tumour": ("Tumour size", False),
}
_ALIASES = {"drugs": "drug", "tumor": "tumour", "signals": "signal", "clones": "cells"}
_LEFT, _RIGHT, _PLOT = 0.78, 1.5, 1.7
_DECADES = 6  # a logarithmic axis shows at most this many: below it a drug is gone
_MOST_LINES = 7


def patient_figures(
    trajectory: pd.DataFrame, simulation: dict[str, Any], footer: str
) -> list[Figure]:
    """Draw a figure for each panel that the columns of the trajectory name."""
    panels: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for name, about in (simulation.get("columns") or {}).items():
        panel = str(about.get("panel") or "").lower()
        panel = _ALIASES.get(panel, panel)
        if panel and name in trajectory:
            panels.setdefault((panel, clean(about.get("unit") or "")), []).append((name, about))
    order = list(PANELS)
    keys = sorted(panels, key=lambda k: order.index(k[0]) if k[0] in PANELS else len(order))
    used: dict[str, int] = {}
    figures = []
    for key in keys:
        used[key[0]] = used.get(key[0], 0) + 1
        name = key[0] if used[key[0]] == 1 else f"{key[0]}-{used[key[0]]}"
        figures.append(_panel(name, key, panels[key], trajectory, simulation, footer))
    return figures


def _panel(
    name: str,
    key: tuple[str, str],
    columns: list[tuple[str, dict[str, Any]]],
    trajectory: pd.DataFrame,
    simulation: dict[str, Any],
    footer: str,
) -> Figure:
    panel, unit = key
    title, log = PANELS.get(panel, (clean(panel).capitalize(), False))
    drugs = list(dict.fromkeys(clean(d["drug"]) for d in simulation.get("doses") or []))
    strip = 0.13 * len(drugs)
    top = Canvas.TOP + 0.06
    height = top + _PLOT + strip + 0.52 + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, title, footer)
    axes = canvas.axes(_LEFT, top, WIDTH - _LEFT - _RIGHT, _PLOT)
    day = trajectory["day"].to_numpy(float)
    shown = columns[:_MOST_LINES]
    series = [trajectory[column].to_numpy(float) for column, _ in shown]
    end = float(np.nanmax(day)) if day.size else 1.0
    _scale(axes, series, log)
    for index, values in enumerate(series):
        axes.plot(day, values, color=ARM_COLORS[index], linewidth=1.1)
    axes.set_xlim(0, end or 1.0)
    axes.set_ylabel(fit(f"{title} ({unit})" if unit else title, _PLOT + 0.2, 7.5))
    labels = [clean(about.get("label") or column) for column, about in shown]
    _label_lines(axes, series, labels)
    _dose_strip(canvas, simulation, drugs, end or 1.0, top + _PLOT)
    axes.tick_params(labelbottom=not drugs)
    if not drugs:
        axes.set_xlabel("Day")
    else:
        _day_axis(canvas, axes, top + _PLOT + strip)
    caption = f"{title} of one simulated patient"
    caption += "; ticks under the axis are doses." if drugs else "."
    if len(columns) > len(shown):
        caption += f" The first {len(shown)} of {len(columns)} quantities are drawn."
    alt = (
        f"{title} over {end:g} days: "
        + ", ".join(
            f"{label} ends at {values[-1]:.3g} {unit}".rstrip()
            for label, values in zip(labels, series, strict=True)
            if len(values)
        )
        + "."
    )
    return Figure(name, title if not unit else f"{title} ({unit})", caption, alt, canvas.svg())


def _scale(axes: Axes, series: list[Any], log: bool) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    from rascade.report.text import number

    finite = np.concatenate([v[np.isfinite(v)] for v in series]) if series else np.empty(0)
    positive = finite[finite > 0]
    if log and positive.size:
        high = float(positive.max())
        low = max(float(positive.min()), high * 10.0**-_DECADES)
        axes.set_yscale("log")
        axes.set_ylim(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high * 1.05)))
        axes.yaxis.set_major_locator(LogLocator(base=10, numticks=8))
        axes.yaxis.set_major_formatter(lambda value, _: number(float(value)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1.08 * float(positive.max()) if positive.size else 1.0)
        axes.yaxis.set_major_formatter(lambda value, _: number(float(value)))


def _label_lines(axes: Axes, series: list[Any], labels: list[str]) -> None:
    low, high = axes.get_ylim()
    log = axes.get_yscale() == "log"

    def place(value: float) -> float:
        value = min(max(value, low), high) if np.isfinite(value) else low
        if log:
            return float(np.log(value / low) / np.log(high / low))
        return (value - low) / (high - low)

    ends = []
    for values in series:
        known = values[np.isfinite(values)]
        ends.append(place(float(known[-1])) if known.size else 0.0)
    gap = 0.15 / _PLOT
    placed = declutter(ends, gap, 0.03, 0.97)
    width = WIDTH - _LEFT - _RIGHT
    for index, label in enumerate(labels):
        axes.plot(
            [1.0, 1 + 0.1 / width],
            [ends[index], placed[index]],
            color=ARM_COLORS[index],
            linewidth=0.5,
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(
            1 + 0.14 / width,
            placed[index],
            fit(label, _RIGHT - 0.25, 7),
            fontsize=7,
            va="center",
            color=ARM_COLORS[index],
            transform=axes.transAxes,
        )


def _dose_strip(
    canvas: Canvas, simulation: dict[str, Any], drugs: list[str], end: float, top: float
) -> None:
    if not drugs:
        return
    axes = canvas.axes(_LEFT, top, WIDTH - _LEFT - _RIGHT, 0.13 * len(drugs))
    axes.axis("off")
    axes.set(xlim=(0, end), ylim=(len(drugs), 0))
    for row, drug in enumerate(drugs):
        days = sorted({float(d["day"]) for d in simulation["doses"] if clean(d["drug"]) == drug})
        axes.vlines(days, row + 0.25, row + 0.85, color=GREY, linewidth=0.6)
        text = fit(f"{drug} doses", _RIGHT - 0.25, 6)
        canvas.text(WIDTH - _RIGHT + 0.14, top + 0.13 * (row + 0.55), text, size=6, color=GREY)


def _day_axis(canvas: Canvas, axes: Axes, top: float) -> None:
    low, high = axes.get_xlim()
    ticks = [t for t in axes.get_xticks() if low <= t <= high]
    scale = (WIDTH - _LEFT - _RIGHT) / (high - low)
    for tick in ticks:
        canvas.text(_LEFT + scale * (tick - low), top + 0.12, f"{tick:g}", size=7, ha="center")
    canvas.text(_LEFT + (WIDTH - _LEFT - _RIGHT) / 2, top + 0.3, "Day", ha="center")
