"""The two kinds of end points, and what each must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rascade.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.assessment.response import Flags
    from rascade.trial.assessment.times import TimeToEvent
    from rascade.trial.endpoints.observed import Observed

__all__ = ["EndPoint", "Observation", "RateEndPoint", "TimeEndPoint", "check_end_point"]


@dataclass(frozen=True)
class Observation:
    """What was observed of a time to an event; arrays of shape (n,).

    Attributes:
        times: days from the start of treatment, with flags; a time for every patient.
        why: why it is censored; blank for an event.
    """

    times: TimeToEvent
    why: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class EndPoint:
    """What every end point says of itself.

    Attributes:
        name: one word in lower case; begins its columns and keys (``pfs_months``).
        label: as tables and legends name it (``PFS``).
        title: in words, without a capital (``progression-free survival``).
        published: fields of `rascade.evidence.TrialArm` that hold its value and its limits; None
            for what the evidence has no field for.
    """

    name: str
    label: str
    title: str
    published: tuple[str | None, str | None, str | None] = (None, None, None)


@dataclass(frozen=True, kw_only=True)
class TimeEndPoint(EndPoint):
    """A time to an event, drawn as a Kaplan-Meier curve and compared by hazard ratios.

    Its duties: `observe` gives every patient of an arm a time, an event flag and, without an event,
    a reason; it must not look at anything that is later than what it is given, and must give the
    same for a patient whoever else is in the arm.

    Attributes:
        observe: from an arm, as it is known on the day of the data cut.
    """

    observe: Callable[[Observed], Observation]

    @property
    def months(self) -> str:
        """Column of the patients' table with the times."""
        return f"{self.name}_months"

    @property
    def event(self) -> str:
        """Column of the patients' table with the event flags."""
        return f"{self.name}_event"

    @property
    def censor_reason(self) -> str:
        """Column of the patients' table that says why a time is censored."""
        return f"{self.name}_censor_reason"

    @property
    def median_key(self) -> str:
        """Key of the median in the summary of an arm."""
        return f"{self.name}_median_months"


@dataclass(frozen=True, kw_only=True)
class RateEndPoint(EndPoint):
    """A share of patients by their best response.

    Its duty: `codes` are best responses of RECIST 1.1; every patient counts, whoever has none of
    them as a failure.

    Attributes:
        codes: best responses that count.
        limits: whether the headline states its exact interval.
    """

    codes: tuple[str, ...]
    limits: bool = True

    @property
    def value_key(self) -> str:
        """Key of the share, in percent, in the summary of an arm."""
        return f"{self.name}_pct"

    def reached(self, patients: pd.DataFrame) -> Flags:
        """Return who reached it, (n,), from the patients' table."""
        return patients["best_response"].astype(str).isin(self.codes).to_numpy(dtype=bool)


def check_end_point(member: EndPoint) -> None:
    """Check that what a package brought is an end point.

    Raises:
        InputError: it is of no kind known here, or says nothing of itself.
    """
    if not isinstance(member, (TimeEndPoint, RateEndPoint)):
        raise InputError(
            f"end point {getattr(member, 'name', member)!r}: expected a TimeEndPoint or a "
            f"RateEndPoint of rascade.trial.endpoints, found {type(member).__name__}"
        )
    for field in ("label", "title"):
        if not str(getattr(member, field)).strip():
            raise InputError(f"end point {member.name!r}: {field} is empty; say what it is called")
