"""Randomisation: balance where blocks promise it, chance where they do not, no dependence."""

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.trial.design.randomization import (
    Randomization,
    position_in_stratum,
    randomize,
    ratio_of,
    strata_codes,
)


def test_every_whole_block_is_balanced_in_the_ratio():
    arm = randomize(Randomization("blocks", (2, 1), 6), 3, np.zeros(600, dtype=np.int64))
    assert (np.bincount(arm.reshape(100, 6)[:, :].ravel()) == [400, 200]).all()
    assert ((arm.reshape(100, 6) == 1).sum(axis=1) == 2).all()
    assert len({tuple(block) for block in arm.reshape(100, 6)}) > 10  # permuted, not repeated


def test_blocks_hold_within_each_stratum():
    rng = np.random.default_rng(1)
    stratum = rng.integers(0, 4, 999)
    arm = randomize(Randomization("blocks", (1, 1), 4), 5, stratum, ["a", "b", "c", "d"])
    for code in range(4):
        own = arm[stratum == code]
        whole = own[: len(own) // 4 * 4].reshape(-1, 4)
        assert (whole.sum(axis=1) == 2).all()


def test_simple_randomisation_follows_the_ratio_by_chance():
    arm = randomize(Randomization("simple", (1, 3)), 1, np.zeros(40_000, dtype=np.int64))
    assert arm.mean() == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 40_000))
    runs = (arm[1:] == arm[:-1]).mean()
    assert runs == pytest.approx(0.75**2 + 0.25**2, abs=0.01)


@pytest.mark.parametrize("method", ["simple", "blocks"])
def test_later_patients_and_other_strata_change_nothing(method):
    plan = Randomization(method, (1, 1), 4)
    few = randomize(plan, 9, np.zeros(103, dtype=np.int64), ["x"])
    many = randomize(plan, 9, np.zeros(9000, dtype=np.int64), ["x"])
    assert (many[:103] == few).all()
    mixed = np.arange(206) % 2
    both = randomize(plan, 9, mixed, ["other", "x"])
    assert (both[mixed == 1] == few).all()


def test_strata_are_named_by_what_they_hold():
    code, names = strata_codes(
        {"ecog": np.array([0, 1, 1, 0]), "sex": np.array(["m", "f", "m", "m"])}, ["ecog", "sex"]
    )
    assert [names[c] for c in code] == [
        "ecog 0, sex m", "ecog 1, sex f", "ecog 1, sex m", "ecog 0, sex m",
    ]  # fmt: skip
    assert position_in_stratum(code).tolist() == [0, 0, 0, 1]
    assert ratio_of([500, 250]) == (2, 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Randomization("block"), "'block' is not one of simple, blocks"),
        (lambda: Randomization("blocks", (2, 1), 4), "must be a multiple of 3"),
        (lambda: Randomization("blocks", (0, 1)), "ratio"),
        (lambda: strata_codes({"ecog": np.array([1])}, ["eco"]), "no property 'eco'"),
    ],
)
def test_what_is_wrong_is_named(make, says):
    with pytest.raises(InputError, match=says):
        make()
