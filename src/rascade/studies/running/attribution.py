"""Attribution of a study: file in, folder of results out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.progress import Progress, check_threads, silent
from rascade.results.manifest import now
from rascade.results.store import json_text
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.running.parted import AnalysisResult, Parts, analysis_manifest, write_in_parts

if TYPE_CHECKING:
    from rascade.analyses.attribution.run import Attribution
    from rascade.results.unfinished import Start
    from rascade.studies.files.schema import TrialStudy

__all__ = ["run_attribution"]


def run_attribution(
    study: TrialStudy,
    out: str | Path | None = None,
    *,
    arm: str = "",
    against: str = "",
    endpoint: str = "pfs",
    pathways: Sequence[str] = (),
    members: int | None = None,
    patients: int | None = None,
    orders: int = 0,
    patient: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
    start: Start = "new",
) -> AnalysisResult:
    """Divide the benefit of a study's arm among the mechanisms of its drugs.

    Args:
        study: whose arms are compared.
        out: the results folder; nothing is written without one.
        arm, against, endpoint, pathways, orders: see `Question` of the analysis.
        members, patients: its defaults if None.
        patient: number of a patient whose own shares are told as well.
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
    from rascade.analyses.attribution.question import ENDPOINTS, MEMBERS, PATIENTS, Question
    from rascade.analyses.attribution.run import attribute
    from rascade.analyses.attribution.tables import patient_rows, record
    from rascade.studies.files.load import override
    from rascade.trial.running.inputs import plan_inputs

    check_threads(threads)
    question = Question(
        to_plan(override(study, seed=seed)),
        arm,
        against,
        endpoint,
        tuple(pathways),
        MEMBERS if members is None else members,
        PATIENTS if patients is None else patients,
        orders,
    )
    if patient is not None and not (
        0 <= patient < question.patients and ENDPOINTS[endpoint].single
    ):
        raise InputError(
            f"--patient: {patient} with --endpoint {endpoint}; patients have the numbers 0 to "
            f"{question.patients - 1}, and the end point hazard is of a group"
        )
    started = now()
    inputs = {
        **plan_inputs(question.plan),
        "asked": [*(a and a.name for a in question.arms()), question.players, orders],
        "size": [question.members, question.patients],
    }

    def work(parts: Parts) -> Attribution:
        return attribute(question, threads=threads, keep=parts, progress=progress)

    def files(found: Attribution) -> dict[str, str]:
        return {
            "attribution.json": json_text(record(found, patient), indent=1),
            "patients.csv": _csv(patient_rows(found)),
        }

    folder, found = write_in_parts(
        out,
        inputs,
        2 * question.members,
        work,
        files,
        lambda _: analysis_manifest(
            "attribution",
            study,
            question.plan,
            started,
            members=question.members,
            patients=question.patients,
            threads=threads,
        ),
        finish=finish,
        start=start,
    )
    return AnalysisResult(folder, record(found, patient))


def _csv(rows: list[dict[str, Any]]) -> str:
    import pandas as pd

    columns = ["patient", "mechanism", "value", "low90", "high90"]
    return pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n")
