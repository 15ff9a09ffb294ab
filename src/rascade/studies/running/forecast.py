"""Running a forecast: what is known of a patient in, ranked regimens out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rascade import RESEARCH_USE
from rascade.analyses.forecast.particles import simulate_particles
from rascade.analyses.forecast.posterior import Seen, weigh
from rascade.analyses.forecast.rank import missing_worth, ranked
from rascade.analyses.paired import outcomes, with_regimen
from rascade.errors import EligibilityError, InputError
from rascade.progress import Progress, check_threads, silent
from rascade.results.index import noted_results
from rascade.results.manifest import base_manifest, now
from rascade.results.store import finish_results, plain_json, write_json
from rascade.studies.files.forecast import (
    ForecastPatient,
    RegimensFile,
    expressions_of,
    maf_variants,
    profile_of,
)
from rascade.studies.files.schema import Arm, Cohort, TrialStudy
from rascade.studies.files.trial_plan import to_plan
from rascade.trial.design.spec import TrialSpec

__all__ = ["run_forecast"]

_MOST = 20_000
#: Members of the ensemble at most, and patients of each at least.
MOST_MEMBERS, LEAST_PATIENTS = 64, 5
_KNOWN = ("kras_allele", "tp53", "cdkn2a", "smad4", "stk11", "pik3ca", "pten", "b2m", "msi_high",
          "ecog")  # fmt: skip


def run_forecast(
    patient: ForecastPatient,
    regimens: RegimensFile,
    out: Path,
    *,
    beside: Path = Path(),
    members: int = 12,
    patients: int = 100,
    threads: int = 1,
    progress: Progress = silent,
    finish: Callable[[Path], object] | None = None,
) -> dict[str, Any]:
    """Forecast what regimens would do, and write a folder, whole or not at all.

    Args:
        patient: what is known of him.
        regimens: that are compared.
        out: the results folder; results that Rascade wrote there before are replaced at the end.
        beside: folder from which a MAF file is seen.
        members: of the ensemble.
        patients: virtual patients of each member.
        threads: of the engine; results do not depend on it.
        progress: called with the share done and what is being done.
        finish: called with the folder before it gets its name, to add the page.

    Returns:
        What ``forecast.json`` holds.

    Raises:
        InputError: a number is wrong, or `out` cannot be written.
        UnsupportedFeature: a regimen cannot be simulated.
    """
    from rascade.model import load_table
    from rascade.trial.design.models import needed_ensemble

    check_threads(threads)
    few = 1 <= members <= MOST_MEMBERS and patients >= LEAST_PATIENTS
    if not few or members * patients > _MOST:
        raise InputError(
            f"--members {members}, --patients {patients}: 1 to {MOST_MEMBERS} members of "
            f"{LEAST_PATIENTS} or more patients, {_MOST} together at most"
        )
    started, profile = now(), _profile(patient, beside)
    plan = _plan(patient, regimens, profile)
    ensemble = needed_ensemble(plan.population)
    count = min(members, ensemble.size)
    tables = ensemble.first(count).tables(load_table(), plan.cohort.line)[1:]
    with noted_results(out) as folder:
        record = _forecast(patient, regimens, plan, tables, patients, threads, progress, profile)
        record |= {"members": count, "patients": patients, "ensemble": ensemble.hash}
        write_json(folder / "forecast.json", plain_json(record))
        manifest = base_manifest(
            "forecast", started, study="forecast", ensemble=ensemble.hash, seed=patient.seed,
            threads=threads,
        )  # fmt: skip
        finish_results(folder, manifest, finish)
    progress(1.0, "done")
    plain: dict[str, Any] = plain_json(record)
    return plain


def _profile(patient: ForecastPatient, beside: Path) -> dict[str, Any]:
    variants = patient.variants if patient.maf is None else maf_variants(beside / patient.maf)
    profile = profile_of(variants, patient.tested)
    for name in ("msi_high", "ecog"):
        if getattr(patient, name) is not None:
            profile[name] = getattr(patient, name)
    return profile


def _plan(patient: ForecastPatient, regimens: RegimensFile, profile: dict[str, Any]) -> TrialSpec:
    first = next(iter(regimens.regimens.values()))
    study = TrialStudy(
        kind="trial",
        name="forecast",
        cohort=Cohort(
            disease="PDAC",
            stage="metastatic",
            line=patient.line,
            size=1,
            eligibility=expressions_of(profile),
        ),
        seed=patient.seed,
        arms=(Arm(name="given", regimen=first),),
        imaging_every_weeks=8.0,
        follow_up_months=regimens.horizon_months,
    )
    return to_plan(study)


def _forecast(
    patient: ForecastPatient,
    regimens: RegimensFile,
    plan: TrialSpec,
    tables: list[Any],
    patients: int,
    threads: int,
    progress: Progress,
    profile: dict[str, Any],
) -> dict[str, Any]:
    from rascade.regimen import parse

    seen = Seen(
        [(one.day, one.sum_mm) for one in patient.sizes],
        [(one.day, one.u_ml) for one in patient.ca19_9],
        patient.tmb_per_mb,
    )
    steps = len(regimens.regimens) + 1
    given = with_regimen(plan, "given", patient.given or parse("none"))
    record: dict[str, Any] = {
        "research_use": RESEARCH_USE,
        "regimens": [],
        "effective_sample": 0.0,
        "refused": None,
        "profile": profile,
        "horizon_months": regimens.horizon_months,
        "missing": [],
    }
    try:
        particles = simulate_particles(
            given,
            tables,
            patients=patients,
            last_day=seen.last_day,
            threads=threads,
            report=lambda share: progress(share / steps, "repeating the past"),
        )
    except EligibilityError:
        return record | {"refused": "no virtual patient has this profile"}
    posterior = weigh(particles, seen)
    record |= {"effective_sample": posterior.sample, "virtual_patients": posterior.weight.size}
    if posterior.refused:
        return record | {"refused": posterior.refused}
    found = {}
    for index, (name, orders) in enumerate(regimens.regimens.items(), start=1):

        def told(share: float, index: int = index, name: str = name) -> None:
            progress((index + share) / steps, name)

        found[name] = outcomes(
            with_regimen(plan, name, orders),
            tables,
            patients=patients,
            seed=plan.seed,
            threads=threads,
            report=told,
        )
    unknown = [name for name in _KNOWN if name not in profile]
    return record | {
        "regimens": ranked(found, posterior.weight, regimens.horizon_months),
        "missing": missing_worth(found, posterior.weight, particles.profiles, unknown),
    }
