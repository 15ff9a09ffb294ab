"""Published results beside the simulated ones, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import (
    FAINT,
    GREY,
    INK,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    readable,
    wrap,
)
from rascade.report.look.text import interval
from rascade.report.tables.published import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun

__all__ = ["published_figure"]

PANELS = {
    "response": "Patients (%)",
    "months": "Median (months)",
    "ratio": "Hazard ratio",
    "safety": "Patients with side effects (%)",
}
_ROW = 0.2


def published_figure(run: TrialRun, rows: list[Comparison]) -> Figure | None:
    """Draw simulated and published results side by side; None without any."""
    panels = [(panel, [c for c in rows if c.panel == panel]) for panel in PANELS]
    panels = [(panel, own) for panel, own in panels if own]
    if not panels:
        return None
    top, left = Canvas.TOP + 0.34, 2.6
    heads = {arm: wrap(arm, left - 0.2, 7, "bold", most=6) for arm in run.arms}
    layout = [(panel, _lines(own, heads, left)) for panel, own in panels]
    height = top + Canvas.FOOTER + sum(_ROW * (used + 0.4) + 0.58 for _, (_, used) in layout)
    canvas = Canvas(WIDTH, height, "Simulated and published results", run.footer)
    _key(canvas, Canvas.TOP + 0.08, left)
    for panel, (lines, used) in layout:
        plot = _ROW * (used + 0.4)
        axes = canvas.axes(left, top, WIDTH - left - 0.25, plot)
        _scale(axes, panel, [c for _, c in lines if isinstance(c, Comparison)], used)
        for row, item in lines:
            y = top + _ROW * (row + 0.2)
            if isinstance(item, str):
                color = readable(arm_color(run.arms.index(item)))
                high = _ROW * heads[item].count("\n") / 2
                canvas.text(
                    0.06, y + 0.5 * _ROW + high, heads[item], size=7, weight="bold", color=color
                )
                continue
            _pair(axes, row + 0.5, item, arm_color(run.arms.index(item.arm)))
            label = _short(item, left)
            down = _ROW * label.count("\n") / 2
            canvas.text(left - 0.12, y + 0.5 * _ROW + down, label, size=7, ha="right")
        top += plot + 0.58
    banded = any(c.predicted for c in rows)
    band = "Grey bands: 90 % limits of what trials of these sizes are predicted to show. "
    caption = (
        f"{band if banded else ''}Points with 95 % confidence intervals where known: simulated "
        "(filled), published (open). An arrow marks a limit that was not reached. Medians of the "
        "published trial are those at its own data cut."
    )
    alt = (
        "Simulated and published results. "
        + "; ".join(
            f"{c.arm}, {c.label} ({c.unit}): simulated {c.simulated_text}, "
            f"published {c.published_text}{_band_text(c)}"
            for c in rows
        )
        + "."
    )
    return Figure(
        "published", "Simulated and published results", caption, alt, canvas.svg(), canvas.figure
    )


def _band_text(item: Comparison) -> str:
    if item.predicted is None:
        return ""
    text = interval(item.predicted, item.decimals)
    return f", predicted 90 % limits {text}"


def _lines(
    own: list[Comparison], heads: dict[str, str], left: float
) -> tuple[list[tuple[float, Comparison | str]], float]:
    """Place a heading an arm and a row a result; return them and the rows used."""
    lines: list[tuple[float, Comparison | str]] = []
    row, arm = 0.0, None
    for item in own:
        if item.arm != arm:
            arm = item.arm
            lines.append((row, arm))
            row += heads[arm].count("\n") + 1
        lines.append((row, item))
        row += _short(item, left).count("\n") + 1
    return lines, row


def _short(item: Comparison, left: float) -> str:
    """Return the label of a result as it fits beside the axes."""
    return wrap(item.label.replace(", grade 3 or more", ", grade 3+"), left - 0.25, 7)


def _scale(axes: Axes, panel: str, items: list[Comparison], used: float) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    values = [
        x
        for c in items
        for x in (
            c.published,
            c.simulated,
            *c.published_limits,
            *c.simulated_limits,
            *(c.predicted or ()),
        )
        if x is not None
    ]
    axes.set(ylim=(used + 0.2, -0.2), yticks=[])
    if panel == "ratio":
        reach = 1.15 * max([2.0, *(max(x, 1 / x) for x in values if x > 0)])
        axes.set_xscale("log")
        axes.set_xlim(1 / min(reach, 20), min(reach, 20))
        steps = [s for s in (0.1, 0.25, 0.5, 1, 2, 4, 10) if 1 / reach <= s <= reach]
        axes.xaxis.set_major_locator(FixedLocator(steps))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.axvline(1, color=GREY, linewidth=0.6, zorder=0)
    else:
        axes.set_xlim(0, 1.06 * max([1.0, *values]))
    axes.set_xlabel(PANELS[panel])


def _pair(axes: Any, y: float, item: Comparison, color: str) -> None:
    if item.predicted is not None:
        start, border = axes.get_xlim()
        low, high = item.predicted
        ends = [max(low or start, start), min(border if high is None else high, border)]
        axes.plot(ends, [y] * 2, color=FAINT, linewidth=7, solid_capstyle="butt", zorder=0)
    for value, limits, shift, face, edge in (
        (item.simulated, item.simulated_limits, -0.16, color, color),
        (item.published, item.published_limits, 0.16, "white", INK),
    ):
        if value is None:
            continue
        low, high = limits
        if low is not None or high is not None:
            start, border = axes.get_xlim()
            ends = [value if low is None else low, border if high is None else high]
            ends = [max(ends[0], start), min(ends[1], border)]
            axes.plot(ends, [y + shift] * 2, color=edge, linewidth=1)
            if high is None:
                axes.plot([border], [y + shift], ">", markersize=3, color=edge, clip_on=False)
        axes.plot(
            [value],
            [y + shift],
            marker="o" if face != "white" else "s",
            markersize=4,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=0.8,
        )


def _key(canvas: Canvas, y: float, left: float) -> None:
    for x, label, marker, face, edge in (
        (left, "simulated", "o", GREY, GREY),
        (left + 0.85, "published", "s", "white", INK),
    ):
        style: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": edge}
        canvas.key(x + 0.06, y, marker=marker, markersize=4, linestyle="none", **style)
        canvas.text(x + 0.16, y, label, size=7)
