from __future__ import annotations

from itertools import pairwise

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.report.canvas import (
    ARM_COLORS,
    Canvas,
    arm_color,
    declutter,
    drawing,
    fit,
    readable,
    text_width,
    wrap,
)
from rascade.report.survival_figures import month_ticks


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(1, 12))
def test_labels_never_overlap_and_move_as_little_as_needed(wanted, gap):
    placed = declutter(wanted, gap, 0, 100)
    ordered = sorted(placed)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(ordered))
    # The order from top to bottom is kept.
    for i in range(len(wanted)):
        for j in range(len(wanted)):
            if wanted[i] > wanted[j]:
                assert placed[i] > placed[j]
    if len(wanted) == 1:
        assert placed == wanted


def test_text_is_cut_and_wrapped_to_its_room():
    long = "daraxonrasib with gemcitabine and nab-paclitaxel"
    assert fit("short", 2, 7) == "short"
    cut = fit(long, 1.2, 7)
    assert cut.endswith("…")
    assert text_width(cut, 7) <= 1.2
    lines = wrap(long, 1.4, 7).split("\n")
    assert len(lines) == 2
    assert all(text_width(line, 7) <= 1.4 for line in lines)
    assert wrap("x" * 200, 1.0, 7).endswith("…")


def test_arm_colours_are_distinct_and_readable_as_text():
    assert len(set(ARM_COLORS)) == 7
    assert arm_color(7) == arm_color(0)
    for color in ARM_COLORS:
        channels = [int(readable(color)[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        light = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        assert 1.05 / (light + 0.05) >= 4.4


@pytest.mark.parametrize(
    ("end", "last"), [(0.4, 1), (3, 3), (8.2, 9), (24, 24), (25, 27), (70, 72)]
)
def test_month_ticks_end_at_or_after_the_data(end, last):
    ticks = month_ticks(end)
    assert (ticks[0], ticks[-1]) == (0, last)
    assert 2 <= len(ticks) <= 11


def test_drawing_leaves_no_global_state_and_svg_is_the_same_bytes():
    before = dict(matplotlib.rcParams)
    pictures = []
    for _ in range(2):
        with drawing():
            canvas = Canvas(3, 2, "Title $x^", "footer")
            canvas.axes(0.5, 0.5, 2, 1).plot([0, 1], [1, 0])
            pictures.append(canvas.svg())
    assert pictures[0] == pictures[1]
    assert dict(matplotlib.rcParams) == before
