"""What an experiment is made of: cells, doses and series of them, genes that are lost."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

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
    Name,
    OrderText,
    Part,
    checks_of,
    wrong,
)
from rascade.text import did_you_mean

__all__ = ["Added", "Changes", "Concentrations", "Dish", "Given", "Grid", "Hour", "as_list"]

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


def as_list(value: object) -> object:
    """Return one mapping as a list of it."""
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
