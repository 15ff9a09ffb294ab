"""The small figure of one expectation: what was expected, and the interval that came out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from rascade.analyses.claims.tables import CheckRecord

__all__ = ["EXPECTED", "WIDTH", "Scale", "effect_figure"]

WIDTH, HEIGHT = 180.0, 22.0
_EDGE = 6.0
_COLORS = {
    "supported": "#005a8c",
    "contradicted": "#a93c00",
    "uncertain": "#5c5c5c",
    "typical value outside": "#8a5a00",
}
EXPECTED, _LINE = "#bfe3d3", "#c9c9c9"
_DECADE_AND_HALF = 30.0  # positive numbers that span more than this are drawn on a log scale


def effect_figure(check: CheckRecord) -> str | None:
    """Return the figure as a ``data:`` address; None where there is no number to draw.

    A green band is the expectation, open at an end that it does not have; the bar is the interval
    and the dot the effect. Positive numbers that span much are drawn on a log scale.
    """
    effect, (low, high) = check.effect, check.ci
    if effect is None:
        return None
    expected = check.expected
    numbers = [float(x) for x in (effect, low, high, *expected) if x is not None]
    place = Scale(numbers)
    left = 0.0 if expected[0] is None else place(expected[0])
    right = WIDTH if expected[1] is None else place(expected[1])
    a = 0.0 if low is None else place(low)
    b = WIDTH if high is None else place(high)
    return _svg(left, right, a, b, place(effect), _COLORS[check.verdict])


class Scale:
    """Places numbers on the width of a small figure; on a log scale if positive and far apart."""

    def __init__(self, numbers: Sequence[float]) -> None:
        low, high = min(numbers), max(numbers)
        self.logarithmic = low > 0 and high / low > _DECADE_AND_HALF
        ends = [math.log(low), math.log(high)] if self.logarithmic else [low, high]
        span = (ends[1] - ends[0]) or abs(ends[0]) or 1.0
        self.start, self.span = ends[0] - 0.08 * span, 1.16 * span

    def __call__(self, value: float) -> float:
        """Return the place of a number, from the left edge."""
        x = math.log(value) if self.logarithmic else value
        return _EDGE + (WIDTH - 2 * _EDGE) * (x - self.start) / self.span


def _svg(left: float, right: float, a: float, b: float, dot: float, color: str) -> str:
    middle = HEIGHT / 2
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}">'
        f'<rect x="{left:.1f}" y="2" width="{max(right - left, 1):.1f}" height="{HEIGHT - 4:g}" '
        f'fill="{EXPECTED}"/>'
        f'<line x1="0" x2="{WIDTH:g}" y1="{HEIGHT - 1:g}" y2="{HEIGHT - 1:g}" stroke="{_LINE}"/>'
        f'<line x1="{a:.1f}" x2="{max(b, a + 0.5):.1f}" y1="{middle:g}" y2="{middle:g}" '
        f'stroke="{color}" stroke-width="3"/>'
        f'<circle cx="{dot:.1f}" cy="{middle:g}" r="4" fill="{color}"/></svg>'
    )
    return "data:image/svg+xml," + quote(text)
