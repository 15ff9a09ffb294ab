"""Every analysis does what `rascade.analyses.registry.Analysis` asks of it."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable
from typing import Any

import pytest

from rascade.analyses.registry import GROUP, Analysis, analyses, find_analysis
from rascade.errors import InputError


class Outside(Analysis):
    name, about, example = "outside", "An analysis of another package", "one"

    def items(self) -> tuple[str, ...]:
        return ("one",)

    def run(self, items: Iterable[str] = (), **given: Any) -> list[dict[str, Any]]:
        if {*items} - {"one"}:
            raise InputError("there is only 'one'")
        return [{"id": "one"}]


def keep_contract(analysis: Analysis) -> None:
    names = analysis.items()
    assert analysis.example in names and len(names) == len({*names}) == len(analysis.items())
    assert analysis.name == analysis.name.lower() and analysis.about
    once = analysis.run([analysis.example], threads=1)
    again = analysis.run([analysis.example], threads=2)
    assert once and json.dumps(once, allow_nan=False) == json.dumps(again, allow_nan=False)
    with pytest.raises(InputError):
        analysis.run(["no such item"])


@pytest.mark.parametrize("name", sorted(analyses()))
def test_every_analysis_keeps_the_contract(name: str) -> None:
    keep_contract(find_analysis(name))


def test_one_from_outside_comes_in_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name = value = "outside"
        kind: Any = Outside

        def load(self) -> Any:
            return self.kind

    point = Point()
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [point] if group == GROUP else []
    )
    analyses.cache_clear()
    try:
        keep_contract(find_analysis("outside"))
        analyses.cache_clear()
        point.kind = type("Taken", (Outside,), {"name": "facts"})
        with pytest.raises(InputError, match="facts is the name of another"):
            analyses()
        point.kind = dict
        with pytest.raises(InputError, match="is no Analysis"):
            analyses()
    finally:
        monkeypatch.undo()
        analyses.cache_clear()


def test_an_unknown_analysis_is_told_the_known_ones() -> None:
    with pytest.raises(InputError, match="there are claims, facts, identifiability"):
        find_analysis("fact")
