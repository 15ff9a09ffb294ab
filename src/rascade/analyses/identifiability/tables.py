"""What identifiability came to, as one record for JSON: pages and figures are made of it."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rascade.analyses.claims.run import rounded
from rascade.analyses.identifiability.fisher import clusters, strongest
from rascade.analyses.identifiability.run import Identifiability

__all__ = ["CONSTRAINED", "PARTLY", "STATUSES", "record", "status"]

#: Posterior over prior variance at most this: the standard deviation is at least halved.
CONSTRAINED: Final = 0.25
#: At most this: a tenth of the variance, or more, is gone.
PARTLY: Final = 0.9
STATUSES: Final = ("constrained", "partly", "at its prior")
_TIED: Final = 0.5  # correlation from which a pair is named
_GROUPED: Final = 0.7  # and from which parameters are grouped
_PAIRS: Final = 40
_DIRECTIONS: Final = 12
_LOADINGS: Final = 4


def status(variance: float) -> str:
    """Return what the data did to a parameter, from its posterior over its prior variance."""
    if variance <= CONSTRAINED:
        return STATUSES[0]
    return STATUSES[1] if variance <= PARTLY else STATUSES[2]


def record(result: Identifiability) -> dict[str, Any]:
    """Return everything, ready for JSON.

    Keys: ``facts``, ``points``, ``left_out``, ``counts``, ``identified``, ``effective``,
    ``spectrum``, ``parameters`` (best known first), ``directions``, ``pairs``, ``groups``,
    ``correlation`` (of the constrained and partly constrained) and ``profiles``.
    """
    information, rows = result.information, result.measurements.rows
    parameters = _parameters(result)
    correlation = information.correlation
    shown = [p["name"] for p in parameters if p["status"] != STATUSES[2]]
    places = [rows.index(name) for name in shown]
    values = information.eigenvalues
    return {
        "facts": [fact.id for fact in result.facts],
        "points": len(result.measurements.points),
        "left_out": result.measurements.left_out,
        "counts": {s: sum(p["status"] == s for p in parameters) for s in STATUSES},
        "identified": information.identified,
        "effective": rounded(float((values / (1.0 + values)).sum())),
        "spectrum": [rounded(float(v)) for v in values],
        "parameters": parameters,
        "directions": _directions(result),
        "pairs": [
            {"first": rows[a], "second": rows[b], "correlation": _two(correlation[a, b])}
            for a, b in strongest(correlation, _TIED)[:_PAIRS]
        ],
        "groups": [[rows[k] for k in group] for group in clusters(correlation, _GROUPED)],
        "correlation": {
            "names": shown,
            "values": [[_two(x) for x in line] for line in correlation[np.ix_(places, places)]],
        },
        "profiles": [
            {
                "name": rows[p.parameter],
                "steps": p.steps.tolist(),
                "misfit": [rounded(float(v)) if math.isfinite(v) else None for v in p.misfit],
            }
            for p in result.profiles
        ],
    }


def _two(value: float) -> float:
    return round(float(value), 2) + 0.0  # no minus before a zero


def _parameters(result: Identifiability) -> list[dict[str, Any]]:
    information, measurements = result.information, result.measurements
    found = []
    for k, name in enumerate(measurements.rows):
        row = result.table[name]
        variance, prior = float(information.variance[k]), float(result.priors[k])
        told_by, share = _told_by(result, information.scaled[:, k])
        found.append(
            {
                "name": name,
                "value": row.value,
                "unit": row.unit,
                "confidence": row.confidence,
                "prior_sd": rounded(prior),
                "posterior_sd": rounded(prior * math.sqrt(variance)),
                "removed": rounded(1.0 - variance),
                "removed_alone": rounded(1.0 - float(information.alone[k])),
                "status": status(variance),
                "told_by": told_by,
                "told_share": rounded(share),
                "description": row.description,
            }
        )
    return sorted(found, key=lambda p: (-p["removed"], p["name"]))


def _told_by(result: Identifiability, column: NDArray[np.float64]) -> tuple[str, float]:
    """Return the curve that says most of a parameter, and its share of all that is said."""
    total = float((column**2).sum())
    if total == 0:
        return "", 0.0
    told: dict[str, float] = {}
    for point, value in zip(result.measurements.points, column, strict=True):
        told[point.series] = told.get(point.series, 0.0) + float(value) ** 2
    best = max(sorted(told), key=lambda series: told[series])
    return best, told[best] / total


def _directions(result: Identifiability) -> list[dict[str, Any]]:
    information, rows = result.information, result.measurements.rows
    found = []
    for k in range(min(_DIRECTIONS, len(rows))):
        vector = information.directions[:, k]
        order = np.argsort(-np.abs(vector), kind="stable")[:_LOADINGS]
        found.append(
            {
                "eigenvalue": rounded(float(information.eigenvalues[k])),
                "loadings": [{"name": rows[i], "weight": _two(vector[i])} for i in order],
            }
        )
    return found
