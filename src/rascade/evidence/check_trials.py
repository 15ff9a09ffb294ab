"""Checks of trial arms, hazard ratios and adverse events: counts and percentages that can be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from rascade.evidence.names import did_you_mean
from rascade.evidence.records import AdverseEvent, Problem, Record, TrialArm
from rascade.evidence.store import Evidence

__all__ = ["check_trials", "reachable"]

NUMBERS = (
    "n",
    "orr_pct",
    "orr_ci_low_pct",
    "orr_ci_high_pct",
    "dcr_pct",
    "pfs_median_months",
    "pfs_ci_low_months",
    "pfs_ci_high_months",
    "os_median_months",
    "os_ci_low_months",
    "os_ci_high_months",
    "grade3plus_pct",
    "discontinuation_pct",
)
"""The fields of a trial arm that hold an observed number."""

_INTERVALS = (
    ("orr_pct", "orr_ci_low_pct", "orr_ci_high_pct"),
    ("pfs_median_months", "pfs_ci_low_months", "pfs_ci_high_months"),
    ("os_median_months", "os_ci_low_months", "os_ci_high_months"),
)


def check_trials(evidence: Evidence) -> Iterator[Problem]:
    """Yield the problems of trials, cells, contrasts and adverse events."""
    in_conflict = {
        name for item in evidence.conflicts if item.status == "open" for name in item.records
    }
    for arm in evidence.trials:
        yield from _arm(arm, arm.id in in_conflict)
    yield from _doubled_arms(evidence)
    yield from _cells(evidence)
    yield from _contrasts(evidence)
    for event in evidence.adverse_events:
        yield from _event(event, event.id in in_conflict)


def _problem(
    record: Record,
    field: str,
    message: str,
    rule: str,
    severity: Literal["error", "warning"] = "error",
) -> Problem:
    message = f"{record.id}: {message}"
    return Problem(record.file, record.line, field, message, severity, rule)


def reachable(percent: float, n: int) -> bool:
    """Tell whether some whole number of `n` patients is that percentage, as printed.

    A percentage is taken as rounded (or cut) at its last printed digit.
    """
    printed = repr(percent)
    digits = 0 if percent == int(percent) else len(printed.split(".")[1])
    step = 10.0**-digits
    tolerance = step * (1.0 + 1e-9)
    nearest = percent * n / 100.0
    return any(
        abs(100.0 * count / n - percent) < tolerance
        for count in (math.floor(nearest), math.ceil(nearest))
    )


def _percent(
    record: Record, field: str, value: float | None, n: int | None, recorded: bool = False
) -> Iterator[Problem]:
    """Check a percentage; one that no count gives is only a warning in an open conflict."""
    if value is None:
        return
    if not 0.0 <= value <= 100.0:
        yield _problem(record, field, f"{value} % lies outside 0 to 100", "percent")
    elif n is not None and n > 0 and not reachable(value, n):
        message = f"no whole number of {n} patients is {value} %"
        yield _problem(record, field, message, "percent", "warning" if recorded else "error")


def _arm(arm: TrialArm, recorded: bool) -> Iterator[Problem]:
    if arm.n is not None and arm.n < 1:
        yield _problem(arm, "n", f"{arm.n} patients cannot be", "count")
    if arm.n and arm.n_evaluable and not 1 <= arm.n_evaluable <= arm.n:
        message = f"{arm.n_evaluable} evaluable of {arm.n} cannot be"
        yield _problem(arm, "n_evaluable", message, "count")
    responders_of = arm.n_evaluable or arm.n
    yield from _percent(arm, "orr_pct", arm.orr_pct, responders_of, recorded)
    for field in ("orr_ci_low_pct", "orr_ci_high_pct", "dcr_pct"):
        yield from _percent(arm, field, getattr(arm, field), None)
    for field in ("grade3plus_pct", "discontinuation_pct"):
        yield from _percent(arm, field, getattr(arm, field), None)
    for value_field, low_field, high_field in _INTERVALS:
        value = getattr(arm, value_field)
        low, high = getattr(arm, low_field), getattr(arm, high_field)
        if value is None:
            continue
        if low is not None and low > value:
            yield _problem(arm, low_field, f"low {low} is above {value_field} {value}", "range")
        if high is not None and high < value:
            yield _problem(arm, high_field, f"high {high} is below {value_field} {value}", "range")
    if arm.orr_pct is not None and arm.dcr_pct is not None and arm.dcr_pct < arm.orr_pct:
        message = f"disease control {arm.dcr_pct} % is below response {arm.orr_pct} %"
        yield _problem(arm, "dcr_pct", message, "percent")
    if (arm.grade3plus_pct is not None) != bool(arm.grade3plus_basis):
        message = "say treatment-related or any-cause, and only where there is a percentage"
        yield _problem(arm, "grade3plus_basis", message, "basis")


def _doubled_arms(evidence: Evidence) -> Iterator[Problem]:
    first: dict[tuple[str, str, str], TrialArm] = {}
    for arm in evidence.trials:
        before = first.setdefault((arm.trial, arm.arm, arm.population), arm)
        if before is not arm and not any(
            before.id in c.records and arm.id in c.records for c in evidence.conflicts
        ):
            message = f"the same arm stands at line {before.line}; record it in conflicts.csv"
            yield _problem(arm, "arm", message, "doubled")


def _cells(evidence: Evidence) -> Iterator[Problem]:
    arms = {arm.id: arm for arm in evidence.trials}
    for line, arm_id, field, confidence in evidence.cell_rows:
        where = ("trial_cells.csv", line)
        if arm_id not in arms:
            near = did_you_mean(arm_id, arms)
            yield Problem(*where, "arm_id", f"no trial arm {arm_id!r}{near}", "error", "cell")
        elif field not in NUMBERS:
            near = did_you_mean(field, NUMBERS)
            yield Problem(*where, "field", f"no field {field!r}{near}", "error", "cell")
        elif getattr(arms[arm_id], field) is None:
            message = f"{arm_id} has no {field}"
            yield Problem(*where, "field", message, "error", "cell")
        elif confidence == "recalled":
            message = f"{arm_id}: {field} = {getattr(arms[arm_id], field)} is recalled, not checked"
            yield Problem(*where, "confidence", message, "warning", "recalled")
    for arm in evidence.trials:
        for field in NUMBERS:
            if getattr(arm, field) is not None and field not in arm.cells:
                message = "how this number is known is not said; add it to trial_cells.csv"
                yield _problem(arm, field, message, "cell")


def _contrasts(evidence: Evidence) -> Iterator[Problem]:
    arms = {arm.id for arm in evidence.trials}
    for item in evidence.contrasts:
        for field in ("arm_id", "reference_id"):
            name = getattr(item, field)
            if name not in arms:
                message = f"no trial arm {name!r}{did_you_mean(name, arms)}"
                yield _problem(item, field, message, "arm")
        if item.hazard_ratio <= 0:
            message = f"{item.hazard_ratio} is not a hazard ratio"
            yield _problem(item, "hazard_ratio", message, "range")
        if item.low is not None and item.low > item.hazard_ratio:
            message = f"low {item.low} is above the hazard ratio {item.hazard_ratio}"
            yield _problem(item, "low", message, "range")
        if item.high is not None and item.high < item.hazard_ratio:
            message = f"high {item.high} is below the hazard ratio {item.hazard_ratio}"
            yield _problem(item, "high", message, "range")
        if item.confidence == "recalled":
            message = f"hazard ratio {item.hazard_ratio} is recalled, not checked"
            yield _problem(item, "confidence", message, "recalled", "warning")


def _event(event: AdverseEvent, recorded: bool) -> Iterator[Problem]:
    if event.n is not None and event.n < 1:
        yield _problem(event, "n", f"{event.n} patients cannot be", "count")
    for field in ("grade3plus_pct", "any_grade_pct"):
        yield from _percent(event, field, getattr(event, field), event.n, recorded)
    low, high = event.grade3plus_pct, event.any_grade_pct
    if low is not None and high is not None and low > high:
        message = f"grade 3+ {low} % is above any grade {high} %"
        yield _problem(event, "grade3plus_pct", message, "percent")
    if event.confidence == "recalled":
        yield _problem(event, "confidence", "recalled, not checked", "recalled", "warning")
