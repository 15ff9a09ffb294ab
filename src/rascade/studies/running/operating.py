"""Running a study of operating characteristics: file in, folder of results out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rascade.progress import Progress, check_threads
from rascade.results.manifest import now
from rascade.results.store import plain_json
from rascade.studies.files.load import dump
from rascade.studies.files.operating_schema import MAX_REPLICATES, OperatingStudy, to_design
from rascade.studies.running.operating_population import StudyPopulation, population_of, trial_of
from rascade.studies.running.operating_summary import SIMULATING, Stages, summarize_designs
from rascade.studies.running.study_folder import (
    StudyOutput,
    StudyResult,
    run_into,
    study_manifest,
    with_numbers,
)

__all__ = ["override_operating", "run_operating"]


def override_operating(
    study: OperatingStudy, *, replicates: int | None = None, seed: int | None = None
) -> OperatingStudy:
    """Return the study with another number of replicates, or another seed.

    Raises:
        InputError: a number is out of its range.
    """
    limits = {"replicates": (100, MAX_REPLICATES, "trials")}
    return with_numbers(study, limits, replicates=replicates, seed=seed)


def run_operating(
    study: OperatingStudy,
    out: str | Path,
    *,
    beside: str | Path = ".",
    replicates: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> StudyResult:
    """Try the designs of a study and write the results folder, whole or not at all.

    Args:
        study: what to try.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        beside: folder from which the paths of the population are seen.
        replicates: trials instead of the study's number.
        seed: of the replicate trials instead of the study's; the population keeps its own.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the work is.
        finish: called with the folder before it gets its name, to add the page.

    Raises:
        InputError: the study, its population or a number is wrong, or `out` cannot be written.
        UnsupportedFeature: the population cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    check_threads(threads)
    study = override_operating(study, replicates=replicates, seed=seed)
    designs = [to_design(study, part) for part in study.designs]
    trial, started = trial_of(study, Path(beside)), now()

    def work() -> StudyOutput:
        stages = Stages(study, trial, progress)
        with stages(SIMULATING) as report:
            population = population_of(study, trial, Path(beside), threads, report)
        summary = summarize_designs(study, designs, population, stages, threads)
        return _output(study, population, summary, started, threads)

    return run_into(out, study, work, finish)


def _output(
    study: OperatingStudy,
    population: StudyPopulation,
    summary: dict[str, Any],
    started: str,
    threads: int,
) -> StudyOutput:
    import pandas as pd

    table = pd.DataFrame([_flat(design) for design in summary["designs"]])
    texts = {"designs.csv": table.to_csv(index=False, lineterminator="\n")}
    if population.study is not None:
        texts["population.yaml"] = dump(population.study)
    manifest = study_manifest(
        study,
        started,
        title=study.name,
        model_hash=population.facts["model_hash"],
        parameters=population.study.parameters if population.study is not None else {},
        population=population.facts["study"],
        population_hash=population.facts["study_hash"],
        replicates=study.replicates,
        threads=threads,
        warnings=list(summary["warnings"]),
    )
    return StudyOutput(plain_json(summary), manifest, {"patients": population.patients}, texts)


def _flat(design: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: design[name] for name in ("name", "size", "events", "alpha", "prevalence")}
    for name in ("power", "type_one_error"):
        row |= {
            f"{name}{end}": design[name][key]
            for key, end in (("value", ""), ("low", "_low"), ("high", "_high"))
        }
    for under in ("effect", "null"):
        for name in ("events", "patients", "screened", "months"):
            row[f"{under}_mean_{name}"] = design[under][name]
    return row
