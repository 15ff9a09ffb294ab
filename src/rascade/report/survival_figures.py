"""Kaplan-Meier curves with numbers at risk, and forest plots by subgroup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.canvas import (
    GREY,
    INK,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    declutter,
    fit,
    readable,
    text_width,
    wrap,
)
from rascade.report.text import clean, interval, months_text, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.folder import TrialRun
    from rascade.trial.survival import KaplanMeier

__all__ = ["ENDPOINTS", "month_ticks", "survival_figure"]

ENDPOINTS = {"pfs": "Progression-free survival", "os": "Overall survival"}
_MAX_LEFT, _RIGHT, _PLOT = (
    1.95,
    1.62,
    2.5,
)  # inches: names at risk, direct labels, height of the curve
_ROW = 0.155


def month_ticks(end: float, most: int = 9) -> list[float]:
    """Ticks in months that end at or after `end`, with about `most` steps of 1, 2, 3, 6, 12 ..."""
    for step in (1, 2, 3, 6, 12, 24, 60):
        if end / step <= most:
            break
    return [float(step * i) for i in range(int(np.ceil(max(end, step) / step - 1e-9)) + 1)]


def survival_figure(run: TrialRun, end: str) -> Figure:
    """Draw the curves of all arms for one end point (``pfs`` or ``os``)."""
    curves = {arm: _curve(run, arm, end) for arm in run.arms}
    notes = _contrast_lines(run, end)
    widest = max(text_width(clean(arm), 7) for arm in run.arms) if run.arms else 0.0
    left = min(max(widest + 0.32, 1.0), _MAX_LEFT)
    above = Canvas.TOP + 0.13 * len(notes) + 0.06
    height = above + _PLOT + 0.55 + _ROW * (len(run.arms) + 1) + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, ENDPOINTS[end], run.footer)
    for row, note in enumerate(notes):
        text = fit(note, WIDTH - left - 0.1, 7)
        canvas.text(left, Canvas.TOP + 0.05 + 0.13 * row, text, size=7)
    ticks = month_ticks(max([c.time.max() for c in curves.values() if c.time.size], default=1.0))
    axes = canvas.axes(left, above, WIDTH - left - _RIGHT, _PLOT)
    for position, curve in enumerate(curves.values()):
        _draw_curve(axes, curve, arm_color(position), ticks[-1])
    _finish(axes, ticks, f"{ENDPOINTS[end]} (%)")
    _label_curves(axes, run, end, curves, ticks[-1])
    _at_risk_table(canvas, curves, ticks, left, above + _PLOT + 0.5)
    caption = (
        "Kaplan–Meier estimate with pointwise 95 % log-log confidence band; ticks are censored "
        "patients, the dotted line is the median. Numbers at risk are counted just before each "
        "tick."
    )
    return Figure(end, ENDPOINTS[end], caption, _alt(run, end, notes), canvas.svg())


def _curve(run: TrialRun, arm: str, end: str) -> KaplanMeier:
    from rascade.trial.survival import kaplan_meier

    rows = run.of_arm(arm)
    time = rows[f"{end}_months"].to_numpy(float)
    known = np.isfinite(time)
    return kaplan_meier(time[known], rows[f"{end}_event"].to_numpy()[known].astype(bool))


def _contrast_lines(run: TrialRun, end: str) -> list[str]:
    lines = []
    for contrast in run.summary["contrasts"]:
        ratio = contrast[f"{end}_hr"]
        names = f"{contrast['arm']} against {contrast['reference']}: "
        if ratio is None:
            lines.append(names + "hazard ratio not estimable")
        else:
            limits = interval(contrast[f"{end}_hr_ci"], 2)
            p = p_value(contrast[f"{end}_logrank_p"])
            lines.append(f"{names}HR {ratio:.2f} (95 % CI {limits}), log-rank {p}")
    return lines


def _steps(curve: KaplanMeier, values: Any, until: float) -> tuple[Any, Any]:
    last = float(curve.time[-1]) if curve.time.size else until
    return np.concatenate([[0.0], curve.time, [last]]), np.concatenate(
        [[1.0], values, values[-1:] if len(values) else [1.0]]
    )


def _draw_curve(axes: Axes, curve: KaplanMeier, color: str, until: float) -> None:
    if not curve.time.size:
        return
    # Once everybody has had the event there is no log-log band: it stays at its last limits.
    low = np.where(np.isfinite(curve.low), curve.low, 0.0)
    high = np.where(np.isfinite(curve.high), curve.high, 0.0)
    x, band_low = _steps(curve, low, until)
    band_high = _steps(curve, high, until)[1]
    shade: dict[str, Any] = {"step": "post", "color": color, "alpha": 0.16, "linewidth": 0}
    axes.fill_between(x, 100 * band_low, 100 * band_high, **shade)
    x, y = _steps(curve, curve.survival, until)
    axes.step(x, 100 * y, where="post", color=color, solid_joinstyle="miter")
    censored = curve.censored > 0
    axes.plot(
        curve.time[censored],
        100 * curve.survival[censored],
        linestyle="none",
        marker="|",
        markersize=4.5,
        markeredgewidth=0.8,
        color=color,
    )


def _finish(axes: Axes, ticks: list[float], label: str) -> None:
    axes.axhline(50, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    axes.set(xlim=(0, ticks[-1]), ylim=(0, 103), xticks=ticks, yticks=[0, 25, 50, 75, 100])
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.set_xlabel("Time from start of treatment (months)")
    axes.set_ylabel(label)


def _label_curves(
    axes: Axes, run: TrialRun, end: str, curves: dict[str, KaplanMeier], until: float
) -> None:
    from matplotlib.transforms import blended_transform_factory

    room = _RIGHT - 0.3
    names = [wrap(arm, room, 7, "bold") for arm in curves]
    ends = [100 * float(c.survival[-1]) if c.time.size else 100.0 for c in curves.values()]
    gap = 0.54 if any("\n" in name for name in names) else 0.42
    places = declutter(ends, 100 * gap / _PLOT, 9.0, 94.0)
    mixed = blended_transform_factory(axes.transAxes, axes.transData)
    at = 1 + 0.25 / (axes.get_position().width * WIDTH)
    options: dict[str, Any] = {"transform": mixed, "fontsize": 7, "linespacing": 1.05}
    for position, (arm, curve) in enumerate(curves.items()):
        color, place, level = arm_color(position), places[position], ends[position]
        summary = run.summary_of(arm)
        median = months_text(summary[f"{end}_median_months"], summary[f"{end}_ci"])
        last = float(curve.time[-1]) / until if curve.time.size else 1.0
        leader: dict[str, Any] = {"color": color, "linewidth": 0.4, "alpha": 0.7, "clip_on": False}
        axes.plot([last, 1.02, 1.045], [level, level, place], transform=mixed, **leader)
        ink = readable(color)
        axes.text(
            at, place + 0.7, names[position], color=ink, weight="bold", va="bottom", **options
        )
        axes.text(at, place - 0.7, f"median {median}", color=INK, va="top", **options)


def _at_risk_table(
    canvas: Canvas, curves: dict[str, KaplanMeier], ticks: list[float], left: float, top: float
) -> None:
    canvas.text(left - 0.22, top, "At risk", size=7, weight="bold", ha="right")
    scale = (WIDTH - left - _RIGHT) / ticks[-1]
    for position, (arm, curve) in enumerate(curves.items()):
        y = top + _ROW * (position + 1)
        name, color = fit(arm, left - 0.3, 7), readable(arm_color(position))
        canvas.text(left - 0.22, y, name, size=7, ha="right", color=color)
        for tick, count in zip(ticks, curve.number_at_risk(ticks), strict=True):
            canvas.text(left + scale * tick, y, str(count), size=7, ha="center")


def _alt(run: TrialRun, end: str, notes: list[str]) -> str:
    parts = [
        f"{arm}: n = {len(run.of_arm(arm))}, median "
        + months_text(run.summary_of(arm)[f"{end}_median_months"], run.summary_of(arm)[f"{end}_ci"])
        + " months"
        for arm in run.arms
    ]
    return f"{ENDPOINTS[end]}, Kaplan–Meier curves. " + ". ".join(parts + notes) + "."
