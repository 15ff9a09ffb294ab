"""The simulated population that replicate trials draw from.

Resampling patients that were simulated once gives the same distribution of trials as simulating
each trial anew, under these conditions:

* every patient is treated by the same protocol, whatever the trial around him does: looks, accrual
  and the end of the trial decide how long he is watched, not what he is given;
* patients do not influence each other (Rascade has no such coupling);
* what differs between centres changes who comes (case mix) and when, not how a scan is read: a
  reading changes treatment, so another reading error needs another simulation;
* the population stands for all patients: with n simulated patients an arm, drawn with replacement,
  the distribution is that of these n. The report gives the error that this leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import InputError
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "ENDPOINTS",
    "ArmPopulation",
    "arm_population",
    "exponential_population",
    "joined",
    "same_properties",
]

ENDPOINTS = ("os", "pfs")


@dataclass(frozen=True)
class ArmPopulation:
    """Simulated patients of one arm, n of them.

    Attributes:
        name: of the arm.
        event_day: (n,) days from entry to the event, infinite where it was not seen.
        checked: (k,) days at which a patient without an event may be known to be so, from 0 up.
        known_day: (n, k) last day on which the patient was known to be free of the event, if the
            trial ends after `checked` k; None where he is known to be until the trial ends.
        last_day: (n,) end of his own observation.
        properties: name -> (n,) values, for strata, case mix and enrichment.
        left_out: simulated patients that the solver gave up on.
    """

    name: str
    event_day: Floats
    last_day: Floats
    properties: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    checked: Floats | None = None
    known_day: Floats | None = None
    left_out: int = 0

    @property
    def size(self) -> int:
        """Number of patients."""
        return int(self.event_day.size)

    def kept(self, chosen: NDArray[np.bool_]) -> ArmPopulation:
        """Return the chosen patients."""
        return replace(
            self,
            event_day=self.event_day[chosen],
            last_day=self.last_day[chosen],
            properties={name: values[chosen] for name, values in self.properties.items()},
            known_day=None if self.known_day is None else self.known_day[chosen],
        )

    def observe(self, rows: NDArray[np.intp], watched: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Time and event of patients who are watched for some days.

        Args:
            rows: which patients, any shape.
            watched: days from entry to the end of observation, same shape.

        Returns:
            Days to event or censoring, and whether it is an event.
        """
        due = self.event_day[rows]
        # Whoever is watched without end has no event either where none was seen.
        event = np.isfinite(due) & (due <= watched)
        if self.known_day is None or self.checked is None:
            censored = np.minimum(self.last_day[rows], watched)
        else:
            visit = np.searchsorted(self.checked, watched, side="right") - 1
            censored = self.known_day[rows, np.maximum(visit, 0)]
        return np.where(event, due, np.maximum(censored, 0.0)), event


def joined(arms: Sequence[ArmPopulation]) -> ArmPopulation:
    """Put the patients of arms one after the other, without their properties.

    The arms' days of assessment may differ; the joined ones hold those of all.
    """
    checked = known = None
    if any(arm.checked is not None for arm in arms):
        checked = np.unique(np.concatenate([a.checked for a in arms if a.checked is not None]))
        known = np.concatenate([_on_grid(arm, checked) for arm in arms])
    return ArmPopulation(
        " and ".join(arm.name for arm in arms),
        np.concatenate([arm.event_day for arm in arms]),
        np.concatenate([arm.last_day for arm in arms]),
        {},
        checked,
        known,
    )


def _on_grid(arm: ArmPopulation, checked: Floats) -> Floats:
    assert arm.checked is not None and arm.known_day is not None
    visit = np.searchsorted(arm.checked, checked, side="right") - 1
    return np.where(visit >= 0, arm.known_day[:, np.maximum(visit, 0)], 0.0)


def arm_population(
    patients: pd.DataFrame, visits: pd.DataFrame, arm: str, endpoint: str
) -> ArmPopulation:
    """Read an arm from the tables of a trial.

    Args:
        patients: ``patients.parquet``: one row a patient.
        visits: ``visits.parquet``: one row a patient and visit, used for PFS.
        arm: name of the arm.
        endpoint: ``os`` or ``pfs``.

    Raises:
        InputError: no such arm or end point, or nobody in the arm was simulated to the end.
    """
    if endpoint not in ENDPOINTS:
        raise InputError(f"endpoint: {endpoint!r} is not one of {', '.join(ENDPOINTS)}")
    names = list(dict.fromkeys(patients["arm"].astype(str)))
    if arm not in names:
        raise InputError(f"no arm of the population is called {arm!r}; arms are {', '.join(names)}")
    own = patients[patients["arm"].astype(str) == arm]
    solved = own[f"{endpoint}_months"].notna().to_numpy()
    left_out, own = int((~solved).sum()), own[solved]
    if not len(own):
        raise InputError(f"arm {arm!r}: no patient of the population was simulated to the end")
    day = own[f"{endpoint}_months"].to_numpy(float) * DAYS_PER_MONTH
    event = own[f"{endpoint}_event"].to_numpy(bool)
    checked, known = (None, None) if endpoint == "os" else _assessments(own, visits)
    return ArmPopulation(
        arm,
        np.where(event, day, np.inf),
        np.where(event, np.inf, day),
        {str(c): own[c].to_numpy() for c in own.columns if not str(c).startswith("p:")},
        checked,
        known,
        left_out,
    )


def _assessments(patients: pd.DataFrame, visits: pd.DataFrame) -> tuple[Floats, Floats]:
    """Last adequate assessment by the day before which the trial ends.

    Patients are scanned on days of their own, so the days looked at are whole ones.
    """
    seen = visits[visits["patient"].isin(patients["patient"])]
    seen = seen[seen["response"].astype(str) != "NE"]
    day = seen["day"].to_numpy(float)
    by = np.ceil(day - 1e-9)
    checked = np.unique(np.concatenate([[0.0], by]))
    rows = np.searchsorted(np.sort(patients["patient"].to_numpy()), seen["patient"].to_numpy())
    order = np.argsort(patients["patient"].to_numpy())
    known = np.zeros((len(patients), checked.size))
    known[order[rows], np.searchsorted(checked, by)] = day
    return checked, np.maximum.accumulate(known, axis=1)


def exponential_population(
    name: str, hazard_per_month: float, size: int, follow_up_months: float = 240.0
) -> ArmPopulation:
    """Return patients whose times are the quantiles of an exponential distribution.

    For checks against formulas: no chance is left in it, only the grid of `size` quantiles.
    """
    share = (np.arange(size) + 0.5) / size
    day = -np.log1p(-share) / hazard_per_month * DAYS_PER_MONTH
    end = follow_up_months * DAYS_PER_MONTH
    seen = day <= end
    return ArmPopulation(
        name,
        np.where(seen, day, np.inf),
        np.where(seen, np.inf, end),
        {"patient": np.arange(size)},
    )


def same_properties(arms: Sequence[ArmPopulation], names: Sequence[str], what: str) -> None:
    """Check that all arms have some properties.

    Raises:
        InputError: one of them is missing.
    """
    for arm in arms:
        for name in names:
            if name not in arm.properties:
                raise InputError(f"{what}: patients of the population have no property {name!r}")
