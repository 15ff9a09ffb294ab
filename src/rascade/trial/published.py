"""Published results of trial arms, to stand beside simulated ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.evidence import TrialArm

__all__ = ["calibration_uses", "published_results"]

_FIELDS = {
    "orr": ("orr_pct", "orr_ci_low_pct", "orr_ci_high_pct"),
    "dcr": ("dcr_pct", None, None),
    "pfs": ("pfs_median_months", "pfs_ci_low_months", "pfs_ci_high_months"),
    "os": ("os_median_months", "os_ci_low_months", "os_ci_high_months"),
}


@cache
def calibration_uses() -> Mapping[tuple[str, str], str]:
    """Return how a published result was used: (arm id, end point) -> ``calibrate`` or ``validate``.

    A result that is not listed was only ever compared with.
    """
    text = (files("rascade.trial") / "data" / "calibration.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["arm_id"], row["endpoint"]): row["use"] for row in rows}


def published_results(arm: str, arm_id: str) -> list[dict[str, Any]]:
    """Return what was published for an arm.

    Args:
        arm: name of the simulated arm.
        arm_id: id of the trial arm in the evidence, e.g. ``rasolute-302.daraxonrasib``.

    Returns:
        One row an end point with arm, endpoint, value, low, high, source and use, ready for JSON.

    Raises:
        EvidenceError: the evidence has no such arm.
    """
    from rascade.evidence import load

    record: TrialArm = load().trial(arm_id)
    rows = []
    for endpoint, fields in _FIELDS.items():
        value, low, high = (getattr(record, name) if name else None for name in fields)
        if value is not None:
            rows.append(
                {
                    "arm": arm,
                    "endpoint": endpoint,
                    "value": value,
                    "low": low,
                    "high": high,
                    "source": f"{record.trial}; {'; '.join(record.sources)}",
                    "use": calibration_uses().get((arm_id, endpoint), "compare"),
                }
            )
    return rows
