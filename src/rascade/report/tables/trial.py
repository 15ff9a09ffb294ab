"""The tables of a trial report, as texts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, number, p_value, percent, plain
from rascade.report.tables.paired import narrower_text
from rascade.report.tables.prediction import predicted_note
from rascade.report.tables.published import compare, median_label, ratio_label
from rascade.trial.endpoints import rates
from rascade.trial.endpoints.rates import OBJECTIVE_RESPONSE

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.report.tables.published import Comparison
    from rascade.trial.endpoints import RateEndPoint
    from rascade.trial.results.records.codec import Estimate
    from rascade.trial.results.records.headline import ArmHeadline
    from rascade.trial.results.records.prediction import Span90

__all__ = [
    "contrast_table",
    "headline_table",
    "parameter_tables",
    "published_table",
    "response_table",
    "sensitivity_table",
]

RESPONSES = {
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progressive disease",
    "NE": "Not evaluable",
}
MOST_PARAMETERS = 60


def _scan_days(run: TrialRun) -> str:
    """Say where medians of PFS can fall."""
    window = run.summary.get("scan_window_days")
    if window:
        return (
            f"Progression is dated at the scan that shows it, made up to {window:g} days before or "
            "after its scheduled day, so medians of PFS gather about the scheduled scans and agree "
            "with published ones no better than to a scan interval."
        )
    return (
        "Progression is dated at the scan that shows it, so medians of PFS and their limits fall "
        "on scan days (or on days of death) and agree with published ones no better than to a scan "
        "interval."
    )


def headline_table(run: TrialRun) -> Table:
    """Arms with response rates and medians, the published ones under them."""
    told = {(c.arm, c.label): f"\npublished {c.published_text}" for c in compare(run)}
    rows = []
    for arm in run.headlines.values():
        cells = [
            percent(rate.value, rate.limits)
            + told.get((arm.name, end.label), "")
            + _predicted_rate(arm, end)
            for end in rates()
            if (rate := arm.rates[end.name])
        ]
        cells += [
            months_text(median.value, median.limits)
            + told.get((arm.name, median_label(end)), "")
            + _predicted(arm.prediction.medians.get(end.name) if arm.prediction else None, 1)
            for end in run.times
            if (median := arm.medians[end.name])
        ]
        rows.append((arm.name, str(arm.n), *cells))
    heads = [f"{end.label} (95 % CI)" if end.limits else end.label for end in rates()]
    heads += [f"{median_label(end)}, months (95 % CI)" for end in run.times]
    meant = [f"{end.label}: {end.title}{_BY.get(end.name, '')}" for end in (*rates(), *run.times)]
    predicted = " Predicted: with 90 % limits, see the answer above." if predicted_note(run) else ""
    return Table(
        "Arms",
        ("Arm", "n", *heads),
        rows,
        f"{'; '.join(meant)}; NR: not reached. {_scan_days(run)}{predicted}",
        frozenset(range(1, len(heads) + 2)),
    )


def _predicted_rate(arm: ArmHeadline, end: RateEndPoint) -> str:
    found = arm.prediction if end.name == OBJECTIVE_RESPONSE.name else None
    return _predicted(found.orr if found else None, 0)


def _predicted(span: Span90 | None, digits: int, missing: str = "NR") -> str:
    """Return a prediction as a line of its own in a cell; empty where there is none."""
    return f"\npredicted {span.text(digits, missing)}" if span is not None else ""


#: How an end point is measured, where its name does not say so.
_BY = {OBJECTIVE_RESPONSE.name: " by RECIST 1.1 with exact (Clopper–Pearson) interval"}


def contrast_table(run: TrialRun) -> Table | None:
    """Hazard ratios against the reference, the published ones under them; None with one arm."""
    told = {(c.arm, c.label): f"\npublished {c.published_text}" for c in compare(run)}
    detail = run.details.contrasts if run.details else ()
    strata = {(row.arm, row.reference): row.stratified for row in detail}
    rows, stratified = [], False
    for contrast in run.contrasts:
        cells = [contrast.arm, contrast.reference]
        within = strata.get((contrast.arm, contrast.reference), {})
        for end in run.times:
            ratio, p = _ratio(contrast.ratios[end.name]), p_value(contrast.log_rank_p[end.name])
            own = within.get(end.name)
            if own is not None and own.ratio.value is not None:
                stratified = True
                ratio += f"\nstratified {_ratio(own.ratio)}"
                p += f"\nstratified {p_value(own.log_rank_p)}"
            ratio += told.get((contrast.arm, ratio_label(end)), "")
            own_prediction = contrast.prediction
            span = own_prediction.ratios.get(end.name) if own_prediction else None
            cells += [ratio + _predicted(span, 2, "not estimable"), p]
        rows.append(tuple(cells))
    if not rows:
        return None
    note = (
        "Below 1 favours the arm. Cox model with Efron's ties and Wald interval. p values describe "
        "the simulated sample: they shrink with the number of virtual patients at will."
    )
    if stratified:
        note += " Stratified: by the strata of the randomisation."
    note = f"{note} {narrower_text(run)}".strip()
    heads = [
        head
        for end in run.times
        for head in (f"{ratio_label(end)} (95 % CI)", f"{end.label} log-rank")
    ]
    numeric = frozenset(range(2, len(heads) + 2))
    return Table("Contrasts", ("Arm", "Reference", *heads), rows, note, numeric)


def _ratio(found: Estimate) -> str:
    if found.value is None:
        return "not estimable"
    return f"{found.value:.2f} ({interval(found.limits, 2)})"


def response_table(run: TrialRun) -> Table:
    """Best overall response by arm."""
    counts = {arm: run.of_arm(arm)["best_response"].astype(str).value_counts() for arm in run.arms}

    def cell(arm: str, names: list[str]) -> str:
        total, own = len(run.of_arm(arm)), sum(int(counts[arm].get(name, 0)) for name in names)
        return f"{own} ({100 * own / total:.1f} %)" if total else "—"

    rows = [(text, *(cell(arm, [name]) for arm in run.arms)) for name, text in RESPONSES.items()]
    rows.append(("Objective response", *(cell(arm, ["CR", "PR"]) for arm in run.arms)))
    rows.append(("Disease control", *(cell(arm, ["CR", "PR", "SD"]) for arm in run.arms)))
    return Table(
        "Best overall response, RECIST 1.1, patients (%)",
        ("Response", *(f"{arm} (n = {len(run.of_arm(arm))})" for arm in run.arms)),
        rows,
        numeric=frozenset(range(1, len(run.arms) + 1)),
    )


def parameter_tables(manifest: dict[str, Any]) -> list[Table]:
    """What went with PFS beyond chance, what did not, and what was fitted; all where nothing is.

    Args:
        manifest: of the run: ``parameters``, and ``influence`` with the number of correlations
            looked at, their common level, and the smallest correlation that passes it by arm.
    """
    parameters = list(manifest.get("parameters") or [])
    known = [p for p in parameters if p.get("influence") is not None]
    tested = [p for p in known if p.get("influence_p") is not None]
    if not known:
        chosen = [p for p in parameters if p.get("fitted")] or parameters
        title = "Fitted parameters" if len(chosen) < len(parameters) else "Parameters"
        tables = [_parameter_table(title, chosen, _CONFIDENCES)] if chosen else []
        return _with_rest(tables, parameters)
    level = float((manifest.get("influence") or {}).get("level", 0.05))
    strong = [p for p in tested if p["influence_p"] < level]
    weak = [p for p in known if p not in strong]
    fitted = [p for p in parameters if p.get("fitted") and p not in known]
    tables = []
    if strong:
        note = f"{_INFLUENCE} {_threshold(manifest)} {_CONFIDENCES}"
        tables.append(_parameter_table("Parameters that mattered", strong, note))
    if weak:
        note = (
            f"{'' if strong else _threshold(manifest) + ' '}These correlations can be chance: no "
            "influence is shown for them, nor that there is none."
            if tested
            else "This run holds no intervals, so none of these can be told from chance."
        )
        tables.append(_parameter_table("Parameters without a shown influence", weak, note))
    if fitted:
        title = "Further fitted parameters, the same in all patients"
        tables.append(_parameter_table(title, fitted, _CONFIDENCES))
    return _with_rest(tables, parameters)


_INFLUENCE = (
    "Influence: Spearman's rank correlation of the parameter with PFS among the patients of one "
    "arm, the strongest of all arms, with its own 95 % interval; positive where more of it goes "
    "with longer PFS. Censored patients are ranked by their log-rank score. A correlation is no "
    "effect: parameters are drawn independently, but only of those that differ between patients is "
    "it known."
)
_CONFIDENCES = (
    "Confidence: fitted, adjusted so that published results come out; verified, read in its "
    "source; derived, computed from such numbers; recalled, from memory, to be looked up; assumed, "
    "reasoned without a measurement."
)


def _threshold(manifest: dict[str, Any]) -> str:
    found = manifest.get("influence") or {}
    count, least = found.get("looked_at"), found.get("least") or {}
    if not count or not least:
        return ""
    ends = sorted(float(x) for x in least.values())
    span = f"{ends[0]:.2f}" if ends[0] == ends[-1] else f"{ends[0]:.2f} to {ends[-1]:.2f}"
    return (
        f"Threshold: p below {found.get('level', 0.05):g} after multiplying by the {count} "
        f"correlations looked at (Bonferroni), here a correlation beyond ±{span}."
    )


def _with_rest(tables: list[Table], parameters: list[dict[str, Any]]) -> list[Table]:
    left = len(parameters) - sum(len(table.rows) for table in tables)
    if left > 0 and tables:
        more = f"{left} more parameters are in manifest.json, with their sources."
        tables[-1] = replace(tables[-1], note=f"{tables[-1].note} {more}".strip())
    return tables


def _parameter_table(title: str, chosen: list[dict[str, Any]], note: str) -> Table:
    chosen = sorted(chosen, key=lambda p: (-abs(p.get("influence") or 0.0), str(p.get("name"))))
    rows: list[tuple[str, ...]] = [_parameter(p) for p in chosen[:MOST_PARAMETERS]]
    head: tuple[str, ...] = (
        "Parameter", "Meaning", "Value", "Spread", "Influence (95 % CI)", "Source", "Confidence",
    )  # fmt: skip
    wide = frozenset({1, 3})
    if any(p.get("influence") is not None for p in chosen):
        return Table(title, head, rows, note, frozenset({2, 4}), wide)
    rows = [(*row[:4], *row[5:]) for row in rows]
    return Table(title, (*head[:4], *head[5:]), rows, note, frozenset({2}), wide)


def _parameter(p: dict[str, Any]) -> tuple[str, ...]:
    low, high = p.get("low"), p.get("high")
    span = f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
    unit = plain(p.get("unit") or "")
    unit = "" if unit in {"dimensionless", "1"} else unit
    return (
        plain(p.get("name", "")),
        plain(p.get("description") or ""),
        f"{number(p.get('value'))} {unit}".strip(),
        "; ".join(x for x in (plain(p.get("distribution") or ""), span) if x),
        _influence(p),
        plain(p.get("source") or "—"),
        "fitted" if p.get("fitted") else plain(p.get("confidence") or ""),
    )


def _influence(p: dict[str, Any]) -> str:
    value, limits = p.get("influence"), p.get("influence_ci")
    if value is None:
        return ""
    text = _signed(value)
    if limits:
        text += f" ({_signed(limits[0])} to {_signed(limits[1])})"
    arm = p.get("influence_arm")
    return f"{text}\n{plain(arm)}" if arm else text


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text in {"+0.00", "−0.00"} else text


def published_table(rows: list[Comparison]) -> Table | None:
    """Published beside simulated; None without any."""
    if not rows:
        return None
    head = (
        "Arm",
        "End point",
        "Simulated (95 % CI)",
        "Published (95 % CI)",
        "Difference",
        "In published CI",
        "Use",
        "Source",
    )
    cells = [
        (
            c.arm,
            c.label if c.unit == "ratio" else f"{c.label}, {c.unit}",
            c.simulated_text,
            c.published_text,
            c.difference,
            c.inside,
            c.use_text,
            c.source,
        )
        for c in rows
    ]
    note = (
        "Use: results marked calibrate were used to set parameters, so agreement with them is no "
        "evidence; those marked validate were not used to set any, with remarks where that is not "
        "all; those marked compare are shown for comparison only."
    )
    return Table(
        "Simulated and published results",
        head,
        cells,
        note,
        frozenset({2, 3, 4}),
        frozenset({6, 7}),
        name="published",
    )


def sensitivity_table(run: TrialRun) -> Table | None:
    """PFS by other rules of censoring; None for a run without them."""
    found = run.censoring
    rows = []
    for rule in found.sensitivity if found else ():
        used = " (used here)" if found and rule.rule == found.rule else ""
        medians = "\n".join(
            f"{plain(arm.name)}: {months_text(arm.median.value, arm.median.limits)}, "
            f"{arm.events} events"
            for arm in rule.arms
        )
        ratios = "\n".join(
            f"{plain(c.arm)}: {_ratio(c.ratio)}, {p_value(c.log_rank_p)}" for c in rule.contrasts
        )
        name = plain(rule.rule.upper() + used)
        rows.append((name, plain(rule.description), medians, ratios or "—"))
    if not rows or found is None:
        return None
    why = plain(found.why)
    return Table(
        "PFS by rule of censoring",
        ("Rule", "What it says", "Median, months (95 % CI)", "Hazard ratio (95 % CI)"),
        rows,
        "" if any(why == row[1] for row in rows) else why,  # what a row says is not said again
        frozenset(),
        frozenset({1, 2}),
    )
