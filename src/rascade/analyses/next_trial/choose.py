"""Designs for a budget of patients, and the one with the best chance over the ensemble.

The chance of a design is its power averaged over members of the ensemble (assurance). All designs
use the same random numbers, so their differences are smoother than their values. Many designs are
tried with few replicate trials, the better third again with more, and so on; the best is then
compared with plain designs in trials that the choice has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.designs import Design
from rascade.analyses.operating.enrolment import Source
from rascade.analyses.operating.replicates import EFFICACY, run_replicates
from rascade.progress import Progress, silent
from rascade.statistics.group_sequential import efficacy
from rascade.trial.design.randomization import Randomization
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.analyses.operating.population import ArmPopulation
    from rascade.trial.design.accrual import Accrual

    Floats = NDArray[np.float64]

__all__ = ["Chance", "Menu", "Picked", "chance", "choose", "plain_designs"]

_SPENDING = "lan-demets-obrien-fleming"
_ROUNDS = 2


@dataclass(frozen=True)
class Menu:
    """What a design may be made of.

    Attributes:
        arms: names, the control first.
        size: patients in all arms together: the budget.
        accrual: centres; rates are of patients before enrichment.
        months: latest end of the trial.
        alpha: one-sided level.
        enrichment: conditions beyond those of the population; an empty one is everybody.
        event_shares: of patients who must have the event at the final analysis.
        looks: plans of looks, each ending with 1.
        ratios: control to new.
    """

    arms: tuple[str, str]
    size: int
    accrual: Accrual
    months: float
    alpha: float = 0.025
    enrichment: tuple[tuple[str, ...], ...] = ((),)
    event_shares: tuple[float, ...] = (0.5, 0.65, 0.8)
    looks: tuple[tuple[float, ...], ...] = ((1.0,), (0.5, 1.0), (0.5, 0.75, 1.0))
    ratios: tuple[tuple[int, int], ...] = ((1, 1), (1, 2))

    def designs(self) -> list[Design]:
        """Return every design of the menu."""
        return [
            self.design(where, share, looks, ratio)
            for where in self.enrichment
            for share in self.event_shares
            for looks in self.looks
            for ratio in self.ratios
        ]

    def design(
        self,
        where: tuple[str, ...],
        share: float,
        looks: tuple[float, ...],
        ratio: tuple[int, int],
    ) -> Design:
        """Return one design, named after what it is."""
        who = " and ".join(where) or "everybody"
        when = (
            "one analysis" if len(looks) == 1 else f"looks at {', '.join(f'{x:g}' for x in looks)}"
        )
        events = max(len(looks), round(share * self.size))
        return Design(
            f"{who}; {events} events; {when}; {ratio[0]}:{ratio[1]}",
            self.arms,
            self.size,
            efficacy(_SPENDING, looks, self.alpha),
            self.accrual,
            Randomization(ratio=ratio),
            events=events,
            months=self.months,
            eligibility=where,
        )


def plain_designs(menu: Menu) -> list[tuple[str, Design]]:
    """Return three designs that nobody has to search for, with what they are called."""
    share = sorted(menu.event_shares)[len(menu.event_shares) // 2]
    return [
        ("everybody, one analysis", menu.design((), share, (1.0,), (1, 1))),
        ("everybody, one look half-way", menu.design((), share, (0.5, 1.0), (1, 1))),
        ("everybody, as many events as patients allow", menu.design((), 0.9, (1.0,), (1, 1))),
    ]


@dataclass(frozen=True)
class Chance:
    """How a design does over the ensemble.

    Attributes:
        design: the design.
        assurance: power, mean over members.
        low90, high90: limits of it over the members, by drawing them with replacement.
        by_member: (m,) power in each.
        months: mean duration.
        patients: mean enrolled.
        screened: mean screened, for enrichment.
        early: share of trials that stop for efficacy before the last look.
    """

    design: Design
    assurance: float
    low90: float
    high90: float
    by_member: Floats
    months: float
    patients: float
    screened: float
    early: float


@dataclass(frozen=True)
class Picked:
    """What a choice came to.

    Attributes:
        best: on replicates that the choice has not seen.
        plain: what they are called, and how they do on the same replicates.
        tried: all designs, on the first round, best first.
        lead: chance that `best` has over the best plain design, with 90 % limits over members.
    """

    best: Chance
    plain: tuple[tuple[str, Chance], ...]
    tried: tuple[Chance, ...]
    lead: tuple[float, float, float]


def chance(
    design: Design,
    members: Sequence[Sequence[ArmPopulation]],
    *,
    seed: int,
    replicates: int,
    eligible: Any = None,
) -> Chance:
    """Try a design on the populations of all members.

    Args:
        design: what is tried.
        members: of each the populations of the arms, the control first.
        seed: of the trials.
        replicates: trials in each member.
        eligible: see `rascade.analyses.operating.enrolment.Source`.

    Raises:
        InputError: nobody in a population meets the design's eligibility.
    """
    numbers = np.arange(replicates, dtype=np.int64)
    last = len(design.boundaries.information) - 1
    rows = []
    for arms in members:
        source = Source(design, arms, eligible)
        trials = run_replicates(source, seed, numbers)
        won = trials.reason == EFFICACY
        rows.append(
            (
                won.mean(),
                trials.day.mean() / DAYS_PER_MONTH,
                trials.patients.mean(),
                trials.patients.mean() / source.prevalence,
                (won & (trials.look < last)).mean(),
            )
        )
    table = np.array(rows, dtype=float)
    mean = table.mean(axis=0)
    low, high = _limits(table[:, 0], seed)
    return Chance(design, float(mean[0]), low, high, table[:, 0], *map(float, mean[1:]))


def _limits(values: Floats, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng([seed, 29])
    drawn = values[rng.integers(0, values.size, (1000, values.size))].mean(axis=1)
    low, high = np.percentile(drawn, [5.0, 95.0])
    return float(low), float(high)


def choose(
    menu: Menu,
    members: Sequence[Sequence[ArmPopulation]],
    *,
    seed: int,
    replicates: int,
    eligible: Any = None,
    progress: Progress = silent,
) -> Picked:
    """Find the design of a menu with the best chance, and compare it with plain ones.

    Args:
        menu: what a design may be made of.
        members: populations, see `chance`.
        seed: of the trials.
        replicates: trials in each member, on the last round and for the comparison.
        eligible: see `chance`.
        progress: called with the share done and what is being done.
    """
    standing = menu.designs()
    counts = [len(standing)]
    for _ in range(_ROUNDS):
        counts.append(max(2, -(-counts[-1] // 3)))
    sizes = [max(50, replicates // 4 ** (_ROUNDS - k)) for k in range(_ROUNDS + 1)]
    work = [n * r for n, r in zip(counts, sizes, strict=True)]
    work.append(4 * replicates)
    tried: list[Chance] = []
    for index, (count, size) in enumerate(zip(counts, sizes, strict=True)):
        found = []
        for place, design in enumerate(standing[:count]):
            progress((sum(work[:index]) + place * size) / sum(work), design.name)
            found.append(chance(design, members, seed=seed, replicates=size, eligible=eligible))
        # Of designs with the same chance the shorter one is better.
        found.sort(key=lambda one: (-round(one.assurance, 4), one.months, one.design.name))
        standing = [one.design for one in found]
        tried = tried or found
    return _compared(menu, members, standing[0], tried, seed, replicates, eligible, progress)


def _compared(
    menu: Menu,
    members: Sequence[Sequence[ArmPopulation]],
    best: Design,
    tried: Sequence[Chance],
    seed: int,
    replicates: int,
    eligible: Any,
    progress: Progress,
) -> Picked:
    def fresh(design: Design) -> Chance:
        progress(0.9, design.name)
        return chance(design, members, seed=seed + 1, replicates=replicates, eligible=eligible)

    won = fresh(best)
    plain = tuple((name, fresh(design)) for name, design in plain_designs(menu))
    rival = max((one for _, one in plain), key=lambda one: one.assurance)
    gap = won.by_member - rival.by_member
    low, high = _limits(gap, seed)
    progress(1.0, "done")
    return Picked(won, plain, tuple(tried), (float(gap.mean()), low, high))
