"""Sensitivity of a study: which rows, between what, simulated where, measured how."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.analyses.twins import undisturbed
from rascade.errors import InputError, SimulationError
from rascade.progress import Progress, silent
from rascade.statistics import sensitivity as measures
from rascade.text import did_you_mean
from rascade.trial.design.models import arm_assembly, population_table
from rascade.trial.prediction.courses import courses_of, simulate_members
from rascade.trial.running.predicting import RTOL
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.model import ParameterTable
    from rascade.trial.design.spec import ArmSpec, TrialSpec

    Floats = NDArray[np.float64]
    Arrays = Mapping[str, Floats]
    Keep = Callable[[str, Callable[[], Arrays]], Arrays]

__all__ = [
    "ENDPOINTS",
    "FOLD",
    "METHODS",
    "PATIENTS",
    "Moved",
    "Question",
    "Sensitivity",
    "Tornado",
    "sensitivity",
]

#: End points and their units.
ENDPOINTS: Mapping[str, str] = {"pfs": "months", "os": "months"}
#: Methods, and how many walks, points or base points they take where nothing is said.
METHODS: Mapping[str, int] = {"morris": 4, "prcc": 0, "sobol": 64}
PATIENTS, FOLD = 8, 2.0
#: Sobol's indices are of so many rows at most, the strongest by Morris; and so many bars.
_SOBOL, _BARS = 8, 12
_AT_ONCE = 4000


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        plan: the trial.
        arm: whose answer; the first arm that is not the reference if empty.
        alone: the arm's own mean, instead of its gain over the reference.
        endpoint: of `ENDPOINTS`, a mean within the follow-up.
        method: of `METHODS`.
        rows: of the parameter table; all that the models read if empty.
        fold: each row goes from its value over this to its value times this.
        runs: walks, points or base points; the method's own if 0.
        patients: of each run.
    """

    plan: TrialSpec
    arm: str = ""
    alone: bool = False
    endpoint: str = "pfs"
    method: str = "morris"
    rows: tuple[str, ...] = ()
    fold: float = FOLD
    runs: int = 0
    patients: int = PATIENTS

    def __post_init__(self) -> None:
        for option, name, known in (
            ("--endpoint", self.endpoint, tuple(ENDPOINTS)),
            ("--method", self.method, tuple(METHODS)),
            ("--arm", self.arm or self.plan.arms[0].name, [a.name for a in self.plan.arms]),
        ):
            if name not in known:
                hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
                raise InputError(f"{option}: no {name!r}{hint}")
        if not 1.0 < self.fold <= 1000.0:
            raise InputError(f"--fold: {self.fold:g}; it must be above 1 and at most 1000")
        for option, value, least, most in (
            ("--runs", self.runs, 0, 100_000),
            ("--patients", self.patients, 1, 5000),
        ):
            if not least <= value <= most:
                raise InputError(f"{option}: {value}; it must be {least} to {most}")
        if self.method == "sobol" and self.runs and self.runs & (self.runs - 1):
            raise InputError(f"--runs: {self.runs}; Sobol's points come in powers of two")
        if self.arm and self.arm == self.plan.reference_arm and not self.alone:
            raise InputError(f"--arm: {self.arm!r} is the reference; give --alone for its own mean")

    @property
    def arms(self) -> tuple[ArmSpec, ...]:
        """The arm, and the reference where a gain is asked for."""
        named = {arm.name: arm for arm in self.plan.arms}
        reference = None if self.alone else self.plan.reference_arm
        own = self.arm or next(n for n in named if n != reference)
        return (named[own],) if reference is None else (named[own], named[reference])


@dataclass(frozen=True)
class Moved:
    """A row that was moved.

    Attributes:
        name: of the row.
        low, high: between which, in its unit; evenly on a logarithmic scale.
    """

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Tornado:
    """What a row does alone, the others at their values."""

    name: str
    at_low: float
    at_high: float


@dataclass(frozen=True)
class Sensitivity:
    """What was found.

    Attributes:
        question: that was asked.
        base: the answer at the table's values.
        rows: that were moved.
        index: mu* (Morris), total index (Sobol) or the size of the partial rank correlation.
        more: further measures by name, (k,).
        tornado: of the strongest rows, strongest first.
        simulated: runs.
    """

    question: Question
    base: float
    rows: tuple[Moved, ...]
    index: measures.Index
    more: Mapping[str, Floats]
    tornado: tuple[Tornado, ...]
    simulated: int


def _make_at_once(key: str, make: Callable[[], Arrays]) -> Arrays:
    return make()


def moved_rows(question: Question) -> list[Moved]:
    """Return the rows that are moved, and between what.

    Raises:
        InputError: a row is not known, or the models do not read it, or it has no range.
    """
    plan = undisturbed(question.plan)
    table = population_table(plan.population, plan.cohort.line)
    read = sorted(
        {
            name
            for arm in question.arms
            for name in arm_assembly(plan, arm).composition.parameters.values()
        }
    )
    found = {name: _range(table, name, question.fold) for name in read}
    able = {name: one for name, one in found.items() if one is not None}
    for name in question.rows:
        if name not in able:
            hint = did_you_mean(name, able)
            why = "has no range" if name in found else "is read by no model of this study"
            raise InputError(f"--parameter: {name!r} {why}{hint}")
    return [one for name, one in able.items() if not question.rows or name in question.rows]


def _range(table: ParameterTable, name: str, fold: float) -> Moved | None:
    row = table[name]
    low, high = max(row.low, row.value / fold), min(row.high, row.value * fold)
    if row.value <= 0 or not 0 < low < high or row.confidence == "definition":
        return None
    return Moved(name, low, high)


class _Study:
    """Runs a study at points of the unit cube."""

    def __init__(self, question: Question, threads: int, keep: Keep, progress: Progress) -> None:
        from rascade.engine import Settings

        self.question, self.keep, self.progress = question, keep, progress
        self.plan = undisturbed(question.plan)
        self.table = population_table(self.plan.population, self.plan.cohort.line)
        self.settings = Settings(threads=threads, rtol=RTOL)
        self.simulated = 0

    def answers(
        self, stage: str, rows: Sequence[Moved], points: Floats, span: tuple[float, float]
    ) -> Floats:
        """Return (n,) the answer at each point.

        Args:
            stage: in words, and part of the key of what is kept.
            rows: that are moved.
            points: (n, k) in the unit cube.
            span: shares of the whole work done before and after.
        """
        low, high = (np.log([getattr(one, end) for one in rows]) for end in ("low", "high"))
        values = np.exp(low + points * (high - low))
        arms = [a for a in self.plan.arms if a.name in {arm.name for arm in self.question.arms}]
        by_name = {arm.name: arm for arm in arms}
        step = max(1, _AT_ONCE // self.question.patients)
        starts = list(range(0, len(points), step))
        means: list[Floats] = []
        total, number = len(starts) * len(self.question.arms), 0
        for arm in self.question.arms:
            parts = []
            for start in starts:
                share = span[0] + (span[1] - span[0]) * number / total
                self.progress(share, f"{stage}, {arm.name}")
                chosen = values[start : start + step]

                def made(arm: ArmSpec = by_name[arm.name], chosen: Floats = chosen) -> Arrays:
                    return {"means": self._means(arm, rows, chosen)}

                parts.append(self.keep(f"{stage}-{arms.index(by_name[arm.name])}-{start}", made))
                number += 1
            means.append(np.concatenate([part["means"] for part in parts]))
        self.simulated += len(points)
        return means[0] - means[1] if len(means) > 1 else means[0]

    def _means(self, arm: ArmSpec, rows: Sequence[Moved], values: Floats) -> Floats:
        from rascade.engine import Status

        names = [one.name for one in rows]
        tables = [
            self.table.with_values(dict(zip(names, each, strict=True))) for each in values.tolist()
        ]
        run, weight = simulate_members(
            self.plan, arm, tables, self.question.patients, self.settings, True
        )
        # Nobody is left out for growing implausibly: who counts must not hang on what is moved.
        solved = (run.status < Status.STEP_TOO_SMALL).reshape(weight.shape)
        if not solved.any(axis=1).all():
            raise SimulationError("the solver gave up on every patient; make --fold smaller")
        courses = courses_of(self.plan, run, solved.astype(float))
        days = courses.times(self.question.endpoint)[0]
        months = np.minimum(days, self.plan.follow_up_months * DAYS_PER_MONTH) / DAYS_PER_MONTH
        return np.asarray((months * solved).sum(axis=1) / solved.sum(axis=1))


def sensitivity(
    question: Question,
    *,
    threads: int = 1,
    keep: Keep = _make_at_once,
    progress: Progress = silent,
) -> Sensitivity:
    """Tell on which rows of the parameter table the answer of a study hangs.

    Args:
        question: what is asked.
        threads: of the engine; results do not depend on it.
        keep: keeps what is simulated, one part for some points and an arm.
        progress: told how far it is.

    Raises:
        InputError: a row cannot be moved.
        SimulationError: the solver gave up on every patient of a run.
    """
    rows = moved_rows(question)
    if not rows:
        raise InputError("--parameter: no row of this study has a range to be moved in")
    study, seed = _Study(question, threads, keep, progress), question.plan.seed
    runs = question.runs or METHODS[question.method]
    if question.method == "prcc":
        index, more = _prcc(study, rows, runs, seed)
    elif question.method == "sobol":
        rows, index, more = _sobol(study, rows, runs, seed)
    else:
        index, more = _morris(study, rows, runs, seed, (0.0, 0.9))
    order = np.argsort(-index.value, kind="stable")
    strongest = [rows[i] for i in order[:_BARS].tolist()]
    base, tornado = _tornado(study, strongest)
    progress(1.0, "done")
    return Sensitivity(question, base, tuple(rows), index, more, tornado, study.simulated)


def _morris(
    study: _Study, rows: Sequence[Moved], walks: int, seed: int, span: tuple[float, float]
) -> tuple[measures.Index, dict[str, Floats]]:
    design = measures.morris_design(len(rows), walks, seed)
    answers = study.answers("morris", rows, design, span)
    index, mean, sigma = measures.morris_effects(design, answers, seed)
    return index, {"mu": mean, "sigma": sigma}


def _prcc(
    study: _Study, rows: Sequence[Moved], runs: int, seed: int
) -> tuple[measures.Index, dict[str, Floats]]:
    k = len(rows)
    runs = runs or max(3 * k, 100)
    if runs < k + 5:
        raise InputError(f"--runs: {runs} points cannot tell {k} rows apart; give {2 * k} or more")
    design = measures.latin_hypercube(k, runs, seed)
    answers = study.answers("prcc", rows, design, (0.0, 0.9))[:, None]
    found = measures.partial_ranks(design, answers)[:, 0]
    # Fisher's z; the others that are held cost degrees of freedom.
    error = 1.645 / math.sqrt(runs - k - 2)
    z = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12))
    low, high = np.tanh(z - error), np.tanh(z + error)
    ends = np.sort(np.abs([low, high]), axis=0)
    least = np.where(low * high < 0, 0.0, ends[0])
    return measures.Index(np.abs(found), least, ends[1]), {"prcc": found}


def _sobol(
    study: _Study, rows: Sequence[Moved], runs: int, seed: int
) -> tuple[list[Moved], measures.Index, dict[str, Floats]]:
    begin = 0.0
    if len(rows) > _SOBOL:
        first, _ = _morris(study, rows, METHODS["morris"], seed, (0.0, 0.5))
        order = np.argsort(-first.value, kind="stable")
        rows, begin = [rows[i] for i in np.sort(order[:_SOBOL]).tolist()], 0.5
    design = measures.sobol_design(len(rows), runs, seed)
    answers = study.answers("sobol", rows, design, (begin, 0.9))
    first_order, total = measures.sobol_indices(answers, len(rows))
    return (
        list(rows),
        total,
        {
            "first": first_order.value,
            "first_low90": first_order.low90,
            "first_high90": first_order.high90,
        },
    )


def _tornado(study: _Study, rows: Sequence[Moved]) -> tuple[float, tuple[Tornado, ...]]:
    """Return the answer at the table's values, and with each row at its ends alone."""
    table = study.table
    middle = np.array(
        [math.log(table[one.name].value / one.low) / math.log(one.high / one.low) for one in rows]
    )
    points = np.tile(middle, (2 * len(rows) + 1, 1))
    for place in range(len(rows)):
        points[1 + 2 * place, place], points[2 + 2 * place, place] = 0.0, 1.0
    answers = study.answers("one at a time", rows, points, (0.9, 1.0))
    bars = [
        Tornado(one.name, float(answers[1 + 2 * i]), float(answers[2 + 2 * i]))
        for i, one in enumerate(rows)
    ]
    return float(answers[0]), tuple(bars)
