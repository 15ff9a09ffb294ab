"""Best overall response and best change of a patient, from the responses at the visits.

RECIST 1.1 (Eisenhauer et al. 2009, PMID 19097774), section 4.4 and Table 3. Only visits up to the
first progression count. Where Table 3 leaves room, the rule is the one that the pharmaverse
programs for ADRS data sets use: a confirming visit must follow with nothing but CR, PR or NE in
between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.assessment.response import Response

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rascade.trial.assessment.response import Codes, Flags, Floats

__all__ = [
    "CONFIRMATION_DAYS",
    "MINIMUM_STABLE_DAYS",
    "before_progression",
    "best_change",
    "best_overall_response",
    "response_visits",
]

CONFIRMATION_DAYS = 28.0  # "generally 4 weeks later", section 4.4.3
MINIMUM_STABLE_DAYS = 42.0  # "in general not less than 6-8 weeks", section 4.6.1


def before_progression(overall: ArrayLike, *, inclusive: bool = True) -> Flags:
    """Flag the visits up to the first PD.

    Args:
        overall: (n, v) `Response` codes.
        inclusive: count the visit of the progression itself.

    Returns:
        (n, v) flags.
    """
    progressed = np.asarray(overall) == Response.PD
    so_far = np.cumsum(progressed, axis=1)
    return np.asarray(so_far - progressed == 0 if inclusive else so_far == 0)


def response_visits(
    overall: ArrayLike,
    day: ArrayLike,
    *,
    confirm: bool = False,
    confirmation_days: float = CONFIRMATION_DAYS,
) -> tuple[Flags, Flags]:
    """Flag the visits at which a response that counts was first or again seen.

    Args:
        overall: (n, v) `Response` codes.
        day: (n, v) or (v,) day of each visit; may be NaN where there was none.
        confirm: ask for a second reading at least `confirmation_days` later.
        confirmation_days: days between the two readings.

    Returns:
        Two (n, v) flags: visits with a CR that counts; visits with a CR or PR that counts.
    """
    code = np.asarray(overall)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    counted = before_progression(code, inclusive=False)
    complete = counted & (code == Response.CR)
    any_response = complete | (counted & (code == Response.PR))
    if not confirm:
        return complete, any_response
    neutral = counted & (code == Response.NE)
    return (
        _confirmed(complete, complete | neutral, days, confirmation_days),
        _confirmed(any_response, any_response | neutral, days, confirmation_days),
    )


def _confirmed(reading: Flags, bridge: Flags, days: Floats, gap: float) -> Flags:
    # Walk back from the last visit: keep the day of the latest reading that can be reached from
    # here over visits that do not break the chain.
    patients, visits = reading.shape
    latest = np.full(patients, -np.inf)
    result = np.zeros_like(reading)
    for visit in range(visits - 1, -1, -1):
        now = np.where(np.isfinite(days[:, visit]), days[:, visit], np.inf)
        result[:, visit] = reading[:, visit] & (latest - now >= gap)
        latest = np.where(reading[:, visit], np.maximum(latest, days[:, visit]), latest)
        latest = np.where(bridge[:, visit], latest, -np.inf)
    return result


def best_overall_response(
    overall: ArrayLike,
    day: ArrayLike,
    *,
    confirm: bool = False,
    confirmation_days: float = CONFIRMATION_DAYS,
    minimum_stable_days: float = MINIMUM_STABLE_DAYS,
) -> Codes:
    """Best overall response of each patient (section 4.4.3, Table 3).

    A reading of CR, PR or SD that is not (confirmed as) a response counts as SD if it was made at
    least `minimum_stable_days` after the start; otherwise the patient is PD if a progression was
    read at any visit, else NE.

    Args:
        overall: (n, v) `Response` codes; NE where there was no visit.
        day: (n, v) or (v,) day of each visit, 0 = start of treatment.
        confirm: ask that CR and PR be confirmed. RECIST asks for it where response is the primary
            end point of a trial without randomisation; off otherwise.
        confirmation_days: days between the two readings of a confirmed response.
        minimum_stable_days: least day of a reading that makes stable disease.

    Returns:
        (n,) `Response` codes.
    """
    code = np.asarray(overall)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    complete, any_response = response_visits(
        code, days, confirm=confirm, confirmation_days=confirmation_days
    )
    steady = before_progression(code, inclusive=False) & (code <= Response.SD)
    stable = (steady & (days >= minimum_stable_days)).any(axis=1)
    best = np.select(
        [complete.any(axis=1), any_response.any(axis=1), stable, (code == Response.PD).any(axis=1)],
        [Response.CR, Response.PR, Response.SD, Response.PD],
        default=Response.NE,
    )
    return best.astype(np.int8)


def best_change(change_pct: ArrayLike, overall: ArrayLike) -> Floats:
    """Smallest change from baseline up to and including the first PD, as a waterfall shows it.

    Args:
        change_pct: (n, v) change of the sum of diameters from baseline, %; NaN not evaluable.
        overall: (n, v) `Response` codes.

    Returns:
        (n,) %, NaN for a patient without a complete scan after baseline.
    """
    change = np.asarray(change_pct, dtype=float)
    usable = before_progression(overall) & np.isfinite(change)
    least = np.where(usable, change, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, np.nan)
