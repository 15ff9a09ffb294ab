"""Who enters replicate trials, when, and into which arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.population import ArmPopulation, joined, same_properties
from rascade.errors import InputError
from rascade.random_streams import uniform_rows
from rascade.trial.design.accrual import Accrual, Centre, arrivals
from rascade.trial.design.randomization import (
    Randomization,
    assign,
    position_in_stratum,
    strata_codes,
)
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.analyses.operating.designs import Design

    Floats = NDArray[np.float64]

__all__ = ["Enrolled", "Source", "enrol"]

_DAYS_PER_YEAR = 365.25
_FITS = 100


@dataclass(frozen=True)
class Enrolled:
    """Patients of r replicate trials, n places each, in order of entry.

    Attributes:
        entry: (r, n) calendar day.
        arm: (r, n) index of the arm.
        second: (r, n) index of the arm, 0 or 1, where only two are left after a selection.
        stratum: (r, n) code.
        draw: (r, n) uniform number that picks the patient.
        cell: (r, n) combination of properties that the patient has.
        lost: (r, n) days from entry until lost to observation.
    """

    entry: Floats
    arm: NDArray[np.int64]
    second: NDArray[np.int64]
    stratum: NDArray[np.int64]
    draw: Floats
    cell: NDArray[np.int64]
    lost: Floats


class Source:
    """A population made ready for a design: enriched, and sorted by cell.

    A cell is a combination of the properties that strata and case mix speak of. Patients of a cell
    are drawn from the simulated patients of that cell in their arm.

    Args:
        design: what is tried.
        arms: populations of its arms, the control first.
        eligible: called with the design's eligibility and properties; returns flags.

    Raises:
        InputError: a property is missing, or nobody is left.
    """

    def __init__(self, design: Design, arms: Sequence[ArmPopulation], eligible: Any = None) -> None:
        self.design = design
        kept = [
            arm.kept(eligible(design.eligibility, arm.properties)) if design.eligibility else arm
            for arm in arms
        ]
        everybody = sum(arm.size for arm in arms)
        self.prevalence = sum(arm.size for arm in kept) / everybody if everybody else 0.0
        if min(arm.size for arm in kept) == 0:
            raise InputError(
                f"design {design.name}: nobody in the population meets "
                f"{' and '.join(design.eligibility)}"
            )
        mixed = {name for centre in design.accrual.centres for name in centre.case_mix}
        self.names = list(dict.fromkeys([*design.randomization.strata, *sorted(mixed)]))
        same_properties(kept, self.names, f"design {design.name}")
        self._index(kept)
        self.chances = np.stack([self._mix(centre) for centre in design.accrual.centres])
        self.accrual = Accrual(
            tuple(_slower(centre, self.prevalence) for centre in design.accrual.centres)
        )
        self.follow_up = max(
            float(np.where(np.isfinite(arm.event_day), arm.event_day, arm.last_day).max())
            for arm in kept
        )

    def _index(self, arms: list[ArmPopulation]) -> None:
        pooled = {
            name: np.concatenate([np.asarray(arm.properties[name]).astype(str) for arm in arms])
            for name in self.names
        } or {"all": np.concatenate([np.zeros(arm.size) for arm in arms])}
        code, _ = strata_codes(pooled, self.names)
        first = [int(np.flatnonzero(code == c)[0]) for c in range(int(code.max()) + 1)]
        self.cells = {name: values[first] for name, values in pooled.items()}
        self.cell_share = np.bincount(code) / code.size
        strata = self.design.randomization.strata
        self.stratum_of, self.strata = strata_codes(
            {name: self.cells[name] for name in strata} or {"all": np.zeros(len(first))}, strata
        )
        ends = np.cumsum([arm.size for arm in arms])
        self.arms, self.everybody = arms, joined(arms)
        order, starts, counts = [], [], []
        for arm, end in zip(arms, ends, strict=True):
            own = code[end - arm.size : end]
            order.append(np.argsort(own, kind="stable") + end - arm.size)
            counts.append(np.bincount(own, minlength=len(first)))
            starts.append(np.cumsum(counts[-1]) - counts[-1] + end - arm.size)
        self.order = np.concatenate(order)
        self.starts, self.counts = np.stack(starts), np.stack(counts)
        empty = np.argwhere(self.counts == 0)
        if empty.size:
            arm, cell = arms[int(empty[0][0])], int(empty[0][1])
            told = ", ".join(f"{name} {self.cells[name][cell]}" for name in self.names)
            raise InputError(
                f"design {self.design.name}: no patient of arm {arm.name!r} in the population has "
                f"{told}; simulate more patients, or use fewer strata"
            )

    def _mix(self, centre: Centre) -> Floats:
        """Cumulative chances of the cells at a centre."""
        weight = self.cell_share.copy()
        for name, shares in centre.case_mix.items():
            known = set(self.cells[name])
            unknown = next((c for c, share in shares.items() if share > 0 and c not in known), None)
            if unknown is not None:
                raise InputError(
                    f"centre {centre.name}: nobody in the population has {name} {unknown}"
                )
        # Several properties: each share in turn until all hold (iterative proportional fitting).
        for _ in range(_FITS if len(centre.case_mix) > 1 else 1):
            for name, shares in centre.case_mix.items():
                values = self.cells[name]
                here = {c: float(weight[values == c].sum()) for c in set(values)}
                factor = {c: shares.get(c, 0.0) / here[c] if here[c] else 0.0 for c in here}
                weight = weight * np.array([factor[c] for c in values])
        return np.cumsum(weight / weight.sum())

    def patients(self, enrolled: Enrolled, arm: NDArray[np.int64]) -> NDArray[np.intp]:
        """Rows of `everybody` for all places.

        Args:
            enrolled: who has entered.
            arm: (r, n) index of the arm of each; the draw does not depend on it.
        """
        start, count = self.starts[arm, enrolled.cell], self.counts[arm, enrolled.cell]
        return np.asarray(self.order[start + (enrolled.draw * count).astype(np.int64)])


def _slower(centre: Centre, share: float) -> Centre:
    return replace(centre, rate_per_month=centre.rate_per_month * share)


def enrol(source: Source, seed: int, replicates: NDArray[np.int64]) -> Enrolled:
    """Draw the patients of replicate trials.

    A replicate depends on seed, its number and the design, never on which others are drawn.

    Args:
        source: population and design.
        seed: of the study.
        replicates: (r,) their numbers.
    """
    design = source.design
    places = design.most

    def draw(what: str) -> Floats:
        return uniform_rows(seed, f"operating:{what}", replicates, places)

    centres = len(design.accrual.centres)
    none = np.zeros((replicates.size, places))
    entry, centre = arrivals(source.accrual, draw("time"), draw("centre") if centres > 1 else none)
    cell = np.zeros(entry.shape, dtype=np.int64)
    if source.chances.shape[1] > 1:
        cell = (draw("cell")[..., None] > source.chances[centre]).sum(axis=-1)
        cell = np.minimum(cell, source.chances.shape[1] - 1)
    stratum = source.stratum_of[cell]
    arm = _assign(source, design.randomization, seed, replicates, stratum, "arm")
    second = arm
    if design.selection is not None:
        pair = Randomization(design.randomization.method, (1, 1))
        second = _assign(source, pair, seed, replicates, stratum, "second")
    lost = np.full(entry.shape, np.inf)
    if design.dropout_per_year > 0:
        rate = -np.log1p(-design.dropout_per_year) / _DAYS_PER_YEAR
        lost = -np.log(draw("dropout")) / rate
    return Enrolled(entry, arm, second, stratum, draw("patient"), cell, lost)


def _assign(
    source: Source,
    plan: Randomization,
    seed: int,
    replicates: NDArray[np.int64],
    stratum: NDArray[np.int64],
    what: str,
) -> NDArray[np.int64]:
    arm = np.zeros(stratum.shape, dtype=np.int64)
    position = position_in_stratum(stratum)
    places = -(-stratum.shape[1] // plan.block) * plan.block
    for code, name in enumerate(source.strata):
        draws = uniform_rows(seed, f"operating:{what}:{name}", replicates, places)
        mine = stratum == code
        listed = assign(plan, draws, np.where(mine, position, 0))
        arm[mine] = listed[mine]
    return arm


def horizon(source: Source, entry: Floats) -> Floats:
    """Calendar day after which nothing more can be seen, (r,)."""
    last: Floats = entry.max(axis=1) + source.follow_up
    months = source.design.months
    return last if months is None else np.minimum(last, months * DAYS_PER_MONTH)
