"""Jobs on a Dask cluster: processes of this machine, or workers anywhere.

Workers simulate and send back the files of a chunk; this process alone writes the folder, so that
no disk need be shared. A job whose worker dies is given to another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rascade.errors import InputError, SimulationError
from rascade.trial.running.executors import Done, Executor, Told
from rascade.trial.running.jobs import Job, simulate_elsewhere

__all__ = ["DaskExecutor"]

#: How often a job may lose its worker before it is held to be the cause.
RETRIES = 3
CONNECT_SECONDS = 20


class DaskExecutor(Executor):
    """Does jobs on a Dask cluster.

    Args:
        scheduler: address (``tcp://host:8786``) or scheduler file of a running cluster; None starts
            workers on this machine for the run.
        workers: how many are started here, each with one thread.
        client: a connected ``distributed.Client`` instead, such as one of dask-jobqueue; it stays
            open.

    Raises:
        InputError: Dask is not installed, or fewer than one worker is asked for.
    """

    def __init__(
        self, scheduler: str | None = None, *, workers: int = 1, client: Any = None
    ) -> None:
        try:
            import_module("distributed")
        except ImportError:
            raise InputError(
                "Dask is not installed; install Rascade with it: pip install 'rascade[dask]'"
            ) from None
        if workers < 1:
            raise InputError(f"--threads: {workers} workers; it must be 1 or more")
        self.scheduler, self.workers, self._given = scheduler, workers, client
        self.name = "dask"
        self.threads = workers if scheduler is None and client is None else 1

    @classmethod
    def create(cls, threads: int, scheduler: str | None = None) -> DaskExecutor:
        """Return one for a running scheduler, or with as many workers as threads were asked for."""
        return cls(scheduler, workers=threads)

    def run(self, jobs: Sequence[Job], done: Done, told: Told) -> None:
        """Do all jobs, whichever worker is free.

        Raises:
            InputError: the scheduler cannot be reached.
            SimulationError: a job ended its worker again and again.
            RascadeError: a job failed.
        """
        if not jobs:
            return
        distributed: Any = import_module("distributed")
        with self._client() as client:
            futures = {
                client.submit(
                    simulate_elsewhere, job, key=f"{job.span.name}-{job.inputs}", pure=False
                ): job
                for job in jobs
            }
            told(jobs[0], 0.0)
            try:
                for future in distributed.as_completed(futures):
                    job = futures[future]
                    try:
                        contents = future.result()
                    except distributed.KilledWorker:
                        raise SimulationError(
                            f"chunk {job.span.name} ended {RETRIES + 1} workers, one after the "
                            "other; too little memory? Try a smaller --chunk"
                        ) from None
                    told(job, 1.0)
                    done(job, contents)
                    future.release()
            finally:
                client.cancel(list(futures))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        dask: Any = import_module("dask")
        distributed: Any = import_module("distributed")
        if self._given is not None:
            yield self._given
            return
        quiet = {"distributed.scheduler.allowed-failures": RETRIES}
        if self.scheduler is None:
            with (
                dask.config.set(quiet),
                distributed.LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=50,
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield client
            return
        try:
            address = self._address(self.scheduler)
            asyncio.run(_reach(address))
            client = distributed.Client(address, timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"--scheduler: {self.scheduler} cannot be reached ({error}); start one with "
                "'dask scheduler' and give the address that it prints"
            ) from None
        with client:
            yield client

    @staticmethod
    def _address(scheduler: str) -> str:
        file = Path(scheduler)
        if file.is_file():
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        return scheduler


async def _reach(address: str) -> None:
    """Connect once: a client that fails to connect leaves threads that can hang its successor."""
    connect: Any = import_module("distributed.comm").connect
    security: Any = import_module("distributed.security").Security()
    arguments = security.get_connection_args("client")
    communication = await connect(address, timeout=CONNECT_SECONDS, **arguments)
    await communication.close()
