"""The picture of the README: survival curves and waterfall of a finished trial, as one PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.look.canvas import Canvas
    from rascade.report.runs.trial import TrialRun

__all__ = ["draw_trial"]

_DPI = 200
_HEIGHT = 5.2
_LEFT, _GAP, _WIDE = 0.78, 0.68, 2.66  # inches: margin, between panels, width of a panel
_CURVES, _WATERFALL, _TALL, _SHALLOW = 0.72, 3.3, 1.6, 1.28
_ENDS = {"pfs": "Progression-free survival", "os": "Overall survival"}


def draw_trial(folder: Path, target: Path) -> None:
    """Draw the two Kaplan-Meier panels and the waterfall of a two-arm trial.

    Args:
        folder: results of ``rascade trial``; its arms name published ones.
        target: PNG file to write.
    """
    from rascade.report.look.canvas import WIDTH, Canvas, drawing
    from rascade.report.runs.trial import read_trial

    run = read_trial(folder)
    with drawing():
        canvas = Canvas(
            WIDTH, _HEIGHT, f"{run.summary['study']}: simulated by mechanism", _foot(run)
        )
        _key(canvas, run)
        for column, end in enumerate(_ENDS):
            _survival(canvas, run, end, _LEFT + column * (_WIDE + _GAP))
        for column, arm in enumerate(run.arms[:2]):
            _waterfall(canvas, run, arm, column)
        canvas.figure.savefig(target, dpi=_DPI, metadata={"Software": None})


def _foot(run: TrialRun) -> str:
    return (
        f"Research use only. {len(run.patients)} virtual patients, seed {run.summary['seed']}, "
        f"model {run.summary['model_hash'][:12]}. Bands: 95 % CI. Bars above +100 % are cut."
    )


def _key(canvas: Canvas, run: TrialRun) -> None:
    from rascade.report.look.canvas import GREY, arm_color, readable

    x, y = _LEFT, 0.42
    for index, arm in enumerate(run.arms):
        color = arm_color(index)
        name = f"{arm} (n = {len(run.of_arm(arm))})"
        canvas.text(x, y, f"— {name}", size=7.5, weight="bold", color=readable(color))
        x += 1.85
    canvas.text(x, y, "◇", size=9, color=GREY)
    canvas.text(x + 0.14, y, "published median (95 % CI)", size=7.5, color=GREY)


def _survival(canvas: Canvas, run: TrialRun, end: str, left: float) -> None:
    from rascade.report.look.canvas import GREY, arm_color, readable

    axes = canvas.axes(left, _CURVES, _WIDE, _TALL)
    axes.axhline(50, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    ticks = np.arange(0, 25, 6)
    for index, arm in enumerate(run.arms):
        color = arm_color(index)
        curve = _curve(run, arm, end)
        _steps(axes, curve, color)
        _published(axes, run, arm, end, color)
        row = _CURVES + _TALL + 0.5 + 0.14 * index
        for tick, count in zip(ticks, curve.number_at_risk(ticks), strict=True):
            place = left + _WIDE * tick / 24
            canvas.text(place, row, str(count), size=6.5, ha="center", color=readable(color))
    if end == "pfs":
        canvas.text(left - 0.7, _CURVES + _TALL + 0.5, "At risk", size=6.5)
    axes.set(xlim=(0, 24), ylim=(0, 103), xticks=ticks, yticks=[0, 25, 50, 75, 100])
    axes.set_xlabel("Months from start of treatment", labelpad=1)
    axes.set_ylabel(f"{_ENDS[end]} (%)")
    contrast = run.summary["contrasts"][0]
    low, high = contrast[f"{end}_hr_ci"]
    text = f"HR {contrast[f'{end}_hr']:.2f} (95 % CI {low:.2f} to {high:.2f})"
    axes.text(0.98, 0.97, text, transform=axes.transAxes, ha="right", va="top", fontsize=7)


def _curve(run: TrialRun, arm: str, end: str) -> Any:
    from rascade.statistics.survival import kaplan_meier

    rows = run.of_arm(arm)
    time = rows[f"{end}_months"].to_numpy(float)
    known = np.isfinite(time)
    return kaplan_meier(time[known], rows[f"{end}_event"].to_numpy()[known].astype(bool))


def _steps(axes: Axes, curve: Any, color: str) -> None:
    time = np.concatenate([[0.0], curve.time])

    def percent(values: Any) -> Any:
        return 100 * np.concatenate([[1.0], np.nan_to_num(values)])

    band: dict[str, Any] = {"step": "post", "color": color, "alpha": 0.16, "linewidth": 0}
    axes.fill_between(time, percent(curve.low), percent(curve.high), **band)
    axes.step(time, percent(curve.survival), where="post", color=color)
    cut = curve.censored > 0
    marks: dict[str, Any] = {"marker": "|", "markersize": 4, "linestyle": "none", "color": color}
    axes.plot(curve.time[cut], 100 * curve.survival[cut], markeredgewidth=0.7, **marks)


def _published(axes: Axes, run: TrialRun, arm: str, end: str, color: str) -> None:
    """Mark the published median on the 50 % line, with its interval."""
    for row in run.manifest.get("published", []):
        if row["arm"] != arm or row["endpoint"] != end:
            continue
        y = 50
        if row["low"] is not None:
            high = 24.0 if row["high"] is None else row["high"]
            axes.plot([row["low"], high], [y, y], color=color, linewidth=1.0, zorder=3)
            if row["high"] is None:  # not reached: the line runs out of the panel
                arrow: dict[str, Any] = {"marker": ">", "markersize": 4, "clip_on": False}
                axes.plot([high], [y], color=color, linestyle="none", zorder=3, **arrow)
        axes.plot(
            [row["value"]], [y], marker="D", markersize=5, markerfacecolor="white",
            markeredgecolor=color, markeredgewidth=1.2, zorder=4, linestyle="none",
        )  # fmt: skip


def _waterfall(canvas: Canvas, run: TrialRun, arm: str, column: int) -> None:
    from matplotlib.collections import PolyCollection

    from rascade.report.look.canvas import GREY, INK, RESPONSE_COLORS, arm_color, readable

    axes = canvas.axes(_LEFT + column * (_WIDE + _GAP), _WATERFALL, _WIDE, _SHALLOW)
    rows = run.of_arm(arm).dropna(subset=["best_change_pct"])
    rows = rows.sort_values("best_change_pct", ascending=False, kind="stable")
    height = np.minimum(rows["best_change_pct"].to_numpy(float), 100.0)
    x = np.arange(len(rows))
    corners = [
        [(i - 0.5, 0), (i + 0.5, 0), (i + 0.5, h), (i - 0.5, h)]
        for i, h in zip(x, height, strict=True)
    ]
    colors = [RESPONSE_COLORS[str(name)] for name in rows["best_response"]]
    axes.add_collection(
        PolyCollection(corners, facecolors=colors, edgecolors=colors, linewidths=0.2)
    )
    for level in (-30, 20):
        axes.axhline(level, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=2.5)
    axes.axhline(0, color=INK, linewidth=0.5)
    axes.set(xlim=(-1, len(rows)), ylim=(-105, 105), xticks=[], yticks=[-100, -50, 0, 50, 100])
    axes.set_yticklabels(["−100", "−50", "0", "+50", "+100"])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel("Best change in sum\nof diameters (%)" if column == 0 else "", labelpad=1)
    response = run.summary_of(arm)
    low, high = response["orr_ci"]
    head = f"{arm}: ORR {response['orr_pct']:.0f} % (95 % CI {low:.0f} to {high:.0f})"
    ink = readable(arm_color(column))
    axes.text(0.02, 1.03, head, transform=axes.transAxes, weight="bold", color=ink, va="bottom")
    if column == 0:
        _response_key(canvas, RESPONSE_COLORS)


def _response_key(canvas: Canvas, colors: dict[str, str]) -> None:
    from matplotlib.patches import Rectangle

    x, y = _LEFT, _WATERFALL + _SHALLOW + 0.2
    canvas.text(x, y, "Best response by RECIST 1.1:", size=7)
    x += 1.75
    for name, color in colors.items():
        box = Rectangle(
            (x / canvas.width, 1 - (y + 0.05) / canvas.height),
            0.13 / canvas.width,
            0.1 / canvas.height,
            transform=canvas.figure.transFigure,
            facecolor=color,
            edgecolor="#6b6b6b",
            linewidth=0.3,
        )
        canvas.figure.add_artist(box)
        canvas.text(x + 0.18, y, name, size=7)
        x += 0.5
    canvas.text(x + 0.1, y, "dashed: −30 % and +20 %", size=7, color="#6b6b6b")
