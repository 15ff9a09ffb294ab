"""Running a question for the value of information: file to folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rascade.analyses.voi.draws import Draws, draw_sets
from rascade.analyses.voi.measure import arms_apart, assays, biopsies, one_arm
from rascade.analyses.voi.value import Measurement, chance_level, worths
from rascade.progress import Progress, check_threads, silent
from rascade.results.index import noted_results
from rascade.results.manifest import base_manifest, now
from rascade.results.store import finish_results, plain_json, write_json, write_text
from rascade.studies.files.load import dump, study_hash
from rascade.studies.files.trial_plan import to_plan
from rascade.studies.files.voi_schema import VoiStudy, trial_of
from rascade.trial.design.spec import TrialSpec
from rascade.trial.prediction.courses import Courses, simulate_arm
from rascade.trial.running.predicting import RTOL
from rascade.units import DAYS_PER_MONTH

__all__ = ["run_voi"]


def run_voi(
    study: VoiStudy,
    out: Path,
    *,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
) -> dict[str, Any]:
    """Find which measurement would narrow a prediction most; write a folder, whole or not at all.

    Args:
        study: the prediction, and what might be measured.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        threads: of the engine; results do not depend on it.
        progress: called with the share done and what is being done.
        finish: called with the folder before it gets its name, to add the page.

    Returns:
        What ``voi.json`` holds.

    Raises:
        InputError: the study is wrong, or `out` cannot be written.
        UnsupportedFeature: a treatment cannot be simulated.
    """
    from rascade.trial.design.models import needed_ensemble

    check_threads(threads)
    plan, started = to_plan(trial_of(study)), now()
    ensemble = needed_ensemble(plan.population)
    drugs = tuple(dict.fromkeys(drug for arm in plan.arms for drug in arm.drugs))
    draws = draw_sets(ensemble, drugs, plan.cohort.line, study.draws, study.seed)
    with noted_results(out) as folder:
        courses = _courses(study, plan, draws, threads, progress)
        # What is predicted and what is measured are of different patients, as in life: else the
        # luck of the simulated ones would look like information.
        some, others = (
            {name: _every_other(one, first) for name, one in courses.items()} for first in (0, 1)
        )
        gain = _gain(study, some["new"], some["old"])
        measured = _measurements(study, plan, draws, others, threads)
        progress(0.95, "comparing measurements")
        record = _record(study, gain, measured, ensemble.hash)
        write_json(folder / "voi.json", record)
        write_text(folder / "study.yaml", dump(study))  # type: ignore[arg-type]
        manifest = base_manifest(
            "voi", started, study=study.name,
            study_hash=study_hash(study),  # type: ignore[arg-type]
            ensemble=ensemble.hash, seed=study.seed, threads=threads,
        )  # fmt: skip
        finish_results(folder, manifest, finish)
    progress(1.0, "done")
    return record


def _courses(
    study: VoiStudy, plan: TrialSpec, draws: Draws, threads: int, progress: Progress
) -> dict[str, Courses]:
    from rascade.engine import Settings

    found = {}
    for index, arm in enumerate(plan.arms):

        def told(share: float, index: int = index, name: str = arm.name) -> None:
            progress(0.9 * (index + share) / len(plan.arms), f"simulating {name}")

        found[arm.name] = simulate_arm(
            plan,
            arm,
            draws.tables,
            patients=study.patients,
            months=plan.follow_up_months,
            settings=Settings(threads=threads, rtol=RTOL),
            report=told,
        )
    return found


def _every_other(one: Courses, first: int) -> Courses:
    """Return every other patient."""
    return Courses(*(getattr(one, field.name)[:, first::2] for field in fields(one)))


def _gain(study: VoiStudy, new: Courses, old: Courses) -> np.ndarray[Any, Any]:
    """Return the mean months gained within the horizon, (k,)."""
    horizon = study.prediction.horizon_months * DAYS_PER_MONTH
    weight = new.weight * old.weight
    months = [
        np.minimum(one.times(study.prediction.endpoint)[0], horizon) / DAYS_PER_MONTH
        for one in (new, old)
    ]
    total = np.maximum(weight.sum(axis=1), 1e-9)
    return np.asarray(((months[0] - months[1]) * weight).sum(axis=1) / total)


def _measurements(
    study: VoiStudy, plan: TrialSpec, draws: Draws, courses: dict[str, Courses], threads: int
) -> list[Measurement]:
    from rascade.engine import Settings
    from rascade.regimen import format_regimen

    found = assays(draws, study.assay_cv)
    if study.biopsies is not None:
        found += biopsies(
            plan,
            plan.arms[0],
            draws,
            study.biopsies.species,
            simulated=study.patients,
            patients=study.biopsies.patients,
            cv=study.biopsies.cv,
            settings=Settings(threads=threads, rtol=RTOL),
        )
    for part in study.arms:
        orders = format_regimen(part.regimen)
        name = f"arm: {part.name}"
        found.append(one_arm(name, orders, courses[name], part.endpoint, part.patients))
    new, old = (format_regimen(arm.regimen) for arm in plan.arms[:2])
    for endpoint in ("orr", "pfs", "os"):
        found.append(
            arms_apart(
                f"randomised trial: {endpoint.upper()}", courses["new"], courses["old"], endpoint,
                study.trial_patients, f"{new} against {old}",
            )
        )  # fmt: skip
    return found


def _record(
    study: VoiStudy, gain: np.ndarray[Any, Any], measured: list[Measurement], ensemble: str
) -> dict[str, Any]:
    low, high = np.percentile(gain, [5.0, 95.0])
    found = worths(gain, measured, study.seed)
    end = study.prediction.endpoint.upper()
    record = {
        "study": study.name,
        "prediction": f"{end} gain, months within {study.prediction.horizon_months:g}",
        "value": float(gain.mean()),
        "low90": float(low),
        "high90": float(high),
        "sd": float(gain.std(ddof=1)),
        "draws": study.draws,
        "chance_level": chance_level(gain, measured, study.seed),
        "measurements": [
            {
                "measurement": one.name,
                "kind": one.kind,
                "about": one.about,
                "share": one.share,
                "low90": one.low90,
                "high90": one.high90,
                "sd_after": one.sd_after,
                "stands_out": one.stands_out,
            }
            for one in found
        ],
        "ensemble": ensemble,
        "seed": study.seed,
    }
    plain: dict[str, Any] = plain_json(record)
    return plain
