"""Experiments on claims in virtual patients: small trials, and what a cohort is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rascade.bench.questions.expression import evaluate
from rascade.bench.questions.records import Arm, Experiment
from rascade.errors import EvidenceError
from rascade.model import ParameterTable, load_table, readouts

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.engine import Simulation

__all__ = ["Estimate", "Trials", "cohort_effect", "trial_effect"]

_REPLICATES: Final = 400
_RESPONSE: Final = ("CR", "PR")
_SEVERE: Final = 3


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % limits; infinite where a limit is not reached."""

    value: float
    low: float
    high: float


@dataclass
class Trials:
    """Runs arms, each once: all arms of all experiments treat the same virtual patients.

    Attributes:
        table: parameter table.
        seed: of the patients.
        threads: of the engine; results do not depend on it.
        arms: solved patients by what was run.
        events: their adverse events by what was run, one row an episode.
        lost: number of patients not solved by what was run.
        untreated: cohorts before treatment by what they are.
    """

    table: ParameterTable
    seed: int
    threads: int = 1
    arms: dict[Any, pd.DataFrame] = field(default_factory=dict)
    events: dict[Any, pd.DataFrame] = field(default_factory=dict)
    lost: dict[Any, int] = field(default_factory=dict)
    untreated: dict[Any, Simulation] = field(default_factory=dict)

    def patients(self, experiment: Experiment, arm: Arm) -> pd.DataFrame:
        """Return the patients of an arm, solved ones only."""
        from rascade.regimen import parse
        from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec
        from rascade.trial.running.run import run

        key = self._key(experiment, arm)
        if key not in self.arms:
            spec = TrialSpec(
                experiment.id,
                self.seed,
                CohortSpec("PDAC", "metastatic", 2, experiment.size, experiment.eligibility),
                (ArmSpec(arm.name, parse(arm.regimen)),),
                experiment.imaging,
                experiment.months,
                {**self._overrides(), **arm.set},
            )
            outcome = run(spec, threads=self.threads)
            patients = outcome.patients
            solved = patients["os_months"].notna()
            self.lost[key] = int((~solved).sum())
            self.arms[key] = patients[solved]
            self.events[key] = outcome.adverse_events
        return self.arms[key]

    def estimate(self, effect: str, experiment: Experiment) -> Estimate:
        """Return an effect of an experiment of kind ``trial`` or ``cohort``."""
        kind = cohort_effect if experiment.kind == "cohort" else trial_effect
        return kind(effect, experiment, self)

    def rows(self, experiment: Experiment) -> tuple[str, ...]:
        """Return the rows of the parameter table that a trial may read; none for a cohort."""
        if experiment.kind == "cohort":
            return ()
        drugs = experiment.drugs
        return tuple(n for n in self.table if "." not in n or n.partition(".")[0] in drugs)

    def adverse_events(self, experiment: Experiment, arm: Arm) -> pd.DataFrame:
        """Return the adverse events of an arm, one row an episode."""
        self.patients(experiment, arm)
        return self.events[self._key(experiment, arm)]

    @staticmethod
    def _key(experiment: Experiment, arm: Arm) -> tuple[Any, ...]:
        changes = tuple(sorted(arm.set.items()))
        cohort = experiment.eligibility, experiment.size
        return arm.regimen, changes, cohort, experiment.months, experiment.imaging

    def failed(self, experiment: Experiment) -> int:
        """Return how many patients of an experiment were not solved."""
        return sum(self.lost.get(self._key(experiment, arm), 0) for arm in experiment.arms)

    def baseline(self, experiment: Experiment, name: str) -> NDArray[np.float64]:
        """Return a read-out of every patient of a cohort before treatment, (n,).

        Raises:
            EvidenceError: the untreated model has no such read-out.
        """
        key = experiment.eligibility, experiment.size
        if key not in self.untreated:
            self.untreated[key] = self._settled(experiment)
        cohort = self.untreated[key]
        stem = readouts()[name].symbol if name in readouts() else name
        if stem not in cohort.system.observables:
            raise EvidenceError(f"{experiment.id}: no read-out {name!r} before treatment")
        return np.asarray(cohort.value(stem))

    def _settled(self, experiment: Experiment) -> Simulation:
        from rascade.engine import Settings
        from rascade.model import assemble
        from rascade.patients import draw_cohort, steady_state

        assembly = assemble((), table=self.table)
        settings = Settings(threads=self.threads)
        cohort = draw_cohort(
            assembly,
            seed=self.seed,
            patients=np.arange(experiment.size, dtype=np.int64),
            eligibility=experiment.eligibility,
            settings=settings,
        )
        return steady_state(assembly, cohort.population, settings)

    def _overrides(self) -> dict[str, float]:
        own = load_table()
        return {n: row.value for n, row in self.table.items() if row.value != own[n].value}


class _Reader:
    def __init__(self, experiment: Experiment, trials: Trials) -> None:
        self.experiment, self.trials = experiment, trials

    def functions(self) -> Mapping[str, Callable[..., Estimate]]:
        names = (
            "orr", "dcr", "pfs", "os", "os_hr", "pfs_hr", "free", "orr_gain", "pfs_gain", "os_gain",
            "severe", "severe_gain",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def _of(self, name: str) -> pd.DataFrame:
        for arm in self.experiment.arms:
            if arm.name == name:
                return self.trials.patients(self.experiment, arm)
        raise EvidenceError(f"{self.experiment.id}: no arm {name!r}")

    def _rate(self, arm: str, responses: tuple[str, ...]) -> Estimate:
        from rascade.trial.results.statistics import exact_interval

        patients = self._of(arm)
        count = int(patients["best_response"].isin(responses).sum())
        return _estimate(exact_interval(count, len(patients)), 100.0)

    def orr(self, arm: str) -> Estimate:
        """Objective response rate, %, with its exact interval (Clopper and Pearson)."""
        return self._rate(arm, _RESPONSE)

    def dcr(self, arm: str) -> Estimate:
        """Disease control rate, %, with its exact interval."""
        return self._rate(arm, (*_RESPONSE, "SD"))

    def orr_gain(self, arm: str, reference: str) -> Estimate:
        """Response rate less that of another arm, percentage points, same patients, bootstrap."""
        pair = self._pair(arm, reference, lambda p: p["best_response"].isin(_RESPONSE))
        gain = 100.0 * (pair[:, 0] - pair[:, 1])
        low, high = np.quantile(gain[self._again(len(gain))].mean(axis=1), [0.025, 0.975])
        return Estimate(float(gain.mean()), float(low), float(high))

    def _median(self, arm: str, what: str) -> Estimate:
        from rascade.statistics.survival import kaplan_meier

        patients = self._of(arm)
        return _estimate(
            kaplan_meier(patients[f"{what}_months"], patients[f"{what}_event"]).median()
        )

    def pfs(self, arm: str) -> Estimate:
        """Median progression-free survival, months."""
        return self._median(arm, "pfs")

    def os(self, arm: str) -> Estimate:
        """Median overall survival, months."""
        return self._median(arm, "os")

    def free(self, arm: str, months: float) -> Estimate:
        """Share without progression or death at a time, %, exact interval."""
        from rascade.trial.results.statistics import exact_interval

        patients = self._of(arm)
        free = int((patients["pfs_months"] >= months).sum())
        return _estimate(exact_interval(free, len(patients)), 100.0)

    def _severe(self, arm: str, terms: tuple[str, ...]) -> pd.Series:
        """Return whether each patient of an arm had such an event of grade 3 or more."""
        patients = self._of(arm)["patient"]
        own = next(a for a in self.experiment.arms if a.name == arm)
        events = self.trials.adverse_events(self.experiment, own)
        severe = events[events["grade"] >= _SEVERE]
        if terms:
            severe = severe[severe["term"].isin(terms)]
        return patients.isin(severe["patient"])

    def severe(self, arm: str, *terms: str) -> Estimate:
        """Patients with an event of grade 3 or more, %, exact interval; of any term if none."""
        from rascade.trial.results.statistics import exact_interval

        having = self._severe(arm, terms)
        return _estimate(exact_interval(int(having.sum()), len(having)), 100.0)

    def severe_gain(self, arm: str, reference: str, *terms: str) -> Estimate:
        """Patients with such an event less those in another arm, percentage points, bootstrap."""
        a, b = (
            self._severe(name, terms).set_axis(self._of(name)["patient"])
            for name in (arm, reference)
        )
        pair = a.to_frame("a").join(b.to_frame("b"), how="inner").to_numpy(dtype=float)
        gain = 100.0 * (pair[:, 0] - pair[:, 1])
        low, high = np.quantile(gain[self._again(len(gain))].mean(axis=1), [0.025, 0.975])
        return Estimate(float(gain.mean()), float(low), float(high))

    def _hazard_ratio(self, arm: str, reference: str, what: str) -> Estimate:
        from rascade.statistics.survival import cox_hazard_ratio

        a, b = self._of(arm), self._of(reference)
        fit = cox_hazard_ratio(
            np.concatenate([a[f"{what}_months"], b[f"{what}_months"]]),
            np.concatenate([a[f"{what}_event"], b[f"{what}_event"]]),
            np.concatenate([np.ones(len(a), dtype=bool), np.zeros(len(b), dtype=bool)]),
        )
        return _estimate(fit.hazard_ratio)

    def os_hr(self, arm: str, reference: str) -> Estimate:
        """Hazard ratio of death."""
        return self._hazard_ratio(arm, reference, "os")

    def pfs_hr(self, arm: str, reference: str) -> Estimate:
        """Hazard ratio of progression or death."""
        return self._hazard_ratio(arm, reference, "pfs")

    def _pair(
        self, arm: str, reference: str, what: Callable[[pd.DataFrame], pd.Series]
    ) -> NDArray[np.float64]:
        """Return what the patients solved in both arms have in each, (n, 2)."""
        a, b = (p.set_index("patient") for p in (self._of(arm), self._of(reference)))
        pair = what(a).to_frame("a").join(what(b).to_frame("b"), how="inner")
        return pair.to_numpy(dtype=float)

    def _again(self, size: int) -> NDArray[np.int64]:
        """Return the patients of bootstrap replicates, (replicates, size)."""
        random = np.random.default_rng([self.trials.seed, size])
        return random.integers(0, size, (_REPLICATES, size))

    def _gain(self, arm: str, reference: str, what: str) -> Estimate:
        """Ratio of mean times, the same patients in both arms; interval from bootstrap."""
        pair = self._pair(arm, reference, lambda p: p[f"{what}_months"])
        chosen = self._again(len(pair))
        ratios = pair[chosen, 0].mean(axis=1) / pair[chosen, 1].mean(axis=1)
        low, high = np.quantile(ratios, [0.025, 0.975])
        return Estimate(float(pair[:, 0].mean() / pair[:, 1].mean()), float(low), float(high))

    def pfs_gain(self, arm: str, reference: str) -> Estimate:
        """Mean time without progression relative to another arm, same patients."""
        return self._gain(arm, reference, "pfs")

    def os_gain(self, arm: str, reference: str) -> Estimate:
        """Mean survival relative to another arm, same patients."""
        return self._gain(arm, reference, "os")


def _estimate(found: Any, scale: float = 1.0) -> Estimate:
    """Return an interval of the trial part; what is not reached is infinite."""
    value, low, high = (
        math.nan if x is None and k == 1 else math.inf if x is None else scale * float(x)
        for k, x in enumerate(found)
    )
    return Estimate(value, low, high)


def trial_effect(text: str, experiment: Experiment, trials: Trials) -> Estimate:
    """Return an effect of a trial with its 95 % interval.

    Raises:
        EvidenceError: the expression is wrong or names an arm that is not there.
    """
    value = evaluate(text, _Reader(experiment, trials).functions())
    if not isinstance(value, Estimate):
        raise EvidenceError(f"{experiment.id}: effect {text!r}: one function of an arm is wanted")
    return value


def cohort_effect(text: str, experiment: Experiment, trials: Trials) -> Estimate:
    """Return what a cohort is made of, with its 95 % interval.

    ``share("condition")`` is the share of patients, %; ``quantile(0.25, CD8, CD8_exhausted)`` a
    quantile of a read-out before treatment, or of the sum of several, in the model's unit.

    Raises:
        EvidenceError: the expression is wrong.
    """
    from rascade.patients.eligibility import eligible
    from rascade.patients.profile import draw_profiles
    from rascade.patients.properties import categories
    from rascade.trial.results.statistics import exact_interval

    def share(condition: str) -> Estimate:
        profiles = draw_profiles(trials.seed, np.arange(experiment.size, dtype=np.int64))
        inside = eligible(experiment.eligibility, profiles, categories())
        having = inside & eligible((condition,), profiles, categories())
        return _estimate(exact_interval(int(having.sum()), int(inside.sum())), 100.0)

    def quantile(part: float, *names: str) -> Estimate:
        values = np.array([trials.baseline(experiment, name) for name in names])
        return _quantile(np.sort(values.sum(axis=0)), part)

    found = evaluate(text, {"share": share, "quantile": quantile})
    if not isinstance(found, Estimate):
        raise EvidenceError(f"{experiment.id}: effect {text!r}: one function is wanted")
    return found


def _quantile(ordered: NDArray[np.float64], part: float) -> Estimate:
    """Return a quantile with the order statistics that hold it with 95 % (Hahn and Meeker 1991)."""
    from scipy.stats import binom

    size = len(ordered)
    low, high = (float(binom.ppf(q, size, part)) for q in (0.025, 0.975))
    ends = (ordered[int(max(low - 1, 0))], ordered[int(min(high, size - 1))])
    return Estimate(float(np.quantile(ordered, part)), float(ends[0]), float(ends[1]))
