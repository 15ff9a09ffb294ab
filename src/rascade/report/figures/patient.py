"""Figures of one patient's course: drug levels, signals, cells, tumour size, with dose ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import (
    ARM_COLORS,
    GREY,
    WIDTH,
    Canvas,
    Figure,
    declutter,
    fit,
    lines_of,
    wrap,
)
from rascade.report.look.text import clean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["PANELS", "patient_figures"]

# Panel of `simulation.json`: title, logarithmic axis, start the axis at zero.
PANELS: dict[str, tuple[str, bool]] = {
    "drug": ("Drug levels", True),
    "ras": ("RAS-GTP", False),
    "signal": ("Pathway signals", False),
    "mapk": ("MAPK pathway", False),
    "pi3k": ("PI3K pathway", False),
    "cells": ("Cells by clone", True),
    "immune": ("T cells in the tumour", False),
    "infused": ("Infused T cells", True),
    "vaccine": ("Vaccine-induced T cells", False),
    "checkpoints": ("Checkpoints and costimulation", False),
    "myeloid": ("Myeloid cells", False),
    "cytokines": ("Cytokine signals", False),
    "priming": ("From secretion to priming and entry", False),
    "stroma": ("Stroma and vessels", False),
    "tumour": ("Tumour size", False),
}
_ALIASES = {
    "drugs": "drug", "tumor": "tumour", "signals": "signal", "clones": "cells", "size": "tumour",
}  # fmt: skip
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
    axes.set_ylabel(wrap(f"{title} ({unit})" if unit else title, _PLOT, 7.5))
    labels = [clean(about.get("label") or column) for column, about in shown]
    _label_lines(axes, series, labels)
    if drugs:
        axes.tick_params(bottom=False, labelbottom=False)
        axes = _dose_strip(canvas, simulation, drugs, end or 1.0, top + _PLOT)
    axes.set_xlabel("Day")
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
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    from rascade.report.look.text import number, power_of_ten

    finite = np.concatenate([v[np.isfinite(v)] for v in series]) if series else np.empty(0)
    positive = finite[finite > 0]
    if log and positive.size:
        high = float(positive.max())
        low = max(float(positive.min()), high * 10.0**-_DECADES)
        axes.set_yscale("log")
        axes.set_ylim(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high * 1.05)))
        decades = np.log10(axes.get_ylim()[1] / axes.get_ylim()[0])
        axes.yaxis.set_major_locator(LogLocator(base=10, numticks=9))
        write = number if decades < 4.5 else power_of_ten
        axes.yaxis.set_major_formatter(lambda value, _: write(float(value)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        if decades > 4.5:
            axes.yaxis.set_minor_locator(NullLocator())
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
    width = WIDTH - _LEFT - _RIGHT
    labels = [wrap(label, _RIGHT - 0.25, 7, most=3) for label in labels]
    gap = min(0.15 * lines_of(labels), _PLOT / max(len(labels), 1)) / _PLOT
    placed = declutter(ends, gap, 0.03, 0.97)
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
            label,
            fontsize=7 if lines_of(labels) * len(labels) <= 11 else 6,
            linespacing=1.0,
            va="center",
            color=ARM_COLORS[index],
            transform=axes.transAxes,
        )


def _dose_strip(
    canvas: Canvas, simulation: dict[str, Any], drugs: list[str], end: float, top: float
) -> Axes:
    """A row of ticks a drug under the plot; carries the day axis."""
    axes = canvas.axes(_LEFT, top, WIDTH - _LEFT - _RIGHT, 0.13 * len(drugs) + 0.04)
    axes.spines["left"].set_visible(False)
    axes.set(xlim=(0, end), ylim=(len(drugs) + 0.3, 0), yticks=[])
    for row, drug in enumerate(drugs):
        days = sorted({float(d["day"]) for d in simulation["doses"] if clean(d["drug"]) == drug})
        axes.vlines(days, row + 0.25, row + 0.85, color=GREY, linewidth=0.6)
        text = fit(f"{drug} doses", _RIGHT - 0.25, 6)
        canvas.text(WIDTH - _RIGHT + 0.14, top + 0.13 * (row + 0.55), text, size=6, color=GREY)
    return axes
