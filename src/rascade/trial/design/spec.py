"""The plan of a trial: everything that is known before it begins. Frozen, checked, typed.

`TrialSpec` is the one definition of a trial. A study file and `rascade.Trial` are two spellings of
it; whatever runs, stores or analyses a trial takes it whole, and the jobs of a run carry it as text
(`rascade.trial.design.plan_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rascade.errors import InputError, UnsupportedFeature
from rascade.model import Interventions, load_table
from rascade.own_drugs import OwnDrug
from rascade.patients import TABLE_LINE, known_lines
from rascade.patients.draws import Given
from rascade.regimen import Regimen
from rascade.trial.assessment.censoring import check_rule
from rascade.trial.design.accrual import Accrual, CutOff
from rascade.trial.design.marks import COUNTS
from rascade.trial.design.phases import Phase
from rascade.trial.design.protocol import Protocol
from rascade.trial.design.randomization import Randomization

__all__ = [
    "MEMBERS",
    "ArmSpec",
    "CohortSpec",
    "TrialSpec",
    "check_population",
    "check_scan_window",
    "population_warnings",
]

#: Members of the ensemble that a prediction uses, where nothing is said.
MEMBERS = 24
_MODELLED: Mapping[str, tuple[str | int, ...]] = {
    "disease": ("PDAC",),
    "stage": ("metastatic",),
}
_DAYS_PER_WEEK = 7.0


def check_population(what: str, value: str | int) -> None:
    """Check that the model can simulate a disease or stage.

    Args:
        what: ``disease`` or ``stage``; any line of treatment can be, see `population_warnings`.
        value: which.

    Raises:
        UnsupportedFeature: it cannot yet; the message says what it can.
    """
    known = _MODELLED.get(what)
    if known is not None and value not in known:
        ways = ", ".join(map(str, known))
        raise UnsupportedFeature(f"{what} {value}", f"{value!r} is not modelled yet; use {ways}")


def check_scan_window(window: float | None, weeks: float) -> None:
    """Check that the windows of two scans do not meet.

    Args:
        window: days before and after the scheduled day; None for the default.
        weeks: between scans.

    Raises:
        InputError: they do, or the window is negative.
    """
    if window is None:
        return
    if not 0 <= window < weeks * _DAYS_PER_WEEK / 2:
        raise InputError(
            f"scan_window_days: {window:g} days before and after a scan every {weeks:g} weeks; "
            f"give 0 or more and less than {weeks * _DAYS_PER_WEEK / 2:g}, half the interval"
        )


@dataclass(frozen=True)
class CohortSpec:
    """Who may enter.

    Attributes:
        disease: ``PDAC``.
        stage: ``metastatic``.
        line: line of treatment; the parameter table is of the second, others change it
            (`rascade.patients.lines`), see `population_warnings`.
        size: patients per arm.
        eligibility: conditions on a patient's profile, all of which must hold.
        patients: of the user's own, each what is known of him: property or row of the parameter
            table -> value, and ``id``; None for drawn ones.
    """

    disease: str
    stage: str
    line: int
    size: int = field(metadata=COUNTS)
    eligibility: tuple[str, ...] = ()
    patients: tuple[Mapping[str, Any], ...] | None = None

    @property
    def known(self) -> tuple[Given, ...]:
        """What is known of patients one by one; empty where nobody is."""
        rows = load_table()
        return tuple(
            Given(
                {k: v for k, v in one.items() if k != "id" and k not in rows},
                {k: v for k, v in one.items() if k in rows},
            )
            for one in self.patients or ()
        )

    def __post_init__(self) -> None:
        for what, value in (("disease", self.disease), ("stage", self.stage)):
            try:
                check_population(what, value)
            except UnsupportedFeature as error:
                raise UnsupportedFeature(error.feature, f"cohort.{what}: {error}") from None
        if self.size < 1:
            raise InputError(f"cohort.size: {self.size} patients per arm; give at least 1")


def population_warnings(cohort: CohortSpec) -> list[str]:
    """Return what a reader must know of a cohort that the model was not calibrated to."""
    if cohort.line == TABLE_LINE:
        return []
    last = known_lines()[-1]
    beyond = f"; lines after {last} are as {last}" if cohort.line > last else ""
    return [
        f"cohort.line is {cohort.line}, but the model is calibrated to second-line trials: typical "
        f"patients are those of the second line, changed by a few factors for the line{beyond}"
    ]


@dataclass(frozen=True)
class ArmSpec:
    """An arm of a trial.

    Attributes:
        name: as shown in every table.
        regimen: what is given first; no orders for an untreated arm.
        size: patients; the cohort's size if None.
        published: rows of the evidence that hold the arm's published results.
        changes: knock-outs, set parameters and wanted mechanisms of this arm.
        phases: what is given one after the other; `regimen` alone if empty.
        protocol: how the arm is conducted.
        own: results of the user's own to stand beside the arm's, as a study holds them
            (`rascade.exchange.own.results`); None for none.
    """

    name: str
    regimen: Regimen
    size: int | None = field(default=None, metadata=COUNTS)
    published: str | None = field(default=None, metadata=COUNTS)
    phases: tuple[Phase, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    changes: Interventions = field(default_factory=Interventions)
    own: Mapping[str, Any] | None = field(default=None, metadata=COUNTS)

    @property
    def course(self) -> tuple[Phase, ...]:
        """The phases, one at least."""
        return self.phases or (Phase(self.regimen),)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs of all phases, each once, in the order of first mention."""
        return tuple(dict.fromkeys(d for phase in self.course for d in phase.regimen.drugs))


@dataclass(frozen=True)
class TrialSpec:
    """A trial.

    Attributes:
        name: of the study.
        seed: every random number follows from it.
        cohort: who may enter.
        arms: at least one.
        imaging_every_weeks: between scans.
        follow_up_months: until the end, a month being 30.4375 days.
        parameters: changed typical values, by row of the parameter table, in the row's unit.
        changes: knock-outs and wanted mechanisms of every arm.
        reference: arm that the others are compared with; the last one if None.
        accrual: centres and when they bring patients; everybody enters on day 0 if None.
        randomization: how patients are assigned; arms take turns if None.
        paired: whether every arm treats the same virtual patients, with the same chances of reading
            and of death; needs arms of one size and no randomisation.
        cut_off: when the data are cut; at the end of everybody's follow-up if None.
        scan_window_days: that a scan may be early or late; see `rascade.trial.design.schedule` for
            None.
        pfs_censoring: ``ema`` or ``fda``, see `rascade.trial.assessment.censoring`.
        population: hash of the ensemble whose central member the patients are of, and whose members
            predict; None for the bare parameter table, without a prediction.
        members: of the ensemble that a prediction uses; 0 for the central one alone.
        drugs: of the user's own that the arms name; None for none.
    """

    name: str = field(metadata=COUNTS)
    seed: int
    cohort: CohortSpec
    arms: tuple[ArmSpec, ...]
    imaging_every_weeks: float = 8.0
    follow_up_months: float = 24.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    reference: str | None = field(default=None, metadata=COUNTS)
    changes: Interventions = field(default_factory=Interventions)
    accrual: Accrual | None = None
    randomization: Randomization | None = field(default=None, metadata=COUNTS)
    cut_off: CutOff | None = None
    paired: bool = False
    scan_window_days: float | None = None
    pfs_censoring: str = field(default="ema", metadata=COUNTS)
    population: str | None = None
    members: int = field(default=MEMBERS, metadata=COUNTS)
    drugs: tuple[OwnDrug, ...] | None = None

    @property
    def turns(self) -> int:
        """Arms that take turns with patient numbers; 1 where all have the same patients."""
        return 1 if self.paired else len(self.arms)

    @property
    def shared_changes(self) -> Interventions:
        """What is changed in every arm."""
        return Interventions.merged((self.changes, Interventions(set=self.parameters)))

    def changes_of(self, arm: ArmSpec) -> Interventions:
        """Return everything that is changed in an arm; what the arm says has the last word."""
        return Interventions.merged((self.shared_changes, arm.changes))

    def __post_init__(self) -> None:
        check_scan_window(self.scan_window_days, self.imaging_every_weeks)
        check_rule(self.pfs_censoring)
        if self.paired:
            self._check_pairs()
        ratio = self.randomization.ratio if self.randomization is not None else None
        if ratio is not None and len(ratio) != len(self.arms):
            raise InputError(
                f"randomization: ratio: {len(ratio)} numbers for {len(self.arms)} arms; "
                "give one for each"
            )

    def _check_pairs(self) -> None:
        if self.randomization is not None:
            raise InputError(
                "pairing: the same patients are in every arm, so nobody is randomised; leave "
                "'randomization' out, or 'pairing'"
            )
        sizes = {arm.size or self.cohort.size for arm in self.arms}
        if len(sizes) > 1:
            listed = " and ".join(map(str, sorted(sizes)))
            raise InputError(
                f"pairing: the same patients are in every arm, but arms have {listed} patients; "
                "leave their sizes out"
            )

    @property
    def reference_arm(self) -> str | None:
        """Name of the arm that the others are compared with; None where there is one arm only."""
        if len(self.arms) < 2:
            return None
        return self.reference or self.arms[-1].name
