from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.report.look.canvas import drawing
from rascade.report.mechanism.figure import mechanism_figures
from rascade.report.mechanism.layout import BANDS, lay_out
from rascade.report.mechanism.routes import middle, routes

from .synthetic import mechanism

WIDTH = 6.2


def lay(nodes, edges):
    return lay_out(nodes, edges, width=WIDTH, measure=lambda label: 0.4 + 0.06 * len(label))


def real():
    drawn = mechanism()
    nodes = [(n["id"], n["label"], n["group"]) for n in drawn["nodes"]]
    return lay(nodes, [(e["source"], e["target"], e["kind"]) for e in drawn["edges"]]), drawn


def overlaps(layout):
    boxes = [box for box in layout.boxes.values() if box.label]
    return [
        (a.key, b.key)
        for a, b in combinations(boxes, 2)
        if a.row == b.row and abs(a.x - b.x) < (a.width + b.width) / 2 - 1e-9
    ]


def test_bands_are_in_the_order_of_the_field_and_boxes_do_not_overlap():
    layout, drawn = real()
    there = {node["group"] for node in drawn["nodes"]}
    assert [band[0] for band in layout.bands] == [band for band in BANDS if band in there]
    assert overlaps(layout) == []
    assert all(box.width / 2 <= box.x + 1e-9 for box in layout.boxes.values())
    assert all(box.x + box.width / 2 <= WIDTH + 1e-9 for box in layout.boxes.values())
    groups = {n["id"]: n["group"] for n in drawn["nodes"]}
    rows = {name: range(first, last + 1) for name, first, last in layout.bands}
    assert all(layout.boxes[key].row in rows[group] for key, group in groups.items())


def test_edges_pass_rows_beside_the_boxes():
    layout, drawn = real()
    assert len(layout.links) == len(drawn["edges"])
    for link in layout.links:
        steps = [layout.boxes[key].row for key in link.path]
        assert all(abs(a - b) <= 1 for a, b in pairwise(steps))
        for key in link.path[1:-1]:
            bend = layout.boxes[key]
            for box in layout.boxes.values():
                if box.label and box.row == bend.row:
                    assert abs(box.x - bend.x) >= box.width / 2


def test_routes_begin_and_end_on_their_boxes_and_no_two_tips_coincide():
    layout, _ = real()
    tips = set()
    for link, route in zip(layout.links, routes(layout), strict=True):
        first, last = layout.boxes[link.path[0]], layout.boxes[link.path[-1]]
        for box, (x, y) in ((first, route.start), (last, route.tip)):
            assert abs(x - box.x) <= box.width / 2 + 1e-9
            assert abs(y - middle(box.row)) <= 0.126
        tips.add((round(route.tip[0], 3), round(route.tip[1], 3)))
    assert len(tips) == len(layout.links)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([*BANDS, "other"]), min_size=1, max_size=18),
    st.lists(st.tuples(st.integers(0, 17), st.integers(0, 17)), max_size=30),
)
def test_any_graph_is_laid_out(groups, pairs):
    nodes = [(f"n{i}", f"node {i}", group) for i, group in enumerate(groups)]
    edges = [(f"n{a}", f"n{b}", "activates") for a, b in pairs]
    layout = lay(nodes, edges)
    assert overlaps(layout) == []
    known = {e for e in edges if int(e[0][1:]) < len(nodes) and int(e[1][1:]) < len(nodes)}
    assert len(layout.links) == len(known)
    assert len(routes(layout)) == len(known)


def test_the_same_mechanism_gives_the_same_layout():
    places = [{k: (b.row, b.x) for k, b in real()[0].boxes.items()} for _ in range(2)]
    assert places[0] == places[1]


def test_figure_names_every_edge_in_words_and_survives_odd_input():
    with drawing():
        (figure,) = mechanism_figures(mechanism(), "footer")
        assert "tri-complex inhibits RAS-GTP" in figure.alt
        odd = {
            "nodes": [{"id": 1, "group": "new"}, {"id": "b", "label": "<b> $x", "group": "drug"}],
            "edges": [
                {"source": 1, "target": 1, "kind": "grows"},
                {"source": "b", "target": "gone", "kind": "inhibits"},
                {"source": "b", "target": 1, "kind": None},
            ],
        }  # fmt: skip
        assert len(mechanism_figures(odd, "footer")) == 1
        assert mechanism_figures({}, "footer") == []


@pytest.mark.parametrize("count", [40, 90])
def test_a_wide_band_is_broken_into_rows(count):
    layout = lay([(f"n{i}", f"component {i}", "MAPK") for i in range(count)], [])
    assert layout.bands[0][2] > 2
    assert overlaps(layout) == []
    assert max(box.x + box.width / 2 for box in layout.boxes.values()) <= WIDTH + 1e-6


ARMS = [["daraxonrasib", "pembrolizumab", "ipilimumab"], ["CARTmeso"]]


@pytest.mark.parametrize("drugs", ARMS, ids="+".join)
def test_cancer_cells_and_surroundings_of_the_real_model_are_drawn_apart(drugs):
    from rascade.model import assemble
    from rascade.model.diagram import merge_diagrams

    drawn = merge_diagrams([assemble(drugs)])
    with drawing():
        figures = mechanism_figures(drawn, "footer")
    assert [figure.name for figure in figures] == ["mechanism", "surroundings"]
    labels = {node["id"]: node["label"] for node in drawn["nodes"]}
    for edge in drawn["edges"]:
        said = f"{labels[edge['source']]} {edge['kind']} {labels[edge['target']]}"
        assert sum(said in figure.alt for figure in figures) == 1, said


def test_every_drug_of_the_model_has_an_edge_and_every_node_a_use():
    import tomllib

    from rascade.model import known_drugs
    from rascade.model.mechanisms import data_file, load_mechanisms

    facts = tomllib.loads(data_file("diagram.toml").read_text())
    for drug in known_drugs().values():
        assert any(name in facts["drug_edges"] for name in drug.mechanisms), drug.name
    assert {*facts["edges"], *facts["drug_edges"], *facts["drug_paths"]} <= set(load_mechanisms())
    ends = {
        word
        for part in ("edges", "drug_edges", "drug_paths")
        for edges in facts[part].values()
        for edge in edges
        for word in edge.split()
    } - {"activates", "inhibits", "binds", "produces"}
    assert ends == set(facts["nodes"])
