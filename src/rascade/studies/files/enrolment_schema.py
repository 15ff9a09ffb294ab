"""Enrolment in study files: centres and accrual, randomisation, cut-off."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr, field_validator, model_validator

from rascade.errors import InputError
from rascade.studies.files.parts import Name, Part, wrong
from rascade.text import did_you_mean
from rascade.trial.design.accrual import Accrual, Centre, CutOff
from rascade.trial.design.randomization import Randomization

__all__ = ["AccrualPart", "CentrePart", "CutOffPart", "RandomizationPart"]

Months = Annotated[float, Field(strict=True, ge=0, le=600)]
Rate = Annotated[float, Field(strict=True, gt=0, le=100_000)]
Category = Annotated[StrictStr, Field(min_length=1, max_length=50)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Strata = Annotated[tuple[Name, ...], Field(max_length=5)]


class CentrePart(Part):
    """One centre."""

    name: Name
    """Unique within the trial."""
    rate_per_month: Rate
    """Patients who enter in a month, once it is running."""
    start_month: Months = 0.0
    """When it opens, in months from the opening of the trial."""
    ramp_months: Months = 0.0
    """Months from opening until it reaches its rate."""
    case_mix: dict[Name, dict[Category, Share]] = Field(default_factory=dict)
    """Shares of its patients by property, such as ``{ecog: {'0': 0.3, '1': 0.7}}``."""
    reading_error: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    """Coefficient of variation of a diameter read there; the trial's if left out."""

    @model_validator(mode="after")
    def _makes_a_centre(self) -> CentrePart:
        try:
            self.centre()
        except InputError as error:
            raise wrong(str(error)) from None
        return self

    def centre(self) -> Centre:
        """Return the centre for `rascade.trial.design.accrual`."""
        return Centre(
            self.name,
            self.rate_per_month,
            self.start_month,
            self.ramp_months,
            self.case_mix,
            self.reading_error,
        )


class AccrualPart(Part):
    """When and where patients enter."""

    centres: Annotated[tuple[CentrePart, ...], Field(min_length=1, max_length=500)]
    """The centres; each takes in patients as a Poisson process."""

    @field_validator("centres")
    @classmethod
    def _names_differ(cls, centres: tuple[CentrePart, ...]) -> tuple[CentrePart, ...]:
        seen: set[str] = set()
        for index, centre in enumerate(centres):
            if centre.name in seen:
                raise wrong(f"two centres are called {centre.name!r}", index, "name")
            seen.add(centre.name)
        return centres

    def accrual(self) -> Accrual:
        """Return it for `rascade.trial.design.accrual`."""
        return Accrual(tuple(part.centre() for part in self.centres))


class RandomizationPart(Part):
    """How patients are assigned to arms."""

    method: Literal["simple", "blocks"] = "blocks"
    """``simple``, or permuted ``blocks``."""
    ratio: Annotated[tuple[StrictInt, ...], Field(max_length=20)] | None = None
    """Allocation, one whole number an arm; that of the arms' sizes if left out."""
    block_size: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    """Patients in a block; twice the sum of the ratio if left out."""
    strata: Strata = ()
    """Properties of the patients within whose values the blocks are filled."""

    def plan(self, ratio: tuple[int, ...]) -> Randomization:
        """Return it for `rascade.trial.design.randomization`.

        Args:
            ratio: allocation where the file gives none.

        Raises:
            InputError: the block size does not fit the ratio.
        """
        return Randomization(self.method, self.ratio or ratio, self.block_size, self.strata)


class CutOffPart(Part):
    """When the data are cut: at the first of what is given."""

    month: Annotated[float, Field(strict=True, gt=0, le=600)] | None = None
    """Months from the opening of the trial."""
    events: Annotated[StrictInt, Field(ge=1)] | None = None
    """Events in all arms."""
    endpoint: Name = "os"
    """Whose events: a time to an event, ``os``, ``pfs`` or one that a package brings."""

    @field_validator("endpoint")
    @classmethod
    def _is_a_time(cls, endpoint: str) -> str:
        from rascade.trial.endpoints import times

        known = [end.name for end in times()]
        if endpoint not in known:
            hint = did_you_mean(endpoint, known) or f"; there are {', '.join(known)}"
            raise wrong(f"no time to an event is called {endpoint!r}{hint}")
        return endpoint

    @model_validator(mode="after")
    def _ends(self) -> CutOffPart:
        if self.month is None and self.events is None:
            raise wrong("give month or events")
        return self

    def rule(self) -> CutOff:
        """Return it for `rascade.trial.design.accrual`."""
        return CutOff(self.month, self.events, self.endpoint)
