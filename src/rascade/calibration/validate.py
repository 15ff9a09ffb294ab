"""How well the population predicts: every arm that runs by its name, beside three baselines.

Values that were fitted and values that were not are scored apart. The baselines are the mean of the
other arms of the same line, the prior (the population before any trial was seen), and the previous
model (``data/previous.csv``, as it predicted the same arms).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.calibration.build import follow_up_months
from rascade.calibration.targets import LANDMARK, MEASURES, Target, TrialArmRun, runnable_arms
from rascade.errors import EvidenceError
from rascade.model import load_table
from rascade.patients.hyperparameters import Ensemble, load_hyperparameters
from rascade.progress import Progress, silent
from rascade.trial.prediction.courses import Courses, simulate_arm
from rascade.trial.prediction.measures import curve, known_days, response_share
from rascade.trial.prediction.predict import replicates
from rascade.trial.running.predicting import RTOL
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "Prediction",
    "kept_validation",
    "miss",
    "predictions",
    "previous",
    "prior_ensemble",
    "scores",
    "table",
    "typical",
    "write_validation",
]

_LOW, _HIGH = 5.0, 95.0
_REPLICATES = 400


@dataclass(frozen=True)
class Prediction:
    """A published value and what the population says of it.

    Attributes:
        target: what was published, with its role.
        drugs: of the arm.
        line: of treatment.
        median, low, high: of the predictive distribution for a trial of the arm's size; infinite
            where a median survival time is not reached.
        place: share of the distribution below the published value, 0 to 1 (its probability
            integral transform; in the middle of equal values).
        central: what the central member's patients say, without chance.
    """

    target: Target
    drugs: tuple[str, ...]
    line: int
    median: float
    low: float
    high: float
    place: float
    central: float

    @property
    def inside(self) -> bool:
        """Whether the published value lies within the 90 % interval."""
        return self.low <= self.target.value <= self.high


def predictions(
    ensembles: Sequence[Ensemble],
    *,
    arms: Sequence[TrialArmRun] | None = None,
    patients: int = 200,
    seed: int = 7,
    threads: int = 1,
    progress: Progress = silent,
) -> list[list[Prediction]]:
    """Predict every published value of arms, each at its own size, line, scans and data cut.

    Args:
        ensembles: populations; all are simulated at once, so that a model is compiled once.
        arms: all that run by their names if None.
        patients: simulated of each member.
        seed: of patients that no fit has seen.
        threads: of the engine.
        progress: called with the share done and what is being done.
    """
    from rascade.engine import Settings

    base = load_table()
    ends = np.cumsum([0, *(len(each.values) for each in ensembles)]).tolist()
    chosen = runnable_arms() if arms is None else arms
    found: list[list[Prediction]] = [[] for _ in ensembles]
    for index, arm in enumerate(chosen):
        progress(index / len(chosen), arm.id)
        courses = simulate_arm(
            arm.spec,
            arm.spec.arms[0],
            [table for each in ensembles for table in each.tables(base, arm.line)],
            patients=patients,
            months=_months(arm),
            settings=Settings(threads=threads, rtol=RTOL),
            seed=seed,
        )
        for predicted, first, last in zip(found, ends[:-1], ends[1:], strict=True):
            predicted += _of_arm(arm, courses.members_from(first, last))
    progress(1.0, "done")
    return found


def _months(arm: TrialArmRun) -> float:
    """Return how long an arm is followed: also to its last landmark."""
    last = max((target.curve[1] for target in arm.landmarks), default=0.0)
    return max(follow_up_months(arm), last)


def _of_arm(arm: TrialArmRun, courses: Courses) -> list[Prediction]:
    name = arm.spec.arms[0].name
    drawn = replicates(arm.spec, {name: courses}, count=_REPLICATES)
    central = _central(arm, courses.member(0))
    found = []
    for target in (*arm.targets, *arm.landmarks):
        if target.measure == LANDMARK:
            values = 100.0 * drawn.free(name, *target.curve)
        else:
            values = drawn.arms[name][target.endpoint] * (100.0 if target.percent else 1.0)
        low, median, high = np.percentile(values, [_LOW, 50.0, _HIGH], method="inverted_cdf")
        below = float(np.mean(values < target.value) + 0.5 * np.mean(values == target.value))
        found.append(
            Prediction(
                target, arm.drugs, arm.line, float(median), float(low), float(high), below,
                central[target.endpoint],
            )
        )  # fmt: skip
    return found


def _central(arm: TrialArmRun, one: Courses) -> dict[str, float]:
    known = known_days(arm.spec, one.pfs.shape[1])
    times = {endpoint: one.times(endpoint) for endpoint in ("pfs", "os")}
    curves = {e: curve(t[0], event[0], one.weight[0]) for e, (t, event) in times.items()}
    found = {name: each.median_months for name, each in curves.items()}
    for target in arm.landmarks:
        endpoint, month = target.curve
        at = curves[endpoint].at(np.array([month * DAYS_PER_MONTH]))[0]
        found[target.endpoint] = float(at) * 100.0
    return {"orr": float(response_share(one, known)[0]) * 100.0, **found}


@cache
def previous() -> Mapping[tuple[str, str], float]:
    """Return what the previous model predicted: (arm, end point) -> value."""
    text = (files("rascade.calibration") / "data" / "previous.csv").read_text(encoding="utf-8")
    return {
        (row["arm_id"], row["endpoint"]): float(row["value"])
        for row in csv.DictReader(text.splitlines())
    }


def mean_of_line(found: Sequence[Prediction], one: Prediction) -> float:
    """Return the mean of what was published of the other arms of the same line.

    The logarithm is averaged for months, the percentage for response and landmark rates.
    """
    others = [
        other.target.value
        for other in found
        if other.target.endpoint == one.target.endpoint
        and other.line == one.line
        and other.target.arm_id != one.target.arm_id
    ]
    if not others:
        return float("nan")
    if one.target.percent:
        return float(np.mean(others))
    return float(np.exp(np.mean(np.log(others))))


def miss(target: Target, predicted: float) -> float:
    """Return the miss: of the logarithm for months, in percentage points for rates."""
    seen = target.value
    if target.percent:
        return predicted - seen
    return float(np.log(predicted) - np.log(seen)) if np.isfinite(predicted) else float("inf")


def scores(
    found: Sequence[Prediction], prior: Sequence[Prediction] | None = None
) -> dict[str, Any]:
    """Score predictions by role and end point, beside the baselines.

    Returns:
        role -> measure (see `MEASURES`) -> ``n``, ``inside_90`` (count), ``rank_correlation``, and
        the median absolute error (``error``) of the prediction and of each baseline.
    """
    before = {(p.target.arm_id, p.target.endpoint): p.median for p in prior or ()}
    result: dict[str, Any] = {}
    for role in sorted({p.target.role for p in found}):
        result[role] = {}
        for measure in MEASURES:
            mine = [p for p in found if (p.target.role, p.target.measure) == (role, measure)]
            if mine:
                result[role][measure] = _score(mine, found, before)
    return result


def _score(
    mine: Sequence[Prediction],
    found: Sequence[Prediction],
    before: Mapping[tuple[str, str], float],
) -> dict[str, Any]:
    seen = [p.target.value for p in mine]
    ways = {
        "model": [p.median for p in mine],
        "mean of the line": [mean_of_line(found, p) for p in mine],
        "prior": [before.get(_key(p), np.nan) for p in mine],
        "previous model": [previous().get(_key(p), np.nan) for p in mine],
    }
    errors = {
        way: [abs(miss(p.target, v)) for v, p in zip(values, mine, strict=True)]
        for way, values in ways.items()
    }
    return {
        "n": len(mine),
        "inside_90": sum(p.inside for p in mine),
        "rank_correlation": _rank(ways["model"], seen),
        "rank_correlation_previous": _rank(ways["previous model"], seen),
        "error": {way: typical(values) for way, values in errors.items()},
        "width": _rounded(
            np.median([p.high - p.low for p in mine])
            if mine[0].target.percent
            else np.median([np.log(p.high / max(p.low, 1e-9)) for p in mine])
        ),
    }


def _key(one: Prediction) -> tuple[str, str]:
    return one.target.arm_id, one.target.endpoint


def _rank(said: Sequence[float], seen: Sequence[float]) -> float | None:
    """Return the rank correlation of what is known; None of fewer than three values."""
    from scipy.stats import spearmanr

    known = [index for index, value in enumerate(said) if not np.isnan(value)]
    if len(known) < 3:
        return None
    return _rounded(spearmanr([said[k] for k in known], [seen[k] for k in known]).statistic)


def typical(errors: Sequence[float]) -> float | None:
    """Return the median of what is known; None where nothing is."""
    known = [error for error in errors if not np.isnan(error)]
    return _rounded(float(np.median(known))) if known else None


def _rounded(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None


def table(found: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Return one row a value, ready for CSV and JSON; blank where a median is not reached."""
    return [
        {
            "arm_id": p.target.arm_id,
            "endpoint": p.target.endpoint,
            "role": p.target.role,
            "line": p.line,
            "size": p.target.size,
            "published": p.target.value,
            "predicted": _rounded(p.median),
            "low90": _rounded(p.low),
            "high90": _rounded(p.high),
            "inside": p.inside,
            "place": _rounded(p.place),
            "mean_of_line": _rounded(mean_of_line(found, p)),
            "previous": previous().get((p.target.arm_id, p.target.endpoint)),
        }
        for p in found
    ]


def kept_validation() -> Path:
    """Return the folder of the validation of the shipped ensemble, as the pages quote it.

    Raises:
        EvidenceError: this Rascade was installed without it.
    """
    here = Path(__file__).resolve().parent
    for place in (here / "data" / "validation", here.parents[2] / "docs/results/validation"):
        if place.is_dir():
            return place
    raise EvidenceError("this Rascade was installed without its validation")


def write_validation(
    folder: Path, found: Sequence[Prediction], prior: Sequence[Prediction] | None = None
) -> dict[str, Any]:
    """Write ``validation.csv`` and ``validation.json`` into a folder, and return the scores."""
    from rascade.results.store import write_json, write_rows

    result = scores(found, prior)
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "validation.csv", table(found))
    write_json(folder / "validation.json", result)
    return result


def prior_ensemble(ensemble: Ensemble) -> Ensemble:
    """Return as many members, drawn from the prior: what was known before any trial was seen."""
    from rascade.statistics.smoother import normal_hypercube

    sd = {item.name: item.sd for item in load_hyperparameters()}
    rng = np.random.default_rng(10**6)
    drawn = normal_hypercube(rng, max(ensemble.size, 1), np.array([sd[n] for n in ensemble.names]))
    return Ensemble(ensemble.names, np.concatenate([0 * drawn[:1], drawn]), {})
