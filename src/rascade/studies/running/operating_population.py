"""The population of a study of operating characteristics: simulated, or read from a folder."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.results.store import MANIFEST
from rascade.studies.files.load import load, override, study_hash
from rascade.studies.files.operating_schema import OperatingStudy
from rascade.studies.files.schema import TrialStudy
from rascade.studies.files.trial_plan import to_plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StudyPopulation", "population_of", "trial_of"]


@dataclass(frozen=True)
class StudyPopulation:
    """Simulated patients, and where they come from.

    Attributes:
        patients: ``patients.parquet`` of a trial.
        visits: its ``visits.parquet``.
        facts: name, hash, seed and model of the trial, and its warnings.
        study: the trial study; None where its results were read from a folder.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    facts: dict[str, Any]
    study: TrialStudy | None = None


def trial_of(study: OperatingStudy, beside: Path) -> TrialStudy | None:
    """Return the trial study of the population, None where results are read from a folder.

    Its patients are followed to the end: the data cut-off of the trial is set aside, since each
    design has an end of its own.

    Args:
        study: of operating characteristics.
        beside: folder from which its paths are seen.

    Raises:
        InputError: the trial study is wrong, or does not have the arms.
    """
    if study.population.study is None:
        return None
    trial: TrialStudy = load(beside / study.population.study, kind=TrialStudy)
    if study.population.size is not None:
        trial = override(trial, size=study.population.size)
    trial = trial.model_copy(update={"cut_off": None})
    arms = [arm.name for arm in trial.arms]
    for name in (study.control, *study.new):
        if name not in arms:
            raise InputError(
                f"{study.population.study} has no arm {name!r}; arms are {', '.join(arms)}"
            )
    return trial


def _check_follow_up(trial: TrialStudy, where: str) -> None:
    """Refuse results whose patients are not watched to the end of their follow-up."""
    if trial.cut_off is not None:
        raise InputError(
            f"{where}: has a cut_off, after which its patients are not followed, but each design "
            "has an end of its own; run the trial without it, or give its study file as 'study'"
        )


def population_of(
    study: OperatingStudy,
    trial: TrialStudy | None,
    beside: Path,
    threads: int,
    report: Callable[[float], None],
) -> StudyPopulation:
    """Simulate the population, or read it.

    Args:
        study: of operating characteristics.
        trial: from `trial_of`.
        beside: folder from which paths are seen.
        threads: of the engine.
        report: called with the share done.

    Raises:
        InputError: the folder of results is not one.
    """
    if trial is None:
        assert study.population.results is not None
        return _stored(beside / study.population.results)
    from rascade.trial.running.run import run

    outcome = run(to_plan(trial), threads=threads, progress=lambda share, _: report(share))
    facts = {
        "study": trial.name,
        "study_hash": study_hash(trial),
        "seed": trial.seed,
        "model_hash": outcome.model_hash,
        "warnings": list(outcome.summary.get("warnings") or []),
    }
    return StudyPopulation(outcome.patients, outcome.visits, facts, trial)


def _stored(folder: Path) -> StudyPopulation:
    """Read the results folder of a trial."""
    import pandas as pd

    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        patients, visits = (
            pd.read_parquet(io.BytesIO((folder / f"{name}.parquet").read_bytes()))
            for name in ("patients", "visits")
        )
        if manifest.get("kind") != "trial":
            raise InputError(f"{folder}: not the results of rascade trial")
    except (OSError, ValueError) as error:
        what = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InputError(
            f"{folder}: not a results folder of rascade trial ({what}); give the --out of one"
        ) from None
    if (folder / "study.yaml").exists():
        _check_follow_up(load(folder / "study.yaml", kind=TrialStudy), str(folder))
    facts = {name: manifest.get(name) for name in ("study", "study_hash", "seed", "model_hash")}
    # Results of earlier versions have no warnings in their manifest.
    return StudyPopulation(patients, visits, facts | {"warnings": manifest.get("warnings") or []})
