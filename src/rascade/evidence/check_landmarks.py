"""Checks of landmark rates and of how arms were followed: rates that can be, fields that read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from rascade.evidence.records import Conduct, Landmark, Problem
from rascade.evidence.schema import ASSESSORS, CONDUCT
from rascade.evidence.store import Evidence
from rascade.text import did_you_mean

__all__ = ["check_landmarks"]

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")


def check_landmarks(evidence: Evidence) -> Iterator[Problem]:
    """Yield the problems of landmark rates and of trial conduct."""
    arms = {arm.id for arm in evidence.trials}
    both: tuple[Landmark | Conduct, ...] = (*evidence.landmarks, *evidence.conduct)
    for one in both:
        if one.arm_id not in arms:
            message = f"no trial arm {one.arm_id!r}{did_you_mean(one.arm_id, sorted(arms))}"
            yield _problem(one, "arm_id", message, "arm")
        if one.seen == "recalled":
            yield _problem(one, "seen", "is recalled, not checked", "recalled", "warning")
    for landmark in evidence.landmarks:
        yield from _rate(landmark)
    yield from _falling(evidence)
    for one in evidence.conduct:
        yield from _field(one)


def _problem(
    record: Landmark | Conduct,
    field: str,
    message: str,
    rule: str,
    severity: Literal["error", "warning"] = "error",
) -> Problem:
    return Problem(record.file, record.line, field, f"{record.id}: {message}", severity, rule)


def _rate(one: Landmark) -> Iterator[Problem]:
    if one.month <= 0:
        yield _problem(one, "month", f"month {one.month:g} is not after the start", "range")
    for name in ("percent", "low", "high"):
        value = getattr(one, name)
        if value is not None and not 0.0 <= value <= 100.0:
            yield _problem(one, name, f"{value:g} % lies outside 0 to 100", "percent")
    if one.low is not None and one.low > one.percent:
        yield _problem(one, "low", f"low {one.low:g} is above {one.percent:g}", "range")
    if one.high is not None and one.high < one.percent:
        yield _problem(one, "high", f"high {one.high:g} is below {one.percent:g}", "range")


def _falling(evidence: Evidence) -> Iterator[Problem]:
    """A survival curve does not rise, and one month of one curve has one rate."""
    curves: dict[tuple[str, str, str], list[Landmark]] = {}
    for one in evidence.landmarks:
        curves.setdefault((one.arm_id, one.endpoint, one.assessor), []).append(one)
    for curve in curves.values():
        for before, after in pairwise(sorted(curve, key=lambda one: one.month)):
            if after.month == before.month:
                message = f"{before.id} tells of the same month; keep one"
                yield _problem(after, "month", message, "doubled")
            elif after.percent > before.percent:
                message = f"{after.percent:g} % is above {before.id}, which is earlier"
                yield _problem(after, "percent", message, "range")


def _field(one: Conduct) -> Iterator[Problem]:
    unit = CONDUCT[one.field]
    if unit == "date":
        if not _DATE.fullmatch(one.value):
            message = f"{one.value!r} is not a date like 2026-11-23 or 2026-11"
            yield _problem(one, "value", message, "unit")
    elif one.field == "pfs_assessor":
        if one.value not in ASSESSORS - {""}:
            near = did_you_mean(one.value, sorted(ASSESSORS - {""}))
            yield _problem(one, "value", f"no assessor {one.value!r}{near}", "unit")
    else:
        yield from _number(one)
    if (one.low is None and one.high is None) == bool(one.range):
        message = "say what low and high mean, and only where there are any"
        yield _problem(one, "range", message, "range")


def _number(one: Conduct) -> Iterator[Problem]:
    try:
        value = float(one.value)
    except ValueError:
        message = f"{one.value!r} is not a number of {CONDUCT[one.field]}"
        yield _problem(one, "value", message, "unit")
        return
    if value < 0 or (CONDUCT[one.field] == "%" and value > 100):
        yield _problem(one, "value", f"{value:g} {CONDUCT[one.field]} cannot be", "range")
    if one.low is not None and one.low > value:
        yield _problem(one, "low", f"low {one.low:g} is above {value:g}", "range")
    if one.high is not None and one.high < value:
        yield _problem(one, "high", f"high {one.high:g} is below {value:g}", "range")
