"""Experiments of facts with derivatives, and with chosen parameter sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rascade.bench.questions.courses import Bench
from rascade.bench.questions.records import Experiment
from rascade.errors import EvidenceError, SimulationError
from rascade.model import ParameterTable, readouts

__all__ = ["SetBench", "TangentBench", "symbols"]

Values = NDArray[np.float64]
_RTOL = 1e-6
_LANES = 4  # directions that share one solution of the model


def symbols(bench: Bench, names: Iterable[str]) -> dict[str, str]:
    """Return read-out -> observable of the model.

    Raises:
        EvidenceError: the model has none of that name.
    """
    from rascade.bench.readouts import CLONE

    table, known = readouts(), set(bench.system.observables)
    found = {}
    for name in names:
        stem = table[name].symbol if name in table else name
        fits = [s for s in (f"{stem}_{CLONE}", stem) if s in known]
        if not fits:
            raise EvidenceError(f"{bench.experiment.id}: no read-out {name!r} in its model")
        found[name] = fits[0]
    return found


class _Reads(Bench):
    """A bench that reads few observables, and says so if the solver gave up."""

    rtol = _RTOL

    def __init__(self, experiment: Experiment, table: ParameterTable, sets: int) -> None:
        super().__init__(experiment, table, sets - 1, 0)

    def read(self, names: list[str], threads: int) -> Values:
        """Return (M, sets, T, names); NaN in sets that were not solved."""
        self.settle(threads)
        return self.treat(names)


class TangentBench(_Reads):
    """Every dish in as many copies as there are blocks of parameters, with tangents.

    What a condition sets is known and has no derivative there; what it multiplies keeps one.

    Args:
        experiment: what is done.
        table: parameter table.
        rows: rows to differentiate by; those of them that this model does not read, or whose
            value an allele fixes, are left out.
    """

    def __init__(
        self, experiment: Experiment, table: ParameterTable, rows: Iterable[str] | None = None
    ) -> None:
        super().__init__(experiment, table, 1)
        own = self.uncertain()
        wanted = own if rows is None else set(rows)
        self.rows = [row for row in own if row in wanted]
        if not self.rows:
            raise EvidenceError(f"{experiment.id}: none of these parameters is uncertain here")
        self.lanes = min(_LANES, len(self.rows))
        self.blocks = -(-len(self.rows) // self.lanes)
        self.identifiers = [self._place(row)[1] for row in self.rows]
        self.shape = (self.shape[0], self.blocks)

    def sets(self) -> Mapping[str, Values]:
        """Return nothing: every copy has typical values."""
        return {}

    def parameters(self) -> dict[str, Values]:
        """Return values and, per lane, the directions: each parameter by its own size."""
        from rascade.engine.symbolic.tangents import direction, tangent_system

        found = super().parameters()
        base = self.assembly.system
        given = frozenset(found) & {base.parameters[k] for k in base.derived}
        self.system = tangent_system(base, tuple(self.identifiers), given, self.lanes).system
        directions = {}
        for k, (row, identifier) in enumerate(zip(self.rows, self.identifiers, strict=True)):
            block, lane = divmod(k, self.lanes)
            size = np.array(self._now(found, identifier)[:, 0])
            size[self._set_by(row)] = 0.0
            for other in range(self.lanes):
                column = np.zeros(self.shape)
                if other == lane:
                    column[:, block] = size
                directions[direction(other, identifier)] = column
        return {**found, **directions}

    def _set_by(self, row: str) -> list[bool]:
        return [any(self._place(name)[0] == row for name in c.set) for c in self.conditions]

    def steps(self) -> dict[str, Values]:
        """Return what changes at hour 0, with the directions that change with it."""
        from rascade.engine.symbolic.tangents import direction

        found = super().steps()
        for identifier in [i for i in found if i in self.identifiers]:
            factor = np.ones(self.shape)
            for m, condition in enumerate(self.conditions):
                for name, by in condition.step.items():
                    if self._place(name)[1] == identifier:
                        factor[m] *= by
            for lane in range(self.lanes):
                name = direction(lane, identifier)
                found[name] = (self.before[name] * factor).ravel()
        return found

    def slopes(self, names: Sequence[str], threads: int) -> tuple[Values, Values]:
        """Return values (M, T, k) and derivatives by log parameters (M, T, k, q).

        Args:
            names: the k observables.
            threads: of the engine; the result does not depend on it.

        Raises:
            SimulationError: the solver gave up.
        """
        from rascade.engine.symbolic.tangents import tangent

        asked = [*names, *(tangent(lane, n) for lane in range(self.lanes) for n in names)]
        table = self.read(asked, threads)
        if np.isnan(table).any():
            raise SimulationError(f"{self.experiment.id}: the derivatives could not be solved")
        table = table.reshape(*self.shape, -1, 1 + self.lanes, len(names))
        # (M, T, k, blocks, lanes): block by block, lane by lane are the rows in order.
        slopes = table[:, :, :, 1:].transpose(0, 2, 4, 1, 3)
        slopes = slopes.reshape(*slopes.shape[:3], -1)[..., : len(self.rows)]
        return table[:, 0, :, 0], slopes


class SetBench(_Reads):
    """Every dish under chosen parameter sets.

    Args:
        experiment: what is done.
        table: parameter table.
        factors: row -> (S,) factors on its typical value; rows that this model does not read, or
            whose value an allele fixes, are passed over.
    """

    def __init__(
        self, experiment: Experiment, table: ParameterTable, factors: Mapping[str, Values]
    ) -> None:
        super().__init__(experiment, table, len(next(iter(factors.values()))))
        self.factors = factors

    def sets(self) -> Mapping[str, Values]:
        """Return the rows of this model that a set changes."""
        table = self.assembly.table
        return {
            row: table[row].value * self.factors[row] for row in self.drawn if row in self.factors
        }
