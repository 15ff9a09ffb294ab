"""The same virtual patients under several regimens, in every member of the ensemble.

What a patient gains by one regimen over another is read patient by patient: the same numbers for
reading scans and for death, so that a difference is of the regimens alone. An `Effect` carries both
layers: which population is right (members) and who happens to be treated (patients).

This is for choosing among regimens, by what patients get out of them and what they suffer. `twins`
is for asking why: one member at a time, with pathways closed and with what is measured before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.prediction.courses import courses_of, simulate_members, uncut
from rascade.trial.running.predicting import RTOL
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import ParameterTable
    from rascade.regimen import Regimen
    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]

__all__ = ["Effect", "Outcomes", "effect", "joined", "outcomes", "with_regimen"]

_GRADE = 3
_DRAWS = 600


@dataclass(frozen=True)
class Outcomes:
    """What happened to the same patients in every member; arrays of shape (m, N).

    Attributes:
        pfs, os: months without an event, up to the horizon at most.
        response: whether a response was read.
        grade3: whether a side effect of grade 3 or more was seen.
        intensity: dose given over dose planned, mean over the drugs; 1 where none was planned.
        weight: 0 for patients who do not count.
    """

    pfs: Floats
    os: Floats
    response: Floats
    grade3: Floats
    intensity: Floats
    weight: Floats

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.pfs)

    def share(self, name: str) -> float:
        """Return the weighted mean of a field over patients and members."""
        return float((getattr(self, name) * self.weight).sum() / self.weight.sum())


_FIELDS = ("pfs", "os", "response", "grade3", "intensity", "weight")


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the members of several outcomes, one after the other."""
    return Outcomes(*(np.concatenate([getattr(p, n) for p in parts]) for n in _FIELDS))


def with_regimen(spec: TrialSpec, name: str, regimen: Regimen) -> TrialSpec:
    """Return the trial with one arm of these orders; who is treated, and how, stays."""
    arm = replace(spec.arms[0], name=name, regimen=regimen, phases=(), size=None, published=None)
    return replace(spec, arms=(arm,), reference=None)


def outcomes(
    spec: TrialSpec,
    tables: Sequence[ParameterTable],
    *,
    patients: int,
    seed: int,
    threads: int = 1,
    report: Callable[[float], None] | None = None,
) -> Outcomes:
    """Simulate the first arm of a trial in some members, with its side effects.

    Args:
        spec: the trial; everybody enters on day 0 and is followed to its end.
        tables: m parameter tables, one a member.
        patients: N, of each member; the same ones for the same seed.
        seed: of patients, readings and deaths.
        threads: of the engine; results do not depend on it.
        report: called with the share done.

    Raises:
        EligibilityError: nobody meets the trial's eligibility.
    """
    from rascade.engine import Settings

    plan = replace(uncut(spec, spec.follow_up_months), seed=seed)
    settings = Settings(threads=threads, rtol=RTOL)
    parts = []
    for index, table in enumerate(tables):
        parts.append(_member(plan, table, patients, settings))
        if report:
            report((index + 1) / len(tables))
    return joined(parts)


def _member(plan: TrialSpec, table: ParameterTable, patients: int, settings: object) -> Outcomes:
    # One member at a time: patients' numbers repeat from member to member, and side effects are
    # noted by number.
    run, weight = simulate_members(plan, plan.arms[0], [table], patients, settings, True)  # type: ignore[arg-type]
    course = courses_of(plan, run, weight)
    horizon = plan.follow_up_months * DAYS_PER_MONTH
    events = run.safety.events
    severe = events.loc[events["grade"] >= _GRADE, "patient"].to_numpy(np.int64)
    given = run.safety.intensity
    known = np.isfinite(given)
    total = np.where(known, given, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    intensity = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    return Outcomes(
        np.minimum(course.pfs, horizon) / DAYS_PER_MONTH,
        np.minimum(course.death, horizon) / DAYS_PER_MONTH,
        np.isfinite(course.response).astype(float),
        np.isin(run.safety.patients, severe).astype(float)[None, :],
        intensity[None, :],
        weight,
    )


@dataclass(frozen=True)
class Effect:
    """A mean with 90 % limits over patients and members.

    Attributes:
        value: mean over members of the mean over patients.
        low90, high90: limits.
        by_member: (m,) means over patients.
    """

    value: float
    low90: float
    high90: float
    by_member: Floats


def effect(values: Floats, weight: Floats, seed: int = 0) -> Effect:
    """Return the mean of patients' values with the chance of patients and the doubt of members.

    A member is drawn, and patients of it with replacement, 600 times.

    Args:
        values: (m, N), such as the difference of two regimens.
        weight: (m, N), 0 for patients who do not count.
        seed: of the drawing.
    """
    by_member = np.asarray((values * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12))
    rng = np.random.default_rng([seed, 17])
    m, n = values.shape
    means = []
    for _ in range(_DRAWS):
        who = np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
        member = int(rng.integers(0, m))
        weights = weight[member] * who
        means.append(float((values[member] * weights).sum() / max(weights.sum(), 1e-12)))
    low, high = np.percentile(means, [5.0, 95.0])
    return Effect(float(by_member.mean()), float(low), float(high), by_member)
