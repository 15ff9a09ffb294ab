"""The read-outs of facts as functions of the parameters: values, derivatives, any parameter set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.facts.groups import Group, groups
from rascade.analyses.facts.records import Fact
from rascade.analyses.identifiability.bench import SetBench, TangentBench, symbols
from rascade.analyses.identifiability.fisher import prior_sd
from rascade.analyses.identifiability.points import (
    Point,
    controlled,
    measured,
    standard_errors,
)
from rascade.bench.questions.courses import Bench, rows_of
from rascade.errors import InputError
from rascade.model import ParameterTable
from rascade.progress import Progress

__all__ = ["Measurements", "Readouts"]

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measurements:
    """Everything that the experiments measure, with its derivatives.

    Attributes:
        points: the n numbers.
        rows: the q rows of the parameter table that nobody has verified, sorted.
        values: (n,) with typical parameters.
        errors: (n,) standard errors of their logs.
        slopes: (n, q) derivatives of the logs by the logs of the parameters; 0 where the model of
            an experiment does not read a row.
        left_out: points whose value is not above zero, which have no log.
    """

    points: tuple[Point, ...]
    rows: tuple[str, ...]
    values: Values
    errors: Values
    slopes: Values
    left_out: int


@dataclass(frozen=True)
class _Layout:
    """What is read of a group: its points, the observables, read-out -> place among them."""

    points: list[Point]
    names: list[str]
    column: Mapping[str, int]

    def of(self, point: Point, values: Values) -> Values:
        """Return what a point measures, (S,), from values of shape (S, M, T, k)."""
        k = self.column[point.readout]
        own = values[:, point.member, point.hour, k]
        if point.reference is None:
            return own
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(own / values[:, *point.reference, k])

    def slope(self, point: Point, values: Values, slopes: Values) -> Values:
        """Return the derivative of the log of a point, (q,); values (M, T, k), slopes more by q."""
        k = self.column[point.readout]
        places = [(point.member, point.hour, k)]
        places += [(*point.reference, k)] if point.reference is not None else []
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [slopes[place] / values[place] for place in places]
        return np.asarray(logs[0] - logs[1] if len(logs) == 2 else logs[0])


class Readouts:
    """The experiments of facts.

    Args:
        facts: whose experiments; those of trials and cohorts are passed over.
        table: parameter table.
        threads: of the engine; results do not depend on it.

    Raises:
        InputError: none of the facts is read from courses.
    """

    def __init__(self, facts: Iterable[Fact], table: ParameterTable, threads: int = 1) -> None:
        self.table, self.threads = table, threads
        self.groups = list(groups(facts))
        if not self.groups:
            raise InputError("none of these facts is an experiment in a dish, a mouse or one body")

    def measure(self, progress: Progress | None = None) -> Measurements:
        """Simulate all experiments with derivatives.

        Args:
            progress: called with the share done (0 to 1) and what is being done.

        Raises:
            SimulationError: the solver gave up.
        """
        parts = []
        for k, group in enumerate(self.groups):
            if progress:
                progress(k / len(self.groups), group.facts[0].id)
            parts.append(self._part(group))
        rows = tuple(sorted({row for part in parts for row in part[1]}))
        place = {row: k for k, row in enumerate(rows)}
        points = [point for part in parts for point in part[0]]
        values = np.concatenate([part[2] for part in parts])
        slopes = np.zeros((values.size, len(rows)))
        start = 0
        for own, names, _, derivatives in parts:
            slopes[start : start + len(own), [place[row] for row in names]] = derivatives
            start += len(own)
        good = np.isfinite(values) & (values > 0) & np.isfinite(slopes).all(axis=1)
        kept = [point for point, fine in zip(points, good, strict=True) if fine]
        return Measurements(
            tuple(kept), rows, values[good], standard_errors(kept, values[good]), slopes[good],
            int((~good).sum()),
        )  # fmt: skip

    def _part(self, group: Group) -> tuple[list[Point], list[str], Values, Values]:
        ranged = [name for name, row in self.table.items() if row.high > row.low]
        wanted = [name for name in ranged if prior_sd(self.table[name]) > 0]
        bench = TangentBench(group.experiment, self.table, wanted)
        layout = _layout(group, bench)
        values, slopes = bench.slopes(layout.names, self.threads)
        alone = np.array([layout.of(p, values[None])[0] for p in layout.points])
        points = controlled(layout.points, alone)
        return (
            points,
            bench.rows,
            np.array([layout.of(p, values[None])[0] for p in points]),
            np.array([layout.slope(p, values, slopes) for p in points]),
        )

    def under(self, factors: Mapping[str, Values], points: Sequence[Point]) -> Values:
        """Return what is measured under S parameter sets, (n, S); NaN where the solver gave up.

        Args:
            factors: row -> (S,) factors on its typical value.
            points: the n points wanted, of these experiments.
        """
        found: dict[Point, Values] = {}
        for group in self.groups:
            bench = SetBench(group.experiment, self.table, factors)
            layout = _layout(group, bench)
            values = np.swapaxes(bench.read(layout.names, self.threads), 0, 1)
            own = {fact.id for fact in group.facts}
            found |= {p: layout.of(p, values) for p in points if p.fact in own}
        return np.array([found[point] for point in points])


def _layout(group: Group, bench: Bench) -> _Layout:
    points = measured(group, rows_of(group.experiment), np.array([0.0, *group.experiment.hours]))
    observables = symbols(bench, sorted({point.readout for point in points}))
    names = sorted(set(observables.values()))
    return _Layout(points, names, {r: names.index(name) for r, name in observables.items()})
