"""The figure of a validation: published against predicted, fitted and never fitted apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import FAINT, GREY, WIDTH, Canvas, Figure, arm_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["validation_figure"]

_TITLES = {
    "orr": "Response rate, %",
    "pfs": "Median PFS, months",
    "os": "Median OS, months",
    "landmark": "Landmark rates, %",
}
_LIMITS = {"orr": (0.0, 75.0), "pfs": (1.0, 16.0), "os": (1.5, 30.0), "landmark": (0.0, 100.0)}
_TICKS = {
    "orr": (0, 25, 50, 75),
    "pfs": (1, 2, 4, 8, 16),
    "os": (2, 4, 8, 16, 30),
    "landmark": (0, 25, 50, 75, 100),
}
_LEFT, _TOP = 0.48, 0.72
#: Side of a panel and the gap to the next, in inches, by how many panels there are.
_PANELS = {3: (1.85, 0.5), 4: (1.33, 0.42)}
_HISTOGRAM = 0.75
_FITTED, _UNSEEN = GREY, arm_color(0)


def validation_figure(rows: Sequence[Mapping[str, Any]], footer: str) -> Figure:
    """Return the figure of a validation.

    Args:
        rows: of ``validation.csv``: ``endpoint``, ``role``, ``published``, ``predicted``,
            ``low90``, ``high90``, ``inside`` and ``place``.
        footer: the research-use line.
    """
    title = "What the population predicts, and what was published"
    shown = [name for name in _TITLES if name != "landmark" or any(map(_is_landmark, rows))]
    side, gap = _PANELS[len(shown)]
    canvas = Canvas(WIDTH, _TOP + side + 0.55 + _HISTOGRAM + 0.75, title, footer)
    canvas.key(0.5, 0.47, marker="o", markersize=4, color=_UNSEEN, linestyle="none")
    canvas.text(0.6, 0.47, "never fitted", size=7)
    canvas.key(1.5, 0.47, marker="o", markersize=4, markerfacecolor="white",
               markeredgecolor=_FITTED, linestyle="none")  # fmt: skip
    canvas.text(1.6, 0.47, "fitted", size=7)
    canvas.text(2.2, 0.47, "bars: 90 % predictive interval for a trial of that size", size=7)
    told = []
    for index, endpoint in enumerate(shown):
        mine = [row for row in rows if _measure(row) == endpoint]
        left = _LEFT + index * (side + gap)
        _scatter(canvas.axes(left, _TOP, side, side), endpoint, mine)
        top = _TOP + side + 0.62
        _places(canvas.axes(left, top, side, _HISTOGRAM), mine)
        unseen = [row for row in mine if row["role"] != "calibrate"]
        inside = sum(bool(row["inside"]) for row in unseen)
        text = f"never fitted: {inside} of {len(unseen)} inside"
        canvas.text(left + 0.06, _TOP + 0.09, text, size=6.5 if len(shown) == 3 else 5.5)
        told.append(f"{_TITLES[endpoint]}: {text}")
    return Figure(
        "validation",
        title,
        "Above: each dot is a published value and the median that the population predicts for a "
        "trial of that size, scanned, entered and cut as published; on the line they are equal. "
        "Below: where the published value lies within the predictive distribution; with right "
        "intervals all places are equally frequent (dashed).",
        "; ".join(told),
        canvas.svg(),
        canvas.figure,
    )


def _is_landmark(row: Mapping[str, Any]) -> bool:
    return "@" in row["endpoint"]


def _measure(row: Mapping[str, Any]) -> str:
    return "landmark" if _is_landmark(row) else str(row["endpoint"])


def _scatter(axes: Axes, endpoint: str, rows: Sequence[Mapping[str, Any]]) -> None:
    low, high = _LIMITS[endpoint]
    if endpoint in ("pfs", "os"):
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.plot([low, high], [low, high], color=FAINT, linewidth=0.8, zorder=1)
    for row in sorted(rows, key=lambda row: row["role"] != "calibrate"):
        fitted = row["role"] == "calibrate"
        color = _FITTED if fitted else _UNSEEN
        ends = [
            high if row[n] is None else min(max(row[n], low), high) for n in ("low90", "high90")
        ]
        x = min(max(row["published"], low), high)
        axes.plot([x, x], ends, color=color, linewidth=0.7, alpha=0.6, zorder=2)
        y = high if row["predicted"] is None else min(max(row["predicted"], low), high)
        axes.plot(
            [x], [y], marker="o", markersize=3.4, linestyle="none", zorder=3,
            markerfacecolor="white" if fitted else color, markeredgecolor=color,
            markeredgewidth=0.8,
        )  # fmt: skip
    pad = 0.0 if endpoint in ("pfs", "os") else 2.0
    for axis, name in ((axes.xaxis, "published"), (axes.yaxis, "predicted")):
        axis.set_ticks(_TICKS[endpoint], [f"{tick:g}" for tick in _TICKS[endpoint]])
        axis.set_ticks([], minor=True)
        axis.set_label_text(f"{_TITLES[endpoint]}, {name}" if name == "published" else name)
        axis.labelpad = 2
    axes.set(xlim=(low - pad, high + pad), ylim=(low - pad, high + pad))


def _places(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw where published values lie in their predictive distributions."""
    places = [row["place"] for row in rows if row["role"] != "calibrate"]
    bins = 10
    counts = [0] * bins
    for place in places:
        counts[min(int(place * bins), bins - 1)] += 1
    axes.bar(
        [(k + 0.5) / bins for k in range(bins)], counts, width=0.9 / bins, color=_UNSEEN, alpha=0.75
    )
    axes.axhline(len(places) / bins, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    top = max([*counts, math.ceil(len(places) / bins) + 1])
    axes.set(xlim=(0, 1), ylim=(0, top * 1.05))
    axes.xaxis.set_ticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_xlabel("place in the distribution", labelpad=2)
    axes.set_ylabel("values", labelpad=2)
