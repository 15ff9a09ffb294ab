"""Time to a confirmed response and its duration, as columns of the table of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.assessment.times import (
    TimeToEvent,
    duration_of_response,
    months,
    time_to_response,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rascade.trial.assessment.response import Flags

__all__ = ["confirmed_times"]


def confirmed_times(
    overall: ArrayLike, day: ArrayLike, pfs: TimeToEvent, failed: Flags
) -> dict[str, Any]:
    """Return time to and duration of responses that were seen again 28 days later.

    Both are dated by the first of the two readings, as in `time_to_response`.

    Args:
        overall: (n, v) `Response` codes.
        day: (n, v) or (v,) days of the visits.
        pfs: progression-free survival of the same patients.
        failed: (n,) patients whose simulation failed, and whose times are blank.
    """
    first = time_to_response(overall, day, confirm=True)
    lasted = duration_of_response(first, pfs)
    return {
        "ttr_confirmed_months": np.where(failed, np.nan, months(first)),
        "dor_confirmed_months": np.where(failed, np.nan, months(lasted.day)),
        "dor_confirmed_event": lasted.event,
    }
