from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rascade.trial.assessment.best_response import (
    before_progression,
    best_change,
    best_overall_response,
    response_visits,
)
from rascade.trial.assessment.response import (
    NonTarget,
    Response,
    assess,
    begin,
    labels,
    next_visit,
    overall_response,
    record_diameters,
    select_targets,
)

from .recist_table import CASES, Case

NON_TARGET = {"CR": NonTarget.CR, "NN": NonTarget.NON_CR_NON_PD, "PD": NonTarget.PD,
              "NE": NonTarget.NE, "nN": NonTarget.NON_CR_NON_PD}  # fmt: skip


def read(case: Case):
    """One patient of the table as arguments of `assess`, with the days."""
    base = case.baseline.split()
    nodes = [text.startswith("n") for text in base]
    days, sizes, other, new, nodes_only = [], [], [], [], []
    for visit in case.visits.split(";"):
        day, rest = visit.split(":")
        words = rest.split()
        days.append(float(day))
        new.append("new" in words)
        nodes_only.append("nt=nN" in words)
        state = [NON_TARGET[w[3:]] for w in words if w.startswith("nt=")]
        other.append(state[0] if state else NonTarget.NONE)
        lesions = [w for w in words if w != "new" and not w.startswith("nt=")]
        sizes.append([np.nan if w == "-" else float(w.lstrip("n")) for w in lesions])
    return np.array(days), {
        "baseline_mm": [[float(text.lstrip("n")) for text in base]],
        "diameters_mm": [sizes],
        "is_node": nodes,
        "non_target": [other],
        "new_lesion": [new],
        "nodes_only": [nodes_only],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.baseline} -> {c.visits} ({c.why})")
def test_table_made_by_hand(case):
    days, arguments = read(case)
    overall = assess(**arguments).overall
    assert " ".join(labels(overall)[0]) == case.expected, case.why
    assert labels(best_overall_response(overall, days))[0] == case.best, case.why
    assert labels(best_overall_response(overall, days, confirm=True))[0] == case.confirmed, case.why


def test_table_is_large_and_says_every_response():
    assert len(CASES) >= 60
    assert {word for case in CASES for word in case.expected.split()} == {r.name for r in Response}


def test_all_patients_of_the_table_at_once_give_the_same():
    # One batch of unlike patients: padded lesions are no targets, padded visits are not scanned.
    lesions = max(len(c.baseline.split()) for c in CASES)
    visits = max(len(c.visits.split(";")) for c in CASES)
    shape = (len(CASES), visits)
    base, nodes = np.zeros((len(CASES), lesions)), np.zeros((len(CASES), lesions), bool)
    targets, size = np.zeros_like(nodes), np.full((*shape, lesions), np.nan)
    other, new, day = np.zeros(shape, int), np.zeros(shape, bool), np.full(shape, np.nan)
    only = np.zeros(shape, bool)
    for row, case in enumerate(CASES):
        days, a = read(case)
        v, m = len(days), len(a["is_node"])
        base[row, :m], nodes[row, :m], targets[row, :m] = a["baseline_mm"][0], a["is_node"], True
        size[row, :v, :m], day[row, :v] = a["diameters_mm"][0], days
        other[row, :v], new[row, :v] = a["non_target"][0], a["new_lesion"][0]
        only[row, :v] = a["nodes_only"][0]
    result = assess(
        base,
        size,
        targets=targets,
        is_node=nodes,
        non_target=other,
        new_lesion=new,
        nodes_only=only,
    )
    # A patient without lesions to scan is complete by definition only if nothing is missing.
    assert labels(best_overall_response(result.overall, day)).tolist() == [c.best for c in CASES]
    confirmed = best_overall_response(result.overall, day, confirm=True)
    assert labels(confirmed).tolist() == [c.confirmed for c in CASES]


def test_overall_response_is_table_1_of_the_guideline():
    # Eisenhauer 2009, Table 1, all rows written out.
    target = {"CR": 0, "PR": 1, "SD": 2, "PD": 3, "NE": 4}
    rows = [
        ("CR", NonTarget.CR, "CR"), ("CR", NonTarget.NONE, "CR"),
        ("CR", NonTarget.NON_CR_NON_PD, "PR"), ("CR", NonTarget.NE, "PR"),
        ("PR", NonTarget.CR, "PR"), ("PR", NonTarget.NON_CR_NON_PD, "PR"),
        ("PR", NonTarget.NE, "PR"),
        ("SD", NonTarget.CR, "SD"), ("SD", NonTarget.NON_CR_NON_PD, "SD"),
        ("SD", NonTarget.NE, "SD"),
        ("NE", NonTarget.CR, "NE"), ("NE", NonTarget.NON_CR_NON_PD, "NE"),
        ("NE", NonTarget.NE, "NE"),
    ]  # fmt: skip
    for goal, other, expected in rows:
        assert labels(overall_response(target[goal], other, False)) == expected
        assert labels(overall_response(target[goal], other, True)) == "PD"
        assert labels(overall_response(target[goal], NonTarget.PD, False)) == "PD"
        assert labels(overall_response(target["PD"], other, False)) == "PD"


def test_select_targets_takes_the_largest_two_an_organ_and_five_in_all():
    size = [[40, 35, 30, 25, 20, 18, 16, 12, 9.9]]
    organ = ["liver", "liver", "liver", "lung", "lung", "pancreas", "bone", "skin", "skin"]
    chosen = select_targets(size, organ)
    assert chosen[0].tolist() == [True, True, False, True, True, True, False, False, False]
    assert chosen.sum() == 5


def test_select_targets_measures_nodes_by_15_mm_and_skips_missing():
    chosen = select_targets([[14.9, 15.0, 10.0, np.nan]], list("abcd"), [True, True, False, False])
    assert chosen[0].tolist() == [False, True, True, False]


def test_record_diameters_gone_too_small_and_nodes():
    seen = [0.0, 1.9, 2.0, 4.9, 5.0, 7.3, np.nan]
    assert record_diameters(seen, gone_below_mm=2).tolist()[:6] == [0, 0, 5, 5, 5, 7.3]
    assert np.isnan(record_diameters(seen, gone_below_mm=2)[6])
    assert record_diameters([3.0], gone_below_mm=2, is_node=True).tolist() == [3.0]
    assert record_diameters([0.0], gone_below_mm=0).tolist() == [0.0]
    with pytest.raises(ValueError, match="between 0 and 5"):
        record_diameters(seen, gone_below_mm=6)


def test_no_target_disease_is_not_evaluable_and_missing_baseline_is_refused():
    result = assess(np.zeros((1, 1)), np.zeros((1, 1, 1)), targets=False)
    assert labels(result.overall)[0, 0] == "NE"
    with pytest.raises(ValueError, match="patient 1"):
        begin([[20.0], [np.nan]], True)


def test_no_visits_at_all():
    result = assess(np.full((3, 2), 20.0), np.empty((3, 0, 2)))
    assert result.overall.shape == (3, 0)
    assert labels(best_overall_response(result.overall, np.empty(0))).tolist() == ["NE"] * 3
    assert np.isnan(best_change(result.change_pct, result.overall)).all()


def test_best_change_ends_with_the_first_progression():
    overall = np.array([[1, 3, 1], [4, 4, 4]])
    change = np.array([[-35.0, -40.0, -80.0], [np.nan, np.nan, np.nan]])
    best = best_change(change, overall)
    assert best[0] == -40.0  # a new lesion at the second visit: its scan still counts
    assert np.isnan(best[1])


lesion = st.one_of(st.just(0.0), st.floats(5, 120), st.just(float("nan")))
courses = st.integers(1, 6).flatmap(
    lambda v: st.tuples(
        arrays(float, (1, 3), elements=st.floats(10, 120)),
        arrays(float, (1, v, 3), elements=lesion),
        arrays(np.int8, (1, v), elements=st.sampled_from([int(x) for x in NonTarget])),
        arrays(bool, (1, v)),
    )
)


@given(courses)
def test_a_fold_of_visits_is_the_whole(course):
    base, size, other, new = course
    whole = assess(base, size, non_target=other, new_lesion=new)
    progress = begin(base, True)
    for visit in range(size.shape[1]):
        progress, reading = next_visit(
            progress, size[:, visit], non_target=other[:, visit], new_lesion=new[:, visit]
        )
        assert reading.overall[0] == whole.overall[0, visit]
        # The nadir never rises and is never above the baseline.
        assert progress.nadir_mm[0] <= reading.nadir_mm[0] <= base.sum() + 1e-9


@given(courses, st.permutations([0, 1, 2]))
def test_order_of_lesions_does_not_matter(course, order):
    base, size, other, new = course
    size = np.round(size)  # whole millimetres: sums are exact in any order
    base = np.round(base)
    one = assess(base, size, non_target=other, new_lesion=new)
    two = assess(base[:, order], size[:, :, order], non_target=other, new_lesion=new)
    assert (one.overall == two.overall).all()


@given(courses)
def test_new_lesions_and_bad_non_targets_are_always_progression(course):
    base, size, other, new = course
    overall = assess(base, size, non_target=other, new_lesion=new).overall
    assert (overall[new | (other == NonTarget.PD)] == Response.PD).all()


@given(courses)
def test_confirming_never_improves_the_best_response(course):
    base, size, other, new = course
    overall = assess(base, size, non_target=other, new_lesion=new).overall
    day = 30.0 * (1 + np.arange(size.shape[1]))
    free = best_overall_response(overall, day)[0]
    strict = best_overall_response(overall, day, confirm=True)[0]
    assert strict >= free or (free, strict) == (Response.NE, Response.PD)
    if free == Response.CR:
        assert (overall == Response.CR).any()


@given(courses)
def test_visits_after_progression_do_not_count(course):
    base, size, other, new = course
    overall = assess(base, size, non_target=other, new_lesion=new).overall
    day = 30.0 * (1 + np.arange(size.shape[1]))
    cut = np.where(before_progression(overall), overall, Response.NE)
    for confirm in (False, True):
        assert best_overall_response(overall, day, confirm=confirm) == best_overall_response(
            cut, day, confirm=confirm
        )


@given(arrays(np.int8, (1, 6), elements=st.integers(0, 4)), st.lists(st.integers(1, 40), min_size=6,
       max_size=6))  # fmt: skip
def test_confirmation_by_walking_back_equals_the_plain_double_loop(codes, gaps):
    day = np.cumsum(gaps).astype(float)
    fast = response_visits(codes, day, confirm=True)[1][0]
    for i in range(6):
        slow = False
        if codes[0, i] <= 1 and (codes[0, :i] != 3).all():
            for j in range(i + 1, 6):
                if codes[0, j] <= 1 and day[j] - day[i] >= 28:
                    slow = True
                if codes[0, j] in (2, 3):
                    break
        assert fast[i] == slow


def test_without_targets_the_non_targets_decide() -> None:
    # Table 2 of the guideline: CR, non-CR/non-PD (SD here), not evaluable, PD, new lesion.
    other = [NonTarget.CR, NonTarget.NON_CR_NON_PD, NonTarget.NE, NonTarget.PD, NonTarget.CR]
    new = [False, False, False, False, True]
    progress = begin(np.full((5, 1), np.nan), np.zeros((5, 1), bool))
    _, reading = next_visit(progress, np.full((5, 1), np.nan), non_target=other, new_lesion=new)
    assert labels(reading.overall).tolist() == ["CR", "SD", "NE", "PD", "PD"]
