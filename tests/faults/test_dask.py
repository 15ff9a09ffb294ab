"""Dask does the same jobs to the same bytes, and workers may die on the way."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from rascade.errors import InputError, ResultsError
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.dask_executor import DaskExecutor
from rascade.trial.design.plan_text import plan_text
from rascade.trial.running.jobs import Job
from rascade.trial.running.spans import Span

from . import fault_helpers as faults

distributed = pytest.importorskip("distributed")


def cluster(workers: int, *, processes: bool) -> Any:
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        dashboard_address=None,
        silence_logs=50,
    )


def test_a_cluster_gives_the_same_bytes(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    told: list[tuple[float, str]] = []
    with cluster(2, processes=False) as workers, distributed.Client(workers) as client:
        faults.go(
            tmp_path / "out",
            executor=DaskExecutor(client=client),
            progress=lambda share, step: told.append((share, step)),
        )
        assert client.status == "running", "a client that was given stays open"
    assert faults.results(tmp_path / "out") == undisturbed
    assert told[0][0] == 0.0
    assert told[-1][0] == 1.0
    assert '"executor": "dask"' in (tmp_path / "out" / "runs.jsonl").read_text()


def test_a_worker_with_another_version_is_refused(tmp_path: Path) -> None:
    job = Job(plan_text(to_plan(faults.study())), Span(0, 0, 1), (0,), "inputs of another Rascade")
    with (
        cluster(1, processes=False) as workers,
        distributed.Client(workers) as client,
        pytest.raises(ResultsError, match="a worker would simulate other patients"),
    ):
        DaskExecutor(client=client).run([job], lambda *_: None, lambda *_: None)


@pytest.mark.slow
def test_one_of_two_workers_is_killed_in_the_middle(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    with cluster(2, processes=True) as workers, distributed.Client(workers) as client:
        processes = client.run(os.getpid)
        assert len(set(processes.values())) == 2
        executor = DaskExecutor(client=client)
        run, killed = executor.run, []

        def watched(jobs: Any, done: Any, told: Any) -> None:
            def kill_then_store(job: Job, contents: Any) -> None:
                if not killed:
                    # The worker that holds the most of what is left to do.
                    busy = client.processing()
                    address = max(busy, key=lambda name: len(busy[name]))
                    killed.append(processes[address])
                    os.kill(processes[address], signal.SIGKILL)
                done(job, contents)

            run(jobs, kill_then_store, told)

        executor.run = watched  # type: ignore[method-assign]
        faults.go(tmp_path / "out", executor=executor, chunk_size=1)
        assert killed
        assert killed[0] not in client.run(os.getpid).values()
    assert faults.results(tmp_path / "out") == undisturbed


@pytest.mark.slow
def test_workers_started_for_the_run(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    faults.go(tmp_path / "out", executor=DaskExecutor(workers=2))
    assert faults.results(tmp_path / "out") == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("by_file", [False, True])
def test_a_running_scheduler_is_found(
    tmp_path: Path, undisturbed: dict[str, bytes], by_file: bool
) -> None:
    with cluster(1, processes=True) as workers:
        where = workers.scheduler_address
        if by_file:
            file = tmp_path / "scheduler.json"
            file.write_text(json.dumps({"address": where}), encoding="utf-8")
            where = str(file)
        faults.go(tmp_path / "out", executor=DaskExecutor(where))
    assert faults.results(tmp_path / "out") == undisturbed


def test_what_a_user_can_do_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--threads: 0 workers"):
        DaskExecutor(workers=0)
    monkeypatch.setattr("rascade.studies.running.dask_executor.CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:9", "nowhere", "http://127.0.0.1:9"):
        with pytest.raises(InputError, match=r"--scheduler: .* cannot be reached"):
            faults.go(tmp_path / "out", executor=DaskExecutor(address))
    assert list(tmp_path.iterdir()) == []
