"""What trials of these sizes are predicted to show, and on what evidence that rests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rascade.report.look.text import plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["evidence", "grounds", "predicted_note"]

_NAMED = 3  # fitted arms that are called by their names


def predicted_note(run: TrialRun) -> str:
    """Say what a prediction is; empty where there is none."""
    first = next((own.prediction for own in run.headlines.values() if own.prediction), None)
    if first is None:
        return ""
    members = (
        f"{first.members} members of the ensemble of populations that published trials allow"
        if first.members
        else "the central member of the ensemble alone, so that how well the population is known "
        "is left out"
    )
    return (
        "Predicted: median and 90 % limits of what trials of these sizes would show. They count "
        f"{members}, what trials of one regimen differ by, and chance; the other intervals are of "
        "chance alone."
    )


def evidence(run: TrialRun) -> list[str]:
    """Say of each arm on which fitted trials its prediction rests; empty without a prediction."""
    kept = run.manifest.get("ensemble")
    if not isinstance(kept, dict) or not predicted_note(run):
        return []
    from rascade.regimen import parse

    fitted = [str(name) for name in kept.get("fitted_arms") or ()]
    cohort = run.summary.get("cohort")
    line = int(cohort["line"]) if isinstance(cohort, dict) else 1
    told = [
        f"{plain(row['name'])}, {grounds(parse(str(row['regimen'])).drugs, line, fitted)}"
        for row in run.manifest.get("arms") or ()
        if isinstance(row, dict)
    ]
    return [f"On what the predictions rest: {'; '.join(told)}."] if told else []


def grounds(drugs: Sequence[str], line: int, fitted: Sequence[str]) -> str:
    """Say what fitted arms have to do with an arm: the same drugs, some, the same class, nothing.

    Args:
        drugs: of the arm.
        line: of treatment.
        fitted: ids of the arms of the evidence that the ensemble was fitted to.
    """
    from rascade.calibration.classes import LATER_LINES, classes_of
    from rascade.studies.files.arms import arm_plans

    known = {plan.arm.id: frozenset(plan.given) for plan in arm_plans() if plan.arm.id in fitted}
    own = frozenset(drugs)
    classes = set(classes_of(own, line)) - {LATER_LINES}
    if not own:
        return "untreated: the course of the disease in all fitted arms"
    ways = {
        "fitted arms with the same drugs": [i for i, other in known.items() if other == own],
        "fitted arms with some of these drugs": [i for i, other in known.items() if other & own],
        "no fitted arm has these drugs, some are of their class": [
            i for i, other in known.items() if classes & set(classes_of(other, line))
        ],
    }
    for text, arms in ways.items():
        if arms:
            more = f" and {len(arms) - _NAMED} more" if len(arms) > _NAMED else ""
            return f"{text} ({', '.join(map(plain, arms[:_NAMED]))}{more})"
    return "no fitted arm has these drugs or their class: the mechanism and the disease alone"
