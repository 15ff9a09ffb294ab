"""What an experiment is: plain data, and the conditions that it unfolds into."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from rascade.bench.cells import Cells
from rascade.bench.concentrations import concentration_text

if TYPE_CHECKING:
    from rascade.regimen import Regimen

__all__ = [
    "UNTREATED",
    "Change",
    "Condition",
    "Design",
    "ExperimentSpec",
    "Exposure",
    "Treatment",
    "conditions",
]

Design = Literal[
    "time-course",
    "dose-response",
    "dose-matrix",
    "wash-out",
    "knock-down",
    "knock-out",
    "xenograft",
]
UNTREATED = "untreated"


@dataclass(frozen=True)
class Exposure:
    """A drug in the medium.

    Attributes:
        drug: INN name.
        nanomolar: concentration; None where a grid supplies it.
        from_hour: when it is added.
        to_hour: when it is washed out; infinite for never.
    """

    drug: str
    nanomolar: float | None = None
    from_hour: float = 0.0
    to_hour: float = math.inf


@dataclass(frozen=True)
class Change:
    """A parameter that is set: to a value in the table's unit, or to a share of its own."""

    value: float
    relative: bool = False

    def __str__(self) -> str:
        return f"at {self.value:.4g} %" if self.relative else f"= {self.value:.4g}"


@dataclass(frozen=True)
class Treatment:
    """One treatment, before grids are unfolded.

    Attributes:
        name: label; made from the drugs if None.
        exposures: drugs in the medium; a grid titrates the first.
        grid: concentrations of the first drug, nM; empty if it has one of its own.
        regimen: orders for mice; None in a dish.
        changes: row of the parameter table -> what it is set to.
    """

    name: str | None = None
    exposures: tuple[Exposure, ...] = ()
    grid: tuple[float, ...] = ()
    regimen: Regimen | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)


@dataclass(frozen=True)
class ExperimentSpec:
    """An experiment, ready to run.

    Attributes:
        name: title.
        design: plan of the experiment.
        cells: one or more kinds of cells, each given every treatment.
        treatments: what they get; two with a grid each in a dose matrix.
        changes: knock-down or knock-out that every treatment is run without and with.
        readouts: names of read-outs.
        hours: ascending, of the readings.
        seed: of the draws.
        draws: parameter sets drawn for the interval; 0 for none.
        uncertainty: ``parameters`` (low to high of the table, log-uniform) or ``cells`` (spread
            between patients of the table).
        parameters: values that replace typical values of the parameter table.
        host: of a xenograft: ``nude`` or ``immunocompetent`` mice.
        include: mechanisms wanted although no drug needs them.
    """

    name: str
    design: Design
    cells: tuple[Cells, ...]
    treatments: tuple[Treatment, ...]
    readouts: tuple[str, ...]
    hours: tuple[float, ...]
    changes: Mapping[str, Change] = field(default_factory=dict)
    seed: int = 1
    draws: int = 40
    uncertainty: str = "parameters"
    parameters: Mapping[str, float] = field(default_factory=dict)
    host: str = "nude"
    include: tuple[str, ...] = ()

    @property
    def in_mice(self) -> bool:
        """Whether tumours grow in mice, not in a dish."""
        return self.design == "xenograft"

    @property
    def setting(self) -> str:
        """Setting of the model: ``culture``, ``xenograft`` (nude mice) or ``mouse``."""
        if not self.in_mice:
            return "culture"
        return "xenograft" if self.host == "nude" else "mouse"

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug, once, in alphabetical order."""
        names = {e.drug for t in self.treatments for e in t.exposures}
        names |= {d for t in self.treatments if t.regimen for d in t.regimen.drugs}
        return tuple(sorted(names))


@dataclass(frozen=True)
class Condition:
    """One dish or one group of mice.

    Attributes:
        cells: position in `ExperimentSpec.cells`.
        treatment: label.
        concentration: of the first drug, nM; NaN for a regimen.
        exposures: drugs in the medium, every concentration known.
        regimen: orders for mice.
        changes: parameters that are set.
        grid: position in the dose matrix (row: first drug, column: second), else None.
    """

    cells: int
    treatment: str
    concentration: float = 0.0
    exposures: tuple[Exposure, ...] = ()
    regimen: Regimen | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    grid: tuple[int, int] | None = None

    @property
    def untreated(self) -> bool:
        """Whether it is the control."""
        return not (self.exposures or self.regimen or self.changes)


def _label(treatment: Treatment, exposures: Sequence[Exposure]) -> str:
    if treatment.name:
        return treatment.name
    if treatment.regimen is not None:
        return str(treatment.regimen)
    parts = [exposures[0].drug + _window(exposures[0])] if exposures else []
    parts += [
        f"{e.drug} {concentration_text(e.nanomolar or 0.0)}{_window(e)}" for e in exposures[1:]
    ]
    return " + ".join(parts)


def _window(exposure: Exposure) -> str:
    """Say when a drug is there, where it is not there all the time."""
    if exposure.from_hour == 0 and math.isinf(exposure.to_hour):
        return ""
    end = "" if math.isinf(exposure.to_hour) else f" to {exposure.to_hour:g}"
    return f" from {exposure.from_hour:g}{end} h"


def _with_changes(label: str, changes: Mapping[str, Change]) -> str:
    text = ", ".join(f"{name} {change}" for name, change in changes.items())
    return f"{label}, {text}" if label and text else label or text


def _unfolded(treatment: Treatment) -> Iterator[Condition]:
    """Yield the conditions of one treatment for the first cells."""
    grid: Sequence[float | None] = treatment.grid or (None,)
    for value in grid:
        exposures = treatment.exposures
        if value is not None:
            exposures = (replace(exposures[0], nanomolar=value), *exposures[1:])
        label = _label(treatment, exposures)
        if treatment.changes and not treatment.name:
            label = _with_changes(label, treatment.changes)
        first = exposures[0].nanomolar if exposures else 0.0
        yield Condition(
            0,
            label,
            math.nan if treatment.regimen is not None else float(first or 0.0),
            exposures,
            treatment.regimen,
            dict(treatment.changes),
        )


def _matrix(first: Treatment, second: Treatment) -> Iterator[Condition]:
    a, b = first.exposures[0], second.exposures[0]
    for i, dose_a in enumerate((0.0, *first.grid)):
        for j, dose_b in enumerate((0.0, *second.grid)):
            exposures = tuple(
                replace(e, nanomolar=dose) for e, dose in ((a, dose_a), (b, dose_b)) if dose
            )
            if not exposures:
                label = UNTREATED
            elif len(exposures) == 1:
                label = exposures[0].drug
            else:
                label = f"{a.drug} + {b.drug} {concentration_text(dose_b)}"
            concentration = exposures[0].nanomolar or 0.0 if exposures else 0.0
            yield Condition(0, label, concentration, exposures, grid=(i, j))


def _of_one_cell(spec: ExperimentSpec) -> Iterator[Condition]:
    if spec.design == "dose-matrix":
        yield from _matrix(*spec.treatments)
        return
    yield Condition(0, UNTREATED)
    plain = [c for treatment in spec.treatments for c in _unfolded(treatment)]
    yield from plain
    if spec.changes:
        yield Condition(0, _with_changes("", spec.changes), changes=dict(spec.changes))
        for condition in plain:
            label = _with_changes(condition.treatment, spec.changes)
            changes = {**condition.changes, **spec.changes}
            yield replace(condition, treatment=label, changes=changes)


def conditions(spec: ExperimentSpec) -> tuple[Condition, ...]:
    """Return every condition, the untreated one of each kind of cells first."""
    return tuple(
        replace(condition, cells=index)
        for index in range(len(spec.cells))
        for condition in _of_one_cell(spec)
    )
