"""Running an experiment study: file to specification, outcome to a folder of results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.progress import Progress, check_threads
from rascade.regimen import format_regimen
from rascade.results.manifest import add_new, now
from rascade.results.store import plain_json
from rascade.studies.files.drugs import use_drugs
from rascade.studies.files.experiment.parts import Dish, Given, Grid
from rascade.studies.files.experiment.study import MAX_DRAWS, ExperimentStudy
from rascade.studies.running.study_folder import (
    StudyOutput,
    StudyResult,
    run_into,
    study_manifest,
    with_numbers,
)

if TYPE_CHECKING:
    import pandas as pd

    from rascade.bench.cells import Cells
    from rascade.bench.experiment import ExperimentOutcome
    from rascade.bench.spec import Change, ExperimentSpec, Exposure, Treatment

__all__ = [
    "MAX_DRAWS",
    "override_experiment",
    "run_experiment_study",
    "to_experiment",
]


def override_experiment(
    study: ExperimentStudy, *, draws: int | None = None, seed: int | None = None
) -> ExperimentStudy:
    """Return the study with another number of drawn parameter sets, or another seed.

    Raises:
        InputError: a number is out of its range.
    """
    limits = {"draws": (0, MAX_DRAWS, "parameter sets")}
    return with_numbers(study, limits, draws=draws, seed=seed)


def run_experiment_study(
    study: ExperimentStudy,
    out: str | Path,
    *,
    draws: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
) -> StudyResult:
    """Run an experiment and write its results folder, whole or not at all.

    Args:
        study: what to do.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        draws: parameter sets drawn for the intervals instead of the study's.
        seed: seed instead of the study's.
        threads: of the solver, 1 or more; results do not depend on it.
        progress: told how far the simulation is.
        finish: called with the folder before it gets its name, to add to it (the report); if it
            fails, nothing is left.

    Raises:
        InputError: the study or a number is wrong, or `out` cannot be written.
        UnsupportedFeature: the study asks for what cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    check_threads(threads)
    study = override_experiment(study, draws=draws, seed=seed)
    spec, started = to_experiment(study), now()

    def work() -> StudyOutput:
        from rascade.bench.experiment import experiment

        return _output(
            study, experiment(spec, threads=threads, progress=progress), started, threads
        )

    return run_into(out, study, work, finish)


# -- from the file to the specification -----------------------------------------------------


def to_experiment(study: ExperimentStudy) -> ExperimentSpec:
    """Return the specification of a study.

    Raises:
        InputError: a concentration by mass of a drug whose molecular weight is not known.
    """
    from rascade.bench.spec import ExperimentSpec
    from rascade.model import Interventions

    use_drugs(study.own_drugs)
    return ExperimentSpec(
        name=study.title,
        design=study.design,
        cells=tuple(_cells(dish) for dish in study.cells),
        treatments=tuple(_treatment(study, given) for given in study.treatments),
        readouts=study.readouts,
        hours=study.hours,
        changes=_changes(study.changes),
        seed=study.seed,
        draws=study.draws,
        uncertainty=study.uncertainty,
        parameters={**Interventions(study.knockout).parameters, **study.parameters},
        host=study.host,
        include=study.include,
    )


def _cells(dish: Dish) -> Cells:
    from rascade.bench.cells import Cells, find_cell_line

    genes = {"STK11": dish.stk11, "PTEN": dish.pten}
    given = {gene: state for gene, state in genes.items() if state is not None}
    changed = {
        "KRAS": dish.kras_allele,
        "KRAS share": dish.kras_share,
        "receptors": dish.receptor_level,
        **given,
        "doubling, h": dish.doubling_hours,
    }
    told = [f"{name} {value}" for name, value in changed.items() if value is not None]
    if dish.name is None:
        own = {gene: state for gene, state in given.items() if state != "wild type"}
        return Cells(
            ", ".join(told), dish.kras_allele or "", dish.kras_share, dish.receptor_level,
            own, dish.doubling_hours,
        )  # fmt: skip
    line = find_cell_line(dish.name)
    merged = {**line.genes, **given}
    return Cells(
        line.name + (f" ({', '.join(told)})" if told else ""),
        dish.kras_allele or line.kras_allele,
        line.kras_share if dish.kras_share is None else dish.kras_share,
        line.receptor_level if dish.receptor_level is None else dish.receptor_level,
        {gene: state for gene, state in merged.items() if state != "wild type"},
        line.doubling_hours if dish.doubling_hours is None else dish.doubling_hours,
        "; ".join(f"{what}: {text}" for what, text in line.source.items())
        + f" ({line.confidence})",
    )


def _nanomolar(text: str, drug: str) -> float:
    from rascade.bench.concentrations import nanomolar
    from rascade.model import load_table

    row = f"{drug}.molecular_weight"
    table = load_table()
    return nanomolar(text, table[row].value if row in table else None)


def _grid(grid: Grid, drug: str) -> tuple[float, ...]:
    from rascade.bench.concentrations import log_grid

    if grid.listed is not None:
        return tuple(_nanomolar(text, drug) for text in grid.listed)
    assert grid.start is not None and grid.to is not None and grid.points is not None
    return log_grid(_nanomolar(grid.start, drug), _nanomolar(grid.to, drug), grid.points)


def _changes(given: Mapping[str, float | str]) -> dict[str, Change]:
    from rascade.bench.spec import Change

    return {
        name: Change(float(value.removesuffix(" %")), True)
        if isinstance(value, str)
        else Change(float(value))
        for name, value in given.items()
    }


def _treatment(study: ExperimentStudy, given: Given) -> Treatment:
    from rascade.bench.spec import Exposure, Treatment

    end = math.inf if given.to_hour is None else given.to_hour
    exposures: list[Exposure] = []
    grid: tuple[float, ...] = ()
    if given.drug is not None:
        titration = given.concentrations or study.concentrations
        dose = None if given.concentration is None else _nanomolar(given.concentration, given.drug)
        grid = () if titration is None else _grid(titration, given.drug)
        exposures.append(Exposure(given.drug, dose, given.from_hour, end))
    for extra in given.together:
        exposures.append(
            Exposure(
                extra.drug,
                _nanomolar(extra.concentration, extra.drug),
                given.from_hour if extra.from_hour is None else extra.from_hour,
                end if extra.to_hour is None else extra.to_hour,
            )
        )
    return Treatment(given.name, tuple(exposures), grid, given.regimen, _changes(given.changes))


# -- from the outcome to the folder ----------------------------------------------------------


def _csv(table: pd.DataFrame) -> str:
    """Return a table as CSV, numbers to six digits: more than any of them means."""
    return str(table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _output(
    study: ExperimentStudy, outcome: ExperimentOutcome, started: str, threads: int
) -> StudyOutput:
    from rascade.bench.tables import COLUMNS

    summary: dict[str, Any] = plain_json(outcome.summary)
    add_new(summary, {"rascade_version": __version__, "research_use": RESEARCH_USE})
    manifest = study_manifest(
        study,
        started,
        title=study.title,
        model_hash=outcome.run.assembly.hash,
        parameters=study.parameters,
        provenance=outcome.provenance,
        draws=study.draws,
        threads=threads,
        design=study.design,
        regimens=[format_regimen(t.regimen) for t in study.treatments if t.regimen],
        warnings=list(outcome.summary["warnings"]),
    )
    texts = {
        "results.csv": _csv(outcome.table[list(COLUMNS)]),
        "results_intervals.csv": _csv(outcome.table),
    }
    return StudyOutput(summary, manifest, texts=texts)
