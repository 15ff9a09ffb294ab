"""Exposure-adjusted rates of side effects: how many in a time, for arms treated for unlike times.

Two rates are usual (EMA and FDA reviews give both): episodes over all of the time at risk, and
patients with at least one over the time until their first. Intervals are exact for a Poisson count
(Garwood, Biometrika 1936;28:437-442). Time at risk is the time in which a new event is reported:
from the first dose to 30 days after the end of treatment, at most as long as the patient is
followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.samples import Interval
from rascade.statistics.survival import kaplan_meier
from rascade.trial.assessment.conduct_table import load_conduct
from rascade.trial.results.records.codec import Estimate, tidy, to_json
from rascade.trial.results.records.details import ExposureAdjusted, Incidence, TermIncidence
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["add_incidence", "exposure_days", "incidence_of", "poisson_rate"]

_SEVERE = 3
_DAYS_PER_YEAR = 12.0 * DAYS_PER_MONTH
_PER_YEARS = 100.0


def poisson_rate(
    events: int, exposure: float, *, per: float = 1.0, level: float = 0.95
) -> Interval:
    """Return a rate of events with its exact Poisson interval.

    Args:
        events: how many.
        exposure: time in which they were seen, in any unit; with 0 every number is None.
        per: unit of the result, such as 100 for events per 100 of the unit of `exposure`.
        level: confidence level.

    Raises:
        ValueError: a number is negative.
    """
    from scipy.special import chdtri

    if events < 0 or not exposure >= 0:
        raise ValueError(f"{events} events in a time of {exposure:g}")
    if exposure == 0:
        return Interval(None, None, None)
    tail = (1.0 - level) / 2.0
    low = float(chdtri(2 * events, 1.0 - tail)) / 2.0 if events else 0.0
    high = float(chdtri(2 * events + 2, tail)) / 2.0
    return Interval(*(per * count / exposure for count in (float(events), low, high)))


def exposure_days(patients: pd.DataFrame) -> Floats:
    """Return each patient's days at risk of a reported side effect.

    Args:
        patients: the patients' table, with ``os_months`` and ``treatment_end_day``.

    Returns:
        (n,) days; 0 for a patient whose simulation failed.
    """
    followed = patients["os_months"].to_numpy(dtype=float, na_value=np.nan) * DAYS_PER_MONTH
    end = patients["treatment_end_day"].to_numpy(dtype=float, na_value=np.nan)
    window = load_conduct()["reporting_window"].value
    until = np.where(np.isnan(end), np.inf, end + window)
    return np.asarray(np.nan_to_num(np.minimum(followed, until)))


def incidence_of(events: pd.DataFrame, patients: pd.DataFrame) -> Incidence:
    """Return rate and time to first of some side effects of an arm.

    Args:
        events: rows of the table of adverse events that count, of these patients.
        patients: all patients of the arm.

    Returns:
        Episodes, patients with one, both rates per 100 patient-years with exact limits, the median
        time to the first (Kaplan-Meier over all patients, censored at the end of risk; None where
        fewer than half come to have one), and the median among those who had one.
    """
    number = patients["patient"].to_numpy()
    at_risk = exposure_days(patients)
    onset = events.groupby("patient")["start_day"].min().reindex(number).to_numpy(dtype=float)
    had = np.isfinite(onset) & (at_risk > 0)
    until_first = np.where(had, np.minimum(onset, at_risk), at_risk)
    kept = at_risk > 0
    episodes = int(events["patient"].isin(number[kept]).sum())
    rate = poisson_rate(episodes, float(at_risk.sum()) / _DAYS_PER_YEAR, per=_PER_YEARS)
    first = poisson_rate(int(had.sum()), float(until_first.sum()) / _DAYS_PER_YEAR, per=_PER_YEARS)
    waited = kaplan_meier(until_first[kept] / DAYS_PER_MONTH, had[kept]).median()
    affected = tidy(float(np.median(until_first[had])) / DAYS_PER_MONTH) if had.any() else None
    return Incidence(
        episodes,
        int(had.sum()),
        Estimate.of(rate),
        Estimate.of(first),
        Estimate.of(waited),
        affected,
    )


def add_incidence(summary: dict[str, Any], patients: pd.DataFrame, events: pd.DataFrame) -> None:
    """Add ``exposure_adjusted`` to the arms of the end points of a summary.

    Args:
        summary: of the trial, with ``end_points``; an arm without graded side effects gets None.
        patients: the patients' table.
        events: the table of adverse events; those related to a drug of the arm count.
    """
    related = events[events["related"].astype(bool)]
    for head, row in zip(summary["arms"], summary["end_points"]["arms"], strict=True):
        own = patients[patients["arm"].astype(str) == row["name"]]
        mine = related[related["arm"].astype(str) == row["name"]]
        if head.get("grade3plus_trae_pct") is None:
            row["exposure_adjusted"] = None
            continue
        row["exposure_adjusted"] = to_json(_exposure_adjusted(mine, own))


def _exposure_adjusted(events: pd.DataFrame, patients: pd.DataFrame) -> ExposureAdjusted:
    """Return the side effects of an arm over the time at risk, the terms of most patients first."""
    terms = [
        TermIncidence(
            str(term),
            incidence_of(part, patients),
            incidence_of(part[part["grade"] >= _SEVERE], patients),
        )
        for term, part in events.groupby("term")
    ]
    return ExposureAdjusted(
        tidy(float(exposure_days(patients).sum()) / DAYS_PER_MONTH),
        incidence_of(events, patients),
        incidence_of(events[events["grade"] >= _SEVERE], patients),
        tuple(sorted(terms, key=lambda term: (-term.any.patients, term.term))),
    )
