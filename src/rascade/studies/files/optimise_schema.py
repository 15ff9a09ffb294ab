"""Study files of ``rascade optimise``: what may be varied, under which limits, for what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from rascade.analyses.schedules.search import Limits, Rung
from rascade.analyses.schedules.space import Drug, Space
from rascade.errors import InputError, UnsupportedFeature
from rascade.studies.files.parts import Description, Name, OrderText, Part, Seed, Title, wrong
from rascade.studies.files.schema import Cohort, TrialStudy

__all__ = ["DrugPart", "OptimiseStudy", "space_of", "trial_of"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=300)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100)]
Count = Annotated[StrictInt, Field(ge=1, le=1000)]


class DrugPart(Part):
    """A drug whose orders may vary."""

    name: Name
    """Of the drug, or of orders that go together."""
    order: Text
    """Orders with blanks, such as ``trametinib {dose} mg PO {days}``."""
    values: dict[
        Name, Annotated[tuple[StrictInt | float | StrictStr, ...], Field(min_length=1)]
    ] = Field(default_factory=dict)
    """What may fill each blank."""
    start_weeks: Annotated[
        tuple[Annotated[float, Field(ge=0, le=52)], ...], Field(min_length=1, max_length=20)
    ] = (0.0,)
    """When it may begin, in weeks."""
    optional: StrictBool = False
    """Whether it may be left out."""

    def drug(self) -> Drug:
        """Return it for `rascade.analyses.schedules`."""
        blanks = {name: tuple(map(_text, values)) for name, values in self.values.items()}
        return Drug(self.name, self.order, blanks, self.start_weeks, self.optional)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


class PublishedPart(Part):
    """A schedule that the winners are compared with."""

    name: Name
    """What it is called."""
    regimen: OrderText
    """Its orders."""


class LimitsPart(Part):
    """What a schedule must keep to."""

    grade3plus_pct: Percent = 100.0
    """Patients with a side effect of grade 3 or more, at most."""
    dose_intensity_pct: Percent = 0.0
    """Dose given over dose planned, at least."""
    drugs: Annotated[StrictInt, Field(ge=1, le=10)] | None = None
    """Drugs given together, at most."""


class RungPart(Part):
    """How much a schedule is looked at."""

    patients: Count
    """Of each member."""
    members: Annotated[StrictInt, Field(ge=1, le=64)]
    """Of the ensemble."""


class SearchPart(Part):
    """How the search goes."""

    trials: Count = 24
    """Schedules on the first rung; a smaller space is tried whole."""
    rungs: Annotated[tuple[RungPart, ...], Field(min_length=1, max_length=5)] = (
        RungPart(patients=30, members=2),
        RungPart(patients=60, members=4),
    )
    """Cheap ones first; the better third goes on."""
    confirm: RungPart = RungPart(patients=100, members=6)
    """The best once more, on patients and members that the search has not seen."""
    finalists: Annotated[StrictInt, Field(ge=1, le=20)] = 3
    """Schedules that are confirmed."""


class OptimiseStudy(Part):
    """A search for the best schedule."""

    kind: Literal["optimise"]
    """What to do."""
    name: Title
    """Title of the study."""
    description: Description | None = None
    """What it is for."""
    cohort: Cohort
    """Who is treated; its ``size`` is not used."""
    seed: Seed
    """Random seed."""
    objective: Literal["pfs", "os"] = "pfs"
    """Mean months gained over the reference within the horizon: without progression, or alive."""
    horizon_months: Annotated[float, Field(strict=True, gt=1, le=36)] = 12.0
    """Months of follow-up."""
    reference: OrderText
    """Orders that a gain is measured against."""
    drugs: Annotated[tuple[DrugPart, ...], Field(min_length=1, max_length=10)]
    """What may be varied."""
    published: Annotated[tuple[PublishedPart, ...], Field(max_length=20)] = ()
    """Schedules that the winners are compared with."""
    limits: LimitsPart = LimitsPart()
    """What a schedule must keep to."""
    search: SearchPart = SearchPart()
    """How the search goes."""
    imaging_every_weeks: Annotated[float, Field(strict=True, ge=1, le=52)] = 8.0
    """Weeks between two scans."""

    @model_validator(mode="after")
    def _space_holds(self) -> OptimiseStudy:
        names = [part.name for part in self.drugs]
        for index, part in enumerate(self.drugs):
            if part.name in names[:index]:
                raise wrong(f"{part.name!r} stands there twice", "drugs", index, "name")
            try:
                _check_orders(part.drug())
            except InputError as error:
                raise wrong(str(error).splitlines()[0], "drugs", index) from None
            except UnsupportedFeature as error:
                raise wrong(str(error), "drugs", index, "order") from None
        return self

    def limits_of(self) -> Limits:
        """Return the limits for the search."""
        return Limits(self.limits.grade3plus_pct, self.limits.dose_intensity_pct)

    def rungs_of(self) -> list[Rung]:
        """Return the rungs for the search, the fresh one last."""
        some = [Rung(part.patients, part.members) for part in self.search.rungs]
        return [*some, Rung(self.search.confirm.patients, self.search.confirm.members, fresh=True)]


def _check_orders(drug: Drug) -> None:
    """Read every order that a drug may have, so that a slip shows before anything is simulated."""
    from rascade.model.compose import find_drugs
    from rascade.regimen import parse

    space = Space((drug,))
    for choice in space.choices():
        if space.given(choice):
            find_drugs(parse(space.orders(choice)).drugs)


def space_of(study: OptimiseStudy) -> Space:
    """Return what may be varied."""
    return Space(tuple(part.drug() for part in study.drugs), study.limits.drugs)


def trial_of(study: OptimiseStudy) -> TrialStudy:
    """Return the trial whose only arm is the reference, for its patients and its conduct."""
    return TrialStudy(
        kind="trial",
        name=study.name,
        cohort=study.cohort,
        seed=study.seed,
        arms=({"name": "reference", "regimen": study.reference},),  # type: ignore[arg-type]
        imaging_every_weeks=study.imaging_every_weeks,
        follow_up_months=study.horizon_months,
    )
