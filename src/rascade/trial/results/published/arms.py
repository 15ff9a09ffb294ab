"""Published results of trial arms, to stand beside simulated ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rascade.trial.endpoints import END_POINTS

if TYPE_CHECKING:
    from rascade.evidence import Landmark, TrialArm

__all__ = [
    "Use",
    "calibration_targets",
    "calibration_uses",
    "landmark_name",
    "load_roles",
    "published_results",
]

_FITTED = ("orr", "pfs", "os")


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


def _roles_text() -> str:
    return (files("rascade.trial") / "data" / "roles.csv").read_text(encoding="utf-8")


def landmark_name(one: Landmark) -> str:
    """Return the name of a landmark rate among end points: ``pfs@6``, ``os@12`` and so on."""
    return f"{one.endpoint.lower()}@{one.month:g}"


@cache
def load_roles() -> Mapping[tuple[str, str], str]:
    """Return the values that the population is fitted to: (arm, end point) -> reason.

    Rows of ``data/roles.csv``; whatever is not listed there can only be predicted.

    Raises:
        EvidenceError: a row names no arm of the evidence, or an end point that is not fitted or
            not known of the arm.
    """
    from rascade.errors import EvidenceError
    from rascade.evidence import load

    reader = csv.DictReader(_roles_text().splitlines())
    arms = {arm.id for arm in load().trials}
    rates = {(one.arm_id, landmark_name(one)) for one in load().landmarks}
    found = {}
    for row in reader:
        where = f"roles.csv:{reader.line_num}"
        if row["arm_id"] not in arms:
            raise EvidenceError(f"{where}: arm_id: the evidence has no arm {row['arm_id']!r}")
        if row["endpoint"] not in _FITTED and (row["arm_id"], row["endpoint"]) not in rates:
            raise EvidenceError(
                f"{where}: endpoint: {row['endpoint']!r} is not one of {_FITTED}, and no landmark "
                "rate of this arm in the evidence"
            )
        found[row["arm_id"], row["endpoint"]] = row["reason"]
    return found


@cache
def calibration_uses() -> Mapping[tuple[str, str], Use]:
    """Return how results of trial arms were used, by arm id and end point.

    What the population is fitted to is ``calibrate`` whatever else is said of it. A result that is
    not listed was only ever compared with.
    """
    said = {(use.arm_id, use.endpoint): use for use in calibration_targets() if use.arm_id}
    fitted = {
        (arm, endpoint): Use("", arm, endpoint, "calibrate", "") for arm, endpoint in load_roles()
    }
    kept = {
        place: replace(said[place], use="calibrate") if place in said else use
        for place, use in fitted.items()
    }
    return {**said, **kept}


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
