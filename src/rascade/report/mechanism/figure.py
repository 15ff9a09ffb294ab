"""The mechanism drawn: bands from drug to tumour, targets of the drugs highlighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, fit, text_width
from rascade.report.look.text import clean
from rascade.report.mechanism.layout import Layout, lay_out
from rascade.report.mechanism.routes import BOX, GAP, Point, Route, middle, routes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Node = tuple[str, str, str]  # id, label, group; and for an edge: source, target, kind

__all__ = ["KINDS", "mechanism_figures"]

_SIZE = 6.5
_LEFT = 0.82  # inches kept for the names of the bands
_MAX_LABEL = 1.45
# Colour, dash and tip of each kind of edge: never told apart by colour alone.
KINDS: dict[str, tuple[str, Any, str]] = {
    "activates": ("#3b6ea5", "-", "arrow"),
    "inhibits": ("#c0392b", "-", "bar"),
    "binds": ("#7a4fa3", (0, (3, 2)), "dot"),
    "produces": ("#2e7d5b", (0, (6, 1.5)), "arrow"),
}
_OTHER: tuple[str, Any, str] = ("#707070", (0, (1, 1.5)), "arrow")
_MOST_NODES = 40  # more make a picture that nobody reads
_SURROUNDINGS = frozenset({"stroma", "cytokines", "myeloid", "priming", "immune"})
_ACTS = frozenset({"inhibits", "binds", "activates", "produces"})  # what a drug does to its target
_READ = (
    "Boxes with an orange rim are the targets of the drugs in this study. Arrows give the "
    "direction of influence, not the stoichiometry."
)
_WHOLE = f"What the assembled model contains, from drugs (dark) to tumour size. {_READ}"
_AROUND = (
    "What surrounds the cancer cells in the assembled model, from what they secrete to killing by "
    f"T cells. {_READ}"
)
_TARGET, _TARGET_FILL, _DRUG = "#d55e00", "#fdf0e4", "#22313f"


def mechanism_figures(mechanism: dict[str, Any], footer: str) -> list[Figure]:
    """Draw ``manifest["mechanism"]``, the cancer cell and what surrounds it apart if need be.

    Returns:
        No figure if the mechanism has no nodes, two if it has more than fit on one page.
    """
    nodes = [
        (str(n["id"]), clean(n.get("label") or n["id"]), clean(n.get("group") or "other"))
        for n in mechanism.get("nodes") or []
    ]
    edges = [
        (str(e["source"]), str(e["target"]), clean(e.get("kind") or "other"))
        for e in mechanism.get("edges") or []
    ]
    outside = {key for key, _, group in nodes if group in _SURROUNDINGS}
    if not nodes:
        return []
    if len(nodes) <= _MOST_NODES or not outside or len(outside) == len(nodes):
        return [_figure("mechanism", "Mechanism", _WHOLE, nodes, edges, footer)]
    within = [edge for edge in edges if not outside & {edge[0], edge[1]}]
    around = [edge for edge in edges if outside & {edge[0], edge[1]}]
    parts = (
        ("mechanism", "Mechanism: cancer cells", _WHOLE, within),
        ("surroundings", "Mechanism: surroundings and immune system", _AROUND, around),
    )
    return [
        _figure(name, title, caption, _ends(nodes, part), part, footer)
        for name, title, caption, part in parts
    ]


def _ends(nodes: list[Node], edges: list[Node]) -> list[Node]:
    """Return the nodes that an edge touches."""
    touched = {end for source, target, _ in edges for end in (source, target)}
    return [node for node in nodes if node[0] in touched]


def _figure(
    name: str, title: str, caption: str, nodes: list[Node], edges: list[Node], footer: str
) -> Figure:
    layout = lay_out(nodes, edges, width=WIDTH - _LEFT - 0.2, measure=_measure)
    drugs = {key for key, _, group in nodes if group.lower() in {"drug", "drugs"}}
    targets = {b for a, b, kind in edges if a in drugs and kind in _ACTS} - drugs
    depth = (BOX + GAP) * len(layout.rows)
    canvas = Canvas(WIDTH, Canvas.TOP + depth + 0.36 + Canvas.FOOTER, title, footer)
    axes = canvas.axes(0, Canvas.TOP, WIDTH, depth + 0.36)
    axes.set(xlim=(-_LEFT, WIDTH - _LEFT), ylim=(depth + 0.36, 0))
    axes.axis("off")
    _draw_bands(axes, layout)
    for route in routes(layout):
        _draw_route(axes, route)
    _draw_boxes(axes, layout, drugs, targets)
    _key(axes, list(dict.fromkeys(link.kind for link in layout.links)), depth + 0.2)
    return Figure(name, title, caption, _alt(nodes, edges), canvas.svg(), canvas.figure)


def _alt(nodes: list[Node], edges: list[Node]) -> str:
    labels = {key: label for key, label, _ in nodes}
    said = [f"{labels[a]} {kind} {labels[b]}" for a, b, kind in edges if {a, b} <= labels.keys()]
    return f"Mechanism of {len(nodes)} components. " + "; ".join(said) + "."


def _measure(label: str) -> float:
    return max(0.42, text_width(fit(label, _MAX_LABEL, _SIZE), _SIZE) + 0.16)


def _draw_bands(axes: Axes, layout: Layout) -> None:
    from matplotlib.patches import Rectangle

    for index, (group, first, last) in enumerate(layout.bands):
        low, high = (BOX + GAP) * first, (BOX + GAP) * (last + 1)
        shade = "#f5f6f8" if index % 2 == 0 else "#ffffff"
        place = (0.04 - _LEFT, low)
        axes.add_patch(
            Rectangle(place, WIDTH - 0.08, high - low, facecolor=shade, linewidth=0, zorder=0)
        )
        name = fit(group, _LEFT - 0.14, 7, "bold")
        options: dict[str, Any] = {"weight": "bold", "va": "center", "color": GREY}
        axes.text(0.1 - _LEFT, (low + high) / 2, name, fontsize=7, **options)


def _draw_boxes(axes: Axes, layout: Layout, drugs: set[str], targets: set[str]) -> None:
    from matplotlib.patches import FancyBboxPatch

    for box in layout.boxes.values():
        if not box.label:
            continue
        y = middle(box.row)
        face, edge, ink, line = "white", "#8a94a0", INK, 0.7
        if box.key in drugs:
            face, edge, ink = _DRUG, _DRUG, "white"
        elif box.key in targets:
            face, edge, line = _TARGET_FILL, _TARGET, 1.5
        patch = FancyBboxPatch(
            (box.x - box.width / 2 + 0.03, y - BOX / 2 + 0.03),
            box.width - 0.06,
            BOX - 0.06,
            boxstyle="round,pad=0.03",
            facecolor=face,
            edgecolor=edge,
            linewidth=line,
            zorder=3,
        )
        axes.add_patch(patch)
        options: dict[str, Any] = {"ha": "center", "va": "center_baseline", "zorder": 4}
        label = fit(box.label, _MAX_LABEL, _SIZE)
        axes.text(box.x, y, label, fontsize=_SIZE, color=ink, **options)


def _draw_route(axes: Axes, route: Route) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    style = KINDS.get(route.kind, _OTHER)
    vertices = [route.start, *(point for curve in route.curves for point in curve)]
    codes = [Path.MOVETO, *[Path.CURVE4] * (len(vertices) - 1)]
    patch = PathPatch(
        Path(vertices, codes),
        facecolor="none",
        edgecolor=style[0],
        linestyle=style[1],
        linewidth=0.9,
        alpha=0.9,
        zorder=2,
    )
    axes.add_patch(patch)
    _tip(axes, route.tip, route.direction, style)


def _tip(axes: Axes, at: Point, direction: Point, style: tuple[str, Any, str]) -> None:
    from matplotlib.patches import Circle, Polygon

    (x, y), (dx, dy), (color, _, shape) = at, direction, style

    def place(back: float, aside: float) -> Point:
        return x - back * dx - aside * dy, y - back * dy + aside * dx

    if shape == "bar":
        (x0, y0), (x1, y1) = place(0.02, -0.045), place(0.02, 0.045)
        axes.plot([x0, x1], [y0, y1], color=color, linewidth=1.7, solid_capstyle="butt", zorder=5)
    elif shape == "dot":
        axes.add_patch(Circle(place(0.02, 0.0), 0.028, color=color, zorder=5, linewidth=0))
    else:
        corners = [(x, y), place(0.075, -0.032), place(0.075, 0.032)]
        axes.add_patch(Polygon(corners, closed=True, facecolor=color, linewidth=0, zorder=5))


def _key(axes: Axes, used: list[str], y: float) -> None:
    x = 0.0
    for kind in sorted(used, key=lambda k: (list(KINDS).index(k) if k in KINDS else 99, k)):
        style = KINDS.get(kind, _OTHER)
        axes.plot([x, x + 0.28], [y, y], color=style[0], linewidth=0.9, linestyle=style[1])
        _tip(axes, (x + 0.3, y), (1.0, 0.0), style)
        axes.text(x + 0.37, y, kind, fontsize=6.5, va="center")
        x += 0.37 + text_width(kind, 6.5) + 0.25
