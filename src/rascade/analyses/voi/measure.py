"""What measurements would read under every set of parameters, and how noisy they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rascade.analyses.voi.value import Measurement
from rascade.patients.stack import settled_stack
from rascade.trial.design.models import arm_assembly
from rascade.trial.prediction.measures import logit, off_the_ends, survival_at
from rascade.trial.prediction.predict import between_trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.analyses.voi.draws import Draws
    from rascade.engine import Settings
    from rascade.trial.design.spec import ArmSpec, TrialSpec
    from rascade.trial.prediction.courses import Courses

    Floats = NDArray[np.float64]

__all__ = ["arm_reading", "arms_apart", "assays", "biopsies", "one_arm"]


def assays(draws: Draws, cv: float) -> list[Measurement]:
    """Return an assay of every parameter: its typical value, read with a relative error.

    Args:
        draws: sets of parameters.
        cv: relative error of an assay.
    """
    table = draws.tables[0]
    return [
        Measurement(row, "assay", table[row].description, np.log(values), cv)
        for row, values in draws.rows.items()
        if (values > 0).all()
    ]


def biopsies(
    spec: TrialSpec,
    arm: ArmSpec,
    draws: Draws,
    species: Sequence[str],
    *,
    simulated: int,
    patients: int,
    cv: float,
    settings: Settings,
) -> list[Measurement]:
    """Return biopsies before treatment: the geometric mean of a species over some patients.

    Args:
        spec: the trial.
        arm: whose model holds the species.
        draws: sets of parameters.
        species: names in the model.
        simulated: patients simulated under each set.
        patients: who would be biopsied.
        cv: relative error of one reading.
        settings: of the solver.
    """
    stack, simulation = settled_stack(
        arm_assembly(spec, arm),
        draws.tables,
        seed=spec.seed,
        patients=np.arange(simulated, dtype=np.int64),
        eligibility=spec.cohort.eligibility,
        settings=settings,
    )
    found = []
    for name in species:
        values = np.maximum(simulation.value(name).reshape(len(draws.tables), simulated), 1e-12)
        logs = np.where(np.isfinite(values), np.log(values), 0.0)
        total = np.maximum(stack.weight.sum(axis=1), 1e-9)
        mean = (logs * stack.weight).sum(axis=1) / total
        spread = ((logs - mean[:, None]) ** 2 * stack.weight).sum(axis=1) / total
        noise = float(np.sqrt((np.median(spread) + cv * cv) / patients))
        about = f"{name} before treatment, mean of {patients} biopsies"
        found.append(Measurement(f"biopsy: {name}", "biopsy", about, mean, noise))
    return found


def arm_reading(courses: Courses, endpoint: str, size: int) -> tuple[Floats, float]:
    """Return what an arm would report, as log odds, and the standard deviation of its sample.

    Args:
        courses: of k sets of parameters.
        endpoint: ``orr``, ``pfs`` or ``os``; times as the share free of the event at the median of
            all sets.
        size: patients of the arm.
    """
    if endpoint == "orr":
        share = (np.isfinite(courses.response) * courses.weight).sum(axis=1)
        share = share / np.maximum(courses.weight.sum(axis=1), 1e-9)
    else:
        time, event = courses.times(endpoint)
        day = float(np.median(time[courses.weight > 0]))
        share = survival_at(time, event, courses.weight, [day])[:, 0]
    pool = courses.pfs.shape[1]
    kept = off_the_ends(share, pool)
    middle = float(np.median(kept))
    return logit(kept), float(np.sqrt(1.0 / (size * middle * (1.0 - middle))))


def one_arm(name: str, orders: str, courses: Courses, endpoint: str, size: int) -> Measurement:
    """Return a trial of one arm; trials of one regimen differ by more than their patients."""
    reading, sample = arm_reading(courses, endpoint, size)
    noise = float(np.hypot(sample, between_trials()[endpoint]))
    about = f"{endpoint.upper()} of {size} patients under {orders}"
    return Measurement(name, "arm", about, reading, noise)


def arms_apart(
    name: str, new: Courses, old: Courses, endpoint: str, size: int, orders: str
) -> Measurement:
    """Return a randomised trial of so many patients an arm; what its arms share cancels."""
    a, sample_a = arm_reading(new, endpoint, size)
    b, sample_b = arm_reading(old, endpoint, size)
    sd = between_trials()
    apart = sd[endpoint] * float(np.sqrt(2.0 * (1.0 - sd["shared"])))
    noise = float(np.sqrt(sample_a**2 + sample_b**2 + apart**2))
    about = f"{endpoint.upper()}, {size} patients an arm: {orders}"
    return Measurement(name, "trial", about, a - b, noise)
