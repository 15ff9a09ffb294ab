from __future__ import annotations

import re
import warnings
from itertools import pairwise

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rascade.report.figures.survival import month_ticks
from rascade.report.look.canvas import (
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
    assert len(lines) == 3 and " ".join(lines) == long
    assert all(text_width(line, 7) <= 1.4 for line in lines)
    # A word longer than the line is broken, and nothing is lost while there are lines to spare.
    word = "x" * 60
    assert wrap(word, 1.0, 7).replace("\n", "") == word
    assert wrap("x" * 400, 1.0, 7).count("\n") == 3 and wrap("x" * 400, 1.0, 7).endswith("…")


def test_other_scripts_are_left_to_the_fonts_of_the_reader():
    name = "达拉克拉西布 العربية ไทย"
    with warnings.catch_warnings(), drawing():
        warnings.simplefilter("error")  # matplotlib warns of glyphs that a font lacks
        canvas = Canvas(5, 2, f"{name} é", "footer")
        canvas.text(1, 1, "漢字", ha="center")
        svg = canvas.svg()
    shown = [t.replace("\u200e", "") for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    assert shown == [f"{name} é", "漢字"]
    # Each character of Chinese is about as wide as it is high.
    assert text_width("漢" * 10, 7.2) == pytest.approx(1.0, rel=0.12)
    assert wrap("漢" * 30, 1.0, 7.2, most=9).replace("\n", "") == "漢" * 30


def test_long_titles_and_footers_make_the_page_taller_and_are_not_cut():
    title, footer = "a name of many words " * 12, "research use only " * 20
    with drawing():
        tall, low = Canvas(5, 2, title, footer), Canvas(5, 2, "short", "short")
        words = re.findall(r"<!--(.*?)-->", tall.svg())
    assert tall.height > low.height == 2
    assert " ".join(" ".join(words).split()) == " ".join(f"{title} {footer}".split())
    axes = [canvas.axes(0.5, 0.5, 4, 1).get_position() for canvas in (tall, low)]
    assert axes[0].height * tall.height == pytest.approx(axes[1].height * low.height)


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
