"""The one look of all figures: sizes in inches, colours that everybody can tell apart, SVG out.

Figures are placed by hand in inches, so that a label never depends on what an automatic layout
makes of it, and are written with the object interface of matplotlib (no pyplot, no global state
beyond a restored `rc_context`). The same inputs give the same bytes: fixed hash salt, no dates,
glyphs as outlines so that no font of the reader's machine matters.

In one module since it is one class, on which every figure is drawn.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from rascade.report.look.text import RIGHT_TO_LEFT, clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MplFigure

__all__ = [
    "ARM_COLORS",
    "FAINT",
    "GREY",
    "INK",
    "LEGEND_LINE",
    "RESPONSE_COLORS",
    "WIDTH",
    "Canvas",
    "Figure",
    "arm_color",
    "arm_legend",
    "declutter",
    "drawing",
    "drawn",
    "fit",
    "legend_lines",
    "lines_of",
    "readable",
    "shrink",
    "stand_in",
    "text_width",
    "wrap",
]

WIDTH = 7.2  # inches: the double column of most journals (183 mm)
INK, GREY, FAINT = "#1a1a1a", "#6b6b6b", "#c9c9c9"
# Okabe and Ito's palette (jfly.uni-koeln.de/color), dark ones first; told apart by all three
# common kinds of colour blindness.
ARM_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
# ColorBrewer's blues and reds: response to progression, ordered in lightness on either side.
RESPONSE_COLORS = {
    "CR": "#08519c",
    "PR": "#6baed6",
    "SD": "#b5b5b5",
    "PD": "#cb181d",
    "NE": "#efe3b8",
}

_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 7.5,
    "text.parse_math": False,  # a study may be called $\frac
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.labelsize": 7.5,
    "axes.titlesize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "svg.fonttype": "path",
    "svg.hashsalt": "rascade",
    "svg.image_inline": True,
    "path.simplify": True,
    "figure.dpi": 100,
    "savefig.facecolor": "white",
}


@dataclass(frozen=True)
class Figure:
    """A finished figure.

    Attributes:
        name: file name without suffix.
        title: short title.
        caption: how to read it.
        alt: what a reader who cannot see it needs to know.
        svg: the picture, a whole SVG document.
        picture: the same as matplotlib holds it, for those who want to change it; None where the
            picture is needed as SVG only.
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    picture: MplFigure | None = field(default=None, repr=False, compare=False)

    @property
    def data_uri(self) -> str:
        """The picture as a ``data:`` address; ids inside it cannot clash with another figure."""
        from base64 import b64encode

        return "data:image/svg+xml;base64," + b64encode(self.svg.encode()).decode()


@contextmanager
def drawing(*, outlines: bool = True) -> Iterator[None]:
    """Apply the look while figures are made, and put everything back afterwards.

    Args:
        outlines: draw glyphs as outlines; otherwise text stays text, which is far smaller and
            looks as the reader's fonts have it.
    """
    import matplotlib

    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_STYLE, "backend": "agg"}
    if not outlines:
        settings["svg.fonttype"] = "none"
    with matplotlib.rc_context(settings):
        yield


class Canvas:
    """A page measured in inches from its top left corner, under the title.

    A title or a footer that needs more than one line makes the page taller; places stay as given.

    Args:
        width: inches.
        height: inches, with a title and a footer of one line each.
        title: printed at the top left.
        footer: printed at the bottom of the figure: the research-use line and provenance.
    """

    TOP = 0.34
    FOOTER = 0.26
    _TITLE_LINE, _FOOTER_LINE = 0.17, 0.1

    def __init__(self, width: float, height: float, title: str, footer: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as MplFigure

        title = wrap(title, width - 0.12, 9, "bold", most=6)
        footer = wrap(footer, width - 0.12, 5.5, most=6)
        self._down = self._TITLE_LINE * (lines_of([title]) - 1)
        below = self._FOOTER_LINE * (lines_of([footer]) - 1)
        self.width, self.height = width, height + self._down + below
        self.figure: MplFigure = MplFigure(figsize=(self.width, self.height))
        FigureCanvasAgg(self.figure)
        self.text(0.06, 0.17 - self._down / 2, title, size=9, weight="bold")
        end = self.height - self._down - 0.08 - below / 2
        self.text(0.06, end, footer, size=5.5, color=GREY)

    def up(self, y: float) -> float:
        """Turn a place in inches from the top into a share of the height from the bottom."""
        return 1 - (y + self._down) / self.height

    def axes(self, left: float, top: float, width: float, height: float, **options: Any) -> Axes:
        """Add axes at a place in inches."""
        box = (left / self.width, self.up(top + height), width / self.width, height / self.height)
        return self.figure.add_axes(box, **options)

    def text(self, x: float, y: float, text: str, *, size: float = 7.5, **options: Any) -> None:
        """Write text with its left (or `ha`) centre line at a place in inches."""
        options.setdefault("va", "center")
        self.figure.text(x / self.width, self.up(y), clean(text), fontsize=size, **options)

    def key(self, x: float, y: float, length: float = 0.0, **style: Any) -> None:
        """Draw a mark, or a line of some inches, of a legend at a place in inches."""
        from matplotlib.lines import Line2D

        ends = [x / self.width, (x + length) / self.width] if length else [x / self.width]
        line = Line2D(ends, [self.up(y)] * len(ends), transform=self.figure.transFigure, **style)
        self.figure.add_artist(line)

    def svg(self) -> str:
        """Return the picture as SVG; the same drawing gives the same bytes."""
        from matplotlib.backends.backend_mixed import MixedModeRenderer

        buffer = io.StringIO()
        dpi = self.figure.dpi
        self.figure.dpi = 72  # the unit of the SVG back end
        try:
            width, height = self.figure.get_size_inches()
            nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
            inner = _renderer()(width * 72, height * 72, buffer, image_dpi=dpi, metadata=nothing)
            mixed: Any = MixedModeRenderer
            renderer = mixed(self.figure, width, height, dpi, inner)
            self.figure.draw(renderer)
            renderer.finalize()
        finally:
            self.figure.dpi = dpi
        # Whoever lacks our font, and whoever has no glyph in it, gets one without serifs.
        return buffer.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', sans-serif")


@cache
def _renderer() -> type[Any]:
    """Return the SVG renderer that leaves to the reader's fonts what ours has no glyphs for."""
    import matplotlib
    from matplotlib.backends import backend_svg

    base: Any = backend_svg.RendererSVG

    class Renderer(base):  # type: ignore[misc]
        """Draws glyphs as outlines, and texts of other scripts as text."""

        def draw_text(self, gc: Any, x: Any, y: Any, s: str, *args: Any, **options: Any) -> None:
            if drawn(s):
                super().draw_text(gc, x, y, s, *args, **options)
                return
            with matplotlib.rc_context({"svg.fonttype": "none"}):
                super().draw_text(gc, x, y, _left_to_right(s), *args, **options)

        def get_text_width_height_descent(
            self, s: str, prop: Any, ismath: Any
        ) -> tuple[float, float, float]:
            found = super().get_text_width_height_descent(stand_in(s), prop, ismath)
            return float(found[0]), float(found[1]), float(found[2])

    return Renderer


def _left_to_right(text: str) -> str:
    """Put left-to-right marks around names of other directions, so that nothing else turns."""
    return "\u200e" + re.sub(RIGHT_TO_LEFT, "\\g<0>\u200e", text)


@cache
def _known_glyphs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def drawn(text: str) -> bool:
    """Tell whether a text is drawn as outlines: our font has it all, and it runs to the right."""
    known = _known_glyphs()
    whole = all(ord(c) in known or c == "\n" for c in text)
    return whole and not re.search(RIGHT_TO_LEFT, text)


def stand_in(text: str) -> str:
    """Replace characters without a glyph by letters about as wide, to measure with."""
    known = _known_glyphs()
    return "".join(
        c
        if ord(c) in known or c == "\n"
        else ""
        if unicodedata.combining(c)
        else "W"
        if unicodedata.east_asian_width(c) in "WF"
        else "m"
        for c in text
    )


def arm_color(position: int) -> str:
    """Colour of an arm by its position in the study."""
    return ARM_COLORS[position % len(ARM_COLORS)]


@lru_cache(maxsize=64)
def readable(color: str) -> str:
    """A colour as text on white: darkened until its contrast is 4.5 (WCAG 2, level AA)."""
    from matplotlib.colors import to_hex, to_rgb

    rgb = to_rgb(color)
    for step in range(20):
        darker = [channel * 0.94**step for channel in rgb]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in darker]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        if 1.05 / (light + 0.05) >= 4.5:
            break
    return str(to_hex((darker[0], darker[1], darker[2])))


@lru_cache(maxsize=4096)
def _advance(character: str, weight: str) -> float:
    """How far a character moves the pen, in units of the font's size."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    font.set_size(100.0, 72.0)
    glyph = font.load_char(ord(character))
    return float(glyph.linearHoriAdvance) / 65536 / 100


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a text in inches: the sum of its characters, kerning left out."""
    return sum(_advance(c, weight) for c in stand_in(text) if c != "\n") * size / 72


def fit(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Shorten a text with an ellipsis until it fits a width in inches."""
    text = clean(text)
    if text_width(text, size, weight) <= width:
        return text
    return text[: _longest(text, width, size, weight, "…")].rstrip() + "…"


def _longest(text: str, width: float, size: float, weight: str, end: str = "") -> int:
    """Return how many characters from the front fit a width, before an ending."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + end, size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def wrap(text: str, width: float, size: float, weight: str = "normal", most: int = 4) -> str:
    """Break a text into lines that fit a width in inches: between words, or inside a long one.

    Args:
        text: of one line.
        width: inches.
        size: points.
        weight: of the font.
        most: lines; what does not fit into them is cut with an ellipsis.
    """
    rest = clean(text)
    lines: list[str] = []
    while rest and len(lines) < most - 1 and text_width(rest, size, weight) > width:
        count = max(1, _longest(rest, width, size, weight))
        space = rest.rfind(" ", 0, count + 1)
        count = space if space > 0 else count
        lines.append(rest[:count].rstrip())
        rest = rest[count:].lstrip()
    if rest:
        lines.append(fit(rest, width, size, weight))
    return "\n".join(lines)


def shrink(labels: Iterable[Any], width: float) -> None:
    """Make labels smaller that are wider than a width in inches; none is cut."""
    for label in labels:
        size = float(label.get_fontsize())
        wide = text_width(clean(label.get_text()), size)
        if wide > width:
            label.set_fontsize(size * width / wide)


def lines_of(texts: Iterable[str]) -> int:
    """Return the lines of the tallest of some wrapped texts, one at least."""
    return max((text.count("\n") + 1 for text in texts), default=1)


LEGEND_LINE = 0.135  # inches


def arm_legend(canvas: Canvas, entries: Sequence[tuple[int, str]], left: float, top: float) -> None:
    """Name arms under each other, each with a line of its colour; see `legend_lines`.

    Args:
        canvas: where.
        entries: position of the arm in the study, and its text as `legend_lines` broke it.
        left: inches.
        top: inches.
    """
    y = top
    for position, text in entries:
        style: dict[str, Any] = {"color": arm_color(position), "linewidth": 1.8}
        canvas.key(left, y + LEGEND_LINE / 2, 0.22, **style)
        lines = text.split("\n")
        for line in lines:
            canvas.text(left + 0.3, y + LEGEND_LINE / 2, line, size=7)
            y += LEGEND_LINE


def legend_lines(texts: Sequence[str], left: float) -> list[str]:
    """Break the texts of a legend so that they fit between `left` and the right edge."""
    return [wrap(text, WIDTH - left - 0.45, 7, most=6) for text in texts]


def declutter(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions apart by at least `gap`, as little as possible, inside a range.

    Args:
        wanted: positions wanted, in any order.
        gap: least distance.
        low: lower end of the range.
        high: upper end of the range; labels that do not fit overflow downwards.
    """
    order = sorted(range(len(wanted)), key=lambda i: (-wanted[i], i))
    clusters: list[tuple[list[int], float]] = []  # members from the top, centre
    for index in order:
        members, centre = [index], min(max(wanted[index], low), high)
        while (
            clusters and clusters[-1][1] - centre < gap * (len(clusters[-1][0]) + len(members)) / 2
        ):
            above, _ = clusters.pop()
            members = above + members
            half = gap * (len(members) - 1) / 2
            centre = sum(wanted[i] for i in members) / len(members)
            centre = min(max(centre, low + half), high - half)
        clusters.append((members, centre))
    placed = [0.0] * len(wanted)
    for members, centre in clusters:
        for rank, index in enumerate(members):
            placed[index] = centre + gap * ((len(members) - 1) / 2 - rank)
    return placed
