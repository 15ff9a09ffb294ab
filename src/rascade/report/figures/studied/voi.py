"""The figure of the value of information: by how much the best measurements would narrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rascade.report.look.canvas import GREY, WIDTH, Canvas, Figure, arm_color, fit

__all__ = ["SHOWN", "voi_figure"]

#: Measurements that are shown.
SHOWN = 10
_TOP, _LEFT, _ROW = 0.75, 3.6, 0.26
_KINDS = {"trial": 1, "arm": 3, "biopsy": 2, "assay": 0}
_NAMES = {"trial": "randomised trial", "arm": "trial of one arm", "biopsy": "biopsy",
          "assay": "assay of a parameter"}  # fmt: skip


def voi_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the figure of a question for the value of information.

    Args:
        record: content of ``voi.json``.
        footer: the research-use line.
    """
    rows = record["measurements"][:SHOWN]
    canvas = Canvas(WIDTH, _TOP + _ROW * len(rows) + 0.8, str(record["study"]), footer)
    x = 0.16
    for kind, color in _KINDS.items():
        canvas.key(x, 0.47, marker="s", markersize=5, color=arm_color(color), linestyle="none")
        canvas.text(x + 0.1, 0.47, _NAMES[kind], size=7)
        x += 1.45
    axes = canvas.axes(_LEFT, _TOP, WIDTH - _LEFT - 0.2, _ROW * len(rows))
    for place, row in enumerate(rows):
        own = arm_color(_KINDS[row["kind"]])
        axes.barh(place + 0.5, 100 * row["share"], color=own, height=0.66,
                  alpha=1.0 if row["stands_out"] else 0.4)  # fmt: skip
        axes.plot([100 * row["low90"], 100 * row["high90"]], [place + 0.5] * 2, color=GREY,
                  linewidth=0.8)  # fmt: skip
        name = row["about"] if row["kind"] == "assay" else row["measurement"]
        canvas.text(0.06, _TOP + _ROW * (place + 0.5), fit(name, _LEFT - 0.15, 7), size=7)
    axes.axvline(100 * record["chance_level"], color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.set(ylim=(len(rows), 0), xlim=(0, None))
    axes.yaxis.set_ticks([])
    axes.set_xlabel("share of the prediction's variance that is expected to go, %", labelpad=2)
    told = "; ".join(f"{row['measurement']}: {row['share']:.0%}" for row in rows)
    return Figure(
        "voi",
        str(record["study"]),
        f"The measurements that would narrow the prediction most ({record['prediction']}); lines "
        "are 90 % limits over the draws. Dashed: what the best of all measurements would reach by "
        "chance; paler bars do not stand out from it.",
        told,
        canvas.svg(),
        canvas.figure,
    )
