"""Results of the user's own, to stand beside simulated ones as published ones do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rascade.trial.endpoints import END_POINTS, TimeEndPoint

if TYPE_CHECKING:
    from rascade.trial.design.spec import ArmSpec, TrialSpec

__all__ = ["own_contrasts", "own_curves", "own_rows"]


def own_rows(arm: ArmSpec) -> list[dict[str, Any]]:
    """Return rates and medians, as `rascade.trial.results.published.arms.published_results`."""
    rows = []
    for end in END_POINTS:
        given = (arm.own or {}).get(end.name)
        key = "median" if isinstance(end, TimeEndPoint) else "value"
        if given is not None and key in given:
            rows.append({"arm": arm.name, "endpoint": end.name, **_told(arm, given, key)})
    return rows


def own_contrasts(spec: TrialSpec) -> list[dict[str, Any]]:
    """Return hazard ratios against the reference arm."""
    return [
        {
            "arm": arm.name,
            "reference": spec.reference_arm,
            "endpoint": name,
            **_told(arm, given, "value"),
        }
        for arm in spec.arms
        for name, given in (arm.own or {}).get("hazard_ratios", {}).items()
    ]


def own_curves(arm: ArmSpec) -> list[dict[str, Any]]:
    """Return patients and landmark rates of each end point, and tumour sizes, for figures.

    Own ones, or the landmark rates of the arm of the evidence.

    Rows with arm, endpoint (``sizes`` for tumour sizes), source, how, files; months and events, or
    rates by month, or patient, month and change_pct.
    """
    rows = _landmarks(arm)
    own = arm.own or {}
    for name, given in own.items():
        if isinstance(given, Mapping) and {"months", "rates", "change_pct"} & set(given):
            kept = ("months", "events", "rates", "patient", "month", "change_pct", "how", "files")
            found = {key: given[key] for key in (*kept, "worst") if key in given}
            rows.append({"arm": arm.name, "endpoint": name, "source": _source(arm), **found})
    return rows


def _landmarks(arm: ArmSpec) -> list[dict[str, Any]]:
    """Return the landmark rates that the evidence has of the published arm."""
    if arm.published is None:
        return []
    from rascade.evidence import load

    found: dict[str, dict[str, Any]] = {}
    for one in load().landmarks:
        if one.arm_id == arm.published:
            name = one.endpoint.lower()
            start = {"arm": arm.name, "endpoint": name, "source": "; ".join(one.sources)}
            row = found.setdefault(name, {**start, "rates": {}})
            row["rates"][f"{one.month:g}"] = one.percent
    return list(found.values())


def _told(arm: ArmSpec, given: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        "value": given[key],
        "low": given.get("low"),
        "high": given.get("high"),
        "source": _source(arm),
        "use": "compare",
        "note": str(given.get("how", "")),
    }


def _source(arm: ArmSpec) -> str:
    return str((arm.own or {}).get("source", "own data"))
