"""The prediction of a trial: simulated after its arms, and kept where its chunks are kept."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.design.models import trial_ensemble
from rascade.trial.prediction.courses import Courses, simulate_arm
from rascade.trial.prediction.predict import ENDPOINTS, POOL, predict
from rascade.trial.running.inputs import course_inputs

if TYPE_CHECKING:
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.running.stores import Store

__all__ = ["RTOL", "add_prediction", "prediction"]

#: Tolerance of the solver: what it misses is far below what members and chance differ by.
RTOL = 1e-3


def prediction(
    plan: TrialSpec,
    store: Store[Any],
    *,
    threads: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any] | None:
    """Predict the results of a trial; None where its patients are of the bare table.

    None as well where the data cut waits for events that courses do not tell, those of an end point
    other than progression-free and overall survival: when it would be, nobody can say.

    Courses are kept arm by arm, so that a run that goes on, or grows, does not simulate them again.

    Args:
        plan: of the trial.
        store: of its chunks.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done and what is being done.
    """
    from rascade.engine import Settings
    from rascade.model import load_table

    ensemble = trial_ensemble(plan.population)
    cut = plan.cut_off
    untold = cut is not None and cut.events is not None and cut.endpoint not in ENDPOINTS
    if ensemble is None or untold:
        return None
    chosen = ensemble.first(min(plan.members, ensemble.size))
    tables = chosen.tables(load_table(), plan.cohort.line)
    inputs = json.dumps([course_inputs(plan), chosen.size, POOL, RTOL], sort_keys=True)
    digest, found = hashlib.sha256(inputs.encode()).hexdigest(), {}
    for index, arm in enumerate(plan.arms):

        def told(share: float, index: int = index, name: str = arm.name) -> None:
            if progress:
                progress((index + share) / len(plan.arms), f"predicting {name}")

        told(0.0)
        place = f"courses-{index}-{digest[:16]}.npz"
        courses = _read(store.kept(place))
        if courses is None:
            courses = simulate_arm(
                plan,
                arm,
                tables,
                patients=POOL,
                months=plan.follow_up_months,
                settings=Settings(threads=threads, rtol=RTOL),
                report=told,
            )
            store.keep(place, _packed(courses))
        found[arm.name] = courses
    return predict(plan, found)


def _packed(courses: Courses) -> bytes:
    buffer = io.BytesIO()
    columns = {field.name: getattr(courses, field.name) for field in fields(courses)}
    np.savez_compressed(buffer, allow_pickle=False, **columns)
    return buffer.getvalue()


def _read(content: bytes | None) -> Courses | None:
    """Return kept courses; None where there are none, or damaged ones, to be simulated again."""
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return Courses(**{field.name: kept[field.name] for field in fields(Courses)})
    except Exception:  # whatever a damaged archive raises: zlib, zipfile, NumPy
        return None


def add_prediction(summary: dict[str, Any], found: Mapping[str, Any] | None) -> None:
    """Put a prediction into a trial's summary, beside what was simulated of each arm."""
    if found is None:
        return
    for row in summary["arms"]:
        row["prediction"] = found["arms"][row["name"]]
    for row in summary["contrasts"]:
        row["prediction"] = found["contrasts"][row["arm"]]
