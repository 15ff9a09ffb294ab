"""The assembled mechanism as nodes and edges, for reports."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rascade.model.mechanisms import data_file

if TYPE_CHECKING:
    from rascade.model.assembly import Assembly

__all__ = ["merge_diagrams"]


def merge_diagrams(assemblies: Sequence[Assembly]) -> dict[str, list[dict[str, str]]]:
    """Return the nodes and edges of one or more assembled models, each once, ready for JSON."""
    facts: dict[str, Any] = tomllib.loads(data_file("diagram.toml").read_text(encoding="utf-8"))
    edges: dict[tuple[str, str, str], None] = {}
    drugs: dict[str, None] = {}
    for assembly in assemblies:
        for copy in assembly.composition.copies:
            name = copy.mechanism.name
            if copy.drug is None:
                for edge in facts["edges"].get(name, []):
                    source, kind, target = edge.split()
                    edges[source, target, kind] = None
                continue
            drugs[copy.drug.name] = None
            for edge in facts["drug_edges"].get(name, []):
                kind, target = edge.split()
                edges[copy.drug.name, target, kind] = None
            for edge in facts["drug_paths"].get(name, []):
                source, kind, target = edge.split()
                edges[source, target, kind] = None
    used = {end for source, target, _ in edges for end in (source, target)}
    nodes = [{"id": drug, "label": drug, "group": "drug"} for drug in drugs]
    nodes += [{"id": name, **node} for name, node in facts["nodes"].items() if name in used]
    return {
        "nodes": nodes,
        "edges": [{"source": s, "target": t, "kind": k} for s, t, k in edges],
    }
