"""Contrasts of published trials: is the better arm of the model the better arm of the trial?

Two arms of one trial, simulated in the same members and patients, entering and cut as published.
No hazard ratio is ever fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.build import follow_up_months
from rascade.calibration.targets import runnable_arms
from rascade.model import load_table
from rascade.progress import Progress, silent
from rascade.trial.prediction.courses import simulate_arm
from rascade.trial.prediction.predict import replicates
from rascade.trial.running.predicting import RTOL

if TYPE_CHECKING:
    from rascade.calibration.targets import TrialArmRun
    from rascade.evidence import Contrast
    from rascade.patients.hyperparameters import Ensemble
    from rascade.trial.design.spec import TrialSpec

__all__ = ["ContrastPrediction", "predict_contrasts", "summary", "write_contrasts"]

_ENDPOINTS = {"PFS": "pfs", "OS": "os"}


@dataclass(frozen=True)
class ContrastPrediction:
    """A published hazard ratio and what the population says of it.

    Attributes:
        contrast: of the evidence.
        median, low, high: of the predicted hazard ratio of a trial of these sizes (90 %).
    """

    contrast: Contrast
    median: float
    low: float
    high: float

    @property
    def right_sign(self) -> bool:
        """Whether the predicted and the published ratio favour the same arm."""
        return bool((self.median < 1.0) == (self.contrast.hazard_ratio < 1.0))

    @property
    def inside(self) -> bool:
        """Whether the published ratio lies within the 90 % interval."""
        return self.low <= self.contrast.hazard_ratio <= self.high

    @property
    def significantly_wrong(self) -> bool:
        """Whether the intervals favour different arms, both without doubt."""
        seen = self.contrast
        if seen.low is None or seen.high is None:
            return False
        return (self.low > 1.0 and seen.high < 1.0) or (self.high < 1.0 and seen.low > 1.0)


def predict_contrasts(
    ensemble: Ensemble,
    *,
    patients: int = 100,
    seed: int = 7,
    threads: int = 1,
    progress: Progress = silent,
) -> list[ContrastPrediction]:
    """Predict every published hazard ratio of PFS or OS between two arms that run by their names.

    Args:
        ensemble: the population.
        patients: simulated of each member and arm.
        seed: of patients that no fit has seen.
        threads: of the engine.
        progress: called with the share done and what is being done.
    """
    from rascade.evidence import load

    arms = {arm.id: arm for arm in runnable_arms()}
    wanted = [
        one
        for one in load().contrasts
        if one.endpoint in _ENDPOINTS and one.arm_id in arms and one.reference_id in arms
    ]
    pairs = list(dict.fromkeys((one.arm_id, one.reference_id) for one in wanted))
    ratios = {}
    for index, (arm, reference) in enumerate(pairs):
        progress(index / len(pairs), f"{arm} against {reference}")
        ratios[arm, reference] = _ratios(
            arms[arm], arms[reference], ensemble, patients, seed, threads
        )
    progress(1.0, "done")
    found = []
    for one in wanted:
        values = ratios[one.arm_id, one.reference_id][_ENDPOINTS[one.endpoint]]
        low, median, high = np.exp(np.nanpercentile(values, [5.0, 50.0, 95.0]))
        found.append(ContrastPrediction(one, float(median), float(low), float(high)))
    return found


def _ratios(
    arm: TrialArmRun,
    reference: TrialArmRun,
    ensemble: Ensemble,
    patients: int,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """Return log hazard ratios of replicate trials by end point."""
    from rascade.engine import Settings

    spec = _both(arm.spec, reference.spec)
    months = max(follow_up_months(arm), follow_up_months(reference))
    tables = ensemble.tables(load_table(), arm.line)
    courses = {
        each.name: simulate_arm(
            spec,
            each,
            tables,
            patients=patients,
            months=months,
            settings=Settings(threads=threads, rtol=RTOL),
            seed=seed,
        )
        for each in spec.arms
    }
    return dict(replicates(spec, courses).ratios[spec.arms[0].name])


def _both(arm: TrialSpec, reference: TrialSpec) -> TrialSpec:
    """Return the trial of two arms whose own studies have one arm each."""
    one, other = arm.arms[0], reference.arms[0]
    if one.name == other.name:
        other = replace(other, name=f"{other.name} (reference)")
    sizes = arm.cohort.size, reference.cohort.size
    accrual = arm.accrual
    if accrual is not None:
        # The arm's own study brings its patients alone in the time that both arms took together.
        faster = sum(sizes) / sizes[0]
        centres = (replace(c, rate_per_month=c.rate_per_month * faster) for c in accrual.centres)
        accrual = replace(accrual, centres=tuple(centres))
    return replace(
        arm,
        arms=(replace(one, size=sizes[0]), replace(other, size=sizes[1])),
        reference=other.name,
        accrual=accrual,
    )


def summary(found: Sequence[ContrastPrediction]) -> dict[str, Any]:
    """Return counts and the rows, ready for JSON."""
    return {
        "n": len(found),
        "right_sign": sum(one.right_sign for one in found),
        "inside_90": sum(one.inside for one in found),
        "significantly_wrong": sum(one.significantly_wrong for one in found),
        "contrasts": [
            {
                "id": one.contrast.id,
                "arm_id": one.contrast.arm_id,
                "reference_id": one.contrast.reference_id,
                "endpoint": one.contrast.endpoint,
                "published": one.contrast.hazard_ratio,
                "published_low": one.contrast.low,
                "published_high": one.contrast.high,
                "predicted": round(one.median, 3),
                "low90": round(one.low, 3),
                "high90": round(one.high, 3),
                "right_sign": one.right_sign,
                "inside": one.inside,
            }
            for one in found
        ],
    }


def write_contrasts(folder: Path, found: Sequence[ContrastPrediction]) -> dict[str, Any]:
    """Write ``contrasts.json`` into a folder, and return what it holds."""
    from rascade.results.store import write_json

    result = summary(found)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "contrasts.json", result)
    return result
