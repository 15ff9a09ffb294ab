"""Kaplan-Meier curves with numbers at risk, and the published medians on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import (
    GREY,
    LEGEND_LINE,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    arm_legend,
    legend_lines,
    readable,
    text_width,
    wrap,
)
from rascade.report.look.text import clean, interval, months_text, p_value
from rascade.report.tables.data_cut import data_cut_text
from rascade.report.tables.own_data import own_curve, own_landmarks
from rascade.report.tables.published import compare, median_label, ratio_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun
    from rascade.report.tables.published import Comparison
    from rascade.statistics.survival import KaplanMeier
    from rascade.trial.endpoints import TimeEndPoint

__all__ = ["month_ticks", "survival_figure"]

_LEFT, _RIGHT, _PLOT = 0.62, 0.25, 2.6  # inches: axis label, margin, height of the curve
_MAX_LEFT = 1.95  # inches: names at risk that are longer stand on lines of their own
_ROW = 0.155


def month_ticks(end: float, most: int = 9) -> list[float]:
    """Ticks in months that end at or after `end`, with about `most` steps of 1, 2, 3, 6, 12 ..."""
    for step in (1, 2, 3, 6, 12, 24, 60):
        if end / step <= most:
            break
    return [float(step * i) for i in range(int(np.ceil(max(end, step) / step - 1e-9)) + 1)]


def survival_figure(run: TrialRun, name: str) -> Figure:
    """Draw the curves of all arms for one end point, and what was published.

    Args:
        run: the trial.
        name: of an end point that is a time, such as ``pfs``.

    Raises:
        InputError: there is no such end point, or the results do not hold it.
    """
    end = run.end_point(name)
    title = f"{end.title[:1].upper()}{end.title[1:]}"
    curves = {arm: _curve(run, arm, end) for arm in run.arms}
    wanted = median_label(end)
    told = {c.arm: c for c in compare(run) if c.label == wanted and c.unit == "months"}
    notes = _contrast_lines(run, end)
    widest = max(text_width(clean(arm), 7) for arm in run.arms) if run.arms else 0.0
    beside = widest + 0.32 <= _MAX_LEFT
    left = max(_LEFT, widest + 0.32, 1.0) if beside else 1.0
    legend = legend_lines([_legend(run, arm, end, told.get(arm)) for arm in run.arms], 0.06)
    said = [wrap(note, WIDTH - 0.15, 7, most=6) for note in notes]
    rows = _risk_rows(run.arms, beside)
    above = Canvas.TOP + LEGEND_LINE * _count([*legend, *said]) + 0.12
    height = above + _PLOT + 0.55 + _ROW * (_count(rows) + 1) + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, title, run.footer)
    arm_legend(canvas, list(enumerate(legend)), 0.06, Canvas.TOP)
    y = Canvas.TOP + LEGEND_LINE * _count(legend)
    for note in said:
        y += LEGEND_LINE * _count([note])
        canvas.text(0.06, y - LEGEND_LINE * _count([note]) / 2, note, size=7)
    ticks = month_ticks(max(_last_month(curves, told), _last_own(run, end)))
    axes = canvas.axes(left, above, WIDTH - left - _RIGHT, _PLOT)
    for position, curve in enumerate(curves.values()):
        _draw_curve(axes, curve, arm_color(position), ticks[-1])
    own = _draw_own(axes, run, end)
    _finish(axes, ticks, f"{title} (%)")
    _published_marks(axes, run, told, ticks[-1])
    _at_risk_table(canvas, curves, rows, ticks, left, above + _PLOT + 0.5)
    parts = [_legend(run, arm, end, told.get(arm)) for arm in run.arms]
    alt = f"{title}, Kaplan–Meier curves. " + ". ".join(parts + notes) + "."
    return Figure(end.name, title, _caption(run, told) + own, alt, canvas.svg(), canvas.figure)


def _count(texts: Sequence[str]) -> int:
    """Return the lines of some texts under each other."""
    return sum(text.count("\n") + 1 for text in texts)


def _last_month(curves: dict[str, KaplanMeier], told: dict[str, Comparison]) -> float:
    ends = [float(c.time.max()) for c in curves.values() if c.time.size]
    return max([*ends, *(c.published for c in told.values())], default=1.0)


def _legend(run: TrialRun, arm: str, end: TimeEndPoint, told: Comparison | None) -> str:
    median = run.headlines[arm].medians[end.name]
    text = f"{arm}: n = {len(run.of_arm(arm))}, median "
    text += f"{months_text(median.value, median.limits)} months"
    return text if told is None else f"{text}; published {told.published_text}"


def _caption(run: TrialRun, told: dict[str, Comparison]) -> str:
    caption = (
        "Kaplan–Meier estimate with pointwise 95 % log-log confidence band; ticks are censored "
        "patients, the dotted line is the median. Numbers at risk are counted just before each "
        "tick."
    )
    if told:
        caption += (
            " Open squares on that line: published medians, with their 95 % confidence interval "
            "where one was published; an arrow is a limit that was not reached."
        )
    cut = data_cut_text(run)
    return f"{caption} {cut}" if cut else caption


def _published_marks(axes: Axes, run: TrialRun, told: dict[str, Comparison], until: float) -> None:
    """Mark published medians at one half; intervals a little apart where they would overlap."""
    shown = [arm for arm in run.arms if arm in told]
    for rank, arm in enumerate(shown):
        item, color = told[arm], arm_color(run.arms.index(arm))
        y = 50 + 2.4 * (rank - (len(shown) - 1) / 2)
        low, high = item.published_limits
        if low is not None or high is not None:
            ends = [item.published if low is None else low, until if high is None else high]
            axes.plot([min(x, until) for x in ends], [y, y], color=color, linewidth=0.9, zorder=4)
            if high is None or high > until:
                arrow: dict[str, Any] = {"marker": ">", "markersize": 3.5, "clip_on": False}
                axes.plot([until], [y], color=color, zorder=4, **arrow)
        style: dict[str, Any] = {"markersize": 4.5, "markeredgewidth": 1.1, "linestyle": "none"}
        face: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": color}
        axes.plot([item.published], [y], marker="s", zorder=5, **style, **face)


def _last_own(run: TrialRun, end: TimeEndPoint) -> float:
    """Return the last month of the user's own curves; 0 without any."""
    last = [0.0]
    for arm in run.arms:
        curve = own_curve(run, arm, end.name)
        last += [] if curve is None else [float(curve.time[-1])]
        last += own_landmarks(run, arm, end.name)
    return max(last)


def _draw_own(axes: Axes, run: TrialRun, end: TimeEndPoint) -> str:
    """Lay the user's own curves and rates over the simulated ones; say so."""
    drawn = ""
    for position, arm in enumerate(run.arms):
        color = arm_color(position)
        curve, rates = own_curve(run, arm, end.name), own_landmarks(run, arm, end.name)
        if curve is not None:
            low, high = (np.where(np.isfinite(x), x, 0.0) for x in (curve.low, curve.high))
            dashed: dict[str, Any] = {"where": "post", "color": color, "linestyle": (0, (4, 2))}
            for values, width in ((curve.survival, 1.2), (low, 0.5), (high, 0.5)):
                axes.step(*_shares(curve, values), linewidth=width, **dashed)
            drawn = " Dashed: own data, with their 95 % confidence band as thin dashed lines."
        if rates:
            style: dict[str, Any] = {"marker": "D", "markersize": 4, "linestyle": "none"}
            face: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": color}
            axes.plot([*rates], [*rates.values()], zorder=5, **style, **face)
    if any(own_landmarks(run, arm, end.name) for arm in run.arms):
        drawn += " Diamonds: rates at single months as given; no curve is drawn through them."
    return drawn


def _shares(curve: KaplanMeier, values: Any) -> tuple[Any, Any]:
    x, y = _steps(curve, values, float(curve.time[-1]))
    return x, 100 * y


def _curve(run: TrialRun, arm: str, end: TimeEndPoint) -> KaplanMeier:
    from rascade.statistics.survival import kaplan_meier

    rows = run.of_arm(arm)
    time = rows[end.months].to_numpy(float)
    known = np.isfinite(time)
    return kaplan_meier(time[known], rows[end.event].to_numpy()[known].astype(bool))


def _contrast_lines(run: TrialRun, end: TimeEndPoint) -> list[str]:
    wanted = ratio_label(end)
    told = {(c.arm, run.reference): c.published_text for c in compare(run) if c.label == wanted}
    lines = []
    for contrast in run.contrasts:
        ratio = contrast.ratios[end.name]
        names = f"{contrast.arm} against {contrast.reference}: "
        if ratio.value is None:
            lines.append(names + "hazard ratio not estimable")
        else:
            limits = interval(ratio.limits, 2)
            p = p_value(contrast.log_rank_p[end.name])
            text = f"{names}HR {ratio.value:.2f} (95 % CI {limits}), log-rank {p}"
            found = told.get((contrast.arm, contrast.reference))
            lines.append(text if found is None else f"{text}; published {found}")
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


def _risk_rows(arms: Sequence[str], beside: bool) -> list[str]:
    """Return the rows of the numbers at risk: the name, on lines of its own if it is long."""
    if beside:
        return list(arms)
    return [f"{wrap(arm, WIDTH - 0.2, 7, most=6)}\n" for arm in arms]


def _at_risk_table(
    canvas: Canvas,
    curves: dict[str, KaplanMeier],
    rows: Sequence[str],
    ticks: list[float],
    left: float,
    top: float,
) -> None:
    beside = not any("\n" in row for row in rows)
    canvas.text(left - 0.22, top, "At risk", size=7, weight="bold", ha="right")
    scale = (WIDTH - left - _RIGHT) / ticks[-1]
    y = top
    for position, (row, curve) in enumerate(zip(rows, curves.values(), strict=True)):
        style: dict[str, Any] = {"size": 7, "color": readable(arm_color(position))}
        *names, _ = [row, ""] if beside else row.split("\n")
        for name in names:
            y += _ROW
            canvas.text(left - 0.22 if beside else 0.06, y, name, ha=_SIDE[beside], **style)
        y += 0.0 if beside else _ROW
        for tick, count in zip(ticks, curve.number_at_risk(ticks), strict=True):
            canvas.text(left + scale * tick, y, str(count), size=7, ha="center")


_SIDE = {True: "right", False: "left"}
