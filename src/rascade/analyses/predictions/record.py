"""What is frozen of a trial: distributions of every value that its report may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.prediction.predict import Replicates, replicates
from rascade.trial.results.records.codec import tidy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.prediction.courses import Courses

    Floats = NDArray[np.float64]

__all__ = ["LEVELS", "MONTHS", "spread", "trial_record"]

#: Levels of the quantiles that are kept: with them any later score can be computed.
LEVELS = (0.025, *(k / 20 for k in range(1, 20)), 0.975)
#: Months at which the share free of progression or alive is predicted.
MONTHS = (6.0, 12.0, 18.0)
_Z = 1.959964  # two-sided 5 %


def spread(values: Floats, factor: float = 1.0) -> dict[str, Any] | None:
    """Return the quantiles of what replicate trials show; None for what is not reached.

    Args:
        values: (r,) of the replicates; NaN where there is none, infinite where not reached.
        factor: on all.

    Returns:
        ``median``, ``low90``, ``high90`` and ``quantiles`` (one for each of `LEVELS`); None where
        no replicate has a value.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return None
    points = np.percentile(known, [100.0 * level for level in LEVELS], method="inverted_cdf")
    quantiles = [tidy(float(point), factor) for point in points]
    at = dict(zip(LEVELS, quantiles, strict=True))
    return {"median": at[0.5], "low90": at[0.05], "high90": at[0.95], "quantiles": quantiles}


def trial_record(spec: TrialSpec, courses: Mapping[str, Courses]) -> dict[str, Any]:
    """Return what a trial is predicted to report, arm by arm and contrast by contrast.

    Args:
        spec: the trial, with accrual and cut-off.
        courses: name of an arm -> its courses, the same members in all, the central one first.

    Returns:
        ``arms``: name, drugs, size, and a `spread` for ``orr`` (percent), ``pfs`` and ``os``
        (months), ``pfs@M`` and ``os@M`` (percent free of the event at month M). ``contrasts``:
        arm, reference, ``pfs`` and ``os`` hazard ratios with the chance that the difference is
        significant (two-sided 5 %, in favour of the arm).
    """
    drawn = replicates(spec, courses)
    last = _last_month(spec)
    return {
        "arms": [_arm(drawn, arm, arm.size or spec.cohort.size, last) for arm in spec.arms],
        "contrasts": [
            {"arm": name, "reference": spec.reference_arm}
            | {e: _ratio(drawn, spec, name, e) for e in ("pfs", "os")}
            for name in drawn.ratios
        ],
    }


def _last_month(spec: TrialSpec) -> float:
    cut = spec.cut_off.month if spec.cut_off is not None and spec.cut_off.month else np.inf
    return float(min(spec.follow_up_months, cut))


def _arm(drawn: Replicates, arm: Any, size: int, last: float) -> dict[str, Any]:
    values = drawn.arms[arm.name]
    found = {
        "orr": spread(values["orr"], 100.0),
        "pfs": spread(values["pfs"]),
        "os": spread(values["os"]),
    }
    for month in (m for m in MONTHS if m < last):
        for endpoint in ("pfs", "os"):
            free = drawn.free(arm.name, endpoint, month)
            found[f"{endpoint}@{month:g}"] = spread(free, 100.0)
    return {"name": arm.name, "drugs": list(arm.drugs), "size": size, "values": found}


def _ratio(drawn: Replicates, spec: TrialSpec, name: str, endpoint: str) -> dict[str, Any] | None:
    logs = drawn.ratios[name][endpoint]
    reference = str(spec.reference_arm)
    events = [
        [float(one[endpoint][1].sum()) for one in drawn.samples[arm]] for arm in (name, reference)
    ]
    # A log-rank test's variance, by the events of both arms (Schoenfeld 1981).
    error = np.sqrt(sum(1.0 / np.maximum(np.array(count), 0.5) for count in events))
    found = spread(np.exp(logs))
    known = ~np.isnan(logs)
    if found is not None:
        found["chance_significant"] = round(float(np.mean((logs / error)[known] < -_Z)), 3)
    return found
