"""Pathway signals relative to baseline over time, by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.figures.survival import month_ticks
from rascade.report.look.canvas import (
    GREY,
    LEGEND_LINE,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    arm_legend,
    legend_lines,
    lines_of,
    readable,
    wrap,
)
from rascade.report.look.schedule import on_schedule
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun

__all__ = ["BIOMARKERS", "biomarker_figure"]

BIOMARKERS = {"RAS_GTP_rel": "RAS-GTP", "pERK_rel": "pERK", "pAKT_rel": "pAKT"}
LEAST = 5  # patients at a visit for its quantiles to be drawn
_LEFT, _GAP, _TALL, _LOW = 0.66, 0.36, 1.75, 1.0  # inches
_TOGETHER = 2  # arms whose bands can be told apart in one panel

Band = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # months, 5 %, median, 95 %


def biomarker_figure(run: TrialRun) -> Figure | None:
    """Draw median and 5-95 % band of each signal while on treatment; None without the columns.

    Up to two arms share a panel; more get a row each, because their bands would hide each other.
    """
    names = [name for name in BIOMARKERS if name in run.visits]
    rows = run.visits
    if "on_treatment" in rows:
        rows = rows[rows["on_treatment"].astype(bool)]
    rows = on_schedule(rows[rows["day"] > 0])
    if not names or rows.empty:
        return None
    bands = {(arm, name): _band(rows, arm, name) for arm in run.arms for name in names}
    groups = [run.arms] if len(run.arms) <= _TOGETHER else [[arm] for arm in run.arms]
    height = _TALL if len(groups) == 1 else _LOW
    legend = legend_lines(run.arms, _LEFT) if len(groups) == 1 else []
    heads = [wrap(own[0], WIDTH - _LEFT, 7, most=6) for own in groups] if not legend else []
    key = LEGEND_LINE * sum(text.count("\n") + 1 for text in legend)
    head = 0.13 * lines_of(heads) if heads else 0.0
    top = Canvas.TOP + key + 0.2 + (head + 0.14 if heads else 0.0)
    step = height + (head + 0.28 if heads else 0.0)
    total = top + height + step * (len(groups) - 1) + 0.5 + Canvas.FOOTER
    canvas = Canvas(WIDTH, total, "Pathway signals", run.footer)
    arm_legend(canvas, list(enumerate(legend)), _LEFT, Canvas.TOP - 0.03)
    width = (WIDTH - _LEFT - 0.15 - _GAP * (len(names) - 1)) / len(names)
    ticks = month_ticks(max((float(b[0][-1]) for b in bands.values() if len(b[0])), default=1.0), 5)
    for row, arms in enumerate(groups):
        for column, name in enumerate(names):
            axes = canvas.axes(_LEFT + column * (width + _GAP), top + step * row, width, height)
            _panel(axes, [(run.arms.index(a), bands[a, name]) for a in arms])
            highest = [float(b[3].max()) for (_, n), b in bands.items() if n == name and len(b[3])]
            axes.set(xlim=(0, ticks[-1]), ylim=(0, 1.04 * max([110.0, *highest])), xticks=ticks)
            bottom = row == len(groups) - 1
            axes.set_xlabel("Time from start (months)" if bottom else "")
            axes.tick_params(labelbottom=bottom)
            if row == 0:
                at: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "weight": "bold"}
                axes.text(0, 1 + (head + 0.18 if heads else 0.09) / height, BIOMARKERS[name], **at)
            if column == 0:
                axes.set_ylabel(
                    "% of own baseline" if len(groups) > 1 else "Signal (% of own baseline)"
                )
        if len(groups) > 1:
            color = readable(arm_color(row))
            y = top + step * row - 0.09 - head / 2
            canvas.text(_LEFT, y, heads[row], size=7, color=color)
    return Figure(
        "biomarkers", "Pathway signals", _CAPTION, _alt(bands), canvas.svg(), canvas.figure
    )


_CAPTION = (
    "Median and 5–95 % range of the patients on treatment at each visit, relative to each "
    f"patient's own baseline (dashed, 100 %). Visits with fewer than {LEAST} patients on treatment "
    "are not drawn, except in arms that are that small. Later visits show those who stayed on "
    "treatment, not the whole arm."
)


def _alt(bands: dict[tuple[str, str], Band]) -> str:
    said = [
        f"{arm}, {BIOMARKERS[name]}: median {band[2][1]:.0f} % of baseline at the first visit"
        for (arm, name), band in bands.items()
        if len(band[2]) > 1
    ]
    return f"Pathway signals over time. {'; '.join(said)}."


def _panel(axes: Axes, bands: list[tuple[int, Band]]) -> None:
    for position, (month, low, middle, high) in bands:
        color = arm_color(position)
        axes.fill_between(month, low, high, color=color, alpha=0.16, linewidth=0)
        axes.plot(month, middle, color=color, marker="o", markersize=2)
    axes.axhline(100, color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.5)


def _band(rows: pd.DataFrame, arm: str, name: str) -> Band:
    """Quantiles of an arm in %, with the baseline of 100 % put in front."""
    own = rows[(rows["arm"] == arm) & np.isfinite(rows[name].to_numpy(float))]
    nothing = (np.empty(0), np.empty(0), np.empty(0), np.empty(0))
    if own.empty:
        return nothing
    grouped = own.groupby("day", sort=True)[name]
    enough = grouped.size() >= min(LEAST, own["patient"].nunique())
    if not enough.any():
        return nothing
    month = np.r_[0.0, enough.index[enough].to_numpy(float) / DAYS_PER_MONTH]
    low, middle, high = (
        np.r_[100.0, 100 * grouped.quantile(q)[enough].to_numpy(float)] for q in (0.05, 0.5, 0.95)
    )
    return month, low, middle, high
