"""Published side effects and hazard ratios of trial arms, to stand beside simulated ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rascade.trial.endpoints import times
from rascade.trial.results.published.arms import calibration_uses

if TYPE_CHECKING:
    from rascade.evidence import Evidence
    from rascade.evidence.records import AdverseEvent, TrialArm

__all__ = ["published_contrasts", "published_events"]

#: Event of the evidence -> name under which a trial's summary reports the same.
_SUMMARY_TERMS = {
    "any treatment-related ae": "any related",
    "serious adverse reaction": "serious related",
    "discontinuation for adverse event": "discontinued",
    "dose reduction": "dose reduced",
}


def published_contrasts(arms: Mapping[str, str], reference: str | None) -> list[dict[str, Any]]:
    """Return the published hazard ratios of a trial's arms against its reference.

    Args:
        arms: name of a simulated arm -> id of its arm in the evidence.
        reference: name of the simulated reference.

    Returns:
        One row a hazard ratio with arm, reference, endpoint (``pfs`` or ``os``), value, low, high,
        source, use and note, ready for JSON. A ratio published the other way round is inverted.

    Raises:
        EvidenceError: the evidence has no such arm.
    """
    from rascade.evidence import load

    if reference is None or reference not in arms:
        return []
    evidence, rows = load(), []
    base, known = arms[reference], {end.name for end in times()}
    for name, own in arms.items():
        if name == reference:
            continue
        for found in evidence.contrasts:
            pair = (found.arm_id, found.reference_id)
            end = found.endpoint.lower()
            if end not in known or {*pair} != {own, base} or own == base:
                continue
            ends = [found.hazard_ratio, found.low, found.high]
            inverted = pair[0] != own
            if inverted:
                ends = [1 / x if x else None for x in (ends[0], ends[2], ends[1])]
            role = _role(own, base, end)
            said = [role, found.note, "published the other way round" if inverted else ""]
            rows.append(
                {
                    "arm": name,
                    "reference": reference,
                    "endpoint": end,
                    "value": ends[0],
                    "low": ends[1],
                    "high": ends[2],
                    "source": f"{evidence.trial(own).trial}; {'; '.join(found.sources)}",
                    "use": "compare",
                    "note": "; ".join(text for text in said if text),
                }
            )
    return rows


def _role(arm: str, reference: str, end: str) -> str:
    """Say what a hazard ratio was in the calibration: no target, but its medians may have been."""
    uses = [calibration_uses().get((who, end)) for who in (arm, reference)]
    fitted = sum(use is not None and use.use == "calibrate" for use in uses)
    if fitted == 2:
        return "not a target itself, but both medians were"
    if fitted:
        return "not a target itself, but the median of one arm was"
    return ""


def published_events(
    arm: str, arm_id: str | None, drugs: Collection[str], cited: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Return published rates of side effects of an arm.

    Rows of the arm's own trial come first. Where that has none for a term, a row of another trial
    of the same drugs is taken if parameters were set to it.

    Args:
        arm: name of the simulated arm.
        arm_id: its arm in the evidence, if it names one.
        drugs: that the simulated arm gives.
        cited: id of a row of side effects -> parameters that were fitted to it.

    Returns:
        One row a term with arm, term, any_pct, grade3plus_pct, n, trial, source, use, note, own
        (whether it is the arm's own trial) and basis (the simulated rate it stands beside: a term
        of CTCAE, or ``any related``, ``serious related``, ``discontinued``, ``dose reduced``).

    Raises:
        EvidenceError: the evidence has no such arm.
    """
    from rascade.evidence import load

    evidence = load()
    record = evidence.trial(arm_id) if arm_id else None
    rows: dict[str, dict[str, Any]] = {}
    for event in [*_own(evidence, record), *_fitted_to(evidence, drugs, cited)]:
        if event.grade3plus_pct is None and event.any_grade_pct is None:
            continue
        row = _row(arm, event, record, cited)
        rows.setdefault(row["basis"], row)
    for row in _of_the_arm(arm, record):
        rows.setdefault(row["basis"], row)
    return list(rows.values())


def _own(evidence: Evidence, record: TrialArm | None) -> list[AdverseEvent]:
    if record is None:
        return []
    return [
        e
        for e in evidence.adverse_events
        if e.trial == record.trial and {*e.drugs} == {*record.drugs}
    ]


def _fitted_to(
    evidence: Evidence, drugs: Collection[str], cited: Mapping[str, Sequence[str]]
) -> list[AdverseEvent]:
    return [e for e in evidence.adverse_events if e.id in cited and {*e.drugs} == {*drugs}]


def _basis(event: str) -> str:
    """Return what a published event is called in a simulated trial."""
    plain = event.strip()
    if plain.lower() in _SUMMARY_TERMS:
        return _SUMMARY_TERMS[plain.lower()]
    # "Rash (grouped)" and "Rash maculo-papular" are the one rash of the model.
    plain = re.sub(r"\s*\((?:grouped|edema)\)$", "", plain)
    return "Rash" if plain.lower() == "rash maculo-papular" else plain


def _row(
    arm: str, event: AdverseEvent, record: TrialArm | None, cited: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    own = record is not None and event.trial == record.trial
    parameters = sorted(cited.get(event.id, ()))
    said = [
        f"{', '.join(parameters)} set to it" if parameters else "",
        "" if own else f"of {event.trial}, not of this arm's trial",
        event.note,
    ]
    return {
        "arm": arm,
        "term": event.event,
        "basis": _basis(event.event),
        "any_pct": event.any_grade_pct,
        "grade3plus_pct": event.grade3plus_pct,
        "n": event.n,
        "trial": event.trial,
        "own": own,
        "source": f"{event.trial}; {'; '.join(event.sources)}",
        "use": "calibrate" if parameters else "compare",
        "note": "; ".join(text for text in said if text),
    }


def _of_the_arm(arm: str, record: TrialArm | None) -> list[dict[str, Any]]:
    """Return what the row of the arm itself says: severe events, and who stopped for them."""
    if record is None:
        return []
    shared = {"arm": arm, "n": record.n, "trial": record.trial, "own": True, "use": "compare"}
    shared["source"] = f"{record.trial}; {'; '.join(record.sources)}"
    rows = []
    if record.grade3plus_pct is not None and record.grade3plus_basis == "treatment-related":
        rows.append(
            shared
            | {"term": "Any treatment-related AE", "basis": "any related", "any_pct": None}
            | {"grade3plus_pct": record.grade3plus_pct, "note": ""}
        )
    if record.discontinuation_pct is not None:
        rows.append(
            shared
            | {"term": "Discontinuation for adverse event", "basis": "discontinued"}
            | {"any_pct": record.discontinuation_pct, "grade3plus_pct": None, "note": ""}
        )
    return rows
