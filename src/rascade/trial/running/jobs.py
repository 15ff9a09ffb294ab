"""A job is one chunk to simulate: small to send, the same wherever it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rascade.errors import ResultsError
from rascade.own_drugs import use
from rascade.trial.design.plan_text import plan_from_text
from rascade.trial.design.spec import TrialSpec
from rascade.trial.running.inputs import inputs_hash, plan_inputs
from rascade.trial.running.parquet import encode_chunk
from rascade.trial.running.spans import Span

__all__ = ["Job", "simulate", "simulate_elsewhere"]


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk to simulate.

    Attributes:
        plan: the whole plan of the trial, see `rascade.trial.design.plan_text`.
        span: which patients, by their places in the arm.
        patients: their numbers.
        inputs: `rascade.trial.running.inputs.inputs_hash` where the job was planned; empty where it
            cannot have changed, in the process that planned it.
    """

    plan: str
    span: Span
    patients: tuple[int, ...]
    inputs: str = ""


@lru_cache(maxsize=4)
def _plan(text: str) -> TrialSpec:
    return plan_from_text(text)


@lru_cache(maxsize=4)
def _inputs(text: str) -> str:
    return inputs_hash(plan_inputs(_known_plan(text)))


def _known_plan(text: str) -> TrialSpec:
    """Return a plan whose own drugs are those that this process knows now."""
    plan = _plan(text)
    for drug in plan.drugs or ():
        use(drug)  # another job may have had another drug of that name
    return plan


def simulate(
    job: Job,
    *,
    threads: int = 1,
    backend: str = "compiled",
    report: Callable[[float], None] | None = None,
) -> dict[str, bytes]:
    """Simulate a chunk.

    Args:
        job: which.
        threads: of the solver.
        backend: of the engine.
        report: called with the share that is done.

    Returns:
        Name of a table -> its Parquet file; see `rascade.trial.running.parquet`.

    Raises:
        RascadeError: as `rascade.trial.conduct.run.run_arm`.
    """
    from rascade.engine import Settings
    from rascade.trial.conduct.run import run_arm

    plan = _known_plan(job.plan)
    run = run_arm(
        plan,
        plan.arms[job.span.arm],
        np.array(job.patients, dtype=np.int64),
        settings=Settings(threads=threads),
        backend=backend,
        report=report,
    )
    return encode_chunk(run)


def simulate_elsewhere(job: Job) -> dict[str, bytes]:
    """Simulate a chunk in a worker process, after a look at what the worker would simulate.

    Raises:
        ResultsError: the worker has another version, or other evidence.
    """
    if _inputs(job.plan) != job.inputs:
        raise ResultsError(
            "a worker would simulate other patients: its Rascade, its libraries or its evidence "
            "are not those of this process; install the same versions on all machines"
        )
    return simulate(job)
