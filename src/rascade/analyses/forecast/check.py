"""Whether forecasts are right: virtual patients in turn are the truth, forecast by the others.

The one who is forecast, and his twins in other members, are left out. What is seen of him has the
error of a reading. The baselines are the cohort (nothing known but the profile), and the growth
that was seen, drawn on until the tumour is a fifth wider than at the last scan.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.forecast.posterior import Seen, weigh
from rascade.analyses.forecast.rank import crps
from rascade.trial.assessment.lesions import load_measurement
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rascade.analyses.forecast.particles import Particles

    Floats = NDArray[np.float64]

__all__ = ["calibration", "drawn_on"]

_GROWTH = math.log(1.2)


def calibration(
    particles: Particles,
    pfs: Floats,
    days: Sequence[float],
    *,
    patients: int,
    horizon: float,
    truths: int = 300,
    seed: int = 0,
) -> dict[str, Any]:
    """Forecast virtual patients from the others and say how often the 80 % intervals hold.

    Args:
        particles: virtual patients under what was given, m x N.
        pfs: (p,) months without progression under a regimen, up to the horizon.
        days: of the scans that are known, 0 first.
        patients: N; who has the same number in another member is a twin.
        horizon: months.
        truths: how many are forecast.
        seed: of who is, and of the readings.

    Returns:
        ``forecast`` (how many; the others were refused), ``inside_80``, and mean CRPS in months of
        the forecast (``crps``), the cohort (``crps_cohort``) and growth (``crps_growth``), and
        ``concordance`` of forecast and true months (0.5 is chance).
    """
    rng = np.random.default_rng([seed, 41])
    alive = np.isfinite(particles.at(days[-1])) & (particles.weight > 0)
    some = rng.permutation(np.flatnonzero(alive))[:truths]
    error = load_measurement()["measurement_error"].value
    number = np.arange(particles.weight.size) % patients
    rows = []
    for one in some.tolist():
        sizes = [
            (day, float(particles.size_mm[one] * np.exp(
                particles.at(day)[one] + error * rng.normal()
            )))
            for day in days
        ]  # fmt: skip
        others = particles.weight * (number != number[one])
        posterior = weigh(replace(particles, weight=others), Seen(sizes))
        if posterior.refused:
            continue
        truth = float(pfs[one])
        weight = posterior.weight
        # Months come at scans, so that many are equal: a place among equals is drawn.
        place = float(weight @ (pfs < truth) + rng.random() * (weight @ (pfs == truth)))
        cohort = others * alive / (others * alive).sum()
        growth = drawn_on(sizes, horizon)
        rows.append(
            (
                0.1 <= place <= 0.9, crps(pfs, weight, truth), crps(pfs, cohort, truth),
                abs(growth - truth), float(pfs @ weight), truth,
            )
        )  # fmt: skip
    if not rows:
        return {"forecast": 0}
    inside, own, all_, grown, said, true = (
        np.array(column, dtype=float) for column in zip(*rows, strict=True)
    )
    return {
        "forecast": len(rows),
        "refused": len(some) - len(rows),
        "inside_80": float(inside.mean()),
        "crps": float(own.mean()),
        "crps_cohort": float(all_.mean()),
        "crps_growth": float(grown.mean()),
        "concordance": _concordance(said, true),
    }


def drawn_on(sizes: Sequence[tuple[float, float]], horizon: float) -> float:
    """Return the months until a tumour that grows on as it did is a fifth wider than it was last.

    Args:
        sizes: (day, mm).
        horizon: months, at most.
    """
    day = np.array([one for one, _ in sizes])
    log = np.log([size for _, size in sizes])
    slope = float(np.polyfit(day, log, 1)[0]) if day.size > 1 else 0.0
    if slope <= 0.0:
        return horizon
    return min(horizon, _GROWTH / slope / DAYS_PER_MONTH)


def _concordance(said: Floats, true: Floats) -> float:
    """Return the share of pairs of different months that are in the right order."""
    later = true[:, None] > true[None, :]
    right = (said[:, None] > said[None, :]) + 0.5 * (said[:, None] == said[None, :])
    return float(right[later].mean()) if later.any() else float("nan")
