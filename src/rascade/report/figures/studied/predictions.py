"""The figure of frozen predictions: medians of every arm with 90 % limits, results where known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import FAINT, GREY, INK, WIDTH, Canvas, Figure, arm_color, fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["predictions_figure"]

_PANELS = (("orr", "Response rate, %"), ("pfs", "Median PFS, months"), ("os", "Median OS, months"))
_LEFT, _ROW, _TOP, _SIDE, _GAP = 2.45, 0.2, 0.75, 1.42, 0.2


def predictions_figure(
    frozen: Sequence[Mapping[str, Any]], scores: Sequence[Mapping[str, Any]], footer: str
) -> Figure:
    """Return the figure of frozen predictions.

    Args:
        frozen: contents of the frozen files; those that were refused have no arms.
        scores: rows of `rascade.analyses.predictions.score.scored`.
        footer: the research-use line.
    """
    rows = _rows(frozen)
    height = _TOP + _ROW * len(rows) + 0.75
    title = "Trials that have not reported: what the population predicts"
    canvas = Canvas(WIDTH, height, title, footer)
    canvas.key(0.16, 0.47, marker="o", markersize=4, color=arm_color(0), linestyle="none")
    canvas.text(0.26, 0.47, "median and 90 % predictive interval for a trial of that size", size=7)
    canvas.key(3.7, 0.47, marker="o", markersize=4, markerfacecolor="white",
               markeredgecolor=GREY, linestyle="none")  # fmt: skip
    canvas.text(3.8, 0.47, "known before, not scored", size=7)
    canvas.key(5.35, 0.47, marker="D", markersize=4, color=arm_color(1), linestyle="none")
    canvas.text(5.45, 0.47, "published since", size=7)
    found = {(row["prediction"], row["arm"], row["endpoint"]): row["published"] for row in scores}
    for place, (one, arm) in enumerate(rows):
        bold = arm is None
        label = str(one["trial"]) if arm is None else str(arm["name"])
        weight = "bold" if bold else "normal"
        text = fit(label, _LEFT - 0.3, 7, weight)
        canvas.text(
            0.06 if bold else 0.18, _TOP + _ROW * (place + 0.5), text, size=7, weight=weight
        )
    for index, (endpoint, name) in enumerate(_PANELS):
        left = _LEFT + index * (_SIDE + _GAP)
        axes = canvas.axes(left, _TOP, _SIDE, _ROW * len(rows))
        _panel(axes, endpoint, rows, found)
        axes.set_xlabel(name, labelpad=2)
    arms = [f"{arm['name']}: {_told(arm)}" for _, arm in rows if arm is not None]
    return Figure(
        "predictions",
        title,
        "Every arm of a trial that has not reported, as it was frozen. An arrow means that the "
        "limit is not reached before the data cut. Open marks were published before and are not "
        "scored.",
        "; ".join(arms),
        canvas.svg(),
        canvas.figure,
    )


def _rows(frozen: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    latest = {one["id"]: one for one in frozen if not one["refused"]}
    return [(one, arm) for one in latest.values() for arm in (None, *one["arms"])]


def _told(arm: Mapping[str, Any]) -> str:
    values = arm["values"]
    return ", ".join(f"{name} {values[name]['median']}" for name, _ in _PANELS if values[name])


def _panel(
    axes: Axes,
    endpoint: str,
    rows: Sequence[tuple[Any, Any]],
    found: Mapping[tuple[str, str, str], float],
) -> None:
    most = _most(endpoint, rows)
    axes.set(xlim=(0.0, most), ylim=(len(rows), 0.0))
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_ticks([])
    axes.grid(axis="x", color=FAINT, linewidth=0.4)
    axes.set_axisbelow(True)
    for place, (one, arm) in enumerate(rows):
        said = None if arm is None else arm["values"][endpoint]
        if said is None:
            continue
        y = place + 0.5
        known = any(
            (k["arm"], k["endpoint"]) == (arm["name"], endpoint) for k in one["known_before"]
        )
        low, middle, high = (_within(said[name], most) for name in ("low90", "median", "high90"))
        axes.plot([low, high], [y, y], color=GREY if known else arm_color(0), linewidth=1.2)
        if said["high90"] is None:
            axes.plot([most], [y], marker=">", markersize=4, color=arm_color(0), clip_on=False)
        if said["median"] is not None:
            axes.plot(
                [middle], [y], marker="o", markersize=4, linestyle="none",
                markerfacecolor="white" if known else arm_color(0),
                markeredgecolor=GREY if known else arm_color(0),
            )  # fmt: skip
        seen = found.get((one["id"], arm["name"], endpoint))
        if seen is not None:
            axes.plot([_within(seen, most)], [y], marker="D", markersize=4, color=arm_color(1))
    axes.tick_params(axis="x", colors=INK)


def _most(endpoint: str, rows: Sequence[tuple[Any, Any]]) -> float:
    if endpoint == "orr":
        return 100.0
    return max(float(one["last_month"]) for one, _ in rows)


def _within(value: float | None, most: float) -> float:
    return most if value is None else min(float(value), most)
