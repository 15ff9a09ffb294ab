"""Power against size, and the size that a power needs.

All sizes use the same random numbers, patient by patient, so that a curve is smooth; each point
still carries its own Monte-Carlo interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.characteristics import describe_population, share
from rascade.analyses.operating.enrolment import Source
from rascade.analyses.operating.replicates import EFFICACY, run_replicates
from rascade.errors import InputError
from rascade.statistics.group_sequential import fixed_drift

if TYPE_CHECKING:
    from rascade.analyses.operating.designs import Design
    from rascade.analyses.operating.population import ArmPopulation

__all__ = ["power_at", "power_curve", "sample_size", "schoenfeld_events", "schoenfeld_power"]

_ROUNDS = 8
_MOST = 20_000
_CLOSE, _NEAR = 0.005, 0.05
_FEW = 500


def schoenfeld_events(
    hazard_ratio: float, alpha: float, power: float, ratio: tuple[int, int] = (1, 1)
) -> float:
    """Events that a log-rank test needs (Schoenfeld, Biometrics 1983;39:499-503).

    Args:
        hazard_ratio: constant over time.
        alpha: one-sided level.
        power: wanted.
        ratio: allocation.
    """
    first = ratio[0] / sum(ratio)
    return fixed_drift(alpha, power) ** 2 / (first * (1.0 - first) * math.log(hazard_ratio) ** 2)


def schoenfeld_power(
    hazard_ratio: float, alpha: float, events: float, ratio: tuple[int, int] = (1, 1)
) -> float:
    """Power of a log-rank test with a number of events; arguments as `schoenfeld_events`."""
    from scipy.special import ndtr, ndtri

    first = ratio[0] / sum(ratio)
    drift = math.sqrt(events * first * (1.0 - first)) * abs(math.log(hazard_ratio))
    return float(ndtr(drift - ndtri(1.0 - alpha)))


def power_at(
    design: Design,
    arms: Sequence[ArmPopulation],
    *,
    seed: int,
    replicates: int,
    eligible: Any = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Power of one design with its Monte-Carlo interval; arguments as `characteristics`."""
    numbers = np.arange(replicates, dtype=np.int64)
    trials = run_replicates(Source(design, arms, eligible), seed, numbers, progress=progress)
    found = share(int((trials.reason == EFFICACY).sum()), replicates)
    return {
        "size": design.size,
        "events": design.events,
        **found,
        "short_of_events": float((~trials.complete).mean()),
    }


def power_curve(
    design: Design,
    arms: Sequence[ArmPopulation],
    sizes: Sequence[int],
    *,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """Power of a design at several sizes, events in proportion; options as `power_at`."""
    points = []
    for index, size in enumerate(sizes):
        points.append(power_at(design.resized(size), arms, **options))
        if progress:
            progress((index + 1) / len(sizes))
    return points


def sample_size(
    design: Design,
    arms: Sequence[ArmPopulation],
    target: float,
    *,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Find the size at which a design reaches a power.

    On the probit scale power is nearly a line in the square root of the size (it is Schoenfeld's
    formula), so that a few rounds of replicate trials close in on it.

    Args:
        design: looks, accrual and shares stay; size and events are scaled.
        arms: populations of its arms, the control first.
        target: power wanted, between the level and 1.
        progress: called with the share done.
        options: as `power_at`.

    Returns:
        Size and events with the power found there, and the sizes that the Monte-Carlo error of
        that power leaves open (95 %). `size` is None where the power is out of reach.

    Raises:
        InputError: the target is not between the level and 1.
    """
    from scipy.special import ndtri
    from scipy.stats import norm

    alpha = design.boundaries.alpha
    if not alpha < target < 1:
        raise InputError(f"power: target {target:g} must lie between the level, {alpha:g}, and 1")
    point, wanted, reason = _close_in(design, arms, target, options, progress)
    if progress:
        progress(1.0)
    if reason is not None:
        return {"target": target, "size": None, "reason": reason}
    size, found, used = point["size"], _inside(point["value"]), point["replicates"]
    slope = (float(ndtri(found)) + float(ndtri(1.0 - alpha))) / math.sqrt(size)
    rise = float(norm.pdf(ndtri(found))) * slope / (2.0 * math.sqrt(size))
    half = 1.96 * math.sqrt(found * (1.0 - found) / used) / rise
    return {
        "target": target,
        "size": size,
        "events": point["events"],
        "power": {name: point[name] for name in ("value", "low", "high")},
        "low": max(0, math.floor(wanted - half)),
        "high": math.ceil(wanted + half),
        "schoenfeld_events": _by_formula(design, arms, target),
    }


def _inside(power: float) -> float:
    return float(np.clip(power, 1e-4, 1.0 - 1e-4))


def _close_in(
    design: Design,
    arms: Sequence[ArmPopulation],
    target: float,
    options: dict[str, Any],
    progress: Callable[[float], None] | None,
) -> tuple[dict[str, Any], float, str | None]:
    """Return the last point tried, the size that it points to, and why there is none."""
    from scipy.special import ndtri

    step, critical = sum(design.randomization.ratio), float(ndtri(1.0 - design.boundaries.alpha))
    size, wanted, point = design.size, float(design.size), {}
    # Few trials are enough to come near; the last rounds use all of them.
    whole = options["replicates"]
    used = min(whole, max(_FEW, whole // 10))
    for turn in range(_ROUNDS):
        point = power_at(design.resized(size), arms, **{**options, "replicates": used})
        point["replicates"] = used
        if progress:
            progress((turn + 1) / _ROUNDS)
        slope = (float(ndtri(_inside(point["value"]))) + critical) / math.sqrt(size)
        if slope <= 0:
            return point, wanted, "no effect in this population"
        wanted = ((float(ndtri(target)) + critical) / slope) ** 2
        close = _NEAR if used < whole else _CLOSE
        near = abs(wanted - size) <= max(close * size, step)
        if (near and used == whole) or turn == _ROUNDS - 1:
            break
        if near or turn >= _ROUNDS - 4:
            used = whole
        # A step from far away, where the line is poor, goes no further than four-fold.
        size = step * math.ceil(min(max(wanted, size / 4), size * 4) / step)
        if size > _MOST:
            return point, wanted, f"more than {_MOST} patients"
    return point, wanted, None


def _by_formula(design: Design, arms: Sequence[ArmPopulation], target: float) -> int | None:
    """Events by Schoenfeld's formula at the population's hazard ratio, looks included."""
    if design.reestimation is not None or design.selection is not None or design.eligibility:
        return None
    ratio = describe_population(arms)[1]["hazard_ratio"]
    if ratio is None or not ratio > 0 or ratio == 1:
        return None
    first, second = design.randomization.ratio
    events = schoenfeld_events(ratio, design.boundaries.alpha, target, (first, second))
    return math.ceil(events * design.boundaries.inflation(target))
