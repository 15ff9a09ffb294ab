"""iRECIST against cases worked on paper, and its invariants."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rascade.trial.assessment.irecist import (
    IResponse,
    IVisit,
    assess_immune,
    best_immune_response,
    immune_labels,
    immune_progression_free_survival,
)
from rascade.trial.assessment.response import NonTarget, begin, next_visit

from .irecist_table import CASES

_NON_TARGETS = {
    "CR": NonTarget.CR, "NN": NonTarget.NON_CR_NON_PD, "PD": NonTarget.PD, "NE": NonTarget.NE,
    "nN": NonTarget.NON_CR_NON_PD,
}  # fmt: skip


def _size(text: str) -> float:
    return np.nan if text == "-" else float(text.lstrip("n"))


def _read(case) -> tuple[np.ndarray, np.ndarray, float]:
    """Run one case through RECIST and iRECIST; codes (1, v), days (v,), day of death."""
    lesions = case.baseline.split()
    node = [lesion.startswith("n") for lesion in lesions]
    progress = begin([[_size(x) for x in lesions]], True, [node])
    fields, days, death, ever = [], [], np.nan, False
    for visit in case.visits.split(";"):
        day, words = visit.split(":")
        sizes, other, worse, nodes = [], NonTarget.NONE, False, False
        count, total, grown = 0, 0.0, False
        for word in words.split():
            if word.startswith("d="):
                death = float(word[2:])
            elif word.startswith("nt="):
                other, worse = _NON_TARGETS[word[3:].rstrip("+")], word.endswith("+")
                nodes = word == "nt=nN"
            elif word.startswith("newx"):
                count, grown = 1, word.endswith("+")
            elif word.startswith("new"):
                count = len(word[3:].split(","))
                total = sum(float(x) for x in word[3:].split(","))
            else:
                sizes.append(_size(word))
        ever = ever or count > 0
        progress, reading = next_visit(
            progress, [sizes], non_target=other, new_lesion=ever, nodes_only=nodes
        )
        seen = bool(np.isfinite(sizes).any()) or count > 0 or other != NonTarget.NONE
        fields.append(
            (reading.sld_mm[0], reading.target[0], other, reading.returned[0], worse, count,
             total, grown, seen)
        )  # fmt: skip
        days.append(float(day))
    columns = [np.array([column]) for column in zip(*fields, strict=True)]
    return assess_immune(IVisit(*columns)), np.array(days), death


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.baseline}|{case.visits}")
def test_cases_worked_on_paper(case):
    codes, days, death = _read(case)
    assert " ".join(immune_labels(codes[0])) == case.expected, case.why
    assert immune_labels(best_immune_response(codes, days))[0] == case.best, case.why
    pfs = immune_progression_free_survival(codes, days, np.array([death]))
    text = f"{'' if pfs.event[0] else '>'}{pfs.day[0]:g}"
    assert text == case.pfs, case.why


def test_there_are_at_least_sixty_and_they_differ():
    assert len(CASES) >= 60
    assert len({(case.baseline, case.visits) for case in CASES}) == len(CASES)
    seen = set(re.findall(r"\w+", " ".join(case.expected for case in CASES)))
    assert seen == {"iCR", "iPR", "iSD", "iUPD", "iCPD", "NE"}


def _random(seed: int, n: int = 400, v: int = 8):
    random = np.random.default_rng(seed)
    size = np.round(50 * np.exp(np.cumsum(random.normal(0.02, 0.2, (n, v)), axis=1)))
    size[random.random((n, v)) < 0.1] = np.nan
    progress = begin(np.full((n, 1), 50.0), True)
    targets, sums, back = [], [], []
    for k in range(v):
        progress, reading = next_visit(progress, size[:, k : k + 1])
        targets.append(reading.target)
        sums.append(reading.sld_mm)
        back.append(reading.returned)
    none = np.zeros((n, v), dtype=bool)
    count = np.cumsum(random.random((n, v)) < 0.06, axis=1)
    seen = ~np.isnan(size)
    count[~seen] = 0
    visits = IVisit(
        np.stack(sums, 1), np.stack(targets, 1), np.zeros((n, v), np.int8), np.stack(back, 1),
        none, count, count * 10.0, none, seen,
    )  # fmt: skip
    return visits


@pytest.mark.parametrize("seed", range(4))
def test_progression_is_never_confirmed_before_it_was_unconfirmed(seed):
    codes = assess_immune(_random(seed))
    confirmed = codes == IResponse.ICPD
    first = np.where(confirmed.any(axis=1), confirmed.argmax(axis=1), 99)
    for row in np.flatnonzero(first < 99):
        before = [c for c in codes[row, : first[row]] if c != IResponse.NE]
        assert before[-1] == IResponse.IUPD
        assert (codes[row, first[row] :] == IResponse.ICPD).all()


def test_a_patient_is_read_alike_alone_and_among_others():
    visits = _random(9)
    together = assess_immune(visits)
    for row in (0, 17, 399):
        one = IVisit(*(field[row : row + 1] for field in visits))
        np.testing.assert_array_equal(assess_immune(one)[0], together[row])
