"""End points beyond the headline ones: landmarks, restricted means, response in time, markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.cox import cox_hazard_ratio
from rascade.statistics.interval_censored import median_limits, turnbull
from rascade.statistics.landmark import (
    RestrictedMean,
    common_horizon,
    landmark_rates,
    median_follow_up,
    restricted_mean,
    restricted_mean_difference,
)
from rascade.statistics.proportional_hazards import proportional_hazards
from rascade.statistics.survival import LIMITS, kaplan_meier, log_rank
from rascade.statistics.weighted_log_rank import max_combo
from rascade.trial.results.estimands import estimate_estimands
from rascade.trial.results.statistics import exact_interval, tidy, tidy_limits, times_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["LANDMARKS", "end_points"]

LANDMARKS = (6.0, 12.0, 18.0, 24.0, 36.0)  # months
#: Kinds of response: the columns with the best response, the time to it and its duration.
_RESPONSES = {
    "unconfirmed": ("best_response", "ttr", "dor"),
    "confirmed": ("confirmed_response", "ttr_confirmed", "dor_confirmed"),
}
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
                "responses": {kind: _response(own, kind) for kind in _RESPONSES},
                "pfs_median_ci_by_limits": _median_limits(own, "pfs"),
                "os_median_ci_by_limits": _median_limits(own, "os"),
                "pfs_landmarks": _landmarks(own, "pfs", marks),
                "os_landmarks": _landmarks(own, "os", marks),
                "pfs_rmst": _rmst(means[name, "pfs"]),
                "os_rmst": _rmst(means[name, "os"]),
                **_interval_median(own),
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
                **_tests(rows[name], rows[str(reference)]),
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


def _response(rows: pd.DataFrame, kind: str) -> dict[str, Any]:
    """Rate, time to and duration of unconfirmed or confirmed responses."""
    best, first, lasted = _RESPONSES[kind]
    count = int(rows[best].astype(str).isin(["CR", "PR"]).sum())
    rate = exact_interval(count, len(rows))
    found = {
        "responders": count,
        "orr_pct": tidy(rate.estimate, 100.0),
        "orr_ci": tidy_limits(rate, 100.0),
    }
    if f"{first}_months" not in rows:  # results of an earlier version
        return found
    waited = rows[f"{first}_months"].to_numpy(dtype=float)
    waited = waited[np.isfinite(waited)]
    time, event = times_of(rows, lasted)
    median = kaplan_meier(time, event).median()
    return found | {
        "ttr_median_months": tidy(float(np.median(waited))) if waited.size else None,
        "ttr_range_months": [tidy(float(waited.min())), tidy(float(waited.max()))]
        if waited.size
        else None,
        "dor_events": int(event.sum()),
        "dor_median_months": tidy(median.estimate),
        "dor_ci": tidy_limits(median),
    }


def _median_limits(rows: pd.DataFrame, end: str) -> dict[str, Any]:
    """Limits of a median by each way of making limits of the curve."""
    return {
        kind: tidy_limits(kaplan_meier(*times_of(rows, end), limits=kind).median())
        for kind in LIMITS
    }


def _landmarks(rows: pd.DataFrame, end: str, marks: Sequence[float]) -> list[dict[str, Any]]:
    by_kind = {kind: landmark_rates(*times_of(rows, end), marks, limits=kind) for kind in LIMITS}
    return [
        {
            "month": landmark.time,
            "at_risk": landmark.at_risk,
            "rate_pct": tidy(landmark.rate.estimate, 100.0),
            "ci": tidy_limits(landmark.rate, 100.0),
            "ci_by_limits": {
                kind: tidy_limits(found[place].rate, 100.0) for kind, found in by_kind.items()
            },
        }
        for place, landmark in enumerate(by_kind[LIMITS[0]])
    ]


def _interval_median(rows: pd.DataFrame) -> dict[str, Any]:
    left = rows["pfs_after_months"].to_numpy(dtype=float)
    right = rows["pfs_by_months"].to_numpy(dtype=float)
    known = np.isfinite(left) & ~np.isnan(right)
    left, right = left[known], right[known]
    limits = [tidy(value) for value in median_limits(left, right)]
    return {
        "pfs_interval_median_months": [tidy(value) for value in turnbull(left, right).median()],
        "pfs_interval_median_ci": None if limits == [None, None] else limits,
    }


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


def _compared(rows: pd.DataFrame, base: pd.DataFrame, end: str) -> tuple[tuple[Any, Any, Any], Any]:
    """Times, events and arm (1 or 0) of two arms, and the strata where there are any."""
    known = [own[np.isfinite(own[f"{end}_months"].to_numpy(dtype=float))] for own in (rows, base)]
    (time, event), (other, other_event) = (times_of(own, end) for own in known)
    arm = np.repeat([1, 0], [len(time), len(other)])
    strata = None
    if "stratum" in rows:
        strata = np.concatenate([own["stratum"].astype(str).to_numpy() for own in known])
    return (np.r_[time, other], np.r_[event, other_event], arm), strata


def _premiss(end: str, sample: tuple[Any, Any, Any], strata: Any = None) -> dict[str, Any]:
    """Why there is no hazard ratio, the test that it is constant, and tests that do without it."""
    found = proportional_hazards(*sample, strata=strata)
    combined = max_combo(*sample, strata=strata)
    return {
        f"{end}_hr_problem": cox_hazard_ratio(*sample, strata=strata).problem,
        f"{end}_proportional_hazards": None
        if found is None
        else {
            "transform": found.transform,
            "statistic": tidy(found.global_statistic),
            "p": tidy(found.global_p),
            "slope": tidy(float(found.slope[0])),
        },
        f"{end}_weighted_log_rank": [
            {"rho": test.rho, "gamma": test.gamma, "z": tidy(test.z), "p": tidy(test.p)}
            for test in combined.tests
        ],
        f"{end}_max_combo_p": tidy(combined.p),
        f"{end}_max_combo_p_better": tidy(combined.p_better),
    }


def _tests(rows: pd.DataFrame, base: pd.DataFrame) -> dict[str, Any]:
    return _premiss("pfs", _compared(rows, base, "pfs")[0]) | _premiss(
        "os", _compared(rows, base, "os")[0]
    )


def _stratified(rows: pd.DataFrame, base: pd.DataFrame) -> dict[str, Any]:
    """Hazard ratio and tests within the strata of randomisation, where there are any."""
    if "stratum" not in rows:
        return {}
    found: dict[str, Any] = {}
    for end in ("pfs", "os"):
        sample, strata = _compared(rows, base, end)
        fit = cox_hazard_ratio(*sample, strata=strata)
        found[f"{end}_stratified_hr"] = tidy(fit.hazard_ratio.estimate)
        found[f"{end}_stratified_hr_ci"] = tidy_limits(fit.hazard_ratio)
        found[f"{end}_stratified_logrank_p"] = tidy(log_rank(*sample, strata=strata).p)
        found |= _premiss(f"{end}_stratified", sample, strata)
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
