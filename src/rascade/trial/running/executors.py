"""Who does the jobs of a run: this process, or somebody else's. Same jobs, same bytes."""

from __future__ import annotations

import concurrent.futures
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from rascade.progress import check_threads
from rascade.trial.running.jobs import Job, simulate, simulate_elsewhere

__all__ = ["Done", "Executor", "FuturesExecutor", "LocalExecutor", "Told"]

#: Called with a job and its files, in any order of jobs, always in the thread of the caller.
Done = Callable[[Job, Mapping[str, bytes]], None]
#: Called with a job and the share of it that is done.
Told = Callable[[Job, float], None]


class Executor(ABC):
    """Does jobs.

    Obligations: every job is handed over exactly once, as soon as it is done, in the caller's
    thread; `told` hears 0 for a job whose start is known; the files of a job are those of
    `rascade.trial.running.jobs.simulate`; after an exception, Ctrl-C included, no further job is
    begun, and none is handed over. One that works in other processes does jobs by
    `simulate_elsewhere`, which looks whether they would simulate the same.
    """

    name: str
    """For the log of a run."""
    elsewhere = True
    """Whether jobs leave this process, so that they must say what they depend on."""
    many_at_once = True
    """Whether jobs are done side by side, so that a run is worth cutting into several."""
    threads = 1
    """Threads that this process may use once all jobs are done."""

    @abstractmethod
    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs.

        Raises:
            RascadeError: a job failed.
        """


class LocalExecutor(Executor):
    """Does one job after the other in this process, with threads in the solver.

    Args:
        threads: of the solver, 1 or more.
        backend: of the engine.

    Raises:
        InputError: fewer than one thread.
    """

    elsewhere = False
    many_at_once = False

    def __init__(self, threads: int = 1, backend: str = "compiled") -> None:
        check_threads(threads)
        self.threads, self.backend = threads, backend
        self.name = "local"

    @classmethod
    def create(cls, threads: int, scheduler: str | None = None) -> LocalExecutor:
        """Return one with as many threads as were asked for."""
        del scheduler
        return cls(threads)

    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs in order."""
        for job in jobs:

            def report(share: float, job: Job = job) -> None:
                told(job, share)

            told(job, 0.0)
            done(job, simulate(job, threads=self.threads, backend=self.backend, report=report))


class FuturesExecutor(Executor):
    """Does jobs on any executor of ``concurrent.futures``: processes, or somebody else's cluster.

    Args:
        pool: an executor; it is not shut down here. Jobs and their files travel by pickle.
        threads: that this process may use once all jobs are done.
    """

    def __init__(self, pool: concurrent.futures.Executor, threads: int = 1) -> None:
        self.pool, self.threads = pool, threads
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
