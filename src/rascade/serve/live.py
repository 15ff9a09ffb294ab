"""Live answers: a few virtual patients in a warm engine, arm by arm, only what has changed.

First the averaged-dose form (daily doses merged, see `rascade.trial.conduct.dosing.merged`), then
the exact one, then several members of the ensemble for how well the population is known. Every arm
has the same patients, so that what differs between two pictures is the treatment.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rascade.errors import InputError, RascadeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rascade.trial.design.spec import ArmSpec, TrialSpec
    from rascade.trial.prediction.courses import Courses
    from rascade.trial.records import ArmRun

    Floats = NDArray[np.float64]

__all__ = ["MAX_LIVE_MEMBERS", "MAX_LIVE_PATIENTS", "Live", "Mode", "Superseded"]

Mode = Literal["averaged", "exact"]
MAX_LIVE_PATIENTS, MAX_LIVE_MEMBERS, MAX_LIVE_ARMS = 200, 16, 6
_RTOL: dict[Mode, float] = {"averaged": 1e-2, "exact": 1e-3}
_KEPT = 64
_SPIDERS, _SIDE_EFFECTS = 40, 8
_PLACES = 3


class Superseded(Exception):
    """Somebody has moved the slider on; nobody waits for this answer any more."""


@dataclass(frozen=True)
class _Asked:
    plan: TrialSpec
    arm: ArmSpec
    patients: int
    mode: Mode
    members: int

    @property
    def key(self) -> str:
        from rascade.trial.design.plan_text import plan_text

        # Neither its name nor the other arms change how an arm goes.
        alone = replace(
            self.plan, name="live", arms=(replace(self.arm, name="arm"),), reference="arm"
        )
        text = f"{plan_text(alone)}|{self.patients}|{self.mode}|{self.members}"
        return hashlib.sha256(text.encode()).hexdigest()


class Live:
    """A warm engine with the answers that it gave last.

    Args:
        threads: of the solver.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        self._latest: OrderedDict[str, int] = OrderedDict()

    def answer(
        self,
        plan: TrialSpec,
        *,
        patients: int,
        mode: Mode = "averaged",
        members: int = 1,
        client: str = "",
        turn: int = 0,
    ) -> dict[str, Any]:
        """Simulate the arms of a trial with few patients.

        Args:
            plan: the trial.
            patients: of each arm and member.
            mode: ``averaged`` or ``exact``.
            members: 1 for the central one, more for their spread.
            client: who asks.
            turn: counts up with every change of the asker; an older turn is not answered.

        Returns:
            ``arms`` with curves and read-outs, ``contrasts`` with the first arm that is not the
            reference first, ``seconds``, and how many arms were ``simulated``.

        Raises:
            InputError: too many patients, members or arms.
            Superseded: a newer turn of the same client has come.
        """
        from rascade.trial.prediction.courses import uncut

        _check(len(plan.arms), patients, members)
        self._note(client, turn)
        began = time.perf_counter()
        course = replace(uncut(plan, plan.follow_up_months), paired=False)
        found, simulated = [], 0
        for arm in course.arms:
            asked = _Asked(course, arm, patients, mode, members)

            def told(share: float) -> None:
                if self._latest.get(client, turn) > turn:
                    raise Superseded

            with self._one_at_a_time:
                told(0.0)
                known = self._kept.get(asked.key)
                if known is None:
                    known, simulated = self._simulated(asked, told), simulated + 1
                    self._kept[asked.key] = known
                self._kept.move_to_end(asked.key)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            found.append({"name": arm.name, **known})
        reference = course.reference or course.arms[-1].name
        return {
            "mode": mode,
            "patients": patients,
            "members": members,
            "arms": [{k: v for k, v in one.items() if k != "times"} for one in found],
            "contrasts": _contrasts(found, reference),
            "simulated": simulated,
            "seconds": round(time.perf_counter() - began, 3),
        }

    def warm(self, plan: TrialSpec) -> None:
        """Assemble and compile what a trial needs, so that its first picture comes fast."""
        with contextlib.suppress(RascadeError):
            self.answer(replace(plan, follow_up_months=1.0), patients=1)

    def _note(self, client: str, turn: int) -> None:
        self._latest[client] = max(turn, self._latest.get(client, turn))
        self._latest.move_to_end(client)
        while len(self._latest) > 1000:
            self._latest.popitem(last=False)

    def _simulated(self, asked: _Asked, told: Callable[[float], None]) -> dict[str, Any]:
        from rascade.calibration.posterior import read_ensemble
        from rascade.engine import Settings
        from rascade.model import load_table
        from rascade.trial.prediction.courses import courses_of, simulate_members

        base = load_table()
        if asked.plan.population is None:
            if asked.members > 1:
                raise InputError("members: this study uses the bare table, which has one member")
            tables = [base]
        else:
            tables = list(read_ensemble().first(asked.members).tables(base, asked.plan.cohort.line))
            tables = tables[:1] if asked.members == 1 else tables[1:]
        run, weight = simulate_members(
            asked.plan,
            asked.arm,
            tables,
            asked.patients,
            Settings(threads=self.threads, rtol=_RTOL[asked.mode]),
            asked.mode == "averaged",
            told,
        )
        courses = courses_of(asked.plan, run, weight)
        if len(tables) > 1:
            return _spread(courses, asked.plan.follow_up_months)
        return _pictured(run, courses)


def _check(arms: int, patients: int, members: int) -> None:
    for name, value, most in (
        ("patients", patients, MAX_LIVE_PATIENTS),
        ("members", members, MAX_LIVE_MEMBERS),
        ("arms", arms, MAX_LIVE_ARMS),
    ):
        if not 1 <= value <= most:
            raise InputError(
                f"{name}: {value}; live answers take 1 to {most}, queue a run for more"
            )


def _numbers(values: Floats) -> list[float | None]:
    """Return numbers for JSON; what is not finite is null."""
    rounded = np.round(np.asarray(values, dtype=float), _PLACES).tolist()
    return [value if np.isfinite(value) else None for value in rounded]


def _number(value: float) -> float | None:
    return round(float(value), _PLACES) if np.isfinite(value) else None


def _pictured(run: ArmRun, courses: Courses) -> dict[str, Any]:
    """Return what is drawn of an arm of one member."""
    from rascade.trial.endpoints.observed import scan_days, stacked
    from rascade.trial.prediction.measures import curve
    from rascade.units import DAYS_PER_MONTH

    weight = courses.weight[0]
    counted = weight > 0
    curves, medians, times = {}, {}, {}
    for end in ("pfs", "os"):
        time_, event = (values[0] for values in courses.times(end))
        found = curve(time_, event, weight)
        curves[end] = {
            "month": _numbers(np.append(0.0, found.day / DAYS_PER_MONTH)),
            "survival": _numbers(np.append(1.0, found.survival)),
        }
        medians[end] = _number(found.median_months)
        times[end] = (time_, event, weight)
    sizes = stacked(run, lambda scan: scan.reading.sld_mm)
    change = 100.0 * (sizes / run.baseline_mm[:, None] - 1.0)
    days = scan_days(run)
    with np.errstate(all="ignore"):
        best = np.where(
            np.isfinite(change).any(axis=1), np.nanmin(change, axis=1, initial=np.inf), np.nan
        )
    best = best[counted & np.isfinite(best)]
    responded = np.isfinite(courses.response[0])
    return {
        "n": int(counted.sum()),
        "orr_pct": _number(100.0 * np.average(responded, weights=weight)),
        "median_months": medians,
        "curves": curves,
        "waterfall": _numbers(np.sort(best)[::-1]),
        "spider": [
            {
                "month": _numbers(np.append(0.0, days[k] / DAYS_PER_MONTH)),
                "change": _numbers(np.append(0.0, change[k])),
            }
            for k in np.flatnonzero(counted)[:_SPIDERS]
        ],
        "signals": _signals(run, counted),
        "side_effects": _side_effects(run, counted),
        "dose_intensity_pct": _intensity(run, counted),
        "times": times,
    }


def _signals(run: ArmRun, counted: NDArray[np.bool_]) -> dict[str, Any]:
    """Return median and quartiles of the signals of those who are scanned, scan by scan."""
    from rascade.units import DAYS_PER_MONTH

    months = [visit.scheduled / DAYS_PER_MONTH for visit in run.visits]
    found: dict[str, Any] = {"month": _numbers(np.append(0.0, months)), "of": {}}
    for name in run.visits[0].signals if run.visits else ():
        values = np.stack([visit.signals[name][counted] for visit in run.visits], axis=1)
        seen = np.isfinite(values).sum(axis=0) > 0
        low, middle, high = np.full((3, values.shape[1]), np.nan)
        low[seen], middle[seen], high[seen] = np.nanpercentile(
            values[:, seen], [25, 50, 75], axis=0
        )
        found["of"][name] = {
            "low": _numbers(np.append(1.0, low)),
            "median": _numbers(np.append(1.0, middle)),
            "high": _numbers(np.append(1.0, high)),
        }
    return found


def _side_effects(run: ArmRun, counted: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return the most frequent side effects: percent of patients, any grade and grade 3 or more."""
    events = run.safety.events
    patients = run.safety.patients[counted]
    events = events[events["patient"].isin(patients)]
    rows: list[tuple[float, str, float]] = []
    for term, some in events.groupby("term", observed=True):
        worst = some.groupby("patient", observed=True)["grade"].max()
        severe = 100.0 * float((worst >= 3).sum()) / max(patients.size, 1)
        rows.append((-100.0 * len(worst) / max(patients.size, 1), str(term), severe))
    return [
        {"event": term, "any_pct": _number(-many), "grade3_pct": _number(severe)}
        for many, term, severe in sorted(rows)[:_SIDE_EFFECTS]
    ]


def _intensity(run: ArmRun, counted: NDArray[np.bool_]) -> dict[str, float | None]:
    intensity = run.safety.intensity[:, counted]
    return {
        drug: _number(100.0 * float(np.nanmedian(intensity[k])))
        for k, drug in enumerate(run.safety.drugs)
        if np.isfinite(intensity[k]).any()
    }


def _spread(courses: Courses, months: float) -> dict[str, Any]:
    """Return what members differ by: bands of the curves, 5 to 95 % of read-outs."""
    from rascade.trial.prediction.measures import curve
    from rascade.units import DAYS_PER_MONTH

    grid = np.linspace(0.0, months, 49)
    bands, medians = {}, {}
    for end in ("pfs", "os"):
        time_, event = courses.times(end)
        found = [curve(time_[m], event[m], courses.weight[m]) for m in range(courses.members)]
        values = np.stack([one.at(grid * DAYS_PER_MONTH) for one in found])
        low, high = np.percentile(values, [5.0, 95.0], axis=0)
        bands[end] = {"month": _numbers(grid), "low": _numbers(low), "high": _numbers(high)}
        medians[end] = _limits(np.array([one.median_months for one in found]))
    share = 100.0 * (np.isfinite(courses.response) * courses.weight).sum(axis=1)
    return {
        "bands": bands,
        "median_months": medians,
        "orr_pct": _limits(share / courses.weight.sum(axis=1)),
        "times": {},
    }


def _limits(values: Floats) -> dict[str, float | None]:
    low, high = np.percentile(values, [5.0, 95.0], method="inverted_cdf")
    return {"low90": _number(low), "high90": _number(high)}


def _contrasts(arms: list[dict[str, Any]], reference: str) -> list[dict[str, Any]]:
    """Return hazard ratios and the gain of each patient against the reference."""
    from rascade.trial.prediction.measures import hazard_ratio

    other = next(one for one in arms if one["name"] == reference)
    rows = []
    for one in arms:
        if one is other or not one["times"]:
            continue
        row: dict[str, Any] = {"arm": one["name"], "reference": reference}
        for end in ("pfs", "os"):
            time_, event, weight = zip(one["times"][end], other["times"][end], strict=True)
            row[f"{end}_hr"] = _number(float(np.exp(hazard_ratio(time_, event, weight))))
        rows.append(row)
    return rows
