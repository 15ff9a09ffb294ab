"""The mechanism drawn: bands from drug to tumour, targets of the drugs highlighted."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rascade.report.canvas import GREY, INK, WIDTH, Canvas, Figure, fit, text_width
from rascade.report.mechanism_layout import Layout, lay_out
from rascade.report.text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KINDS", "mechanism_figure"]

_SIZE = 6.5
_BOX, _GAP, _LEFT = 0.25, 0.46, 0.82  # inches: box height, room between rows, band names
_MAX_LABEL = 1.45
# Colour, dash and tip of each kind of edge: never told apart by colour alone.
KINDS: dict[str, tuple[str, Any, str]] = {
    "activates": ("#3b6ea5", "-", "arrow"),
    "inhibits": ("#c0392b", "-", "bar"),
    "binds": ("#7a4fa3", (0, (3, 2)), "dot"),
    "produces": ("#2e7d5b", (0, (6, 1.5)), "arrow"),
}
_OTHER: tuple[str, Any, str] = ("#707070", (0, (1, 1.5)), "arrow")
_TARGET, _TARGET_FILL, _DRUG = "#d55e00", "#fdf0e4", "#22313f"


def mechanism_figure(mechanism: dict[str, Any], footer: str) -> Figure | None:
    """Draw ``manifest["mechanism"]``; None if it has no nodes."""
    nodes = [
        (str(n["id"]), clean(n.get("label") or n["id"]), clean(n.get("group") or "other"))
        for n in mechanism.get("nodes", [])
    ]
    edges = [
        (str(e["source"]), str(e["target"]), clean(e.get("kind") or "other"))
        for e in mechanism.get("edges", [])
    ]
    if not nodes:
        return None
    layout = lay_out(nodes, edges, width=WIDTH - _LEFT - 0.2, measure=_measure)
    drugs = {key for key, _, group in nodes if group.lower() == "drug"}
    targets = {b for a, b, kind in edges if a in drugs and kind in {"inhibits", "binds"}} - drugs
    step = _BOX + _GAP
    top = Canvas.TOP + 0.08
    height = top + step * len(layout.rows) - _GAP + 0.3 + 0.3 + Canvas.FOOTER
    canvas = Canvas(WIDTH, height, "Mechanism", footer)
    axes = canvas.axes(0, 0, WIDTH, height)
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    _draw_bands(axes, layout, top, step)
    _draw_links(axes, layout, top, step)
    _draw_boxes(axes, layout, top, step, drugs, targets)
    used = list(dict.fromkeys(link.kind for link in layout.links))
    _key(axes, used, height - Canvas.FOOTER - 0.18)
    labels = {key: label for key, label, _ in nodes}
    alt = "Mechanism. " + "; ".join(
        f"{labels[a]} {kind} {labels[b]}" for a, b, kind in edges if a in labels and b in labels
    ) + "."  # fmt: skip
    caption = (
        "What the assembled model contains, from drugs (dark) to tumour size. Boxes with an orange "
        "rim are the targets of the drugs in this study. Arrows give the direction of influence, "
        "not the stoichiometry."
    )
    return Figure("mechanism", "Mechanism", caption, alt, canvas.svg())


def _measure(label: str) -> float:
    return max(0.42, text_width(fit(label, _MAX_LABEL, _SIZE), _SIZE) + 0.16)


def _middle(row: int, top: float, step: float) -> float:
    return top + 0.15 + _BOX / 2 + step * row


def _draw_bands(axes: Axes, layout: Layout, top: float, step: float) -> None:
    from matplotlib.patches import Rectangle

    for index, (group, first, last) in enumerate(layout.bands):
        low = _middle(first, top, step) - step / 2
        high = _middle(last, top, step) + step / 2
        shade = "#f5f6f8" if index % 2 == 0 else "#ffffff"
        axes.add_patch(
            Rectangle((0.04, low), WIDTH - 0.08, high - low, facecolor=shade, linewidth=0)
        )
        axes.text(0.1, (low + high) / 2, fit(group, _LEFT - 0.14, 7, "bold"), fontsize=7,
                  weight="bold", va="center", color=GREY)  # fmt: skip


def _draw_boxes(
    axes: Axes, layout: Layout, top: float, step: float, drugs: set[str], targets: set[str]
) -> None:
    from matplotlib.patches import FancyBboxPatch

    for box in layout.boxes.values():
        if not box.label:
            continue
        y = _middle(box.row, top, step)
        face, edge, ink, line = "white", "#8a94a0", INK, 0.7
        if box.key in drugs:
            face, edge, ink = _DRUG, _DRUG, "white"
        elif box.key in targets:
            face, edge, line = _TARGET_FILL, _TARGET, 1.5
        axes.add_patch(
            FancyBboxPatch(
                (_LEFT + box.x - box.width / 2 + 0.03, y - _BOX / 2 + 0.03),
                box.width - 0.06,
                _BOX - 0.06,
                boxstyle="round,pad=0.03",
                facecolor=face,
                edgecolor=edge,
                linewidth=line,
                zorder=3,
            )
        )
        axes.text(_LEFT + box.x, y, fit(box.label, _MAX_LABEL, _SIZE), fontsize=_SIZE, ha="center",
                  va="center_baseline", color=ink, zorder=4)  # fmt: skip


def _ports(layout: Layout) -> dict[tuple[int, str], float]:
    """Where each edge meets its boxes: spread over a side, in the order of the other ends."""
    sides: dict[tuple[str, int], list[tuple[float, int, bool]]] = {}
    for number, link in enumerate(layout.links):
        for near, far, ends in ((link.path[0], link.path[1], False),
                                (link.path[-1], link.path[-2], True)):  # fmt: skip
            here, there = layout.boxes[near], layout.boxes[far]
            if here.row != there.row:
                side = 1 if there.row > here.row else -1
                sides.setdefault((near, side), []).append((there.x, number, ends))
    ports = {}
    for (key, _), ends_here in sides.items():
        box = layout.boxes[key]
        room = min(box.width - 0.14, 0.16 * (len(ends_here) - 1))
        for rank, (_, number, ends) in enumerate(sorted(ends_here)):
            share = rank / (len(ends_here) - 1) - 0.5 if len(ends_here) > 1 else 0.0
            ports[number, "end" if ends else "start"] = box.x + share * room
    return ports


def _draw_links(axes: Axes, layout: Layout, top: float, step: float) -> None:
    ports = _ports(layout)
    order = {key: i for row in layout.rows for i, key in enumerate(row)}
    for number, link in enumerate(layout.links):
        style = KINDS.get(link.kind, _OTHER)
        first, last = layout.boxes[link.path[0]], layout.boxes[link.path[-1]]
        if first.row == last.row:
            beside = abs(order[first.key] - order[last.key]) == 1
            _sideways(axes, layout, link.path, style, _middle(first.row, top, step), beside)
            continue
        down = 1 if last.row > first.row else -1
        points = [(_LEFT + ports[number, "start"], _middle(first.row, top, step) + down * _BOX / 2)]
        for key in link.path[1:-1]:
            bend = layout.boxes[key]
            y = _middle(bend.row, top, step)
            points += [(_LEFT + bend.x, y - down * _BOX / 2), (_LEFT + bend.x, y + down * _BOX / 2)]
        end = (_LEFT + ports[number, "end"], _middle(last.row, top, step) - down * _BOX / 2)
        points.append(end)
        _curve(axes, points, style)
        _tip(axes, end, (0.0, float(down)), style)


def _curve(axes: Axes, points: list[tuple[float, float]], style: tuple[str, Any, str]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 == x1:
            vertices.append((x1, y1))
            codes.append(Path.LINETO)
        else:
            middle = (y0 + y1) / 2
            vertices += [(x0, middle), (x1, middle), (x1, y1)]
            codes += [Path.CURVE4] * 3
    color, dash, _ = style
    axes.add_patch(PathPatch(Path(vertices, codes), facecolor="none", edgecolor=color, linewidth=0.9,
                             linestyle=dash, zorder=2, alpha=0.9))  # fmt: skip


def _sideways(
    axes: Axes, layout: Layout, path: tuple[str, ...], style: tuple[str, Any, str], y: float,
    beside: bool,
) -> None:  # fmt: skip
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    a, b = layout.boxes[path[0]], layout.boxes[path[-1]]
    side = 1.0 if b.x >= a.x else -1.0
    color, dash, _ = style
    if a is b:
        right, low = _LEFT + a.x + a.width / 2, y - _BOX / 2
        line = [
            (right - 0.14, low),
            (right - 0.14, low - 0.16),
            (right + 0.14, low - 0.16),
            (right + 0.1, y),
        ]
        line[-1] = (right, y - 0.02)
        tip, direction = line[-1], (-1.0, 0.0)
        route = Path(line, [Path.MOVETO, *[Path.CURVE4] * 3])
    elif beside:
        tip, direction = (_LEFT + b.x - side * b.width / 2, y), (side, 0.0)
        route = Path([(_LEFT + a.x + side * a.width / 2, y), tip])
    else:
        # Over the boxes between: an arc in the room above the row.
        low = y - _BOX / 2
        lift = low - min(0.3, 0.12 + 0.04 * abs(b.x - a.x))
        start, tip = _LEFT + a.x + side * 0.1, (_LEFT + b.x - side * 0.1, low)
        direction = (0.0, 1.0)
        route = Path([(start, low), (start, lift), (tip[0], lift), tip],
                     [Path.MOVETO, *[Path.CURVE4] * 3])  # fmt: skip
    axes.add_patch(PathPatch(route, facecolor="none", edgecolor=color, linewidth=0.9, linestyle=dash,
                             zorder=2, alpha=0.9))  # fmt: skip
    _tip(axes, tip, direction, style)


def _tip(
    axes: Axes, at: tuple[float, float], direction: tuple[float, float], style: tuple[str, Any, str]
) -> None:
    from matplotlib.patches import Circle, Polygon

    (x, y), (dx, dy), (color, _, shape) = at, direction, style
    across = (-dy, dx)
    if shape == "bar":
        back = 0.02
        ends = [(x - back * dx + s * 0.045 * across[0], y - back * dy + s * 0.045 * across[1])
                for s in (-1, 1)]  # fmt: skip
        axes.plot(
            *zip(*ends, strict=True), color=color, linewidth=1.7, solid_capstyle="butt", zorder=5
        )
    elif shape == "dot":
        axes.add_patch(
            Circle((x - 0.02 * dx, y - 0.02 * dy), 0.028, color=color, zorder=5, linewidth=0)
        )
    else:
        corners = [(x, y)] + [
            (x - 0.075 * dx + s * 0.032 * across[0], y - 0.075 * dy + s * 0.032 * across[1])
            for s in (-1, 1)
        ]
        axes.add_patch(Polygon(corners, closed=True, facecolor=color, edgecolor="none", zorder=5))


def _key(axes: Axes, used: list[str], y: float) -> None:
    x = _LEFT
    for kind in sorted(used, key=lambda k: (list(KINDS).index(k) if k in KINDS else 99, k)):
        style = KINDS.get(kind, _OTHER)
        axes.plot([x, x + 0.28], [y, y], color=style[0], linewidth=0.9, linestyle=style[1])
        _tip(axes, (x + 0.3, y), (1.0, 0.0), style)
        axes.text(x + 0.37, y, kind, fontsize=6.5, va="center")
        x += 0.37 + text_width(kind, 6.5) + 0.25
