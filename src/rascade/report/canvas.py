"""The one look of all figures: sizes in inches, colours that everybody can tell apart, SVG out.

Figures are placed by hand in inches, so that a label never depends on what an automatic layout
makes of it, and are written with the object interface of matplotlib (no pyplot, no global state
beyond a restored `rc_context`). The same inputs give the same bytes: fixed hash salt, no dates,
glyphs as outlines so that no font of the reader's machine matters.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rascade.report.text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MplFigure

__all__ = [
    "ARM_COLORS",
    "FAINT",
    "GREY",
    "INK",
    "RESPONSE_COLORS",
    "WIDTH",
    "Canvas",
    "Figure",
    "arm_color",
    "declutter",
    "drawing",
    "fit",
    "readable",
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
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str

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
    """A page measured in inches from its top left corner.

    Args:
        width: inches.
        height: inches, footer included.
        title: printed at the top left.
        footer: printed at the bottom of the figure: the research-use line and provenance.
    """

    TOP = 0.34
    FOOTER = 0.26

    def __init__(self, width: float, height: float, title: str, footer: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as MplFigure

        self.figure: MplFigure = MplFigure(figsize=(width, height))
        FigureCanvasAgg(self.figure)
        self.width, self.height = width, height
        self.text(0.06, 0.17, fit(title, width - 0.12, 9, "bold"), size=9, weight="bold")
        self.text(0.06, height - 0.08, fit(footer, width - 0.12, 5.5), size=5.5, color=GREY)

    def axes(self, left: float, top: float, width: float, height: float, **options: Any) -> Axes:
        """Add axes at a place in inches."""
        box = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(box, **options)

    def text(self, x: float, y: float, text: str, *, size: float = 7.5, **options: Any) -> None:
        """Write text with its left (or `ha`) centre line at a place in inches."""
        options.setdefault("va", "center")
        place = (x / self.width, 1 - y / self.height)
        self.figure.text(*place, clean(text), fontsize=size, **options)

    def svg(self) -> str:
        """Return the picture as SVG; the same drawing gives the same bytes."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        buffer = io.StringIO()
        svg: Any = FigureCanvasSVG(self.figure)
        svg.print_svg(
            buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
        return buffer.getvalue()


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
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.3 * size / 72 * len(text)
    font = FontProperties(family="DejaVu Sans", weight=weight)
    return float(TextPath((0, 0), text, size=size, prop=font).get_extents().x1) / 72


def fit(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Shorten a text with an ellipsis until it fits a width in inches."""
    text = clean(text)
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrap(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Break a text into at most two lines that fit a width in inches."""
    text = clean(text)
    words = text.split(" ")
    if text_width(text, size, weight) <= width or len(words) == 1:
        return fit(text, width, size, weight)
    count = len(words)
    while count > 1 and text_width(" ".join(words[:count]), size, weight) > width:
        count -= 1
    lines = (" ".join(words[:count]), " ".join(words[count:]))
    return "\n".join(fit(line, width, size, weight) for line in lines if line)


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
