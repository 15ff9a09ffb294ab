"""Place a mechanism on a page: groups as bands, nodes in rows, long edges led round the boxes.

A small layered layout in the manner of Sugiyama, Tagawa and Toda (IEEE Trans SMC 1981;11:109-125):
rows are given by the groups, an edge that skips rows gets a bend in each row that it passes, the
order inside rows is improved by barycentre sweeps, and the best order seen (fewest crossings, then
shortest) is kept. No randomness: the same mechanism gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

__all__ = ["BANDS", "MARGIN", "PORT", "Box", "Layout", "Link", "lay_out"]

BANDS = (
    "drug", "receptor", "RAS", "MAPK", "PI3K", "autophagy", "cell fate",
    "stroma", "cytokines", "myeloid", "priming", "immune", "tumour",
)  # fmt: skip
PORT, MARGIN = 0.12, 0.18  # inches: least room of an edge on a side, and of both corners
_BEND = 0.07  # inches kept free for an edge that passes a row
_SPACE = 0.16  # inches between neighbours in a row
_SWEEPS = 30


@dataclass
class Box:
    """A node of the mechanism, or a bend of a long edge (`label` is empty then)."""

    key: str
    label: str
    group: str
    width: float
    row: int = 0
    x: float = 0.0


@dataclass(frozen=True)
class Link:
    """An edge with the boxes that it runs through, source first, bends between, target last."""

    kind: str
    path: tuple[str, ...]


@dataclass
class Layout:
    """The result.

    Attributes:
        boxes: nodes and bends by key, with their row and x (centre, inches).
        links: edges.
        rows: keys from left to right, a row each.
        bands: group and its first and last row, from the top.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    bands: list[tuple[str, int, int]] = field(default_factory=list)


def lay_out(
    nodes: Sequence[tuple[str, str, str]],
    edges: Sequence[tuple[str, str, str]],
    *,
    width: float,
    measure: Callable[[str], float],
) -> Layout:
    """Lay out a mechanism.

    Args:
        nodes: (id, label, group).
        edges: (source, target, kind); edges with an unknown end are left out.
        width: room for a row, inches.
        measure: width of a box with a label, inches.
    """
    layout = Layout()
    for key, label, group in nodes:
        layout.boxes[key] = Box(key, label, group, measure(label))
    known = [e for e in dict.fromkeys(edges) if e[0] in layout.boxes and e[1] in layout.boxes]
    _widen(layout, known)
    _make_rows(layout, known, width)
    _make_links(layout, known)
    _order_rows(layout)
    _place_rows(layout, width)
    return layout


def _rank(group: str) -> int:
    names = [name.lower() for name in BANDS]
    return names.index(group.lower()) if group.lower() in names else len(names)


def _widen(layout: Layout, edges: list[tuple[str, str, str]]) -> None:
    """Give a box with many edges on a side the room to tell their tips apart."""
    count: dict[tuple[str, bool], int] = defaultdict(int)
    for source, target, _ in edges:
        a, b = _rank(layout.boxes[source].group), _rank(layout.boxes[target].group)
        if a != b:
            count[source, b > a] += 1
            count[target, a > b] += 1
    for (key, _), edges_here in count.items():
        box = layout.boxes[key]
        box.width = max(box.width, PORT * (edges_here - 1) + MARGIN)


def _make_rows(layout: Layout, edges: list[tuple[str, str, str]], width: float) -> None:
    groups = list(dict.fromkeys(box.group for box in layout.boxes.values()))
    groups.sort(key=_rank)
    for group in groups:
        members = [key for key, box in layout.boxes.items() if box.group == group]
        depth = _depths(members, edges)
        members.sort(key=lambda key: depth[key])
        first = len(layout.rows)
        total = sum(layout.boxes[key].width + _SPACE for key in members)
        # Rows of about equal length, with some room left for the edges that pass.
        count = max(1, -(-int(total * 100) // int(width * 82)))
        row: list[str] = []
        filled, limit = 0.0, total / count
        for key in members:
            step = layout.boxes[key].width + _SPACE
            if row and filled + step / 2 > limit and len(layout.rows) - first < count - 1:
                layout.rows.append(row)
                row, filled = [], 0.0
            row.append(key)
            filled += step
        layout.rows.append(row)
        layout.bands.append((group, first, len(layout.rows) - 1))
    for number, row in enumerate(layout.rows):
        for key in row:
            layout.boxes[key].row = number


def _depths(members: list[str], edges: list[tuple[str, str, str]]) -> dict[str, int]:
    """Longest way from a source inside the group; feedback edges are not followed."""
    inside = set(members)
    before: dict[str, list[str]] = defaultdict(list)
    for source, target, _ in edges:
        if source in inside and target in inside and source != target:
            before[target].append(source)
    depth: dict[str, int] = {}

    def visit(key: str, trail: frozenset[str]) -> int:
        if key not in depth:
            above = [visit(b, trail | {key}) for b in before[key] if b not in trail | {key}]
            depth[key] = 1 + max(above, default=-1)
        return depth[key]

    for key in members:
        visit(key, frozenset())
    return depth


def _make_links(layout: Layout, edges: list[tuple[str, str, str]]) -> None:
    for number, (source, target, kind) in enumerate(edges):
        start, end = layout.boxes[source].row, layout.boxes[target].row
        step = 1 if end > start else -1
        path = [source]
        for row in range(start + step, end, step) if start != end else ():
            key = f"\0{number}.{row}"
            layout.boxes[key] = Box(key, "", "", _BEND, row)
            layout.rows[row].append(key)
            path.append(key)
        layout.links.append(Link(kind, (*path, target)))


def _segments(layout: Layout) -> list[tuple[str, str]]:
    return [pair for link in layout.links for pair in zip(link.path, link.path[1:], strict=False)]


def _order_rows(layout: Layout) -> None:
    near: dict[str, list[str]] = defaultdict(list)
    for a, b in _segments(layout):
        near[a].append(b)
        near[b].append(a)
    best, best_cost = [list(row) for row in layout.rows], _cost(layout)
    for sweep in range(_SWEEPS):
        numbers = range(len(layout.rows))
        for number in numbers if sweep % 2 == 0 else reversed(numbers):
            at = {k: (i + 0.5) / len(r) for r in layout.rows for i, k in enumerate(r)}
            row = layout.rows[number]

            def centre(key: str, at: dict[str, float] = at) -> float:
                own = near[key]
                return sum(at[k] for k in own) / len(own) if own else at[key]

            row.sort(key=centre)
        cost = _cost(layout)
        if cost < best_cost:
            best, best_cost = [list(row) for row in layout.rows], cost
    layout.rows = best
    _swap_neighbours(layout)


def _cost(layout: Layout) -> tuple[float, float]:
    at = {
        k: (r, (i + 0.5) / len(row)) for r, row in enumerate(layout.rows) for i, k in enumerate(row)
    }
    by_gap: dict[int, list[tuple[float, float]]] = defaultdict(list)
    length, sideways = 0.0, 0.0
    for a, b in _segments(layout):
        (row_a, x_a), (row_b, x_b) = sorted([at[a], at[b]])
        length += abs(x_a - x_b)
        if row_a == row_b:
            # Inside a row only neighbours can be joined by a straight arrow, and a chain reads
            # from left to right.
            sideways += 1.5 * max(0.0, abs(x_a - x_b) * len(layout.rows[row_a]) - 1.0)
            sideways += 0.4 * (at[b][1] < at[a][1])
        else:
            by_gap[row_a].append((x_a, x_b))
    crossings = sum(
        (p[0] - q[0]) * (p[1] - q[1]) < 0
        for gap in by_gap.values()
        for i, p in enumerate(gap)
        for q in gap[:i]
    )
    return crossings + sideways, length


def _swap_neighbours(layout: Layout) -> None:
    cost = _cost(layout)
    for _ in range(6):
        improved = False
        for row in layout.rows:
            for i in range(len(row) - 1):
                row[i], row[i + 1] = row[i + 1], row[i]
                new = _cost(layout)
                if new < cost:
                    cost, improved = new, True
                else:
                    row[i], row[i + 1] = row[i + 1], row[i]
        if not improved:
            return


def _place_rows(layout: Layout, width: float) -> None:
    near: dict[str, list[str]] = defaultdict(list)
    for a, b in _segments(layout):
        near[a].append(b)
        near[b].append(a)
    for row in layout.rows:
        _pack(layout, row, [width * (i + 0.5) / len(row) for i in range(len(row))], width)
    for _ in range(24):
        for row in layout.rows:
            wanted = []
            for key in row:
                own = [
                    layout.boxes[k].x
                    for k in near[key]
                    if layout.boxes[k].row != layout.boxes[key].row
                ]
                wanted.append(sum(own) / len(own) if own else layout.boxes[key].x)
            _pack(layout, row, wanted, width)


def _pack(layout: Layout, row: list[str], wanted: list[float], width: float) -> None:
    """Put a row as near as possible to the wanted places without overlaps (pool of neighbours)."""
    boxes = [layout.boxes[key] for key in row]
    offsets, total = [], 0.0
    for i, box in enumerate(boxes):
        if i:
            space = _SPACE if box.label and boxes[i - 1].label else _SPACE / 2
            total += (boxes[i - 1].width + box.width) / 2 + space
        offsets.append(total)
    pools: list[list[float]] = []  # [sum of (wanted - offset), count]
    for want, offset in zip(wanted, offsets, strict=True):
        pools.append([want - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [pools[-1][0] + last[0], pools[-1][1] + last[1]]
    starts = [pool[0] / pool[1] for pool in pools for _ in range(int(pool[1]))]
    low = boxes[0].width / 2
    high = width - boxes[-1].width / 2 - total
    for box, start, offset in zip(boxes, starts, offsets, strict=True):
        box.x = min(max(start, low), max(high, low)) + offset
