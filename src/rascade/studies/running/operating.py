"""Running a study of operating characteristics: file in, folder of results out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.progress import Progress
from rascade.results.index import noted_results
from rascade.results.manifest import base_manifest, now
from rascade.results.store import (
    finish_results,
    plain_json,
    write_json,
    write_table,
    write_text,
)
from rascade.studies.files.load import dump, study_hash
from rascade.studies.files.numbers import check_seed, check_threads
from rascade.studies.files.operating_schema import MAX_REPLICATES, OperatingStudy, to_design
from rascade.studies.running.operating_population import StudyPopulation, population_of, trial_of
from rascade.studies.running.operating_summary import SIMULATING, Stages, summarize_designs

__all__ = ["OperatingResult", "override_operating", "run_operating"]


@dataclass(frozen=True, slots=True)
class OperatingResult:
    """Where the results are, and what they say.

    Attributes:
        folder: the results folder.
        summary: what ``summary.json`` holds.
        manifest: what ``manifest.json`` holds.
    """

    folder: Path
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]


def override_operating(
    study: OperatingStudy, *, replicates: int | None = None, seed: int | None = None
) -> OperatingStudy:
    """Return the study with another number of replicates, or another seed.

    Raises:
        InputError: a number is out of its range.
    """
    if replicates is not None and not 100 <= replicates <= MAX_REPLICATES:
        raise InputError(f"--replicates: {replicates} trials; it must be 100 to {MAX_REPLICATES}")
    if seed is not None:
        check_seed(seed)
    changes = {"replicates": replicates, "seed": seed}
    return study.model_copy(update={k: v for k, v in changes.items() if v is not None})


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
) -> OperatingResult:
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
    trial = trial_of(study, Path(beside))
    started = now()
    with noted_results(out) as folder:
        stages = Stages(study, trial, progress)
        with stages(SIMULATING) as report:
            population = population_of(study, trial, Path(beside), threads, report)
        summary = summarize_designs(study, designs, population, stages, threads)
        _write(folder, study, population, summary)
        manifest = _manifest(study, population, started, threads)
        manifest["warnings"] = list(summary["warnings"])
        finish_results(folder, manifest, finish)
    return OperatingResult(Path(out), summary, manifest)


def _write(
    folder: Path, study: OperatingStudy, population: StudyPopulation, summary: dict[str, Any]
) -> None:
    import pandas as pd

    write_text(folder / "study.yaml", dump(study))
    if population.study is not None:
        write_text(folder / "population.yaml", dump(population.study))
    write_table(folder / "patients.parquet", population.patients)
    write_json(folder / "summary.json", plain_json(summary))
    table = pd.DataFrame([_flat(design) for design in summary["designs"]])
    write_text(folder / "designs.csv", table.to_csv(index=False, lineterminator="\n"))


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


def _manifest(
    study: OperatingStudy, population: StudyPopulation, started: str, threads: int
) -> dict[str, Any]:
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    changed = dict(population.study.parameters) if population.study is not None else {}
    return base_manifest(
        study.kind,
        started,
        study=study.name,
        study_hash=study_hash(study),
        population=population.facts["study"],
        population_hash=population.facts["study_hash"],
        model_hash=population.facts["model_hash"],
        parameter_hash=load_table().with_values(changed).hash,
        evidence_hash=evidence_hash(),
        seed=study.seed,
        replicates=study.replicates,
        threads=threads,
    )
