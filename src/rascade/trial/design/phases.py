"""Sequential treatment: phases of an arm, and what ends each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rascade.errors import InputError
from rascade.regimen import Regimen
from rascade.trial.design.protocol import Condition, parse_condition

__all__ = ["ASSIGNED", "CROSSOVER", "RESCUE", "Phase", "Until", "parse_until"]

ASSIGNED, CROSSOVER, RESCUE = "assigned", "crossover", "rescue"
_DAYS = re.compile(r"(\d+(?:\.\d+)?)\s*(days?|weeks?)", re.IGNORECASE)
_DAYS_PER = {"day": 1.0, "week": 7.0}


@dataclass(frozen=True, slots=True)
class Until:
    """What ends a phase, looked at on visits.

    Attributes:
        kind: ``time``, ``progression``, ``response`` or ``condition``.
        days: length of the phase for ``time``.
        condition: for ``condition``: a grade or a laboratory value.
    """

    kind: str
    days: float = 0.0
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Orders that are given one after other orders; their days count from the phase's start.

    Attributes:
        regimen: what is given.
        until: what leads to the next phase; None where this is the last one.
        role: ``assigned`` for what the arm plans; ``crossover`` or ``rescue`` for what patients get
            instead of it at progression, which is another treatment than the assigned one.
        from_arm: the arm whose treatment a crossover is.
    """

    regimen: Regimen
    until: Until | None = None
    role: str = ASSIGNED
    from_arm: str = ""


def parse_until(text: str) -> Until:
    """Read ``6 weeks``, ``progression``, ``response`` or a condition such as ``grade >= 3 rash``.

    Raises:
        InputError: it is none of them.
    """
    words = " ".join(text.split())
    if words.casefold() in ("progression", "response"):
        return Until(words.casefold())
    found = _DAYS.fullmatch(words)
    if found:
        days = float(found.group(1)) * _DAYS_PER[found.group(2).lower().rstrip("s")]
        if days <= 0:
            raise InputError(f"{text!r}: a phase lasts longer than no time")
        return Until("time", days)
    try:
        return Until("condition", condition=parse_condition(words))
    except InputError as error:
        raise InputError(
            f"{text!r} ends no phase; write '42 days', '6 weeks', 'progression', 'response' or a "
            f"condition ({error})"
        ) from None
