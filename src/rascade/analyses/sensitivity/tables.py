"""The record of a sensitivity, ready for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from rascade import RESEARCH_USE
from rascade.analyses.sensitivity.run import ENDPOINTS, Sensitivity
from rascade.model import load_table

__all__ = ["INDEX", "record"]

#: Method -> what its index is.
INDEX = {
    "morris": "mu*, mean size of the elementary effects over the range",
    "prcc": "size of the partial rank correlation",
    "sobol": "total index, share of the variance",
}


def record(found: Sensitivity) -> dict[str, Any]:
    """Return the record, rows with the largest index first."""
    question, table = found.question, load_table()
    order = np.argsort(-found.index.value, kind="stable").tolist()
    return {
        "method": question.method,
        "index": INDEX[question.method],
        "endpoint": question.endpoint,
        "unit": ENDPOINTS[question.endpoint],
        "study": question.plan.name,
        "of": " over ".join(arm.name for arm in question.arms),
        "base": found.base,
        "parameters": [
            {
                "name": found.rows[i].name,
                "description": table[found.rows[i].name].description,
                "unit": table[found.rows[i].name].unit,
                "low": found.rows[i].low,
                "high": found.rows[i].high,
                "index": float(found.index.value[i]),
                "low90": float(found.index.low90[i]),
                "high90": float(found.index.high90[i]),
                **{name: float(values[i]) for name, values in found.more.items()},
            }
            for i in order
        ],
        "tornado": [
            {"name": one.name, "at_low": one.at_low, "at_high": one.at_high}
            for one in found.tornado
        ],
        "fold": question.fold,
        "runs": found.simulated,
        "patients": question.patients,
        "follow_up_months": question.plan.follow_up_months,
        "seed": question.plan.seed,
        "research_use": RESEARCH_USE,
    }
