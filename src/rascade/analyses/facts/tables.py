"""What facts came to, as records: the one thing that pages and figures are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rascade.analyses.facts.panels import BEFORE, mark
from rascade.analyses.facts.run import FactResult, Outcome, PanelResult
from rascade.bench.questions.records import Condition, Experiment
from rascade.model import readouts
from rascade.trial.results.records.codec import finite, kept

__all__ = [
    "CheckRecord", "CurveRecord", "FactRecord", "MarkRecord", "PanelRecord", "describe", "records",
]  # fmt: skip

_ENDS = {"pfs": "progression-free survival", "os": "overall survival"}
_DIGITS = 10  # of a limit: three-fold of 30 is 90, not 89.99999999999999


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """One number of a fact; None for what is not finite.

    Attributes:
        what: is expected, in words.
        observable: expression that was worked out.
        effect: with typical parameters.
        ci: ends of its interval.
        expected: lower and upper limit.
        published: number of the publication.
        record: of the evidence that holds it; empty if none does.
        holds: whether the effect lies within the limits.
        tuned: rows of the parameter table that were set so that this comes out.
        standing: what it is worth as a test; None in folders older than that.
    """

    what: str
    observable: str
    effect: float | None
    ci: tuple[float | None, float | None] = kept("ci", many=True)
    expected: tuple[float | None, float | None] = kept("expected", many=True)
    published: float | None
    record: str | None = None
    holds: bool
    tuned: tuple[str, ...] = kept("tuned", many=True)
    standing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRecord:
    """A curve: `x` in hours, months or nM, `y` as its panel says."""

    condition: str
    label: str
    x: tuple[float, ...] = kept("x", many=True)
    y: tuple[float | None, ...] = kept("y", many=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRecord:
    """Limits of a check within a panel.

    Attributes:
        check: its number among the checks.
        condition: whose curve it is about.
        hours: where on a time course; empty on a dose-response curve.
        limits: of the value or of the dose.
        of: ``value`` or ``dose``.
        published: number.
    """

    check: int
    condition: str
    hours: tuple[float, ...] = kept("hours", many=True)
    limits: tuple[float | None, float | None] = kept("limits", many=True)
    of: str
    published: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelRecord:
    """Curves of one read-out.

    Attributes:
        readout: of the model.
        label: of the read-out, in words.
        axis: ``hour``, ``month`` or ``dose``.
        hour: of a dose-response curve.
        relative: what values are relative to.
        against: what is given in the condition that they are relative to; empty if it is none.
        curves, marks: what is drawn.
    """

    readout: str
    label: str
    axis: str
    hour: float | None
    relative: str
    against: str
    curves: tuple[CurveRecord, ...] = kept("curves", of=CurveRecord, many=True)
    marks: tuple[MarkRecord, ...] = kept("marks", of=MarkRecord, many=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """A fact and what came out; `role` and `standing` are None in folders older than them."""

    id: str
    subject: str
    statement: str
    source: str
    kind: str
    role: str | None = None
    standing: str | None = None
    holds: bool
    checks: tuple[CheckRecord, ...] = kept("checks", of=CheckRecord, many=True)
    panels: tuple[PanelRecord, ...] = kept("panels", of=PanelRecord, many=True)


def records(results: Iterable[FactResult]) -> tuple[FactRecord, ...]:
    """Return one record a fact."""
    return tuple(_record(result) for result in results)


def _record(result: FactResult) -> FactRecord:
    fact = result.fact
    return FactRecord(
        id=fact.id,
        subject=fact.subject,
        statement=fact.statement,
        source=fact.source,
        kind=fact.experiment.kind,
        role=fact.role,
        standing=result.standing.value,
        holds=result.holds,
        checks=tuple(_check(outcome) for outcome in result.outcomes),
        panels=tuple(_panel(result, panel) for panel in result.panels),
    )


def _check(outcome: Outcome) -> CheckRecord:
    check = outcome.check
    return CheckRecord(
        what=check.what,
        observable=check.effect,
        effect=finite(outcome.effect),
        ci=(finite(outcome.low), finite(outcome.high)),
        expected=(_limit(check.low), _limit(check.high)),
        published=_limit(check.value),
        record=check.published,
        holds=outcome.holds,
        tuned=tuple(outcome.tuned),
        standing=outcome.standing.value,
    )


def _panel(result: FactResult, drawn: PanelResult) -> PanelRecord:
    panel = drawn.panel
    experiment, relative = result.fact.experiment, panel.relative
    labels = {c.name: describe(c) for c in experiment.conditions}
    labels |= {arm.name: f"{arm.name}: {arm.regimen}" for arm in experiment.arms}
    names = {name: r.label for r in readouts().values() for name in (r.symbol, r.name)}
    known = names.get(panel.readout, panel.readout)
    axis = "hour" if panel.hour is None else "dose"
    return PanelRecord(
        readout=panel.readout,
        label=_ENDS.get(panel.readout, known),
        axis="month" if experiment.kind == "trial" else axis,
        hour=panel.hour,
        relative=labels.get(relative, relative),
        against=_against(experiment, relative),
        curves=tuple(
            CurveRecord(
                condition=curve.condition,
                label=labels[curve.condition],
                x=tuple(curve.x),
                y=tuple(finite(y) for y in curve.y),
            )
            for curve in drawn.curves
        ),
        marks=_marks(result, drawn),
    )


def _against(experiment: Experiment, relative: str) -> str:
    """Return what is given in the condition that a panel is relative to, if it is one."""
    from rascade.regimen import parse

    for condition in experiment.conditions:
        if condition.name == relative:
            given = [drug for drug, doses in condition.drugs.items() if max(doses) > 0]
            given += parse(condition.regimen).drugs if condition.regimen else ()
            return " + ".join(given) or "untreated"
    return ""


def _marks(result: FactResult, drawn: PanelResult) -> tuple[MarkRecord, ...]:
    panel = drawn.panel
    found = []
    for number, outcome in enumerate(result.outcomes):
        own = mark(outcome.check)
        if own is None or panel.relative != BEFORE or own.readout != panel.readout:
            continue
        if own.condition not in panel.conditions:
            continue
        found.append(
            MarkRecord(
                check=number,
                condition=own.condition,
                hours=tuple(own.hours),
                limits=(_limit(own.low), _limit(own.high)),
                of="dose" if own.dose else "value",
                published=_limit(own.value),
            )
        )
    return tuple(found)


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


def _limit(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
