"""Files of ``rascade forecast``: what is known of a patient, and the regimens that are compared."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from rascade.errors import InputError, StudyFileError
from rascade.own_files import Limits, read_text
from rascade.studies.files.parts import Name, OrderText, Part, Seed, Title, wrong

__all__ = ["ForecastPatient", "RegimensFile", "expressions_of", "maf_variants", "profile_of"]

Days = Annotated[float, Field(ge=0, le=1500)]
_GENES = {gene.upper(): gene for gene in (
    "tp53", "cdkn2a", "smad4", "stk11", "pik3ca", "pten", "b2m",
)}  # fmt: skip
#: Somatic variants of one exome fill a few MiB.
_MAF = Limits("a MAF file with tabs", 64 * 2**20, StudyFileError)
_VARIANT = re.compile(r"([A-Z0-9]+)(?:\s+(?:p\.)?(\S+))?")


class SizePart(Part):
    """A scan."""

    day: Days
    """Since the treatment in `given` began; the first is day 0."""
    sum_mm: Annotated[float, Field(gt=0, le=1000)]
    """Sum of the diameters of the target lesions."""


class MarkerPart(Part):
    """A value of CA 19-9."""

    day: Days
    """Since the treatment in `given` began; the first is day 0."""
    u_ml: Annotated[float, Field(gt=0, le=1e7)]
    """CA 19-9."""


class ForecastPatient(Part):
    """What is known of a patient. No name, date or number of a person is asked, nor read."""

    kind: Literal["patient-course"]
    """What the file holds."""
    name: Title
    """Title of the file; no name of a person."""
    line: Annotated[StrictInt, Field(ge=1, le=9)] = 2
    """Line of the treatment that is to be chosen."""
    variants: Annotated[tuple[StrictStr, ...], Field(max_length=500)] = ()
    """Such as ``KRAS G12D`` or ``TP53 R175H``."""
    maf: StrictStr | None = None
    """A MAF file with Hugo_Symbol and HGVSp_Short, seen from this file, instead of `variants`."""
    tested: Annotated[tuple[StrictStr, ...], Field(max_length=2000)] = ()
    """Genes that were tested: those without a variant are taken as unaltered."""
    msi_high: StrictBool | None = None
    """Microsatellite instability."""
    tmb_per_mb: Annotated[float, Field(gt=0, le=500)] | None = None
    """Mutations per megabase."""
    ecog: Annotated[StrictInt, Field(ge=0, le=1)] | None = None
    """Performance status."""
    given: OrderText | None = None
    """What was given while sizes and markers were seen; nothing if left out."""
    sizes: Annotated[tuple[SizePart, ...], Field(max_length=40)] = ()
    """Scans."""
    ca19_9: Annotated[tuple[MarkerPart, ...], Field(max_length=100)] = ()
    """Values of CA 19-9."""
    seed: Seed = 1
    """Random seed."""

    @field_validator("sizes", "ca19_9")
    @classmethod
    def _in_order(cls, rows: tuple[Any, ...]) -> tuple[Any, ...]:
        if rows and rows[0].day != 0:
            raise wrong("the first must be of day 0", 0, "day")
        for index, (one, other) in enumerate(itertools.pairwise(rows), start=1):
            if other.day <= one.day:
                raise wrong("days must rise", index, "day")
        return rows

    @field_validator("variants")
    @classmethod
    def _variants_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            profile_of(texts, ())
        except InputError as error:
            raise wrong(str(error)) from None
        return texts

    @model_validator(mode="after")
    def _one_source(self) -> ForecastPatient:
        if self.maf is not None and self.variants:
            raise wrong("give variants or maf, one of them", "maf")
        return self


class RegimensFile(Part):
    """Regimens that are compared."""

    kind: Literal["regimens"]
    """What the file holds."""
    name: Title
    """Title of the file."""
    regimens: Annotated[dict[Name, OrderText], Field(min_length=1, max_length=12)]
    """Name -> orders."""
    horizon_months: Annotated[float, Field(strict=True, gt=1, le=36)] = 18.0
    """Months that are simulated."""


def profile_of(variants: tuple[str, ...], tested: tuple[str, ...]) -> dict[str, Any]:
    """Return the properties of a virtual patient that variants stand for.

    Args:
        variants: texts such as ``KRAS G12D``.
        tested: genes that were tested.

    Raises:
        InputError: a variant is not one, or an allele of KRAS is not modelled.
    """
    from rascade.model import known_alleles

    found: dict[str, Any] = {}
    genes = {gene.upper() for gene in tested}
    if "KRAS" in genes:
        found["kras_allele"] = "WT"
    found |= {name: False for gene, name in _GENES.items() if gene in genes}
    for text in variants:
        match = _VARIANT.fullmatch(text.strip().upper().replace("P.", ""))
        if match is None:
            raise InputError(f"{text!r} is no variant; write GENE CHANGE, such as KRAS G12D")
        gene, change = match.groups()
        if gene == "KRAS":
            if change not in known_alleles():
                listed = ", ".join(known_alleles())
                raise InputError(f"KRAS {change} is not modelled; alleles are {listed}")
            found["kras_allele"] = change
        elif gene in _GENES:
            found[_GENES[gene]] = True
    return found


def maf_variants(path: Path) -> tuple[str, ...]:
    """Return the variants of a MAF file.

    Raises:
        StudyFileError: it cannot be read, or lacks a column.
    """
    lines = [x for x in read_text(path, _MAF).splitlines() if not x.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t")
    for column in ("Hugo_Symbol", "HGVSp_Short"):
        if column not in (rows.fieldnames or ()):
            raise StudyFileError(f"{path}:1: no column {column}; give a MAF file with tabs")
    return tuple(
        f"{row['Hugo_Symbol']} {(row['HGVSp_Short'] or 'altered').removeprefix('p.')}"
        for row in rows
        if row["Hugo_Symbol"] == "KRAS" or row["Hugo_Symbol"] in _GENES
    )


def expressions_of(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a profile as conditions that virtual patients must meet."""
    return tuple(f"{name} == {value!r}" for name, value in profile.items())
