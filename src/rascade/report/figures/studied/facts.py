"""The figure of one fact: its curves with the expected band in them, and every check below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rascade.report.figures.studied.claims import EXPECTED, Scale
from rascade.report.figures.studied.claims import WIDTH as STRIP
from rascade.report.figures.studied.experiment_curves import (
    dose_axis,
    legend,
    legend_height,
    line_style,
    panel_title,
    time_axis,
)
from rascade.report.look.canvas import (
    FAINT,
    GREY,
    INK,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    fit,
    text_width,
    wrap,
)
from rascade.report.look.text import number, plain
from rascade.report.tables.claims import expectation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.analyses.facts.tables import CheckRecord, FactRecord, MarkRecord, PanelRecord

__all__ = ["HOLDS", "expected_text", "fact_figure"]

HOLDS = {True: "holds", False: "does not hold"}
_COLORS = {True: "#005a8c", False: "#a93c00"}
_COLUMNS = 3
_WIDTHS = {1: 4.4, 2: 2.85, 3: 1.72}  # of a panel by the number in a row, inches
_LEFT, _HIGH, _STEP_Y = 0.56, 1.55, 2.2
_ROW, _TEXT = 0.24, 3.5
_DAYS_FROM = 240  # hours; longer courses are drawn in days
_DRAWN = ("dish", "xenograft", "mouse", "patient")  # kinds whose intervals are of drawn sets
_TALLEST = 1.6  # an expected band is shown to this multiple of the highest curve


def expected_text(check: CheckRecord) -> str:
    """Return what was expected in words, to four digits: some limits are a thousandth off one."""
    return expectation(check.expected, 4)


def fact_figure(record: FactRecord, footer: str) -> Figure:
    """Return the figure of one fact.

    Args:
        record: as in ``facts.json``.
        footer: the research-use line.
    """
    panels = record.panels
    names = list(dict.fromkeys(c.label for panel in panels for c in panel.curves))
    tall = legend_height(names) if names else 0.0
    body = math.ceil(len(panels) / _COLUMNS) * _STEP_Y
    checks = record.checks
    height = Canvas.TOP + tall + body + _ROW * len(checks) + 0.3 + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, plain(record.statement), footer)
    top = legend(canvas, names, Canvas.TOP + 0.1) if names else Canvas.TOP
    for index, panel in enumerate(panels):
        _panel(canvas, record, panel, names, (index, top))
    shared = _numbers(checks) if record.kind in _DRAWN and _drawn(checks) else ()
    for index, check in enumerate(checks):
        _check(canvas, check, top + body + 0.18 + _ROW * index, shared)
    return Figure(
        record.id,
        plain(record.statement),
        _caption(record),
        "; ".join(
            f"{plain(c.what)}: {number(c.effect)}, expected {expected_text(c)}" for c in checks
        ),
        canvas.svg(),
    )


def _caption(record: FactRecord) -> str:
    """Say what the marks mean that are drawn, and none that are not."""
    checks = record.checks
    texts = ["Green: what is expected"]
    if any(check.published is not None for check in checks):
        texts.append("diamond: published value")
    texts.append("line or dot: the model with typical parameters")
    if any(None not in check.ci for check in checks):
        if record.kind in _DRAWN:
            shared = ", on one scale for all" if _drawn(checks) and len(checks) > 1 else ""
            texts.append(f"bar: middle 90 % of drawn parameter sets{shared}")
        else:
            texts.append("bar: 95 % confidence interval, of chance alone")
    return f"{'; '.join(texts)}."


def _panel(
    canvas: Canvas,
    record: FactRecord,
    panel: PanelRecord,
    names: Sequence[str],
    place: tuple[int, float],
) -> None:
    index, start = place
    columns = min(_COLUMNS, len(record.panels))
    wide = _WIDTHS[columns]
    left = _LEFT + (WIDTH - 0.1) / columns * (index % _COLUMNS)
    top = start + 0.3 + _STEP_Y * (index // _COLUMNS)
    hour = "" if panel.hour is None else f", {number(panel.hour)} h"
    room = (WIDTH - 0.1) / columns - 0.15
    panel_title(canvas, left, top - 0.12, f"{plain(panel.label)}{hour}", room)
    axes = canvas.axes(left, top, wide, _HIGH)
    axes.grid(axis="y", color=FAINT, linewidth=0.3, zorder=0)
    days = panel.axis == "hour" and panel.curves[0].x[-1] > _DAYS_FROM
    for curve in panel.curves:
        x = [v / 24 for v in curve.x] if days else curve.x
        y = [math.nan if v is None else v for v in curve.y]
        style = line_style(names.index(curve.label))
        if panel.axis == "month":
            axes.step(x, y, where="post", zorder=3, **style)
        else:
            axes.plot(x, y, marker="o", markersize=2.2, zorder=3, **style)
    _x_axis(axes, panel, days)
    _y_axis(axes, panel)
    for own in panel.marks:
        label = next(c.label for c in panel.curves if c.condition == own.condition)
        check = record.checks[own.check]
        color = arm_color(names.index(label))
        if own.of == "dose":
            _dose_mark(axes, own, check.effect, color)
        else:
            _value_mark(axes, own, panel, EXPECTED if len(panel.curves) == 1 else color)


def _x_axis(axes: Axes, panel: PanelRecord, days: bool) -> None:
    if panel.axis == "dose":
        dose_axis(axes)
        axes.set_xlabel("concentration, nM", labelpad=2)
        return
    if panel.axis == "month":
        axes.set_xlim(left=0)
        axes.set_xlabel("month", labelpad=2)
        return
    time_axis(axes, panel.curves[0].x, days)
    axes.set_xlabel("day" if days else "hour (square-root scale)", labelpad=2)


def _y_axis(axes: Axes, panel: PanelRecord) -> None:
    if panel.axis == "month":
        axes.set_ylim(0, 1.03)
        axes.set_ylabel("share of patients", labelpad=2)
        return
    values = [v for curve in panel.curves for v in curve.y if v is not None]
    relative = panel.relative != "nothing"
    marks = [own for own in panel.marks if own.of == "value"]
    wanted = [*(v for own in marks for v in own.limits if v), *(own.published for own in marks)]
    highest = max(values)
    shown = [v for v in wanted if v is not None and v < _TALLEST * highest]
    axes.set_ylim(0, 1.1 * max([highest, *shown, *([1.05] if relative else [])]))
    if relative:
        axes.axhline(1.0, color=GREY, linewidth=0.5, linestyle=":", zorder=1)
    units = {"before": "relative to before", "nothing": "in the model's unit"}
    text = units.get(panel.relative, f"relative to {plain(panel.against)}")
    axes.set_ylabel(fit(text, _HIGH, 7.5), labelpad=2)


def _value_mark(axes: Axes, own: MarkRecord, panel: PanelRecord, color: str) -> None:
    """Draw limits of the value, in the colour of the curve where there are several."""
    alpha = 0.6 if color == EXPECTED else 0.14
    low, high = own.limits
    bottom, top = axes.get_ylim()
    low = bottom if low is None else low
    high = top if high is None else min(high, top)
    if panel.axis == "dose":
        axes.axhspan(low, high, color=color, alpha=alpha, linewidth=0, zorder=0)
        return
    start, end = own.hours
    if start == end:  # a moment: a bar as wide as a twelfth of the axis, on the square-root scale
        half = 0.04 * math.sqrt(panel.curves[0].x[-1])
        start = max(0.0, math.sqrt(start) - half) ** 2
        end = min(math.sqrt(end) + half, math.sqrt(panel.curves[0].x[-1])) ** 2
    axes.fill_between([start, end], low, high, color=color, alpha=alpha, linewidth=0, zorder=0.5)
    if own.published is not None and own.published <= top:
        middle = (0.5 * (math.sqrt(start) + math.sqrt(end))) ** 2
        _diamond(axes, middle, own.published)


def _dose_mark(axes: Axes, own: MarkRecord, effect: float | None, color: str) -> None:
    low, high = own.limits
    ends = axes.get_xlim()
    axes.axvspan(low or ends[0], high or ends[1], color=EXPECTED, alpha=0.55, linewidth=0, zorder=0)
    axes.axhline(0.5, color=GREY, linewidth=0.5, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xlim(*ends)
    if effect is not None:
        axes.plot([effect] * 2, [0, 0.5], color=color, linewidth=1.0, zorder=2)
    if own.published is not None:
        _diamond(axes, own.published, 0.5)


def _diamond(axes: Axes, x: float, y: float) -> None:
    axes.plot(
        [x], [y], marker="D", markersize=5, markerfacecolor="white", markeredgecolor=INK,
        markeredgewidth=1.0, linestyle="none", zorder=4,
    )  # fmt: skip


def _drawn(checks: Sequence[CheckRecord]) -> bool:
    """Return whether every check has an interval."""
    return all(end is not None for check in checks for end in check.ci)


def _numbers(checks: Sequence[CheckRecord]) -> tuple[float, ...]:
    """Return every number that a strip has to hold."""
    return tuple(
        float(value)
        for check in checks
        for value in (check.effect, *check.expected, *check.ci, check.published)
        if value is not None
    )


def _check(canvas: Canvas, check: CheckRecord, y: float, shared: Sequence[float] = ()) -> None:
    """Draw one check: words, a strip with band, interval and dot, and the number."""
    color = _COLORS[check.holds]
    what = plain(check.what)
    short = text_width(what, 7.0) < _TEXT - 0.4
    canvas.text(0.1, y, what if short else wrap(what, _TEXT - 0.1, 6.0), size=7 if short else 6)
    left, wide = _TEXT + 0.2, 1.25
    axes = canvas.axes(left, y - 0.07, wide, 0.14)
    axes.set(xlim=(0, STRIP), ylim=(0, 1))
    axes.set_axis_off()
    place = Scale(shared or _numbers([check]))
    low, high = check.expected
    start = 0.0 if low is None else place(low)
    end = STRIP if high is None else place(high)
    axes.axvspan(start, max(end, start + 1), color=EXPECTED, linewidth=0)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    value, ends = check.effect, [place(x) for x in check.ci if x is not None]
    if len(ends) == 2:
        axes.plot(ends, [0.5, 0.5], color=color, linewidth=1.6, zorder=3)
    if check.published is not None:
        _diamond(axes, place(check.published), 0.5)
    if value is not None:
        axes.plot([place(value)], [0.5], marker="o", markersize=4.5, color=color, zorder=5)
    text, room = _verdict(check), WIDTH - left - wide - 0.2
    size = 6.5 if text_width(text, 6.5) <= room else 5.7
    canvas.text(left + wide + 0.12, y, fit(text, room, size), size=size, color=color)


def _verdict(check: CheckRecord) -> str:
    value, holds = number(check.effect) or "–", HOLDS[check.holds]
    if None in check.ci:
        return f"{value}; expected {expected_text(check)}: {holds}"
    low, high = (number(end, 2) for end in check.ci)
    return f"{value} ({low} to {high}); {expected_text(check)}: {holds}"
