"""What a study file of ``kind: experiment`` may hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    StrictInt,
    StrictStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from rascade.errors import InputError
from rascade.regimen.names import drug_names
from rascade.studies.files.parts import (
    Checks,
    Description,
    Knockouts,
    LaterCheck,
    Mechanisms,
    Name,
    OrderText,
    OwnDrugs,
    Parameters,
    Part,
    Seed,
    Title,
    check_parameters,
    checks_of,
    wrong,
)
from rascade.text import did_you_mean

__all__ = ["Added", "Dish", "ExperimentStudy", "Given", "Grid"]

MAX_DRAWS = 1000
_CULTURE = ("time-course", "dose-response", "dose-matrix", "wash-out", "knock-down", "knock-out")
_GRIDS = ("dose-response", "dose-matrix")
_KNOCKS = ("knock-down", "knock-out")
_LOST = {"null", "lost", "deleted", "loss", "mutant", "-/-"}
_INTACT = {"wild type", "wt", "intact", "wild-type", "+/+"}


def _read_drug(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise wrong("expected the name of a drug, such as sotorasib")
    names = drug_names(checks_of(info).drugs)
    found = names.find(value)
    if found is None:
        raise wrong(names.unknown(value))
    return found


def _read_concentration(value: object) -> str:
    from rascade.bench.concentrations import nanomolar

    try:
        nanomolar(value, 1.0)  # the drug's own weight comes later; here the text is checked
    except InputError as error:
        raise wrong(str(error)) from None
    return str(value)


def _read_change(value: object) -> float | str:
    """Read a value in the table's unit, or a share of the cells' own such as ``20 %``."""
    if isinstance(value, str) and value.strip().endswith("%"):
        text = value.strip().removesuffix("%").strip()
        try:
            share = float(text)
        except ValueError:
            raise wrong(f"{value!r} is not a share; write it like 20 %") from None
        if not 0 <= share <= 10_000:
            raise wrong(f"{value}: a share of the cells' own level is 0 % or more")
        return f"{share:g} %"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(f"expected a number, or a share such as 20 %, found {value!r}")
    if not 0 <= value < float("inf"):
        raise wrong(f"{value} must be zero or more")
    return float(value)


def _read_gene(value: object) -> str:
    """Read the state of a gene; YAML's null is what a biologist means by a null genotype."""
    word = "null" if value is None else str(value).strip().casefold()
    if word in _LOST:
        return "null"
    if word in _INTACT:
        return "wild type"
    hint = did_you_mean(word, _LOST | _INTACT) or "; use null or wild type"
    raise wrong(f"{value!r} is not a state of a gene{hint}")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _as_values(value: object) -> object:
    return {"values": value} if isinstance(value, (list, tuple)) else value


DrugName = Annotated[
    str, PlainValidator(_read_drug), WithJsonSchema({"type": "string", "examples": ["sotorasib"]})
]
Concentration = Annotated[
    str,
    PlainValidator(_read_concentration),
    WithJsonSchema({"type": "string", "examples": ["100 nM", "0.5 uM", "20 ng/mL"]}),
]
ChangeTo = Annotated[
    float | str,
    PlainValidator(_read_change),
    WithJsonSchema({"type": ["number", "string"], "examples": [0, "20 %"]}),
]
Changes = Annotated[dict[StrictStr, ChangeTo], Field(max_length=50)]
GeneState = Literal["null", "wild type"]
Hour = Annotated[float, Field(strict=True, ge=0, le=100_000)]


class Grid(Part):
    """Concentrations: evenly spaced on a log scale, or a list; untreated is always added."""

    start: Concentration | None = Field(default=None, alias="from")
    """Lowest concentration."""
    to: Concentration | None = None
    """Highest concentration."""
    points: Annotated[StrictInt, Field(ge=4, le=100)] | None = None
    """How many, both ends included."""
    listed: Annotated[
        tuple[Concentration, ...] | None, Field(alias="values", min_length=4, max_length=100)
    ] = None
    """The concentrations themselves, instead."""

    @model_validator(mode="after")
    def _whole(self) -> Grid:
        from rascade.bench.concentrations import log_grid, nanomolar

        if self.listed is not None:
            if self.start or self.to or self.points:
                raise wrong("give either from, to and points, or a list of concentrations")
            doses = [nanomolar(value, 1.0) for value in self.listed]
            if doses[0] == 0 or any(b <= a for a, b in itertools.pairwise(doses)):
                raise wrong("concentrations must rise from above zero; untreated is added anyway")
            return self
        if self.start is None or self.to is None or self.points is None:
            raise wrong("give from, to and points: {from: 0.1 nM, to: 10 uM, points: 12}")
        try:
            log_grid(nanomolar(self.start, 1.0), nanomolar(self.to, 1.0), self.points)
        except InputError as error:
            raise wrong(str(error)) from None
        return self


Concentrations = Annotated[Grid, BeforeValidator(_as_values)]


class Dish(Part):
    """Cells: a cell line, a genotype, or a cell line with something changed."""

    name: StrictStr | None = None
    """A cell line, such as MIA PaCa-2."""
    kras_allele: StrictStr | None = None
    """KRAS allele, ``WT`` for wild type."""
    kras_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Share of the RAS pool that is KRAS of this allele."""
    receptor_level: Annotated[float, Field(strict=True, gt=0, le=100)] | None = None
    """Receptor input relative to a typical PDAC cell."""
    stk11: GeneState | None = None
    """``null`` for cells without LKB1."""
    pten: GeneState | None = None
    """``null`` for cells without PTEN."""
    doubling_hours: Annotated[float, Field(strict=True, ge=8, le=1000)] | None = None
    """Doubling time of untreated cells in a dish."""

    @field_validator("stk11", "pten", mode="before")
    @classmethod
    def _gene(cls, value: object) -> str:
        # Runs only where the file has the key: YAML's null is then a genotype, not a gap.
        return _read_gene(value)

    @field_validator("name")
    @classmethod
    def _line_exists(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from rascade.bench.cells import find_cell_line

        try:
            return find_cell_line(value).name
        except InputError as error:
            raise wrong(str(error)) from None

    @field_validator("kras_allele")
    @classmethod
    def _allele_exists(cls, value: str | None) -> str | None:
        from rascade.model import known_alleles

        if value is not None and value not in known_alleles():
            hint = did_you_mean(value, known_alleles()) or ""
            raise wrong(f"no KRAS allele {value!r}; known: {', '.join(known_alleles())}{hint}")
        return value

    @model_validator(mode="after")
    def _named(self) -> Dish:
        if self.name is None and self.kras_allele is None:
            raise wrong("say which cells: {name: MIA PaCa-2} or {kras_allele: G12D}")
        return self


class Added(Part):
    """A drug beside the first one."""

    drug: DrugName
    """Its name."""
    concentration: Concentration
    """With unit."""
    from_hour: Hour | None = None
    """When it is added; with the first drug if left out."""
    to_hour: Hour | None = None
    """When it is washed out; with the first drug if left out."""


class Given(Part):
    """One treatment."""

    name: Name | None = None
    """Label in results and figures; made from the drugs if left out."""
    drug: DrugName | None = None
    """Drug in the medium."""
    concentration: Concentration | None = None
    """With unit."""
    concentrations: Concentrations | None = None
    """Titration of this drug, where it differs from the study's."""
    together: Annotated[tuple[Added, ...], Field(alias="with", max_length=5)] = ()
    """Further drugs in the medium."""
    from_hour: Hour = 0.0
    """When the drug is added."""
    to_hour: Hour | None = None
    """When it is washed out."""
    regimen: OrderText | None = None
    """Orders for mice of a xenograft, as for patients: ``sotorasib 100 mg/kg PO QD``."""
    changes: Changes = Field(default_factory=dict, alias="set")
    """Parameters that are set: to a value in the table's unit, or to a share such as ``20 %``."""

    @model_validator(mode="after")
    def _window(self) -> Given:
        if self.to_hour is not None and self.to_hour <= self.from_hour:
            raise wrong(f"{self.to_hour:g} is not after from_hour {self.from_hour:g}", "to_hour")
        for index, extra in enumerate(self.together):
            start = self.from_hour if extra.from_hour is None else extra.from_hour
            if extra.to_hour is not None and extra.to_hour <= start:
                message = f"{extra.to_hour:g} is not after the hour {start:g} at which it is added"
                raise wrong(message, "with", index, "to_hour")
        return self


class ExperimentStudy(Part):
    """An experiment in a dish or in mice; every value is relative to untreated cells."""

    kind: Literal["experiment"]
    """What to do."""
    design: Literal[
        "time-course",
        "dose-response",
        "dose-matrix",
        "wash-out",
        "knock-down",
        "knock-out",
        "xenograft",
    ]
    """Plan of the experiment."""
    name: Title | None = None
    """Title of the study."""
    description: Description | None = None
    """What it is for, and the publication that it follows."""
    cells: Annotated[
        tuple[Dish, ...], BeforeValidator(_as_list), Field(min_length=1, max_length=20)
    ]
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
