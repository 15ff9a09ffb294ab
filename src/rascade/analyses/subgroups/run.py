"""Subgroups of a study: simulate twins, search in one half, hold out the other, size the trial."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.power import schoenfeld_events, schoenfeld_power
from rascade.analyses.subgroups.search import Finding, find, holds
from rascade.analyses.twins import Twins, member_tables, simulate_twins, undisturbed
from rascade.errors import InputError, SimulationError
from rascade.progress import Progress, silent
from rascade.text import did_you_mean
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.trial.design.spec import TrialSpec

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Arrays = Mapping[str, Any]

__all__ = [
    "ENDPOINTS",
    "MEMBERS",
    "PATIENTS",
    "Enriched",
    "Gain",
    "Marker",
    "Question",
    "Subgroup",
    "known_markers",
    "subgroup",
]

#: Members of the ensemble and patients of each where nothing is said.
MEMBERS, PATIENTS = 6, 240
ENDPOINTS = ("pfs", "os")
_ALPHA, _POWER = 0.025, 0.9  # one-sided, as in most registration trials
_DRAWS = 600
_LIMITS = (5.0, 95.0)
_MOST_PATIENTS = 1_000_000.0


@dataclass(frozen=True)
class Marker:
    """What can be measured before treatment.

    Attributes:
        name: in rules.
        kind: where it comes from: ``profile``, ``parameter``, ``marker`` or ``biopsy``.
        symbol: its name there.
        label: for people.
        unit: for people; empty without.
        measured_by: how.
    """

    name: str
    kind: str
    symbol: str
    label: str
    unit: str
    measured_by: str


@cache
def known_markers() -> Mapping[str, Marker]:
    """Return the markers that rules may use, by name."""
    text = (files("rascade.analyses.subgroups") / "data" / "markers.csv").read_text("utf-8")
    return {row["name"]: Marker(**row) for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        plan: the trial: the combination and at least one component as arms.
        arm: the combination; the first arm that is not the reference if empty.
        endpoint: ``pfs`` or ``os``.
        markers: that a rule may use; all of `known_markers` if empty.
        members: of the ensemble.
        patients: of each member.
    """

    plan: TrialSpec
    arm: str = ""
    endpoint: str = "pfs"
    markers: tuple[str, ...] = ()
    members: int = MEMBERS
    patients: int = PATIENTS

    def __post_init__(self) -> None:
        named = [arm.name for arm in self.plan.arms]
        for option, given, known in (
            ("--endpoint", (self.endpoint,), ENDPOINTS),
            ("--arm", (self.arm,) if self.arm else (), named),
            ("--marker", self.markers, tuple(known_markers())),
        ):
            for name in given:
                if name not in known:
                    hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
                    raise InputError(f"{option}: no {name!r}{hint}")
        if len(named) < 2:
            raise InputError(
                "arms: one arm has nothing to be compared with; add a component of the combination"
            )
        for option, value, least, most in (
            ("--members", self.members, 1, 1000),
            ("--patients", self.patients, 40, 20_000),
        ):
            if not least <= value <= most:
                raise InputError(f"{option}: {value}; it must be {least} to {most}")

    @property
    def combination(self) -> str:
        """Name of the arm that is asked for."""
        reference = self.plan.reference_arm
        return self.arm or next(a.name for a in self.plan.arms if a.name != reference)


@dataclass(frozen=True)
class Gain:
    """Mean months gained, with 90 % limits over patients and members."""

    value: float
    low90: float
    high90: float


@dataclass(frozen=True)
class Enriched:
    """A trial of the combination against the component in some patients, one to one.

    Attributes:
        hazard_ratio: mean over members (of logarithms), rates constant over the follow-up.
        patients: that give power 0.9 at a one-sided 2.5 %; None where there is no benefit.
        screened: patients to be looked at for them.
        power: of a trial of the study's size, mean over members (assurance).
        low90, high90: of the power over members.
    """

    hazard_ratio: float
    patients: int | None
    screened: int | None
    power: float
    low90: float
    high90: float


@dataclass(frozen=True)
class Subgroup:
    """What was found.

    Attributes:
        question: that was asked.
        combination, component: names of the arms; the component is the best of the others.
        finding: of the search.
        share: of all patients who meet the best rule.
        gain: in the half where it was found, who meet the best rule.
        gain_held_out: in the other half.
        outside_held_out: in the other half, who do not meet it.
        overall: of all patients.
        enriched: the trial in the subgroup, from held-out patients; None without a rule.
        everybody: the trial in all, from held-out patients.
        size: of the trial that `power` is of.
    """

    question: Question
    combination: str
    component: str
    finding: Finding
    share: float
    gain: Gain
    gain_held_out: Gain
    outside_held_out: Gain
    overall: Gain
    enriched: Enriched | None
    everybody: Enriched
    size: int


def _make_at_once(key: str, make: Callable[[], Arrays]) -> Arrays:
    return make()


def subgroup(
    question: Question,
    *,
    threads: int = 1,
    keep: Callable[[str, Callable[[], Arrays]], Arrays] = _make_at_once,
    progress: Progress = silent,
) -> Subgroup:
    """Find in whom the combination beats its best component.

    Args:
        question: what is asked.
        threads: of the engine; results do not depend on it.
        keep: keeps what is simulated, one part for a member and arm.
        progress: told how far it is.

    Raises:
        EligibilityError: nobody meets the trial's eligibility.
        SimulationError: too few patients count.
    """
    plan = undisturbed(question.plan)
    tables = member_tables(plan, question.members)
    work = [(m, arm) for m in range(len(tables)) for arm in plan.arms]
    found: dict[str, list[Arrays]] = {arm.name: [] for arm in plan.arms}
    for number, (m, arm) in enumerate(work):
        step = f"member {m + 1} of {len(tables)}, {arm.name}"

        def told(share: float, number: int = number, step: str = step) -> None:
            progress((number + share) / len(work), step)

        def made(m: int = m, arm: Any = arm, told: Callable[[float], None] = told) -> Arrays:
            wanted = [one.symbol for one in known_markers().values() if one.kind == "biopsy"]
            return _arrays(
                simulate_twins(
                    plan, arm, tables[m], question.patients,
                    threads=threads, biopsy=wanted, report=told,
                ),
                plan.follow_up_months,
            )  # fmt: skip

        told(0.0)
        found[arm.name].append(keep(f"{m}-{plan.arms.index(arm)}", made))
    return judged(question, found)


def _arrays(twins: Twins, months: float) -> dict[str, Any]:
    """Return times in months, events, weights and markers of a member's patients, (N,)."""
    courses, end = twins.courses, months * DAYS_PER_MONTH
    sources = {
        "profile": twins.profiles,
        "parameter": twins.parameters,
        "marker": twins.markers,
        "biopsy": twins.biopsy,
    }
    n = courses.pfs.shape[1]
    markers = {}
    for one in known_markers().values():
        values = sources[one.kind].get(one.symbol)
        if values is not None:
            values = np.asarray(values)[:n]
            markers[f"marker.{one.name}"] = values.astype(str) if values.dtype == object else values
    return {
        "pfs": np.minimum(courses.pfs[0], end) / DAYS_PER_MONTH,
        "pfs.event": (courses.progressed[0] & (courses.pfs[0] <= end)).astype(float),
        "os": np.minimum(courses.death[0], end) / DAYS_PER_MONTH,
        "os.event": (courses.died[0] & (courses.death[0] <= end)).astype(float),
        "weight": courses.weight[0],
        **markers,
    }


def judged(question: Question, found: Mapping[str, Sequence[Arrays]]) -> Subgroup:
    """Search, hold out and size, from what was simulated.

    Args:
        question: what is asked.
        found: arm -> one record a member: ``pfs``, ``pfs.event``, ``os``, ``os.event``, ``weight``
            and ``marker.NAME``, arrays of shape (N,).

    Raises:
        SimulationError: too few patients count.
    """
    name, combination = question.endpoint, question.combination
    weight = np.min([[one["weight"] for one in parts] for parts in found.values()], axis=0)
    if (weight.sum(axis=1) < 20).any():
        raise SimulationError("fewer than 20 patients count; give more with --patients")
    others = [arm for arm in found if arm != combination]
    times = {arm: np.array([one[name] for one in parts]) for arm, parts in found.items()}
    half = _half(question)
    # The component is chosen where the rule is, so that held-out patients choose nothing.
    component = max(others, key=lambda arm: float((times[arm] * weight * half).sum()))
    gain = times[combination] - times[component]
    members = [_markers(one, question.markers) for one in found[combination]]
    counts = weight.sum(axis=0)
    known = counts > 0
    mean = (gain * weight).sum(axis=0) / np.maximum(counts, 1e-12)
    typical = {key: _typical([one[key] for one in members])[known] for key in members[0]}
    finding = find(mean[known], typical, half[known], question.plan.seed)
    inside = np.array(
        [holds(finding.best, one) if finding.best else np.zeros(half.size, bool) for one in members]
    )
    seed = question.plan.seed
    events = {
        arm: np.array([one[f"{name}.event"] for one in parts]) for arm, parts in found.items()
    }
    size = 2 * (question.plan.arms[0].size or question.plan.cohort.size)
    sized = _Sized(times, events, combination, component, size)
    share = float((inside * weight).sum() / weight.sum())
    return Subgroup(
        question, combination, component, finding, share,
        _gain(gain, weight * inside * half, seed),
        _gain(gain, weight * inside * ~half, seed),
        _gain(gain, weight * ~inside * ~half, seed),
        _gain(gain, weight, seed),
        sized.trial(weight * inside * ~half, share) if finding.rule else None,
        sized.trial(weight * ~half, 1.0),
        size,
    )  # fmt: skip


def _half(question: Question) -> Flags:
    """Return (N,) the half in which a rule is looked for."""
    order = np.random.default_rng([question.plan.seed, 29]).permutation(question.patients)
    half = np.zeros(question.patients, dtype=bool)
    half[order[: question.patients // 2]] = True
    return half


def _markers(one: Arrays, wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    names = [key.partition(".")[2] for key in one if key.startswith("marker.")]
    return {n: np.asarray(one[f"marker.{n}"]) for n in names if not wanted or n in wanted}


def _typical(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return what a patient has over members: the median of numbers, the first of categories."""
    if values[0].dtype.kind == "f":
        return np.asarray(np.median(np.array(values), axis=0))
    return values[0]


def _gain(gain: Floats, weight: Floats, seed: int) -> Gain:
    """Return the mean gain of weighted patients, members and patients drawn with replacement."""
    total = weight.sum(axis=1)
    if not (total > 0).any():
        return Gain(math.nan, math.nan, math.nan)
    some = np.flatnonzero(total > 0)
    rng = np.random.default_rng([seed, 31])
    n, means = gain.shape[1], []
    for _ in range(_DRAWS):
        member = int(rng.choice(some))
        drawn = weight[member] * np.bincount(rng.integers(0, n, n), minlength=n)
        if drawn.sum() > 0:
            means.append(float((gain[member] * drawn).sum() / drawn.sum()))
    low, high = np.percentile(means, _LIMITS)
    value = float(((gain * weight).sum(axis=1)[some] / total[some]).mean())
    return Gain(value, float(low), float(high))


@dataclass(frozen=True)
class _Sized:
    """Sizes trials of a combination against a component."""

    times: Mapping[str, Floats]
    events: Mapping[str, Floats]
    combination: str
    component: str
    size: int

    def trial(self, weight: Floats, share: float) -> Enriched:
        """Return the trial in weighted patients, who are a share of all."""
        logs, chance = self._ratios(weight)
        log_ratio = float(logs.mean())
        powers = np.array(
            [
                schoenfeld_power(math.exp(one), _ALPHA, max(self.size * p, 1e-9))
                if one < 0
                else schoenfeld_power(1.0, _ALPHA, 1.0)
                for one, p in zip(logs.tolist(), chance.tolist(), strict=True)
            ]
        )
        wanted = None
        if log_ratio < -1e-6:
            events = schoenfeld_events(math.exp(log_ratio), _ALPHA, _POWER)
            wanted = events / max(float(chance.mean()), 1e-9)
        told = wanted is not None and wanted < _MOST_PATIENTS
        low, high = np.percentile(powers, _LIMITS)
        return Enriched(
            math.exp(log_ratio),
            math.ceil(wanted) if told and wanted is not None else None,
            math.ceil(wanted / share) if told and wanted is not None else None,
            float(powers.mean()), float(low), float(high),
        )  # fmt: skip

    def _ratios(self, weight: Floats) -> tuple[Floats, Floats]:
        """Return log hazard ratios and shares with an event, one a member with patients."""
        some = weight.sum(axis=1) > 0
        rates, chances = {}, []
        for arm in (self.combination, self.component):
            count = (self.events[arm] * weight).sum(axis=1)[some]
            time = (self.times[arm] * weight).sum(axis=1)[some]
            rates[arm] = (count + 0.5) / (time + 1e-9)
            chances.append(count / weight.sum(axis=1)[some])
        logs = np.log(rates[self.combination]) - np.log(rates[self.component])
        return np.asarray(logs), np.asarray(np.mean(chances, axis=0))
