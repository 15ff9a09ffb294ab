"""A build of a population, small, by its verb: what it writes, and that it goes on."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from rascade.calibration import build as building
from rascade.calibration.build import Plan, fitted_arms, read_build
from rascade.calibration.checks import second_method
from rascade.calibration.posterior import read_ensemble
from rascade.cli.runs.cohort import app
from rascade.errors import InputError
from rascade.statistics.chains import sample

ARMS = ("wolpin-everolimus.everolimus", "o-reilly-2019.durvalumab")
SIZES = ("--members", "8", "--patients", "20", "--rounds", "1", "--draws", "12")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished build of two arms."""
    arms = [arm for arm in fitted_arms() if arm.id in ARMS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "fitted_arms", lambda without=(): arms)
        out = tmp_path_factory.mktemp("build") / "population"
        done = CliRunner().invoke(app, ["build", "--out", str(out), *SIZES, "--threads", "2"])
        assert done.exit_code == 0, done.output
        assert "12 members" in done.output
        yield out


def test_the_ensemble_holds_all_draws_and_its_mean_first(folder) -> None:
    ensemble = read_ensemble(folder)
    assert ensemble.size == 12
    assert np.allclose(ensemble.values[0], ensemble.values[1:].mean(axis=0), atol=1e-4)
    manifest = json.loads((folder / "ensemble.json").read_text())
    assert manifest["arms"] == [arm.id for arm in building.fitted_arms()]
    assert len(manifest["misfit_by_round"]) == Plan(8, 20, 1).simulated == 4


def test_members_have_patients_of_their_own(folder) -> None:
    """With the same patients, members of a narrow posterior would answer nearly alike."""
    kept = read_build(folder)
    assert kept.predicted.shape[:2] == (4, 8)
    assert kept.mask.shape == (len(kept.names), len(kept.data))
    assert set(second_method(kept)) == {"explained", "shift", "width", "missed"}


def test_a_build_goes_on_to_the_same_bytes(folder, tmp_path) -> None:
    again = tmp_path / "population"
    shutil.copytree(folder, again)
    before = (again / "ensemble.csv").read_bytes()
    for name in ("ensemble.csv", "ensemble.json", "round-3", "round-2/" + ARMS[0] + ".npz"):
        place = again / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    done = CliRunner().invoke(app, ["build", "--out", str(again), *SIZES, "--threads", "1"])
    assert done.exit_code == 0, done.output
    assert (again / "ensemble.csv").read_bytes() == before


def test_another_plan_is_refused_and_the_first_is_kept(folder) -> None:
    before = (folder / "build.json").read_bytes()
    done = CliRunner().invoke(app, ["build", "--out", str(folder), *SIZES, "--seed", "5"])
    assert isinstance(done.exception, InputError)
    assert "another plan" in str(done.exception)
    assert (folder / "build.json").read_bytes() == before


@pytest.mark.parametrize(
    ("key", "value"), [("members", 3), ("patients", 1), ("rounds", 0), ("draws", 40)]
)
def test_a_plan_out_of_range_names_its_key(key: str, value: int) -> None:
    with pytest.raises(InputError, match=f"{key}: {value} is not from"):
        Plan(**{key: value})


def test_chains_give_the_moments_of_a_skewed_density() -> None:
    """A gamma density of shape 4, whose mean and variance are 4."""
    rng = np.random.default_rng(1)

    def log_density(x):
        inside = x[:, 0] > 0
        return np.where(inside, 3 * np.log(np.where(inside, x[:, 0], 1.0)) - x[:, 0], -np.inf)

    start = rng.uniform(1, 8, size=(200, 1))
    draws = sample(log_density, start, np.ones(1), steps=1000, warm_up=400, thin=20, rng=rng)
    assert draws.mean() == pytest.approx(4.0, abs=0.2)
    assert draws.var() == pytest.approx(4.0, rel=0.15)
