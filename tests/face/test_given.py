"""What is given wrongly from Python is told in one sentence, before anything is simulated."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rascade as rc
from rascade.errors import InputError

ARMS = {"a": "daraxonrasib 300 mg PO QD", "b": "none"}
TRIAL = rc.Trial(ARMS, rc.Cohort(size=1))


def one_day(**more: Any) -> object:
    return rc.simulate("none", **({"days": 1} | more))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "cohort": (lambda: rc.Trial(ARMS, {"size": 3}), r"cohort: expected rascade\.Cohort"),  # type: ignore[arg-type]
    "eligibility": (lambda: rc.Cohort(eligibility=5), "eligibility: expected a text or a list"),  # type: ignore[arg-type]
    "second name": (
        lambda: rc.Trial({"a": {"name": "b", "regimen": "none"}}),
        r"arms\['a'\]\.name: 'b'; an arm is called as its key",
    ),
    "a hidden character": (
        lambda: rc.Trial(ARMS, name="left \u202e right"),
        r"Trial: name: a control character \(U\+202E\) in the text",
    ),
    "published": (lambda: rc.published(None), "published: expected text"),  # type: ignore[arg-type]
    "kind": (lambda: rc.Experiment(kind="trial"), "Experiment: kind: 'trial'; leave it out"),
    "file": (lambda: rc.Trial.from_file(None), "path: expected a path, found NoneType"),  # type: ignore[arg-type]
    "results": (lambda: rc.open_result(3), "folder: expected a path, found int"),  # type: ignore[arg-type]
    "threads": (lambda: TRIAL.run(threads="x"), "threads: 'x'; give a whole number, at least 1"),  # type: ignore[arg-type]
    "threads of a search": (
        lambda: rc.optimise("x.yaml", "out", threads=0),
        "threads: 0; give a whole number, at least 1",
    ),
    "threads of a design": (lambda: rc.next_trial("x.yaml", "out", threads="2"), "threads: '2'; "),  # type: ignore[arg-type]
    "threads of a measurement": (
        lambda: rc.value_of_information("x.yaml", "out", threads=True),
        "threads: True; ",
    ),
    "threads of a forecast": (
        lambda: rc.forecast("p.yaml", "r.yaml", "out", threads=-1),
        "threads: -1; ",
    ),
    "members of a forecast": (
        lambda: rc.forecast("p.yaml", "r.yaml", "out", members=1.5),  # type: ignore[arg-type]
        "members: 1.5; give a whole number, at least 1 and at most 64",
    ),
    "patients of a forecast": (
        lambda: rc.forecast("p.yaml", "r.yaml", "out", patients=1),
        "patients: 1; give a whole number, at least 5",
    ),
    "executor": (lambda: TRIAL.run(executor=3), "executor: expected an executor"),  # type: ignore[arg-type]
    "out": (lambda: TRIAL.run(5), "out: expected a path, found int"),  # type: ignore[arg-type]
    "regimen": (lambda: rc.simulate(5), "regimen: expected orders as text, found int"),  # type: ignore[arg-type]
    "days": (lambda: one_day(days=True), "days: True; give a whole number"),
    "seed": (lambda: one_day(seed=-1), r"seed: -1; .* at least 0 and below 2\^63"),
    "seed, a fraction": (lambda: one_day(seed=1.5), "seed: 1.5; give a whole number"),
    "patient": (lambda: one_day(patient=["G12C"]), "patient: expected names and values"),
    "parameters": (lambda: one_day(parameters=[1]), "parameters: expected names and values"),
    "a parameter": (lambda: one_day(parameters={"k_death": "x"}), "k_death: expected a number"),
    "not a number": (lambda: one_day(parameters={"k_death": math.nan}), "nan is not a finite"),
    "knockout": (lambda: one_day(knockout=5), "knockout: expected a text or a list of texts"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str) -> None:
    wrong, message = WRONG[what]
    with pytest.raises(InputError, match=message):
        wrong()


def test_draws_are_checked_before_the_experiment_begins(capsys: pytest.CaptureFixture[str]) -> None:
    studies = Path(__file__).parents[2] / "studies" / "experiments"
    experiment = rc.Experiment.from_file(studies / "wash-out.yaml")
    for wrong in ("x", -1, 10**9):
        with pytest.raises(InputError, match="draws: "):
            experiment.run(draws=wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="threads: "):
        experiment.run(draws=0, threads=0)
    assert not capsys.readouterr().err


def test_numbers_of_numpy_are_numbers() -> None:
    made = rc.Trial(
        ARMS, rc.Cohort(size=np.int64(3)), seed=np.int64(4), parameters={"k_death": np.float32(0.5)}
    )
    assert (made.study.cohort.size, made.study.seed) == (3, 4)
    assert rc.simulate("none", days=np.int64(1), seed=np.int64(2)).attrs["seed"] == 2  # type: ignore[arg-type]


def test_a_study_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    for name in ("summary.json", "manifest.json"):
        (tmp_path / name).write_text('{"study": "", "seed": 1, "arms": [], "contrasts": []}')
    (tmp_path / "study.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        rc.open_result(tmp_path)
