"""Roles of published values, and what makes a value a datum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rascade.trial.results.published.arms as arms_module
from rascade.calibration.build import follow_up_months
from rascade.calibration.classes import CLASSES, arms_of_class, class_of
from rascade.calibration.targets import (
    CALIBRATE,
    VALIDATE,
    predicted,
    runnable_arms,
)
from rascade.errors import EvidenceError, InputError
from rascade.trial.prediction.courses import Courses
from rascade.trial.results.published.arms import load_roles


def test_every_role_belongs_to_a_value_that_was_published_and_runs() -> None:
    values = {
        (t.arm_id, t.endpoint) for arm in runnable_arms() for t in (*arm.targets, *arm.landmarks)
    }
    assert set(load_roles()) <= values


def test_survival_under_daraxonrasib_is_withheld() -> None:
    roles = {(t.arm_id, t.endpoint): t.role for a in runnable_arms() for t in a.targets}
    assert roles["rasolute-302.daraxonrasib", "os"] == VALIDATE
    assert roles["rasolute-302.daraxonrasib", "pfs"] == CALIBRATE


def test_most_values_are_never_fitted() -> None:
    roles = [t.role for arm in runnable_arms() for t in arm.targets]
    assert roles.count(VALIDATE) > 1.5 * roles.count(CALIBRATE)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_arms(name: str) -> None:
    assert any(name in class_of(arm) for arm in runnable_arms())


def test_a_class_without_fitted_arms_is_told() -> None:
    with pytest.raises(InputError, match="nothing to leave out"):
        arms_of_class("chemotherapy + immunotherapy")
    with pytest.raises(InputError, match="RAS"):
        arms_of_class("RAS(ONN)")


def test_a_right_prediction_has_no_miss() -> None:
    """A pool whose own response rate and medians were published is predicted without a miss."""
    arm = next(a for a in runnable_arms() if a.id == "mpact.gemcitabine")
    targets = {t.endpoint: t for t in arm.targets}
    n = 2000
    place = (np.arange(n) + 0.5) / n
    rng = np.random.default_rng(0)

    def exponential(median):
        return rng.permutation(-np.log(place) / np.log(2) * median * 30.4375)[None, :]

    response = np.where(place < targets["orr"].value / 100, 10.0, np.inf)[None, :]
    yes, one = np.ones((1, n), bool), np.ones((1, n))
    courses = Courses(
        response, exponential(targets["pfs"].value), yes, exponential(targets["os"].value), yes, one
    )
    found, observed, variance = predicted(arm, courses, arm.targets)
    # The curve is convex, so its mean around the median lies a little above one half.
    assert np.abs((found[0] - observed) / np.sqrt(variance)).max() < 0.5
    assert (variance > 0).all()


def test_landmarks_lie_within_the_follow_up_and_few_are_fitted() -> None:
    """Fitted are rates of progression of arms whose medians are fitted; survival is predicted."""
    found = [(arm, t) for arm in runnable_arms() for t in arm.landmarks]
    assert len(found) > 40
    fitted = [(arm, t) for arm, t in found if t.role == CALIBRATE]
    assert 4 <= len(fitted) <= len(found) / 4
    for arm, target in fitted:
        assert target.curve[0] == "pfs"
        assert (arm.id, "pfs") in load_roles()
    for arm, target in found:
        assert target.curve[1] <= min(arm.spec.follow_up_months, 30.0)
    assert not any("@" in t.endpoint for arm in runnable_arms() for t in arm.targets)


def test_a_fitted_landmark_is_followed_to_its_month() -> None:
    arm = next(a for a in runnable_arms() if a.id == "mpact.gemcitabine")
    fitted = next(t for t in arm.fitted_values if t.measure == "landmark")
    bare = replace(arm, landmarks=())
    usual = follow_up_months(bare, fitting=True)
    late = replace(arm, landmarks=(replace(fitted, endpoint="pfs@12"),))
    assert usual < 12 <= follow_up_months(late, fitting=True)
    assert len(arm.fitted_values) > len(bare.fitted_values) == 3


def test_the_landmark_of_a_pool_is_its_share_free_of_an_event() -> None:
    """Of a pool of which one quarter is free at the month, a rate of 25 % has no miss."""
    arm = next(a for a in runnable_arms() if a.id == "mpact.gemcitabine")
    n, day = 400, 6 * 30.4375
    target = next(t for t in arm.landmarks if t.endpoint == "pfs@6")
    assert target.value == 25.0
    late = np.arange(n) < n / 4
    pfs = np.where(late, day + 20.0, day - 20.0)[None, :]
    yes, one = np.ones((1, n), bool), np.ones((1, n))
    courses = Courses(np.full((1, n), np.inf), pfs, yes, pfs + 30.0, yes, one)
    found, observed, variance = predicted(arm, courses, [target])
    assert found[0, 0] == pytest.approx(observed[0], abs=1e-9)
    assert 0.25**2 < variance[0] < 0.4**2
    later = predicted(arm, courses, [replace(target, endpoint="pfs@7")])[0]
    assert later[0, 0] < found[0, 0]


def test_a_role_of_no_published_landmark_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "arm_id,endpoint,reason\nmpact.gemcitabine,pfs@7,no such rate\n"
    monkeypatch.setattr(arms_module, "_roles_text", lambda: text)
    with pytest.raises(EvidenceError, match=r"roles.csv:2: endpoint: 'pfs@7'"):
        load_roles.__wrapped__()


def test_arms_without_treatment_run() -> None:
    arms = {arm.id: arm for arm in runnable_arms()}
    assert arms["conko-003.best-supportive-care"].drugs == ()
    assert arms["conko-003.best-supportive-care"].line == 2
