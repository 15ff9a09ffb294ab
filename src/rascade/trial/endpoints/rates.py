"""Shares of patients by best response."""

from __future__ import annotations

from rascade.trial.endpoints.kinds import RateEndPoint

__all__ = ["DISEASE_CONTROL", "OBJECTIVE_RESPONSE"]

OBJECTIVE_RESPONSE = RateEndPoint(
    name="orr",
    label="ORR",
    title="objective response rate",
    published=("orr_pct", "orr_ci_low_pct", "orr_ci_high_pct"),
    codes=("CR", "PR"),
)
DISEASE_CONTROL = RateEndPoint(
    name="dcr",
    label="DCR",
    title="disease control rate",
    published=("dcr_pct", None, None),
    codes=("CR", "PR", "SD"),
    limits=False,
)
