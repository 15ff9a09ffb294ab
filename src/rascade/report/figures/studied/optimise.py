"""The figure of a search for schedules: the trade between gain and toxicity, and the winners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rascade.report.look.canvas import FAINT, GREY, WIDTH, Canvas, Figure, arm_color, wrap

__all__ = ["optimise_figure"]

_TOP, _SIDE, _LEFT = 0.72, 2.6, 0.6
_NAMES, _ROW = 3.55, 0.33


def optimise_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the figure of a search.

    Args:
        record: content of ``optimise.json``.
        footer: the research-use line.
    """
    rows = [*record["best"], *record["published"]]
    height = _TOP + max(_SIDE, _ROW * len(rows)) + 0.8
    title = f"{record['study']}: {record['rule'].partition(':')[0]}"
    canvas = Canvas(WIDTH, height, title, footer)
    _key(canvas)
    _trade(canvas, record)
    _winners(canvas, record, rows)
    return Figure(
        "optimise",
        title,
        "Left: every schedule that was tried, on the first rung of the search; the line joins "
        "those that no other beats in gain and toxicity together. Right: the "
        "winners and the published schedules on patients and members that the search has not seen, "
        "with 90 % limits over both.",
        f"{record['rule']}. {record['verdict']}",
        canvas.svg(),
        canvas.figure,
    )


def _key(canvas: Canvas) -> None:
    marks = (
        (0.16, "o", GREY, "tried"), (0.75, "o", arm_color(0), "beaten by no other"),
        (2.15, "o", arm_color(2), "best, fresh patients"), (3.6, "D", arm_color(1), "published"),
    )  # fmt: skip
    for x, marker, color, text in marks:
        canvas.key(x, 0.47, marker=marker, markersize=4, color=color, linestyle="none")
        canvas.text(x + 0.1, 0.47, text, size=7)


def _trade(canvas: Canvas, record: Mapping[str, Any]) -> None:
    axes = canvas.axes(_LEFT, _TOP, _SIDE, _SIDE)
    tried, best = record["tried"], _rising(record["front"])
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    limit = record["limits"]["grade3plus_pct"]
    _scatter(axes, tried, "o", GREY, 2)
    axes.plot(
        [row["grade3plus_pct"] for row in best], [row["value"] for row in best],
        color=arm_color(0), linewidth=0.8, zorder=2,
    )  # fmt: skip
    _scatter(axes, best, "o", arm_color(0), 3)
    if limit < 100.0:
        axes.axvline(limit, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.set_xlabel("patients with grade 3 or more, %", labelpad=2)
    axes.set_ylabel(record["objective"], labelpad=2)


def _rising(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those that more toxicity pays for: the front of gain and toxicity alone."""
    found: list[Mapping[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["grade3plus_pct"], -row["value"])):
        if not found or row["value"] > found[-1]["value"]:
            found.append(row)
    return found


def _scatter(axes: Any, rows: Sequence[Mapping[str, Any]], marker: str, color: str, z: int) -> None:
    axes.plot(
        [row["grade3plus_pct"] for row in rows], [row["value"] for row in rows], marker=marker,
        markersize=3.2, linestyle="none", color=color, zorder=z,
    )  # fmt: skip


def _winners(canvas: Canvas, record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    left = _NAMES + 2.05
    axes = canvas.axes(left, _TOP, WIDTH - left - 0.12, _ROW * len(rows))
    axes.axvline(0.0, color=FAINT, linewidth=0.8)
    for place, row in enumerate(rows):
        published = "name" in row
        color = arm_color(1 if published else 2)
        y = place + 0.5
        axes.plot([row["low90"], row["high90"]], [y, y], color=color, linewidth=1.2)
        axes.plot([row["value"]], [y], marker="D" if published else "o", markersize=4, color=color)
        text = wrap(row.get("name", row["schedule"]), 2.0, 6.2, most=2)
        canvas.text(_NAMES, _TOP + _ROW * y, text, size=6.2)
    axes.set(ylim=(len(rows), 0))
    axes.yaxis.set_ticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(record["objective"], labelpad=2)
