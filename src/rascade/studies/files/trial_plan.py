"""From a study file to the plan of its trial, and nothing is lost on the way."""

from __future__ import annotations

from rascade.model import Interventions
from rascade.patients.hyperparameters import default_ensemble
from rascade.studies.files.drugs import named_drugs, use_drugs
from rascade.studies.files.schema import Arm, TrialStudy
from rascade.trial.design.phases import CROSSOVER, RESCUE, Phase, Until, parse_until
from rascade.trial.design.protocol import Protocol, Rule, rule
from rascade.trial.design.randomization import ratio_of
from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec

__all__ = ["to_plan"]


def to_plan(study: TrialStudy) -> TrialSpec:
    """Return the plan of a trial: all that is run, stored and analysed follows from it alone.

    Raises:
        InputError: parts of the study do not fit together.
        UnsupportedFeature: the stage or the line cannot be simulated yet.
    """
    cohort = study.cohort
    use_drugs(study.drugs)
    ratio = ratio_of([study.size_of(arm) for arm in study.arms])
    return TrialSpec(
        name=study.name,
        seed=study.seed,
        cohort=CohortSpec(
            disease=cohort.disease,
            stage=cohort.stage,
            line=cohort.line,
            size=cohort.size,
            eligibility=cohort.eligibility,
            patients=cohort.patients,
        ),
        arms=tuple(
            ArmSpec(
                arm.name,
                arm.regimen,
                study.size_of(arm),
                arm.published if isinstance(arm.published, str) else None,
                _phases(study, arm),
                _protocol(study, arm),
                changes=Interventions(arm.knockout, arm.set, arm.include),
                own=arm.published if isinstance(arm.published, dict) else None,
            )
            for arm in study.arms
        ),
        imaging_every_weeks=study.imaging_every_weeks,
        follow_up_months=study.follow_up_months,
        parameters=dict(study.parameters),
        reference=study.reference_arm,
        changes=Interventions(study.knockout, include=study.include),
        accrual=None if study.accrual is None else study.accrual.accrual(),
        randomization=None if study.randomization is None else study.randomization.plan(ratio),
        cut_off=None if study.cut_off is None else study.cut_off.rule(),
        scan_window_days=study.scan_window_days,
        pfs_censoring=study.pfs_censoring,
        paired=study.pairing == "same-patients",
        population=_population(study),
        members=study.members,
        drugs=named_drugs(study.arms),
    )


def _population(study: TrialStudy) -> str | None:
    """Return the hash of the ensemble; None where the bare table is wanted, or all there is."""
    ensemble = default_ensemble() if study.population == "ensemble" else None
    return None if ensemble is None else ensemble.hash


def _phases(study: TrialStudy, arm: Arm) -> tuple[Phase, ...]:
    """Return the phases of an arm; none where its regimen is all there is."""
    steps = [(arm.regimen, arm.until), *((phase.regimen, phase.until) for phase in arm.then)]
    phases = [Phase(regimen, parse_until(text) if text else None) for regimen, text in steps]
    other = None if arm.rescue is None else Phase(arm.rescue, role=RESCUE)
    if arm.crossover is not None:
        regimen = next(a.regimen for a in study.arms if a.name == arm.crossover)
        other = Phase(regimen, role=CROSSOVER, from_arm=arm.crossover)
    if other is not None:
        phases[-1] = Phase(phases[-1].regimen, Until("progression"))
        phases.append(other)
    return tuple(phases) if len(phases) > 1 else ()


def _protocol(study: TrialStudy, arm: Arm) -> Protocol:
    """Return how an arm is conducted, for `rascade.trial`."""
    conduct = study.conduct_of(arm)
    rules: tuple[Rule, ...] | None = None
    if conduct.rules is not None:
        rules = tuple(
            rule(r.on, r.do, r.drugs, r.max_hold_days, r.occurrence) for r in conduct.rules
        )
    return Protocol(
        rules=rules,
        levels={
            drug: tuple(level / levels[0] for level in levels)
            for drug, levels in arm.dose_levels.items()
        },
        visit_weeks=conduct.visit_every_weeks,
        ctcae=conduct.ctcae,
        beyond_progression=conduct.treatment_beyond_progression,
        adherence=conduct.adherence,
        dropout_per_month=conduct.dropout_per_month,
        dropouts_followed=conduct.dropouts_followed_for_survival,
    )
