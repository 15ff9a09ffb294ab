"""Texts of figures that overlap or are cut, found on the drawing itself."""

from __future__ import annotations

import io
from contextlib import contextmanager
from itertools import combinations

from rascade.report.look.canvas import Canvas

__all__ = ["drawn_canvases", "faults"]


@contextmanager
def drawn_canvases(monkeypatch):
    """Keep every canvas that is turned into SVG meanwhile; the SVG itself is not made."""
    kept = []
    monkeypatch.setattr(Canvas, "svg", lambda self: kept.append(self) or "<svg/>")
    yield kept


def faults(canvas):
    """Return texts that leave the page, end in an ellipsis, or lie on each other."""
    from matplotlib.text import Text

    from rascade.report.look.canvas import _renderer

    canvas.figure.dpi = 72  # measured as the SVG is drawn, without the hinting of a screen
    inches = canvas.figure.get_size_inches()
    renderer = _renderer()(*(72 * inches), io.StringIO(), image_dpi=72)
    canvas.figure.draw(renderer)
    width, height = canvas.figure.bbox.width, canvas.figure.bbox.height
    # A tick label that lies outside the axes' limits is not drawn, but still found.
    outside = {
        id(tick.label1)
        for axes in canvas.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in canvas.figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in outside
    ]
    found = [f"cut: {text}" for text, _ in boxes if text.endswith("…")]
    found += [
        f"off the page: {text}"
        for text, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        along = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Boxes hold the room of ascenders and descenders: a hair of overlap cannot be seen.
        if across > 1.5 and along > 0.3 * min(a.height, b.height):
            found.append(f"overlap: {one!r} and {other!r}")
    return found
