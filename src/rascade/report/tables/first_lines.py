"""The first lines of a trial's report: what came out, with its interval, beside what was published.

A sentence says longer or shorter only where the confidence interval says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rascade.report.look.text import plain
from rascade.report.tables.data_cut import data_cut_text
from rascade.report.tables.paired import design_text
from rascade.report.tables.prediction import evidence, predicted_note
from rascade.report.tables.published import Comparison, compare, median_label, ratio_label
from rascade.trial.endpoints.rates import OBJECTIVE_RESPONSE
from rascade.trial.results.records.headline import ArmHeadline

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.trial.endpoints import TimeEndPoint
    from rascade.trial.results.records.codec import Estimate
    from rascade.trial.results.records.headline import ContrastHeadline

__all__ = ["answers", "context", "roles"]

_APART = 2  # contrasts up to which every end point has a line of its own


def answers(run: TrialRun) -> list[str]:
    """Return the results in sentences, for each contrast, or each arm where there is none.

    Each holds a hazard ratio with medians, or a response rate, with 95 % confidence intervals,
    and what was published of it.
    """
    told = {(c.arm, c.label): c for c in compare(run) if c.panel != "safety"}
    if run.contrasts:
        each = [_contrast(run, c, told) for c in run.contrasts]
        if len(each) <= _APART:
            return [f"{who}, {text}." for who, texts in each for text in texts]
        return [f"{who}: {'; '.join(texts)}." for who, texts in each]
    return [_arm(run, arm, told) for arm in run.arms]


Told = dict[tuple[str, str], Comparison]
Pair = tuple[ArmHeadline, ArmHeadline]


def _contrast(run: TrialRun, contrast: ContrastHeadline, told: Told) -> tuple[str, list[str]]:
    """Return who is compared, and what came out of each end point."""
    pair = run.headlines[contrast.arm], run.headlines[contrast.reference]
    who = f"{contrast.arm} against {contrast.reference}"
    survival = [_survival(contrast, pair, end, told) for end in run.times]
    return who, [*survival, _response(pair, told)]


def _survival(contrast: ContrastHeadline, pair: Pair, end: TimeEndPoint, told: Told) -> str:
    """Say how an end point compares: ``PFS longer: hazard ratio 0.52 (95 % CI 0.43 to 0.62)``."""
    ratio = contrast.ratios[end.name]
    medians = " against ".join(_months(side.medians[end.name].value) for side in pair)
    if ratio.value is None:
        text = f"{end.label}: hazard ratio not estimable"
    else:
        verdict, span = _verdict(ratio.limits), _span(ratio.limits, 2)
        text = f"{end.label} {verdict}: hazard ratio {ratio.value:.2f}{span}"
    published = _published(
        [
            (told.get((contrast.arm, ratio_label(end))), 2, ""),
            *((told.get((side.name, median_label(end))), 1, "months") for side in pair),
        ]
    )
    return f"{text}, median {medians} months{published}{_predicted_times(contrast, pair, end)}"


def _predicted_times(contrast: ContrastHeadline, pair: Pair, end: TimeEndPoint) -> str:
    """Say what trials of these sizes are predicted to show of an end point."""
    ratio = contrast.prediction.ratios.get(end.name) if contrast.prediction else None
    spans = [side.prediction.medians.get(end.name) for side in pair if side.prediction]
    texts = [] if ratio is None else [f"{ratio.text(2, 'not estimable')}"]
    if spans and all(spans):
        texts.append(f"median {' against '.join(s.text(1) for s in spans if s)} months")
    return f"; predicted {', '.join(texts)}" if texts else ""


def _verdict(limits: Sequence[float | None] | None) -> str:
    low, high = limits or (None, None)
    if high is not None and high < 1:
        return "longer"
    if low is not None and low > 1:
        return "shorter"
    return "not shown to differ"


def _response(pair: Pair, told: Told) -> str:
    name, label = OBJECTIVE_RESPONSE.name, OBJECTIVE_RESPONSE.label
    shares = " against ".join(_percent(side.rates[name]) for side in pair)
    published = _published([(told.get((side.name, label)), 0, "%") for side in pair])
    spans = [side.prediction.orr.text(0) for side in pair if side.prediction]
    predicted = f"; predicted {' against '.join(spans)} %" if spans else ""
    return f"response {shares}{published}{predicted}"


def _arm(run: TrialRun, arm: str, told: Told) -> str:
    own = run.headlines[arm]
    parts = []
    for end in run.times:
        median = own.medians[end.name]
        published = _published([(told.get((arm, median_label(end))), 1, "months")])
        text = f"median {end.label} {_months(median.value)} months{_span(median.limits, 1)}"
        span = own.prediction.medians.get(end.name) if own.prediction else None
        predicted = f"; predicted {span.text(1)} months" if span else ""
        parts.append(text + published + predicted)
    response = f"response {_percent(own.rates[OBJECTIVE_RESPONSE.name])}"
    response += _published([(told.get((arm, OBJECTIVE_RESPONSE.label)), 0, "%")])
    if own.prediction:
        response += f"; predicted {own.prediction.orr.text(0)} %"
    parts.append(response)
    return f"{arm}: {'; '.join(parts)}."


def _published(items: Sequence[tuple[Comparison | None, int, str]]) -> str:
    """Say what was published: a ratio first, then the values of both arms."""
    ratios = [c for c, decimals, _ in items if c is not None and decimals == 2]
    values = [(c, decimals, unit) for c, decimals, unit in items if decimals != 2]
    texts = [f"{c.published:.2f}{_limits(c, 2)}" for c in ratios]
    if any(c is not None for c, _, _ in values):
        shown = [
            "not known" if c is None else f"{c.published:.{decimals or 1}f}{_limits(c, 1)}"
            for c, decimals, _ in values
        ]
        unit = next(unit for _, _, unit in values)
        median = "median " if unit == "months" else ""
        texts.append(f"{median}{' against '.join(shown)} {unit}")
    return f"; published {', '.join(texts)}" if texts else ""


def _limits(item: Comparison, decimals: int) -> str:
    return _span(item.published_limits, decimals, name="")


def _span(limits: Sequence[float | None] | None, decimals: int, name: str = "95 % CI ") -> str:
    if limits is None or all(x is None for x in limits):
        return ""
    low, high = ("not reached" if x is None else f"{x:.{decimals}f}" for x in limits)
    return f" ({name}{low} to {high})"


def _months(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f}"


def _percent(found: Estimate) -> str:
    return "not known" if found.value is None else f"{found.value:.1f} %{_span(found.limits, 1)}"


def roles(run: TrialRun) -> list[str]:
    """Say which of the published numbers the model was set to, and which it was not."""
    found = compare(run)
    if not found:
        return ["No published results were given to compare this run with."]
    texts = []
    fitted = [c for c in found if c.use == "calibrate"]
    free = [c for c in found if c.use != "calibrate"]
    if fitted:
        texts.append(
            f"The model was set to these published numbers, so agreement with them is no evidence: "
            f"{_listed(fitted)}."
        )
    if free:
        texts.append(f"It was not set to these: {_listed(free)}.")
    return texts


_SHORT = {"Grade 3 or more, related": "related side effects grade 3+",
          "Serious, related": "serious side effects"}  # fmt: skip


def _listed(items: Sequence[Comparison]) -> str:
    by_arm: dict[str, list[str]] = {}
    for item in items:
        label = _SHORT.get(item.label, item.label.replace(", grade 3 or more", " grade 3+"))
        text = label.replace(", any grade", " any grade") + (
            f" ({item.note})" if item.note and item.use == "validate" else ""
        )
        by_arm.setdefault(item.arm, []).append(text)
    return "; ".join(f"{arm}: {', '.join(labels)}" for arm, labels in by_arm.items())


def context(run: TrialRun) -> list[str]:
    """Say what else must be known at once: data cut, populations, the study's own words."""
    predicted = [predicted_note(run), *evidence(run)]
    texts = [*predicted, design_text(run), data_cut_text(run), _populations(run), run.description]
    return [text for text in texts if text]


def _populations(run: TrialRun) -> str:
    """Published and simulated populations beside each other."""
    rows = run.manifest.get("published_arms") or []
    told = list(dict.fromkeys(plain(row["population"]) for row in rows if row.get("population")))
    if not told:
        return ""
    cohort = run.summary.get("cohort")
    eligible = cohort.get("eligibility") if isinstance(cohort, dict) else None
    own = " and ".join(map(plain, eligible)) if eligible else "no condition"
    trials = dict.fromkeys(
        f"{plain(row['trial'])} ({plain(row['nct'])})" if row.get("nct") else plain(row["trial"])
        for row in rows
    )
    return (
        f"Published: {'; '.join(trials)}; population: {'; '.join(told)}. Simulated eligibility: "
        f"{own}."
    )
