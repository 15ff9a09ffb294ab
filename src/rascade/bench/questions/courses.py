"""Experiments on claims in a dish, in mice or in one body: one simulation holds every condition
and every drawn parameter set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rascade.bench.cells import Cells, cell_parameters, find_cell_line
from rascade.bench.mice import MICE, scaled_pharmacokinetics
from rascade.bench.plate import ACTIVE, Member, Plate
from rascade.bench.prepared import prepared
from rascade.bench.questions.records import Condition, Experiment
from rascade.bench.readouts import CLONE, clones_of, find_row
from rascade.bench.spec import Exposure
from rascade.bench.unsure import draw, uncertain_rows
from rascade.errors import EvidenceError, InputError, SimulationError
from rascade.model import Assembly, ParameterTable, assemble, readouts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import System

__all__ = ["SETTINGS", "Bench", "Courses", "rows_of", "run_courses", "symbol"]

SETTINGS: Final = {
    "dish": "culture",
    "xenograft": "xenograft",
    "mouse": "mouse",
    "patient": "patient",
}
_RTOL: Final = 1e-5


@dataclass(frozen=True)
class Courses:
    """What was read; M dishes (members of conditions), D + 1 parameter sets, T hours.

    Attributes:
        assembly: the model.
        members: condition -> its rows among the M.
        doses: condition -> its dose series, nM; empty without one.
        drugs: condition -> drug -> its doses, nM.
        hours: (T,), hour 0 first.
        values: observable -> (M, D + 1, T); NaN where a draw failed.
        drawn: rows that were drawn.
        failed: draws (of D) that were not solved.
    """

    assembly: Assembly
    members: Mapping[str, slice]
    doses: Mapping[str, tuple[float, ...]]
    drugs: Mapping[str, Mapping[str, tuple[float, ...]]]
    hours: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    drawn: tuple[str, ...]
    failed: int


class Bench:
    """An experiment while it is done: M dishes, each with D + 1 parameter sets.

    What is simulated beside the typical set is for subclasses to say: they override `sets`, and
    may put a larger model into `system` that holds the one of `assembly`.

    Args:
        experiment: of kind ``dish``, ``xenograft`` or ``patient``.
        table: parameter table.
        draws: parameter sets beside the typical one, D.
        seed: of the draws.
    """

    rtol = _RTOL

    def __init__(
        self, experiment: Experiment, table: ParameterTable, draws: int, seed: int
    ) -> None:
        self.experiment, self.draws, self.seed = experiment, draws, seed
        setting = SETTINGS[experiment.kind]
        self.assembly = assemble(
            experiment.drugs,
            table=table,
            clones=None if setting == "patient" else clones_of(setting),
            setting=setting,
            include=experiment.include,
        )
        self.system: System = prepared(self.assembly)
        self.conditions = [c for c in experiment.conditions for _ in range(c.members)]
        self.number = [k for c in experiment.conditions for k in range(c.members)]
        self.shape = (len(self.conditions), draws + 1)

    # -- numbers ----------------------------------------------------------------------------

    def _place(self, name: str) -> tuple[str, str, float]:
        """Return row, identifier and the factor from the table's unit to the model's."""
        try:
            row, identifier = find_row(
                self.assembly.composition.parameters, name, self.assembly.setting
            )
        except InputError:
            # A port that nothing fills here is a number of the model without a row.
            if name in self.system.parameters:
                return "", name, 1.0
            raise EvidenceError(
                f"experiment {self.experiment.id}: no parameter {name!r} in its model"
            ) from None
        return row, identifier, self.assembly.scale(identifier)

    def _cells(self, condition: Condition) -> dict[str, float]:
        """Return name -> value in the table's unit, as far as the model reads it."""
        if condition.cells:
            line = find_cell_line(condition.cells)
            cells = Cells(
                line.name, line.kras_allele, line.kras_share, line.receptor_level, line.genes
            )
        else:
            cells = Cells(condition.allele, condition.allele or "G12D")
        known = {row.partition("[")[0] for row in self.assembly.composition.parameters.values()}
        return {n: v for n, v in cell_parameters(cells)[0].items() if n in known}

    def parameters(self) -> dict[str, NDArray[np.float64]]:
        """Return identifier -> values before treatment, (M, D + 1), in the model's units."""
        genotypes = [self._cells(condition) for condition in self.conditions]
        own = [{**g, **c.set} for g, c in zip(genotypes, self.conditions, strict=True)]
        names = {name for values in own for name in values}
        self.drawn = self.uncertain()
        found: dict[str, NDArray[np.float64]] = {}
        for row, values in self.sets().items():
            _, identifier, scale = self._place(row)
            found[identifier] = np.tile(values * scale, (self.shape[0], 1))
        if self.assembly.setting in MICE:
            found.update(scaled_pharmacokinetics(self.assembly, found, self.shape))
        for name in sorted(names | {n for c in self.conditions for n in c.times}):
            _, identifier, scale = self._place(name)
            values = self._now(found, identifier)
            for m, condition in enumerate(self.conditions):
                if name in own[m]:
                    values[m] = own[m][name] * scale
                values[m] *= condition.times.get(name, 1.0)
        return found

    def uncertain(self) -> list[str]:
        """Return the rows of the parameter table that nobody knows for sure."""
        # The genotype is given; what one condition sets still differs between draws in another.
        fixed = {self._place(name)[0] for c in self.conditions for name in self._cells(c)}
        return uncertain_rows(self.assembly, fixed)

    def sets(self) -> Mapping[str, NDArray[np.float64]]:
        """Return row -> values of all parameter sets, (D + 1,), the typical one first."""
        return draw(self.assembly.table, self.drawn, self.seed, self.draws)

    def _now(self, found: dict[str, NDArray[np.float64]], identifier: str) -> NDArray[np.float64]:
        typical = self.assembly.values.get(identifier, self.system.defaults[identifier])
        return found.setdefault(identifier, np.full(self.shape, float(typical)))

    # -- time -------------------------------------------------------------------------------

    def settle(self, threads: int) -> None:
        """Bring cells, and what surrounds them, to rest before hour 0."""
        from rascade.engine import Settings

        self.before = self.parameters()
        members = [self._member(*one) for one in zip(self.conditions, self.number, strict=True)]
        settings = Settings(rtol=self.rtol, threads=threads)
        self.plate = Plate(self.assembly, self.system, members, self.shape[1], settings)
        self.plate.settle({**self.assembly.values, **self.before})

    @staticmethod
    def _member(condition: Condition, number: int) -> Member:
        """Return what a dish of a condition gets: its dose of a series, or its regimen."""
        from rascade.regimen import parse

        exposures = tuple(
            Exposure(drug, series[number] if len(series) > 1 else series[0], 0.0, condition.wash)
            for drug, series in condition.drugs.items()
        )
        return Member(exposures, parse(condition.regimen) if condition.regimen else None)

    def steps(self) -> dict[str, NDArray[np.float64]]:
        """Return identifier -> values from hour 0 on, of what changes then."""
        found: dict[str, NDArray[np.float64]] = {}
        for m, condition in enumerate(self.conditions):
            for name, factor in condition.step.items():
                identifier = self._place(name)[1]
                if identifier not in found:
                    found[identifier] = np.array(self._now(self.before, identifier))
                found[identifier][m] *= factor
        return {name: values.ravel() for name, values in found.items()}

    def observables(self) -> list[str]:
        """Return everything that an effect of this experiment may read."""
        system = self.system
        own = {*system.states, *self.assembly.composition.symbols}
        return sorted(own & set(system.observables))

    def treat(self, names: list[str]) -> NDArray[np.float64]:
        """Treat and read at every hour, hour 0 first; (M, D + 1, T, observables)."""
        self.plate.set({ACTIVE: 1.0, **self.steps()})
        return self.plate.treat((0.0, *self.experiment.hours), names)


def rows_of(experiment: Experiment) -> dict[str, slice]:
    """Return condition -> its rows in what a bench reads."""
    rows: dict[str, slice] = {}
    start = 0
    for condition in experiment.conditions:
        rows[condition.name] = slice(start, start + condition.members)
        start += condition.members
    return rows


def run_courses(
    experiment: Experiment, table: ParameterTable, *, draws: int, seed: int, threads: int = 1
) -> Courses:
    """Run an experiment of kind ``dish``, ``xenograft``, ``mouse`` or ``patient``.

    Args:
        experiment: what to do.
        table: parameter table.
        draws: parameter sets beside the typical one.
        seed: of the draws.
        threads: of the engine; the result does not depend on it.

    Raises:
        EvidenceError: the experiment names a parameter that its model does not have.
        SimulationError: the solver gave up on the typical parameters.
    """
    bench = Bench(experiment, table, draws, seed)
    bench.settle(threads)
    names = bench.observables()
    values = bench.treat(names)
    lost = np.asarray(np.isnan(values).any(axis=(0, 2, 3)))
    if lost[0]:
        first = bench.plate.simulation.failures()[0]
        raise SimulationError(
            f"{experiment.id}: the solver gave up at hour {first.time:.2f}, "
            f"{first.species or 'no species named'}: {first.status.name}"
        )
    values[:, lost] = np.nan
    series = {
        c.name: next((d for d in c.drugs.values() if len(d) > 1), ()) for c in experiment.conditions
    }
    return Courses(
        bench.assembly,
        rows_of(experiment),
        series,
        {c.name: c.drugs for c in experiment.conditions},
        np.array([0.0, *experiment.hours]),
        {name: values[..., i] for i, name in enumerate(names)},
        tuple(bench.drawn),
        int(lost.sum()),
    )


def symbol(courses: Courses, name: str) -> str:
    """Return what the model calls a read-out: its clone's, the system's own, or a drug's.

    Raises:
        EvidenceError: there is none of that name.
    """
    table = readouts()
    stem = table[name].symbol if name in table else name
    own = [f"{stem}_{drug.identifier}" for drug in courses.assembly.drugs]
    for observable in (f"{stem}_{CLONE}", stem, *own):
        if observable in courses.values:
            return observable
    raise EvidenceError(f"no read-out {name!r} in this experiment")
