"""When progression-free survival is censored: the rules of FDA and EMA, and the reasons.

* ``ema``: progression or death counts whenever it happens, whatever other treatment was begun or
  scan was missed before it (EMA/CHMP/27994/2008 Rev. 1, appendix 1 to the guideline on anticancer
  medicines; recalled). This is the treatment policy of ICH E9(R1), and the default.
* ``fda``: an event after the start of another anticancer treatment, or after two or more missed
  assessments in a row, does not count; the patient is censored at the last adequate assessment
  before it. (FDA guidance "Clinical Trial Endpoints for the Approval of Cancer Drugs and
  Biologics", 2018, recalled; its first example table of PFS analyses read in the version of 2007.
  That table also censors whoever ends treatment for toxicity before progression; this does not.)

Without an event both censor at the last adequate assessment, and at the start where there is none.
An assessment is adequate if it is not NE; it is missed when its window has closed without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.errors import InputError
from rascade.trial.assessment.response import Response
from rascade.trial.assessment.times import CENSORED, TimeToEvent, progression_free_survival

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rascade.trial.assessment.response import Flags, Floats

__all__ = [
    "ALIVE_AT_CUT",
    "ALIVE_AT_END",
    "DESCRIPTIONS",
    "DROPOUT",
    "LOST",
    "NEW_TREATMENT",
    "NO_ASSESSMENT",
    "NO_EVENT_AT_CUT",
    "NO_EVENT_AT_END",
    "RULES",
    "TWO_MISSED",
    "Followed",
    "check_rule",
    "pfs_by_rule",
    "survival_reason",
]

#: Rule -> what it does, in words for readers.
DESCRIPTIONS = {
    "ema": "EMA: progression or death counts whenever it happens",
    "fda": (
        "FDA: censored at the last adequate assessment before another anticancer treatment, or "
        "before two or more missed assessments"
    ),
}
RULES = tuple(DESCRIPTIONS)
_MISSED = 2

NO_EVENT_AT_CUT = "no event by the data cut"
NO_EVENT_AT_END = "no event by the end of follow-up"
DROPOUT = "dropout"
NEW_TREATMENT = "new anticancer treatment"
TWO_MISSED = "two or more missed assessments"
NO_ASSESSMENT = "no assessment after baseline"
ALIVE_AT_CUT, ALIVE_AT_END = "alive at the data cut", "alive at the end of follow-up"
LOST = "lost to follow-up"


@dataclass(frozen=True)
class Followed:
    """How long patients were followed; arrays of shape (n,), in days.

    Attributes:
        cut: observation ended with the data cut, before the planned follow-up was over.
        dropout_day: end of treatment and scans by the patient's own will; infinite where not.
        lost: those of them whose survival is not followed either.
        new_treatment_day: start of treatment other than the assigned; infinite where not.
    """

    cut: Flags
    dropout_day: Floats
    lost: Flags
    new_treatment_day: Floats


def check_rule(rule: str) -> None:
    """Check that there is such a rule.

    Raises:
        InputError: there is none.
    """
    if rule not in RULES:
        raise InputError(f"pfs_censoring: {rule!r} is not one of {', '.join(RULES)}")


def pfs_by_rule(
    rule: str,
    overall: ArrayLike,
    day: ArrayLike,
    death_day: ArrayLike,
    *,
    closes: ArrayLike,
    followed: Followed,
    reason: ArrayLike,
) -> tuple[TimeToEvent, NDArray[np.str_]]:
    """Progression-free survival by a rule, and why it is censored.

    Args:
        rule: one of `RULES`.
        overall: (n, v) `Response` codes; NE where there was no scan.
        day: (n, v) days of the scans; NaN where there was none.
        death_day: (n,) day of death, NaN or infinite if not seen to die.
        closes: (v,) last day of the window of each scheduled scan.
        followed: how long patients were followed.
        reason: (n, v) texts from `rascade.trial.assessment.times.progression_reason`.

    Returns:
        The times, and (n,) reasons of censoring, blank for an event.

    Raises:
        InputError: there is no such rule.
    """
    check_rule(rule)
    found = progression_free_survival(overall, day, death_day, reason=reason)
    code, days = np.asarray(overall), np.asarray(day, dtype=float)
    adequate = np.isfinite(days) & (code != Response.NE)
    usual = np.select(
        [found.day <= 0, np.isfinite(followed.dropout_day), followed.cut],
        [NO_ASSESSMENT, DROPOUT, NO_EVENT_AT_CUT],
        default=NO_EVENT_AT_END,
    )
    why = np.where(found.event, "", usual)
    if rule == "ema":
        return found, why
    end = np.where(found.event, found.day, np.inf)
    gap = _last(days, adequate & (days < end[:, None]))
    skipped = found.event & (_missed_before(end, adequate, days, closes) >= _MISSED)
    switched = followed.new_treatment_day < end
    before = _last(days, adequate & (days <= followed.new_treatment_day[:, None]))
    # Another treatment comes first where no assessment lies between it and the gap.
    by_switch = switched & (~skipped | (before < gap))
    at = np.where(by_switch, before, gap)
    # Who was last assessed before his other treatment, without an event, is censored there anyway.
    newly = (switched | skipped) & (found.event | (at < found.day))
    return (
        TimeToEvent(
            np.where(newly, at, found.day),
            found.event & ~newly,
            np.where(newly, CENSORED, found.reason),
        ),
        np.where(newly, np.where(by_switch, NEW_TREATMENT, TWO_MISSED), why),
    )


def _missed_before(end: Floats, adequate: Flags, days: Floats, closes: ArrayLike) -> Floats:
    """Count the assessments missed in a row before a day; (n,).

    The scan that shows an event is never among them: its window closes no earlier than the event.
    """
    number = np.arange(days.shape[1])
    seen = np.where(adequate & (days < end[:, None]), number, -1).max(axis=1, initial=-1)
    over = np.asarray(closes, dtype=float)[None, :] < end[:, None]
    return np.asarray((over & ~adequate & (number > seen[:, None])).sum(axis=1))


def survival_reason(event: Flags, followed: Followed) -> NDArray[np.str_]:
    """Return why overall survival is censored, (n,); blank for a death."""
    why = np.select([followed.lost, followed.cut], [LOST, ALIVE_AT_CUT], default=ALIVE_AT_END)
    return np.where(event, "", why)


def _last(days: Floats, where: Flags) -> Floats:
    """Return the last of some days of each patient, 0 where there is none."""
    return np.asarray(np.where(where, days, 0.0).max(axis=1, initial=0.0))
