"""Jobs in processes of this machine, with nothing to install."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from rascade.errors import SimulationError
from rascade.progress import check_threads
from rascade.trial.running.executors import Done, Executor, FuturesExecutor, Told
from rascade.trial.running.jobs import Job

__all__ = ["ProcessExecutor"]


class ProcessExecutor(Executor):
    """Does jobs in processes that it starts for the run, each with one thread.

    Args:
        workers: how many, 1 or more.

    Raises:
        InputError: fewer than one.
    """

    def __init__(self, workers: int = 1) -> None:
        check_threads(workers)
        self.workers, self.threads, self.name = workers, workers, "processes"

    @classmethod
    def create(cls, threads: int, scheduler: str | None = None) -> ProcessExecutor:
        """Return one with as many workers as threads were asked for."""
        del scheduler
        return cls(threads)

    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs, each handed over when it is done.

        Raises:
            SimulationError: a process ended before its job did.
            RascadeError: a job failed.
        """
        if not jobs:
            return
        # A fresh interpreter, so that it is the same on every system and copies no locks.
        workers = min(self.workers, len(jobs))
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            try:
                FuturesExecutor(pool).run(jobs, done, told)
            except BrokenProcessPool:
                raise SimulationError(
                    "a worker process was ended by the system; too little memory? Try fewer "
                    "--threads or a smaller --chunk, with --resume"
                ) from None
