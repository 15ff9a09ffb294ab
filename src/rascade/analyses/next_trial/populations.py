"""The arms of a trial as populations that replicate trials draw from, one set a member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rascade.analyses.operating.population import ArmPopulation
from rascade.trial.prediction.courses import courses_of, simulate_members, uncut
from rascade.trial.running.predicting import RTOL

if TYPE_CHECKING:
    from rascade.model import ParameterTable
    from rascade.trial.design.spec import TrialSpec

__all__ = ["member_populations"]

_AT_ONCE = 6000


def member_populations(
    spec: TrialSpec,
    tables: Sequence[ParameterTable],
    endpoint: str,
    *,
    patients: int,
    threads: int = 1,
    report: Callable[[float], None] | None = None,
) -> list[list[ArmPopulation]]:
    """Simulate all arms of a trial in some members.

    A patient's progression is known on the day of his scan, and that he is free of it until the
    trial ends: censoring at the last scan, which changes little, is left out.

    Args:
        spec: the trial; the reference comes first in what is returned.
        tables: m parameter tables, one a member.
        endpoint: ``os`` or ``pfs``.
        patients: of each member and arm.
        threads: of the engine; results do not depend on it.
        report: called with the share done.

    Returns:
        Of each member the populations of the arms, the reference first.
    """
    from rascade.engine import Settings

    plan = uncut(spec, spec.follow_up_months)
    settings = Settings(threads=threads, rtol=RTOL)
    names = [str(spec.reference_arm)]
    names += [arm.name for arm in spec.arms if arm.name != names[0]]
    step = max(1, _AT_ONCE // patients)
    found: list[list[ArmPopulation]] = [[] for _ in tables]
    done = 0
    for place, name in enumerate(names):
        arm = next(arm for arm in spec.arms if arm.name == name)
        # Arms treat different people, as in a trial; a member's arms do not share their luck.
        own = replace(plan, seed=plan.seed + place)
        for first in range(0, len(tables), step):
            some = tables[first : first + step]
            run, weight = simulate_members(own, arm, some, patients, settings, True)
            courses = courses_of(own, run, weight)
            time, event = courses.times(endpoint)
            profiles = run.cohort.population.profiles
            for k in range(len(some)):
                rows = slice(k * patients, (k + 1) * patients)
                counts = weight[k] > 0
                found[first + k].append(
                    ArmPopulation(
                        name,
                        np.where(event[k], time[k], np.inf)[counts],
                        np.where(event[k], np.inf, time[k])[counts],
                        {n: np.asarray(v)[rows][counts] for n, v in profiles.items()},
                    )
                )
            done += len(some)
            if report:
                report(done / (len(names) * len(tables)))
    return found
