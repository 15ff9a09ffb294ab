"""Predictive intervals of a trial: what the population is not known to be, and what chance adds.

Three layers: the members of the ensemble (populations that the evidence allows), what trials of the
same regimen differ by for reasons nobody models (`BETWEEN_TRIALS`), and the patients who happen to
enter. A prediction is for a trial of the arms' own sizes, entering and cut as the trial says.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.random_streams import normal, uniform
from rascade.trial.prediction.courses import Courses
from rascade.trial.prediction.measures import (
    Curve,
    curve,
    cut_month,
    hazard_ratio,
    known_days,
    logit,
    response_share,
)
from rascade.trial.results.records.codec import tidy, to_json
from rascade.trial.results.records.prediction import ArmPrediction, ContrastPrediction, Span90
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]

__all__ = ["POOL", "Replicates", "between_trials", "intervals", "predict", "replicates"]

#: Patients of each member, and replicate trials, that a prediction uses by default.
POOL, REPLICATES = 150, 480
_LEVELS = (50.0, 5.0, 95.0)
_ENDPOINTS = {"pfs": ("pfs", "progressed"), "os": ("death", "died")}


@cache
def between_trials() -> Mapping[str, float]:
    """Return by how much trials of one regimen differ, on the scale of log odds.

    ``orr``, ``pfs`` and ``os`` are standard deviations; ``shared`` is the share of the variance
    that all arms of a trial have in common.
    """
    text = (files("rascade.trial") / "data" / "between_trials.csv").read_text(encoding="utf-8")
    return {row["name"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True)
class Replicates:
    """Replicate trials: arm -> end point -> (r,) values; infinite where a median is not reached.

    Attributes:
        arms: ``orr`` (share), ``pfs`` and ``os`` (months) of each arm.
        ratios: arm -> ``pfs`` and ``os``, log hazard ratios against the reference; NaN where there
            is none.
        samples: arm -> (time in days, event) of the patients by end point, one a replicate.
    """

    arms: Mapping[str, Mapping[str, Floats]]
    ratios: Mapping[str, Mapping[str, Floats]]
    samples: Mapping[str, Sequence[Mapping[str, tuple[Floats, NDArray[np.bool_]]]]]

    def free(self, arm: str, endpoint: str, month: float) -> Floats:
        """Return the share of an arm's patients free of an event at a month, (r,), 0 to 1.

        By Kaplan and Meier in every replicate trial, as it is published.

        Args:
            arm: its name.
            endpoint: ``pfs`` or ``os``.
            month: since the arm began.
        """
        day = np.array([month * DAYS_PER_MONTH])
        drawn = (one[endpoint] for one in self.samples[arm])
        return np.array([curve(t, e, np.ones(t.size)).at(day)[0] for t, e in drawn])


def replicates(
    spec: TrialSpec,
    arms: Mapping[str, Courses],
    *,
    count: int = REPLICATES,
    sizes: Mapping[str, int] | None = None,
    vary_trials: bool = True,
) -> Replicates:
    """Draw replicate trials from the courses of all members.

    Args:
        spec: the trial, with accrual and cut-off.
        arms: name -> courses, the same members in all.
        count: replicates, spread evenly over the members; the central one only counts alone.
        sizes: patients by arm; the trial's own if None.
        vary_trials: whether trials differ for reasons beyond their patients.
    """
    months = cut_month(spec, arms)
    cut_day = None if months is None else months * DAYS_PER_MONTH
    members = next(iter(arms.values())).members
    index = np.arange(count)
    member = index % (members - 1) + 1 if members > 1 else np.zeros(count, dtype=np.int64)
    sd = between_trials() if vary_trials else dict.fromkeys(between_trials(), 0.0)
    common = {e: normal(spec.seed, f"trial:{e}", index) for e in ("orr", "pfs", "os")}
    found: dict[str, dict[str, Floats]] = {}
    samples: dict[str, list[dict[str, tuple[Floats, NDArray[np.bool_]]]]] = {}
    for arm in spec.arms:
        courses, size = arms[arm.name], _size(spec, arm.name, sizes)
        shift = {
            e: sd[e]
            * (
                np.sqrt(sd["shared"]) * common[e]
                + np.sqrt(1.0 - sd["shared"]) * normal(spec.seed, f"{arm.name}:{e}", index)
            )
            for e in common
        }
        known = known_days(spec, courses.pfs.shape[1], cut_day)
        drawn = [
            _replicate(
                spec, courses.member(int(m)), known, size, {e: float(shift[e][r]) for e in shift},
                f"{arm.name}:{r}",
            )
            for r, m in zip(index.tolist(), member, strict=True)
        ]  # fmt: skip
        samples[arm.name] = [each[1] for each in drawn]
        found[arm.name] = {
            "orr": np.array([each[0] for each in drawn]),
            **{e: _medians([each[1][e] for each in drawn]) for e in _ENDPOINTS},
        }
    reference = spec.reference_arm
    ratios = {
        name: {
            e: np.array(
                [
                    _ratio(one[e], other[e])
                    for one, other in zip(samples[name], samples[reference], strict=True)
                ]
            )
            for e in _ENDPOINTS
        }
        for name in samples
        if reference is not None and name != reference
    }
    return Replicates(found, ratios, samples)


def _size(spec: TrialSpec, arm: str, sizes: Mapping[str, int] | None) -> int:
    if sizes and arm in sizes:
        return sizes[arm]
    return next(a.size or spec.cohort.size for a in spec.arms if a.name == arm)


def _replicate(
    spec: TrialSpec,
    courses: Courses,
    known: Floats,
    size: int,
    shift: Mapping[str, float],
    stream: str,
) -> tuple[float, dict[str, tuple[Floats, NDArray[np.bool_]]]]:
    """Draw one trial's arm: its response rate, and (time, event) of its patients by end point."""
    who = np.arange(size, dtype=np.int64)
    odds = logit(_inside(response_share(courses, known)[0], size)) + shift["orr"]
    chance = 1.0 / (1.0 + np.exp(-odds))
    rate = float((uniform(spec.seed, f"{stream}:response", who) < chance).mean())
    weight = courses.weight[0] * (known > 0)
    place = np.searchsorted(
        np.cumsum(weight) / weight.sum(), uniform(spec.seed, f"{stream}:patient", who)
    )
    place = np.minimum(place, weight.size - 1)
    watched = known[place]
    times = {}
    for endpoint, (field, flag) in _ENDPOINTS.items():
        time, event = getattr(courses, field)[0], getattr(courses, flag)[0]
        moved = _moved(
            curve(time, event, courses.weight[0]), time[place], event[place], shift[endpoint]
        )
        seen = moved <= watched
        times[endpoint] = np.minimum(moved, watched), seen
    return rate, times


def _inside(share: float, size: int) -> float:
    """Keep a share off 0 and 1, where it has no log odds."""
    return (size * share + 0.5) / (size + 1.0)


def _moved(whole: Curve, time: Floats, event: NDArray[np.bool_], shift: float) -> Floats:
    """Move patients along their arm's curve, so that its log odds rise by a shift.

    Who was censored in the simulation is beyond its end: infinite.
    """
    if shift == 0.0:
        return np.where(event, time, np.inf)
    after = whole.at(time)
    # The middle of the step that a patient's event makes stands for him.
    before = whole.at(np.nextafter(time, -np.inf))
    middle = np.clip((after + before) / 2.0, 1e-9, 1.0 - 1e-9)
    wanted = 1.0 / (1.0 + np.exp(-(logit(middle) - shift)))
    return np.where(event, whole.when(wanted), np.inf)


def _medians(samples: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> Floats:
    """Return Kaplan-Meier medians in months, infinite where not reached."""
    ones = [
        curve(time, event, np.ones(time.size)).when(np.array([0.5]))[0] for time, event in samples
    ]
    return np.array(ones) / DAYS_PER_MONTH


def _ratio(one: tuple[Floats, NDArray[np.bool_]], other: tuple[Floats, NDArray[np.bool_]]) -> float:
    weights = np.ones(one[0].size), np.ones(other[0].size)
    return hazard_ratio((one[0], other[0]), (one[1], other[1]), weights)


def intervals(values: Floats, factor: float = 1.0) -> Span90:
    """Return median and 90 % limits, None where they are not reached.

    Args:
        values: (r,) of the replicates; NaN where there is none.
        factor: on all.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return Span90(None, None, None)
    return Span90(
        *(tidy(float(np.percentile(known, p, method="inverted_cdf")), factor) for p in _LEVELS)
    )


def predict(spec: TrialSpec, courses: Mapping[str, Courses]) -> dict[str, Any]:
    """Predict the results of a trial with every layer of uncertainty.

    Args:
        spec: the trial.
        courses: name of an arm -> its courses, the same members in all, the central one first.

    Returns:
        ``arms`` and ``contrasts``: name -> prediction, ready for JSON, as
        `rascade.trial.results.records.prediction` reads them.
    """
    drawn = replicates(spec, courses)
    members = next(iter(courses.values())).members - 1
    return {
        "arms": {
            arm.name: to_json(
                ArmPrediction(
                    arm.size or spec.cohort.size,
                    members,
                    intervals(drawn.arms[arm.name]["orr"], 100.0),
                    {e: intervals(drawn.arms[arm.name][e]) for e in _ENDPOINTS},
                )
            )
            for arm in spec.arms
        },
        "contrasts": {
            name: to_json(
                ContrastPrediction(members, {e: intervals(np.exp(ratios[e])) for e in _ENDPOINTS})
            )
            for name, ratios in drawn.ratios.items()
        },
    }
