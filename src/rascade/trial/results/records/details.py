"""End points in detail: responses in time, landmarks, restricted means, tests, estimands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rascade.trial.results.records.codec import Estimate, Limits, each, kept, named, spread

__all__ = [
    "ArmDetail",
    "ContrastDetail",
    "Details",
    "EstimandArm",
    "EstimandContrast",
    "EstimandResult",
    "ExposureAdjusted",
    "HazardTests",
    "Incidence",
    "Landmark",
    "Markers",
    "ProportionalHazards",
    "ResponseInTime",
    "ResponseTimes",
    "Responses",
    "RestrictedGain",
    "RestrictedMeanOfArm",
    "StratifiedTests",
    "TermIncidence",
    "WeightedLogRank",
]


@dataclass(frozen=True)
class Landmark:
    """Rate of an end point at a month, percent, with its limits made in each way."""

    month: float
    at_risk: int
    rate: Estimate = kept("rate_pct", "ci")
    limits_by_kind: Mapping[str, Limits] = kept("ci_by_limits")


@dataclass(frozen=True)
class RestrictedMeanOfArm:
    """Mean months without the event up to a horizon."""

    horizon_months: float | None
    mean: Estimate = kept("mean_months", "ci")


@dataclass(frozen=True)
class ResponseTimes:
    """When responses came and how long they lasted, months."""

    first: float | None = kept("ttr_median_months")
    first_range: Limits = kept("ttr_range_months")
    ended: int = kept("dor_events")
    lasted: Estimate = kept("dor_median_months", "dor_ci")


@dataclass(frozen=True)
class ResponseInTime:
    """Responses of one kind: how many, percent of the patients, and their times."""

    responders: int
    rate: Estimate = kept("orr_pct", "orr_ci")
    times: ResponseTimes | None = spread("", of=ResponseTimes)


@dataclass(frozen=True)
class Responses:
    """Responses confirmed, by iRECIST and as control of the disease, percent; times in months."""

    confirmed: Estimate = kept("orr_confirmed_pct", "orr_confirmed_ci")
    immune: Estimate = kept("iorr_pct", "iorr_ci")
    control: Estimate = kept("dcr_pct", "dcr_ci")
    responders: int = 0
    first: float | None = kept("ttr_median_months")
    lasted: Estimate = kept("dor_median_months", "dor_ci")


@dataclass(frozen=True)
class Markers:
    """CA 19-9 (U/mL) and mutant KRAS in plasma (percent of alleles), and who responded by them."""

    ca19_9: float | None = kept("ca19_9_baseline_median")
    halved: Estimate = kept("ca19_9_halved_pct", "ca19_9_halved_ci")
    kras: float | None = kept("kras_maf_baseline_median_pct")
    cleared: Estimate = kept("kras_cleared_pct", "kras_cleared_ci")


@dataclass(frozen=True)
class Incidence:
    """Side effects over the time at risk."""

    episodes: int
    patients: int
    episode_rate: Estimate = kept("episodes_per_100_patient_years", "episodes_ci")
    patient_rate: Estimate = kept("patients_per_100_patient_years", "patients_ci")
    first: Estimate = kept("time_to_first_median_months", "time_to_first_ci")
    first_of_affected: float | None = kept("time_to_first_of_affected_months")


@dataclass(frozen=True)
class TermIncidence:
    """Side effects of one term over the time at risk."""

    term: str
    any: Incidence = kept("any", of=Incidence)
    severe: Incidence = kept("grade3plus", of=Incidence)


@dataclass(frozen=True)
class ExposureAdjusted:
    """Side effects of an arm over the time at risk: all, severe ones, and by term."""

    patient_months: float | None
    any: Incidence = kept("any", of=Incidence)
    severe: Incidence = kept("grade3plus", of=Incidence)
    terms: tuple[TermIncidence, ...] = kept("terms", of=TermIncidence, many=True)


@dataclass(frozen=True)
class ArmDetail:
    """End points of an arm in detail.

    Attributes:
        responses: as a whole.
        by_kind: ``unconfirmed`` and ``confirmed``.
        median_limits: of medians, by end point and by the way of making them.
        landmarks, means: by end point.
        interval_median: between which months the median of interval-censored PFS lies.
        interval_median_limits: its 95 % limits.
        immune_median: of PFS by iRECIST, months.
        follow_up: median, months.
    """

    name: str
    responses: Responses = spread("", of=Responses)
    by_kind: Mapping[str, ResponseInTime] = named("responses", of=ResponseInTime)
    median_limits: Mapping[str, Mapping[str, Limits]] = each("{}_median_ci_by_limits")
    landmarks: Mapping[str, tuple[Landmark, ...]] = each("{}_landmarks", of=Landmark, many=True)
    means: Mapping[str, RestrictedMeanOfArm | None] = each("{}_rmst", of=RestrictedMeanOfArm)
    interval_median: Limits = kept("pfs_interval_median_months")
    interval_median_limits: Limits = kept("pfs_interval_median_ci")
    immune_median: float | None = kept("ipfs_median_months")
    follow_up: float | None = kept("follow_up_median_months")
    markers: Markers = spread("", of=Markers)
    exposure_adjusted: ExposureAdjusted | None = kept(
        "exposure_adjusted", of=ExposureAdjusted, optional=True
    )


@dataclass(frozen=True)
class ProportionalHazards:
    """Test that a hazard ratio is constant; the slope says which way it goes with time."""

    transform: str
    statistic: float | None = None
    p: float | None = None
    slope: float | None = None


@dataclass(frozen=True)
class WeightedLogRank:
    """A weighted log-rank test G(rho, gamma)."""

    rho: float
    gamma: float
    z: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class HazardTests:
    """Why there is no hazard ratio, whether it is constant, and tests that do without it."""

    problem: str | None = kept("hr_problem")
    proportional: ProportionalHazards | None = kept("proportional_hazards", of=ProportionalHazards)
    weighted: tuple[WeightedLogRank, ...] = kept("weighted_log_rank", of=WeightedLogRank, many=True)
    combined_p: float | None = kept("max_combo_p")
    combined_p_better: float | None = kept("max_combo_p_better")


@dataclass(frozen=True)
class RestrictedGain:
    """Difference of restricted means, months."""

    difference: Estimate = kept("rmst_difference_months", "rmst_difference_ci")
    p: float | None = kept("rmst_p")


@dataclass(frozen=True)
class StratifiedTests:
    """Hazard ratio and tests within the strata of the randomisation."""

    ratio: Estimate = kept("hr", "hr_ci")
    log_rank_p: float | None = kept("logrank_p")
    tests: HazardTests = spread("", of=HazardTests)


@dataclass(frozen=True)
class ContrastDetail:
    """An arm against the reference in detail, by end point."""

    arm: str
    reference: str
    gains: Mapping[str, RestrictedGain] = spread("{}_", of=RestrictedGain)
    tests: Mapping[str, HazardTests] = spread("{}_", of=HazardTests)
    stratified: Mapping[str, StratifiedTests] = spread("{}_stratified_", of=StratifiedTests)


@dataclass(frozen=True)
class EstimandArm:
    """Median of an arm under an estimand, months."""

    name: str
    median: Estimate = kept("median_months", "ci")


@dataclass(frozen=True)
class EstimandContrast:
    """Hazard ratio under an estimand."""

    arm: str
    reference: str
    ratio: Estimate = kept("hr", "hr_ci")
    proportional_hazards_p: float | None = None


@dataclass(frozen=True)
class EstimandResult:
    """What an estimand comes to; without arms where it does not apply."""

    name: str
    end_point: str
    population: str
    strategy: str
    intercurrent: str
    caution: str
    applies: bool
    arms: tuple[EstimandArm, ...] = kept("arms", of=EstimandArm, many=True)
    contrasts: tuple[EstimandContrast, ...] = kept("contrasts", of=EstimandContrast, many=True)


@dataclass(frozen=True)
class Details:
    """The part ``end_points`` of a summary."""

    arms: tuple[ArmDetail, ...] = kept("arms", of=ArmDetail, many=True)
    contrasts: tuple[ContrastDetail, ...] = kept("contrasts", of=ContrastDetail, many=True)
    estimands: tuple[EstimandResult, ...] = kept("estimands", of=EstimandResult, many=True)
