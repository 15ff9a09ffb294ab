"""Run an experiment: one simulation holds every condition and every drawn parameter set."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.bench.cells import cell_parameters, constant, typical_doubling_hours
from rascade.bench.draws import draw_rows, drawn_rows
from rascade.bench.mice import has_mouse_rows, scaled_pharmacokinetics
from rascade.bench.plate import ACTIVE, Member, Plate
from rascade.bench.readouts import (
    CLONE,
    Reading,
    clones_of,
    find_reading,
    find_row,
)
from rascade.bench.spec import Condition, ExperimentSpec, conditions
from rascade.errors import InputError, SimulationError
from rascade.model import Assembly, assemble, knockouts, load_table
from rascade.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine import Settings

__all__ = ["MAX_RUNS", "ExperimentRun", "run_experiment"]

MAX_RUNS = 200_000
_DIVISION = "k_division"
_RTOL = 1e-6


@dataclass(frozen=True)
class ExperimentRun:
    """What a run gives; C conditions, D + 1 parameter sets (typical first), T hours, R read-outs.

    Attributes:
        spec: what was run.
        assembly: the model.
        conditions: in order.
        readings: read-outs in order.
        levels: (C, D + 1, T, R) in the model's units; NaN where a draw failed.
        relative: (C, D + 1, T, R), relative to untreated cells at the same time.
        drawn: rows of the parameter table that were drawn.
        left_out: draws that were not solved or not plausible, by kind of cells.
        unmodelled: altered genes that the model does not have, by kind of cells.
        warnings: what a reader must know.
    """

    spec: ExperimentSpec
    assembly: Assembly
    conditions: tuple[Condition, ...]
    readings: tuple[Reading, ...]
    levels: NDArray[np.float64]
    relative: NDArray[np.float64]
    drawn: tuple[str, ...]
    left_out: tuple[int, ...]
    unmodelled: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]


class _Bench:
    """The dishes or mice of one experiment; arrays have shape (C, D + 1), flat for the engine."""

    def __init__(self, spec: ExperimentSpec, settings: Settings, backend: str) -> None:
        self.spec, self.settings, self.backend = spec, settings, backend
        table = load_table().with_values(spec.parameters)
        self.assembly = assemble(
            spec.drugs,
            table=table,
            clones=clones_of(spec.setting),
            setting=spec.setting,
            include=spec.include,
        )
        self.conditions = conditions(spec)
        self.shape = (len(self.conditions), spec.draws + 1)
        if math.prod(self.shape) > MAX_RUNS:
            raise InputError(
                f"{self.shape[0]} conditions times {self.shape[1]} parameter sets are more than "
                f"{MAX_RUNS} simulations; take fewer concentrations or fewer draws"
            )
        composition = self.assembly.composition
        self.readings = tuple(
            find_reading(composition, name, spec.setting) for name in spec.readouts
        )
        self.cell = np.array([c.cells for c in self.conditions])
        self.warnings: list[str] = []
        self.unmodelled: list[tuple[str, ...]] = []
        self.implausible = np.zeros(self.shape, dtype=bool)
        self.parameters = self._parameters()

    # -- numbers ----------------------------------------------------------------------------

    def _row(self, name: str) -> tuple[str, str] | None:
        try:
            return find_row(self.assembly.composition.parameters, name, self.spec.setting)
        except InputError:
            return None

    def _parameters(self) -> dict[str, NDArray[np.float64]]:
        """Return identifier -> values before any treatment, (C, D + 1)."""
        by_cells = [self._of_cells(index) for index in range(len(self.spec.cells))]
        fixed = {row for values in by_cells for row in values} | set(self.spec.parameters)
        self.drawn = drawn_rows(self.assembly, self.spec.uncertainty, fixed)
        found: dict[str, NDArray[np.float64]] = {}
        draws = draw_rows(
            self.assembly, self.drawn, self.spec.uncertainty, self.spec.seed, self.spec.draws
        )
        for name, values in draws.items():
            self._set(found, name, np.broadcast_to(values, self.shape))
        for row in {row for values in by_cells for row in values}:
            default = self.assembly.table[row].value
            per_cells = np.array([values.get(row, default) for values in by_cells])
            self._set(found, row, np.broadcast_to(per_cells[self.cell][:, None], self.shape))
        if self.spec.in_mice:
            found.update(scaled_pharmacokinetics(self.assembly, found, self.shape))
        return found

    def _set(
        self, found: dict[str, NDArray[np.float64]], row: str, values: NDArray[np.float64]
    ) -> None:
        """Note values given in the table's unit under the engine's name, in the model's unit."""
        place = self._row(row)
        assert place is not None
        found[place[1]] = values * self.assembly.scale(place[1])

    def _of_cells(self, index: int) -> dict[str, float]:
        """Return row of the table -> value for a kind of cells, as far as the model reads it."""
        cells = self.spec.cells[index]
        values, unknown = cell_parameters(cells)
        rows = {name: self._row(name) for name in values}
        self.unmodelled.append(tuple(unknown))
        for gene, parameter in (("PTEN", "PTEN_level"), ("STK11", "LKB1_level")):
            if gene in cells.genes and parameter in rows and rows[parameter] is None:
                self.warnings.append(
                    f"{cells.label}: the model of these drugs does not read {gene}; "
                    f"its state makes no difference here"
                )
        given = self.spec.parameters
        return {
            place[0]: values[name]
            for name, place in rows.items()
            if place is not None and place[0] not in given
        }

    def _changed(self, when: str) -> dict[str, NDArray[np.float64]]:
        """Return identifier -> values with the changes of knock-outs or knock-downs made."""
        if (self.spec.design == "knock-down") != (when == "hour 0"):
            return {}
        found: dict[str, NDArray[np.float64]] = {}
        for c, condition in enumerate(self.conditions):
            for name, change in condition.changes.items():
                place = self._row(name)
                if place is None:
                    # The message with the nearest names; a study file is checked before.
                    find_row(self.assembly.composition.parameters, name, self.spec.setting)
                assert place is not None
                identifier = place[1]
                own = self.parameters.get(
                    identifier, np.full(self.shape, self.assembly.values[identifier])
                )
                values = found.setdefault(identifier, np.array(own))
                if change.relative:
                    values[c] *= change.value / 100.0
                else:
                    values[c] = change.value * self.assembly.scale(identifier)
        return found

    # -- time -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the cells come to rest, then let them grow as their kind does."""
        start = {**self.parameters, **self._changed("before")}
        members = [Member(c.exposures, c.regimen) for c in self.conditions]
        self.plate = Plate(
            self.assembly,
            self.assembly.system,
            members,
            self.shape[1],
            self.settings,
            self.backend,
        )
        self.plate.settle(start)
        self.plate.set({ACTIVE: 1.0})
        if self.spec.setting == "culture":
            self._match_doubling()

    def _match_doubling(self) -> None:
        """Set the rate of division so that untreated cells double in their doubling time."""
        place = self._row(_DIVISION)
        if place is None or place[0] in self.spec.parameters:
            return
        cells = self.plate.value(f"cells_{CLONE}")
        gain = self.plate.value(f"division_{CLONE}") / cells
        loss = (
            self.plate.value(f"turnover_{CLONE}") + self.plate.value(f"induced_death_{CLONE}")
        ) / cells
        hours = np.array([c.doubling_hours or typical_doubling_hours() for c in self.spec.cells])
        rate = self.parameters.get(
            place[1], np.full(self.shape, self.assembly.values[place[1]])
        ).copy()
        fastest = math.log(2.0) / constant("shortest_doubling")
        for index in range(len(self.spec.cells)):
            mine = self.cell == index
            control = int(np.argmax(mine))
            wanted = math.log(2.0) / hours[index] + loss[control]
            with np.errstate(divide="ignore", invalid="ignore"):
                needed = rate[control] * wanted / gain[control]
            bad = ~(np.isfinite(needed) & (needed <= fastest))
            self.implausible[mine] |= bad
            rate[mine] = np.where(bad, rate[control], needed)
        self.plate.set({place[1]: rate})

    def treat(self, report: Progress) -> NDArray[np.float64]:
        """Treat and read, (C, D + 1, T, R)."""
        self.plate.set(self._changed("hour 0"))
        return self.plate.treat(
            self.spec.hours,
            [reading.observable for reading in self.readings],
            lambda share, what: report(0.4 + 0.6 * share, what),
        )


def run_experiment(
    spec: ExperimentSpec,
    *,
    threads: int = 1,
    progress: Progress | None = None,
    backend: str = "compiled",
) -> ExperimentRun:
    """Run an experiment.

    Args:
        spec: the experiment.
        threads: of the engine; the result does not depend on it.
        progress: called with the share done (0 to 1) and what is being done.
        backend: ``compiled`` or ``reference``.

    Raises:
        InputError: a name or a number is wrong.
        UnsupportedFeature: a drug, route or dose that is not modelled.
        SimulationError: the solver gave up on the typical parameters.
    """
    from rascade.engine import Settings

    report = progress or (lambda share, step: None)
    report(0.0, "assembling")
    bench = _Bench(spec, Settings(rtol=_RTOL, threads=threads), backend)
    report(0.1, "settling")
    bench.settle()
    report(0.4, "treating")
    values = bench.treat(report)
    _check_typical(bench)
    values[bench.implausible] = np.nan
    relative = _relative(bench, values)
    warnings = dict.fromkeys(
        [*_cautions(spec), *bench.warnings, *_mouse_warnings(bench.assembly, spec)]
    )
    return ExperimentRun(
        spec,
        bench.assembly,
        bench.conditions,
        bench.readings,
        values,
        relative,
        tuple(bench.drawn) if spec.draws else (),
        _left_out(bench, values),
        tuple(bench.unmodelled),
        tuple(warnings),
    )


def _check_typical(bench: _Bench) -> None:
    width = bench.shape[1]
    for failure in bench.plate.simulation.failures():
        if failure.patient % width == 0:
            condition = bench.conditions[failure.patient // width]
            raise SimulationError(
                f"{condition.treatment} in {bench.spec.cells[condition.cells].label}: the solver "
                f"gave up at hour {failure.time:.2f}, {failure.species or 'no species named'}: "
                f"{failure.status.name}"
            )
    if bench.implausible[:, 0].any():
        cells = bench.spec.cells[bench.cell[int(np.argmax(bench.implausible[:, 0]))]]
        raise SimulationError(
            f"{cells.label}: untreated cells of this genotype cannot divide fast enough for their "
            "doubling time; look at the parameters that the study changes"
        )


def _relative(bench: _Bench, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide by the untreated cells of the same kind, draw and time."""
    control = np.array([int(np.argmax(bench.cell == index)) for index in bench.cell])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(values / values[control])
    ratio[~np.isfinite(ratio)] = np.nan
    for r, reading in enumerate(bench.readings):
        if np.isnan(ratio[:, 0, :, r]).any():
            bench.warnings.append(
                f"{reading.name} is zero in untreated cells, so a relative value has no meaning "
                "there; it is left empty"
            )
    return ratio


def _left_out(bench: _Bench, values: NDArray[np.float64]) -> tuple[int, ...]:
    lost = np.asarray(np.isnan(values).any(axis=(2, 3)))
    return tuple(
        int(lost[bench.cell == index].any(axis=0).sum()) for index in range(len(bench.spec.cells))
    )


def _cautions(spec: ExperimentSpec) -> list[str]:
    """Say what the experiment asks for that is far from anything known."""
    from rascade.trial.design.cautions import (
        own_drug_cautions,
        parameter_cautions,
        regimen_cautions,
    )

    # A knock-out means to leave the range of its row.
    taken = {(item.row, item.value) for item in knockouts().values()}
    found = own_drug_cautions(spec.drugs)
    found += parameter_cautions(
        {name: value for name, value in spec.parameters.items() if (name, value) not in taken}
    )
    table = load_table()
    for changes in (spec.changes, *(treatment.changes for treatment in spec.treatments)):
        found += parameter_cautions(
            {
                name: change.value
                for name, change in changes.items()
                if not change.relative and name in table and (name, change.value) not in taken
            }
        )
    for treatment in spec.treatments:
        if treatment.regimen is not None:
            found += regimen_cautions(treatment.regimen, people=False)
    return found + [text for condition in conditions(spec) for text in _added_twice(condition)]


def _added_twice(condition: Condition) -> list[str]:
    """Say which drugs are in the medium twice at one time: their concentrations add up."""
    return [
        f"{first.drug} is added twice at the same time; the concentrations add up"
        for first, second in itertools.combinations(condition.exposures, 2)
        if first.drug == second.drug
        and first.from_hour < second.to_hour
        and second.from_hour < first.to_hour
    ]


def _mouse_warnings(assembly: Assembly, spec: ExperimentSpec) -> list[str]:
    """Say which drugs have no pharmacokinetics of the mouse in the parameter table."""
    if not spec.in_mice:
        return []
    rows = set(assembly.composition.parameters.values())
    growth = [] if f"{_DIVISION}[xenograft]" in rows else [
        "the parameter table has no growth of xenografts; tumours grow as slowly as in patients"
    ]  # fmt: skip
    return growth + [
        f"{drug.name}: the parameter table has no mouse pharmacokinetics; human clearance and "
        "volumes are scaled by body weight"
        for drug in assembly.drugs
        if not has_mouse_rows(assembly, drug.name)
    ]
