"""Expressions with some of their parts replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rascade.engine.symbolic.expression import Graph

__all__ = ["substitute"]


def substitute(graph: Graph, nodes: Sequence[int], replaced: Mapping[int, int]) -> list[int]:
    """Return nodes in which some nodes stand for others.

    Args:
        graph: the graph; new nodes are added to it, none is changed.
        nodes: what to rewrite.
        replaced: node -> what stands in its place.
    """
    found: dict[int, int] = {}
    for node in graph.reachable(nodes):
        if node in replaced:
            found[node] = replaced[node]
            continue
        args = tuple(found[a] for a in graph.args[node])
        found[node] = node if args == graph.args[node] else graph.apply(graph.ops[node], *args)
    return [found[node] for node in nodes]
