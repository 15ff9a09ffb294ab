"""A trial in a folder: its chunks, those of earlier runs and damaged ones included, and its log."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rascade.errors import SimulationError
from rascade.results.chunks import CHUNKS, ChunkStore
from rascade.results.manifest import LOG, add_to_log, now
from rascade.trial.running.inputs import plan_inputs
from rascade.trial.running.run import Report, TrialRun

if TYPE_CHECKING:
    from rascade.results.unfinished import Work
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import TrialOutcome

__all__ = ["FolderRun", "logged"]


class FolderRun(TrialRun):
    """A trial whose chunks are stored in a folder, from where a later run can go on.

    Args:
        work: where, and from where to go on.
        plan: of the trial.
        chunk_size: patients of a new chunk, at most.
        note: told of chunks that were damaged.

    Raises:
        ResultsError: what is stored belongs to another run, or to a newer version of Rascade.
    """

    def __init__(
        self, work: Work, plan: TrialSpec, chunk_size: int, note: Callable[[str], object]
    ) -> None:
        store = _open(work, plan)
        for damage in store.drop_damaged():
            note(damage.replace("--resume simulates", "simulating").replace("again.", "again now."))
        super().__init__(plan, store, chunk_size)
        self.work = work
        work.chunks = lambda: (len(store.stored), len(store.planned))

    def outcome(
        self, *, predicted: bool = False, threads: int = 1, progress: Report | None = None
    ) -> TrialOutcome:
        """Put the trial together; see `TrialRun.outcome`. What would fail again is not kept."""
        try:
            return super().outcome(predicted=predicted, threads=threads, progress=progress)
        except SimulationError:
            self.work.keep, self.work.chunks = False, None
            raise


def _open(work: Work, plan: TrialSpec) -> ChunkStore:
    """Return the chunks to go on with: those at work, else those of earlier results."""
    folder, inputs = work.folder / CHUNKS, plan_inputs(plan)
    if folder.is_dir():
        store = ChunkStore.read(folder)
        store.check_inputs(inputs)
        return store
    store = ChunkStore(folder, inputs, {})
    if work.earlier is not None:
        earlier = ChunkStore.read(work.earlier / CHUNKS)
        earlier.check_inputs(inputs)
        store.adopt(earlier)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(work.earlier / LOG, work.folder / LOG)
    return store


@contextlib.contextmanager
def logged(folder: Path, run: TrialRun, executor: str) -> Iterator[None]:
    """Write down when a run began and ended, how, and what it had to simulate."""
    started, ended = now(), "finished"
    try:
        yield
    except BaseException as error:
        ended = type(error).__name__
        raise
    finally:
        stored = len(run.store.stored)
        with contextlib.suppress(OSError):  # a full disk is told of elsewhere
            add_to_log(
                folder,
                started=started,
                ended=now(),
                how=ended,
                executor=executor,
                chunks=len(run.store.planned),
                reused=run.reused,
                simulated=stored - run.reused,
            )
