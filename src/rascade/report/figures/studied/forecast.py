"""The figure of a forecast: months without progression by regimen, and the chance to be best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rascade.report.look.canvas import FAINT, WIDTH, Canvas, Figure, arm_color, fit

__all__ = ["forecast_figure"]

_TOP, _LEFT, _ROW, _GAP = 0.5, 1.9, 0.32, 0.25
_PANELS = (
    (2.3, "months without progression"), (1.2, "chance to be best, %"), (1.2, "grade 3 or more, %"),
)  # fmt: skip


def forecast_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the figure of a forecast that was not refused.

    Args:
        record: content of ``forecast.json``.
        footer: the research-use line.
    """
    rows = record["regimens"]
    title = "What regimens would do to virtual patients like this one"
    canvas = Canvas(WIDTH, _TOP + _ROW * len(rows) + 0.75, title, footer)
    for place, row in enumerate(rows):
        text = fit(row["regimen"], _LEFT - 0.15, 7)
        canvas.text(0.06, _TOP + _ROW * (place + 0.5), text, size=7)
    left, end = _LEFT, record["horizon_months"]
    for index, (width, name) in enumerate(_PANELS):
        axes = canvas.axes(left, _TOP, width, _ROW * len(rows))
        left += width + _GAP
        for place, row in enumerate(rows):
            y, color = place + 0.5, arm_color(index)
            if index == 0:
                low, median, high = (
                    end if row[n] is None else row[n]
                    for n in ("low80", "pfs_median_months", "high80")
                )
                axes.plot([low, high], [y, y], color=color, linewidth=1.3)
                axes.plot([median], [y], marker="o", markersize=4, color=color)
                if row["high80"] is None:
                    axes.plot([end], [y], marker=">", markersize=4, color=color, clip_on=False)
            else:
                key = 100 * row["probability_best"] if index == 1 else row["grade3plus_pct"]
                axes.barh(y, key, height=0.6, color=color)
        axes.set(ylim=(len(rows), 0), xlim=(0, end if index == 0 else 100))
        axes.yaxis.set_ticks([])
        axes.grid(axis="x", color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        axes.set_xlabel(name, labelpad=2)
    told = "; ".join(f"{r['regimen']}: {r['pfs_median_months']} months" for r in rows)
    return Figure(
        "forecast",
        title,
        "Median and 80 % predictive interval of the time without progression, the chance that a "
        "regimen keeps a patient free of it longest, and the share with a side effect of grade 3 "
        f"or more, over {record['effective_sample']:.0f} effective virtual patients. An arrow is "
        "beyond the horizon.",
        told,
        canvas.svg(),
        canvas.figure,
    )
