"""The queue of runs, in SQLite: what was asked, how far it is, where its results are.

A run that was being simulated when the server ended is queued again and goes on with the chunks
that it had stored.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rascade.errors import InputError, ResultsError

__all__ = ["FINAL", "Job", "Jobs"]

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
FINAL = (DONE, FAILED, CANCELLED)
_ID = re.compile(r"[0-9a-f]{16}")
_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Job:
    """A run.

    Attributes:
        id: sixteen random hexadecimal digits.
        name: of its study.
        state: queued, running, done, failed or cancelled.
        share: of the work that is done.
        step: what is being done.
        message: why it failed.
        arms: their names, joined.
        patients: in all arms.
        created, started, ended: seconds since 1970; None where not yet.
    """

    id: str
    name: str
    state: str
    share: float
    step: str
    message: str
    arms: str
    patients: int
    created: float
    started: float | None = None
    ended: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, with the seconds that are left."""
        return {**asdict(self), "seconds_left": self.seconds_left, "final": self.state in FINAL}

    @property
    def seconds_left(self) -> float | None:
        """Estimated from the share that is done; None where nothing can be said."""
        if self.state != RUNNING or self.started is None or self.share < 0.02:
            return None
        return round((time.time() - self.started) * (1 - self.share) / self.share, 1)


_COLUMNS = [field.name for field in fields(Job)]


class Jobs:
    """The queue.

    Args:
        home: folder of the queue; made if needed.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(self, home: Path) -> None:
        from rascade.results.store import as_output_error

        self.home = home
        with as_output_error(home):
            home.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute(
                f"CREATE TABLE IF NOT EXISTS jobs ({', '.join(_COLUMNS)}, study, PRIMARY KEY (id))"
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self.home / "queue.sqlite", timeout=_WAIT_SECONDS)
            with contextlib.closing(base), base:
                yield base
        except sqlite3.Error as error:
            raise ResultsError(f"{self.home}: the queue cannot be used ({error})") from None

    def add(self, name: str, study: str, arms: str, patients: int) -> Job:
        """Queue a study."""
        made = Job(
            secrets.token_hex(8), name, QUEUED, 0.0, "waiting", "", arms, patients, time.time()
        )
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        values = [getattr(made, column) for column in _COLUMNS]
        with self._open() as base:
            base.execute(f"INSERT INTO jobs VALUES ({marks})", [*values, study])  # noqa: S608
        return made

    def all(self, search: str = "") -> list[Job]:
        """Return the runs, the newest first; only those whose name or arms hold a text."""
        with self._open() as base:
            rows = base.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM jobs ORDER BY created DESC"  # noqa: S608
            ).fetchall()
        found = [Job(*row) for row in rows]
        wanted = search.strip().casefold()
        return [job for job in found if wanted in f"{job.name} {job.arms} {job.state}".casefold()]

    def get(self, name: str) -> Job:
        """Return a run.

        Raises:
            InputError: there is none of that id.
        """
        row = None
        if _ID.fullmatch(name):
            with self._open() as base:
                row = base.execute(
                    f"SELECT {', '.join(_COLUMNS)} FROM jobs WHERE id = ?",  # noqa: S608
                    [name],
                ).fetchone()
        if row is None:
            raise InputError(f"no run is called {name[:40]!r}")
        return Job(*row)

    def study(self, job: Job) -> str:
        """Return the study of a run, as a file has it."""
        with self._open() as base:
            (text,) = base.execute("SELECT study FROM jobs WHERE id = ?", [job.id]).fetchone()
        return str(text)

    def folder(self, job: Job) -> Path:
        """Return where the results of a run are."""
        return self.home / "runs" / job.id

    def update(self, job_id: str, **changes: Any) -> None:
        """Set columns of a run."""
        names = ", ".join(f"{column} = ?" for column in changes)
        with self._open() as base:
            base.execute(f"UPDATE jobs SET {names} WHERE id = ?", [*changes.values(), job_id])  # noqa: S608

    def tell(self, job_id: str, share: float, step: str) -> None:
        """Note how far a run is, unless it is over."""
        with self._open() as base:
            base.execute(
                "UPDATE jobs SET share = ?, step = ? WHERE id = ? AND state = ?",
                [share, step, job_id, RUNNING],
            )

    def end(self, job_id: str, state: str, message: str = "") -> None:
        """Note that a run is over, unless it was cancelled before."""
        with self._open() as base:
            base.execute(
                "UPDATE jobs SET state = ?, message = ?, ended = ?, "
                "share = CASE WHEN ? = 'done' THEN 1.0 ELSE share END "
                "WHERE id = ? AND state NOT IN ('done', 'cancelled')",
                [state, message, time.time(), state, job_id],
            )

    def take(self) -> Job | None:
        """Return the oldest queued run, and mark it as running; None where nothing waits."""
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")
            row = base.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM jobs WHERE state = ? "  # noqa: S608
                "ORDER BY created LIMIT 1",
                [QUEUED],
            ).fetchone()
            if row is None:
                return None
            now = time.time()
            base.execute(
                "UPDATE jobs SET state = ?, started = ?, step = 'starting' WHERE id = ?",
                [RUNNING, now, row[0]],
            )
        return self.get(str(row[0]))

    def requeue(self) -> int:
        """Queue again what was running when the server ended; return how many."""
        with self._open() as base:
            done = base.execute(
                "UPDATE jobs SET state = ?, step = 'goes on after a restart' WHERE state = ?",
                [QUEUED, RUNNING],
            )
        return done.rowcount

    def again(self, job: Job) -> None:
        """Queue a run again that failed or was cancelled; it goes on where it stopped.

        Raises:
            InputError: it waits, runs or is done.
        """
        if job.state not in (FAILED, CANCELLED):
            raise InputError(f"this run is {job.state}; only a failed or cancelled one can go on")
        self.update(job.id, state=QUEUED, message="", step="waiting", ended=None)

    def remove(self, job: Job) -> None:
        """Forget a run that is over, with its results.

        Raises:
            InputError: it waits or runs.
        """
        if job.state not in FINAL:
            raise InputError(f"this run is {job.state}; cancel it before it is removed")
        shutil.rmtree(self.folder(job), ignore_errors=True)
        with self._open() as base:
            base.execute("DELETE FROM jobs WHERE id = ?", [job.id])
