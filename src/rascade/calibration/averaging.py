"""What it costs to merge daily doses: courses with every dose beside the averaged ones, by arm.

Fits and predictions merge doses that are taken every day (`rascade.trial.conduct.dosing.merged`)
and ask less of the solver. Here the same patients are followed both ways; they have the same random
numbers, so that what differs is the error and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.build import follow_up_months
from rascade.calibration.targets import TrialArmRun, runnable_arms
from rascade.errors import InputError
from rascade.progress import Progress, silent
from rascade.regimen import format_regimen
from rascade.results.store import write_text
from rascade.trial.design.models import population_table
from rascade.trial.prediction.courses import courses_of, simulate_members, uncut
from rascade.trial.prediction.measures import curve
from rascade.trial.results.records.codec import tidy
from rascade.trial.running.inputs import course_inputs
from rascade.trial.running.predicting import RTOL

if TYPE_CHECKING:
    from rascade.trial.records import ArmRun

__all__ = ["FILE", "averaging_rows", "measure_averaging"]

FILE = "averaging.json"
_WEEK_8 = 56.0


@dataclass(frozen=True)
class _Followed:
    """An arm's patients followed one way.

    Attributes:
        size: (n,) true sum of diameters at the scan nearest to week 8; NaN without one.
        orr: percent.
        pfs, os: median months; None where not reached.
    """

    size: np.ndarray[Any, np.dtype[np.float64]]
    orr: float
    pfs: float | None
    os: float | None


def measure_averaging(
    folder: Path,
    *,
    patients: int = 40,
    seed: int = 11,
    arms: Sequence[str] = (),
    threads: int = 1,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Follow the patients of arms both ways, and keep what differs in ``averaging.json``.

    Arms that are in the file already, of the same model and patients, are not simulated again.

    Args:
        folder: made if needed.
        patients: of each arm.
        seed: of the patients.
        arms: ids; every arm that runs by its name if none is given.
        threads: of the engine.
        progress: called with the share done and what is being done.

    Returns:
        The rows of the file, see `averaging_rows`.

    Raises:
        InputError: an arm is not known, a number is wrong, or the file cannot be read.
    """
    if patients < 10:
        raise InputError(f"patients: {patients}; give 10 or more")
    chosen = [arm for arm in runnable_arms() if not arms or arm.id in arms]
    unknown = sorted(set(arms) - {arm.id for arm in chosen})
    if unknown:
        raise InputError(f"arm: {unknown[0]!r} does not run by its name; see rascade cohort --help")
    place = folder / FILE
    kept = {row["arm_id"]: row for row in averaging_rows(folder)} if place.is_file() else {}
    folder.mkdir(parents=True, exist_ok=True)
    for index, arm in enumerate(chosen):
        progress(index / len(chosen), arm.id)
        key = _key(arm, patients, seed)
        if kept.get(arm.id, {}).get("key") != key:
            kept[arm.id] = _row(arm, patients, seed, threads) | {"key": key}
            ordered = [kept[name] for name in sorted(kept)]
            write_text(place, json.dumps(ordered, indent=2) + "\n")
    progress(1.0, "done")
    return [kept[arm.id] for arm in chosen]


def averaging_rows(folder: Path) -> list[dict[str, Any]]:
    """Read ``averaging.json`` of a folder.

    Returns:
        One row an arm: ``arm_id``, ``regimen``, ``patients``; ``log_size_error`` (mean of the
        logarithm of the averaged size over the exact one at week 8) and ``log_size_scatter`` (its
        standard deviation between patients); ``orr_pct``, ``pfs_months`` and ``os_months``, each
        with ``exact`` and ``averaged``, None where a median is not reached.

    Raises:
        InputError: it cannot be read.
    """
    try:
        rows: list[dict[str, Any]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / FILE}: cannot be read ({error}); remove it") from error
    return rows


def _key(arm: TrialArmRun, patients: int, seed: int) -> str:
    """Say what a row depends on."""
    text = json.dumps([course_inputs(arm.spec), patients, seed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _row(arm: TrialArmRun, patients: int, seed: int, threads: int) -> dict[str, Any]:
    exact, averaged = (_follow(arm, patients, seed, threads, merge) for merge in (False, True))
    ratio = np.log(averaged.size / exact.size)
    known = ratio[np.isfinite(ratio)]
    return {
        "arm_id": arm.id,
        "regimen": format_regimen(arm.spec.arms[0].regimen),
        "patients": patients,
        "log_size_error": tidy(float(known.mean())) if known.size else None,
        "log_size_scatter": tidy(float(known.std())) if known.size else None,
        "orr_pct": {"exact": exact.orr, "averaged": averaged.orr},
        "pfs_months": {"exact": exact.pfs, "averaged": averaged.pfs},
        "os_months": {"exact": exact.os, "averaged": averaged.os},
    }


def _follow(arm: TrialArmRun, patients: int, seed: int, threads: int, averaged: bool) -> _Followed:
    """Follow an arm as predictions do, or as trials do."""
    from rascade.engine import Settings

    settings = Settings(threads=threads, rtol=RTOL) if averaged else Settings(threads=threads)
    plan = replace(uncut(arm.spec, follow_up_months(arm)), seed=seed)
    table = population_table(plan.population, arm.line)
    run, weight = simulate_members(plan, plan.arms[0], [table], patients, settings, averaged)
    found = courses_of(plan, run, weight)
    share = np.average(np.isfinite(found.response[0]), weights=weight[0])
    times = (found.times(endpoint) for endpoint in ("pfs", "os"))
    medians = [tidy(curve(t[0], event[0], weight[0]).median_months) for t, event in times]
    return _Followed(_size(run), float(tidy(float(share), 100.0) or 0.0), medians[0], medians[1])


def _size(run: ArmRun) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not run.visits:
        return np.full(run.cohort.population.size, np.nan)
    visit = min(run.visits, key=lambda one: abs(one.scheduled - _WEEK_8))
    return np.where(visit.attended, visit.scan.true_sum_mm, np.nan)
