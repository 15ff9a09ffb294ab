"""PFS by the rules of FDA and EMA."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rascade.errors import InputError
from rascade.trial.assessment.censoring import Followed, pfs_by_rule, survival_reason
from rascade.trial.assessment.response import Response

CODES = {"CR": 0, "PR": 1, "SD": 2, "PD": 3, "NE": 4}
DAYS = np.array([56.0, 112.0, 168.0, 224.0])
INF = np.inf


def times(rule, code, days, death, *, new=None, dropout=None, cut=True):
    n = len(code)
    none = np.full(n, INF)
    followed = Followed(
        np.full(n, cut),
        none if dropout is None else dropout,
        np.zeros(n, dtype=bool),
        none if new is None else new,
    )
    shown = np.where(code == Response.PD, "progression: target", "censored")
    return pfs_by_rule(rule, code, days, death, closes=DAYS + 7, followed=followed, reason=shown)


def one(rule, text, death=INF, new=INF, dropout=INF, day=DAYS, **more):
    code = np.array([[CODES[word] for word in text.split()]], dtype=np.int8)
    found, why = times(
        rule, code, day[None, :], np.array([death]),
        new=np.array([new]), dropout=np.array([dropout]), **more,
    )  # fmt: skip
    return float(found.day[0]), bool(found.event[0]), str(why[0])


MISSED, NEW = "two or more missed assessments", "new anticancer treatment"
NONE, CUT = "no assessment after baseline", "no event by the data cut"


@pytest.mark.parametrize(
    ("text", "death", "new", "ema", "fda"),
    [
        ("SD SD PD NE", INF, INF, (168, True, ""), (168, True, "")),
        # One missed scan is forgiven, two in a row are not.
        ("SD NE PD NE", INF, INF, (168, True, ""), (168, True, "")),
        ("SD NE NE PD", INF, INF, (224, True, ""), (56, False, MISSED)),
        ("NE NE PD NE", INF, INF, (168, True, ""), (0, False, MISSED)),
        ("NE SD NE NE", INF, INF, (112, False, CUT), (112, False, CUT)),
        # Two scans are missed only once the window of the second has closed.
        ("SD NE NE NE", 170.0, INF, (170, True, ""), (170, True, "")),
        ("SD NE NE NE", 175.5, INF, (175.5, True, ""), (56, False, MISSED)),
        ("SD NE SD NE", 240.0, INF, (240, True, ""), (240, True, "")),
        ("NE NE NE NE", 40.0, INF, (40, True, ""), (40, True, "")),
        # Another treatment before the event; on its day or later it changes nothing.
        ("SD SD PD NE", INF, 120.0, (168, True, ""), (112, False, NEW)),
        ("SD SD PD NE", INF, 112.0, (168, True, ""), (112, False, NEW)),
        ("SD SD PD NE", INF, 168.0, (168, True, ""), (168, True, "")),
        ("SD SD SD SD", INF, 120.0, (224, False, CUT), (112, False, NEW)),
        ("SD SD NE NE", INF, 120.0, (112, False, CUT), (112, False, CUT)),
        ("SD SD SD SD", 300.0, 30.0, (300, True, ""), (0, False, NEW)),
        # Both: whichever leaves less.
        ("SD SD NE NE", 300.0, 80.0, (300, True, ""), (56, False, NEW)),
        ("SD NE NE PD", INF, 170.0, (224, True, ""), (56, False, MISSED)),
        ("NE NE NE NE", INF, INF, (0, False, NONE), (0, False, NONE)),
    ],
)
def test_events_and_censoring_by_rule(text, death, new, ema, fda) -> None:
    assert one("ema", text, death, new) == ema
    assert one("fda", text, death, new) == fda


def test_the_usual_reasons_of_censoring() -> None:
    assert one("ema", "SD SD SD SD", cut=False)[2] == "no event by the end of follow-up"
    assert one("ema", "SD SD NE NE", dropout=120.0)[2] == "dropout"
    followed = Followed(
        np.array([True, True, False]),
        np.array([INF, 5.0, INF]),
        np.array([False, True, False]),
        np.full(3, INF),
    )
    why = survival_reason(np.array([False, False, False]), followed)
    assert why.tolist() == [
        "alive at the data cut",
        "lost to follow-up",
        "alive at the end of follow-up",
    ]
    assert survival_reason(np.array([True, True, True]), followed).tolist() == [""] * 3
    with pytest.raises(InputError, match="'who' is not one of ema, fda"):
        one("who", "SD SD SD SD")


@settings(max_examples=200, deadline=None)
@given(
    arrays(np.int8, (6, 4), elements=st.integers(0, 4)),
    arrays(float, (6, 4), elements=st.floats(-7, 7)),
    arrays(float, (6,), elements=st.floats(1, 300) | st.just(INF)),
    arrays(float, (6,), elements=st.floats(1, 300) | st.just(INF)),
)
def test_the_rules_differ_only_where_something_intervenes(code, off, death, new) -> None:
    days = DAYS + off
    ema, why_ema = times("ema", code, days, death, new=new)
    fda, why_fda = times("fda", code, days, death, new=new)
    assert (fda.day <= ema.day).all() and (~fda.event | ema.event).all()
    same = (fda.day == ema.day) & (fda.event == ema.event)
    assert ((why_fda == why_ema) | ~same).all()
    for found, why in ((ema, why_ema), (fda, why_fda)):
        assert ((why == "") == found.event).all()
    # Who neither changed treatment before the event nor missed two scans is the same by both.
    adequate = (code != Response.NE) & (days <= death[:, None])
    longest = np.zeros(6)
    for i in range(6):
        gap = 0
        for k in range(4):
            if DAYS[k] + 7 < ema.day[i] or (k < 3 and days[i, k] < ema.day[i]):
                gap = 0 if adequate[i, k] else gap + 1
                longest[i] = max(longest[i], gap)
    assert same[(longest < 2) & (new >= ema.day)].all()
