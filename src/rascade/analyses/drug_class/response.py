"""Responses to one drug at several potencies: a small trial whose arms have the same patients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.regimen import Regimen
    from rascade.trial.design.spec import TrialSpec

__all__ = ["FACTORS", "response_by_potency"]

#: Potency relative to the drug as it is.
FACTORS = (1 / 8, 1 / math.sqrt(8), 1.0, math.sqrt(8), 8.0)
_MONTHS = 4.0
_SCANS_WEEKS = 6.0


def _plan(drug: str, regimen: Regimen, allele: str, patients: int, seed: int) -> TrialSpec:
    from rascade.model import Interventions, load_table
    from rascade.own_drugs import own_drugs
    from rascade.patients.hyperparameters import default_ensemble
    from rascade.trial.design.spec import ArmSpec, CohortSpec, TrialSpec

    row, ensemble = f"{drug}.affinity", default_ensemble()
    own = own_drugs().get(drug)
    return TrialSpec(
        name=f"{drug} at other potencies",
        seed=seed,
        cohort=CohortSpec("PDAC", "metastatic", 2, patients, (f"kras_allele == '{allele}'",)),
        arms=tuple(
            ArmSpec(
                f"x {factor:.3g}",
                regimen,
                changes=Interventions(set={row: load_table()[row].value * factor}),
            )
            for factor in FACTORS
        ),
        imaging_every_weeks=_SCANS_WEEKS,
        follow_up_months=_MONTHS,
        paired=True,
        population=None if ensemble is None else ensemble.hash,
        drugs=None if own is None else (own,),
    )


def response_by_potency(
    drug: str,
    regimen: Regimen,
    allele: str,
    *,
    patients: int,
    seed: int = 1,
    threads: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the response rate of a drug at potencies from an eighth to eightfold.

    Arms have the same virtual patients, followed for four months with scans every six weeks.

    Args:
        drug: which; known or own.
        regimen: what is given.
        allele: of KRAS, that all patients have.
        patients: in each arm.
        seed: of the patients.
        threads: of the solver; the result does not depend on it.
        progress: told the share done and the step.

    Returns:
        One record a potency, ready for JSON: ``factor``, ``n``, ``orr_pct``, ``orr_ci`` and
        ``best_change_pct`` (median of the best change in size).

    Raises:
        SimulationError: the solver gave up.
    """
    from rascade.trial.running.run import run

    plan = _plan(drug, regimen, allele, patients, seed)
    outcome = run(plan, threads=threads, progress=progress)
    best = outcome.patients.groupby("arm", observed=True)["best_change_pct"].median()
    return [
        {
            "factor": factor,
            "n": arm["n"],
            "orr_pct": arm["orr_pct"],
            "orr_ci": arm["orr_ci"],
            "best_change_pct": float(f"{best[arm['name']]:.4g}"),
        }
        for factor, arm in zip(FACTORS, outcome.summary["arms"], strict=True)
    ]
