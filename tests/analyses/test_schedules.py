"""The search for schedules: a toy with a known optimum, limits, luck, and going on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from rascade.analyses.paired import effect
from rascade.analyses.schedules.rule import rule, verdict, worth
from rascade.analyses.schedules.search import Evaluated, Found, Limits, Rung, front, search
from rascade.analyses.schedules.space import Drug, Space
from rascade.errors import InputError, StudyFileError
from rascade.studies.files.decision import load_decision
from rascade.studies.files.optimise_schema import OptimiseStudy

DOSES = tuple(f"{dose}" for dose in range(1, 9))
EVERY = ("Q1W", "Q3W")
SPACE = Space(
    (
        Drug("a", "a {dose} mg PO QD", {"dose": DOSES}, (0.0, 3.0, 6.0)),
        Drug("b", "b {dose} mg IV {every}", {"dose": DOSES, "every": EVERY}, (0.0, 3.0), True),
    )
)  # fmt: skip
RUNGS = (Rung(10, 1), Rung(50, 2), Rung(400, 4, fresh=True))


def toy(orders: str, rung: Rung) -> Evaluated:
    """Best with 6 mg of a three weeks after 4 mg of b every three weeks; more is more toxic."""
    a = orders.split(" + ")[0]
    b = orders.split(" + ")[1] if " + " in orders else ""
    dose_a, dose_b = float(a.split()[1]), float(b.split()[1]) if b else 0.0
    value = 5.0 - 0.3 * (dose_a - 6) ** 2 - 0.2 * (dose_b - 4) ** 2
    value += ("Q3W" in b) * 0.7 + ("from day 22" in a) * 1.0 - ("from day 43" in a) * 0.5
    digest = hashlib.sha256(f"{orders}{rung}".encode()).digest()
    noise = np.random.default_rng(list(digest[:8])).normal(
        0.0, 4.0 / np.sqrt(rung.patients * rung.members)
    )
    half = 6.6 / np.sqrt(rung.patients * rung.members)
    seen = value + noise
    return Evaluated(orders, seen, seen - half, seen + half, 5 * dose_a + 2 * dose_b, 100 - dose_a)


@pytest.fixture(scope="module")
def found() -> Found:
    return search(SPACE, toy, RUNGS, trials=70, finalists=4, published=["a 8 mg PO QD"], seed=3)


def test_a_known_optimum_is_found(found: Found) -> None:
    exact = {
        orders: toy(orders, Rung(10**9, 1)).value for orders in map(SPACE.orders, SPACE.choices())
    }
    best = found.confirmed[0]
    assert SPACE.size > 5 * len(found.tried)
    assert max(exact.values()) - exact[best.orders] < 0.8
    assert sorted(exact.values()).index(exact[best.orders]) >= 0.97 * len(exact)
    rival = found.published[0]
    gap = effect(np.full((2, 40), best.value - rival.value), np.ones((2, 40)))
    assert "beats every published one" in verdict(best, rival, gap, 0.0)


def test_the_search_repeats_itself_and_goes_on_from_what_was_kept(found: Found) -> None:
    kept = {}

    def remembered(orders: str, rung: Rung) -> Evaluated:
        if (orders, rung) not in kept:
            if len(kept) == 30:
                raise KeyboardInterrupt
            kept[orders, rung] = toy(orders, rung)
        return kept[orders, rung]

    with pytest.raises(KeyboardInterrupt):
        search(SPACE, remembered, RUNGS, trials=70, finalists=4, published=["a 8 mg PO QD"], seed=3)
    before = dict(kept)
    kept.update({(one.orders, RUNGS[0]): one for one in found.tried})
    assert before.keys() <= kept.keys()
    again = search(SPACE, toy, RUNGS, trials=70, finalists=4, published=["a 8 mg PO QD"], seed=3)
    assert again == found


def test_what_wins_by_luck_shows_on_fresh_patients() -> None:
    """Without any effect the winner's value is luck, and the fresh one has none of it."""

    def nothing(orders: str, rung: Rung) -> Evaluated:
        one = toy(orders, rung)
        return Evaluated(orders, one.value - toy(orders, Rung(10**9, 1)).value, -1, 1, 0, 100)

    curses = [
        search(SPACE, nothing, RUNGS, trials=20, finalists=2, seed=seed).curse for seed in range(3)
    ]
    assert min(curses) > 0


def test_limits_of_toxicity_and_of_practice_hold() -> None:
    limits = Limits(grade3=30.0)
    found = search(SPACE, toy, RUNGS, trials=70, finalists=3, limits=limits, seed=1)
    assert all(limits.excess(one) == 0 for one in found.confirmed)
    alone = Space(SPACE.drugs, most_drugs=1)
    found = search(alone, toy, RUNGS, trials=24, finalists=2, seed=1)
    assert all(" + " not in one.orders for one in found.tried)


def test_a_small_space_is_tried_whole_and_a_delay_of_all_is_none() -> None:
    small = Space(
        (Drug("a", "a 6 mg PO QD", {}, (0.0, 3.0)), Drug("b", "b 4 mg IV Q3W", {}, (0.0, 3.0)))
    )
    found = search(small, toy, RUNGS, trials=10, finalists=1, seed=1)
    assert {one.orders for one in found.tried} == {
        "a 6 mg PO QD + b 4 mg IV Q3W",
        "a 6 mg PO QD from day 22 + b 4 mg IV Q3W",
        "a 6 mg PO QD + b 4 mg IV Q3W from day 22",
    }
    best = found.confirmed[0]
    assert rule(small, found.choices[best.orders]).startswith("Start b, a 3 weeks later: ")
    rows = worth(found.tried, found.choices)
    assert {row["dimension"] for row in rows} == {"a: start week", "b: start week"}


def test_the_front_holds_what_nothing_beats() -> None:
    found = [
        Evaluated(str(i), v, 0, 0, g, 100) for i, (v, g) in enumerate(((1, 10), (2, 30), (1.5, 40)))
    ]
    assert [one.orders for one in front(found)] == ["1", "0"]


def test_the_limits_of_an_effect_hold_patients_and_members() -> None:
    values = np.random.default_rng(1).normal(1.0, 1.0, (1, 400))
    one = effect(values, np.ones_like(values))
    assert one.value == pytest.approx(values.mean()) and one.high90 - one.low90 == pytest.approx(
        2 * 1.645 / 20, rel=0.15
    )
    spread = effect(np.repeat([[0.0], [1.0], [2.0]], 50, axis=1), np.ones((3, 50)))
    assert (spread.low90, spread.value, spread.high90) == (0.0, 1.0, 2.0)


STUDY = (Path(__file__).parents[2] / "studies" / "optimise" / "pd-1-and-mek.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: optimise", "kind: trial", "another kind of study; write 'kind: optimise'"),
        ("{dose} mg PO QD", "{dos} mg PO QD", r"drugs\[0\].*dos"),
        ("mg PO QD{", "mgg PO QD{", r"drugs\[0\].*'mgg' is not a unit"),
        ("objective: pfs", "objective: psf", "objective"),
        ("dose: [200]", "dose: [0]", r"drugs\[1\].*above zero"),
    ],
)
def test_a_wrong_study_gets_one_clear_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(StudyFileError, match=message) as told:
        load_decision(path, OptimiseStudy, "optimise")
    assert str(told.value).startswith(f"{path}:") and "\n" not in str(told.value)


def test_a_space_without_a_schedule_is_refused() -> None:
    with pytest.raises(InputError, match="no schedule keeps"):
        search(Space(SPACE.drugs[:1], most_drugs=0), toy, RUNGS, trials=40, seed=1)
