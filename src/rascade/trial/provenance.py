"""What a report tells of where a result comes from: mechanism, parameters, published results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from rascade.trial.run import ArmRun
    from rascade.trial.spec import TrialSpec

__all__ = ["provenance"]


def provenance(spec: TrialSpec, arms: Sequence[ArmRun], patients: pd.DataFrame) -> dict[str, Any]:
    """Return ``mechanism``, ``parameters`` and ``published``, ready for JSON."""
    from rascade.model.diagram import merge_diagrams

    return {
        "mechanism": merge_diagrams([run.assembly for run in arms]),
        "parameters": _parameters(arms, patients),
        "published": [row for run in arms for row in _published(run)],
    }


def _influence(patients: pd.DataFrame) -> dict[str, float]:
    """Rank correlation of each varied parameter with PFS, the largest over arms by size."""
    from scipy.stats import spearmanr

    found: dict[str, float] = {}
    for _, arm in patients.groupby("arm"):
        months = arm["pfs_months"].to_numpy(dtype=float)
        for column in arm.columns:
            if not column.startswith("p:"):
                continue
            values = arm[column].to_numpy(dtype=float)
            known = np.isfinite(values) & np.isfinite(months)
            if known.sum() < 10 or np.ptp(values[known]) == 0 or np.ptp(months[known]) == 0:
                continue
            rho = float(spearmanr(values[known], months[known]).statistic)
            name = column[2:]
            if abs(rho) > abs(found.get(name, 0.0)):
                found[name] = rho
    return found


def _parameters(arms: Sequence[ArmRun], patients: pd.DataFrame) -> list[dict[str, Any]]:
    influence = _influence(patients)
    table = arms[0].assembly.table
    rows = sorted({row for run in arms for row in run.assembly.composition.parameters.values()})
    listing = []
    for name in rows:
        row = table[name]
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
                "influence": influence.get(name),
                "description": row.description,
            }
        )
    return sorted(listing, key=lambda row: (-abs(row["influence"] or 0.0), row["name"]))


def _published(run: ArmRun) -> list[dict[str, Any]]:
    """Return the published results of an arm that names its row of the evidence."""
    if run.arm.published is None:
        return []
    from rascade.trial.published import published_results

    return published_results(run.arm.name, run.arm.published)
