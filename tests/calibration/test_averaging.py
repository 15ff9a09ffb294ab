"""Merged daily doses beside single ones: what is measured, kept, and refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rascade.calibration import averaging
from rascade.calibration.targets import runnable_arms
from rascade.errors import InputError

ARM = "rasolute-302.daraxonrasib"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("averaging")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(averaging, "follow_up_months", lambda _: 2.5)
        averaging.measure_averaging(place, patients=10, arms=[ARM])
    return place


def test_merging_changes_sizes_a_little_and_not_by_nothing(folder) -> None:
    (row,) = averaging.averaging_rows(folder)
    assert row["arm_id"] == ARM
    assert 0 < abs(row["log_size_error"]) < 0.03
    assert row["log_size_scatter"] < 0.05
    assert abs(row["orr_pct"]["exact"] - row["orr_pct"]["averaged"]) <= 20.0


def test_what_is_done_is_not_done_again(folder, monkeypatch) -> None:
    before = (folder / averaging.FILE).read_bytes()
    monkeypatch.setattr(averaging, "_row", lambda *_: pytest.fail("simulated"))
    averaging.measure_averaging(folder, patients=10, arms=[ARM])
    assert (folder / averaging.FILE).read_bytes() == before


def test_other_patients_are_another_measurement(folder) -> None:
    arm = next(arm for arm in runnable_arms() if arm.id == ARM)
    key = json.loads((folder / averaging.FILE).read_text())[0]["key"]
    assert averaging._key(arm, 10, 11) == key
    assert averaging._key(arm, 11, 11) != key
    longer = replace(arm, spec=replace(arm.spec, imaging_every_weeks=6.0))
    assert averaging._key(longer, 10, 11) != key


def test_mistakes_are_named(tmp_path) -> None:
    with pytest.raises(InputError, match="patients: 3"):
        averaging.measure_averaging(tmp_path, patients=3)
    with pytest.raises(InputError, match="'nobody'"):
        averaging.measure_averaging(tmp_path, arms=["nobody"])
    (tmp_path / averaging.FILE).write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        averaging.averaging_rows(tmp_path)


@pytest.mark.parametrize(
    ("verb", "work"),
    [
        ("averaging", "rascade.calibration.averaging.measure_averaging"),
        ("build", "rascade.calibration.build.build"),
    ],
)
def test_an_interrupted_run_says_that_what_was_done_is_kept(
    verb, work, tmp_path, monkeypatch
) -> None:
    from typer.testing import CliRunner

    from rascade.cli.runs.cohort import app

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(work, interrupted)
    done = CliRunner().invoke(app, [verb, "--out", str(tmp_path / "out")])
    assert "kept in" in str(done.exception)
