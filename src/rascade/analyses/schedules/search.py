"""The search: many schedules on few patients, few on many, the best on patients never seen.

Optuna proposes schedules (a tree-structured Parzen estimator for several objectives, Bergstra 2011,
Ozaki 2022) on the first rung; the better third of each rung goes on to the next, with more patients
and members (successive halving, Jamieson and Talwalkar 2016). What is best there is best by luck in
part, so the winners, the published schedules and the reference are evaluated once more on patients
and members that the search has not seen; only these numbers are reported as results, and what the
winner lost on the way is shown as the winner's curse.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rascade.analyses.schedules.space import Choice, Space
from rascade.progress import Progress, silent

__all__ = ["Evaluated", "Found", "Limits", "Rung", "front", "search"]

#: Choices of a large space that are looked through for published schedules.
_LOOKED_THROUGH = 2000


@dataclass(frozen=True, slots=True)
class Rung:
    """How much a schedule is looked at.

    Attributes:
        patients: of each member.
        members: of the ensemble.
        fresh: whether patients and members are those that the search has not seen.
    """

    patients: int
    members: int
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a schedule came to, on one rung.

    Attributes:
        orders: of the schedule.
        value: objective: gain over the reference, larger is better.
        low90, high90: limits of it over patients and members.
        grade3: patients with a side effect of grade 3 or more, percent.
        intensity: dose given over dose planned, percent.
    """

    orders: str
    value: float
    low90: float
    high90: float
    grade3: float
    intensity: float

    @property
    def goals(self) -> tuple[float, float, float]:
        """All objectives, larger is better."""
        return (self.value, -self.grade3, self.intensity)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a schedule must keep to.

    Attributes:
        grade3: patients with a side effect of grade 3 or more, percent, at most.
        intensity: dose given over dose planned, percent, at least.
    """

    grade3: float = 100.0
    intensity: float = 0.0

    def excess(self, one: Evaluated) -> float:
        """Return by how many points a schedule breaks the limits; 0 where it keeps to them."""
        return max(one.grade3 - self.grade3, 0.0) + max(self.intensity - one.intensity, 0.0)


class Evaluate(Protocol):
    """Evaluates orders on a rung; the same orders and rung give the same answer."""

    def __call__(self, orders: str, rung: Rung) -> Evaluated:
        """Return what the orders come to."""


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        tried: of the first rung, in order, each schedule once.
        choices: orders -> the choice that gave them.
        last: of the last rung of the search, best first.
        confirmed: the finalists on fresh patients, best first.
        published: the given schedules on the same fresh patients, in their order.
    """

    tried: tuple[Evaluated, ...]
    choices: Mapping[str, Choice]
    last: tuple[Evaluated, ...]
    confirmed: tuple[Evaluated, ...]
    published: tuple[Evaluated, ...]

    @property
    def curse(self) -> float:
        """What the search's own winner had gained by luck: its value then minus its fresh one."""
        winner = self.last[0]
        fresh = next(one for one in self.confirmed if one.orders == winner.orders)
        return winner.value - fresh.value


def search(
    space: Space,
    evaluate: Evaluate,
    rungs: Sequence[Rung],
    *,
    trials: int,
    finalists: int = 3,
    limits: Limits = Limits(),
    published: Sequence[str] = (),
    normal: Callable[[str], str] = str,
    seed: int = 0,
    progress: Progress = silent,
) -> Found:
    """Look for the best schedules of a space.

    Args:
        space: what may be varied.
        evaluate: simulates a schedule; whatever it keeps makes a search that was ended go on.
        rungs: of the search, cheap ones first, and the fresh one last.
        trials: schedules on the first rung; a space that is no larger is tried whole.
        finalists: schedules that are confirmed.
        limits: of toxicity and dose intensity.
        published: orders that the winners are compared with; those of the space are tried first.
        normal: returns orders in one normal form, by which they are known to be the same.
        seed: of the proposals.
        progress: called with the share done and what is being done.

    Raises:
        InputError: no schedule of the space keeps to the limits of practice.
    """
    *climb, last = rungs
    counts = [min(trials, space.size)]
    for _ in climb[1:]:
        counts.append(max(finalists, -(-counts[-1] // 3)))
    costs = [n * r.patients * r.members for n, r in zip(counts, climb, strict=True)]
    costs.append((finalists + len(published)) * last.patients * last.members)
    told = _Told(progress, costs)
    tried, choices = _first(
        space, partial(evaluate, rung=climb[0]), counts[0], limits, seed, told, normal, published
    )
    standing = _sorted(tried, limits)
    for index, rung in enumerate(climb[1:], start=1):
        some = standing[: counts[index]]
        again = partial(evaluate, rung=rung)
        standing = _sorted(
            [told(index, len(some), i, one.orders, again) for i, one in enumerate(some)], limits
        )
    wanted = [one.orders for one in standing[:finalists]]
    asked = [*wanted, *published]
    fresh = [
        told(len(climb), len(asked), i, orders, partial(evaluate, rung=last))
        for i, orders in enumerate(asked)
    ]
    return Found(
        tuple(tried),
        choices,
        tuple(standing),
        tuple(_sorted(fresh[: len(wanted)], limits)),
        tuple(fresh[len(wanted) :]),
    )


class _Told:
    """Tells the progress of stages that cost differently."""

    def __init__(self, progress: Progress, costs: Sequence[float]) -> None:
        self.progress, self.costs = progress, costs

    def __call__(
        self, stage: int, of: int, index: int, orders: str, work: Callable[[str], Evaluated]
    ) -> Evaluated:
        done = sum(self.costs[:stage]) + self.costs[stage] * index / max(of, 1)
        self.progress(min(1.0, done / sum(self.costs)), orders)
        return work(orders)


def _sorted(found: Sequence[Evaluated], limits: Limits) -> list[Evaluated]:
    return sorted(found, key=lambda one: (limits.excess(one), -one.value, one.orders))


def _first(
    space: Space,
    evaluate: Callable[[str], Evaluated],
    trials: int,
    limits: Limits,
    seed: int,
    told: _Told,
    normal: Callable[[str], str],
    published: Sequence[str],
) -> tuple[list[Evaluated], dict[str, Choice]]:
    """Evaluate schedules on the first rung: all of a small space, proposed ones of a large one."""
    from rascade.errors import InputError

    found: dict[str, Evaluated] = {}
    choices: dict[str, Choice] = {}

    def look(choice: Choice) -> Evaluated:
        orders = normal(space.orders(choice))
        if orders not in found:
            found[orders] = told(0, trials, len(found), orders, evaluate)
            choices[orders] = choice
        return found[orders]

    if space.size <= trials:
        for choice in space.choices():
            if space.allowed(choice):
                look(choice)
    else:
        wanted = {normal(orders) for orders in published}
        for choice in itertools.islice(space.choices(), _LOOKED_THROUGH):
            if space.allowed(choice) and normal(space.orders(choice)) in wanted:
                look(choice)
        _proposed(space, look, lambda: len(found), trials, limits, seed)
    if not found:
        raise InputError("no schedule keeps to the limits; allow more drugs")
    return list(found.values()), choices


def _proposed(
    space: Space,
    look: Callable[[Choice], Evaluated],
    count: Callable[[], int],
    trials: int,
    limits: Limits,
    seed: int,
) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    sampler = optuna.samplers.TPESampler(
        seed=seed % 2**32,
        n_startup_trials=max(5, trials // 3),
        multivariate=True,
    )
    study = optuna.create_study(directions=["maximize"] * 3, sampler=sampler)
    # A proposal may repeat what is known; it costs nothing, so there may be some more of them.
    for _ in range(10 * trials):
        if count() >= trials:
            break
        trial = study.ask()
        choice = {
            name: trial.suggest_categorical(name, list(values))
            for name, values in space.dimensions.items()
        }
        if not space.allowed(choice):
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        one = look(choice)
        trial.set_constraint("limits", limits.excess(one))
        study.tell(trial, list(one.goals))


def front(found: Sequence[Evaluated]) -> list[Evaluated]:
    """Return those that no other beats in every objective: the Pareto front, best value first."""

    def beaten(one: Evaluated) -> bool:
        return any(
            all(a >= b for a, b in zip(other.goals, one.goals, strict=True))
            and other.goals != one.goals
            for other in found
        )

    return sorted((one for one in found if not beaten(one)), key=lambda one: -one.value)
