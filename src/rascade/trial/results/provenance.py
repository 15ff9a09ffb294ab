"""What a report tells of where a result comes from: mechanism, parameters, published results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.trial.results.influence import LEVEL, Influences, influences

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from rascade.trial.design.spec import TrialSpec
    from rascade.trial.records import ArmRun

__all__ = ["covariates", "provenance"]


def provenance(spec: TrialSpec, arms: Sequence[ArmRun], patients: pd.DataFrame) -> dict[str, Any]:
    """Return what a report shows of where the results come from, ready for JSON.

    ``mechanism`` and ``parameters`` of the model, ``influence`` (how many correlations were
    looked at, and the smallest that counts), ``covariates`` (what acts of what is known of a
    patient), and what was ``published`` of the arms, with ``published_arms``,
    ``published_contrasts``, ``published_events`` and ``published_curves``.
    """
    from rascade.model.diagram import merge_diagrams
    from rascade.trial.results.published.own import own_contrasts, own_curves, own_rows
    from rascade.trial.results.published.safety import published_contrasts

    found = influences(patients)
    named = {run.arm.name: run.arm.published for run in arms if run.arm.published is not None}
    return {
        "mechanism": merge_diagrams([run.assembly for run in arms]),
        "parameters": _parameters(arms, found),
        "influence": {"looked_at": found.looked_at, "level": LEVEL, "least": dict(found.least)},
        "covariates": covariates(arms),
        "published": [row for run in arms for row in (*_published(run), *own_rows(run.arm))],
        "published_arms": [_published_arm(name, arm_id) for name, arm_id in named.items()],
        "published_contrasts": [
            *published_contrasts(named, spec.reference),
            *own_contrasts(spec),
        ],
        "published_events": [row for run in arms for row in _published_events(run)],
        "published_curves": [row for run in arms for row in own_curves(run.arm)],
    }


def covariates(arms: Sequence[ArmRun]) -> list[dict[str, Any]]:
    """Return which properties of a patient do anything in a trial, and how.

    Sex decides weight and height, and these only the doses that go by them. A gene acts where
    `load_effects` changes a parameter that the model of some arm has, a prognostic factor on the
    hazard of death (`load_factors`). ``cut`` is where publications part patients by a number.
    """
    from rascade.patients.population import load_effects
    from rascade.patients.prognosis import load_factors
    from rascade.patients.properties import load_properties

    rows = {row for run in arms for row in run.assembly.composition.parameters.values()}
    units = {
        amount.unit
        for run in arms
        for phase in run.arm.course
        for order in phase.regimen.orders
        for amount in (order.dose, order.loading.dose if order.loading else order.dose)
    }
    how = {
        "kras_allele": "sets the rates of the RAS cycle",
        "tp53": "changes the odds of KRAS amplification",
        "escape_1": "sets how the first clone escapes",
        "escape_2": "sets how the second clone escapes",
        **{e.property: f"changes {e.row}" for e in load_effects() if e.row in rows},
        **{f.name: "changes the hazard of death" for f in load_factors() if f.row in rows},
    }
    cuts = {f.name: f.cut for f in load_factors()}
    sized = [size for size in ("kg", "m2") if any(unit.endswith(f"/{size}") for unit in units)]
    if sized:
        how["weight_kg"] = f"doses by {' and '.join(sized)}"
    if "m2" in sized:
        how["height_cm"] = "doses by m2"
    return [
        {
            "name": name,
            "acts": name in how,
            "how": how.get(name, ""),
            **({"cut": cuts[name]} if cuts.get(name) is not None else {}),
        }
        for name in load_properties()
    ]


def _parameters(arms: Sequence[ArmRun], found: Influences) -> list[dict[str, Any]]:
    table = arms[0].assembly.table
    rows = sorted({row for run in arms for row in run.assembly.composition.parameters.values()})
    listing = []
    for name in rows:
        row, own = table[name], found.found.get(name)
        listing.append(
            {
                "name": name,
                "value": row.value,
                "unit": row.unit,
                "low": row.low,
                "high": row.high,
                "distribution": f"log-normal, CV {row.cv:.0%}" if row.varies else "fixed",
                "source": row.source,
                "confidence": row.confidence,
                "fitted": row.confidence == "fitted",
                "influence": None if own is None else own.rho,
                "influence_ci": None if own is None else [own.low, own.high],
                "influence_p": None if own is None else own.p,
                "influence_arm": None if own is None else own.arm,
                "description": row.description,
            }
        )
    return sorted(listing, key=lambda row: (-abs(row["influence"] or 0.0), row["name"]))


def _published(run: ArmRun) -> list[dict[str, Any]]:
    """Return the published results of an arm that names its row of the evidence."""
    if run.arm.published is None:
        return []
    from rascade.trial.results.published.arms import published_results

    return published_results(run.arm.name, run.arm.published)


def _published_arm(arm: str, arm_id: str) -> dict[str, Any]:
    """Return who was treated in the published arm, and what its row remarks."""
    from rascade.evidence import load

    record = load().trial(arm_id)
    return {
        "arm": arm,
        "id": arm_id,
        "trial": record.trial,
        "nct": record.nct,
        "name": record.arm,
        "population": record.population,
        "regimen": record.regimen,
        "n": record.n,
        "note": record.note,
        "sources": list(record.sources),
    }


def _published_events(run: ArmRun) -> list[dict[str, Any]]:
    from rascade.trial.results.published.safety import published_events

    cited: dict[str, list[str]] = {}
    for name in run.assembly.composition.parameters.values():
        row = run.assembly.table[name]
        if row.confidence == "fitted":
            for target in row.fitted.split("; "):
                cited.setdefault(target.split(" ")[0], []).append(name)
    return published_events(run.arm.name, run.arm.published, run.arm.drugs, cited)
