"""Published results of trial arms, to stand beside simulated ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rascade.trial.endpoints import END_POINTS

if TYPE_CHECKING:
    from rascade.evidence import TrialArm

__all__ = ["Use", "calibration_targets", "calibration_uses", "published_results"]


@dataclass(frozen=True, slots=True)
class Use:
    """What a calibration target was used for.

    Attributes:
        target: id of the evidence's calibration targets, e.g. ``CT04``.
        arm_id: trial arm of the evidence that holds the result; empty where no single arm does.
        endpoint: ``orr``, ``dcr``, ``pfs``, ``os``, or what else was measured.
        use: ``calibrate`` (parameters were set against it) or ``validate`` (they were not).
        note: what else a reader must know of that use.
    """

    target: str
    arm_id: str
    endpoint: str
    use: str
    note: str


_NEVER_LISTED = Use("", "", "", "compare", "")


@cache
def calibration_targets() -> tuple[Use, ...]:
    """Return what every calibration target was used for, in the order of the file."""
    text = (files("rascade.trial") / "data" / "calibration.csv").read_text(encoding="utf-8")
    return tuple(Use(**row) for row in csv.DictReader(text.splitlines()))


@cache
def calibration_uses() -> Mapping[tuple[str, str], Use]:
    """Return how results of trial arms were used, by arm id and end point.

    A result that is not listed was only ever compared with.
    """
    return {(use.arm_id, use.endpoint): use for use in calibration_targets() if use.arm_id}


def published_results(arm: str, arm_id: str) -> list[dict[str, Any]]:
    """Return what was published for an arm.

    Args:
        arm: name of the simulated arm.
        arm_id: id of the trial arm in the evidence, e.g. ``rasolute-302.daraxonrasib``.

    Returns:
        One row an end point with arm, endpoint, value, low, high, source, use and note, ready for
        JSON.

    Raises:
        EvidenceError: the evidence has no such arm.
    """
    from rascade.evidence import load

    record: TrialArm = load().trial(arm_id)
    rows = []
    for endpoint, fields in ((end.name, end.published) for end in END_POINTS):
        value, low, high = (getattr(record, name) if name else None for name in fields)
        if value is not None:
            used = calibration_uses().get((arm_id, endpoint), _NEVER_LISTED)
            rows.append(
                {
                    "arm": arm,
                    "endpoint": endpoint,
                    "value": value,
                    "low": low,
                    "high": high,
                    "source": f"{record.trial}; {'; '.join(record.sources)}",
                    "use": used.use,
                    "note": used.note,
                }
            )
    return rows
