"""Where the edges of a mechanism run, once its boxes have places."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rascade.report.mechanism.layout import MARGIN, Box, Layout, Link

__all__ = ["BOX", "GAP", "Route", "middle", "routes"]

BOX, GAP = 0.25, 0.46  # inches: height of a box, room between rows
_PORT = 0.16  # inches between two edges that meet the same side of a box
_PAIR = 0.05  # inches that two edges in opposite directions are drawn apart

Point = tuple[float, float]


@dataclass(frozen=True)
class Route:
    """The course of an edge.

    Attributes:
        kind: kind of the edge.
        start: first point, inches from the top left of the drawing.
        curves: cubic Bezier pieces, each two control points and an end.
        direction: unit vector in which the edge arrives.
    """

    kind: str
    start: Point
    curves: tuple[tuple[Point, Point, Point], ...]
    direction: Point

    @property
    def tip(self) -> Point:
        """Last point."""
        return self.curves[-1][-1]


def middle(row: int) -> float:
    """Height of the centre of a row below the top of the drawing, inches."""
    return (BOX + GAP) * row + (BOX + GAP) / 2


def routes(layout: Layout) -> list[Route]:
    """Find the course of every edge of a layout."""
    order = {key: i for row in layout.rows for i, key in enumerate(row)}
    ends = {(link.path[0], link.path[-1]) for link in layout.links}
    ports = _ports(layout, order)
    found = []
    for number, link in enumerate(layout.links):
        first, last = layout.boxes[link.path[0]], layout.boxes[link.path[-1]]
        from_x = ports.get((number, False), first.x)
        to_x = ports.get((number, True), last.x)
        if first is last:
            found.append(_loop(link, first))
        elif first.row != last.row:
            found.append(_between_rows(layout, link, from_x, to_x))
        elif _beside(order, first, last):
            shift = _PAIR if (last.key, first.key) in ends else 0.0
            found.append(_straight(link, first, last, shift))
        else:
            found.append(_arc(link, first.row, from_x, to_x))
    return found


def _beside(order: dict[str, int], a: Box, b: Box) -> bool:
    return a.row == b.row and abs(order[a.key] - order[b.key]) == 1


def _ports(layout: Layout, order: dict[str, int]) -> dict[tuple[int, bool], float]:
    """Where each edge meets its boxes: spread over a side, in the order of the other ends."""
    sides: dict[tuple[str, int], list[tuple[float, int, bool]]] = {}
    for number, link in enumerate(layout.links):
        for near, far, is_end in (
            (link.path[0], link.path[1], False),
            (link.path[-1], link.path[-2], True),
        ):
            here, there = layout.boxes[near], layout.boxes[far]
            if here is there or _beside(order, here, there):
                continue
            side = 1 if there.row > here.row else -1  # arcs inside a row leave by the top
            sides.setdefault((near, side), []).append((there.x, number, is_end))
    ports = {}
    for (key, _), own in sides.items():
        box = layout.boxes[key]
        room = min(box.width - MARGIN, _PORT * (len(own) - 1))
        for rank, (_, number, is_end) in enumerate(sorted(own)):
            share = rank / (len(own) - 1) - 0.5 if len(own) > 1 else 0.0
            ports[number, is_end] = box.x + share * room
    return ports


def _between_rows(layout: Layout, link: Link, from_x: float, to_x: float) -> Route:
    first, last = layout.boxes[link.path[0]], layout.boxes[link.path[-1]]
    down = 1 if last.row > first.row else -1
    points = [(from_x, middle(first.row) + down * BOX / 2)]
    for key in link.path[1:-1]:
        bend = layout.boxes[key]
        y = middle(bend.row)
        points += [(bend.x, y - down * BOX / 2), (bend.x, y + down * BOX / 2)]
    points.append((to_x, middle(last.row) - down * BOX / 2))
    curves = []
    for (x0, y0), (x1, y1) in pairwise(points):
        half = (y0 + y1) / 2
        curves.append(((x0, half), (x1, half), (x1, y1)))
    return Route(link.kind, points[0], tuple(curves), (0.0, float(down)))


def _straight(link: Link, a: Box, b: Box, shift: float) -> Route:
    side = 1.0 if b.x >= a.x else -1.0
    y = middle(a.row) + side * shift
    start, end = (a.x + side * a.width / 2, y), (b.x - side * b.width / 2, y)
    return Route(link.kind, start, ((start, end, end),), (side, 0.0))


def _arc(link: Link, row: int, from_x: float, to_x: float) -> Route:
    low = middle(row) - BOX / 2
    lift = low - min(0.34, 0.16 + 0.05 * abs(to_x - from_x))
    curve = ((from_x, lift), (to_x, lift), (to_x, low))
    return Route(link.kind, (from_x, low), (curve,), (0.0, 1.0))


def _loop(link: Link, box: Box) -> Route:
    right, y = box.x + box.width / 2, middle(box.row)
    start, end = (right - 0.1, y - BOX / 2), (right, y)
    curve = ((right - 0.1, y - BOX - 0.06), (right + 0.24, y), end)
    return Route(link.kind, start, (curve,), (-1.0, 0.0))
