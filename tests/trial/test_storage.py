"""An arm taken apart, stored, put together and joined is the arm."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.engine import Settings
from rascade.trial.conduct.run import allocate, run_arm
from rascade.trial.results import storage
from rascade.trial.results.storage import PATIENTS, Packed, join, pack, take, unpack
from rascade.trial.results.tables import outcome

from . import trial_specs as specs


@pytest.fixture(scope="module")
def spec():
    return specs.spec(specs.DARAXONRASIB, "none", size=6, months=5)


def again(packed: Packed) -> Packed:
    """Return what comes out of a file: the layout is JSON."""
    return Packed(json.loads(json.dumps(packed.layout)), packed.tables)


def test_parts_joined_are_the_arm(spec) -> None:
    whole, joined = [], []
    for index, (arm, patients) in enumerate(zip(spec.arms, allocate(spec), strict=True)):
        whole.append(run_arm(spec, arm, patients, settings=Settings()))
        parts = [
            run_arm(spec, arm, some, settings=Settings())
            for some in (patients[:1], patients[1:4], patients[4:])
        ]
        joined.append(join([unpack(again(pack(part)), spec, index) for part in parts]))
    one, other = (outcome(spec, arms, allocate(spec)) for arms in (whole, joined))
    pd.testing.assert_frame_equal(one.patients, other.patients, check_exact=True)
    pd.testing.assert_frame_equal(one.visits, other.visits, check_exact=True)
    assert one.summary == other.summary
    assert one.provenance == other.provenance
    assert pack(whole[0]).layout == pack(joined[0]).layout


@dataclass(frozen=True)
class Events:
    who: np.ndarray
    grade: np.ndarray


@dataclass(frozen=True)
class Size:
    size: int


@dataclass(frozen=True)
class Who:
    population: Size


@dataclass
class Grown:
    """An arm as it may become: events, tables, lists in records, tuples, nothing."""

    arm: str
    cohort: Who
    weight: np.ndarray
    by_drug: np.ndarray = field(metadata={"axis": 1})
    events: Events
    table: pd.DataFrame
    limits: tuple[float, ...]
    named: dict[str, Any]
    nothing: None = None


@dataclass(frozen=True)
class Members:
    patients: np.ndarray


@dataclass(frozen=True)
class Whose:
    population: Members


@dataclass
class Held:
    """An arm of which some patients are taken."""

    arm: str
    cohort: Whose
    weight: np.ndarray
    by_drug: np.ndarray = field(metadata={"axis": 1})
    table: pd.DataFrame
    named: list[Members]


def grown(first: int, patients: int, events: int) -> Grown:
    who = np.arange(first, first + patients)
    hit = np.resize(who, events)
    return Grown(
        "arm",
        Who(Size(2)),  # the same in all parts
        who * 1.5,
        np.array([who * 2, who * 3, who * 5]),
        Events(hit, np.arange(events, dtype=np.int8)),
        pd.DataFrame(
            {
                "patient": hit,
                "term": np.array(["rash", "colitis"])[hit % 2],
                "until": np.where(hit % 3 == 1, None, "then"),
            }
        ),
        (1.0, 2.0),
        {"a": [Events(who, who + 1), Events(who, who + 2)]},
    )


def test_events_and_tables_have_rows_of_their_own(monkeypatch: pytest.MonkeyPatch, spec) -> None:
    monkeypatch.setattr(storage, "_HOMES", (__name__,))
    monkeypatch.setattr("rascade.trial.design.models.arm_assembly", lambda *_: None)
    monkeypatch.setattr(storage, "import_module", lambda name: __import__("sys").modules[name])
    runs: list[Any] = [grown(0, 2, 5), grown(2, 2, 0), grown(4, 2, 2)]
    back = []
    for run in runs:
        packed = again(pack(run))
        assert packed.tables[PATIENTS]["weight"].tolist() == run.weight.tolist()
        assert len(packed.tables["table"]["term"]) == len(run.table)
        made = storage._value(packed.layout, packed.tables, None, {"arm": "arm"})
        assert type(made) is Grown
        back.append(made)
    joined: Any = join(back)
    assert joined.weight.tolist() == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert joined.events.who.tolist() == [0, 1, 0, 1, 0, 4, 5]
    assert joined.events.grade.dtype == np.int8
    assert joined.table["term"].tolist() == ["rash", "colitis"] * 2 + ["rash", "rash", "colitis"]
    assert joined.table["until"].tolist() == ["then", None, "then", None, "then", None, "then"]
    assert joined.by_drug.tolist() == [
        [0, 2, 4, 6, 8, 10],
        [0, 3, 6, 9, 12, 15],
        [0, 5, 10, 15, 20, 25],
    ]
    assert joined.limits == (1.0, 2.0)
    assert joined.named["a"][1].grade.tolist() == [2, 3, 4, 5, 6, 7]
    assert joined.nothing is None


def test_what_differs_between_parts_or_cannot_be_stored() -> None:
    one, other = grown(0, 2, 1), grown(2, 2, 1)
    other.limits = (1.0, 3.0)
    with pytest.raises(ValueError, match=r"limits\[\] differs between parts"):
        join([one, other])  # type: ignore[list-item]
    one.nothing = {3}  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"patients must be along the first axis, not \(3, 2\)"):
        pack(replace(other, weight=np.zeros((3, 2))))  # type: ignore[arg-type,type-var]
    with pytest.raises(TypeError, match="nothing: a set cannot be stored"):
        pack(one)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5)), min_size=1, max_size=5), st.data())
def test_parts_joined_in_any_cut_are_the_whole_and_some_are_those_some(sizes, data) -> None:
    """Joins of stored parts do not depend on where they were cut, with or without events."""
    who = np.arange(sum(size for size, _ in sizes))
    table = pd.DataFrame({"patient": np.repeat(who, who % 3), "grade": 1})

    def part(rows: np.ndarray) -> Any:
        events = table[table["patient"].isin(rows)].reset_index(drop=True)
        return Held("arm", Whose(Members(rows)), rows * 2.0, np.stack([rows, -rows]), events, [
            Members(rows + 1), Members(rows + 2)
        ])  # fmt: skip

    edges = np.cumsum([size for size, _ in sizes])[:-1]
    joined = join([part(rows) for rows in np.split(who, edges)])
    _same(joined, part(who))
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=who.size, max_size=who.size)))
    _same(take(joined, kept), part(who[kept]))


def _same(one: Any, other: Any) -> None:
    assert one.weight.tolist() == other.weight.tolist()
    assert one.by_drug.tolist() == other.by_drug.tolist()
    assert one.table["patient"].tolist() == other.table["patient"].tolist()
    for mine, yours in zip(one.named, other.named, strict=True):
        assert mine.patients.tolist() == yours.patients.tolist()


@pytest.mark.parametrize(
    "kind",
    [
        "subprocess:Popen",
        "rascade.trial.running.run:run",
        "rascade.trial.conduct.run:Missing",
        "os:path",
    ],
)
def test_only_records_of_trials_are_made_from_a_file(kind: str) -> None:
    with pytest.raises(TypeError, match="no record of a trial"):
        storage._record(kind)
