"""Running what the face describes: in memory, or into a folder with its report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.face import given
from rascade.progress import Progress, default_threads, progress_on_stderr, silent

if TYPE_CHECKING:
    from concurrent.futures import Executor as Pool

    from rascade.face.experiment_result import ExperimentResult
    from rascade.face.result import TrialResult
    from rascade.studies import ExperimentStudy, TrialStudy
    from rascade.trial.running.executors import Executor

__all__ = ["run_experiment_object", "run_trial_object", "told"]


@contextlib.contextmanager
def told(title: str, wanted: bool) -> Iterator[Progress]:
    """Yield what shows how far a run is, or what takes no notice."""
    if not wanted:
        yield silent
        return
    with progress_on_stderr(title) as update:
        yield update


def run_trial_object(
    study: TrialStudy,
    out: str | Path | None,
    *,
    threads: int | None,
    executor: Pool | None,
    resume: bool,
    progress: bool,
) -> TrialResult:
    """Run a trial; arguments and errors as `rascade.Trial.run`."""
    if resume and out is None:
        raise InputError("resume: name the folder of the unfinished run as well, as out='...'")
    if executor is not None and not hasattr(executor, "submit"):
        raise InputError(
            f"executor: expected an executor of concurrent.futures, found {executor!r}"
        )
    folder = None if out is None else given.place("out", out)
    count = default_threads(given.threads(threads))
    with told("trial", progress) as update:
        if folder is not None:
            return _into_folder(study, folder, _executor(executor, count), resume, update)
        return _in_memory(study, _executor(executor, count), update)


def _executor(pool: Pool | None, threads: int) -> Executor:
    from rascade.trial.running.executors import FuturesExecutor, LocalExecutor

    return LocalExecutor(threads) if pool is None else FuturesExecutor(pool, threads)


def _in_memory(study: TrialStudy, executor: Executor, update: Progress) -> TrialResult:
    from rascade.face.result import TrialResult
    from rascade.studies import dump
    from rascade.studies.files.trial_plan import to_plan
    from rascade.studies.running.trial import trial_output
    from rascade.trial.running.run import run

    outcome = run(to_plan(study), executor=executor, progress=update, predicted=True)
    output = trial_output(study, outcome)
    return TrialResult(output.summary, output.manifest, dump(study), tables=dict(output.tables))


def _into_folder(
    study: TrialStudy, out: Path, executor: Executor, resume: bool, update: Progress
) -> TrialResult:
    from rascade.face.result import open_result
    from rascade.report import write_report
    from rascade.studies.running.trial import run_trial

    result = run_trial(
        study,
        out,
        progress=update,
        finish=write_report,
        start="resume" if resume else "new",
        executor=executor,
    )
    return open_result(result.folder)


def run_experiment_object(
    study: ExperimentStudy,
    out: str | Path | None,
    *,
    draws: int | None,
    threads: int | None,
    progress: bool,
) -> ExperimentResult:
    """Run an experiment; arguments and errors as `rascade.Experiment.run`."""
    from rascade.bench.experiment import experiment
    from rascade.face.experiment_result import ExperimentResult
    from rascade.results.store import plain_json
    from rascade.studies.running.experiment import (
        MAX_DRAWS,
        override_experiment,
        run_experiment_study,
        to_experiment,
    )

    folder = None if out is None else given.place("out", out)
    if draws is not None:
        draws = given.whole("draws", draws, 0, MAX_DRAWS)
    count = default_threads(given.threads(threads))
    with told("experiment", progress) as update:
        if folder is None:
            spec = to_experiment(override_experiment(study, draws=draws))
            outcome = experiment(spec, threads=count, progress=update)
            summary: dict[str, Any] = plain_json(outcome.summary)
            return ExperimentResult(summary, outcome.table)
        return _experiment_into(study, folder, draws, count, update, run_experiment_study)


def _experiment_into(
    study: ExperimentStudy, out: Path, draws: int | None, threads: int, update: Progress, run: Any
) -> ExperimentResult:
    import pandas as pd

    from rascade.face.experiment_result import ExperimentResult
    from rascade.report.pages.experiment import write_experiment_report

    kept = run(
        study,
        out,
        draws=draws,
        threads=threads,
        progress=update,
        finish=write_experiment_report,
    )
    table = pd.read_csv(kept.folder / "results_intervals.csv")
    return ExperimentResult(dict(kept.summary), table, kept.folder)
