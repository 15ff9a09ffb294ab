"""Pathway signals relative to baseline over time, by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.report.canvas import GREY, WIDTH, Canvas, Figure, arm_color, fit, text_width
from rascade.report.survival_figures import month_ticks
from rascade.trial.endpoints import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from rascade.report.folder import TrialRun

__all__ = ["BIOMARKERS", "biomarker_figure"]

BIOMARKERS = {"RAS_GTP_rel": "RAS-GTP", "pERK_rel": "pERK", "pAKT_rel": "pAKT"}
LEAST = 5  # patients at a visit for its quantiles to be drawn
_HEIGHT = 1.75


def biomarker_figure(run: TrialRun) -> Figure | None:
    """Draw median and 5-95 % band of each signal while on treatment; None without the columns."""
    names = [name for name in BIOMARKERS if name in run.visits]
    rows = run.visits
    if "on_treatment" in rows:
        rows = rows[rows["on_treatment"].astype(bool)]
    rows = rows[rows["day"] > 0]
    if not names or rows.empty:
        return None
    left, gap = 0.62, 0.42
    width = (WIDTH - left - 0.15 - gap * (len(names) - 1)) / len(names)
    top = Canvas.TOP + 0.42
    canvas = Canvas(WIDTH, top + _HEIGHT + 0.5 + Canvas.FOOTER, "Pathway signals", run.footer)
    _arm_key(canvas, run)
    quantiles = {(a, n): _quantiles(rows, a, n) for a in run.arms for n in names}
    last = max((float(q[0][-1]) for q in quantiles.values() if len(q[0])), default=1.0)
    ticks = month_ticks(last)
    ticks = ticks if len(ticks) <= 6 else ticks[::2]
    for index, name in enumerate(names):
        axes = canvas.axes(left + index * (width + gap), top, width, _HEIGHT)
        for position, arm in enumerate(run.arms):
            month, low, middle, high = quantiles[arm, name]
            color = arm_color(position)
            axes.fill_between(month, low, high, color=color, alpha=0.16, linewidth=0)
            axes.plot(month, middle, color=color, marker="o", markersize=2)
        axes.axhline(100, color=GREY, linewidth=0.6, linestyle=(0, (4, 3)), zorder=0.5)
        highest = max(
            [
                110.0,
                *(float(q[3].max()) for (_, n), q in quantiles.items() if n == name and len(q[3])),
            ]
        )
        axes.set(xlim=(0, max(last, ticks[-1])), ylim=(0, 1.04 * highest), xticks=ticks)
        axes.set_xlabel("Time (months)")
        axes.text(0, 1.03, BIOMARKERS[name], transform=axes.transAxes, weight="bold")
        if index == 0:
            axes.set_ylabel("Relative to own baseline (%)")
    caption = (
        "Median and 5–95 % range of the patients on treatment at each visit, relative to each "
        f"patient's own baseline (dashed, 100 %). Visits with fewer than {LEAST} patients on "
        "treatment are not drawn, except in arms that are that small. Later visits show those who "
        "stayed on treatment, not the whole arm."
    )
    alt = (
        "Pathway signals over time. "
        + "; ".join(
            f"{arm}, {BIOMARKERS[name]}: median {q[2][1]:.0f} % of baseline at the first visit"
            for (arm, name), q in quantiles.items()
            if len(q[2]) > 1
        )
        + "."
    )
    return Figure("biomarkers", "Pathway signals", caption, alt, canvas.svg())


def _arm_key(canvas: Canvas, run: TrialRun) -> None:
    from matplotlib.lines import Line2D

    room = (WIDTH - 0.8) / len(run.arms) - 0.45
    x, y = 0.62, Canvas.TOP + 0.06
    for position, arm in enumerate(run.arms):
        at = [x / canvas.width, (x + 0.22) / canvas.width]
        level = 1 - y / canvas.height
        line = Line2D(
            at,
            [level, level],
            color=arm_color(position),
            linewidth=1.6,
            transform=canvas.figure.transFigure,
        )
        canvas.figure.add_artist(line)
        name = fit(arm, room, 7)
        canvas.text(x + 0.28, y, name, size=7)
        x += 0.28 + text_width(name, 7) + 0.22


def _quantiles(rows: pd.DataFrame, arm: str, name: str) -> tuple[np.ndarray, ...]:
    """Months, 5 %, median and 95 % of an arm, with the baseline of 100 % put in front."""
    own = rows[(rows["arm"] == arm) & np.isfinite(rows[name].to_numpy(float))]
    if own.empty:
        return (np.empty(0),) * 4
    least = min(LEAST, own["patient"].nunique())
    grouped = own.groupby("day", sort=True)[name]
    enough = grouped.size() >= least
    if not enough.any():
        return (np.empty(0),) * 4
    month = np.r_[0.0, enough.index[enough].to_numpy(float) / DAYS_PER_MONTH]
    low, middle, high = (
        np.r_[100.0, 100 * grouped.quantile(q)[enough].to_numpy(float)] for q in (0.05, 0.5, 0.95)
    )
    return month, low, middle, high
