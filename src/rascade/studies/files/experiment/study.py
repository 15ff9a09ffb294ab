"""What a study file of ``kind: experiment`` may hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rascade.bench.spec import Design
from rascade.studies.files.experiment.parts import (
    Changes,
    Concentrations,
    Dish,
    Given,
    Hour,
    as_list,
)
from rascade.studies.files.parts import (
    Checks,
    Description,
    Knockouts,
    LaterCheck,
    Mechanisms,
    OwnDrugs,
    Parameters,
    Part,
    Seed,
    Title,
    check_parameters,
    wrong,
)

__all__ = ["MAX_DRAWS", "ExperimentStudy"]

MAX_DRAWS = 1000
_GRIDS = ("dose-response", "dose-matrix")
_KNOCKS = ("knock-down", "knock-out")


class ExperimentStudy(Part):
    """An experiment in a dish or in mice; every value is relative to untreated cells."""

    kind: Literal["experiment"]
    """What to do."""
    design: Design
    """Plan of the experiment."""
    name: Title | None = None
    """Title of the study."""
    description: Description | None = None
    """What it is for, and the publication that it follows."""
    cells: Annotated[tuple[Dish, ...], BeforeValidator(as_list), Field(min_length=1, max_length=20)]
    """Cells, or a list of cells that each get every treatment."""
    treatments: Annotated[tuple[Given, ...], Field(max_length=50)] = ()
    """What they get; untreated cells are always there."""
    concentrations: Concentrations | None = None
    """Titration of the first drug of every treatment (dose-response, dose-matrix)."""
    changes: Changes = Field(default_factory=dict, alias="set")
    """Knock-down (from hour 0) or knock-out (always), without and with which treatments are run."""
    own_drugs: Annotated[OwnDrugs, Field(alias="drugs")] = None
    """Drugs of your own, each the name of its file beside the study, or its keys and values."""
    readouts: Annotated[tuple[StrictStr, ...], Field(min_length=1, max_length=30)]
    """What is read, such as ``pERK`` or ``viability``."""
    hours: Annotated[tuple[Hour, ...], Field(min_length=1, max_length=500)]
    """When, in hours after the start of treatment."""
    seed: Seed = 1
    """Random seed of the parameter sets; the same seed gives the same intervals."""
    draws: Annotated[StrictInt, Field(ge=0, le=MAX_DRAWS)] = 40
    """Parameter sets drawn for the intervals; 0 for none."""
    uncertainty: Literal["parameters", "cells"] = "parameters"
    """Draw parameters between low and high of the table, or as they differ between cells."""
    parameters: Parameters = Field(default_factory=dict)
    """Values that replace typical values of the model's parameter table, in its units."""
    host: Literal["nude", "immunocompetent"] = "nude"
    """Mice of a xenograft: without T cells, or with an immune system (implanted or KPC-like)."""
    knockout: Knockouts = ()
    """What cells or mice lack from before treatment, such as ``PTEN`` or ``CD8``."""
    include: Mechanisms = ()
    """Mechanisms wanted although no drug needs them, such as ``autophagy``."""

    @field_validator("hours")
    @classmethod
    def _hours_rise(cls, hours: tuple[float, ...]) -> tuple[float, ...]:
        for index, (before, after) in enumerate(itertools.pairwise(hours)):
            if after <= before:
                raise wrong(f"{after:g} does not come after {before:g}; sort the hours", index + 1)
        if hours[-1] <= 0:
            raise wrong("the last reading must come after hour 0")
        return hours

    @field_validator("readouts")
    @classmethod
    def _readouts_differ(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for index, name in enumerate(names):
            if name in names[:index]:
                raise wrong(f"{name!r} stands twice", index)
        return names

    @field_validator("parameters")
    @classmethod
    def _parameters_exist(cls, values: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        check_parameters(values, info)
        return values

    @model_validator(mode="after")
    def _fits_design(self) -> ExperimentStudy:
        if self.host != "nude" and self.design != "xenograft":
            raise wrong(f"belongs to xenograft, not to {self.design}", "host")
        if self.changes and self.design not in _KNOCKS:
            raise wrong(f"belongs to {' and '.join(_KNOCKS)}; put it into a treatment", "set")
        if self.concentrations is not None and self.design not in _GRIDS:
            raise wrong(
                f"belongs to {' and '.join(_GRIDS)}, not to {self.design}", "concentrations"
            )
        if not self.treatments and not (self.design in _KNOCKS and self.changes):
            raise wrong("no treatment; add one", "treatments")
        for index, given in enumerate(self.treatments):
            self._check_treatment(index, given)
        if self.design == "dose-matrix" and len(self.treatments) != 2:
            raise wrong(
                f"{len(self.treatments)} treatments; a dose-matrix takes two, one a drug",
                "treatments",
            )
        if self.design == "wash-out" and not self._washes():
            raise wrong("nothing is washed out; give a treatment its to_hour", "treatments")
        if self.design in _KNOCKS and not (self.changes or any(t.changes for t in self.treatments)):
            raise wrong("nothing is knocked down or out; add set: {PTEN_level: 0}", "set")
        return self

    def _washes(self) -> bool:
        return any(
            given.to_hour is not None or any(extra.to_hour is not None for extra in given.together)
            for given in self.treatments
        )

    def _check_treatment(self, index: int, given: Given) -> None:
        at: tuple[str | int, ...] = ("treatments", index)
        if self.design == "xenograft":
            for field in ("drug", "concentration", "concentrations"):
                if getattr(given, field) is not None:
                    raise wrong("mice get orders; write regimen: sotorasib 100 mg/kg PO QD",
                                *at, field)  # fmt: skip
            if given.regimen is None and not given.changes:
                raise wrong("missing; write orders, such as sotorasib 100 mg/kg PO QD",
                            *at, "regimen")  # fmt: skip
            return
        if given.regimen is not None:
            raise wrong("orders are for xenografts; give a drug and its concentration in the "
                        "medium, or design: xenograft", *at, "regimen")  # fmt: skip
        if given.drug is None:
            for field in ("concentration", "concentrations"):
                if getattr(given, field) is not None:
                    raise wrong("of which drug? add drug", *at, "drug")
            if given.together or not given.changes or self.design in _GRIDS:
                raise wrong("missing; add it", *at, "drug")
            return
        self._check_dose(at, given)

    def _check_dose(self, at: tuple[str | int, ...], given: Given) -> None:
        if self.design not in _GRIDS:
            if given.concentrations is not None:
                raise wrong(f"belongs to {' and '.join(_GRIDS)}", *at, "concentrations")
            if given.concentration is None:
                raise wrong("missing; write it like 100 nM", *at, "concentration")
            return
        if given.concentration is not None:
            raise wrong(f"a {self.design} takes concentrations, such as "
                        "{from: 0.1 nM, to: 10 uM, points: 12}", *at, "concentration")  # fmt: skip
        if given.concentrations is None and self.concentrations is None:
            raise wrong("missing; write {from: 0.1 nM, to: 10 uM, points: 12}",
                        *at, "concentrations")  # fmt: skip
        if self.design == "dose-matrix" and (given.together or given.changes):
            field = "with" if given.together else "set"
            raise wrong("a dose-matrix takes two drugs and nothing beside them", *at, field)

    @property
    def title(self) -> str:
        """Name of the study, or one made from design, drugs and cells."""
        cells = ", ".join(dish.name or f"KRAS {dish.kras_allele}" for dish in self.cells)
        what = ", ".join(self.drugs) or ", ".join(self.changes)
        return self.name or f"{what or 'Knock-out'}: {self.design} in {cells}"

    @property
    def setting(self) -> str:
        """Setting of the model."""
        return "xenograft" if self.design == "xenograft" else "culture"

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug, once, in order."""
        names: dict[str, None] = {}
        for given in self.treatments:
            names |= dict.fromkeys(given.regimen.drugs if given.regimen else ())
            names |= dict.fromkeys([given.drug] if given.drug else ())
            names |= dict.fromkeys(extra.drug for extra in given.together)
        return tuple(names)

    def later_checks(self, checks: Checks) -> Iterator[LaterCheck]:
        """Yield what only the model can tell: drugs, read-outs and parameters that it has."""
        if checks.modelled is not None:
            for path, drugs in self._drug_places():
                yield path, partial(checks.modelled, drugs)
        if checks.experiment is None:
            return
        known: Any = partial(checks.experiment, self.drugs, self.setting)
        for index, name in enumerate(self.readouts):
            yield ("readouts", index), partial(known, (name,), ())
        for name in self.changes:
            yield ("set", name), partial(known, (), (name,))
        for index, given in enumerate(self.treatments):
            for name in given.changes:
                yield ("treatments", index, "set", name), partial(known, (), (name,))

    def _drug_places(self) -> Iterator[tuple[tuple[str | int, ...], Sequence[str]]]:
        for index, given in enumerate(self.treatments):
            if given.drug is not None:
                yield ("treatments", index, "drug"), [given.drug]
            for k, extra in enumerate(given.together):
                yield ("treatments", index, "with", k, "drug"), [extra.drug]
            if given.regimen is not None:
                yield ("treatments", index, "regimen"), given.regimen.drugs
