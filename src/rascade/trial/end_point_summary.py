"""End points beyond the headline ones: landmarks, restricted means, response in time, markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.cox import cox_hazard_ratio
from rascade.trial.estimands import estimate_estimands
from rascade.trial.intervals import turnbull
from rascade.trial.landmark import (
    RestrictedMean,
    common_horizon,
    landmark_rates,
    median_follow_up,
    restricted_mean,
    restricted_mean_difference,
)
from rascade.trial.statistics import exact_interval, tidy, tidy_limits, times_of
from rascade.trial.survival import kaplan_meier, log_rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["LANDMARKS", "end_points"]

LANDMARKS = (6.0, 12.0, 18.0, 24.0, 36.0)  # months
_FALL = 0.5  # share of CA 19-9 whose loss counts as a response of the marker


def end_points(
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    *,
    arms: Sequence[str],
    reference: str | None,
    follow_up_months: float,
) -> dict[str, Any]:
    """Make the part ``end_points`` of a trial's summary.

    Args:
        patients: the patients' table. A column ``stratum`` (as patients were randomised) adds
            stratified tests.
        visits: the visits' table.
        arms: names in the order wanted.
        reference: arm that the others are compared with; None makes no contrasts.
        follow_up_months: planned; landmarks beyond it are left out.

    Returns:
        ``arms``, ``contrasts`` and ``estimands``, ready for JSON; None for what the data do not
        determine.
    """
    marks = [month for month in LANDMARKS if month <= follow_up_months + 1e-9]
    rows = {name: patients[patients["arm"].astype(str) == name] for name in arms}
    horizons = {end: _horizon(rows, end) for end in ("pfs", "os")}
    means = {
        (name, end): _mean(own, end, horizons[end])
        for name, own in rows.items()
        for end in ("pfs", "os")
    }
    return {
        "arms": [
            {
                "name": name,
                **_responses(own),
                "pfs_landmarks": _landmarks(own, "pfs", marks),
                "os_landmarks": _landmarks(own, "os", marks),
                "pfs_rmst": _rmst(means[name, "pfs"]),
                "os_rmst": _rmst(means[name, "os"]),
                "pfs_interval_median_months": _interval_median(own),
                "ipfs_median_months": tidy(kaplan_meier(*times_of(own, "ipfs")).median().estimate),
                "follow_up_median_months": tidy(median_follow_up(*times_of(own, "os")).estimate),
                **_markers(own, visits[visits["arm"].astype(str) == name]),
            }
            for name, own in rows.items()
        ],
        "contrasts": [
            {
                "arm": name,
                "reference": reference,
                **_differences(means, name, str(reference)),
                **_stratified(rows[name], rows[str(reference)]),
            }
            for name in (arms if reference is not None else ())
            if name != reference
        ],
        "estimands": estimate_estimands(patients, arms, reference),
    }


def _horizon(rows: Mapping[str, pd.DataFrame], end: str) -> float | None:
    samples = [times_of(own, end) for own in rows.values()]
    samples = [sample for sample in samples if len(sample[0])]
    horizon = common_horizon(*samples) if samples else 0.0
    return horizon if horizon > 0 else None


def _mean(rows: pd.DataFrame, end: str, horizon: float | None) -> RestrictedMean | None:
    return None if horizon is None else restricted_mean(*times_of(rows, end), horizon)


def _rmst(mean: RestrictedMean | None) -> dict[str, Any] | None:
    if mean is None:
        return None
    return {
        "horizon_months": tidy(mean.horizon),
        "mean_months": tidy(mean.mean.estimate),
        "ci": tidy_limits(mean.mean),
    }


def _responses(rows: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, column, codes in (
        ("orr_confirmed", "confirmed_response", ["CR", "PR"]),
        ("iorr", "best_immune_response", ["iCR", "iPR"]),
        ("dcr", "best_response", ["CR", "PR", "SD"]),
    ):
        rate = exact_interval(int(rows[column].astype(str).isin(codes).sum()), len(rows))
        found[f"{key}_pct"], found[f"{key}_ci"] = (
            tidy(rate.estimate, 100.0),
            tidy_limits(rate, 100.0),
        )
    first = rows["ttr_months"].to_numpy(dtype=float)
    first = first[np.isfinite(first)]
    lasted = kaplan_meier(*times_of(rows, "dor")).median()
    return found | {
        "responders": len(first),
        "ttr_median_months": tidy(float(np.median(first))) if len(first) else None,
        "dor_median_months": tidy(lasted.estimate),
        "dor_ci": tidy_limits(lasted),
    }


def _landmarks(rows: pd.DataFrame, end: str, marks: Sequence[float]) -> list[dict[str, Any]]:
    return [
        {
            "month": landmark.time,
            "at_risk": landmark.at_risk,
            "rate_pct": tidy(landmark.rate.estimate, 100.0),
            "ci": tidy_limits(landmark.rate, 100.0),
        }
        for landmark in landmark_rates(*times_of(rows, end), marks)
    ]


def _interval_median(rows: pd.DataFrame) -> list[float | None]:
    left = rows["pfs_after_months"].to_numpy(dtype=float)
    right = rows["pfs_by_months"].to_numpy(dtype=float)
    known = np.isfinite(left) & ~np.isnan(right)
    return [tidy(value) for value in turnbull(left[known], right[known]).median()]


def _differences(
    means: Mapping[tuple[str, str], RestrictedMean | None], arm: str, reference: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for end in ("pfs", "os"):
        own, base = means[arm, end], means[reference, end]
        gain = restricted_mean_difference(own, base) if own and base else None
        found[f"{end}_rmst_difference_months"] = tidy(gain.difference.estimate) if gain else None
        found[f"{end}_rmst_difference_ci"] = tidy_limits(gain.difference) if gain else None
        found[f"{end}_rmst_p"] = tidy(gain.p) if gain else None
    return found


def _stratified(rows: pd.DataFrame, base: pd.DataFrame) -> dict[str, Any]:
    """Hazard ratio and log-rank test within the strata of randomisation, where there are any."""
    if "stratum" not in rows:
        return {}
    found: dict[str, Any] = {}
    for end in ("pfs", "os"):
        known = [
            own[np.isfinite(own[f"{end}_months"].to_numpy(dtype=float))] for own in (rows, base)
        ]
        (time, event), (other, other_event) = (times_of(own, end) for own in known)
        times, events = np.r_[time, other], np.r_[event, other_event]
        arm = np.repeat([1, 0], [len(time), len(other)])
        strata = np.concatenate([own["stratum"].astype(str).to_numpy() for own in known])
        fit = cox_hazard_ratio(times, events, arm, strata=strata).hazard_ratio
        found[f"{end}_stratified_hr"] = tidy(fit.estimate)
        found[f"{end}_stratified_hr_ci"] = tidy_limits(fit)
        found[f"{end}_stratified_logrank_p"] = tidy(log_rank(times, events, arm, strata=strata).p)
    return found


def _markers(rows: pd.DataFrame, visits: pd.DataFrame) -> dict[str, Any]:
    """CA 19-9 and KRAS in plasma: level before treatment, and who responded."""
    found: dict[str, Any] = {}
    least = visits.groupby("patient")[["ca19_9_u_ml", "kras_maf_pct"]].min()
    least = least.reindex(rows["patient"])
    start = rows["baseline_ca19_9_u_ml"].to_numpy(dtype=float)
    low = least["ca19_9_u_ml"].to_numpy(dtype=float)
    known = np.isfinite(start)
    found["ca19_9_baseline_median"] = tidy(float(np.median(start[known]))) if known.any() else None
    fell = exact_interval(int((low[known] <= _FALL * start[known]).sum()), int(known.sum()))
    found["ca19_9_halved_pct"] = tidy(fell.estimate, 100.0)
    found["ca19_9_halved_ci"] = tidy_limits(fell, 100.0)
    start = rows["baseline_kras_maf_pct"].to_numpy(dtype=float)
    low = least["kras_maf_pct"].to_numpy(dtype=float)
    known = np.isfinite(start)
    found["kras_maf_baseline_median_pct"] = (
        tidy(float(np.median(start[known]))) if known.any() else None
    )
    detected = start > 0
    gone = exact_interval(int((low[detected] == 0).sum()), int(detected.sum()))
    found["kras_cleared_pct"] = tidy(gone.estimate, 100.0)
    found["kras_cleared_ci"] = tidy_limits(gone, 100.0)
    return found
