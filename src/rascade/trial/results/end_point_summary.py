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
from rascade.trial.endpoints import times
from rascade.trial.endpoints.rates import DISEASE_CONTROL, OBJECTIVE_RESPONSE
from rascade.trial.results.estimands import estimate_estimands
from rascade.trial.results.records.codec import Estimate, Limits, tidy, to_json
from rascade.trial.results.records.details import (
    ArmDetail,
    ContrastDetail,
    Details,
    HazardTests,
    Landmark,
    Markers,
    ProportionalHazards,
    ResponseInTime,
    Responses,
    ResponseTimes,
    RestrictedGain,
    RestrictedMeanOfArm,
    StratifiedTests,
    WeightedLogRank,
)
from rascade.trial.results.statistics import exact_interval, times_of

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
    ends = [end.name for end in times() if end.months in patients]
    horizons = {end: _horizon(rows, end) for end in ends}
    means = {
        (name, end): _mean(own, end, horizons[end]) for name, own in rows.items() for end in ends
    }
    found = Details(
        tuple(
            _arm(name, own, visits[visits["arm"].astype(str) == name], marks, means)
            for name, own in rows.items()
        ),
        tuple(
            _contrast(name, str(reference), rows, means)
            for name in (arms if reference is not None else ())
            if name != reference
        ),
        tuple(estimate_estimands(patients, arms, reference)),
    )
    return to_json(found)


def _arm(
    name: str,
    own: pd.DataFrame,
    visits: pd.DataFrame,
    marks: Sequence[float],
    means: Mapping[tuple[str, str], RestrictedMean | None],
) -> ArmDetail:
    ends = [end.name for end in times() if end.months in own]
    median, limits = _interval_median(own)
    return ArmDetail(
        name,
        _responses(own),
        {kind: _response(own, kind) for kind in _RESPONSES},
        {end: _median_limits(own, end) for end in ends},
        {end: _landmarks(own, end, marks) for end in ends},
        {end: _rmst(means[name, end]) for end in ends},
        median,
        limits,
        tidy(kaplan_meier(*times_of(own, "ipfs")).median().estimate),
        tidy(median_follow_up(*times_of(own, "os")).estimate),
        _markers(own, visits),
    )


def _contrast(
    name: str,
    reference: str,
    rows: Mapping[str, pd.DataFrame],
    means: Mapping[tuple[str, str], RestrictedMean | None],
) -> ContrastDetail:
    own, base = rows[name], rows[reference]
    ends = [end.name for end in times() if end.months in own]
    return ContrastDetail(
        name,
        reference,
        {end: _gain(means[name, end], means[reference, end]) for end in ends},
        {end: _premiss(_compared(own, base, end)[0]) for end in ends},
        {end: _stratified(own, base, end) for end in ends} if "stratum" in own else {},
    )


def _horizon(rows: Mapping[str, pd.DataFrame], end: str) -> float | None:
    samples = [times_of(own, end) for own in rows.values()]
    samples = [sample for sample in samples if len(sample[0])]
    horizon = common_horizon(*samples) if samples else 0.0
    return horizon if horizon > 0 else None


def _mean(rows: pd.DataFrame, end: str, horizon: float | None) -> RestrictedMean | None:
    return None if horizon is None else restricted_mean(*times_of(rows, end), horizon)


def _rmst(mean: RestrictedMean | None) -> RestrictedMeanOfArm | None:
    if mean is None:
        return None
    return RestrictedMeanOfArm(tidy(mean.horizon), Estimate.of(mean.mean))


def _responses(rows: pd.DataFrame) -> Responses:
    confirmed, immune, control = (
        Estimate.of(exact_interval(int(rows[column].astype(str).isin(codes).sum()), len(rows)), 100)
        for column, codes in (
            ("confirmed_response", OBJECTIVE_RESPONSE.codes),
            ("best_immune_response", ("iCR", "iPR")),
            ("best_response", DISEASE_CONTROL.codes),
        )
    )
    first = rows["ttr_months"].to_numpy(dtype=float)
    first = first[np.isfinite(first)]
    return Responses(
        confirmed,
        immune,
        control,
        len(first),
        tidy(float(np.median(first))) if len(first) else None,
        Estimate.of(kaplan_meier(*times_of(rows, "dor")).median()),
    )


def _response(rows: pd.DataFrame, kind: str) -> ResponseInTime:
    """Rate, time to and duration of unconfirmed or confirmed responses."""
    best, first, lasted = _RESPONSES[kind]
    count = int(rows[best].astype(str).isin(OBJECTIVE_RESPONSE.codes).sum())
    rate = Estimate.of(exact_interval(count, len(rows)), 100.0)
    if f"{first}_months" not in rows:  # results of an earlier version
        return ResponseInTime(count, rate)
    waited = rows[f"{first}_months"].to_numpy(dtype=float)
    waited = waited[np.isfinite(waited)]
    time, event = times_of(rows, lasted)
    seen = ResponseTimes(
        tidy(float(np.median(waited))) if waited.size else None,
        (tidy(float(waited.min())), tidy(float(waited.max()))) if waited.size else None,
        int(event.sum()),
        Estimate.of(kaplan_meier(time, event).median()),
    )
    return ResponseInTime(count, rate, seen)


def _median_limits(rows: pd.DataFrame, end: str) -> dict[str, Limits]:
    """Limits of a median by each way of making limits of the curve."""
    return {
        kind: Estimate.of(kaplan_meier(*times_of(rows, end), limits=kind).median()).limits
        for kind in LIMITS
    }


def _landmarks(rows: pd.DataFrame, end: str, marks: Sequence[float]) -> tuple[Landmark, ...]:
    by_kind = {kind: landmark_rates(*times_of(rows, end), marks, limits=kind) for kind in LIMITS}
    return tuple(
        Landmark(
            found.time,
            found.at_risk,
            Estimate.of(found.rate, 100.0),
            {kind: Estimate.of(own[place].rate, 100.0).limits for kind, own in by_kind.items()},
        )
        for place, found in enumerate(by_kind[LIMITS[0]])
    )


def _interval_median(rows: pd.DataFrame) -> tuple[Limits, Limits]:
    """Return between which months the median of interval-censored PFS lies, and its limits."""
    left = rows["pfs_after_months"].to_numpy(dtype=float)
    right = rows["pfs_by_months"].to_numpy(dtype=float)
    known = np.isfinite(left) & ~np.isnan(right)
    left, right = left[known], right[known]
    after, by = (tidy(value) for value in turnbull(left, right).median())
    low, high = (tidy(value) for value in median_limits(left, right))
    return (after, by), None if low is None and high is None else (low, high)


def _gain(own: RestrictedMean | None, base: RestrictedMean | None) -> RestrictedGain:
    if own is None or base is None:
        return RestrictedGain(Estimate(None))
    found = restricted_mean_difference(own, base)
    return RestrictedGain(Estimate.of(found.difference), tidy(found.p))


def _compared(rows: pd.DataFrame, base: pd.DataFrame, end: str) -> tuple[tuple[Any, Any, Any], Any]:
    """Times, events and arm (1 or 0) of two arms, and the strata where there are any."""
    known = [own[np.isfinite(own[f"{end}_months"].to_numpy(dtype=float))] for own in (rows, base)]
    (time, event), (other, other_event) = (times_of(own, end) for own in known)
    arm = np.repeat([1, 0], [len(time), len(other)])
    strata = None
    if "stratum" in rows:
        strata = np.concatenate([own["stratum"].astype(str).to_numpy() for own in known])
    return (np.r_[time, other], np.r_[event, other_event], arm), strata


def _premiss(sample: tuple[Any, Any, Any], strata: Any = None) -> HazardTests:
    """Why there is no hazard ratio, the test that it is constant, and tests that do without it."""
    found = proportional_hazards(*sample, strata=strata)
    combined = max_combo(*sample, strata=strata)
    return HazardTests(
        cox_hazard_ratio(*sample, strata=strata).problem,
        None
        if found is None
        else ProportionalHazards(
            found.transform,
            tidy(found.global_statistic),
            tidy(found.global_p),
            tidy(float(found.slope[0])),
        ),
        tuple(
            WeightedLogRank(test.rho, test.gamma, tidy(test.z), tidy(test.p))
            for test in combined.tests
        ),
        tidy(combined.p),
        tidy(combined.p_better),
    )


def _stratified(rows: pd.DataFrame, base: pd.DataFrame, end: str) -> StratifiedTests:
    """Hazard ratio and tests of an end point within the strata of randomisation."""
    sample, strata = _compared(rows, base, end)
    return StratifiedTests(
        Estimate.of(cox_hazard_ratio(*sample, strata=strata).hazard_ratio),
        tidy(log_rank(*sample, strata=strata).p),
        _premiss(sample, strata),
    )


def _markers(rows: pd.DataFrame, visits: pd.DataFrame) -> Markers:
    """CA 19-9 and KRAS in plasma: level before treatment, and who responded."""
    least = visits.groupby("patient")[["ca19_9_u_ml", "kras_maf_pct"]].min()
    least = least.reindex(rows["patient"])
    start = rows["baseline_ca19_9_u_ml"].to_numpy(dtype=float)
    low = least["ca19_9_u_ml"].to_numpy(dtype=float)
    known = np.isfinite(start)
    level = tidy(float(np.median(start[known]))) if known.any() else None
    fell = exact_interval(int((low[known] <= _FALL * start[known]).sum()), int(known.sum()))
    start = rows["baseline_kras_maf_pct"].to_numpy(dtype=float)
    low = least["kras_maf_pct"].to_numpy(dtype=float)
    known, detected = np.isfinite(start), start > 0
    share = tidy(float(np.median(start[known]))) if known.any() else None
    gone = exact_interval(int((low[detected] == 0).sum()), int(detected.sum()))
    return Markers(level, Estimate.of(fell, 100.0), share, Estimate.of(gone, 100.0))
