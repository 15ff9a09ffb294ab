"""Gains in a subgroup and beside it, as a forest plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, wrap
from rascade.report.look.text import number, plain

__all__ = ["gain_figure"]

_ROW, _NAMES, _VALUES = 0.34, 2.7, 1.45  # inches
_COLORS = {"all": "#444444", "rule": "#0072b2", "others": "#b5b5b5"}


def gain_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Draw the mean months gained by all, and by who meets the rule and who does not."""
    rows = [("all", "all patients", record["gain_overall"], record["gain_overall_90"])]
    if record["rule"] is not None:
        inside, outside = "gain_held_out", "gain_outside_held_out"
        rows += [
            ("rule", record["rule"], record[inside], record[f"{inside}_90"]),
            ("others", "others", record[outside], record[f"{outside}_90"]),
        ]
    title = f"Gain by {plain(record['combination'])} over {plain(record['component'])}"
    high = _ROW * len(rows)
    canvas = Canvas(WIDTH, Canvas.TOP + 0.2 + high + 0.42 + Canvas.FOOTER, title, footer)
    axes = canvas.axes(_NAMES, Canvas.TOP + 0.15, WIDTH - _NAMES - _VALUES, high)
    for y, (kind, _, gain, (low, top)) in enumerate(rows):
        if gain is None or low is None:
            continue
        axes.plot([low, top], [y, y], color=_COLORS[kind], linewidth=1.4)
        axes.plot(gain, y, marker="s", markersize=5, color=_COLORS[kind])
        text = f"{number(gain, 2)} ({number(low, 2)} to {number(top, 2)})"
        axes.text(1.03, y, text, transform=axes.get_yaxis_transform(), size=7, va="center")
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set(ylim=(len(rows) - 0.4, -0.6), yticks=range(len(rows)))
    names = [wrap(name, _NAMES - 0.2, 7, most=2) for _, name, _, _ in rows]
    axes.set_yticklabels(names, fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"mean months of {record['endpoint'].upper()} gained", labelpad=2, color=GREY)
    said = "; ".join(f"{name} {number(gain, 2)}" for _, name, gain, _ in rows)
    return Figure(
        "gains",
        title,
        "Difference of mean months within the follow-up, with 90 % intervals over patients and "
        "members of the ensemble. Subgroup and others: patients that no rule was looked for in.",
        f"Months gained: {said}.",
        canvas.svg(),
        canvas.figure,
    )
