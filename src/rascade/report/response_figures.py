"""Waterfall, spider and biomarker figures: what the tumours and the pathway did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.report.canvas import (
    GREY,
    INK,
    RESPONSE_COLORS,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    fit,
)
from rascade.report.survival_figures import month_ticks
from rascade.trial.endpoints import DAYS_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.folder import TrialRun

__all__ = ["spider_figure", "waterfall_figure"]

CAP = 100.0  # % growth at which bars and lines are cut
_LEFT, _GAP, _PANEL = 0.74, 0.28, 1.85  # inches
_MANY_POINTS = 20_000  # lines above this are drawn as a picture inside the SVG


def _grid(run: TrialRun, title: str, xlabel: str, under: float) -> tuple[Canvas, list[Axes]]:
    """Panels of equal size, one an arm, with the shared vertical axis and the response key."""
    count = len(run.arms)
    columns = 1 if count == 1 else 2 if count in (2, 4) else 3
    rows = -(-count // columns)
    width = (WIDTH - _LEFT - 0.12 - _GAP * (columns - 1)) / columns
    top = Canvas.TOP + 0.42
    step = _PANEL + under + 0.26
    canvas = Canvas(WIDTH, top + step * rows - 0.16 + Canvas.FOOTER, title, run.footer)
    panels = []
    for index, arm in enumerate(run.arms):
        row, column = divmod(index, columns)
        axes = canvas.axes(_LEFT + column * (width + _GAP), top + step * row, width, _PANEL)
        axes.set(ylim=(-105, CAP + 12), yticks=[-100, -50, 0, 50, 100])
        axes.set_xlabel(xlabel)
        if column:
            axes.tick_params(labelleft=False)
        else:
            axes.set_yticklabels(["−100", "−50", "0", "+50", "+100"])
            axes.set_ylabel("Change in sum of diameters\nfrom baseline (%)", labelpad=1)
        name = fit(arm, width - 0.55, 7.5, "bold")
        axes.text(0, 1.03, name, transform=axes.transAxes, weight="bold", color=arm_color(index))
        _thresholds(axes)
        panels.append(axes)
    _key(canvas, Canvas.TOP + 0.08)
    return canvas, panels


def _thresholds(axes: Axes) -> None:
    for level in (-30, 20):
        axes.axhline(level, color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.5)
    axes.axhline(0, color=INK, linewidth=0.5, zorder=0.5)


def _key(canvas: Canvas, y: float) -> None:
    from matplotlib.patches import Rectangle

    x = _LEFT
    canvas.text(x, y, "Best response", size=7, weight="bold")
    x += 0.92
    for name, color in RESPONSE_COLORS.items():
        box = Rectangle(
            (x / canvas.width, 1 - (y + 0.045) / canvas.height),
            0.13 / canvas.width,
            0.09 / canvas.height,
            transform=canvas.figure.transFigure,
            facecolor=color,
            edgecolor=GREY,
            linewidth=0.3,
        )
        canvas.figure.add_artist(box)
        canvas.text(x + 0.18, y, name, size=7)
        x += 0.5


def waterfall_figure(run: TrialRun) -> Figure:
    """Draw the best change in tumour size of every patient, one panel an arm."""
    canvas, panels = _grid(run, "Best change in tumour size", "Patients, by change", 0.24)
    notes = []
    for arm, axes in zip(run.arms, panels, strict=True):
        rows = run.of_arm(arm)
        change = rows["best_change_pct"].to_numpy(float)
        response = rows["best_response"].to_numpy(str)
        known = np.isfinite(change)
        order = np.argsort(-change[known], kind="stable")
        _bars(axes, change[known][order], response[known][order])
        shown, missing = int(known.sum()), int((~known).sum())
        note = f"n = {shown}" + (f" ({missing} not evaluable)" if missing else "")
        axes.text(1, 1.03, note, transform=axes.transAxes, fontsize=6.5, ha="right", color=GREY)
        deep = float((change[known] <= -30).mean() * 100) if shown else 0.0
        notes.append(f"{arm}: {note}, {deep:.0f} % shrank by 30 % or more")
    caption = (
        "One bar a patient: smallest change of the sum of target diameters up to the first "
        "progression. Dashed lines: −30 % (partial response) and +20 %. Bars above +100 % are cut "
        "and marked with a triangle. A patient may be PD with a shrinking sum because of a new lesion."
    )
    alt = "Waterfall plot. " + ". ".join(notes) + "."
    return Figure("waterfall", "Best change in tumour size", caption, alt, canvas.svg())


def _bars(axes: Axes, change: np.ndarray, response: np.ndarray) -> None:
    from matplotlib.collections import PolyCollection

    x = np.arange(len(change))
    half = 0.5 if len(change) > 120 else 0.42
    height = np.minimum(change, CAP)
    # A change of nothing still needs a bar that can be seen.
    height = np.where(np.abs(height) < 0.6, 0.6, height)
    corners = np.stack(
        [
            np.stack([x - half, x + half, x + half, x - half], axis=1),
            np.stack([0 * x, 0 * x, height, height], axis=1),
        ],
        axis=2,
    )
    colors = [RESPONSE_COLORS.get(r, RESPONSE_COLORS["NE"]) for r in response]
    edge = colors if len(change) > 120 else "white"
    axes.add_collection(
        PolyCollection(list(corners), facecolors=colors, edgecolors=edge, linewidths=0.2)
    )
    cut = np.flatnonzero(change > CAP)
    axes.plot(
        cut,
        np.full(len(cut), CAP + 5),
        "^",
        markersize=2.6,
        color=INK,
        clip_on=False,
        linestyle="none",
    )
    axes.set_xlim(-0.8, max(len(change), 1) - 0.2)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def spider_figure(run: TrialRun) -> Figure:
    """Draw the change in tumour size of every patient over time, one panel an arm."""
    canvas, panels = _grid(
        run, "Tumour size over time", "Time from start of treatment (months)", 0.42
    )
    best = run.patients.set_index("patient")["best_response"].astype(str).to_dict()
    visits = run.visits
    ticks = month_ticks(float(visits["day"].max()) / DAYS_PER_MONTH if len(visits) else 1.0)
    crowded = len(visits) > _MANY_POINTS
    if len(ticks) > 6 and len(run.arms) > 1:
        ticks = ticks[::2] if len(ticks) % 2 else [*ticks[::2], ticks[-1] + ticks[1]]
    for arm, axes in zip(run.arms, panels, strict=True):
        rows = visits[visits["arm"] == arm]
        fresh = _lines(axes, rows, best, crowded)
        axes.set(xlim=(0, ticks[-1]), xticks=ticks)
        axes.set_xticklabels([f"{tick:g}" for tick in ticks])
        note = f"× new lesion ({fresh})" if fresh else "no new lesions"
        axes.text(1, 1.03, note, transform=axes.transAxes, fontsize=6.5, ha="right", color=GREY)
    caption = (
        "One line a patient, coloured by best response, from baseline through the visits; × marks "
        "the first visit with a new lesion. Lines leave the panel above +100 %."
    )
    counts = "; ".join(f"{arm}: {len(run.of_arm(arm))} patients" for arm in run.arms)
    return Figure(
        "spider", "Tumour size over time", caption, f"Spider plot. {counts}.", canvas.svg()
    )


def _lines(axes: Axes, rows: object, best: dict[object, str], crowded: bool) -> int:
    from matplotlib.collections import LineCollection

    assert hasattr(rows, "sort_values")
    ordered = rows.sort_values(["patient", "day"], kind="stable")
    ordered = ordered[np.isfinite(ordered["change_pct"].to_numpy(float)) & (ordered["day"] > 0)]
    patient = ordered["patient"].to_numpy()
    month = ordered["day"].to_numpy(float) / DAYS_PER_MONTH
    # Far above the panel the exact height does not matter, and huge numbers cost bytes.
    change = np.minimum(ordered["change_pct"].to_numpy(float), 400.0)
    fresh = ordered["new_lesion"].to_numpy(bool)
    changes = np.r_[True, patient[1:] != patient[:-1]] if len(patient) else np.empty(0, bool)
    starts = np.flatnonzero(changes)
    segments, colors, marks = [], [], []
    for begin, end in zip(starts, [*starts[1:], len(patient)], strict=True):
        own = slice(begin, end)
        segments.append(np.c_[np.r_[0.0, month[own]], np.r_[0.0, change[own]]])
        color = RESPONSE_COLORS.get(best.get(patient[begin], "NE"), RESPONSE_COLORS["NE"])
        colors.append(color)
        if fresh[own].any():
            first = begin + int(fresh[own].argmax())
            marks.append((month[first], min(change[first], CAP + 6), color))
    busy = len(segments) > 100
    axes.add_collection(
        LineCollection(
            segments,
            colors=colors,
            linewidths=0.45 if busy else 0.8,
            alpha=0.65 if busy else 0.9,
            rasterized=crowded,
        )
    )
    if marks:
        x, y, shade = zip(*marks, strict=True)
        axes.scatter(
            x,
            y,
            s=7 if busy else 14,
            marker="x",
            c=shade,
            linewidths=0.8,
            zorder=3,
            rasterized=crowded,
        )
    return len(marks)
