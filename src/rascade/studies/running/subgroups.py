"""Subgroups of a study: file in, folder of results out."""

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
    from rascade.analyses.subgroups.run import Subgroup
    from rascade.results.unfinished import Start
    from rascade.studies.files.schema import TrialStudy

__all__ = ["run_subgroups"]


def run_subgroups(
    study: TrialStudy,
    out: str | Path | None = None,
    *,
    arm: str = "",
    endpoint: str = "pfs",
    markers: Sequence[str] = (),
    members: int | None = None,
    patients: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
) -> AnalysisResult:
    """Find in whom a study's combination beats its best component.

    Args:
        study: with the combination and its components as arms.
        out: the results folder; nothing is written without one.
        arm, endpoint, markers: see `rascade.analyses.subgroups.run.Question`.
        members, patients: its defaults if None.
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
    from rascade.analyses.subgroups.run import MEMBERS, PATIENTS, Question, subgroup
    from rascade.analyses.subgroups.tables import record
    from rascade.studies.files.load import override
    from rascade.trial.running.inputs import plan_inputs

    check_threads(threads)
    question = Question(
        to_plan(override(study, seed=seed)),
        arm,
        endpoint,
        tuple(markers),
        MEMBERS if members is None else members,
        PATIENTS if patients is None else patients,
    )
    started = now()
    inputs = {**plan_inputs(question.plan), "size": [question.members, question.patients]}

    def work(parts: Parts) -> Subgroup:
        return subgroup(question, threads=threads, keep=parts, progress=progress)

    folder, found = write_in_parts(
        out,
        inputs,
        len(question.plan.arms) * question.members,
        work,
        lambda found: {"subgroups.json": json_text(record(found), indent=1)},
        lambda _: analysis_manifest(
            "subgroups", study, question.plan, started,
            members=question.members, patients=question.patients, threads=threads,
        ),
        finish=finish,
        start=start,
    )  # fmt: skip
    return AnalysisResult(folder, record(found))
