"""Running a trial study: file to plan, plan to outcome, outcome to a folder of results."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError
from rascade.patients.hyperparameters import ENSEMBLE_PLACE, default_ensemble
from rascade.progress import Progress
from rascade.regimen import format_regimen
from rascade.results.chunks import FORMAT
from rascade.results.index import remember
from rascade.results.manifest import add_new
from rascade.results.store import plain_json, write_text
from rascade.results.unfinished import Start, unfinished_results
from rascade.studies.files.load import dump, override
from rascade.studies.files.schema import TrialStudy
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.chunked import FolderRun, logged
from rascade.studies.running.study_folder import (
    StudyOutput,
    StudyResult,
    study_manifest,
    write_study,
)
from rascade.trial.running.executors import Executor, LocalExecutor
from rascade.trial.running.run import parts_of
from rascade.trial.running.spans import DEFAULT_SIZE

if TYPE_CHECKING:
    from rascade.trial.records import TrialOutcome

__all__ = ["TABLES", "population_cautions", "run_trial", "trial_output"]

TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")


def run_trial(
    study: TrialStudy,
    out: str | Path,
    *,
    size: int | None = None,
    seed: int | None = None,
    members: int | None = None,
    population: str | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
    chunk_size: int = DEFAULT_SIZE,
    executor: Executor | None = None,
    note: Callable[[str], object] | None = None,
) -> StudyResult:
    """Run a trial and write its results folder, whole or not at all.

    Patients are simulated in chunks, each stored when it is done. A run that ends before its time
    leaves the stored ones in ``OUT/unfinished``. The results are the same bytes for any size of
    chunks, any executor, resumed or not, extended or run at once.

    Args:
        study: what to simulate.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        size: patients in each arm instead of the study's.
        seed: seed instead of the study's.
        members: of the ensemble, for the prediction, instead of the study's.
        population: ``ensemble`` or ``table`` instead of the study's.
        threads: of the solver, 1 or more, where no executor is given.
        progress: told how far the simulation is.
        finish: called with the folder before it gets its name, to add to it (the report).
        start: ``new``; ``resume`` goes on with the chunks of an unfinished run, or extends finished
            results; ``restart`` throws an unfinished run away.
        chunk_size: patients in a chunk, at most.
        executor: who simulates; this process if None.
        note: told what happened on the way that is no error, such as a chunk that was damaged.

    Raises:
        InputError: the study or a number is wrong, or `out` cannot be written.
        ResultsError: `out` is being written, holds an unfinished run or, with ``resume``, patients
            of another run.
        UnsupportedFeature: the study asks for what cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    executor = executor or LocalExecutor(threads)
    if chunk_size < 1:
        raise InputError(f"--chunk: {chunk_size} patients in a chunk; it must be 1 or more")
    study = override(study, size=size, seed=seed, members=members, population=population)
    plan = to_plan(study)  # refuses what cannot be simulated

    # The place is tried before the work: nobody should wait two minutes for a typing mistake.
    try:
        with unfinished_results(out, start) as work:
            run = FolderRun(work, plan, chunk_size, note or _silent)
            write_text(work.folder / "study.yaml", dump(study))  # for whoever finds it unfinished
            with logged(work.folder, run, executor.name):
                simulating, predicting = parts_of(plan, progress)
                run.simulate(executor, simulating)
                outcome = run.outcome(predicted=True, threads=executor.threads, progress=predicting)
                output = trial_output(study, outcome)
                write_study(work.folder, study, output, finish)
    finally:
        remember(out)
    return StudyResult(Path(out), output.summary, output.manifest)


def trial_output(study: TrialStudy, outcome: TrialOutcome) -> StudyOutput:
    """Return what a trial came to, for a folder or for memory.

    Args:
        study: as it was run.
        outcome: of its plan.
    """
    summary: dict[str, Any] = plain_json(outcome.summary)
    summary["warnings"] = [*summary["warnings"], *population_cautions(study)]
    add_new(
        summary,
        {
            "study": study.name,
            "seed": study.seed,
            "model_hash": outcome.model_hash,
            "rascade_version": __version__,
            "research_use": RESEARCH_USE,
        },
    )
    manifest = study_manifest(
        study,
        None,
        title=study.name,
        model_hash=outcome.model_hash,
        parameters=study.parameters,
        provenance=outcome.provenance,
        ensemble=_ensemble(study),
        format=FORMAT,
        arms=[
            {"name": arm.name, "regimen": format_regimen(arm.regimen), "size": study.size_of(arm)}
            for arm in study.arms
        ],
        reference=study.reference_arm,
        warnings=summary["warnings"],
    )
    return StudyOutput(summary, manifest, {name: getattr(outcome, name) for name in TABLES})


def population_cautions(study: TrialStudy) -> list[str]:
    """Say that a trial goes without a prediction, where nobody asked for that."""
    wanted = study.population == "ensemble" and os.environ.get(ENSEMBLE_PLACE) != "none"
    if not wanted or default_ensemble() is not None:
        return []
    return ["no prediction: this package holds no ensemble of the population; the patients are "
            "those of the parameter table"]  # fmt: skip


def _ensemble(study: TrialStudy) -> dict[str, Any] | None:
    """Return whose patients a trial has: hash of the ensemble, and the arms it was fitted to."""
    found = default_ensemble() if study.population == "ensemble" else None
    if found is None:
        return None
    members = min(study.members, found.size)
    return {"hash": found.hash, "members": members, "fitted_arms": found.manifest.get("arms", [])}


def _silent(message: str) -> None:
    """Take no notice."""
