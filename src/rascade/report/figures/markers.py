"""Tumour markers over time: CA 19-9 and the KRAS allele fraction in plasma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.report.figures.survival import month_ticks
from rascade.report.look.canvas import (
    GREY,
    INK,
    LEGEND_LINE,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    arm_legend,
    legend_lines,
)
from rascade.report.look.schedule import on_schedule
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun

__all__ = ["marker_course", "marker_figure"]

_MARKERS = {
    "ca19_9_u_ml": "CA 19-9",
    "kras_maf_pct": "KRAS allele fraction in plasma",
}
_LEAST = 5  # patients with a value, below which a median is not drawn
_FLOOR = 0.02  # of baseline: what is not detected is drawn here
_LEFT, _GAP, _PLOT, _RIGHT = 0.62, 0.62, 1.9, 0.2  # inches


def marker_course(patients: pd.DataFrame, visits: pd.DataFrame, marker: str) -> pd.DataFrame:
    """Median and quartiles of a marker relative to its value before treatment, by day.

    Args:
        patients: of one arm, with ``baseline_<marker>``.
        visits: of the same arm.
        marker: column of `visits`.

    Returns:
        Columns day, low, median, high, n; day 0 first. Days with few patients are left out.
    """
    import pandas as pd

    base = patients.set_index("patient")[f"baseline_{marker}"].astype(float)
    base = base[base > 0]
    rows = on_schedule(visits)[["patient", "day", marker]]
    rows = rows.assign(share=rows[marker].astype(float) / rows["patient"].map(base))
    known = rows[np.isfinite(rows["share"])]
    by_day = known.groupby("day")["share"]
    table = {n: by_day.quantile(q) for n, q in (("low", 0.25), ("median", 0.5), ("high", 0.75))}
    later = pd.DataFrame({**table, "n": by_day.size()}).reset_index()
    later = later[later["n"] >= _LEAST]
    columns = ["day", "low", "median", "high", "n"]
    start = np.array([[0.0, 1.0, 1.0, 1.0, len(base)]])
    return pd.DataFrame(np.vstack([start, later[columns].to_numpy(float)]), columns=columns)


def marker_figure(run: TrialRun) -> Figure | None:
    """Draw the course of both markers in all arms; None for a run without them."""
    if not {*_MARKERS} <= set(run.visits.columns) or not len(run.visits):
        return None
    title = "Tumour markers in blood"
    legend = legend_lines(run.arms, 0.06)
    top = Canvas.TOP + 0.3 + LEGEND_LINE * sum(text.count("\n") + 1 for text in legend)
    canvas = Canvas(WIDTH, top + _PLOT + 0.42 + Canvas.FOOTER, title, run.footer)
    arm_legend(canvas, list(enumerate(legend)), 0.06, Canvas.TOP)
    width = (WIDTH - _LEFT - _GAP - _RIGHT) / 2
    ticks = month_ticks(float(run.visits["day"].max()) / DAYS_PER_MONTH, 5)
    said = []
    for index, (marker, label) in enumerate(_MARKERS.items()):
        axes = canvas.axes(_LEFT + index * (width + _GAP), top, width, _PLOT)
        courses = {
            arm: marker_course(run.of_arm(arm), run.visits[run.visits["arm"] == arm], marker)
            for arm in run.arms
        }
        for place, course in enumerate(courses.values()):
            _draw(axes, course, arm_color(place))
        _finish(axes, ticks)
        axes.text(0, 1.04, label, transform=axes.transAxes, weight="bold", fontsize=7.5)
        said += [
            f"{label}, {arm}: median {course['median'].min():.2g} of baseline at its lowest"
            for arm, course in courses.items()
            if len(course)
        ]
    caption = (
        "Median and quartiles relative to the value before treatment, of patients who came to the "
        "scan and have the marker: CA 19-9 in those who can make it, mutant KRAS in those in whom "
        "it was found. Who has died is not there, so late values are those of long survivors. "
        f"Values below {100 * _FLOOR:g} % of baseline are drawn there."
    )
    return Figure("markers", title, caption, f"{'. '.join(said)}.", canvas.svg(), canvas.figure)


def _draw(axes: Axes, course: pd.DataFrame, color: str) -> None:
    month = course["day"].to_numpy(float) / DAYS_PER_MONTH
    low, middle, high = (
        np.maximum(course[name].to_numpy(float), _FLOOR) for name in ("low", "median", "high")
    )
    axes.fill_between(month, low, high, color=color, alpha=0.15, linewidth=0)
    axes.plot(month, middle, color=color)


def _finish(axes: Axes, ticks: list[float]) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    axes.set_yscale("log")
    levels = [0.02, 0.1, 0.5, 1.0, 2.0, 10.0]
    axes.set(xlim=(0, ticks[-1]), ylim=(_FLOOR, 10.0), xticks=ticks)
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.yaxis.set_major_locator(FixedLocator(levels))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    axes.axhline(1.0, color=INK, linewidth=0.5)
    axes.axhline(0.5, color=GREY, linewidth=0.6, linestyle=(0, (4, 3)))
    axes.set_xlabel("Time from start of treatment (months)")
    axes.set_ylabel("Relative to baseline")
