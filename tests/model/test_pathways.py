"""Switches of pathways: together they cut every way from a drug to the tumour, and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from rascade.errors import ModelFileError
from rascade.model import known_drugs, load_table, shared_parts
from rascade.model.compose import compose
from rascade.model.mechanisms import symbols_in
from rascade.model.pathways import PATHWAYS, Reading, _check, pathway_rows

# What a scan, a survival curve or T cells would show of a drug.
_SEEN = {"tumour_volume", "new_lesion_hazard", "death_hazard", "CD8", "M1", "MDSC"}


def _reached(drug: str, closed: bool) -> set[str]:
    """Return the symbols that depend on a drug's dose, with the switches closed or open."""
    made = compose([drug], load_table(), include=shared_parts([drug]), switches=True)
    heard: dict[str, set[str]] = defaultdict(set)
    for line in made.antimony.splitlines():
        text = line.partition("//")[0]
        if closed and text.strip().startswith("adapt"):
            continue  # see the test of cells that adapt
        if ":=" in text or "'" in text:
            left, _, right = text.partition("=")
            name = left.replace("'", "").replace(":", "").strip()
            if "_via_" in name and closed:
                # `like` of resistance passes through the held-or-not of its own readings.
                right = _closed(right)
            for symbol in symbols_in(right):
                heard[symbol].add(name)
        elif "->" in text:
            label, _, rest = text.partition(":")
            change, _, rate = rest.partition(";")
            parts = symbols_in(change)
            for symbol in symbols_in(rate):
                heard[symbol] |= parts | {label.strip()}
    found: set[str] = set()
    # What a dose enters.
    drug_record = known_drugs()[drug]
    todo = [drug_record.dose_target(route) for route in drug_record.routes]
    while todo:
        symbol = todo.pop()
        if symbol not in found:
            found.add(symbol)
            todo += heard[symbol]
    return found


def _closed(rule: str) -> str:
    """Return a switched rule with every switch at 0: what is multiplied by one is gone."""
    text = re.sub(r"via_\w+(?: \* via_\w+)* \* (\([^()]*\)|\w+)", "0", rule)
    return re.sub(r"\(1 - via_\w+\)", "1", text)


@pytest.mark.parametrize("drug", sorted(known_drugs()))
def test_closed_switches_leave_a_drug_without_any_effect_on_the_tumour(drug: str) -> None:
    assert not _reached(drug, closed=True) & _SEEN


def test_cells_that_adapt_do_not_arise_while_a_switch_is_closed() -> None:
    # They arise by the occupancy of MEK alone, so with it held at 0 none is there to be reached.
    made = compose(["binimetinib"], load_table(), include=["mek_adaptation"], switches=True)
    lines = [line.strip() for line in made.antimony.splitlines()]
    occupancy = next(line for line in lines if line.startswith("MEK_occupancy_sensitive :="))
    read = next(s for s in symbols_in(occupancy) if "_via_" in s)
    rule = next(line for line in lines if line.startswith(f"{read} :="))
    assert _closed(rule.partition("=")[2]).strip(" ;") == "MEK_binding_sum_sensitive_held + 0"


@pytest.mark.parametrize("drug", ["daraxonrasib", "pembrolizumab", "bevacizumab", "gemcitabine"])
def test_open_switches_cut_nothing(drug: str) -> None:
    assert {"tumour_volume", "death_hazard"} <= _reached(drug, closed=False)


def test_every_pathway_has_rows_and_a_model_without_switches_has_no_trace_of_them() -> None:
    assert {name for row in pathway_rows() for name in row.pathways} == set(PATHWAYS)
    plain = compose(["daraxonrasib"], load_table())
    assert "_held" not in plain.antimony and "via_" not in plain.antimony and not plain.held


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Reading(("x",), "t_cells", "PD1_signal", "hold", "", ()), "no pathway 'x'"),
        (Reading(("direct",), "x", "PD1_signal", "hold", "", ()), "no mechanism 'x'"),
        (Reading(("direct",), "t_cells", "x", "hold", "", ()), "neither reads nor has 'x'"),
        (Reading(("direct",), "t_cells", "IL2", "scale", "", ()), "how: 'scale' with like ''"),
    ],
)
def test_a_wrong_row_is_refused(row: Reading, message: str) -> None:
    with pytest.raises(ModelFileError, match=f"^here: .*{message}"):
        _check(row, "here")
