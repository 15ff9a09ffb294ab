"""What regimens would do to the virtual patients that are like a patient, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.analyses.paired import Outcomes

    Floats = NDArray[np.float64]

__all__ = ["crps", "missing_worth", "ranked", "weighted_quantile"]

_TIED = 1e-9


def weighted_quantile(values: Floats, weight: Floats, level: float) -> float:
    """Return the smallest value below which a share of the weight lies, the value included."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    place = int(np.searchsorted(total, level * total[-1] * (1.0 - 1e-12)))
    return float(values[order][min(place, values.size - 1)])


def crps(values: Floats, weight: Floats, truth: float) -> float:
    """Return the continuous ranked probability score of a weighted sample: 0 is perfect."""
    order = np.argsort(values, kind="stable")
    x, w = values[order], weight[order] / weight.sum()
    below = np.cumsum(w)
    return float((w * np.abs(x - truth)).sum() - (np.diff(x) * below[:-1] * (1 - below[:-1])).sum())


def ranked(
    outcomes: Mapping[str, Outcomes], weight: Floats, horizon: float
) -> list[dict[str, Any]]:
    """Rank regimens by the mean months without progression within the horizon.

    Args:
        outcomes: regimen -> outcomes of the same virtual patients, m x N.
        weight: (m N,) of the posterior.
        horizon: months that were simulated.

    Returns:
        Rows, best first: ``regimen``, ``pfs_median_months`` with ``low80`` and ``high80`` (None
        beyond the horizon), ``pfs_mean_months``, ``os_median_months``, ``response_pct``,
        ``grade3plus_pct``, ``probability_best``.
    """
    names = list(outcomes)
    pfs = np.stack([outcomes[name].pfs.ravel() for name in names])
    best = pfs >= pfs.max(axis=0) - _TIED
    chances = (best / best.sum(axis=0)) @ weight
    rows = []
    for index, name in enumerate(names):
        one = outcomes[name]
        median, low, high = (_months(pfs[index], weight, q, horizon) for q in (0.5, 0.1, 0.9))
        rows.append(
            {
                "regimen": name,
                "pfs_median_months": median,
                "low80": low,
                "high80": high,
                "pfs_mean_months": float(pfs[index] @ weight),
                "os_median_months": _months(one.os.ravel(), weight, 0.5, horizon),
                "response_pct": 100.0 * float(one.response.ravel() @ weight),
                "grade3plus_pct": 100.0 * float(one.grade3.ravel() @ weight),
                "probability_best": float(chances[index]),
            }
        )
    return sorted(rows, key=lambda row: -float(row["pfs_mean_months"]))


def _months(values: Floats, weight: Floats, level: float, horizon: float) -> float | None:
    found = weighted_quantile(values, weight, level)
    return None if found >= horizon - 1e-6 else found


def missing_worth(
    outcomes: Mapping[str, Outcomes],
    weight: Floats,
    profiles: Mapping[str, NDArray[Any]],
    unknown: Sequence[str],
) -> list[dict[str, Any]]:
    """Return by how much knowing a property would improve the choice, in mean months, best first.

    Args:
        outcomes: regimen -> outcomes.
        weight: (p,) of the posterior.
        profiles: property -> (p,) values.
        unknown: properties that were not given.
    """
    pfs = np.stack([one.pfs.ravel() for one in outcomes.values()])
    now = float((pfs @ weight).max())
    rows = []
    for name in unknown:
        values = np.asarray(profiles[name]).astype(str)
        then, kinds = 0.0, 0
        for value in np.unique(values):
            share = np.where(values == value, weight, 0.0)
            if share.sum() > 1e-6:
                then += float((pfs @ share).max())
                kinds += 1
        if kinds > 1:
            rows.append({"measurement": name, "gain_months": max(then - now, 0.0)})
    return sorted(rows, key=lambda row: -float(row["gain_months"]))
