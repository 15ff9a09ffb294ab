"""Who enters a trial where and when, into which arm, and how long the trial watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.accrual import enter
from rascade.trial.endpoints import DAYS_PER_MONTH
from rascade.trial.lesions import load_measurement
from rascade.trial.randomization import randomize, strata_codes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.engine import Settings
    from rascade.trial.spec import TrialSpec

    Floats = NDArray[np.float64]
    Groups = Sequence[tuple[NDArray[np.bool_], Mapping[str, Mapping[str, float]]]]

__all__ = ["Enrolment", "case_mix", "cut_off_month", "enrolment", "randomized"]


_HAIR = 1e-6  # days


@dataclass(frozen=True)
class Enrolment:
    """Patients of a trial as they enter; arrays of shape (n,).

    Attributes:
        entry_day: calendar day of entry; 0 for everybody in a trial without accrual.
        centre: names of the centres; None without accrual.
        last_day: days from entry until observation ends, by follow-up or by the cut-off.
        reading_error: coefficient of variation of a measured diameter; None where no centre has
            its own.
    """

    entry_day: Floats
    centre: NDArray[np.str_] | None
    last_day: Floats
    reading_error: Floats | None

    @property
    def columns(self) -> dict[str, Any]:
        """What the table of patients shows; nothing in a trial without accrual."""
        if self.centre is None:
            return {}
        return {"centre": self.centre, "entry_day": self.entry_day}


def enrolment(spec: TrialSpec, patients: NDArray[np.int64]) -> Enrolment:
    """Return when and where patients of a trial enter; they are numbered in order of entry.

    A patient who would enter after the cut-off has a `last_day` of 0: he is not in the data.

    Args:
        spec: the trial.
        patients: (n,) patient numbers.
    """
    entry, place = np.zeros(patients.shape), None
    if spec.accrual is not None:
        entry, place = enter(spec.accrual, spec.seed, patients)
    last = np.full(patients.shape, spec.follow_up_months * DAYS_PER_MONTH)
    if spec.cut_off is not None and spec.cut_off.month is not None:
        last = np.clip(spec.cut_off.month * DAYS_PER_MONTH - entry, 0.0, last)
    if spec.accrual is None or place is None:
        return Enrolment(entry, None, last, None)
    centres = spec.accrual.centres
    error = None
    if any(centre.reading_error is not None for centre in centres):
        usual = load_measurement()["measurement_error"].value
        own = [usual if c.reading_error is None else c.reading_error for c in centres]
        error = np.array(own)[place]
    return Enrolment(entry, np.array([c.name for c in centres])[place], last, error)


def case_mix(spec: TrialSpec, patients: NDArray[np.int64]) -> Groups:
    """Return the patients of each centre that has a case mix of its own, and the mix."""
    if spec.accrual is None or not any(c.case_mix for c in spec.accrual.centres):
        return ()
    place = enter(spec.accrual, spec.seed, patients)[1]
    return [(place == k, c.case_mix) for k, c in enumerate(spec.accrual.centres) if c.case_mix]


def randomized(
    spec: TrialSpec, sizes: Sequence[int], settings: Settings
) -> list[NDArray[np.int64]]:
    """Return each arm's patient numbers as randomisation assigns them.

    Strata are those of the patients as screened, which is before anybody has an arm: with the model
    without drugs. Sizes of the arms follow from the list; only their sum is that of the plan.

    Args:
        spec: the trial, with a randomisation.
        sizes: planned patients of each arm.
        settings: of the solver.
    """
    from rascade.model import assemble, load_table
    from rascade.patients import draw_cohort

    assert spec.randomization is not None
    patients = np.arange(sum(sizes), dtype=np.int64)
    stratum, names = np.zeros(patients.shape, dtype=np.int64), ["all"]
    if spec.randomization.strata:
        changes = spec.shared_changes
        table = load_table().with_values(changes.parameters)
        screened = draw_cohort(
            assemble((), table=table, include=changes.include),
            seed=spec.seed,
            patients=patients,
            eligibility=spec.cohort.eligibility,
            settings=settings,
            mix=lambda some: case_mix(spec, some),
        )
        profiles = screened.population.profiles
        stratum, names = strata_codes(profiles, spec.randomization.strata)
    arm = randomize(spec.randomization, spec.seed, stratum, names)
    return [patients[arm == k] for k in range(len(sizes))]


def cut_off_month(spec: TrialSpec, patients: pd.DataFrame) -> float | None:
    """Return when a trial that waits for events is cut off, in months; None where it never is.

    Args:
        spec: the trial, with a cut-off.
        patients: one row a patient, followed without a cut-off.
    """
    assert spec.cut_off is not None
    end = spec.cut_off.endpoint
    entry = enrolment(spec, patients["patient"].to_numpy(np.int64)).entry_day
    month, event = (patients[f"{end}_{what}"].to_numpy() for what in ("months", "event"))
    after = np.where(event.astype(bool), month.astype(float) * DAYS_PER_MONTH, np.inf)
    day = spec.cut_off.day(entry, np.where(np.isfinite(after), after, np.inf))
    # A hair later, so that rounding does not lose the event that ends the trial.
    return (day + _HAIR) / DAYS_PER_MONTH if np.isfinite(day) else None
