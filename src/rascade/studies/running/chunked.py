"""A trial in chunks: plan, simulate what is missing, put the outcome together."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rascade.errors import ResultsError, SimulationError
from rascade.results.chunks import CHUNKS, ChunkStore, Span
from rascade.results.manifest import LOG, add_to_log, now
from rascade.results.store import write_text
from rascade.studies.files.load import dump
from rascade.studies.running.inputs import inputs_hash, trial_inputs
from rascade.studies.running.jobs import Job, plan_of, read_arm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rascade.results.unfinished import Work
    from rascade.studies.files.schema import TrialStudy
    from rascade.studies.running.executors import Executor
    from rascade.trial.conduct.run import ArmRun, TrialOutcome
    from rascade.trial.design.spec import TrialSpec

__all__ = ["ChunkedRun", "logged"]


class ChunkedRun:
    """The patients of a trial, stored chunk by chunk.

    Args:
        work: where, and from where to go on.
        study: what to simulate, sizes and seed as they are run.
        chunk_size: patients of a new chunk, at most.
        note: told of chunks that were damaged.

    Raises:
        ResultsError: what is stored belongs to another run, or to a newer version of Rascade.
    """

    def __init__(
        self,
        work: Work,
        study: TrialStudy,
        chunk_size: int,
        note: Callable[[str], object],
    ) -> None:
        from rascade.trial.conduct.run import allocate

        self.work, self.text = work, dump(study)
        self.study, self.spec = plan_of(self.text)  # the plan that the jobs have, too
        self.inputs = trial_inputs(self.study)
        self.store = self._open()
        for damage in self.store.drop_damaged():
            note(damage.replace("--resume simulates", "simulating").replace("again.", "again now."))
        self.patients = allocate(self.spec)
        self._refuse_fewer()
        self.store.replan(self.patients, chunk_size)
        self.reused = len(self.store.stored)
        work.chunks = lambda: (len(self.store.stored), len(self.store.planned))
        write_text(work.folder / "study.yaml", self.text)

    def _open(self) -> ChunkStore:
        """Return the chunks to go on with: those at work, else those of earlier results."""
        folder = self.work.folder / CHUNKS
        if folder.is_dir():
            store = ChunkStore.read(folder)
            store.check_inputs(self.inputs)
            return store
        store = ChunkStore(folder, self.inputs, {})
        if self.work.earlier is not None:
            earlier = ChunkStore.read(self.work.earlier / CHUNKS)
            earlier.check_inputs(self.inputs)
            store.adopt(earlier)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(self.work.earlier / LOG, self.work.folder / LOG)
        return store

    def _refuse_fewer(self) -> None:
        """Refuse to go on with fewer patients than there were to be: some would be thrown away."""
        for index, patients in enumerate(self.patients):
            before, wanted = self.store.size_of(index), len(patients)
            if wanted < before:
                raise ResultsError(
                    f"arm {self.spec.arms[index].name} was to have {before} patients, and now "
                    f"{wanted}; give --size {before} to go on, or name another folder"
                )

    def simulate(
        self, executor: Executor, progress: Callable[[float, str], None] | None = None
    ) -> None:
        """Simulate the chunks that are missing and store each when it is done.

        Raises:
            OutputError: a chunk cannot be stored, as on a full disk.
            RascadeError: a chunk cannot be simulated.
        """
        digest = inputs_hash(self.inputs)
        jobs = [
            Job(self.text, span, tuple(self._numbers(span).tolist()), digest)
            for span in self.store.missing
        ]
        told = _Progress(self.spec, self.store.missing, progress)

        def done(job: Job, contents: Mapping[str, bytes]) -> None:
            self.store.add(job.span, self._numbers(job.span), contents)

        executor.run(jobs, done, told)

    def _numbers(self, span: Span) -> NDArray[np.int64]:
        return self.patients[span.arm][span.start : span.stop]

    def outcome(self) -> TrialOutcome:
        """Put the trial together from its chunks.

        Raises:
            ResultsError: a chunk has been damaged in the meantime.
            SimulationError: the solver gave up on every patient of an arm.
        """
        from rascade.trial.results.tables import outcome

        runs = [self._arm(index) for index in range(len(self.spec.arms))]
        return outcome(self.spec, runs, self.patients)

    def _arm(self, index: int) -> ArmRun:
        from rascade.engine import Status

        spans = [span for span in self.store.stored if span.arm == index]
        run = read_arm([self.store.load(span) for span in spans], self.spec, index)
        if (run.status >= Status.STEP_TOO_SMALL).all():
            self.work.keep, self.work.chunks = False, None  # it would fail again
            raise SimulationError(
                f"arm {run.arm.name}: the solver gave up on every patient; the first ended with "
                f"{Status(run.status[0]).name}"
            )
        return run


class _Progress:
    """Shares of chunks, weighed by their patients."""

    def __init__(
        self, spec: TrialSpec, spans: list[Span], progress: Callable[[float, str], None] | None
    ) -> None:
        self.names = [arm.name for arm in spec.arms]
        self.total = max(sum(span.size for span in spans), 1)
        self.shares: dict[Span, float] = {}
        self.prepared: set[int] = set()
        self.progress = progress

    def __call__(self, job: Job, share: float) -> None:
        from rascade.trial.conduct.run import PREPARING

        if self.progress is None:
            return
        self.shares[job.span] = share
        done = sum(part * span.size for span, part in self.shares.items()) / self.total
        step = self.names[job.span.arm]
        if not share and job.span.arm not in self.prepared:
            # Ctrl-C waits for the compiler, so say what keeps a new machine busy.
            step = f"{step}: {PREPARING}"
        self.prepared.add(job.span.arm)
        self.progress(done, step)


@contextlib.contextmanager
def logged(folder: Path, run: ChunkedRun, executor: str) -> Iterator[None]:
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
