"""Tables for people: aligned, as wide as the window, no word cut; tabs for programs."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from rascade.cli.knowledge import drugs, evidence
from rascade.cli.terminal import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("kind", "study", "state", "patients", "folder")
ROWS = [
    ("trial", "RASolute 302, second-line metastatic PDAC", "finished", "500", "out/rasolute-302"),
    ("trial", "膵臓がん", "unfinished (1 of 6 chunks)", "12", "/tmp/a/very/long/path/to/results"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(width: int, header: Sequence[str] = HEADER, rows: Sequence[Sequence[str]] = ROWS) -> str:
    out = io.StringIO()
    tables.show_table(header, rows, right={3}, console=Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_fits_and_cuts_nothing(width: int) -> None:
    text = shown(width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    for word in ("metastatic", "unfinished", "膵臓がん", "500"):
        assert word in text


def test_a_wide_window_has_a_line_for_each_row() -> None:
    lines = shown(150).rstrip().splitlines()[1:]
    assert len(lines) == 4
    assert [line.split()[-1] for line in lines[2:]] == ["out/rasolute-302", ROWS[1][4]]
    # Columns stand below each other.
    assert (
        len({line.index(word) for line, word in zip(lines[2:], ("RASolute", "膵"), strict=True)})
        == 1
    )


def test_a_narrow_window_has_a_block_for_each_row() -> None:
    assert [line.rstrip() for line in shown(40).splitlines()[:3]] == [
        "trial",
        "  study: RASolute 302, second-line",
        "  metastatic PDAC",
    ]


def test_markup_and_controls_in_cells_are_text() -> None:
    text = shown(80, ("a", "b"), [("[red]x[/red]", "\x1b[31my\u202e")])
    assert "[red]x[/red]" in text
    assert "\\u001b[31my\\u202e" in text


def test_programs_get_tabs_and_people_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for out, expected in ((io.StringIO(), "drug-facts\tdaraxonrasib.half_life\t"),
                          (Terminal(), " drug-facts  daraxonrasib.half_life  ")):  # fmt: skip
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(sys, "stdout", out)
        evidence.search(["daraxonrasib half life"], limit=1)
        assert expected in out.getvalue()


@pytest.mark.parametrize("width", [80, 40])
def test_a_drug_on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    out = Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", out)
    for name in ("daraxonrasib", "gemcitabine"):
        drugs.show(name)
    evidence.show("mpact.gemcitabine")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "…" not in out.getvalue()
    assert "molecular_weight" in out.getvalue()
    assert ("LABEL:us-daraxonrasib" in out.getvalue()) or width < 80
