"""Made-up runs that look like real ones, for the reports; no number here is a result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from rascade.trial.assessment.best_response import best_change, best_overall_response
from rascade.trial.assessment.response import assess, labels
from rascade.trial.assessment.times import (
    duration_of_response,
    overall_survival,
    progression_bounds,
    progression_free_survival,
    progression_reason,
    time_to_response,
)
from rascade.trial.results.end_point_summary import end_points
from rascade.trial.results.statistics import summarize

ARMS = ("daraxonrasib", "chemotherapy", "daraxonrasib + pembrolizumab", "trametinib", "untreated")
_KILL = (0.020, 0.009, 0.024, 0.012, 0.0)
_NODES = [
    ("daraxonrasib", "daraxonrasib", "drug"), ("gemcitabine", "gemcitabine", "drug"),
    ("nab", "nab-paclitaxel", "drug"), ("pembro", "pembrolizumab", "drug"),
    ("CYPA", "cyclophilin A", "RAS"), ("tri", "tri-complex", "RAS"),
    ("EGFR", "EGFR", "receptor"), ("RTK", "other RTK", "receptor"), ("SHP2", "SHP2", "receptor"),
    ("SOS", "SOS1", "receptor"), ("NF1", "NF1", "RAS"),
    ("RASGDP", "RAS-GDP", "RAS"), ("RASGTP", "RAS-GTP", "RAS"),
    ("RAF", "RAF", "MAPK"), ("MEK", "MEK", "MAPK"), ("ERK", "ERK", "MAPK"),
    ("DUSP", "DUSP6", "MAPK"), ("SPRY", "SPRY2", "MAPK"), ("MYC", "MYC", "MAPK"),
    ("PI3K", "PI3K", "PI3K"), ("PTEN", "PTEN", "PI3K"), ("AKT", "AKT", "PI3K"),
    ("MTOR", "mTORC1", "PI3K"), ("S6K", "S6K", "PI3K"),
    ("prolif", "proliferation", "cell fate"), ("apo", "apoptosis", "cell fate"),
    ("DNA", "DNA damage", "cell fate"), ("mito", "mitotic arrest", "cell fate"),
    ("tol", "tolerant state", "cell fate"), ("res", "resistant clone", "cell fate"),
    ("CD8", "CD8 effector", "immune"), ("exh", "exhaustion", "immune"),
    ("PD1", "PD-1/PD-L1", "immune"), ("IFN", "IFN-γ", "immune"), ("MHC", "MHC-I", "immune"),
    ("cells", "tumour cells", "tumour"), ("size", "tumour diameter", "tumour"),
]  # fmt: skip
_EDGES = [
    ("daraxonrasib", "CYPA", "binds"), ("CYPA", "tri", "produces"), ("tri", "RASGTP", "inhibits"),
    ("daraxonrasib", "RASGTP", "inhibits"), ("gemcitabine", "DNA", "activates"),
    ("nab", "mito", "activates"), ("pembro", "PD1", "inhibits"),
    ("EGFR", "SHP2", "activates"), ("RTK", "SHP2", "activates"), ("SHP2", "SOS", "activates"),
    ("SOS", "RASGTP", "activates"), ("RASGDP", "RASGTP", "produces"), ("NF1", "RASGTP", "inhibits"),
    ("RASGTP", "RAF", "activates"), ("RAF", "MEK", "activates"), ("MEK", "ERK", "activates"),
    ("ERK", "DUSP", "activates"), ("DUSP", "ERK", "inhibits"), ("ERK", "SPRY", "activates"),
    ("SPRY", "SOS", "inhibits"), ("ERK", "MYC", "activates"), ("ERK", "EGFR", "inhibits"),
    ("RASGTP", "PI3K", "activates"), ("RTK", "PI3K", "activates"), ("PI3K", "AKT", "activates"),
    ("PTEN", "AKT", "inhibits"), ("AKT", "MTOR", "activates"), ("MTOR", "S6K", "activates"),
    ("S6K", "RTK", "inhibits"), ("MYC", "prolif", "activates"), ("ERK", "prolif", "activates"),
    ("MTOR", "prolif", "activates"), ("AKT", "apo", "inhibits"), ("ERK", "apo", "inhibits"),
    ("DNA", "apo", "activates"), ("mito", "apo", "activates"), ("tol", "res", "produces"),
    ("prolif", "cells", "produces"), ("apo", "cells", "inhibits"), ("tol", "cells", "produces"),
    ("res", "cells", "produces"), ("CD8", "cells", "inhibits"), ("PD1", "CD8", "inhibits"),
    ("CD8", "IFN", "produces"), ("IFN", "PD1", "activates"), ("CD8", "exh", "produces"),
    ("IFN", "MHC", "activates"), ("MHC", "CD8", "activates"), ("cells", "size", "produces"),
    ("ERK", "MHC", "inhibits"), ("cells", "CD8", "activates"),
]  # fmt: skip


def mechanism() -> dict:
    return {
        "nodes": [{"id": a, "label": b, "group": c} for a, b, c in _NODES],
        "edges": [{"source": a, "target": b, "kind": c} for a, b, c in _EDGES],
    }


def _arm(random, name, kill, n, months, censor_all):
    visits = np.arange(56.0, months * 30.4375 + 1, 56.0)
    lesions, v = 5, len(visits)
    count = random.integers(1, lesions + 1, n)
    base = random.lognormal(3.3, 0.4, (n, lesions)).clip(10, 120).round(0)
    target = np.arange(lesions) < count[:, None]
    rate = random.lognormal(np.log(kill), 0.55, (n, 1)) if kill else np.zeros((n, 1))
    fade, growth = random.lognormal(-4.9, 0.5, (n, 1)), random.lognormal(-5.9, 0.45, (n, 1))
    log_size = growth * visits - rate / fade * (1 - np.exp(-fade * visits))
    noise = random.normal(0, 0.05, (n, v, lesions))
    size = base[:, None, :] * np.exp(log_size[..., None] / 3 + noise)
    size = np.where(size < 3, 0, np.where(size < 5, 5, size)).round(0)
    new = np.cumsum(random.random((n, v)) < 0.035, axis=1) > 0
    if censor_all:
        size, new = np.broadcast_to(base[:, None, :], size.shape), np.zeros_like(new)
    seen = assess(base, size, targets=target, new_lesion=new)
    why = progression_reason(seen.target, 0, new, seen.overall)
    pfs0 = progression_free_survival(seen.overall, visits, np.full(n, np.nan), reason=why)
    death = pfs0.day + random.exponential(150 + 3000 * kill, n)
    end = months * 30.4375
    if censor_all:
        death = np.full(n, np.nan)
    leaves = np.minimum(end, random.uniform(0.45, 1.6, n) * end)
    death = np.where(death <= leaves, death, np.nan)
    held = visits <= np.fmin(np.where(np.isnan(death), leaves, death), leaves)[:, None]
    overall = np.where(held, seen.overall, 4).astype(np.int8)
    pfs = progression_free_survival(overall, visits, death, reason=why)
    os = overall_survival(death, leaves)
    best = best_overall_response(overall, visits)
    change = np.where(held, seen.change_pct, np.nan)
    on = held & (visits <= pfs0.day[:, None])
    people = pd.DataFrame({
        "patient": np.arange(n), "arm": name,
        "kras_allele": random.choice(["G12D", "G12V", "G12R", "G12C", "Q61H"], n,
                                     p=[0.42, 0.32, 0.16, 0.03, 0.07]),
        "age_years": random.normal(65, 9, n).round(0), "sex": random.choice(["F", "M"], n),
        "weight_kg": random.normal(70, 12, n), "ecog": random.integers(0, 2, n),
        "baseline_sld_mm": seen.baseline_mm, "n_target_lesions": count,
        "best_response": labels(best), "best_change_pct": best_change(change, overall),
        "pfs_months": pfs.months, "pfs_event": pfs.event, "pfs_reason": pfs.reason,
        "os_months": os.months, "os_event": os.event, "solver_status": "DONE",
    })  # fmt: skip
    first = time_to_response(overall, visits)
    lasted = duration_of_response(first, pfs)
    after, by = progression_bounds(overall, visits, death)
    level = random.lognormal(7, 1.5, n)
    people = people.assign(
        confirmed_response=labels(best_overall_response(overall, visits, confirm=True)),
        best_immune_response=np.where(labels(best) == "PD", "iUPD", "iSD"),
        pfs_after_months=after / 30.4375, pfs_by_months=by / 30.4375,
        ipfs_months=pfs.months, ipfs_event=pfs.event, ttr_months=first / 30.4375,
        dor_months=lasted.months, dor_event=lasted.event,
        treatment_end_day=np.where(pfs.event, pfs.day, np.nan),
        baseline_ca19_9_u_ml=np.where(random.random(n) < 0.07, np.nan, level),
        baseline_kras_maf_pct=random.lognormal(0.7, 1, n),
    )  # fmt: skip
    row, column = np.nonzero(held & (visits <= pfs0.day[:, None]))
    early = np.exp(-60 * kill)
    drift = np.exp(-0.004 * visits)[column]
    noise = random.lognormal(0, 0.25, (3, len(row)))
    signal = 1 - (1 - early) * drift
    trips = pd.DataFrame({
        "patient": row, "arm": name, "day": visits[column], "sld_mm": seen.sld_mm[row, column],
        "sld_true_mm": seen.sld_mm[row, column], "change_pct": seen.change_pct[row, column],
        "nadir_mm": seen.nadir_mm[row, column], "new_lesion": new[row, column],
        "response": labels(overall)[row, column], "on_treatment": on[row, column],
        "pERK_rel": signal * noise[0], "RAS_GTP_rel": signal**0.7 * noise[1],
        "pAKT_rel": signal**0.3 * noise[2], "tumour_volume_ml": 1.0,
        "ca19_9_u_ml": people["baseline_ca19_9_u_ml"].to_numpy()[row] * signal * noise[0],
        "kras_maf_pct": people["baseline_kras_maf_pct"].to_numpy()[row] * signal * noise[1],
    })  # fmt: skip
    return people, trips


def _events(random, people):
    """Made-up adverse events: two for each patient on average."""
    terms = ["Rash", "Diarrhoea", "Fatigue", "Neutrophil count decreased"]
    size = 2 * len(people)
    row = random.integers(0, len(people), size)
    return pd.DataFrame({
        "patient": people["patient"].to_numpy()[row], "arm": people["arm"].to_numpy()[row],
        "term": random.choice(terms, size), "soc": "made up", "grade": random.integers(1, 5, size),
        "start_day": 3.0, "end_day": 9.0, "serious": random.random(size) < 0.1,
        "related": random.random(size) < 0.8, "action": "none",
    })  # fmt: skip


def write_run(folder: Path, *, arms=2, n=250, months=24, censor_all=False, names=None, seed=302,
              name="RASolute 302, second-line metastatic PDAC", bare=False) -> Path:  # fmt: skip
    """Write a made-up run of a trial into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    names = list(names or ARMS[:arms])
    parts = [
        _arm(random, label, _KILL[i % 5], n, months, censor_all) for i, label in enumerate(names)
    ]
    people = pd.concat(
        [p.assign(patient=p["patient"] + 1 + i * n) for i, (p, _) in enumerate(parts)]
    )
    trips = pd.concat(
        [t.assign(patient=t["patient"] + 1 + i * n) for i, (_, t) in enumerate(parts)]
    )
    people.to_parquet(folder / "patients.parquet", index=False)
    trips.to_parquet(folder / "visits.parquet", index=False)
    reference = names[1] if len(names) > 1 else None
    summary = summarize(
        people, study=name, seed=seed, model_hash="8c1f" * 16, arms=names, reference=reference,
        cohort={"disease": "PDAC", "line": 2, "size": n, "eligibility": ["kras_allele != 'WT'"]},
    )  # fmt: skip
    if not bare:
        summary["end_points"] = end_points(
            people, trips, arms=names, reference=reference, follow_up_months=months
        )
        _events(random, people).to_parquet(folder / "adverse_events.parquet", index=False)
    (folder / "summary.json").write_text(json.dumps(summary, allow_nan=False))
    (folder / "study.yaml").write_text(f"kind: trial\nname: {json.dumps(name)}\nseed: {seed}\n")
    manifest = {"seed": seed, "model_hash": "8c1f" * 16, "versions": {"rascade": "0.1.0"},
                "arms": names, "command": "rascade trial study.yaml"}  # fmt: skip
    if not bare:
        manifest |= {
            "mechanism": mechanism(),
            "parameters": [
                {"name": f"parameter_{i}", "value": 10.0 ** (i - 6) * 1.234, "unit": "1/h",
                 "low": 10.0 ** (i - 7), "high": 10.0 ** (i - 5), "distribution": "lognormal",
                 "source": "PMID:19097774", "confidence": "verified", "fitted": i % 4 == 0,
                 "influence": (-1) ** i / (i + 1)} for i in range(12)],
            "published": [
                {"arm": names[0], "endpoint": "orr_pct", "value": 35.0, "low": 17.0, "high": 56.0,
                 "source": "made up for the test", "use": "calibrate"},
                {"arm": names[0], "endpoint": "pfs_median_months", "value": 8.5, "low": None,
                 "high": None, "source": "made up for the test", "use": "validate"},
                {"arm": names[0], "endpoint": "os_median_months", "value": 13.1, "low": 10.2,
                 "high": None, "source": "made up for the test", "use": "validate"},
                {"arm": names[-1], "endpoint": "orr_pct", "value": 10.0, "low": 6.0, "high": 16.0,
                 "source": "made up for the test", "use": "calibrate"},
                {"arm": names[-1], "endpoint": "os_median_months", "value": 6.6, "low": 5.9,
                 "high": 7.4, "source": "made up for the test", "use": "calibrate"}],
            "limits": ["Antibodies are given by a first form of the immune model."],
        }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_simulation(folder: Path, *, regimen="daraxonrasib 300 mg PO QD", days=180) -> Path:
    """Write a made-up run of one patient into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    day = np.arange(0, days, 0.05)
    level = 900 * np.exp(-1.3 * (day % 1)) * (1 - np.exp(-8 * (day % 1))) + 60
    gem = np.where(day % 28 < 21, 30 * np.exp(-9 * (day % 7)), 0.0) + 1e-9
    signal = 0.25 + 0.5 * (1 - np.exp(-day / 70)) + 0.08 * np.sin(2 * np.pi * day)
    table = pd.DataFrame({
        "day": day, "C_daraxonrasib": level, "C_gemcitabine": gem, "RAS_GTP": 60 * signal,
        "pERK": signal, "pAKT": 0.6 + 0.4 * signal, "N_sensitive": 5e9 * np.exp(-day / 25) + 1e7,
        "N_tolerant": 1e8 * np.exp(day / 300), "N_resistant": 1e4 * np.exp(day / 18),
        "sld": 30 + 50 * np.exp(-day / 30) + 0.004 * day**1.7,
    })  # fmt: skip
    table.to_parquet(folder / "trajectory.parquet", index=False)
    column = lambda label, unit, panel: {"label": label, "unit": unit, "panel": panel}  # noqa: E731
    simulation = {
        "regimen": regimen, "days": days, "drugs": ["daraxonrasib", "gemcitabine"],
        "patient": {"kras_allele": "G12D", "age_years": 64, "sex": "F", "weight_kg": 61.5},
        "columns": {
            "C_daraxonrasib": column("daraxonrasib", "nM", "drug"),
            "C_gemcitabine": column("gemcitabine", "nM", "drug"),
            "RAS_GTP": column("RAS-GTP", "nM", "ras"),
            "pERK": column("pERK", "fraction of baseline", "signal"),
            "pAKT": column("pAKT", "fraction of baseline", "signal"),
            "N_sensitive": column("sensitive", "cells", "cells"),
            "N_tolerant": column("tolerant", "cells", "cells"),
            "N_resistant": column("resistant", "cells", "cells"),
            "sld": column("sum of diameters", "mm", "tumour"),
        },
        "doses": [{"drug": "daraxonrasib", "day": float(d)} for d in range(days)]
        + [{"drug": "gemcitabine", "day": float(d)} for d in range(0, days, 7) if d % 28 < 21],
    }  # fmt: skip
    (folder / "simulation.json").write_text(json.dumps(simulation))
    return folder
