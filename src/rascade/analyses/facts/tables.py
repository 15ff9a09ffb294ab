"""What facts came to, as records for JSON: the one thing that pages and figures are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rascade.analyses.facts.panels import BEFORE, mark
from rascade.analyses.facts.run import FactResult, Outcome, PanelResult
from rascade.bench.questions.records import Condition, Experiment
from rascade.model import readouts

__all__ = ["describe", "records"]

_ENDS = {"pfs": "progression-free survival", "os": "overall survival"}
_DIGITS = 10  # of a limit: three-fold of 30 is 90, not 89.99999999999999


def records(results: Iterable[FactResult]) -> list[dict[str, Any]]:
    """Return one record a fact, ready for JSON; what is not finite is None.

    Keys: ``id``, ``subject``, ``statement``, ``source``, ``kind``, ``holds``, ``checks`` (what,
    observable, effect, ci, expected, published, holds, tuned) and ``panels`` (read-out, axis,
    what it is against, curves, marks).
    """
    return [_record(result) for result in results]


def _record(result: FactResult) -> dict[str, Any]:
    fact = result.fact
    return {
        "id": fact.id,
        "subject": fact.subject,
        "statement": fact.statement,
        "source": fact.source,
        "kind": fact.experiment.kind,
        "role": fact.role,
        "standing": result.standing.value,
        "holds": result.holds,
        "checks": [_check(outcome) for outcome in result.outcomes],
        "panels": [_panel(result, panel) for panel in result.panels],
    }


def _check(outcome: Outcome) -> dict[str, Any]:
    check = outcome.check
    return {
        "what": check.what,
        "observable": check.effect,
        "effect": _finite(outcome.effect),
        "ci": [_finite(outcome.low), _finite(outcome.high)],
        "expected": [_limit(check.low), _limit(check.high)],
        "published": _limit(check.value),
        "record": check.published,
        "holds": outcome.holds,
        "tuned": list(outcome.tuned),
        "standing": outcome.standing.value,
    }


def _panel(result: FactResult, drawn: PanelResult) -> dict[str, Any]:
    panel = drawn.panel
    experiment, relative = result.fact.experiment, panel.relative
    labels = {c.name: describe(c) for c in experiment.conditions}
    labels |= {arm.name: f"{arm.name}: {arm.regimen}" for arm in experiment.arms}
    names = {name: r.label for r in readouts().values() for name in (r.symbol, r.name)}
    known = names.get(panel.readout, panel.readout)
    axis = "hour" if panel.hour is None else "dose"
    return {
        "readout": panel.readout,
        "label": _ENDS.get(panel.readout, known),
        "axis": "month" if experiment.kind == "trial" else axis,
        "hour": panel.hour,
        "relative": labels.get(relative, relative),
        "against": _against(experiment, relative),
        "curves": [
            {
                "condition": curve.condition,
                "label": labels[curve.condition],
                "x": [_finite(x) for x in curve.x],
                "y": [_finite(y) for y in curve.y],
            }
            for curve in drawn.curves
        ],
        "marks": _marks(result, drawn),
    }


def _against(experiment: Experiment, relative: str) -> str:
    """Return what is given in the condition that a panel is relative to, if it is one."""
    from rascade.regimen import parse

    for condition in experiment.conditions:
        if condition.name == relative:
            given = [drug for drug, doses in condition.drugs.items() if max(doses) > 0]
            given += parse(condition.regimen).drugs if condition.regimen else ()
            return " + ".join(given) or "untreated"
    return ""


def _marks(result: FactResult, drawn: PanelResult) -> list[dict[str, Any]]:
    panel = drawn.panel
    found = []
    for number, outcome in enumerate(result.outcomes):
        own = mark(outcome.check)
        if own is None or panel.relative != BEFORE or own.readout != panel.readout:
            continue
        if own.condition not in panel.conditions:
            continue
        found.append(
            {
                "check": number,
                "condition": own.condition,
                "hours": list(own.hours),
                "limits": [_limit(own.low), _limit(own.high)],
                "of": "dose" if own.dose else "value",
                "published": _limit(own.value),
            }
        )
    return found


def describe(condition: Condition) -> str:
    """Return a condition in words: cells, drugs and concentrations, what else was changed."""
    parts = [condition.cells or condition.allele or "typical cells"]
    drugs = []
    for drug, doses in condition.drugs.items():
        given = [dose for dose in doses if dose > 0]
        if len(doses) > 1:
            drugs.append(drug)
        elif given:
            drugs.append(f"{drug} {given[0]:g} nM")
    parts += [" + ".join(drugs)] if drugs else []
    parts += [condition.regimen] if condition.regimen else []
    parts += [f"{name} {value:g}" for name, value in condition.set.items()]
    parts += [f"{name} × {value:g}" for name, value in condition.times.items()]
    parts += [f"{name} × {value:g} from hour 0" for name, value in condition.step.items()]
    if math.isfinite(condition.wash):
        parts.append(f"washed out at {condition.wash:g} h")
    return ", ".join(parts)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _limit(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
