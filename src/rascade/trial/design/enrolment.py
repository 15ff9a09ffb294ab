"""Who enters a trial where and when, into which arm, and how long the trial watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rascade.trial.assessment.lesions import load_measurement
from rascade.trial.design.accrual import enter
from rascade.trial.design.randomization import randomize, strata_codes
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from rascade.engine import Settings
    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]
    Groups = Sequence[tuple[NDArray[np.bool_], Mapping[str, Mapping[str, float]]]]

__all__ = ["Allocation", "Enrolment", "case_mix", "enrolment", "randomized"]


@dataclass(frozen=True)
class Enrolment:
    """Patients of a trial as they enter; arrays of shape (n,).

    Attributes:
        entry_day: calendar day of entry; 0 for everybody in a trial without accrual.
        centre: names of the centres; None without accrual.
        last_day: days from entry until observation ends, by follow-up or by the cut-off; 0 or less
            for a patient who would enter after the cut-off.
        cut_after: days from entry until the cut-off; infinite without one.
        cut: (n,) whose observation ends with the cut-off, before the planned follow-up is over.
        reading_error: coefficient of variation of a measured diameter; None where no centre has
            its own.
    """

    entry_day: Floats
    centre: NDArray[np.str_] | None
    last_day: Floats
    cut_after: Floats
    cut: NDArray[np.bool_]
    reading_error: Floats | None

    @property
    def enrolled(self) -> NDArray[np.bool_]:
        """(n,) patients who enter before the cut-off."""
        return np.asarray(self.last_day > 0)

    @property
    def columns(self) -> dict[str, Any]:
        """What the table of patients shows; nothing in a trial without accrual."""
        if self.centre is None:
            return {}
        return {"centre": self.centre, "entry_day": self.entry_day}


def enrolment(
    spec: TrialSpec, patients: NDArray[np.int64], cut_day: float | None = None
) -> Enrolment:
    """Return when and where patients of a trial enter; they are numbered in order of entry.

    A patient who would enter on the day of the cut-off or later is not `enrolled`: he is not in the
    data.

    Args:
        spec: the trial.
        patients: (n,) patient numbers.
        cut_day: calendar day of the data cut-off, where events decided it; None takes the month of
            the trial's cut-off, if it has one.
    """
    entry, place = np.zeros(patients.shape), None
    if spec.accrual is not None:
        entry, place = enter(spec.accrual, spec.seed, patients)
    if cut_day is None:
        month = None if spec.cut_off is None else spec.cut_off.month
        cut_day = np.inf if month is None else month * DAYS_PER_MONTH
    follow_up, cut_after = spec.follow_up_months * DAYS_PER_MONTH, cut_day - entry
    watched = np.minimum(cut_after, follow_up), cut_after, cut_after < follow_up
    if spec.accrual is None or place is None:
        return Enrolment(entry, None, *watched, None)
    centres = spec.accrual.centres
    error = None
    if any(centre.reading_error is not None for centre in centres):
        usual = load_measurement()["measurement_error"].value
        own = [usual if c.reading_error is None else c.reading_error for c in centres]
        error = np.array(own)[place]
    return Enrolment(entry, np.array([c.name for c in centres])[place], *watched, error)


def case_mix(spec: TrialSpec, patients: NDArray[np.int64]) -> Groups:
    """Return the patients of each centre that has a case mix of its own, and the mix."""
    if spec.accrual is None or not any(c.case_mix for c in spec.accrual.centres):
        return ()
    place = enter(spec.accrual, spec.seed, patients)[1]
    return [(place == k, c.case_mix) for k, c in enumerate(spec.accrual.centres) if c.case_mix]


class Allocation(tuple[NDArray[np.int64], ...]):
    """Patients by arm: (n,) patient numbers of each, in the order of entry.

    Attributes:
        strata: stratification factor -> value of every patient of the trial as he was randomised,
            by patient number; empty without strata.
        stratum: (patients of the trial,) the whole stratum in words; None without strata.
    """

    strata: Mapping[str, NDArray[np.str_]] = {}
    stratum: NDArray[np.str_] | None = None

    def columns(self, patients: NDArray[np.int64]) -> dict[str, Any]:
        """Return what the table of patients shows of the strata; nothing without any."""
        if self.stratum is None:
            return {}
        each = {f"stratum_{name}": values[patients] for name, values in self.strata.items()}
        return {"stratum": self.stratum[patients], **each}


def randomized(spec: TrialSpec, sizes: Sequence[int], settings: Settings) -> Allocation:
    """Return each arm's patients as randomisation assigns them.

    Strata are those of the patients as screened, which is before anybody has an arm: with the model
    without drugs. Sizes of the arms follow from the list; only their sum is that of the plan.

    Args:
        spec: the trial, with a randomisation.
        sizes: planned patients of each arm.
        settings: of the solver.
    """
    from rascade.model import assemble
    from rascade.patients import draw_cohort
    from rascade.trial.design.models import population_table

    assert spec.randomization is not None
    patients = np.arange(sum(sizes), dtype=np.int64)
    stratum, names = np.zeros(patients.shape, dtype=np.int64), ["all"]
    factors: dict[str, NDArray[np.str_]] = {}
    if spec.randomization.strata:
        changes = spec.shared_changes
        table = population_table(spec.population, spec.cohort.line)
        screened = draw_cohort(
            assemble((), table=table.with_values(changes.parameters), include=changes.include),
            seed=spec.seed,
            patients=patients,
            eligibility=spec.cohort.eligibility,
            settings=settings,
            mix=lambda some: case_mix(spec, some),
        )
        profiles = screened.population.profiles
        stratum, names = strata_codes(profiles, spec.randomization.strata)
        factors = {name: profiles[name].astype(str) for name in spec.randomization.strata}
    arm = randomize(spec.randomization, spec.seed, stratum, names)
    found = Allocation(patients[arm == k] for k in range(len(sizes)))
    if factors:
        found.strata, found.stratum = factors, np.array(names)[stratum]
    return found
