"""Estimands of a trial, named as ICH E9(R1) asks: what is estimated, and for which strategy.

An estimand says what becomes of patients in whom something intervenes, such as stopping treatment.
Each one here is estimated from the same simulated patients by censoring rules, so a reader sees
what the choice changes. Censoring at an event that depends on the disease is informative; the
estimands that do it say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rascade.statistics.cox import cox_hazard_ratio
from rascade.statistics.proportional_hazards import proportional_hazards_p
from rascade.statistics.survival import kaplan_meier
from rascade.trial.assessment.times import months
from rascade.trial.results.records.codec import Estimate, tidy
from rascade.trial.results.records.details import EstimandArm, EstimandContrast, EstimandResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Columns = tuple[NDArray[np.float64], NDArray[np.bool_]]

__all__ = ["ESTIMANDS", "Estimand", "estimate_estimands", "times_under"]


@dataclass(frozen=True)
class Estimand:
    """An estimand that ends in a time to an event.

    Attributes:
        name: short name.
        end_point: ``pfs`` or ``os``.
        strategy: of ICH E9(R1).
        intercurrent: what intervenes, and how it is handled.
        censor: columns of the patients' table with days at which a patient is censored if one of
            them comes first; none censors nobody.
        unless: column with the reason, and reasons for which it does not censor.
        caution: what a reader must know before believing it.
    """

    name: str
    end_point: str
    strategy: str
    intercurrent: str
    censor: tuple[str, ...] = ()
    unless: tuple[str, tuple[str, ...]] | None = None
    caution: str = ""


_INFORMATIVE = "Who is censored depends on the disease, so the censoring is informative."

#: All are of every randomised patient (intention to treat), arm against reference, and measured by
#: the median and by the hazard ratio.
ESTIMANDS = (
    Estimand(
        "OS, treatment policy",
        "os",
        "treatment policy",
        "Stopping, changing or adding treatment is ignored: every death counts.",
    ),
    Estimand(
        "OS, hypothetical",
        "os",
        "hypothetical",
        "As if nobody crossed over to the other arm: censored at crossover.",
        ("crossover_day",),
        caution=_INFORMATIVE,
    ),
    Estimand(
        "PFS, treatment policy",
        "pfs",
        "treatment policy",
        "Stopping treatment is ignored; death counts as an event (composite).",
    ),
    Estimand(
        "PFS, while on treatment",
        "pfs",
        "while on treatment",
        "Only what happens until treatment ends counts: censored when it ends for another reason "
        "than progression.",
        ("treatment_end_day",),
        ("treatment_end_reason", ("progression", "death")),
        _INFORMATIVE,
    ),
    Estimand(
        "PFS, hypothetical",
        "pfs",
        "hypothetical",
        "As if nobody had left the trial or had other treatment before progression: censored when "
        "either happens.",
        ("dropout_day", "other_treatment_day"),
        caution=_INFORMATIVE,
    ),
)


def times_under(estimand: Estimand, patients: pd.DataFrame) -> Columns:
    """Return months and event flags under an estimand; patients without a time are left out.

    Args:
        estimand: which.
        patients: the patients' table; without the estimand's column nobody is censored by it.
    """
    time = patients[f"{estimand.end_point}_months"].to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(time)
    event = np.zeros(len(patients), dtype=bool)
    event[known] = patients[f"{estimand.end_point}_event"].to_numpy()[known].astype(bool)
    cut = _cut(estimand, patients)
    # What happens with the event itself, or after it, censors nothing.
    earlier = known & (cut < time - 1e-9)
    time, event = np.where(earlier, cut, time), event & ~earlier
    return time[known], event[known]


def _cut(estimand: Estimand, patients: pd.DataFrame) -> NDArray[np.float64]:
    """Return the month at which each patient is censored, infinite for nobody."""
    first = np.full(len(patients), np.inf)
    for column in estimand.censor:
        if column in patients:
            days = patients[column].to_numpy(dtype=float, na_value=np.nan)
            first = np.fmin(first, months(days))
    if estimand.unless is not None:
        column, reasons = estimand.unless
        if column in patients:
            spared = patients[column].astype(str).isin(reasons).to_numpy()
        else:  # a table without reasons: all that tells is that no scan lies in between
            last = patients["pfs_after_months"].to_numpy(dtype=float, na_value=np.nan)
            spared = first >= last - 1e-9
        first[spared] = np.inf
    return first


def estimate_estimands(
    patients: pd.DataFrame, arms: Sequence[str], reference: str | None
) -> list[EstimandResult]:
    """Estimate every estimand for which the trial has something to say.

    One whose intercurrent event cannot happen in this trial (its column is missing, or holds
    nothing) is listed with ``applies`` false and without numbers.

    Args:
        patients: the patients' table.
        arms: names in the order wanted.
        reference: arm that the others are compared with; None makes no contrasts.
    """
    return [_estimate(estimand, patients, arms, reference) for estimand in ESTIMANDS]


def _estimate(
    estimand: Estimand, patients: pd.DataFrame, arms: Sequence[str], reference: str | None
) -> EstimandResult:
    columns = [column for column in estimand.censor if column in patients]
    applies = not estimand.censor or bool(patients[columns].notna().any(axis=None))
    result = EstimandResult(
        estimand.name,
        estimand.end_point,
        "all randomised patients (intention to treat)",
        estimand.strategy,
        estimand.intercurrent,
        estimand.caution,
        applies,
    )
    if not applies:
        return result
    seen = {
        arm: times_under(estimand, patients[patients["arm"].astype(str) == arm]) for arm in arms
    }
    medians = tuple(
        EstimandArm(arm, Estimate.of(kaplan_meier(time, event).median()))
        for arm, (time, event) in seen.items()
    )
    ratios = tuple(
        _ratio(arm, reference, seen) for arm in arms if reference is not None and arm != reference
    )
    return replace(result, arms=medians, contrasts=ratios)


def _ratio(arm: str, reference: str, seen: Mapping[str, Columns]) -> EstimandContrast:
    (time, event), (base, base_event) = seen[arm], seen[reference]
    in_arm = np.repeat([1, 0], [len(time), len(base)])
    sample = (np.r_[time, base], np.r_[event, base_event], in_arm)
    return EstimandContrast(
        arm,
        reference,
        Estimate.of(cox_hazard_ratio(*sample).hazard_ratio),
        tidy(proportional_hazards_p(*sample)),
    )
