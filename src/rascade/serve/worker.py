"""The process that runs one job: ``python -m rascade.serve.worker HOME ID``.

It is a process of its own so that a job can be cancelled, held to limits, and lost without the
server: what it has stored by then is kept and the job goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

from rascade.errors import RascadeError, ResultsError
from rascade.serve.jobs import DONE, FAILED, Jobs

__all__ = ["main", "run_job"]

_EVERY_SECONDS = 0.4


def run_job(home: Path, job_id: str, threads: int) -> None:
    """Run a job and note how far it is, how it ends, and why."""
    from rascade.report import write_report
    from rascade.results.unfinished import Start
    from rascade.studies import loads
    from rascade.studies.running.trial import run_trial

    jobs = Jobs(home)
    job = jobs.get(job_id)
    told = [0.0]

    def progress(share: float, step: str) -> None:
        now = time.monotonic()
        if now - told[0] >= _EVERY_SECONDS or share >= 1.0:
            told[0] = now
            with contextlib.suppress(ResultsError):  # a queue that is locked stops no run
                jobs.tell(job_id, share, step)

    folder = jobs.folder(job)
    folder.parent.mkdir(parents=True, exist_ok=True)
    start: Start = "resume" if (folder / "unfinished").is_dir() else "restart"
    try:
        run_trial(
            loads(jobs.study(job), "study"), folder,
            threads=threads, progress=progress, finish=write_report, start=start,
        )  # fmt: skip
    except RascadeError as error:
        jobs.end(job_id, FAILED, str(error))
    except MemoryError:
        jobs.end(
            job_id, FAILED, "the run needs more memory than it may have; ask for fewer patients"
        )
    else:
        jobs.end(job_id, DONE)


def _hold(gigabytes: float) -> None:
    """Hold this process to so much memory, where the system knows how."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        limit = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_with_the_server() -> None:
    """End when the server is gone: the one that is started next goes on with the job."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(arguments: list[str]) -> int:
    """Run a job; `arguments` are the home of the queue, the job, threads, gigabytes."""
    home, job_id, threads, gigabytes = arguments
    _end_with_the_server()
    _hold(float(gigabytes))
    run_job(Path(home), job_id, int(threads))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
