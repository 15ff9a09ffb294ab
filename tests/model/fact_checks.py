"""What the tests of facts ask of every subject alike."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from rascade.analyses.facts.run import FactResult, run_facts
from rascade.analyses.facts.tables import records
from rascade.model import load_table
from rascade.report.pages.facts import read_facts

KEPT = Path(__file__).parents[2] / "docs" / "results" / "facts.json"


def assert_holds(result: FactResult) -> None:
    """Every number lies within its limits."""
    for outcome in result.outcomes:
        assert outcome.holds, f"{outcome.check.what}: {outcome.effect}"


def assert_kept(subject: str, names: Iterable[str], results: Iterable[FactResult]) -> None:
    """The texts know the facts of a subject, and what came out is what they quote."""
    kept = {record.id: record for record in read_facts(KEPT)}
    assert {name for name, r in kept.items() if r.subject == subject} == set(names)
    for record in records(results):
        before = kept[record.id]
        assert record.statement == before.statement, "run docs/build.py --run facts"
        for now, then in zip(record.checks, before.checks, strict=True):
            assert now.holds == then.holds and now.expected == then.expected
            assert now.effect == pytest.approx(then.effect, rel=0.02, abs=1e-3), record.id


def assert_breaks(intact: FactResult, changes: Mapping[str, float]) -> None:
    """The fact holds, and no longer does with these parameters."""
    assert intact.holds
    (broken,) = run_facts([intact.fact.id], table=load_table().with_values(changes), threads=2)
    assert not broken.holds
