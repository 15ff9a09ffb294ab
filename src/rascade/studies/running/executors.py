"""Who does the jobs of a run: this process, or workers of a Dask cluster. Same jobs, same bytes."""

from __future__ import annotations

import concurrent.futures
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from rascade.errors import InputError
from rascade.regimen.words import did_you_mean
from rascade.studies.files.numbers import check_threads
from rascade.studies.running.jobs import Job, simulate, simulate_elsewhere

__all__ = [
    "EXECUTORS",
    "Done",
    "Executor",
    "FuturesExecutor",
    "LocalExecutor",
    "Told",
    "make_executor",
]

EXECUTORS = ("local", "dask")

#: Called with a job and its files, in any order of jobs, always in the thread of the caller.
Done = Callable[[Job, Mapping[str, bytes]], None]
#: Called with a job and the share of it that is done.
Told = Callable[[Job, float], None]


class Executor(ABC):
    """Does jobs.

    Obligations: every job is handed over exactly once, as soon as it is done, in the caller's
    thread; `told` hears 0 for a job whose start is known; the files of a job are those of
    `rascade.studies.running.jobs.simulate`; an exception, Ctrl-C included, ends all work before it
    leaves `run`.
    """

    name: str
    """For the log of a run."""

    @abstractmethod
    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs.

        Raises:
            RascadeError: a job failed.
        """


class LocalExecutor(Executor):
    """Does one job after the other here, with threads in the solver.

    Args:
        threads: of the solver, 1 or more.

    Raises:
        InputError: fewer than one thread.
    """

    def __init__(self, threads: int = 1) -> None:
        check_threads(threads)
        self.threads = threads
        self.name = "local"

    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs in order."""
        for job in jobs:

            def report(share: float, job: Job = job) -> None:
                told(job, share)

            told(job, 0.0)
            done(job, simulate(job, threads=self.threads, report=report))


class FuturesExecutor(Executor):
    """Does jobs on any executor of ``concurrent.futures``: processes, or somebody else's cluster.

    Args:
        pool: an executor; it is not shut down here. Jobs and their files travel by pickle.
    """

    def __init__(self, pool: concurrent.futures.Executor) -> None:
        self.pool = pool
        self.name = type(pool).__name__

    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs, each handed over when it is done."""
        running = {self.pool.submit(simulate_elsewhere, job): job for job in jobs}
        for job in jobs:
            told(job, 0.0)
        try:
            for future in concurrent.futures.as_completed(running):
                job = running[future]
                contents = future.result()
                told(job, 1.0)
                done(job, contents)
        except BaseException:
            for future in running:
                future.cancel()
            raise


def make_executor(name: str, threads: int, scheduler: str | None = None) -> Executor:
    """Return an executor by its name.

    Args:
        name: one of `EXECUTORS`.
        threads: of the solver, or workers that Dask starts on this machine.
        scheduler: address or file of a running Dask scheduler, which makes it ``dask``.

    Raises:
        InputError: there is no such executor, or it cannot be used here.
    """
    if name not in EXECUTORS:
        raise InputError(
            f"--executor: {name!r} is not one of {', '.join(EXECUTORS)}"
            f"{did_you_mean(name, EXECUTORS)}"
        )
    if name == "dask" or scheduler is not None:
        from rascade.studies.running.dask_executor import DaskExecutor

        return DaskExecutor(scheduler, workers=threads)
    return LocalExecutor(threads)
