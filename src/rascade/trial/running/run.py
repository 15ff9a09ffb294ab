"""The one way to run a trial: plan its chunks, simulate what is missing, put the outcome together.

In memory, in a folder, on threads, processes or a cluster, resumed or enlarged: the plan of the
trial, a store and an executor differ, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import ResultsError, SimulationError
from rascade.trial.conduct.run import allocate
from rascade.trial.design.plan_text import plan_text
from rascade.trial.running.executors import Executor, LocalExecutor
from rascade.trial.running.inputs import inputs_hash, plan_inputs
from rascade.trial.running.jobs import Job
from rascade.trial.running.parquet import read_arm
from rascade.trial.running.predicting import add_prediction, prediction
from rascade.trial.running.spans import DEFAULT_SIZE, Span
from rascade.trial.running.stores import MemoryStore, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun, TrialOutcome

__all__ = ["TrialRun", "parts_of", "run"]

Report = Callable[[float, str], None]
PREPARING = "preparing, compiling the model (once per machine)"


class TrialRun:
    """A trial on its way from its plan to its outcome.

    Args:
        plan: of the trial, all there is to know of it.
        store: where its chunks are, those of an earlier run included.
        chunk_size: patients of a new chunk, at most.

    Raises:
        InputError: the data are cut before anybody enters.
        ResultsError: the store was planned for more patients.
    """

    def __init__(self, plan: TrialSpec, store: Store[Any], chunk_size: int) -> None:
        self.plan, self.store = plan, store
        self.patients = allocate(plan)
        self._refuse_fewer()
        store.replan(self.patients, chunk_size)
        #: Chunks that were there already.
        self.reused = len(store.stored)

    def _refuse_fewer(self) -> None:
        """Refuse to go on with fewer patients than there were to be: some would be thrown away."""
        for index, patients in enumerate(self.patients):
            before, wanted = self.store.size_of(index), len(patients)
            if wanted < before:
                raise ResultsError(
                    f"arm {self.plan.arms[index].name} was to have {before} patients, and now "
                    f"{wanted}; give --size {before} to go on, or name another folder"
                )

    def simulate(self, executor: Executor, progress: Report | None = None) -> None:
        """Simulate the chunks that are missing and store each when it is done.

        Args:
            executor: who does it.
            progress: called with the share done (0 to 1) and what is being done.

        Raises:
            OutputError: a chunk cannot be stored, as on a full disk.
            RascadeError: a chunk cannot be simulated.
        """
        missing, text = self.store.missing, plan_text(self.plan)
        digest = inputs_hash(plan_inputs(self.plan)) if executor.elsewhere and missing else ""
        jobs = [Job(text, span, tuple(self._numbers(span).tolist()), digest) for span in missing]

        def done(job: Job, contents: Mapping[str, bytes]) -> None:
            self.store.add(job.span, self._numbers(job.span), contents)

        executor.run(jobs, done, _Progress(self.plan, missing, progress))

    def _numbers(self, span: Span) -> NDArray[np.int64]:
        return self.patients[span.arm][span.start : span.stop]

    def outcome(
        self, *, predicted: bool = False, threads: int = 1, progress: Report | None = None
    ) -> TrialOutcome:
        """Put the trial together from its chunks, count, and predict.

        Args:
            predicted: whether the summary gets a prediction, where the plan names a population.
            threads: of the engine, for the prediction; the result does not depend on it.
            progress: called with the share of the prediction that is done.

        Raises:
            ResultsError: a chunk has been damaged in the meantime.
            SimulationError: the solver gave up on every patient of an arm.
        """
        from rascade.trial.results.tables import outcome

        runs = [self._arm(index) for index in range(len(self.plan.arms))]
        found = outcome(self.plan, runs, self.patients)
        if predicted:
            made = prediction(self.plan, self.store, threads=threads, progress=progress)
            add_prediction(found.summary, made)
        return found

    def _arm(self, index: int) -> ArmRun:
        from rascade.engine import Status

        spans = [span for span in self.store.stored if span.arm == index]
        arm = read_arm([self.store.load(span) for span in spans], self.plan, index)
        if (arm.status >= Status.STEP_TOO_SMALL).all():
            raise SimulationError(
                f"arm {arm.arm.name}: the solver gave up on every patient; the first ended on day "
                f"{arm.failed_day[0]:.1f} with {Status(arm.status[0]).name}"
            )
        return arm


def parts_of(plan: TrialSpec, progress: Report | None) -> tuple[Report | None, Report | None]:
    """Return what the simulation and the prediction of a trial report to."""
    if progress is None or plan.population is None:
        return progress, None
    told = progress
    return (
        lambda share, step: told(share / 2, step),
        lambda share, step: told(0.5 + share / 2, step),
    )


class _Progress:
    """Shares of chunks, weighed by their patients."""

    def __init__(self, plan: TrialSpec, spans: list[Span], progress: Report | None) -> None:
        self.names = [arm.name for arm in plan.arms]
        self.total = max(sum(span.size for span in spans), 1)
        self.shares: dict[Span, float] = {}
        self.prepared: set[int] = set()
        self.progress = progress

    def __call__(self, job: Job, share: float) -> None:
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


def run(
    plan: TrialSpec,
    *,
    threads: int = 1,
    progress: Report | None = None,
    backend: str = "compiled",
    executor: Executor | None = None,
    chunk_size: int | None = None,
    predicted: bool = False,
) -> TrialOutcome:
    """Run a trial in memory.

    Args:
        plan: of the trial.
        threads: of the engine, where no executor is given; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.
        backend: ``compiled`` or ``reference``, where no executor is given.
        executor: who simulates; this process if None.
        chunk_size: patients that are simulated together, at most; if None, a whole arm here and
            `DEFAULT_SIZE` where jobs are done side by side.
        predicted: whether the summary gets a prediction, where the plan names a population.

    Raises:
        InputError: the plan is wrong somewhere.
        UnsupportedFeature: a drug, route or setting that this version does not model.
        SimulationError: the solver gave up on every patient of an arm.
    """
    executor = executor or LocalExecutor(threads, backend)
    whole = max(arm.size or plan.cohort.size for arm in plan.arms) * len(plan.arms)
    size = chunk_size or (DEFAULT_SIZE if executor.many_at_once else whole)
    at_work = TrialRun(plan, MemoryStore(), size)
    shares = parts_of(plan, progress) if predicted else (progress, None)
    at_work.simulate(executor, shares[0])
    return at_work.outcome(predicted=predicted, threads=executor.threads, progress=shares[1])
