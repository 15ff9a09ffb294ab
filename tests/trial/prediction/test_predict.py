"""Predictive intervals: what each layer adds, and that a prediction does what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rascade.regimen import parse
from rascade.trial.design.accrual import Accrual, Centre, CutOff
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec
from rascade.trial.prediction.courses import Courses
from rascade.trial.prediction.predict import intervals, replicates

N = 400


def pool(median: float, share: float, members: int = 1) -> Courses:
    place = (np.arange(N) + 0.5) / N
    rng = np.random.default_rng(int(median * 100))
    time = np.stack(
        [rng.permutation(-np.log(place) / np.log(2) * median * 30.4375) for _ in range(members)]
    )
    response = np.where(rng.permutation(place) < share, 40.0, np.inf)
    yes = np.ones((members, N), bool)
    return Courses(np.tile(response, (members, 1)), time, yes, 2 * time, yes, yes.astype(float))


@pytest.fixture
def spec() -> TrialSpec:
    arms = (ArmSpec("new", parse("none"), size=200), ArmSpec("old", parse("none"), size=200))
    return TrialSpec("t", 3, CohortSpec("PDAC", "metastatic", 2, 200), arms, follow_up_months=120.0)


def test_replicates_lie_around_what_the_pool_has(spec) -> None:
    drawn = replicates(spec, {"new": pool(6, 0.3), "old": pool(3, 0.1)}, count=200)
    new = drawn.arms["new"]
    assert np.median(new["orr"]) == pytest.approx(0.3, abs=0.03)
    assert np.median(new["pfs"]) == pytest.approx(6, rel=0.06)
    assert np.median(new["os"]) == pytest.approx(12, rel=0.06)
    assert np.exp(np.median(drawn.ratios["new"]["pfs"])) == pytest.approx(0.5, abs=0.05)
    assert set(drawn.ratios) == {"new"}


def test_small_trials_vary_more_and_trials_differ_beyond_chance(spec) -> None:
    arms = {"new": pool(6, 0.3), "old": pool(3, 0.1)}

    def spread(**options):
        return replicates(spec, arms, count=300, **options).arms["new"]["pfs"].std()

    small = spread(sizes={"new": 25}, vary_trials=False)
    large = spread(vary_trials=False)
    assert small > 2 * large
    assert spread() > 1.3 * large
    # Binomial: the response rate of 200 patients.
    orr = replicates(spec, arms, count=300, vary_trials=False).arms["new"]["orr"]
    assert orr.std() == pytest.approx((0.3 * 0.7 / 200) ** 0.5, rel=0.2)


def test_arms_of_a_trial_share_part_of_what_trials_differ_by(spec) -> None:
    drawn = replicates(spec, {"new": pool(6, 0.3), "old": pool(6, 0.3)}, count=400)
    both = np.corrcoef(drawn.arms["new"]["os"], drawn.arms["old"]["os"])[0, 1]
    assert 0.15 < both < 0.75


def test_a_median_beyond_the_data_cut_is_not_reached(spec) -> None:
    early = replace(spec, accrual=Accrual((Centre("all", 40.0),)), cut_off=CutOff(month=12.0))
    drawn = replicates(early, {"new": pool(20, 0.3), "old": pool(3, 0.1)}, count=100)
    assert np.isinf(drawn.arms["new"]["os"]).mean() > 0.9
    assert intervals(drawn.arms["new"]["os"]).high90 is None
    assert intervals(drawn.arms["old"]["pfs"]).high90 is not None


def test_the_same_seed_gives_the_same_replicates(spec) -> None:
    arms = {"new": pool(6, 0.3, 3), "old": pool(3, 0.1, 3)}
    one, other = (replicates(spec, arms, count=40) for _ in range(2))
    assert np.array_equal(one.arms["new"]["os"], other.arms["new"]["os"])


def test_members_that_differ_widen_the_interval(spec) -> None:
    alike = pool(6, 0.3, 5)
    stretch = np.array([1.0, 0.7, 0.85, 1.2, 1.5])[:, None]
    differ = replace(alike, pfs=alike.pfs * stretch)
    narrow, wide = (
        replicates(spec, {"new": c, "old": alike}, count=200, vary_trials=False).arms["new"]["pfs"]
        for c in (alike, differ)
    )
    assert wide.std() > 1.5 * narrow.std()


def test_who_was_lost_is_known_up_to_that_day_only(spec) -> None:
    everybody = pool(6, 0.3)
    lost = np.random.default_rng(5).exponential(150.0, (1, N))
    some = replace(
        everybody,
        pfs=np.minimum(everybody.pfs, lost), progressed=everybody.pfs <= lost,
        death=np.minimum(everybody.death, lost), died=everybody.death <= lost,
    )  # fmt: skip
    assert 0.3 < some.progressed.mean() < 0.6
    drawn = replicates(spec, {"new": some, "old": some}, count=200)
    # Counted as free of events to the data cut, half of them would make the median endless.
    assert np.median(drawn.arms["new"]["pfs"]) == pytest.approx(6, rel=0.1)


def test_nobody_is_free_of_events_beyond_what_was_simulated(spec) -> None:
    everybody, end = pool(6, 0.3), 200.0
    some = replace(
        everybody,
        pfs=np.minimum(everybody.pfs, end), progressed=everybody.pfs <= end,
        death=np.minimum(everybody.death, end), died=everybody.death <= end,
    )  # fmt: skip
    drawn = replicates(spec, {"new": some, "old": pool(3, 0.1)}, count=100, vary_trials=False)
    assert np.median(drawn.arms["new"]["pfs"]) == pytest.approx(6, rel=0.06)
    hazard = np.exp(np.median(drawn.ratios["new"]["os"]))
    # Both arms have exponential times: their ratio does not depend on when watching stops, unless
    # who was watched for 200 days counts as watched for the trial's ten years.
    assert hazard == pytest.approx(0.5, rel=0.2)
