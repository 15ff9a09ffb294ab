"""RECIST 1.1 and iRECIST on any patient, against a plain reading of the papers for one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rascade.trial.assessment.irecist import IVisit, begin_immune, immune_labels, next_immune_visit
from rascade.trial.assessment.response import NonTarget, begin, labels, next_visit

from .response_oracle import irecist, recist

CODE = {
    "none": NonTarget.NONE, "CR": NonTarget.CR, "NN": NonTarget.NON_CR_NON_PD,
    "PD": NonTarget.PD, "NE": NonTarget.NE,
}  # fmt: skip


@st.composite
def patients(draw):
    """One or two targets, up to six visits; sizes near the limits are frequent."""
    count = draw(st.integers(1, 2))
    node = [False, *[draw(st.booleans())] * (count - 1)]
    baseline = [float(draw(st.integers(15, 60))) for _ in range(count)]
    sizes = st.one_of(st.none(), st.just(0.0), st.integers(5, 80).map(float))
    others = draw(st.sampled_from([["none"], ["CR", "NN", "PD", "NE"]]))
    visit = st.fixed_dictionaries(
        {
            "sizes": st.lists(sizes, min_size=count, max_size=count),
            "other": st.sampled_from(others),
            "nodes_only": st.booleans(),
            "new": st.lists(st.integers(5, 40).map(float), max_size=2),
            "worse": st.booleans(),
        }
    )
    return baseline, node, draw(st.lists(visit, min_size=1, max_size=6))


def read(baseline, node, visits):
    """Overall response and iRECIST response of one patient by the program."""
    progress, immune = begin([baseline], True, [node]), begin_immune(1)
    overall, codes, ever = [], [], False
    for visit in visits:
        ever = ever or bool(visit["new"])
        size = [[np.nan if s is None else s for s in visit["sizes"]]]
        other = CODE[visit["other"]]
        progress, reading = next_visit(
            progress, size, non_target=other, new_lesion=ever, nodes_only=visit["nodes_only"]
        )
        seen = bool(np.isfinite(size).any()) or bool(visit["new"])
        seen = seen or other not in (NonTarget.NONE, NonTarget.NE)
        new = visit["new"]
        immune, code = next_immune_visit(
            immune,
            IVisit(
                reading.sld_mm, reading.target, np.array([other]), reading.returned,
                np.array([visit["worse"]]), np.array([len(new)]), np.array([float(sum(new))]),
                np.array([False]), np.array([seen]),
            ),
        )  # fmt: skip
        overall.append(str(labels(reading.overall)[0]))
        codes.append(str(immune_labels(code)[0]))
    return overall, codes


@settings(max_examples=150, deadline=None)
@given(patients())
def test_any_patient_is_read_as_the_papers_say(patient):
    baseline, node, visits = patient
    by_paper = recist(baseline, node, visits)
    overall, codes = read(baseline, node, visits)
    assert overall == [code for code, _, _ in by_paper]
    assert codes == irecist(by_paper, visits)


@settings(max_examples=100, deadline=None)
@given(patients())
def test_progression_is_confirmed_only_after_it_was_unconfirmed_and_stays(patient):
    _, codes = read(*patient)
    if "iCPD" in codes:
        first = codes.index("iCPD")
        assert [code for code in codes[:first] if code != "NE"][-1] == "iUPD"
        assert set(codes[first:]) == {"iCPD"}


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 60), st.lists(st.integers(-4, 4), min_size=1, max_size=6))
def test_the_noise_of_reading_never_confirms(size, noise):
    # Readings within 4 mm of what the iUPD saw, above or below, are no further growth.
    first = float(np.ceil(1.2 * size) + 5)
    visit = {"other": "none", "nodes_only": False, "new": [], "worse": False}
    visits = [{**visit, "sizes": [first]}, *({**visit, "sizes": [first + e]} for e in noise)]
    _, codes = read([float(size)], [False], visits)
    # A reset makes the next iUPD a new one, which may be lower; only a run without one is asked.
    run = codes[: next((k for k, code in enumerate(codes) if code == "iSD"), len(codes))]
    assert "iCPD" not in run
