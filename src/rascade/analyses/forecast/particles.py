"""Virtual patients of every member under what a patient has been given, and how they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.prediction.courses import simulate_members, uncut
from rascade.trial.running.predicting import RTOL
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import ParameterTable
    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun

    Floats = NDArray[np.float64]

__all__ = ["Particles", "simulate_particles"]

#: Scans of the virtual patients while the past is repeated, so that any day lies near one.
_EVERY_WEEKS = 4.0


@dataclass(frozen=True)
class Particles:
    """Virtual patients, m members of N one after the other, p in all.

    Attributes:
        days: (s,) days of their scans, 0 first.
        log_size: (p, s) logarithm of the sum of diameters relative to day 0; NaN after death.
        log_marker: (p, s) the same of CA 19-9; NaN for who cannot make it.
        size_mm: (p,) sum of diameters on day 0.
        tmb: (p,) mutations per megabase.
        profiles: property -> (p,) values.
        weight: (p,) 0 for who does not count.
    """

    days: Floats
    log_size: Floats
    log_marker: Floats
    size_mm: Floats
    tmb: Floats
    profiles: Mapping[str, NDArray[Any]]
    weight: Floats

    def at(self, day: float, marker: bool = False) -> Floats:
        """Return the logarithm of size, or marker, relative to day 0 on a day, (p,)."""
        values = self.log_marker if marker else self.log_size
        later = int(np.clip(np.searchsorted(self.days, day), 1, self.days.size - 1))
        first, last = self.days[later - 1], self.days[later]
        share = (day - first) / (last - first)
        return np.asarray((1.0 - share) * values[:, later - 1] + share * values[:, later])


def simulate_particles(
    spec: TrialSpec,
    tables: Sequence[ParameterTable],
    *,
    patients: int,
    last_day: float,
    threads: int = 1,
    report: Callable[[float], None] | None = None,
) -> Particles:
    """Simulate virtual patients under the first arm of a trial.

    Args:
        spec: the trial; its arm is what the patient has been given, its eligibility who he is.
        tables: m parameter tables, one a member.
        patients: N, of each member.
        last_day: last day on which something was seen.
        threads: of the engine; results do not depend on it.
        report: called with the share done.

    Raises:
        EligibilityError: no virtual patient has the profile.
    """
    from rascade.engine import Settings

    months = (last_day + 8.0 * 7.0) / DAYS_PER_MONTH
    plan = replace(uncut(spec, months), imaging_every_weeks=_EVERY_WEEKS, scan_window_days=0.0)
    protocol = replace(plan.arms[0].protocol, beyond_progression=True)
    plan = replace(plan, arms=(replace(plan.arms[0], protocol=protocol),))
    settings = Settings(threads=threads, rtol=RTOL)
    parts = []
    for index, table in enumerate(tables):
        run, weight = simulate_members(plan, plan.arms[0], [table], patients, settings, True)
        parts.append(_read(run, weight[0]))
        if report:
            report((index + 1) / len(tables))
    return _joined(parts)


def _read(run: ArmRun, weight: Floats) -> Particles:
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = [np.zeros(weight.size)]
        markers = [np.zeros(weight.size)]
        start = np.log(run.baseline_mm)
        before = np.log(run.baseline_markers["ca19_9_u_ml"])
        for visit in run.visits:
            alive = run.death_day > visit.scheduled
            size = np.log(visit.scan.true_sum_mm) - start
            sizes.append(np.where(alive, size, np.nan))
            marker = np.log(visit.markers["ca19_9_u_ml"]) - before
            markers.append(np.where(alive, marker, np.nan))
    population = run.cohort.population
    tmb = population.parameters.get("TMB", np.full(weight.size, np.nan))
    return Particles(
        np.array([0.0, *(visit.scheduled for visit in run.visits)]),
        np.stack(sizes, axis=1),
        np.stack(markers, axis=1),
        np.asarray(run.baseline_mm, dtype=float),
        np.asarray(tmb, dtype=float),
        population.profiles,
        weight,
    )


def _joined(parts: Sequence[Particles]) -> Particles:
    def together(name: str) -> Floats:
        return np.concatenate([getattr(part, name) for part in parts])

    profiles = {
        name: np.concatenate([part.profiles[name] for part in parts]) for name in parts[0].profiles
    }
    return Particles(
        parts[0].days,
        together("log_size"),
        together("log_marker"),
        together("size_mm"),
        together("tmb"),
        profiles,
        together("weight"),
    )
