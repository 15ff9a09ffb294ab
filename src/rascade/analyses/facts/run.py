"""Compute facts: run their experiments, compare what comes out with what is expected."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.claims.run import SEED, rounded
from rascade.analyses.facts.groups import Group, groups, view
from rascade.analyses.facts.panels import BEFORE, Panel
from rascade.analyses.facts.records import Fact, find_facts
from rascade.analyses.standing import Standing, fitted_rows, standing, weakest
from rascade.bench.questions.courses import Courses, run_courses, symbol
from rascade.bench.questions.effects import effect_of_courses
from rascade.bench.questions.patients import Trials
from rascade.bench.questions.plausible import implausible
from rascade.bench.questions.records import Check
from rascade.errors import EvidenceError
from rascade.model import ParameterTable, load_table
from rascade.model.sources import parse_source
from rascade.progress import Progress

__all__ = ["Curve", "FactResult", "Outcome", "PanelResult", "panel_values", "run_facts"]

Values = NDArray[np.float64]
_COHORT_KINDS: Final = ("trial", "cohort")
_QUANTILES: Final = (0.05, 0.95)
_ENDS: Final = ("pfs", "os")  # end points with a survival curve


@dataclass(frozen=True)
class Outcome:
    """What came out of one check.

    Attributes:
        check: the expectation.
        effect: with typical parameters; of a trial or cohort, its estimate.
        low: lower end of the 95 % confidence interval of a trial or cohort, or 5 % quantile of
            the parameter sets that a fact draws; NaN where none is drawn.
        high: upper end of it.
        tuned: rows of the parameter table that were set so that this comes out.
        standing: what the expectation is worth as a test.
    """

    check: Check
    effect: float
    low: float
    high: float
    tuned: tuple[str, ...]
    standing: Standing

    @property
    def holds(self) -> bool:
        """Whether the effect lies within what is expected, ends included."""
        return self.check.low <= self.effect <= self.check.high


@dataclass(frozen=True)
class Curve:
    """One curve: hours or doses (nM), and values."""

    condition: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class PanelResult:
    """A panel and its curves."""

    panel: Panel
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class FactResult:
    """What came out of one fact."""

    fact: Fact
    outcomes: tuple[Outcome, ...]
    panels: tuple[PanelResult, ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(outcome.holds for outcome in self.outcomes)

    @property
    def standing(self) -> Standing:
        """What the fact is worth as a test: a real one if one of its checks is."""
        return weakest(outcome.standing for outcome in self.outcomes)


def run_facts(
    ids: Iterable[str] = (),
    *,
    role: str = "",
    table: ParameterTable | None = None,
    seed: int = SEED,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[FactResult, ...]:
    """Compute facts.

    Args:
        ids: facts or subjects; all if none is given, see `find_facts`.
        role: only facts of this role.
        table: parameter table; the package's own if not given.
        seed: of the patients of trials and cohorts; a dish draws nothing.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.

    Raises:
        EvidenceError: an unknown fact, or one that reads what its model does not have.
        SimulationError: the solver gave up.
    """
    facts = find_facts(ids, role)
    runner = _Runner(table or load_table(), seed, threads)
    pieces: list[Group | Fact] = [*groups(facts)]
    pieces += [fact for fact in facts if fact.experiment.kind in _COHORT_KINDS]
    found: dict[str, FactResult] = {}
    for index, piece in enumerate(pieces):
        if progress:
            progress(
                index / len(pieces), (piece.facts[0] if isinstance(piece, Group) else piece).id
            )
        for result in runner.run(piece):
            found[result.fact.id] = result
    if progress:
        progress(1.0, "facts")
    lost = [fact.id for fact in facts if fact.id not in found]
    if lost:
        raise EvidenceError(f"fact {lost[0]}: its kind of experiment cannot be computed")
    return tuple(found[fact.id] for fact in facts)


def _with_interval(effects: Values) -> tuple[float, float, float]:
    """Return the effect of the typical set, and the 5 and 95 % quantiles of those drawn."""
    effect, drawn = float(effects[0]), effects[1:][np.isfinite(effects[1:])]
    if not drawn.size:
        return rounded(effect), math.nan, math.nan
    low, high = (float(end) for end in np.quantile(drawn, _QUANTILES))
    # The typical set is a set as well: an interval that left it out would mislead.
    return rounded(effect), rounded(min(low, effect)), rounded(max(high, effect))


class _Runner:
    def __init__(self, table: ParameterTable, seed: int, threads: int) -> None:
        self.table, self.seed, self.threads = table, seed, threads
        self.trials = Trials(table, seed, threads)

    def run(self, piece: Group | Fact) -> list[FactResult]:
        if isinstance(piece, Fact):
            return [self._patients(piece)]
        courses = run_courses(
            piece.experiment,
            self.table,
            draws=piece.facts[0].draws,
            seed=self.seed,
            threads=self.threads,
        )
        return [self._courses(fact, view(piece, courses, fact)) for fact in piece.facts]

    def _courses(self, fact: Fact, courses: Courses) -> FactResult:
        rows = courses.assembly.composition.parameters.values()
        kept = ~implausible(fact.experiment, courses)
        outcomes = tuple(
            self._outcome(
                fact, check, rows, _with_interval(effect_of_courses(check.effect, courses)[kept])
            )
            for check in fact.checks
        )
        return FactResult(fact, outcomes, tuple(_curves(p, courses) for p in fact.panels))

    def _outcome(
        self, fact: Fact, check: Check, rows: Iterable[str], found: tuple[float, float, float]
    ) -> Outcome:
        about = (fact.id, *parse_source(fact.source).ids)
        tuned = fitted_rows(check, rows, self.table, about)
        worth = standing(check, fact.experiment.kind, *found, tuned)
        return Outcome(check, *found, tuned, worth)

    def _patients(self, fact: Fact) -> FactResult:
        rows = self.trials.rows(fact.experiment)
        outcomes = []
        for check in fact.checks:
            found = self.trials.estimate(check.effect, fact.experiment)
            value, low, high = (rounded(x) for x in (found.value, found.low, found.high))
            outcomes.append(self._outcome(fact, check, rows, (value, low, high)))
        panels = self._survival(fact) if fact.experiment.kind == "trial" else ()
        return FactResult(fact, tuple(outcomes), panels)

    def _survival(self, fact: Fact) -> tuple[PanelResult, ...]:
        """Return Kaplan-Meier curves of the end points that the checks speak of, both if none."""
        from rascade.statistics.survival import kaplan_meier

        named = [end for end in _ENDS if any(end in check.effect for check in fact.checks)]
        panels = []
        for end in named or _ENDS:
            curves = []
            for arm in fact.experiment.arms:
                patients = self.trials.patients(fact.experiment, arm)
                found = kaplan_meier(patients[f"{end}_months"], patients[f"{end}_event"])
                x = (0.0, *(rounded(float(v)) for v in found.time))
                y = (1.0, *(rounded(float(v)) for v in found.survival))
                curves.append(Curve(arm.name, x, y))
            panel = Panel(end, tuple(c.condition for c in curves), "nothing")
            panels.append(PanelResult(panel, tuple(curves)))
        return tuple(panels)


def panel_values(panel: Panel, condition: str, courses: Courses) -> Values:
    """Return the values of one curve, (points, D + 1): by hour, or by dose at the panel's hour.

    Raises:
        EvidenceError: the model has no such read-out.
    """
    values = courses.values[symbol(courses, panel.readout)]
    own = values[courses.members[condition]]
    if panel.relative == BEFORE:
        reference = own[:, :, :1]
    elif panel.relative in courses.members:
        reference = values[courses.members[panel.relative]]
    else:
        reference = np.ones(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = own / reference
    if panel.hour is None:
        return np.asarray(relative[0].T)
    return np.asarray(relative[:, :, int(np.searchsorted(courses.hours, panel.hour))])


def _curves(panel: Panel, courses: Courses) -> PanelResult:
    curves = []
    for condition in panel.conditions:
        x = courses.hours if panel.hour is None else courses.doses[condition]
        y = panel_values(panel, condition, courses)[:, 0]
        curves.append(
            Curve(
                condition, tuple(rounded(float(v)) for v in x), tuple(rounded(float(v)) for v in y)
            )
        )
    return PanelResult(panel, tuple(curves))
