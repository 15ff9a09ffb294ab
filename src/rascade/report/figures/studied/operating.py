"""Figures of operating characteristics: power against size, boundaries, assurance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import (
    FAINT,
    GREY,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    declutter,
    lines_of,
    readable,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["assurance_figure", "boundary_figure", "power_figure"]

_LEFT, _RIGHT, _PLOT = 0.62, 1.95, 2.6  # inches: axis labels, direct labels, height of the axes
_LEAST_Z, _MOST_Z = -3.0, 5.5


def _frame(title: str, footer: str) -> tuple[Canvas, Axes]:
    canvas = Canvas(WIDTH, Canvas.TOP + _PLOT + 0.55 + Canvas.FOOTER, title, footer)
    return canvas, canvas.axes(_LEFT, Canvas.TOP + 0.06, WIDTH - _LEFT - _RIGHT, _PLOT)


def _label_ends(
    axes: Axes, ends: Sequence[tuple[str, float]], colors: Sequence[str], low: float, high: float
) -> None:
    """Name each curve at its right end."""
    names = [wrap(name, _RIGHT - 0.15, 7) for name, _ in ends]
    gap = (high - low) * 0.05 * (lines_of(names) + 0.1)
    places = declutter([y for _, y in ends], gap, low + gap / 2, high - gap / 2)
    for name, color, y in zip(names, colors, places, strict=True):
        axes.annotate(
            name,
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            fontsize=7,
            color=readable(color),
            va="center",
            annotation_clip=False,
        )


def power_figure(summary: Mapping[str, Any], footer: str) -> Figure | None:
    """Draw power against size with Monte-Carlo bands; None where no curve was asked for."""
    curves = summary["curves"]
    if not curves:
        return None
    canvas, axes = _frame("Power against size", footer)
    names = [design["name"] for design in summary["designs"]]
    colors = [arm_color(names.index(curve["design"])) for curve in curves]
    ends = []
    for curve, color in zip(curves, colors, strict=True):
        points = curve["points"]
        sizes = [p["size"] for p in points]
        axes.fill_between(
            sizes,
            [100 * p["low"] for p in points],
            [100 * p["high"] for p in points],
            color=color,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(
            sizes, [100 * p["value"] for p in points], color=color, marker="o", markersize=2.5
        )
        ends.append((curve["design"], 100 * points[-1]["value"]))
    _targets(axes, summary, names)
    axes.set_xlabel("Patients in all arms")
    axes.set_ylabel("Power (%)")
    axes.set_ylim(0, 103)
    axes.set_yticks(range(0, 101, 20))
    _label_ends(axes, ends, colors, 0, 103)
    caption = (
        f"Share of {summary['replicates']} replicate trials that succeed; the band is the 95 % "
        "Monte-Carlo interval of each point. Events grow in proportion to patients. All points use "
        "the same random numbers."
    )
    if any(row["size"] is not None for row in summary["sample_sizes"]):
        caption += (
            " A diamond marks a size that was searched for, its bar the sizes that chance leaves "
            "open."
        )
    alt = "Power rises with size. " + " ".join(
        f"{c['design']}: {100 * c['points'][0]['value']:.0f} % with {c['points'][0]['size']}, "
        f"{100 * c['points'][-1]['value']:.0f} % with {c['points'][-1]['size']} patients."
        for c in curves
    )
    return Figure("power", "Power against size", caption, alt, canvas.svg())


def _targets(axes: Axes, summary: Mapping[str, Any], names: Sequence[str]) -> None:
    for target in sorted({100 * row["target"] for row in summary["sample_sizes"]}):
        axes.axhline(target, color=FAINT, linewidth=0.8, zorder=0)
    for row in summary["sample_sizes"]:
        if row["size"] is None:
            continue
        color = arm_color(names.index(row["design"]))
        y = 100 * row["target"]
        axes.plot([row["low"], row["high"]], [y, y], color=color, linewidth=2.2, alpha=0.6)
        axes.plot([row["size"]], [y], color=color, marker="D", markersize=4.5, linestyle="none")


def boundary_figure(summary: Mapping[str, Any], footer: str) -> Figure | None:
    """Draw the boundaries of all designs that look before the end."""
    designs = [(k, d) for k, d in enumerate(summary["designs"]) if len(d["looks"]) > 1]
    if not designs:
        return None
    canvas, axes = _frame("Boundaries", footer)
    ends, colors, off = [], [], False
    for index, design in designs:
        color = arm_color(index)
        for what, style in (("upper", "-"), ("lower", "--")):
            rows = [r for r in design["looks"] if r[what] is not None]
            shown = [r for r in rows if _LEAST_Z <= r[what] <= _MOST_Z]
            off |= len(shown) < len(rows)
            axes.plot(
                [100 * r["information"] for r in shown],
                [r[what] for r in shown],
                color=color,
                linestyle=style,
                marker="o",
                markersize=3,
            )
        ends.append((design["name"], design["looks"][-1]["upper"]))
        colors.append(color)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    low, high = axes.get_ylim()
    low, high = min(low, 0.0) - 0.1, high + 0.1
    axes.set_ylim(low, high)
    axes.set_xlim(0, 104)
    axes.set_xlabel("Share of the final events (%)")
    axes.set_ylabel("Z of the log-rank test")
    _label_ends(axes, ends, colors, low, high)
    caption = (
        "Z favours the new treatment upwards. Solid: at or above it the trial stops for efficacy; "
        "dashed: below it the trial stops for futility, which it need not do."
        + (f" Boundaries beyond {_LEAST_Z:g} or {_MOST_Z:g} are not drawn." if off else "")
    )
    alt = " ".join(
        f"{d['name']}: efficacy at Z "
        + ", ".join("none" if r["upper"] is None else f"{r['upper']:.2f}" for r in d["looks"])
        + "."
        for _, d in designs
    )
    return Figure("boundaries", "Boundaries", caption, alt, canvas.svg())


def assurance_figure(summary: Mapping[str, Any], footer: str) -> Figure | None:
    """Draw power under each parameter set against its hazard ratio."""
    assurance = summary["assurance"]
    if assurance is None or not assurance["sets"]:
        return None
    canvas, axes = _frame("Power under drawn parameter sets", footer)
    ends, colors = [], []
    for index, design in enumerate(summary["designs"]):
        new = design["arms"][1]
        pairs = sorted(
            (row["hazard_ratios"][new], 100 * row["power"][design["name"]])
            for row in assurance["sets"]
        )
        color = arm_color(index)
        axes.plot(
            [x for x, _ in pairs], [y for _, y in pairs],
            color=color, marker="o", markersize=4, linestyle="none", alpha=0.8,
        )  # fmt: skip
        ends.append((design["name"], pairs[-1][1]))
        colors.append(color)
    axes.axvline(1.0, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
    axes.set_xlabel("Hazard ratio of the population, new against control")
    axes.set_ylabel("Power (%)")
    axes.set_ylim(-2, 103)
    _label_ends(axes, ends, colors, -2, 103)
    caption = (
        f"Each point is one of {len(assurance['sets'])} parameter sets: its population of "
        f"{assurance['patients_per_arm']} patients an arm was simulated anew, and "
        f"{assurance['replicates']} trials were drawn from it. The mean height is the assurance."
    )
    alt = " ".join(
        f"{row['design']}: assurance {100 * row['assurance']:.0f} %."
        for row in assurance["designs"]
        if row["assurance"] is not None
    )
    return Figure("assurance", "Power under drawn parameter sets", caption, alt, canvas.svg())
