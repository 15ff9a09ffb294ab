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
    off_the_ends,
    response_share,
)
from rascade.trial.results.records.codec import tidy, to_json
from rascade.trial.results.records.prediction import ArmPrediction, ContrastPrediction, Span90
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]

__all__ = [
    "ENDPOINTS",
    "POOL",
    "Replicates",
    "between_trials",
    "intervals",
    "predict",
    "replicates",
]

#: Patients of each member, and replicate trials, that a prediction uses by default.
POOL, REPLICATES = 150, 480
#: Times to an event that courses tell.
ENDPOINTS = ("pfs", "os")
_LEVELS = (50.0, 5.0, 95.0)


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
    common = {e: normal(spec.seed, f"trial:{e}", index) for e in ("orr", *ENDPOINTS)}
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
        pools = [_Pool(courses.member(m), known) for m in range(members)]
        drawn = [
            _replicate(
                spec, pools[m], size, {e: float(shift[e][r]) for e in shift}, f"{arm.name}:{r}"
            )
            for r, m in zip(index.tolist(), member.tolist(), strict=True)
        ]
        samples[arm.name] = [each[1] for each in drawn]
        found[arm.name] = {
            "orr": np.array([each[0] for each in drawn]),
            **{e: _medians([each[1][e] for each in drawn]) for e in ENDPOINTS},
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
            for e in ENDPOINTS
        }
        for name in samples
        if reference is not None and name != reference
    }
    return Replicates(found, ratios, samples)


def _size(spec: TrialSpec, arm: str, sizes: Mapping[str, int] | None) -> int:
    if sizes and arm in sizes:
        return sizes[arm]
    return next(a.size or spec.cohort.size for a in spec.arms if a.name == arm)


class _Pool:
    """The patients of one member, of whom replicate trials are drawn.

    Args:
        one: their courses.
        known: (N,) days known of each, as `known_days`.
    """

    def __init__(self, one: Courses, known: Floats) -> None:
        self.one, self.known = one, known
        self.share = response_share(one, known)[0]
        self.end = float(one.death.max())
        weight = one.weight[0] * (known > 0)
        self.up_to = np.cumsum(weight) / weight.sum()
        times = {e: one.times(e) for e in ENDPOINTS}
        self.curves = {e: curve(t[0], flag[0], one.weight[0]) for e, (t, flag) in times.items()}

    def pick(self, numbers: Floats) -> NDArray[np.intp]:
        """Return the places of patients for numbers in (0, 1), by their weight."""
        return np.asarray(np.minimum(np.searchsorted(self.up_to, numbers), self.up_to.size - 1))


def _replicate(
    spec: TrialSpec, pool: _Pool, size: int, shift: Mapping[str, float], stream: str
) -> tuple[float, dict[str, tuple[Floats, NDArray[np.bool_]]]]:
    """Draw one trial's arm: its response rate, and (time, event) of its patients by end point."""
    who = np.arange(size, dtype=np.int64)
    odds = logit(off_the_ends(pool.share, size)) + shift["orr"]
    chance = 1.0 / (1.0 + np.exp(-odds))
    rate = float((uniform(spec.seed, f"{stream}:response", who) < chance).mean())
    place = pool.pick(uniform(spec.seed, f"{stream}:patient", who))
    watched = pool.known[place]
    times = {}
    for endpoint in ENDPOINTS:
        time, event = (values[0][place] for values in pool.one.times(endpoint))
        moved = _moved(pool.curves[endpoint], time, event, shift[endpoint])
        # Who was lost is known up to that day, and nobody beyond the end of what was simulated.
        last = np.minimum(watched, np.where(event, pool.end, time))
        times[endpoint] = np.minimum(moved, last), moved <= last
    return rate, times


def _moved(whole: Curve, time: Floats, event: NDArray[np.bool_], shift: float) -> Floats:
    """Move patients along their arm's curve, so that its log odds rise by a shift.

    An event that is moved beyond the end of the curve, or was never seen, is at infinity.
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
    return np.array([curve(t, e, np.ones(t.size)).median_months for t, e in samples])


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
                    {e: intervals(drawn.arms[arm.name][e]) for e in ENDPOINTS},
                )
            )
            for arm in spec.arms
        },
        "contrasts": {
            name: to_json(
                ContrastPrediction(members, {e: intervals(np.exp(ratios[e])) for e in ENDPOINTS})
            )
            for name, ratios in drawn.ratios.items()
        },
    }
