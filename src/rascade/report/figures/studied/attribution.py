"""The waterfall of an attribution: from no benefit, share by share, to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, fit
from rascade.report.look.text import number, plain

__all__ = ["waterfall_figure"]

_ROW, _NAMES, _VALUES = 0.26, 1.95, 1.55  # inches
_NOISE = 5e-4
_NO_TREATMENT = {"nothing": "no treatment"}
_GAIN, _LOSS, _ALL = "#0072b2", "#d55e00", "#444444"
_UNITS = {"months": "months", "log ratio": "natural log of a ratio"}


def waterfall_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Draw shares in order of size, each beginning where the one before ended, and the benefit.

    Args:
        record: of an attribution, or of one patient of it.
        footer: printed below.
    """
    whose = f", patient {record['number']}" if "number" in record else ""
    shares = sorted(record["shares"], key=lambda share: -abs(share["value"]))
    rows = len(shares) + 1
    title = (
        f"What carries the benefit of {plain(record['arm'])} over "
        f"{_NO_TREATMENT.get(record['reference'], plain(record['reference']))}{whose}"
    )
    canvas = Canvas(WIDTH, Canvas.TOP + 0.2 + _ROW * rows + 0.42 + Canvas.FOOTER, title, footer)
    axes = canvas.axes(_NAMES, Canvas.TOP + 0.15, WIDTH - _NAMES - _VALUES, _ROW * rows)
    ends = np.cumsum([share["value"] for share in shares])
    starts = np.concatenate([[0.0], ends[:-1]])
    for y, (share, start, end) in enumerate(zip(shares, starts, ends, strict=True)):
        color = _GAIN if share["value"] >= 0 else _LOSS
        axes.barh(y, end - start, left=start, height=0.62, color=color, linewidth=0)
        _whisker(axes, y, start + share["low90"], start + share["high90"])
        axes.plot([end, end], [y - 0.31, y + 1.31], color=GREY, linewidth=0.5)
    last = rows - 1
    axes.barh(last, record["benefit"], height=0.62, color=_ALL, linewidth=0)
    _whisker(axes, last, record["low90"], record["high90"])
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set(ylim=(rows - 0.4, -0.6), yticks=range(rows))
    names = [*(share["mechanism"] for share in shares), "benefit"]
    axes.set_yticklabels([fit(name, _NAMES - 0.15, 7.5) for name in names], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"{record['endpoint'].upper()}, {_UNITS[record['unit']]}", labelpad=2)
    axes.locator_params(axis="x", nbins=6)
    for y, one in enumerate([*shares, record]):
        value = one.get("value", record["benefit"])
        low, high = _shown(one["low90"]), _shown(one["high90"])
        text = f"{_shown(value)} ({low} to {high})"
        axes.text(
            1.03, y, text, transform=axes.get_yaxis_transform(), size=6.5, va="center", color=INK
        )
    said = "; ".join(f"{share['mechanism']} {number(share['value'])}" for share in shares)
    return Figure(
        "waterfall-patient" if whose else "waterfall",
        title,
        f"Shapley shares of the mechanisms, {plain(record['about'])}. Each bar begins where the "
        "one above ends; the last is their sum. Whiskers and brackets: 90 % intervals over "
        + ("members of the ensemble." if whose else "patients and members of the ensemble."),
        f"Benefit {number(record['benefit'])} {record['unit']}: {said}.",
        canvas.svg(),
        canvas.figure,
    )


def _shown(value: float) -> str:
    """Return a number as text; what is within the solver's tolerance is 0."""
    return number(0.0 if abs(value) < _NOISE else value, 2)


def _whisker(axes: Any, y: float, low: float, high: float) -> None:
    axes.plot([low, high], [y, y], color=INK, linewidth=0.9, solid_capstyle="butt")
    for end in (low, high):
        axes.plot([end, end], [y - 0.12, y + 0.12], color=INK, linewidth=0.9)
