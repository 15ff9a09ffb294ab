"""The record of an attribution, ready for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from rascade import RESEARCH_USE
from rascade.analyses.attribution.question import ENDPOINTS
from rascade.analyses.attribution.run import Attribution, Spread
from rascade.errors import InputError
from rascade.model.pathways import PATHWAYS
from rascade.trial.results.records.codec import finite

__all__ = ["REST", "patient_record", "patient_rows", "record"]

#: Title of what passes through no pathway.
REST = "side effects and doses"


def record(found: Attribution, patient: int | None = None) -> dict[str, Any]:
    """Return the record: benefit, shares, interactions, and how it came about.

    Args:
        found: the attribution.
        patient: number of a patient whose own shares are added, from 0.

    Raises:
        InputError: there is no such patient, or the end point has none.
    """
    question, titles = found.question, [PATHWAYS[name] for name in found.question.players]
    shares = [
        {
            "mechanism": title,
            **_spread(share),
            "alone": finite(alone.value),
            "lost_without": finite(without.value),
        }
        for title, share, alone, without in zip(
            titles, found.shares, found.alone, found.without, strict=True
        )
    ]
    shares.append(
        {"mechanism": REST, **_spread(found.rest), "alone": found.rest.value, "lost_without": None}
    )
    endpoint = ENDPOINTS[question.endpoint]
    made: dict[str, Any] = {
        "endpoint": endpoint.name,
        "unit": endpoint.unit,
        "about": endpoint.about,
        "study": question.plan.name,
        "arm": found.arm,
        "reference": found.reference,
        "benefit": found.benefit.value,
        "low90": found.benefit.low90,
        "high90": found.benefit.high90,
        "shares": shares,
        "interactions": [
            {"mechanisms": [titles[one], titles[other]], **_spread(value)}
            for (one, other), value in zip(found.game.pairs, found.interactions, strict=True)
        ],
        "exact": found.game.exact,
        "sets": len(found.game.sets),
        "members": question.members,
        "patients": question.patients,
        "counted": found.counted,
        "follow_up_months": question.plan.follow_up_months,
        "seed": question.plan.seed,
        "research_use": RESEARCH_USE,
    }
    if patient is not None:
        made["patient"] = patient_record(found, patient)
    return made


def _spread(value: Spread) -> dict[str, float | None]:
    return {name: finite(getattr(value, name)) for name in ("value", "low90", "high90")}


def patient_record(found: Attribution, patient: int) -> dict[str, Any]:
    """Return the shares of one patient: mean over members, 90 % limits over members.

    Raises:
        InputError: there is no such patient, or the end point has none.
    """
    endpoint = ENDPOINTS[found.question.endpoint]
    if not endpoint.single:
        able = ", ".join(name for name, one in ENDPOINTS.items() if one.single)
        raise InputError(f"--patient: {endpoint.name} is of a group; give --endpoint {able}")
    if not 0 <= patient < found.question.patients:
        raise InputError(
            f"--patient: {patient}; patients have the numbers 0 to {found.question.patients - 1}"
        )
    own, limits = found.patients[:, patient], found.patient_limits[:, :, patient]
    if not np.isfinite(own).all():
        raise InputError(
            f"--patient: patient {patient} counts in no member (his tumour grows implausibly fast "
            "or slowly); give another"
        )
    titles = [*(PATHWAYS[name] for name in found.question.players), REST]
    numbers = zip(titles, own, limits[0], limits[1], strict=False)
    return {
        "number": patient,
        "benefit": float(own[:-1].sum()),
        "low90": float(limits[0, -1]),
        "high90": float(limits[1, -1]),
        "shares": [
            {"mechanism": title, "value": float(v), "low90": float(a), "high90": float(b)}
            for title, v, a, b in numbers
        ],
    }


def patient_rows(found: Attribution) -> list[dict[str, Any]]:
    """Return one row a patient and mechanism, for a table; none where the end point has none."""
    names = [*found.question.players, "rest", "benefit"]
    return [
        {
            "patient": patient,
            "mechanism": name,
            "value": float(found.patients[row, patient]),
            "low90": float(found.patient_limits[0, row, patient]),
            "high90": float(found.patient_limits[1, row, patient]),
        }
        for patient in range(found.patients.shape[1])
        for row, name in enumerate(names)
    ]
