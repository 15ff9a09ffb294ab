"""The record of a subgroup, ready for JSON, and its rule in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rascade import RESEARCH_USE
from rascade.analyses.subgroups.run import Enriched, Gain, Subgroup, known_markers
from rascade.analyses.subgroups.search import Condition
from rascade.trial.results.records.codec import finite

__all__ = ["record", "rule_text"]


def rule_text(rule: Sequence[Condition]) -> str:
    """Return a rule as people read it."""
    return " and ".join(_condition(one) for one in rule)


def _condition(one: Condition) -> str:
    marker = known_markers().get(one.marker)
    label, unit = (marker.label, marker.unit) if marker else (one.marker, "")
    if isinstance(one.value, float):
        sign = ">" if one.how == ">" else "≤"
        return f"{label} {sign} {one.value:g}{' ' + unit if unit else ''}"
    if one.value in ("True", "False"):
        return label if (one.value == "True") == (one.how == "is") else f"not {label}"
    return f"{label} {'is' if one.how == 'is' else 'is not'} {one.value}"


def record(found: Subgroup) -> dict[str, Any]:
    """Return the record; ``rule`` is None where no subgroup is told, and ``why`` says so."""
    question, finding = found.question, found.finding
    made: dict[str, Any] = {"rule": rule_text(finding.rule) if finding.rule else None}
    if finding.rule:
        made |= {
            "conditions": [
                {
                    "marker": one.marker,
                    "how": one.how,
                    "value": one.value,
                    "measured_by": known_markers()[one.marker].measured_by,
                }
                for one in finding.rule
            ],
            "share": found.share,
            "gain": found.gain.value,
            "gain_held_out": found.gain_held_out.value,
            "gain_held_out_90": _limits(found.gain_held_out),
            "gain_outside_held_out": finite(found.outside_held_out.value),
            "gain_outside_held_out_90": _limits(found.outside_held_out),
        }
    else:
        made |= {"why": finding.why, "best_rule_not_told": rule_text(finding.best) or None}
    return made | {
        "unit": "months",
        "endpoint": question.endpoint,
        "study": question.plan.name,
        "combination": found.combination,
        "component": found.component,
        "gain_overall": found.overall.value,
        "gain_overall_90": _limits(found.overall),
        "p_found": finding.found_p,
        "p_held_out": finding.held_out_p,
        "trial_size": found.size,
        "enriched_trial": None if found.enriched is None else _trial(found.enriched),
        "trial_in_all": _trial(found.everybody),
        "members": question.members,
        "patients": question.patients,
        "follow_up_months": question.plan.follow_up_months,
        "seed": question.plan.seed,
        "research_use": RESEARCH_USE,
    }


def _limits(gain: Gain) -> list[float | None]:
    return [finite(gain.low90), finite(gain.high90)]


def _trial(trial: Enriched) -> dict[str, Any]:
    return {
        "hazard_ratio": trial.hazard_ratio,
        "patients_for_power_90": trial.patients,
        "screened": trial.screened,
        "power": trial.power,
        "power_90": [trial.low90, trial.high90],
    }
