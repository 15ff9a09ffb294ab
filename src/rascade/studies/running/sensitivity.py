"""Sensitivity of a study: file in, folder of results out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rascade.progress import Progress, check_threads, silent
from rascade.results.manifest import now
from rascade.results.store import json_text
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.parted import AnalysisResult, Parts, analysis_manifest, write_in_parts

if TYPE_CHECKING:
    from rascade.analyses.sensitivity.run import Sensitivity
    from rascade.results.unfinished import Start
    from rascade.studies.files.schema import TrialStudy

__all__ = ["run_sensitivity"]


def run_sensitivity(
    study: TrialStudy,
    out: str | Path | None = None,
    *,
    arm: str = "",
    alone: bool = False,
    endpoint: str = "pfs",
    method: str = "morris",
    rows: Sequence[str] = (),
    fold: float | None = None,
    runs: int = 0,
    patients: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
) -> AnalysisResult:
    """Tell on which rows of the parameter table the answer of a study hangs.

    Args:
        study: whose answer it is.
        out: the results folder; nothing is written without one.
        arm, alone, endpoint, method, rows, fold, runs, patients: see
            `rascade.analyses.sensitivity.run.Question`; its defaults where None.
        seed: instead of the study's.
        threads: of the engine; results do not depend on it.
        progress: told how far it is.
        finish: called with the folder before it gets its name, to add the page.
        start: ``resume`` goes on with an unfinished run, ``restart`` throws it away.

    Raises:
        InputError: the question is wrong, or `out` cannot be written.
        UnsupportedFeature: the study asks for what cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    from rascade.analyses.sensitivity.run import FOLD, PATIENTS, Question, sensitivity
    from rascade.analyses.sensitivity.tables import record
    from rascade.studies.files.load import override
    from rascade.trial.running.inputs import plan_inputs

    check_threads(threads)
    question = Question(
        to_plan(override(study, seed=seed)),
        arm,
        alone,
        endpoint,
        method,
        tuple(rows),
        FOLD if fold is None else fold,
        runs,
        PATIENTS if patients is None else patients,
    )
    started = now()
    asked = [endpoint, method, question.rows, question.fold, runs, question.patients]
    inputs = {**plan_inputs(question.plan), "asked": asked}

    def work(parts: Parts) -> Sensitivity:
        return sensitivity(question, threads=threads, keep=parts, progress=progress)

    folder, found = write_in_parts(
        out,
        inputs,
        0,
        work,
        lambda found: {"sensitivity.json": json_text(record(found), indent=1)},
        lambda _: analysis_manifest(
            "sensitivity", study, question.plan, started,
            method=method, patients=question.patients, threads=threads,
        ),
        finish=finish,
        start=start,
    )  # fmt: skip
    return AnalysisResult(folder, record(found))
