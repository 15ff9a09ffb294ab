"""Study files of the kind ``operating-characteristics``: designs tried on one population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from rascade.errors import InputError
from rascade.studies.files.enrolment_schema import AccrualPart, RandomizationPart
from rascade.studies.files.parts import (
    Checks,
    Description,
    Expression,
    LaterCheck,
    Name,
    Part,
    PatientCount,
    Seed,
    Title,
    wrong,
)

if TYPE_CHECKING:
    from rascade.analyses.operating.designs import Design
    from rascade.statistics.group_sequential import Boundaries

__all__ = [
    "MAX_REPLICATES",
    "DesignPart",
    "Efficacy",
    "FutilityPart",
    "OperatingStudy",
    "Spending",
    "to_design",
]

MAX_REPLICATES = 1_000_000
Replicates = Annotated[StrictInt, Field(ge=100, le=MAX_REPLICATES)]
Probability = Annotated[float, Field(strict=True, gt=0, lt=1)]
Spending = Literal["lan-demets-obrien-fleming", "lan-demets-pocock", "hwang-shih-decani", "power"]
Efficacy = Literal["none", "obrien-fleming", "pocock"] | Spending


class PopulationPart(Part):
    """Whose patients the replicate trials draw: a trial study, simulated once."""

    study: Annotated[StrictStr, Field(min_length=1, max_length=500)] | None = None
    """Trial study file, its path seen from this file."""
    size: PatientCount | None = None
    """Patients simulated in each arm, instead of the study's number; the more the better."""
    results: Annotated[StrictStr, Field(min_length=1, max_length=500)] | None = None
    """Instead of a study: results folder of ``rascade trial``, its path seen from this file."""

    @model_validator(mode="after")
    def _one_of_them(self) -> PopulationPart:
        if (self.study is None) == (self.results is None):
            raise wrong("give study (a trial study file) or results (a folder), one of them")
        if self.results is not None and self.size is not None:
            raise wrong("results are simulated already; size goes with study", "size")
        return self


class FutilityPart(Part):
    """When an interim look gives up."""

    rule: Literal["conditional-power", "z", "spending"]
    """Stop below a conditional power under the present trend, below a Z, or by beta spending."""
    conditional_power: Probability | None = None
    """Stop below this chance of success."""
    z: Annotated[tuple[float, ...], Field(min_length=1, max_length=20)] | None = None
    """Stop below this Z, one for each interim look."""
    spending: Spending | None = None
    """Spending function of the type II error."""
    beta: Probability | None = None
    """Type II error of the design."""
    parameter: Annotated[float, Field(strict=True, ge=-40, le=40)] | None = None
    """Of the spending function."""

    @model_validator(mode="after")
    def _complete(self) -> FutilityPart:
        needed = {
            "conditional-power": ("conditional_power",),
            "z": ("z",),
            "spending": ("spending", "beta"),
        }[self.rule]
        for name in needed:
            if getattr(self, name) is None:
                raise wrong(f"missing; the rule {self.rule!r} needs it", name)
        return self


class ReestimationPart(Part):
    """Sample-size re-estimation at the interim look (promising zone)."""

    least: Probability = 0.3
    """Conditional power from which the trial may grow."""
    target: Probability = 0.9
    """Conditional power that it grows to."""
    most: Annotated[float, Field(strict=True, gt=1, le=5)] = 1.5
    """Largest growth, as a multiple of the plan."""


class SelectionPart(Part):
    """Several new arms, the best of which goes on."""

    fraction: Probability = 0.5
    """Share of the final events of one comparison, mean over the new arms, at the selection."""


class DesignPart(Part):
    """One design."""

    name: Name
    """Unique within the study."""
    size: PatientCount
    """Patients in all arms together."""
    events: Annotated[StrictInt, Field(ge=1)] | None = None
    """Events at the final analysis."""
    months: Annotated[float, Field(strict=True, gt=0, le=600)] | None = None
    """Latest end of the trial, in months from its opening."""
    new: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)] | None = None
    """New arms that take part, where not all of the study's do."""
    looks: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(max_length=20)] = (1.0,)
    """Shares of the events at which the data are looked at, ending with 1."""
    efficacy: Efficacy = "lan-demets-obrien-fleming"
    """Boundary for efficacy."""
    efficacy_parameter: Annotated[float, Field(strict=True, ge=-40, le=40)] | None = None
    """Parameter of the spending function, where it has one."""
    futility: FutilityPart | None = None
    """Boundary for futility, which need not be obeyed; none if left out."""
    randomization: RandomizationPart = Field(default_factory=RandomizationPart)
    """How patients are assigned."""
    stratified_test: StrictBool = False
    """Whether the log-rank test is stratified as the randomisation is."""
    eligibility: Annotated[tuple[Expression, ...], Field(max_length=50)] = ()
    """Conditions beyond those of the population: an enriched design."""
    dropout_per_year: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.0
    """Share of patients lost to observation in a year."""
    reestimation: ReestimationPart | None = None
    """Sample-size re-estimation; needs one interim look."""
    selection: SelectionPart | None = None
    """Selection among several new arms; needs events and no other look."""


class CurvePart(Part):
    """Power against size."""

    sizes: Annotated[tuple[PatientCount, ...], Field(min_length=2, max_length=50)]
    """Patients in all arms; events are scaled with them."""
    designs: tuple[Name, ...] | None = None
    """Which designs; all if left out."""


class SampleSizePart(Part):
    """The size that reaches a power."""

    power: Probability
    """Power wanted."""
    designs: tuple[Name, ...] | None = None
    """Which designs; all if left out."""


class AssurancePart(Part):
    """Power averaged over parameter sets of the model."""

    draws: Annotated[StrictInt, Field(ge=2, le=1000)]
    """Parameter sets; the population is simulated anew under each."""
    size: PatientCount = 100
    """Patients simulated in each arm under each set."""
    replicates: Replicates = 1000
    """Trials of each design under each set."""


class OperatingStudy(Part):
    """Operating characteristics: designs of a trial tried on a simulated population."""

    kind: Literal["operating-characteristics"]
    """What to do."""
    name: Title
    """Title of the study."""
    description: Description | None = None
    """What it is for."""
    population: PopulationPart
    """Whose patients are drawn."""
    endpoint: Literal["os", "pfs"]
    """End point of the test: overall or progression-free survival."""
    control: Name
    """Arm of the population that is the control."""
    new: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)]
    """New arms of the population."""
    seed: Seed
    """Random seed; the same seed gives the same trials."""
    replicates: Replicates = 10_000
    """Replicate trials of each design, under the effect and without one."""
    alpha: Annotated[float, Field(strict=True, gt=0, lt=0.5)] = 0.025
    """One-sided level."""
    accrual: AccrualPart
    """Centres; rates are of patients whom the population's eligibility lets in."""
    designs: Annotated[tuple[DesignPart, ...], Field(min_length=1, max_length=20)]
    """What is compared."""
    curve: CurvePart | None = None
    """Power against size."""
    sample_size: SampleSizePart | None = None
    """The size that reaches a power."""
    assurance: AssurancePart | None = None
    """Power averaged over what is not known of the model."""

    @field_validator("designs")
    @classmethod
    def _names_differ(cls, designs: tuple[DesignPart, ...]) -> tuple[DesignPart, ...]:
        seen: set[str] = set()
        for index, design in enumerate(designs):
            if design.name in seen:
                raise wrong(f"{design.name!r} is the name of another design", index, "name")
            seen.add(design.name)
        return designs

    @model_validator(mode="after")
    def _names_are_known(self) -> OperatingStudy:
        if self.control in self.new:
            raise wrong(f"{self.control!r} is the control and a new arm as well", "new")
        designs = [design.name for design in self.designs]
        for field, part in (("curve", self.curve), ("sample_size", self.sample_size)):
            unknown = [n for n in (part and part.designs) or () if n not in designs]
            if unknown:
                raise wrong(
                    f"no design is called {unknown[0]!r}; designs are {', '.join(designs)}",
                    field,
                    "designs",
                )
        for index, design in enumerate(self.designs):
            unknown = [name for name in design.new or () if name not in self.new]
            if unknown:
                raise wrong(
                    f"{unknown[0]!r} is not among the study's new arms, {', '.join(self.new)}",
                    "designs",
                    index,
                    "new",
                )
        if self.assurance is not None and self.population.study is None:
            raise wrong("needs population.study, which is simulated under each set", "assurance")
        return self

    @model_validator(mode="after")
    def _reading_is_alike(self) -> OperatingStudy:
        for index, centre in enumerate(self.accrual.centres):
            if centre.reading_error is not None:
                raise wrong(
                    "another reading changes treatment, so patients cannot be drawn again; put it "
                    "into the accrual of a trial study",
                    "accrual",
                    "centres",
                    index,
                    "reading_error",
                )
        return self

    @model_validator(mode="after")
    def _designs_hold(self) -> OperatingStudy:
        for index, part in enumerate(self.designs):
            try:
                to_design(self, part)
            except InputError as error:
                told = str(error).removeprefix(f"design {part.name}: ")
                raise wrong(told, "designs", index) from None
        return self

    def later_checks(self, checks: Checks) -> Iterator[LaterCheck]:
        """Yield nothing: what only a model can tell is checked with the population's study."""
        del checks
        yield from ()

    def arms_of(self, design: DesignPart) -> tuple[str, ...]:
        """Return the names of a design's arms, the control first."""
        if design.new is not None:
            return (self.control, *design.new)
        return (self.control, *(self.new if design.selection is not None else self.new[:1]))


def to_design(study: OperatingStudy, part: DesignPart) -> Design:
    """Return a design for `rascade.analyses.operating`.

    Raises:
        InputError: its parts do not fit together.
    """
    from rascade.analyses.operating.designs import Design, Reestimation, Selection
    from rascade.statistics.group_sequential import efficacy

    arms = study.arms_of(part)
    new = len(arms) - 1
    # The best of several new arms is tested at a share of the level, see `Selection`.
    alpha = study.alpha / new if part.selection is not None else study.alpha
    bounds = efficacy(part.efficacy, part.looks, alpha, part.efficacy_parameter)
    if part.futility is not None:
        bounds = _with_futility(bounds, part.futility)
    again, chosen = part.reestimation, part.selection
    return Design(
        name=part.name,
        arms=arms,
        size=part.size,
        boundaries=bounds,
        accrual=study.accrual.accrual(),
        randomization=part.randomization.plan((1,) * len(arms)),
        events=part.events,
        months=part.months,
        eligibility=part.eligibility,
        stratified=part.stratified_test,
        dropout_per_year=part.dropout_per_year,
        reestimation=None if again is None else Reestimation(again.least, again.target, again.most),
        selection=None if chosen is None else Selection(chosen.fraction),
    )


def _with_futility(bounds: Boundaries, part: FutilityPart) -> Boundaries:
    from rascade.statistics.group_sequential import (
        futility_by_conditional_power,
        futility_by_spending,
        with_lower,
    )

    if bounds.looks == 1:
        raise InputError("futility: needs an interim look, such as looks: [0.5, 1]")
    if part.rule == "conditional-power":
        assert part.conditional_power is not None
        return futility_by_conditional_power(bounds, part.conditional_power)
    if part.rule == "spending":
        assert part.spending is not None and part.beta is not None
        return futility_by_spending(bounds, part.spending, part.beta, part.parameter)
    assert part.z is not None
    if len(part.z) != bounds.looks - 1:
        raise InputError(
            f"futility: z: {len(part.z)} numbers for {bounds.looks - 1} interim looks; "
            "give one for each"
        )
    return with_lower(bounds, part.z)
