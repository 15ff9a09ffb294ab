"""Takes what is queued, one run after the other, and watches the process that does it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from rascade.errors import RascadeError
from rascade.serve.jobs import CANCELLED, FAILED, RUNNING, Jobs

if TYPE_CHECKING:
    from rascade.serve.jobs import Job
    from rascade.serve.settings import ServeSettings

__all__ = ["Supervisor"]

_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 5.0


class Supervisor:
    """Runs the queue in a thread; one worker process at a time.

    Args:
        settings: of the server.
        jobs: the queue.
    """

    def __init__(self, settings: ServeSettings, jobs: Jobs) -> None:
        self.settings, self.jobs = settings, jobs
        self._ends = threading.Event()
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="queue", daemon=True)

    def start(self) -> None:
        """Begin with what was running when the server ended."""
        self.jobs.requeue()
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now."""
        self._awake.set()

    def stop(self) -> None:
        """End; a run that is simulated goes on when the server starts again."""
        self._ends.set()
        self._awake.set()
        self._thread.join(timeout=2 * _GRACE_SECONDS)

    def cancel(self, job: Job) -> None:
        """End a run that waits or runs."""
        self.jobs.end(job.id, CANCELLED)
        self.wake()

    def _work(self) -> None:
        while not self._ends.is_set():
            job = None
            # A queue that is locked, or a full disk, must not end the only one who looks at it.
            with contextlib.suppress(RascadeError, OSError):
                job = self.jobs.take()
                if job is not None:
                    self._run(job)
            if job is None:
                self._awake.wait(timeout=5.0)
                self._awake.clear()

    def _run(self, job: Job) -> None:
        settings = self.settings
        log = settings.home / "runs"
        log.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "rascade.serve.worker", str(settings.home), job.id,
            str(settings.threads), str(settings.max_gigabytes),
        ]  # fmt: skip
        with (log / f"{job.id}.log").open("ab") as file:
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
            try:
                self._watch(job, process)
            finally:
                _end(process)

    def _watch(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        last = time.monotonic() + 60.0 * self.settings.max_minutes
        while process.poll() is None:
            if self._ends.is_set() or self.jobs.get(job.id).state != RUNNING:
                return
            if time.monotonic() > last:
                self.jobs.end(
                    job.id, FAILED,
                    f"the run took more than {self.settings.max_minutes:g} minutes; ask for fewer "
                    "patients, or go on with it",
                )  # fmt: skip
                return
            time.sleep(_LOOK_SECONDS)
        if self.jobs.get(job.id).state == RUNNING:
            self.jobs.end(job.id, FAILED, f"the process ended with code {process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, first politely: it then keeps the chunks that it has."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
