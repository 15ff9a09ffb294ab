"""Data of the user's own as rows beside the simulated results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.statistics.survival import kaplan_meier

if TYPE_CHECKING:
    from rascade.trial.design.own_data import ArmData

__all__ = ["own_curves", "own_results"]


def own_results(arm: str, data: ArmData) -> list[dict[str, Any]]:
    """Return the numbers of an arm's own data, and the medians of its patients.

    Returns:
        Rows as `rascade.trial.results.published.arms.published_results` has them.
    """
    rows = {value.endpoint: (value.value, value.low, value.high, "") for value in data.values}
    for curve in data.curves:
        if curve.endpoint not in rows:
            found = kaplan_meier(np.array(curve.months), np.array(curve.events)).median()
            if found.estimate is not None:
                rows[curve.endpoint] = (found.estimate, found.low, found.high, curve.how)
    return [
        {
            "arm": arm, "endpoint": endpoint, "value": value, "low": low, "high": high,
            "source": data.source, "use": "compare", "note": note,
        }
        for endpoint, (value, low, high, note) in rows.items()
    ]  # fmt: skip


def own_curves(arm: str, data: ArmData) -> list[dict[str, Any]]:
    """Return the patients of an arm's own data, one row an end point, ready for JSON."""
    return [
        {
            "arm": arm, "endpoint": curve.endpoint, "source": data.source, "how": curve.how,
            "months": list(curve.months), "events": list(curve.events),
        }
        for curve in data.curves
    ]  # fmt: skip
