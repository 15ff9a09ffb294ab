"""The contract of executors: every registered member does the same jobs to the same bytes."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from rascade.errors import InputError
from rascade.regimen import parse
from rascade.studies.running.executors import find_executor, known_executors, make_executor
from rascade.trial.design.plan_text import plan_text
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec
from rascade.trial.running.executors import Executor
from rascade.trial.running.inputs import inputs_hash, plan_inputs
from rascade.trial.running.jobs import Job, simulate
from rascade.trial.running.spans import Span

PLAN = TrialSpec(
    "contract",
    1,
    CohortSpec("PDAC", "metastatic", 2, 3),
    (ArmSpec("nothing", parse("none")),),
    follow_up_months=0.5,
)
#: Starting an interpreter for each worker takes seconds.
SLOW = {"processes", "dask"}
MEMBERS = [
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
    for name in known_executors()
]


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    digest = inputs_hash(plan_inputs(PLAN))
    return [Job(plan_text(PLAN), Span(0, k, k + 1), (k,), digest) for k in range(3)]


@pytest.fixture(scope="module")
def expected(jobs: list[Job]) -> dict[Span, Mapping[str, bytes]]:
    return {job.span: simulate(job) for job in jobs}


def member(name: str) -> Executor:
    if name == "dask":
        pytest.importorskip("distributed")
    return make_executor(name, 2)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_job_is_handed_over_once_in_the_callers_thread(
    name: str, jobs: list[Job], expected: dict[Span, Mapping[str, bytes]]
) -> None:
    executor, here = member(name), threading.get_ident()
    got: dict[Span, Mapping[str, bytes]] = {}
    heard: list[tuple[Span, float]] = []
    threads, count = set(), Counter[Span]()

    def done(job: Job, contents: Mapping[str, bytes]) -> None:
        threads.add(threading.get_ident())
        count[job.span] += 1
        got[job.span] = contents

    executor.run(jobs, done, lambda job, share: heard.append((job.span, share)))
    assert got == expected, "the same bytes as `simulate`"
    assert set(count.values()) == {1} and threads == {here}
    assert heard[0] == (jobs[0].span, 0.0)
    assert {span for span, share in heard if share == 1.0} == set(expected)
    executor.run([], done, lambda *_: pytest.fail("nothing to tell"))


@pytest.mark.parametrize("name", MEMBERS)
def test_nothing_is_handed_over_after_an_error(name: str, jobs: list[Job]) -> None:
    calls = []

    def done(job: Job, contents: Any) -> None:
        calls.append(job)
        raise InputError("the disk is full")

    with pytest.raises(InputError, match="the disk is full"):
        member(name).run(jobs, done, lambda *_: None)
    assert len(calls) == 1


@pytest.mark.parametrize("name", known_executors())
def test_members_say_what_they_are_and_refuse_no_threads(name: str) -> None:
    if name == "dask":
        pytest.importorskip("distributed")
    kind = find_executor(name)
    assert issubclass(kind, Executor) and not inspect.isabstract(kind)
    assert inspect.getdoc(kind) and kind.__doc__ is not Executor.__doc__
    assert make_executor(name, 1).name == name
    with pytest.raises(InputError, match="--threads: 0"):
        make_executor(name, 0)


def test_an_executor_of_ones_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from rascade.studies.running import executors

    point = EntryPoint("mine", "rascade.trial.running.executors:LocalExecutor", "rascade.executors")
    monkeypatch.setattr(executors, "entry_points", lambda group: [point])
    known_executors.cache_clear()
    try:
        assert "mine" in known_executors()
        assert make_executor("mine", 2).name == "local"
        with pytest.raises(InputError, match=r"'mime' is not one of .*mine"):
            make_executor("mime", 1)
    finally:
        known_executors.cache_clear()


def test_patients_of_a_job_are_its_own(jobs: list[Job]) -> None:
    from rascade.trial.running.parquet import decode_chunk

    run = decode_chunk(simulate(jobs[2]), PLAN, 0)
    np.testing.assert_array_equal(run.cohort.population.patients, [2])
