"""Running a trial study: file to plan, plan to outcome, outcome to a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError
from rascade.progress import Progress
from rascade.regimen import format_regimen
from rascade.results.chunks import DEFAULT_SIZE, FORMAT
from rascade.results.index import remember
from rascade.results.manifest import add_new, base_manifest
from rascade.results.store import (
    finish_results,
    plain_json,
    write_json,
    write_table,
    write_text,
)
from rascade.results.unfinished import Start, unfinished_results
from rascade.studies.files.load import dump, override, study_hash
from rascade.studies.files.schema import Arm, TrialStudy
from rascade.studies.running.chunked import ChunkedRun, logged
from rascade.studies.running.executors import Executor, LocalExecutor

if TYPE_CHECKING:
    from rascade.trial.conduct.run import TrialOutcome
    from rascade.trial.design.phases import Phase
    from rascade.trial.design.protocol import Protocol
    from rascade.trial.design.spec import TrialSpec

__all__ = ["TABLES", "Progress", "TrialResult", "manifest_of", "run_trial", "summary_of", "to_spec"]

TABLES = ("patients", "visits", "lesions", "adverse_events", "decisions")


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Where the results of a trial are, and what they say.

    Attributes:
        folder: the results folder.
        summary: what ``summary.json`` holds.
        manifest: what ``manifest.json`` holds.
    """

    folder: Path
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]


def run_trial(
    study: TrialStudy,
    out: str | Path,
    *,
    size: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
    chunk_size: int = DEFAULT_SIZE,
    executor: Executor | None = None,
    note: Callable[[str], object] | None = None,
) -> TrialResult:
    """Run a trial and write its results folder, whole or not at all.

    Patients are simulated in chunks, each stored when it is done. A run that ends before its time
    leaves the stored ones in ``OUT/unfinished``. The results are the same bytes for any size of
    chunks, any executor, resumed or not, extended or run at once.

    Args:
        study: what to simulate.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        size: patients in each arm instead of the study's.
        seed: seed instead of the study's.
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
    study = override(study, size=size, seed=seed)
    to_spec(study)  # refuses what cannot be simulated

    # The place is tried before the work: nobody should wait two minutes for a typing mistake.
    try:
        with unfinished_results(out, start) as work:
            run = ChunkedRun(work, study, chunk_size, note or _silent)
            with logged(work.folder, run, executor.name):
                run.simulate(executor, progress)
                outcome = run.outcome()
                summary = _write(work.folder, study, outcome)
                manifest = manifest_of(study, outcome)
                finish_results(work.folder, manifest, finish)
    finally:
        remember(out)
    return TrialResult(Path(out), summary, manifest)


def _silent(message: str) -> None:
    """Take no notice."""


def to_spec(study: TrialStudy) -> TrialSpec:
    """Return the plan of the trial for `rascade.trial`.

    Raises:
        UnsupportedFeature: the stage or the line cannot be simulated yet.
    """
    from rascade.model import Interventions
    from rascade.trial.design.randomization import ratio_of
    from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec

    cohort = study.cohort
    ratio = ratio_of([study.size_of(arm) for arm in study.arms])
    return TrialSpec(
        name=study.name,
        seed=study.seed,
        cohort=CohortSpec(
            disease=cohort.disease,
            stage=cohort.stage,
            line=cohort.line,
            size=cohort.size,
            eligibility=cohort.eligibility,
        ),
        arms=tuple(
            ArmSpec(
                arm.name,
                arm.regimen,
                study.size_of(arm),
                arm.published,
                _phases(study, arm),
                _protocol(study, arm),
                changes=Interventions(arm.knockout, arm.set, arm.include),
            )
            for arm in study.arms
        ),
        imaging_every_weeks=study.imaging_every_weeks,
        follow_up_months=study.follow_up_months,
        parameters=dict(study.parameters),
        reference=study.reference_arm,
        changes=Interventions(study.knockout, include=study.include),
        accrual=None if study.accrual is None else study.accrual.accrual(),
        randomization=None if study.randomization is None else study.randomization.plan(ratio),
        cut_off=None if study.cut_off is None else study.cut_off.rule(),
        scan_window_days=study.scan_window_days,
        pfs_censoring=study.pfs_censoring,
        paired=study.pairing == "same-patients",
    )


def _phases(study: TrialStudy, arm: Arm) -> tuple[Phase, ...]:
    """Return the phases of an arm; none where its regimen is all there is."""
    from rascade.trial.design.phases import CROSSOVER, RESCUE, Phase, Until, parse_until

    steps = [(arm.regimen, arm.until), *((phase.regimen, phase.until) for phase in arm.then)]
    phases = [Phase(regimen, parse_until(text) if text else None) for regimen, text in steps]
    other = None if arm.rescue is None else Phase(arm.rescue, role=RESCUE)
    if arm.crossover is not None:
        regimen = next(a.regimen for a in study.arms if a.name == arm.crossover)
        other = Phase(regimen, role=CROSSOVER, from_arm=arm.crossover)
    if other is not None:
        phases[-1] = Phase(phases[-1].regimen, Until("progression"))
        phases.append(other)
    return tuple(phases) if len(phases) > 1 else ()


def _protocol(study: TrialStudy, arm: Arm) -> Protocol:
    """Return how an arm is conducted, for `rascade.trial`."""
    from rascade.trial.design.protocol import Protocol, Rule, rule

    conduct = study.conduct_of(arm)
    rules: tuple[Rule, ...] | None = None
    if conduct.rules is not None:
        rules = tuple(
            rule(r.on, r.do, r.drugs, r.max_hold_days, r.occurrence) for r in conduct.rules
        )
    return Protocol(
        rules=rules,
        levels={
            drug: tuple(level / levels[0] for level in levels)
            for drug, levels in arm.dose_levels.items()
        },
        visit_weeks=conduct.visit_every_weeks,
        ctcae=conduct.ctcae,
        beyond_progression=conduct.treatment_beyond_progression,
        adherence=conduct.adherence,
        dropout_per_month=conduct.dropout_per_month,
        dropouts_followed=conduct.dropouts_followed_for_survival,
    )


def summary_of(study: TrialStudy, outcome: TrialOutcome) -> dict[str, Any]:
    """Return what ``summary.json`` of a trial holds."""
    summary: dict[str, Any] = plain_json(outcome.summary)
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
    return summary


def _write(folder: Path, study: TrialStudy, outcome: TrialOutcome) -> dict[str, Any]:
    """Write the data of a run; return the summary as written."""
    summary = summary_of(study, outcome)
    write_text(folder / "study.yaml", dump(study))
    for name in TABLES:
        write_table(folder / f"{name}.parquet", getattr(outcome, name))
    write_json(folder / "summary.json", summary)
    return summary


def manifest_of(study: TrialStudy, outcome: TrialOutcome) -> dict[str, Any]:
    """Return what ``manifest.json`` of a trial holds, but for the files of its folder."""
    from rascade.evidence import evidence_hash
    from rascade.model import load_table

    manifest = base_manifest(
        study.kind,
        None,
        format=FORMAT,
        study=study.name,
        study_hash=study_hash(study),
        model_hash=outcome.model_hash,
        parameter_hash=load_table().with_values(study.parameters).hash,
        evidence_hash=evidence_hash(),
        seed=study.seed,
        arms=[
            {"name": arm.name, "regimen": format_regimen(arm.regimen), "size": study.size_of(arm)}
            for arm in study.arms
        ],
        reference=study.reference_arm,
        warnings=list(outcome.summary["warnings"]),
    )
    add_new(manifest, plain_json(outcome.provenance))
    return manifest
