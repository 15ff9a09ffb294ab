"""Which parameters go with PFS among the patients of an arm, and which of that chance can do.

Among fifty parameters of two arms, the largest of a hundred rank correlations is large by chance
alone. So each comes with a confidence interval, and its p value is multiplied by the number of
correlations looked at (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LEVEL", "Influence", "Influences", "influences", "least_correlation", "ranked_times"]

LEVEL = 0.05  # of the family: the chance that any parameter without influence is said to have one
LEAST_PATIENTS = 10
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Influence:
    """Rank correlation of a parameter with PFS in the arm where it is strongest.

    Attributes:
        rho: Spearman's correlation; positive where more of the parameter goes with longer PFS.
        low, high: 95 % limits for this one correlation (Fisher's z with the variance of Bonett
            and Wright 2000, doi:10.1007/BF02294183).
        p: two-sided p value, times the number of correlations looked at, at most 1.
        arm: where.
        n: patients.
    """

    rho: float
    low: float
    high: float
    p: float
    arm: str
    n: int


@dataclass(frozen=True, slots=True)
class Influences:
    """What was found.

    Attributes:
        found: parameter -> its strongest correlation over the arms.
        looked_at: correlations computed, parameters times arms.
        least: arm -> smallest correlation that passes the threshold there.
    """

    found: Mapping[str, Influence]
    looked_at: int
    least: Mapping[str, float]


def ranked_times(time: Floats, event: NDArray[np.bool_]) -> Floats:
    """Return one score a patient that orders survival with censoring: larger is longer.

    It is the cumulative hazard (Nelson and Aalen) that a patient has come through, less one where
    the event happened: the score of the log-rank test. Without censoring its order is that of the
    times.

    Args:
        time: shape (n,).
        event: shape (n,), false where censored.
    """
    times, where = np.unique(time, return_inverse=True)
    events = np.bincount(where, weights=event, minlength=times.size)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    hazard = np.cumsum(events / at_risk)
    return np.asarray(hazard[where] - event, dtype=float)


def influences(patients: pd.DataFrame) -> Influences:
    """Correlate every parameter that differs between patients with PFS, arm by arm.

    Args:
        patients: the patients' table: ``arm``, ``pfs_months``, ``pfs_event``, and a column
            ``p:NAME`` for each parameter that varies.
    """
    columns = [name for name in patients.columns if str(name).startswith("p:")]
    raw = []
    for arm, rows in patients.groupby("arm", sort=False):
        months = rows["pfs_months"].to_numpy(dtype=float, na_value=np.nan)
        seen = np.isfinite(months)
        event = np.zeros(months.size, dtype=bool)
        event[seen] = rows["pfs_event"].to_numpy()[seen].astype(bool)
        for column in columns:
            values = rows[column].to_numpy(dtype=float, na_value=np.nan)
            known = seen & np.isfinite(values)
            rho = _correlation(values[known], months[known], event[known])
            if rho is not None:
                raw.append((column[2:], str(arm), rho, int(known.sum())))
    found: dict[str, Influence] = {}
    for name, place, rho, n in raw:
        if name not in found or abs(rho) > abs(found[name].rho):
            low, high = _limits(rho, n)
            found[name] = Influence(rho, low, high, min(1.0, len(raw) * _p(rho, n)), place, n)
    sizes: dict[str, int] = {}
    for _, place, _, n in raw:
        sizes[place] = max(n, sizes.get(place, 0))
    least = {place: least_correlation(n, len(raw)) for place, n in sizes.items()}
    return Influences(found, len(raw), least)


def _correlation(values: Floats, months: Floats, event: NDArray[np.bool_]) -> float | None:
    from scipy.stats import rankdata

    if values.size < LEAST_PATIENTS or np.ptp(values) == 0 or not event.any():
        return None
    score = ranked_times(months, event)
    if np.ptp(score) == 0:
        return None
    return float(np.corrcoef(rankdata(values), rankdata(score))[0, 1])


def _limits(rho: float, n: int) -> tuple[float, float]:
    if abs(rho) >= 1.0:
        return rho, rho
    half = _NORMAL_95 * np.sqrt((1 + rho * rho / 2) / (n - 3))
    z = np.arctanh(rho)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _p(rho: float, n: int) -> float:
    """Two-sided p value by Student's t, the usual approximation for a rank correlation."""
    from scipy.special import stdtr

    if abs(rho) >= 1.0:
        return 0.0
    t = abs(rho) * np.sqrt((n - 2) / (1 - rho * rho))
    return float(2 * stdtr(n - 2, -t))


def least_correlation(n: int, looked_at: int, level: float = LEVEL) -> float:
    """Return the smallest correlation whose p value is below `level` after the adjustment.

    Args:
        n: patients, at least 3.
        looked_at: correlations looked at.
        level: of all of them together.
    """
    from scipy.special import stdtrit

    t = -float(stdtrit(n - 2, level / max(looked_at, 1) / 2))
    return t / float(np.sqrt(n - 2 + t * t))
