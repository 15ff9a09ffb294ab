"""What replicate trials say of a design: power, level, stopping, duration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.enrolment import Source
from rascade.analyses.operating.replicates import (
    EFFICACY,
    FUTILITY,
    Trials,
    run_replicates,
)
from rascade.statistics.cox import cox_hazard_ratio
from rascade.trial.results.statistics import exact_interval
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from rascade.analyses.operating.designs import Design
    from rascade.analyses.operating.population import ArmPopulation

__all__ = ["characteristics", "describe_population", "null_arms", "share"]

_MIDDLE_95 = 1.96
_QUANTILES = (0.05, 0.5, 0.95)


def share(count: int, of: int, *, level: float = 0.95) -> dict[str, Any]:
    """A Monte-Carlo proportion with its exact (Clopper-Pearson) interval."""
    found = exact_interval(count, of, level=level)
    return {"value": found.estimate, "low": found.low, "high": found.high}


def null_arms(arms: Sequence[ArmPopulation]) -> list[ArmPopulation]:
    """Return a population without an effect: every arm has the control's patients."""
    return [replace(arms[0], name=arm.name) for arm in arms]


def characteristics(
    design: Design,
    arms: Sequence[ArmPopulation],
    *,
    seed: int,
    replicates: int,
    eligible: Any = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Operating characteristics of a design, under the simulated effect and without one.

    Args:
        design: what is tried.
        arms: populations of the design's arms, the control first.
        seed: of the study.
        replicates: trials under each.
        eligible: see `Source`.
        progress: called with the share done.

    Returns:
        Ready for JSON; see docs/how-to/operating-characteristics.md.
    """
    numbers = np.arange(replicates, dtype=np.int64)

    def part(start: float) -> Callable[[float], None] | None:
        return None if progress is None else lambda done: progress(start + done / 2.0)

    source = Source(design, arms, eligible)
    effect = run_replicates(source, seed, numbers, progress=part(0.0))
    none = run_replicates(
        Source(design, null_arms(arms), eligible), seed, numbers, progress=part(0.5)
    )
    return {
        "name": design.name,
        "arms": list(design.arms),
        "size": design.size,
        "events": design.events,
        "alpha": design.boundaries.alpha,
        "eligibility": list(design.eligibility),
        "prevalence": source.prevalence,
        "power": share(int((effect.reason == EFFICACY).sum()), replicates),
        "type_one_error": share(int((none.reason == EFFICACY).sum()), replicates, level=0.99),
        "looks": _looks(design, effect, none),
        "effect": _under(effect, source.prevalence),
        "null": _under(none, source.prevalence),
        "population_power": _population_error(design, effect, source),
        "chosen": _chosen(design, effect),
    }


def _looks(design: Design, effect: Trials, none: Trials) -> list[dict[str, Any]]:
    bounds = design.boundaries
    rows = []
    for k in range(bounds.looks):
        lower = float(bounds.lower[k])
        rows.append(
            {
                "information": float(bounds.information[k]),
                "events": None
                if design.events is None
                else int(np.ceil(bounds.information[k] * design.events - 1e-9)),
                "upper": float(bounds.upper[k]) if np.isfinite(bounds.upper[k]) else None,
                "lower": lower if np.isfinite(lower) else None,
                **{
                    f"{name}_{what}": float(((trials.look == k) & (trials.reason == reason)).mean())
                    for name, trials in (("effect", effect), ("null", none))
                    for what, reason in (("efficacy", EFFICACY), ("futility", FUTILITY))
                },
            }
        )
    return rows


def _under(trials: Trials, prevalence: float) -> dict[str, Any]:
    """Expectations over the trials, with the middle 90 % of what varies."""
    ratio = np.exp(trials.log_hazard)
    known = ratio[np.isfinite(ratio)]
    months = trials.day / DAYS_PER_MONTH
    return {
        "events": float(trials.events.mean()),
        "patients": float(trials.patients.mean()),
        "screened": float(trials.patients.mean() / prevalence),
        "months": float(months.mean()),
        "months_quantiles": [float(x) for x in np.quantile(months, _QUANTILES)],
        "hazard_ratio_quantiles": [float(x) for x in np.quantile(known, _QUANTILES)]
        if known.size
        else None,
        "short_of_events": float((~trials.complete).mean()),
        "increased": float(trials.grown.mean()),
    }


def _chosen(design: Design, effect: Trials) -> dict[str, float] | None:
    if design.selection is None:
        return None
    return {name: float((effect.arm == k).mean()) for k, name in enumerate(design.arms) if k}


def _population_error(design: Design, effect: Trials, source: Source) -> dict[str, Any] | None:
    """Power were the hazard ratio of the population at its own 95 % limits.

    A population with d events leaves a standard error of about 2/sqrt(d) in the log hazard ratio
    (one-to-one); on the scale of the final Z of a trial with e events that is sqrt(e/d).
    """
    if design.reestimation or design.selection or design.events is None:
        return None
    power = float((effect.reason == EFFICACY).mean())
    seen = sum(int(np.isfinite(arm.event_day).sum()) for arm in source.arms)
    if not 0 < power < 1 or not seen:
        return None
    drift = design.boundaries.drift(power)
    shift = _MIDDLE_95 * float(np.sqrt(design.events / seen))
    low, high = (design.boundaries.power(drift + s) for s in (-shift, shift))
    return {"low": low, "high": high, "events": seen}


def describe_population(arms: Sequence[ArmPopulation]) -> list[dict[str, Any]]:
    """Sizes, events and hazard ratios of a population's arms against the first."""
    rows: list[dict[str, Any]] = []
    for arm in arms:
        row: dict[str, Any] = {
            "arm": arm.name,
            "n": arm.size,
            "events": int(np.isfinite(arm.event_day).sum()),
            "left_out": arm.left_out,
            "hazard_ratio": None,
            "low": None,
            "high": None,
        }
        if arm is not arms[0]:
            row |= _ratio(arm, arms[0])
        rows.append(row)
    return rows


def _ratio(arm: ArmPopulation, control: ArmPopulation) -> dict[str, float | None]:
    pair = [control, arm]
    seen = [a.observe(np.arange(a.size), np.full(a.size, np.inf)) for a in pair]
    time, event = (np.concatenate([s[k] for s in seen]) for k in (0, 1))
    new = np.repeat([0, 1], [a.size for a in pair])
    found = cox_hazard_ratio(time, event, new).hazard_ratio
    return dict(zip(("hazard_ratio", "low", "high"), found, strict=True))
