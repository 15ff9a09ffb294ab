"""Run the experiments on claims and give every claim its verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rascade.analyses.claims.records import Note, load_experiments, load_notes
from rascade.analyses.claims.verdict import Verdict, judge, together
from rascade.analyses.standing import Standing, fitted_rows, standing
from rascade.bench.questions.courses import Courses, run_courses
from rascade.bench.questions.effects import effect_of_courses
from rascade.bench.questions.expression import evaluate
from rascade.bench.questions.patients import Trials
from rascade.bench.questions.plausible import implausible
from rascade.bench.questions.records import Check, Experiment
from rascade.bench.unsure import draw
from rascade.errors import EvidenceError, InputError
from rascade.evidence import load
from rascade.evidence.records import Claim
from rascade.model import ParameterTable, load_table
from rascade.progress import Progress
from rascade.random_streams import check_seed

__all__ = [
    "DRAWS",
    "IN_ERROR",
    "SEED",
    "CheckResult",
    "ClaimResult",
    "check_experiment",
    "find_claims",
    "rounded",
    "run_claims",
]

DRAWS: Final = 60
SEED: Final = 2026
_MOST_DRAWS: Final = 2000
_QUANTILES: Final = (0.05, 0.95)
_DIGITS: Final = 4
_NOISE: Final = 1e-9  # what is left of a difference of equal numbers, of either sign
# Where the review errs, its own sentence is tested beside the right reading.
IN_ERROR: Final = (
    "garbled", "overstated", "contradicted", "outdated", "mixed", "unsupported",
)  # fmt: skip


@dataclass(frozen=True)
class CheckResult:
    """What came out of one expectation.

    Attributes:
        check: the expectation.
        experiment: where it was tested.
        effect: with typical parameters.
        low: lower end of its interval.
        high: upper end of its interval.
        interval: what the interval is.
        verdict: computed from interval and expectation.
        sets: parameter sets or patients behind it.
        failed: of them not solved.
        tuned: rows of the parameter table that were set so that this comes out.
        standing: what the expectation is worth as a test.
    """

    check: Check
    experiment: Experiment
    effect: float
    low: float
    high: float
    interval: str
    verdict: Verdict
    sets: int
    failed: int
    tuned: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True)
class ClaimResult:
    """A claim, its experiments and its verdict.

    Attributes:
        claim: the record.
        note: why it, or a part of it, has no experiment; None if nothing is left out.
        checks: what came out for our reading.
        review_checks: what came out for the review's own sentence, where it errs.
    """

    claim: Claim
    note: Note | None
    checks: tuple[CheckResult, ...]
    review_checks: tuple[CheckResult, ...]

    @property
    def verdict(self) -> Verdict:
        """Verdict on our reading."""
        return together([c.verdict for c in self.checks])

    @property
    def review_verdict(self) -> Verdict | None:
        """Verdict on the review's own sentence; None where it does not err."""
        if not self.review_checks and self.claim.status not in IN_ERROR:
            return None
        return together([c.verdict for c in self.review_checks])


def find_claims(ids: Iterable[str]) -> tuple[Claim, ...]:
    """Return the claims of these ids, all of them if none is given, in the evidence's order.

    Raises:
        EvidenceError: there is no such claim; the message says which come near.
    """
    evidence = load()
    wanted = {evidence.claim(name.strip().upper()).id for name in ids}
    return tuple(c for c in evidence.claims if not wanted or c.id in wanted)


def run_claims(
    ids: Iterable[str] = (),
    *,
    table: ParameterTable | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[ClaimResult, ...]:
    """Test claims.

    Args:
        ids: claims; all if none is given.
        table: parameter table; the package's own if not given.
        draws: parameter sets behind an interval, 1 or more.
        seed: of draws and patients.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.

    Raises:
        InputError: an unknown claim, or a number out of its range.
        SimulationError: the solver gave up on the typical parameters.
    """
    claims = find_claims(ids)
    if not 1 <= draws <= _MOST_DRAWS:
        raise InputError(f"--draws: {draws} parameter sets; it must be 1 to {_MOST_DRAWS}")
    check_seed(seed)
    wanted = {claim.id for claim in claims}
    experiments = [e for e in load_experiments() if any(c.claim in wanted for c in e.checks)]
    runner = _Runner(table or load_table(), draws, seed, threads)
    found: list[CheckResult] = []
    for index, experiment in enumerate(experiments):
        if progress:
            progress(index / len(experiments), experiment.title)
        found += runner.run(experiment, wanted)
    if progress:
        progress(1.0, "verdicts")
    return tuple(_result(claim, found) for claim in claims)


def check_experiment(
    experiment: Experiment,
    *,
    table: ParameterTable | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    threads: int = 1,
) -> tuple[CheckResult, ...]:
    """Return what came out of every expectation of one experiment; see `run_claims`."""
    runner = _Runner(table or load_table(), draws, seed, threads)
    return tuple(runner.run(experiment, {check.claim for check in experiment.checks}))


def _result(claim: Claim, found: Sequence[CheckResult]) -> ClaimResult:
    own = [result for result in found if result.check.claim == claim.id]
    note = load_notes().get(claim.id)
    if not own and note is None:
        raise EvidenceError(f"claim {claim.id} has neither an experiment nor a reason in rows.csv")
    return ClaimResult(
        claim,
        note,
        tuple(r for r in own if r.check.reading == "right"),
        tuple(r for r in own if r.check.reading == "review"),
    )


class _Runner:
    def __init__(self, table: ParameterTable, draws: int, seed: int, threads: int) -> None:
        self.table, self.draws, self.seed, self.threads = table, draws, seed, threads
        self.trials = Trials(table, seed, threads)

    def run(self, experiment: Experiment, wanted: set[str]) -> list[CheckResult]:
        """Return what came out of an experiment for the claims that are wanted."""
        checks = [check for check in experiment.checks if check.claim in wanted]
        if experiment.kind in ("trial", "cohort"):
            return [self._patients(experiment, check) for check in checks]
        if experiment.kind == "formula":
            return [self._formula(experiment, check) for check in checks]
        courses = run_courses(
            experiment, self.table, draws=self.draws, seed=self.seed, threads=self.threads
        )
        kept = ~implausible(experiment, courses)
        return [self._course(experiment, check, courses, kept) for check in checks]

    def _course(
        self, experiment: Experiment, check: Check, courses: Courses, kept: Any
    ) -> CheckResult:
        rows = courses.assembly.composition.parameters.values()
        effects = effect_of_courses(check.effect, courses)[kept]
        return self._drawn(experiment, check, effects, rows, courses.failed)

    def _formula(self, experiment: Experiment, check: Check) -> CheckResult:
        values: Mapping[str, Any] = draw(self.table, experiment.draw, self.seed, self.draws)
        effects = np.asarray(evaluate(check.effect, {}, values))
        return self._drawn(experiment, check, effects, experiment.draw, 0)

    def _drawn(
        self, experiment: Experiment, check: Check, effects: Any, rows: Iterable[str], failed: int
    ) -> CheckResult:
        drawn = effects[1:][~np.isnan(effects[1:])]
        effect = float(effects[0])
        low, high = (
            (float(x) for x in np.quantile(drawn, _QUANTILES)) if drawn.size else (math.nan,) * 2
        )
        # The typical set is a set as well: an interval that left it out would mislead.
        ends = rounded(min(low, effect)), rounded(max(high, effect))
        left_out = self.draws + 1 - len(effects)
        why = f"; {left_out} left out, implausible without treatment" if left_out else ""
        return CheckResult(
            check,
            experiment,
            rounded(effect),
            *ends,
            f"5 % to 95 % of {drawn.size} drawn parameter sets{why}",
            judge(*ends, check.low, check.high, effect),
            self.draws,
            max(failed, self.draws - left_out - drawn.size),
            *self._worth(experiment, check, rows, effect, *ends),
        )

    def _patients(self, experiment: Experiment, check: Check) -> CheckResult:
        estimate = self.trials.estimate(check.effect, experiment)
        rows = self.trials.rows(experiment)
        ends = rounded(estimate.low), rounded(estimate.high)
        return CheckResult(
            check,
            experiment,
            rounded(estimate.value),
            *ends,
            "95 % confidence interval",
            judge(*ends, check.low, check.high, estimate.value),
            experiment.size,
            self.trials.failed(experiment),
            *self._worth(experiment, check, rows, estimate.value, *ends),
        )

    def _worth(
        self,
        experiment: Experiment,
        check: Check,
        rows: Iterable[str],
        effect: float,
        low: float,
        high: float,
    ) -> tuple[tuple[str, ...], Standing]:
        tuned = fitted_rows(check, rows, self.table)
        return tuned, standing(check, experiment.kind, effect, low, high, tuned)


def rounded(value: float) -> float:
    """Round to what means something and is the same on every machine."""
    if not math.isfinite(value):
        return value
    if abs(value) < _NOISE:
        return 0.0
    return round(value, _DIGITS - 1 - math.floor(math.log10(abs(value))))
