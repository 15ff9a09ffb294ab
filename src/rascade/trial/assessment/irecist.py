"""iRECIST over visits, for many patients at once: unconfirmed and confirmed progression, resets.

The criteria are those of Seymour et al. 2017 (Lancet Oncol 18:e143-e152, PMID 28271869). Targets
and non-targets are read as in RECIST 1.1; what differs is what follows a progression. Functions
are pure; the unit of work is one visit, as in `rascade.trial.assessment.response`.

After an unconfirmed progression (iUPD) the next evaluable visit decides:

* **confirmed (iCPD)** if the disease went on to progress: the target sum is at least 5 mm above
  its value at the iUPD where the targets had progressed; non-targets are worse than at the iUPD
  where they had; new lesions grew by at least 5 mm in sum, worsened or became more than at the iUPD
  where there were any; or a category that had not progressed does now;
* **iUPD again** if what made it an iUPD still holds, without that;
* **reset** otherwise: iCR, iPR or iSD by comparison with baseline, and a later progression must be
  iUPD first and confirmed anew. New lesions need not vanish for iPR or iSD, but must have shrunk.

Readings that the paper leaves open, chosen here and used by the tests:

* "Further growth" is counted from the first iUPD of the run that is pending, so that a tumour which
  creeps on by 3 mm a scan is confirmed at the second of them ("sequential increases are additive",
  EORTC's answers on iRECIST, recist.eortc.org/faq/how-do-new-lesions-define-progression). A smaller
  reading in between lowers no bar: 60, 57 and 62 mm are 2 mm more than at the iUPD, which the error
  of reading alone can make.
* After a reset new lesions that are known make an iUPD anew if one more is there than when last
  seen, or if their sum is 20 % and 5 mm above its smallest since, as RECIST 1.1 has it (same
  source).
* A visit that is not evaluable between iUPD and the next one neither confirms nor resets.
* After iCPD a patient stays iCPD.
* An iUPD that nothing evaluable follows counts as progression at its own date, whether the patient
  died, left, or the data end there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rascade.trial.assessment.best_response import MINIMUM_STABLE_DAYS
from rascade.trial.assessment.response import PROGRESSION as PROGRESSION_SHARE
from rascade.trial.assessment.response import NonTarget, Response
from rascade.trial.assessment.times import CENSORED, DEATH, TimeToEvent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rascade.trial.assessment.response import Codes, Flags, Floats

__all__ = [
    "IProgress",
    "IResponse",
    "IVisit",
    "assess_immune",
    "begin_immune",
    "best_immune_response",
    "immune_labels",
    "immune_progression_free_survival",
    "next_immune_visit",
]

GROWTH_MM = 5.0  # further growth of the target sum, or of the sum of new lesions, that confirms
_ROUNDING_MM = 1e-9
PROGRESSION = "progression: iRECIST"


class IResponse(IntEnum):
    """Response at a visit by iRECIST; a smaller number is a better best response."""

    ICR = 0
    IPR = 1
    ISD = 2
    ICPD = 3
    IUPD = 4
    NE = 5


_LABELS = np.array(["iCR", "iPR", "iSD", "iCPD", "iUPD", "NE"])


def immune_labels(codes: ArrayLike) -> NDArray[np.str_]:
    """Return codes as the texts ``iCR``, ``iPR``, ``iSD``, ``iCPD``, ``iUPD``, ``NE``."""
    return np.asarray(_LABELS[np.asarray(codes, dtype=np.intp)])


class IVisit(NamedTuple):
    """What is seen at a visit; arrays of shape (n,).

    Attributes:
        sld_mm: sum of the targets; NaN where none was measured.
        target: `Response` codes of the targets by RECIST 1.1, against baseline and nadir.
        non_target: `NonTarget` codes.
        returned: a target or non-target that had gone in an earlier CR is back, which is PD by
            RECIST 1.1 whatever its size.
        non_target_worse: non-targets are worse than at the iUPD that is pending.
        new_count: new lesions that are there now.
        new_mm: sum of diameters of the measurable ones among them.
        new_worse: new lesions that cannot be measured are worse than at the iUPD that is pending.
        evaluable: the visit took place and shows something.
    """

    sld_mm: Floats
    target: Codes
    non_target: Codes
    returned: Flags
    non_target_worse: Flags
    new_count: NDArray[np.int64]
    new_mm: Floats
    new_worse: Flags
    evaluable: Flags


@dataclass(frozen=True)
class IProgress:
    """What must be remembered of each patient between visits; arrays of shape (n,).

    Attributes:
        pending: the last evaluable visit was an iUPD.
        confirmed: an iCPD was seen.
        by_target, by_non_target, by_new: categories that had progressed in the pending iUPD.
        sld_mm: target sum at the iUPD with which the pending run began; infinite without one.
        new_count: new lesions then; without a pending iUPD, when last seen.
        new_mm: sum of new lesions then; without a pending iUPD, the smallest since they are
            accounted for.
    """

    pending: Flags
    confirmed: Flags
    by_target: Flags
    by_non_target: Flags
    by_new: Flags
    sld_mm: Floats
    new_count: NDArray[np.int64]
    new_mm: Floats


def begin_immune(patients: int) -> IProgress:
    """Make the state at baseline of some patients."""
    none = np.zeros(patients, dtype=bool)
    return IProgress(
        none,
        none,
        none,
        none,
        none,
        np.full(patients, np.inf),
        np.zeros(patients, dtype=np.int64),
        np.zeros(patients),
    )


def next_immune_visit(state: IProgress, visit: IVisit) -> tuple[IProgress, Codes]:
    """Read one more visit.

    Args:
        state: the state after the visit before.
        visit: what is seen now.

    Returns:
        The new state and `IResponse` codes, (n,).
    """
    target = (visit.target == Response.PD) | visit.returned
    other = visit.non_target == NonTarget.PD
    present = visit.new_count > 0
    gained = visit.new_mm - state.new_mm >= GROWTH_MM - _ROUNDING_MM
    gained &= state.pending | (visit.new_mm >= PROGRESSION_SHARE * state.new_mm - _ROUNDING_MM)
    more_new = (visit.new_count > state.new_count) | (present & (gained | visit.new_worse))
    grown = np.nan_to_num(visit.sld_mm, nan=-np.inf) - state.sld_mm >= GROWTH_MM - _ROUNDING_MM
    confirms = state.pending & (
        (state.by_target & grown)
        | (state.by_non_target & visit.non_target_worse)
        | (state.by_new & more_new)
        | (target & ~state.by_target)
        | (other & ~state.by_non_target)
        | (more_new & ~state.by_new)
    )
    kept_new = present & (visit.new_count >= state.new_count) & (visit.new_mm >= state.new_mm)
    holds = state.pending & (
        (state.by_target & target) | (state.by_non_target & other) | (state.by_new & kept_new)
    )
    first = ~state.pending & (target | other | more_new)
    code = np.select(
        [
            state.confirmed,
            ~visit.evaluable,
            confirms,
            holds | first,
        ],
        [IResponse.ICPD, IResponse.NE, IResponse.ICPD, IResponse.IUPD],
        default=_without_progression(visit, present),
    ).astype(np.int8)
    return _remember(state, visit, code, (target, other, more_new | (state.by_new & present))), code


def _without_progression(visit: IVisit, new: Flags) -> Codes:
    clear = ((visit.non_target == NonTarget.NONE) | (visit.non_target == NonTarget.CR)) & ~new
    code = np.select(
        [visit.target == r for r in (Response.CR, Response.PR, Response.SD)],
        [np.where(clear, IResponse.ICR, IResponse.IPR), IResponse.IPR, IResponse.ISD],
        default=IResponse.NE,
    )
    return code.astype(np.int8)


def _remember(
    state: IProgress, visit: IVisit, code: Codes, progressed: tuple[Flags, Flags, Flags]
) -> IProgress:
    unconfirmed, unread = code == IResponse.IUPD, code == IResponse.NE
    stays = state.pending & (unconfirmed | unread)
    starts = ~state.pending & unconfirmed
    pending = np.where(unread, state.pending, unconfirmed)
    sum_now = np.where(np.isfinite(visit.sld_mm), visit.sld_mm, np.inf)
    by = [
        np.where(starts, now, stays & (before | (unconfirmed & now)))
        for now, before in zip(
            progressed, (state.by_target, state.by_non_target, state.by_new), strict=True
        )
    ]
    # What an iUPD saw stays what the visits after it are compared with.
    kept = unread | stays
    anew = starts | (visit.new_count > state.new_count)
    new_mm = np.where(anew, visit.new_mm, np.minimum(state.new_mm, visit.new_mm))
    return replace(
        state,
        pending=pending,
        confirmed=state.confirmed | (code == IResponse.ICPD),
        by_target=by[0],
        by_non_target=by[1],
        by_new=by[2],
        sld_mm=np.where(starts, sum_now, np.where(stays, state.sld_mm, np.inf)),
        new_count=np.where(kept, state.new_count, visit.new_count),
        new_mm=np.where(kept, state.new_mm, new_mm),
    )


def assess_immune(visits: IVisit) -> Codes:
    """Read all visits of n patients: `IVisit` of arrays (n, v) in, `IResponse` codes (n, v) out."""
    patients, count = visits.target.shape
    state = begin_immune(patients)
    codes = np.empty((patients, count), dtype=np.int8)
    for column in range(count):
        fields: list[Any] = [field[:, column] for field in visits]
        state, codes[:, column] = next_immune_visit(state, IVisit(*fields))
    return codes


def best_immune_response(
    codes: ArrayLike, day: ArrayLike, *, minimum_stable_days: float = MINIMUM_STABLE_DAYS
) -> Codes:
    """Best overall response by iRECIST (iBOR), from the start up to confirmed progression.

    An iUPD before it does not rule out a later iCR, iPR or iSD.

    Args:
        codes: (n, v) `IResponse` codes.
        day: (n, v) or (v,) days of the visits.
        minimum_stable_days: least day of a reading that makes stable disease.

    Returns:
        (n,) `IResponse` codes.
    """
    code = np.asarray(codes)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    counts = np.cumsum(code == IResponse.ICPD, axis=1) == 0
    held = counts & (code <= IResponse.ISD)
    best = np.select(
        [
            (held & (code == IResponse.ICR)).any(axis=1),
            (held & (code == IResponse.IPR)).any(axis=1),
            (held & (days >= minimum_stable_days)).any(axis=1),
            (code == IResponse.ICPD).any(axis=1),
            (code == IResponse.IUPD).any(axis=1),
        ],
        [IResponse.ICR, IResponse.IPR, IResponse.ISD, IResponse.ICPD, IResponse.IUPD],
        default=IResponse.NE,
    )
    return best.astype(np.int8)


def immune_progression_free_survival(
    codes: ArrayLike, day: ArrayLike, death_day: ArrayLike
) -> TimeToEvent:
    """Progression-free survival by iRECIST (iPFS).

    Progression is dated at the first iUPD of the run of iUPDs that was confirmed, or that nothing
    evaluable overturned; an iUPD that iSD, iPR or iCR followed does not count.

    Args:
        codes: (n, v) `IResponse` codes; NE where there was no visit.
        day: (n, v) or (v,) days of the visits in ascending order.
        death_day: (n,) day of death, NaN or infinite if not seen to die.
    """
    code = np.asarray(codes)
    days = np.broadcast_to(np.asarray(day, dtype=float), code.shape)
    death = np.where(np.isfinite(death_day), np.asarray(death_day, dtype=float), np.inf)
    start = np.full(len(code), np.inf)
    last = np.zeros(len(code))
    closed = np.zeros(len(code), dtype=bool)
    for column in range(code.shape[1]):
        now, when = code[:, column], days[:, column]
        open_ = ~closed & (when <= death) & (now != IResponse.NE)
        held = open_ & (now <= IResponse.ISD)
        start = np.where(held, np.inf, start)
        begins = open_ & ~held & np.isinf(start)
        start = np.where(begins, when, start)
        last = np.where(held, when, last)
        closed |= open_ & (now == IResponse.ICPD)
    end = np.minimum(start, death)
    event = np.isfinite(end)
    text = np.where(start <= death, PROGRESSION, DEATH)
    return TimeToEvent(np.where(event, end, last), event, np.where(event, text, CENSORED))
