"""Arms and contrasts as the headline of a summary tells them, and pairs of the same patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rascade.trial.results.records.codec import Estimate, Limits, by_rate, each, kept, spread
from rascade.trial.results.records.prediction import ArmPrediction, ContrastPrediction

__all__ = ["ArmHeadline", "ContrastHeadline", "Difference", "Paired", "PairedTime"]


@dataclass(frozen=True)
class Difference:
    """Mean difference between two arms of the same patients.

    Attributes:
        n: pairs.
        difference: the arm less the reference.
        limits: of the paired 95 % interval.
        width_of_unpaired: its width over that of arms of this size with patients of their own;
            None where nothing varies.
        horizon_months: to which a restricted mean reaches.
    """

    n: int
    difference: float
    limits: Limits = kept("ci")
    width_of_unpaired: float | None = None
    horizon_months: float | None = kept("horizon_months", optional=True)


@dataclass(frozen=True)
class PairedTime:
    """A time to an event, patient by patient.

    Attributes:
        restricted: difference of the restricted means, months.
        better_pct, worse_pct: pairs of whom it is certain who did better, percent.
    """

    restricted: Difference | None = kept("restricted_mean_months", of=Difference)
    better_pct: float | None = None
    worse_pct: float | None = None


@dataclass(frozen=True)
class Paired:
    """What pairs of the same patient say of a contrast."""

    n: int
    best_change: Difference | None = kept("best_change_pct", of=Difference)
    times: Mapping[str, PairedTime] = spread("{}_", of=PairedTime)


@dataclass(frozen=True)
class ContrastHeadline:
    """An arm against the reference.

    Attributes:
        ratios: hazard ratios by end point.
        log_rank_p: p of the log-rank test by end point.
        paired: where both treat the same patients.
        prediction: what trials are predicted to show; None where nothing was predicted.
    """

    arm: str
    reference: str
    ratios: Mapping[str, Estimate] = each("{}_hr", "{}_hr_ci")
    log_rank_p: Mapping[str, float | None] = each("{}_logrank_p")
    paired: Paired | None = kept("paired", of=Paired, optional=True)
    prediction: ContrastPrediction | None = kept("prediction", of=ContrastPrediction, optional=True)


@dataclass(frozen=True)
class ArmHeadline:
    """What an arm came to.

    Attributes:
        name: of the arm.
        n: patients in the data.
        rates: percent of the patients, by end point.
        medians: months, by end point.
        severe: patients with a related side effect of grade 3 or more, percent; None where none
            is modelled.
        prediction: what trials are predicted to show; None where nothing was predicted.
    """

    name: str
    n: int
    rates: Mapping[str, Estimate] = by_rate("{}_pct", "{}_ci")
    medians: Mapping[str, Estimate] = each("{}_median_months", "{}_ci")
    severe: float | None = kept("grade3plus_trae_pct")
    prediction: ArmPrediction | None = kept("prediction", of=ArmPrediction, optional=True)
