"""The tornado of a sensitivity: the answer with each row at its ends, the others where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, fit
from rascade.report.look.text import number, plain

__all__ = ["tornado_figure"]

_ROW, _NAMES, _RIGHT = 0.24, 2.3, 0.35  # inches
_LOW, _HIGH = "#56b4e9", "#d55e00"


def tornado_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Draw bars from the answer at the table's values, the widest on top."""
    base = record["base"]
    bars = sorted(
        record["tornado"],
        key=lambda one: -max(abs(one["at_low"] - base), abs(one["at_high"] - base)),
    )
    title = f"What {record['endpoint'].upper()} hangs on: {plain(record['of'])}"
    high = _ROW * len(bars)
    canvas = Canvas(WIDTH, Canvas.TOP + 0.42 + high + 0.42 + Canvas.FOOTER, title, footer)
    for place, name, color in ((0.0, "low", _LOW), (1.5, "high", _HIGH)):
        words = f"■ {name} end of the range"
        canvas.text(_NAMES + place, Canvas.TOP + 0.1, words, size=7, color=color)
    axes = canvas.axes(_NAMES, Canvas.TOP + 0.3, WIDTH - _NAMES - _RIGHT, high)
    for y, one in enumerate(bars):
        for end, color, shift in (("at_low", _LOW, -0.18), ("at_high", _HIGH, 0.18)):
            axes.barh(y + shift, one[end] - base, left=base, height=0.34, color=color, linewidth=0)
    axes.axvline(base, color=INK, linewidth=0.7)
    axes.set(ylim=(len(bars) - 0.4, -0.6), yticks=range(len(bars)))
    axes.set_yticklabels([fit(plain(one["name"]), _NAMES - 0.15, 7) for one in bars], fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"mean {record['unit']}", labelpad=2, color=GREY)
    said = "; ".join(
        f"{one['name']} {number(one['at_low'], 2)} to {number(one['at_high'], 2)}" for one in bars
    )
    return Figure(
        "tornado",
        title,
        f"The answer ({number(base, 2)} {record['unit']} at the table's values, the line) with one "
        "row at an end of its range and all others where they are; rows with the largest index.",
        f"Answer with each row low and high: {said}.",
        canvas.svg(),
        canvas.figure,
    )
