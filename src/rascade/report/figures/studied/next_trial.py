"""The figure of a search for the next trial: chance against duration, and the best by member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rascade.report.look.canvas import FAINT, GREY, WIDTH, Canvas, Figure, arm_color

__all__ = ["design_figure"]

_TOP, _LEFT, _HIGH = 0.72, 0.6, 2.6


def design_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the figure of a search for a design.

    Args:
        record: content of ``design.json``.
        footer: the research-use line.
    """
    title = f"{record['study']}: the design with the best chance"
    canvas = Canvas(WIDTH, _TOP + _HIGH + 0.85, title, footer)
    for x, marker, color, text in (
        (0.16, "o", GREY, "tried"),
        (0.75, "o", arm_color(2), "best"),
        (1.35, "D", arm_color(1), "plain designs"),
    ):
        canvas.key(x, 0.47, marker=marker, markersize=4, color=color, linestyle="none")
        canvas.text(x + 0.1, 0.47, text, size=7)
    axes = canvas.axes(_LEFT, _TOP, 3.6, _HIGH)
    _points(axes, record["tried"], "o", GREY, 2)
    _points(axes, record["plain"], "D", arm_color(1), 3)
    _points(axes, [record["best"]], "o", arm_color(2), 4)
    for row, color in (
        *((one, arm_color(1)) for one in record["plain"]), (record["best"], arm_color(2)),
    ):  # fmt: skip
        ends = [100 * row["low90"], 100 * row["high90"]]
        axes.plot([row["months"]] * 2, ends, color=color, linewidth=1.0, zorder=2)
    axes.set(ylim=(0, 100))
    axes.set_xlabel("mean duration, months", labelpad=2)
    axes.set_ylabel("chance of success, %", labelpad=2)
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    other = canvas.axes(_LEFT + 4.25, _TOP, 2.2, _HIGH)
    values = sorted(100 * x for x in record["by_member"])
    other.barh(range(len(values)), values, color=arm_color(2), height=0.8)
    other.set(xlim=(0, 100))
    other.yaxis.set_ticks([])
    other.set_xlabel("chance of the best design, %", labelpad=2)
    other.set_ylabel("members of the ensemble", labelpad=2)
    best = record["best"]
    return Figure(
        "design",
        title,
        "Left: every design of the menu by its mean duration and its chance over the ensemble; "
        "bars are 90 % limits over members. Right: the power of the best design in each member: "
        "what is not known of the population spreads it.",
        f"best: {best['design']}, chance {best['assurance']:.0%}. {record['verdict']}",
        canvas.svg(),
        canvas.figure,
    )


def _points(axes: Any, rows: Sequence[Mapping[str, Any]], marker: str, color: str, z: int) -> None:
    axes.plot(
        [row["months"] for row in rows], [100 * row["assurance"] for row in rows], marker=marker,
        markersize=3.6, linestyle="none", color=color, zorder=z,
    )  # fmt: skip
