"""Waterfall and spider figures: what the tumours did."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.figures.survival import month_ticks
from rascade.report.look.canvas import (
    GREY,
    INK,
    RESPONSE_COLORS,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    lines_of,
    readable,
    wrap,
)
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun

__all__ = ["response_key", "spider_figure", "waterfall_figure"]

CAP = 100.0  # % growth at which bars and lines are cut
_LEFT, _GAP, _PANEL, _HEAD = 0.74, 0.28, 1.85, 0.3  # inches
_MANY = 120  # patients in a panel above which bars touch and lines get thin
_MANY_POINTS = 20_000  # visits above which lines are drawn as a picture inside the SVG


def _grid(run: TrialRun, title: str, xlabel: str, under: float) -> tuple[Canvas, list[Axes]]:
    """Panels of equal size, one an arm, with the shared vertical axis and the response key.

    Args:
        run: the run.
        title: of the figure.
        xlabel: under every panel.
        under: inches for what stands under a panel.
    """
    count = len(run.arms)
    columns = 1 if count == 1 else 2 if count in (2, 4) else 3
    rows = -(-count // columns)
    width = (WIDTH - _LEFT - 0.12 - _GAP * (columns - 1)) / columns
    head = _HEAD + 0.15 * (lines_of(_names(run.arms, width)) - 1)
    top = Canvas.TOP + 0.22 + head
    step = _PANEL + under + head
    height = top + step * rows - head + 0.1 + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, title, run.footer)
    panels = []
    for index in range(count):
        row, column = divmod(index, columns)
        axes = canvas.axes(_LEFT + column * (width + _GAP), top + step * row, width, _PANEL)
        axes.set(ylim=(-105, CAP + 12), yticks=[-100, -50, 0, 50, 100])
        axes.set_xlabel(xlabel)
        if column:
            axes.tick_params(labelleft=False)
        else:
            axes.set_yticklabels(["−100", "−50", "0", "+50", "+100"])
            axes.set_ylabel("Change in sum of diameters\nfrom baseline (%)", labelpad=1)
        for level in (-30, 20):
            axes.axhline(level, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=2.5)
        axes.axhline(0, color=INK, linewidth=0.5, zorder=2.5)
        panels.append(axes)
    response_key(canvas, _LEFT, Canvas.TOP + 0.08)
    return canvas, panels


def _names(arms: Sequence[str], width: float) -> list[str]:
    """Break the names of arms so that they fit over a panel."""
    return [wrap(arm, width, 7.5, "bold", most=6) for arm in arms]


def _head(axes: Axes, arm: str, index: int, note: str) -> None:
    """Name of the arm over a panel, and a note under the name."""
    width = axes.get_position().width * WIDTH
    name, color = _names([arm], width)[0], readable(arm_color(index))
    place: dict[str, Any] = {"transform": axes.transAxes}
    axes.text(0, 1 + 0.15 / _PANEL, name, weight="bold", color=color, va="bottom", **place)
    axes.text(0, 1 + 0.08 / _PANEL, note, fontsize=6.5, color=GREY, va="center", **place)


def response_key(canvas: Canvas, x: float, y: float, step: float = 0.5) -> float:
    """Draw what the colours of responses mean, from a place in inches; return where it ends."""
    from matplotlib.patches import Rectangle

    canvas.text(x, y, "Best response", size=7, weight="bold")
    x += 0.92
    for name, color in RESPONSE_COLORS.items():
        box = Rectangle(
            (x / canvas.width, canvas.up(y + 0.045)),
            0.13 / canvas.width,
            0.09 / canvas.height,
            transform=canvas.figure.transFigure,
            facecolor=color,
            edgecolor=GREY,
            linewidth=0.3,
        )
        canvas.figure.add_artist(box)
        canvas.text(x + 0.18, y, name, size=7)
        x += step
    return x


def waterfall_figure(run: TrialRun) -> Figure:
    """Draw the best change in tumour size of every patient, one panel an arm."""
    title = "Best change in tumour size"
    canvas, panels = _grid(run, title, "Patients, by change", 0.24)
    said = []
    for index, (arm, axes) in enumerate(zip(run.arms, panels, strict=True)):
        rows = run.of_arm(arm)
        change = rows["best_change_pct"].to_numpy(float)
        response = rows["best_response"].to_numpy(str)
        known = np.isfinite(change)
        order = np.argsort(-change[known], kind="stable")
        _bars(axes, change[known][order], response[known][order])
        shown, missing = int(known.sum()), int((~known).sum())
        note = f"n = {shown}" + (f", {missing} without a scan that counts" if missing else "")
        _head(axes, arm, index, note)
        deep = f"{100 * (change[known] <= -30).mean():.0f} %" if shown else "none"
        said.append(f"{arm}: {note}, {deep} shrank by 30 % or more")
    caption = (
        "One bar a patient: smallest change of the sum of target diameters up to the first "
        "progression. Dashed lines: −30 % (partial response) and +20 %. Bars above +100 % are cut "
        "and marked with a triangle. A patient may be PD with a shrinking sum because of a new "
        "lesion."
    )
    return Figure(
        "waterfall",
        title,
        caption,
        f"Waterfall plot. {'. '.join(said)}.",
        canvas.svg(),
        canvas.figure,
    )


def _bars(axes: Axes, change: np.ndarray, response: np.ndarray) -> None:
    from matplotlib.collections import PolyCollection

    many = len(change) > _MANY
    x = np.arange(len(change))
    half = 0.5 if many else 0.42
    height = np.minimum(change, CAP)
    # A change of nothing still needs a bar that can be seen.
    height = np.where(np.abs(height) < 0.6, 0.6, height)
    across = np.stack([x - half, x + half, x + half, x - half], axis=1)
    along = np.stack([0 * x, 0 * x, height, height], axis=1)
    corners = list(np.stack([across, along], axis=2))
    colors = [RESPONSE_COLORS.get(r, RESPONSE_COLORS["NE"]) for r in response]
    edges = colors if many else "none"
    axes.add_collection(
        PolyCollection(corners, facecolors=colors, edgecolors=edges, linewidths=0.2)
    )
    cut = np.flatnonzero(change > CAP)
    style: dict[str, Any] = {"markersize": 2.6, "color": INK, "clip_on": False, "linestyle": "none"}
    axes.plot(cut, np.full(len(cut), CAP + 5), marker="^", **style)
    # A panel of three patients must not turn into three walls.
    room = max(len(change), 12)
    axes.set_xlim(-0.8 - (room - len(change)) / 2, len(change) - 0.2 + (room - len(change)) / 2)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def spider_figure(run: TrialRun) -> Figure:
    """Draw the change in tumour size of every patient over time, one panel an arm."""
    title = "Tumour size over time"
    canvas, panels = _grid(run, title, "Time from start of treatment (months)", 0.42)
    visits = run.visits
    last = float(visits["day"].max()) / DAYS_PER_MONTH if len(visits) else 1.0
    ticks = month_ticks(last, 5 if len(run.arms) > 1 else 9)
    crowded = len(visits) > _MANY_POINTS
    for index, (arm, axes) in enumerate(zip(run.arms, panels, strict=True)):
        # The same virtual patient may stand in every arm, so numbers are looked up inside the arm.
        own = run.of_arm(arm)
        best = dict(zip(own["patient"], own["best_response"].astype(str), strict=True))
        fresh = _lines(axes, visits[visits["arm"] == arm], best, crowded)
        axes.set(xlim=(0, ticks[-1]), xticks=ticks)
        axes.set_xticklabels([f"{tick:g}" for tick in ticks])
        _head(axes, arm, index, f"× new lesion, {fresh} patients" if fresh else "no new lesions")
    caption = (
        "One line a patient, coloured by best response, from baseline through the visits; × marks "
        "the first visit with a new lesion. Lines leave the panel above +100 %."
    )
    counts = "; ".join(f"{arm}: {len(run.of_arm(arm))} patients" for arm in run.arms)
    return Figure("spider", title, caption, f"Spider plot. {counts}.", canvas.svg(), canvas.figure)


def _lines(axes: Axes, rows: pd.DataFrame, best: dict[Any, str], crowded: bool) -> int:
    """Draw the lines of an arm; return how many patients had a new lesion."""
    from matplotlib.collections import LineCollection

    rows = rows.sort_values(["patient", "day"], kind="stable")
    rows = rows[np.isfinite(rows["change_pct"].to_numpy(float)) & (rows["day"] > 0)]
    patient = rows["patient"].to_numpy()
    month = rows["day"].to_numpy(float) / DAYS_PER_MONTH
    # Far above the panel the exact height does not matter, and long numbers cost bytes.
    change = np.minimum(rows["change_pct"].to_numpy(float), 400.0).round(2)
    fresh = rows["new_lesion"].to_numpy(bool)
    first = np.r_[True, patient[1:] != patient[:-1]] if len(patient) else np.empty(0, bool)
    starts = np.flatnonzero(first)
    segments, colors, marks = [], [], []
    for begin, end in pairwise([*starts, len(patient)]):
        own = slice(begin, end)
        segments.append(np.c_[np.r_[0.0, month[own]], np.r_[0.0, change[own]]])
        color = RESPONSE_COLORS.get(best.get(patient[begin], "NE"), RESPONSE_COLORS["NE"])
        colors.append(color)
        if fresh[own].any():
            seen = begin + int(fresh[own].argmax())
            marks.append((month[seen], min(change[seen], CAP + 6), color))
    busy = len(segments) > _MANY
    thickness, alpha, size = (0.45, 0.65, 7.0) if busy else (0.8, 0.9, 14.0)
    if len(segments) > 4 * _MANY:
        thickness, alpha, size = 0.3, 0.4, 4.0
    lines = LineCollection(segments, colors=colors, linewidths=thickness, alpha=alpha)
    lines.set_rasterized(crowded)
    axes.add_collection(lines)
    if marks:
        x, y, shade = zip(*marks, strict=True)
        points = axes.scatter(x, y, s=size, marker="x", c=shade, linewidths=0.8, zorder=3)
        points.set_rasterized(crowded)
    return len(marks)
