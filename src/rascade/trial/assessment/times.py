"""Times to events from visits and deaths: PFS, OS, responses and how long they last.

Rules, as the FDA guidance on cancer trial end points (2018) and RECIST 1.1 have them:

* PFS runs from the start to the first visit with PD or to death of any cause, whichever is first.
  The date of progression is the date of the visit that showed it, as in a real trial.
* Without either it is censored at the last adequate assessment (a visit that is not NE); with no
  adequate assessment at all, at the start.
* With `max_gap_days`, an event that follows the last adequate assessment by more than that gap
  (two missed visits, in most protocols) is censored at that assessment instead.
* OS runs to death of any cause, censored at the last day known to be alive.
* Response rates count every patient: NE is not a response.
* Duration of response runs from the first reading of a response that counts to the PFS event.

Times are days from the start of treatment; a month has 30.4375 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.assessment.best_response import before_progression, response_visits
from rascade.trial.assessment.response import NonTarget, Response
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rascade.trial.assessment.response import Flags, Floats

__all__ = [
    "REASONS",
    "TimeToEvent",
    "disease_controlled",
    "duration_of_response",
    "months",
    "overall_survival",
    "progression_bounds",
    "progression_free_survival",
    "progression_reason",
    "responded",
    "time_to_response",
]

TARGET, NEW_LESION = "progression: target", "progression: new lesion"
NON_TARGET, DEATH, CENSORED = "progression: non-target", "death", "censored"
REASONS = (TARGET, NEW_LESION, NON_TARGET, DEATH, CENSORED)


@dataclass(frozen=True)
class TimeToEvent:
    """A time with its event flag; arrays of shape (n,).

    Attributes:
        day: day of the event or of censoring; NaN where the end point does not apply.
        event: the event was seen (the inverse of CNSR in ADaM).
        reason: why it ended, one of `REASONS`.
    """

    day: Floats
    event: Flags
    reason: NDArray[np.str_]

    @property
    def months(self) -> Floats:
        """The times in months."""
        return months(self.day)


def months(days: ArrayLike) -> Floats:
    """Turn days into months of 30.4375 days."""
    return np.asarray(days, dtype=float) / DAYS_PER_MONTH


def progression_reason(
    target: ArrayLike, non_target: ArrayLike, new_lesion: ArrayLike, overall: ArrayLike
) -> NDArray[np.str_]:
    """Say why each visit is a progression; the arrays broadcast together.

    Args:
        target: `Response` codes of the targets.
        non_target: `NonTarget` codes.
        new_lesion: flags.
        overall: `Response` codes of the visit.

    Returns:
        One of `REASONS`; targets come before new lesions before non-targets where several apply,
        and a lesion that came back after a CR counts with the targets. ``censored`` where the
        visit is no progression.
    """
    progressed = np.asarray(overall) == Response.PD
    by_target = progressed & (np.asarray(target) == Response.PD)
    by_new = progressed & np.asarray(new_lesion, dtype=bool)
    by_other = progressed & (np.asarray(non_target) == NonTarget.PD)
    return np.select(
        [by_target, by_new, by_other, progressed],
        [TARGET, NEW_LESION, NON_TARGET, TARGET],
        default=CENSORED,
    )


def progression_free_survival(
    overall: ArrayLike,
    day: ArrayLike,
    death_day: ArrayLike,
    *,
    reason: ArrayLike = TARGET,
    max_gap_days: float | None = None,
) -> TimeToEvent:
    """Progression-free survival by the rules of this module.

    Args:
        overall: (n, v) `Response` codes; NE where there was no visit.
        day: (n, v) or (v,) days of the visits in ascending order; NaN where there was none.
        death_day: (n,) day of death, NaN or infinite if not seen to die.
        reason: (n, v) or scalar texts from `progression_reason`.
        max_gap_days: longest time between the last adequate assessment and the event.
    """
    code = np.asarray(overall)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    why = np.broadcast_to(np.asarray(reason), code.shape)
    death = np.where(np.isfinite(death_day), np.asarray(death_day, dtype=float), np.inf)
    held = np.isfinite(days) & (days <= death[:, None])
    progressed = held & (code == Response.PD)
    found = progressed.any(axis=1)
    first = progressed.argmax(axis=1) if code.shape[1] else np.zeros(len(code), dtype=np.intp)
    pd_day = np.where(found, _pick(days, first), np.inf)
    adequate = held & (code != Response.NE) & (days < np.minimum(pd_day, death)[:, None])
    last = np.where(adequate, days, 0.0).max(axis=1, initial=0.0)
    end = np.minimum(pd_day, death)
    event = np.isfinite(end)
    if max_gap_days is not None:
        event &= end - last <= max_gap_days
    text = np.where(pd_day <= death, _pick(why, first), DEATH)
    return TimeToEvent(np.where(event, end, last), event, np.where(event, text, CENSORED))


def progression_bounds(
    overall: ArrayLike, day: ArrayLike, death_day: ArrayLike
) -> tuple[Floats, Floats]:
    """Say between which days each patient progressed or died, for interval-censored PFS.

    Progression lies after the last adequate visit without it and no later than the visit that
    showed it; a death without progression is known to the day.

    Args:
        overall: (n, v) `Response` codes; NE where there was no visit.
        day: (n, v) or (v,) days of the visits in ascending order; NaN where there was none.
        death_day: (n,) day of death, NaN or infinite if not seen to die.

    Returns:
        Two (n,) arrays: the last day known to be free of it (0 without an adequate visit), and the
        first known to be not; infinite where neither was seen, equal for a death.
    """
    pfs = progression_free_survival(overall, day, death_day)
    code = np.asarray(overall)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    fine = np.isfinite(days) & (code != Response.NE) & (days < pfs.day[:, None])
    last = np.where(fine, days, 0.0).max(axis=1, initial=0.0)
    died = pfs.reason == DEATH
    left = np.where(pfs.event, np.where(died, pfs.day, last), pfs.day)
    return left, np.where(pfs.event, pfs.day, np.inf)


def _pick(values: NDArray[np.generic], column: NDArray[np.intp]) -> NDArray[np.generic]:
    if values.shape[1] == 0:
        return np.full(values.shape[0], np.nan if values.dtype.kind == "f" else "")
    return values[np.arange(values.shape[0]), column]


def overall_survival(death_day: ArrayLike, last_alive_day: ArrayLike) -> TimeToEvent:
    """Overall survival.

    Args:
        death_day: (n,) day of death, NaN or infinite if not seen to die.
        last_alive_day: (n,) or scalar last day known to be alive; a later death is not an event.
    """
    death = np.where(np.isfinite(death_day), np.asarray(death_day, dtype=float), np.inf)
    alive = np.broadcast_to(np.asarray(last_alive_day, dtype=float), death.shape)
    event = death <= alive
    return TimeToEvent(np.where(event, death, alive), event, np.where(event, DEATH, CENSORED))


def responded(best: ArrayLike) -> Flags:
    """Flag objective responses (CR or PR) among best overall responses (n,)."""
    return np.asarray(best) <= Response.PR


def disease_controlled(best: ArrayLike) -> Flags:
    """Flag disease control (CR, PR or SD) among best overall responses (n,)."""
    return np.asarray(best) <= Response.SD


def time_to_response(
    overall: ArrayLike, day: ArrayLike, *, confirm: bool = False, confirmation_days: float = 28.0
) -> Floats:
    """Day of the first reading of a response that counts, (n,); NaN for patients without one.

    A confirmed response is dated by its first reading, not by the confirming one.
    """
    code = np.asarray(overall)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    seen = response_visits(code, days, confirm=confirm, confirmation_days=confirmation_days)[1]
    first = np.where(seen & before_progression(code), days, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(first), first, np.nan)


def duration_of_response(first_response_day: ArrayLike, pfs: TimeToEvent) -> TimeToEvent:
    """Duration of response of the responders, NaN for all others.

    Args:
        first_response_day: (n,) from `time_to_response`.
        pfs: progression-free survival of the same patients.
    """
    start = np.asarray(first_response_day, dtype=float)
    applies = np.isfinite(start)
    # With a missed-visit rule PFS can be censored before the response was read: zero, not less.
    length = np.maximum(pfs.day - np.where(applies, start, 0.0), 0.0)
    return TimeToEvent(
        np.where(applies, length, np.nan),
        pfs.event & applies,
        np.where(applies, pfs.reason, CENSORED),
    )
