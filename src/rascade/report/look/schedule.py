"""Visits by the day on which the protocol had them, for what is counted visit by visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["on_schedule"]


def on_schedule(visits: pd.DataFrame) -> pd.DataFrame:
    """Return visits with `day` as scheduled; scans are made some days before or after it.

    Results from before scans had a window hold no ``scheduled_day``, and keep their days.
    """
    if "scheduled_day" not in visits:
        return visits
    return visits.assign(day=visits["scheduled_day"].astype(float))
