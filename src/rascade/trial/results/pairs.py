"""Paired patients: the same virtual patient in every arm, and what that says of a contrast.

A contrast between arms that treat the same patients is read patient by patient: the difference of
two courses of one person, with the chances of reading and of death held the same. Times to events
are compared by restricted means, whose contributions of single patients also exist where some are
censored: they are those of the infinitesimal jackknife, close to the pseudo-values of Andersen,
Hansen and Klein (Lifetime Data Anal 2004;10:335-350, recalled).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.landmark import common_horizon
from rascade.statistics.survival import kaplan_meier
from rascade.trial.endpoints import times
from rascade.trial.results.records.codec import to_json
from rascade.trial.results.records.headline import Difference, Paired, PairedTime

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]

__all__ = ["add_pairs", "numbered", "restricted_contributions"]

_NORMAL_95 = 1.959963984540054


def numbered(table: pd.DataFrame, spec: TrialSpec, arm: int) -> pd.DataFrame:
    """Give the rows of an arm patient numbers that no other arm has, and remember the twin.

    Args:
        table: with the column ``patient``, which holds the number that random draws depend on.
        spec: the trial.
        arm: index of the arm.

    Returns:
        The table as it is where patients are not paired.
    """
    if not spec.paired:
        return table
    count = len(spec.arms)
    return table.assign(patient=table["patient"] * count + arm, twin=table["patient"])


def restricted_contributions(time: Floats, event: NDArray[np.bool_], horizon: float) -> Floats:
    """Return what each patient adds to the restricted mean, in the unit of `time`.

    Args:
        time: (n,) times.
        event: (n,) event flags.
        horizon: end of the restriction.

    Returns:
        (n,) values whose mean is the restricted mean survival up to the horizon; without censoring
        before it they are each patient's own restricted time.
    """
    curve = kaplan_meier(time, event)
    inside = curve.time < horizon
    grid = np.concatenate([[0.0], curve.time[inside], [horizon]])
    steps = np.concatenate([[1.0], curve.survival[inside]])
    areas = np.diff(grid) * steps
    rest = np.cumsum(areas[::-1])[::-1][1:]  # area from each time inside to the horizon
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    size = time.size
    # Influence of a patient: what he loses at his event, what he spares while at risk.
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(left > 0, rest / left, 0.0)
        spared = np.cumsum(np.where(left > 0, rest * events / (at_risk * left), 0.0))
    place = np.searchsorted(curve.time[inside], time, side="right") - 1
    within = place >= 0
    gain = np.where(within, np.concatenate([[0.0], spared])[place + 1], 0.0)
    own = event & (time < horizon)
    where = np.clip(place, 0, max(lost.size - 1, 0))
    loss = np.where(own, lost[where] if lost.size else 0.0, 0.0)
    influence = size * (gain - loss)
    return np.asarray(areas.sum() + influence)


def add_pairs(summary: dict[str, Any], spec: TrialSpec, patients: pd.DataFrame) -> None:
    """Add ``pairing`` to the summary, and to each contrast ``paired`` where patients are the same.

    Args:
        summary: of the trial; changed in place.
        spec: the trial.
        patients: the table of patients, with ``twin`` where they are paired.
    """
    summary["pairing"] = "same-patients" if spec.paired else "independent"
    if not spec.paired:
        return
    for contrast in summary["contrasts"]:
        mine, other = (
            patients[patients["arm"].astype(str) == name].set_index("twin")
            for name in (contrast["arm"], contrast["reference"])
        )
        both = mine.index.intersection(other.index)
        contrast["paired"] = to_json(_paired(mine.loc[both], other.loc[both]))


def _paired(mine: pd.DataFrame, other: pd.DataFrame) -> Paired:
    change = [side["best_change_pct"].to_numpy(float) for side in (mine, other)]
    found: dict[str, PairedTime] = {}
    for end in times():
        sides = [
            (side[end.months].to_numpy(float), side[end.event].to_numpy(bool))
            for side in (mine, other)
        ]
        known = np.isfinite(sides[0][0]) & np.isfinite(sides[1][0])
        sides = [(time[known], event[known]) for time, event in sides]
        found[end.name] = PairedTime(_restricted(sides), *_order(*sides))
    return Paired(len(mine), _difference(*change), found)


def _restricted(sides: list[tuple[Floats, NDArray[np.bool_]]]) -> Difference | None:
    if not any(event.any() for _, event in sides):
        return None  # no event in either arm says nothing of how alike they are
    horizon = common_horizon(*sides)
    if not horizon > 0:
        return None
    each = [restricted_contributions(time, event, horizon) for time, event in sides]
    found = _difference(*each)
    return None if found is None else replace(found, horizon_months=float(horizon))


def _difference(mine: Floats, other: Floats) -> Difference | None:
    """Return the mean difference with its paired interval, and how much narrower that is."""
    known = np.isfinite(mine) & np.isfinite(other)
    first, second = mine[known], other[known]
    if first.size < 2:
        return None
    gap = first - second
    mean, error = float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(gap.size))
    apart = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / gap.size))
    return Difference(
        int(gap.size),
        mean,
        (mean - _NORMAL_95 * error, mean + _NORMAL_95 * error),
        error / apart if apart > 0 else None,
    )


def _order(
    mine: tuple[Floats, NDArray[np.bool_]], other: tuple[Floats, NDArray[np.bool_]]
) -> tuple[float | None, float | None]:
    """Return the shares of pairs, in percent, of whom it is certain who did better."""
    (time, event), (time_other, event_other) = mine, other
    if not time.size:
        return None, None
    better = event_other & (time > time_other)
    worse = event & (time_other > time)
    return 100.0 * float(better.mean()), 100.0 * float(worse.mean())
