"""Swimmer figure: every patient a lane from first dose to death or the end of follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.figures.response import response_key
from rascade.report.figures.survival import month_ticks
from rascade.report.look.canvas import (
    FAINT,
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

__all__ = ["MOST_LANES", "lanes", "swimmer_figure"]

MOST_LANES = 60  # in a panel; more cannot be told apart
_LEFT, _GAP, _LANE = 0.3, 0.34, 0.062  # inches
_MARKS = {  # what is marked: label, marker, colour
    "response": ("first response", "^", "#08519c"),
    "progression": ("progression", "X", "#cb181d"),
    "death": ("death", "|", INK),
    "alive": ("alive at the end", ">", GREY),
}


def lanes(patients: pd.DataFrame, most: int = MOST_LANES) -> pd.DataFrame:
    """Choose the patients that are drawn: all, or evenly spaced ones in the order of survival.

    Args:
        patients: of one arm.
        most: patients at most.

    Returns:
        Rows of `patients` with known survival, the longest first.
    """
    known = patients[np.isfinite(patients["os_months"].to_numpy(float))]
    ordered: pd.DataFrame = known.sort_values(
        ["os_months", "patient"], ascending=[False, True], kind="stable"
    )
    if len(ordered) <= most:
        return ordered
    chosen: pd.DataFrame = ordered.iloc[np.linspace(0, len(ordered) - 1, most).round().astype(int)]
    return chosen


def swimmer_figure(run: TrialRun) -> Figure | None:
    """Draw treatment, response, progression and death of patients; None without patients."""
    shown = {arm: lanes(run.of_arm(arm)) for arm in run.arms}
    longest = max((len(rows) for rows in shown.values()), default=0)
    if not longest:
        return None
    columns = min(len(run.arms), 2)
    height = max(_LANE * longest, 0.8)
    width = (WIDTH - _LEFT - 0.15 - _GAP * (columns - 1)) / columns
    names = [
        wrap(f"{arm} ({len(rows)} of {len(run.of_arm(arm))} patients)", width, 7.5, "bold", most=6)
        for arm, rows in shown.items()
    ]
    head = 0.15 * (lines_of(names) - 1)
    step = height + 0.42 + 0.3 + head
    top = Canvas.TOP + 0.52 + head
    title = "Course of every patient" if longest < MOST_LANES else "Course of patients"
    panels = -(-len(run.arms) // columns)
    canvas = Canvas(WIDTH, top + step * panels - 0.2 - head + Canvas.FOOTER, title, run.footer)
    _key(canvas)
    end = max(float(rows["os_months"].max()) for rows in shown.values() if len(rows))
    ticks = month_ticks(end, 6)
    for index, rows in enumerate(shown.values()):
        row, column = divmod(index, columns)
        axes = canvas.axes(_LEFT + column * (width + _GAP), top + step * row, width, height)
        _panel(axes, rows, ticks, end)
        head_style: dict[str, Any] = {"weight": "bold", "color": readable(arm_color(index))}
        place: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom"}
        axes.text(0, 1 + 0.1 / height, names[index], **head_style, **place)
    caption = (
        "One lane a patient, from the first dose, coloured by best response; the dark part is time "
        "on treatment. " + _chosen(run)
    )
    said = "; ".join(
        f"{arm}: {len(rows)} patients, {int(rows['os_event'].astype(bool).sum())} died"
        for arm, rows in shown.items()
    )
    return Figure("swimmer", title, caption, f"Swimmer plot. {said}.", canvas.svg(), canvas.figure)


def _chosen(run: TrialRun) -> str:
    if all(len(run.of_arm(arm)) <= MOST_LANES for arm in run.arms):
        return "All patients are shown."
    return f"At most {MOST_LANES} patients an arm are shown, evenly spaced in order of survival."


def _panel(axes: Axes, rows: pd.DataFrame, ticks: list[float], end: float) -> None:
    count = len(rows)
    place = np.arange(count)
    survived = rows["os_months"].to_numpy(float)
    colors = [RESPONSE_COLORS.get(str(r), RESPONSE_COLORS["NE"]) for r in rows["best_response"]]
    axes.barh(place, survived, height=0.74, color=colors, alpha=0.4, linewidth=0)
    axes.barh(place, _on_treatment(rows), height=0.74, color=colors, linewidth=0)
    died = rows["os_event"].to_numpy(bool)
    progressed = rows["pfs_reason"].astype(str).str.startswith("progression").to_numpy()
    progressed = progressed & rows["pfs_event"].to_numpy(bool)
    first = _column(rows, "ttr_months")
    marks: dict[str, tuple[Any, Any]] = {
        "response": (first, np.isfinite(first)),
        "progression": (rows["pfs_months"].to_numpy(float), progressed),
        "death": (survived, died),
        "alive": (survived, ~died),
    }
    for name, (month, there) in marks.items():
        _, marker, color = _MARKS[name]
        style: dict[str, Any] = {"markersize": 3.4, "markeredgewidth": 0.5, "linestyle": "none"}
        edge = "white" if marker in "^X" else color
        axes.plot(
            month[there],
            place[there],
            marker=marker,
            color=color,
            markeredgecolor=edge,
            clip_on=False,
            **style,
        )
    axes.set(xlim=(0, ticks[-1]), ylim=(max(count, 8) - 0.4, -0.6), xticks=ticks, yticks=[])
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.set_xlabel("Time from start of treatment (months)")
    axes.spines["left"].set_color(FAINT)


def _column(rows: pd.DataFrame, name: str) -> Any:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return rows[name].to_numpy(dtype=float, na_value=np.nan)


def _on_treatment(rows: pd.DataFrame) -> Any:
    """Months on treatment: to its end, or to the end of follow-up where it goes on."""
    survived = rows["os_months"].to_numpy(float)
    if "treatment_end_day" not in rows:
        return np.fmin(rows["pfs_months"].to_numpy(float), survived)
    ended = _column(rows, "treatment_end_day") / DAYS_PER_MONTH
    return np.fmin(np.where(np.isfinite(ended), ended, survived), survived)


def _key(canvas: Canvas) -> None:
    y = Canvas.TOP + 0.08
    x = response_key(canvas, _LEFT, y, 0.46) + 0.1
    for label, marker, color in _MARKS.values():
        canvas.key(x, y, marker=marker, markersize=4, color=color, linestyle="none")
        canvas.text(x + 0.1, y, label, size=7)
        x += 0.24 + 0.062 * len(label)
