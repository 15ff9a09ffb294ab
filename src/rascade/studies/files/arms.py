"""Validation studies: any arm of the evidence's trials that the model covers, run by its name.

Orders are the table's column `regimen` where it reads as orders; where it is shorthand, a row of
``data/arm_orders.csv`` spells it out and says what was stated, recalled or chosen. What all
patients of an arm have in common, and no profile knows, is set by ``data/arm_settings.csv``.
Accrual and the data cut-off of the publication are in ``data/arm_follow_up.csv``. Disease, stage,
line and genotype are read from the column `population`. Whether an arm can be simulated follows
from the drugs that the model knows at that moment.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rascade.errors import EvidenceError, UnsupportedFeature
from rascade.own_drugs import kept
from rascade.studies.files.arm_population import Reading, read_population
from rascade.studies.files.schema import TrialStudy
from rascade.text import did_you_mean

if TYPE_CHECKING:
    from rascade.evidence import TrialArm

__all__ = [
    "ArmPlan",
    "arm_plan",
    "arm_plans",
    "arm_study",
    "arm_table",
    "find_arm",
]

#: Where the published number of patients is not known.
DEFAULT_SIZE = 100
#: Assumed where no row says otherwise: scans every eight weeks, all followed for two years.
DEFAULT_WEEKS, FOLLOW_UP_MONTHS = 8.0, 24.0
SEED = 1


@dataclass(frozen=True)
class FollowUp:
    """How patients of a published trial entered, and when its data were cut.

    Attributes:
        enrolment_months: from the first patient to the last.
        ramp_months: of these, in which the rate rose.
        cut_month: of the data cut-off, since the first patient.
        source: where that is from, and what is recalled, derived or assumed.
    """

    enrolment_months: float
    ramp_months: float
    cut_month: float
    source: str

    def keys(self, size: int) -> dict[str, Any]:
        """Return the part of a study file for an arm of so many patients."""
        rate = size / (self.enrolment_months - self.ramp_months / 2)
        centre = {
            "name": "all centres",
            "rate_per_month": float(f"{rate:.4g}"),
            "ramp_months": self.ramp_months,
        }
        return {
            "accrual": {"centres": (centre,)},
            "cut_off": {"month": self.cut_month},
            "follow_up_months": self.cut_month,
        }


@dataclass(frozen=True)
class ArmPlan:
    """An arm of the evidence and how it would be simulated.

    Attributes:
        arm: the evidence's record.
        label: ``TRIAL/arm``, its name on the command line.
        orders: as clinicians write them; None where the evidence states no dose.
        reading: of the population.
        left_out: drugs of the arm that are not given, with the reason in `notes`.
        imaging_every_weeks: between scans.
        follow_up: of the trial, where it is known.
        settings: values of the parameter table that hold in this arm.
        notes: what a reader must know of the study.
    """

    arm: TrialArm
    label: str
    orders: str | None
    reading: Reading
    left_out: tuple[str, ...]
    imaging_every_weeks: float
    follow_up: FollowUp | None
    settings: Mapping[str, float]
    notes: tuple[str, ...]

    def refusal(self) -> UnsupportedFeature | None:
        """Why the model cannot simulate the arm; None where it can."""
        from rascade.model.compose import not_modelled

        missing = next((drug for drug in self._drugs() if not _modelled(drug)), None)
        if missing is not None:
            return UnsupportedFeature(f"drug {missing}", f"{self.label}: {not_modelled(missing)}")
        disease, stage = self.reading.disease, self.reading.stage
        if disease not in ("PDAC", "solid tumours"):
            return UnsupportedFeature(
                f"disease {disease}", f"{self.label}: {disease} is not modelled, only PDAC"
            )
        if stage != "metastatic":
            return UnsupportedFeature(
                f"stage {stage}", f"{self.label}: {stage} PDAC is not modelled yet, only metastatic"
            )
        if self.orders is None:
            named = bool(self.arm.drugs)
            return UnsupportedFeature(
                "arm without doses" if named else "arm without a named drug",
                f"{self.label}: the evidence {'states no dose' if named else 'names no drug'} "
                f"({self.arm.regimen}); write a study file",
            )
        return None

    @property
    def given(self) -> tuple[str, ...]:
        """The drugs that are simulated; those of the published arm where no dose is known."""
        from rascade.regimen import parse

        return self.arm.drugs if self.orders is None else parse(self.orders).drugs

    def _drugs(self) -> Iterator[str]:
        from rascade.regimen import parse

        yield from (drug for drug in self.arm.drugs if drug not in self.left_out)
        if self.orders is not None:
            yield from parse(self.orders).drugs

    @property
    def size(self) -> int:
        """Patients, as published."""
        return self.arm.n or self.arm.n_evaluable or DEFAULT_SIZE

    def study(self) -> TrialStudy:
        """Return the study of the arm.

        Raises:
            UnsupportedFeature: the model cannot simulate it; the message names the drug, the
                disease or the stage.
        """
        from rascade.studies.files.load import model_checks

        refused = self.refusal()
        if refused is not None:
            raise refused
        data = {
            "kind": "trial",
            "name": f"{self.arm.trial}, {self.arm.arm}"[:200],
            "description": " ".join(map(_sentence, self.notes)),
            "cohort": {
                "disease": "PDAC",
                "stage": self.reading.stage,
                "line": self.reading.line or 2,
                "size": self.size,
                "eligibility": self.reading.eligibility,
            },
            "seed": SEED,
            "arms": (self._arm(),),
            "imaging_every_weeks": self.imaging_every_weeks,
            "follow_up_months": FOLLOW_UP_MONTHS,
        }
        if self.follow_up is not None:
            data |= self.follow_up.keys(self.size)
        return TrialStudy.model_validate(data, context=model_checks())

    def _arm(self) -> dict[str, Any]:
        arm = {"name": self.arm.arm, "regimen": self.orders, "published": self.arm.id}
        return arm | ({"set": dict(self.settings)} if self.settings else {})


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


@kept
def _known() -> frozenset[str]:
    from rascade.model import known_drugs

    return frozenset(known_drugs())


@kept
def _modelled(drug: str) -> bool:
    """Tell whether the model has a drug, be it by another of its names."""
    from rascade.evidence import load

    record = load().drugs.get(drug)
    return not _known().isdisjoint({drug, *(record.aliases if record is not None else ())})


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    text = (files("rascade.studies") / "data" / "arm_orders.csv").read_text(encoding="utf-8")
    return {row["arm_id"]: row for row in csv.DictReader(text.splitlines())}


@cache
def _settings() -> tuple[Mapping[str, str], ...]:
    text = (files("rascade.studies") / "data" / "arm_settings.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _follow_ups() -> Mapping[str, FollowUp]:
    text = (files("rascade.studies") / "data" / "arm_follow_up.csv").read_text(encoding="utf-8")
    return {
        row["trial"]: FollowUp(
            float(row["enrolment_months"]),
            float(row["ramp_months"]),
            float(row["cut_month"]),
            f"{row['basis']}: {row['source']}",
        )
        for row in csv.DictReader(text.splitlines())
    }


def arm_plan(arm: TrialArm) -> ArmPlan:
    """Return how an arm of the evidence would be simulated."""
    row = _rows().get(arm.id)
    orders = row["orders"] if row is not None else _stated(arm.regimen)
    left_out = tuple(filter(None, (row["left_out"] if row else "").split("; ")))
    weeks = row["imaging_every_weeks"] if row is not None else ""
    return ArmPlan(
        arm,
        f"{arm.trial}/{arm.arm}",
        orders,
        read_population(arm.population),
        left_out,
        float(weeks) if weeks else DEFAULT_WEEKS,
        _follow_ups().get(arm.trial),
        {row["row"]: float(row["value"]) for row in _settings() if row["arm_id"] == arm.id},
        tuple(_notes(arm, row, left_out, weeks)),
    )


def _stated(regimen: str) -> str | None:
    from rascade.errors import RegimenError
    from rascade.regimen import parse

    try:
        parse(regimen)
    except RegimenError:
        return None
    return regimen


def _notes(
    arm: TrialArm, row: Mapping[str, str] | None, left_out: tuple[str, ...], weeks: str
) -> Iterator[str]:
    reading = read_population(arm.population)
    yield f"made from the evidence row {arm.id}: {arm.regimen}"
    yield f"published population: {arm.population}; simulated: " + (
        " and ".join(reading.eligibility) or "all alleles"
    )
    if reading.disease == "solid tumours":
        yield "the published population holds other tumours too; pancreatic ones are simulated"
    if reading.line is None:
        yield "the line of treatment is not stated; second is simulated"
    if row is not None and row["basis"] != "stated":
        yield f"orders are {row['basis']} in part: {row['note']}"
    elif row is not None and row["note"]:
        yield row["note"]
    yield from (row["note"] for row in _settings() if row["arm_id"] == arm.id)
    for drug in left_out:
        yield f"{drug} is not modelled and left out"
    if not weeks:
        yield f"scans every {DEFAULT_WEEKS:g} weeks are assumed"
    follow_up = _follow_ups().get(arm.trial)
    if follow_up is None:
        yield (
            f"accrual and data cut were not seen; {FOLLOW_UP_MONTHS:g} months of follow-up of all "
            "patients are assumed"
        )
    else:
        yield f"accrual and data cut at month {follow_up.cut_month:g} are {follow_up.source}"
    if not arm.n and not arm.n_evaluable:
        yield f"the published number of patients is not known; {DEFAULT_SIZE} are simulated"


@cache
def arm_plans() -> tuple[ArmPlan, ...]:
    """Return the plans of all arms, in the order of the evidence."""
    from rascade.evidence import load

    return tuple(arm_plan(arm) for arm in load().trials)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9.%]+", name.casefold())


def find_arm(name: str) -> ArmPlan:
    """Find an arm by ``TRIAL/arm`` or by its id.

    Words may be shortened (``MPACT/gem + nab-paclitaxel``) and, where it stays clear which arm is
    meant, left out.

    Raises:
        EvidenceError: no arm, or more than one, is called so; the message names near ones.
    """
    plans = arm_plans()
    for plan in plans:
        if name.casefold() in (plan.label.casefold(), plan.arm.id.casefold()):
            return plan
    wanted = _words(name)
    chosen = [plan for plan in plans if wanted and _begins(wanted, _words(plan.label))]
    # Closer and closer: as many words, the arm's name as it stands, what can be run.
    chosen = [plan for plan in chosen if len(_words(plan.label)) == len(wanted)] or chosen
    chosen = [plan for plan in chosen if _ends(wanted, _words(plan.arm.arm))] or chosen
    chosen = [plan for plan in chosen if plan.refusal() is None] or chosen
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        listed = "; ".join(plan.label for plan in chosen[:6])
        more = f"; and {len(chosen) - 6} more" if len(chosen) > 6 else ""
        raise EvidenceError(f"{name!r} may be more than one arm: {listed}{more}")
    raise EvidenceError(f"no trial arm is called {name!r}{_near(name, plans)}")


def _begins(wanted: list[str], words: list[str]) -> bool:
    """Tell whether the wanted words begin words of the name, in order."""
    rest = iter(words)
    return all(any(word.startswith(part) for word in rest) for part in wanted)


def _ends(wanted: list[str], arm: list[str]) -> bool:
    return wanted[-len(arm) :] == arm


def _near(name: str, plans: tuple[ArmPlan, ...]) -> str:
    labels = [plan.label for plan in plans]
    return did_you_mean(name, labels, most=3, cutoff=0.4) or "; see rascade trial --list-arms"


def arm_study(name: str, *, size: int | None = None, seed: int | None = None) -> TrialStudy:
    """Return the study of an arm of the evidence.

    Args:
        name: see `find_arm`.
        size: patients instead of the published number.
        seed: instead of the default.

    Raises:
        EvidenceError: there is no such arm.
        UnsupportedFeature: the model cannot simulate it.
        InputError: size or seed is out of its range.
    """
    from rascade.studies.files.load import override

    return override(find_arm(name).study(), size=size, seed=seed)


def arm_table() -> list[dict[str, Any]]:
    """Return one row an arm: whether it runs, what is given, and why not.

    ``not_selected_by`` is what the published patients were chosen by and the simulated are not.
    """
    from rascade.trial.design.selection import dropped_selection

    rows = []
    for plan in arm_plans():
        refused = plan.refusal()
        rows.append(
            {
                "arm": plan.label,
                "id": plan.arm.id,
                "runs": refused is None,
                "orders": plan.orders,
                "population": plan.arm.population,
                "line": plan.reading.line,
                "n": plan.arm.n,
                "left_out": list(plan.left_out),
                "not_selected_by": list(dropped_selection(plan.arm.population)),
                "reason": None if refused is None else refused.feature,
            }
        )
    return rows
