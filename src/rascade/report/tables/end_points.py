"""Tables of the report beyond the headline: response in time, landmarks, means, estimands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, number, p_value, percent

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["end_point_tables", "estimand_table"]


def end_point_tables(run: TrialRun) -> list[Table]:
    """Response in time, rates at landmarks, restricted means; empty for a run without them."""
    detail = run.summary.get("end_points")
    if not detail:
        return []
    tables = [_response(detail["arms"]), _landmarks(detail["arms"]), _means(detail)]
    return [table for table in tables if table is not None]


def _columns(arms: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(arm["name"]) for arm in arms)


def _response(arms: list[dict[str, Any]]) -> Table:
    def row(text: str, cell: Any) -> tuple[str, ...]:
        return (text, *(cell(arm) for arm in arms))

    rows = [
        row(
            "Confirmed response (28 days), RECIST 1.1",
            lambda a: percent(a["orr_confirmed_pct"], a["orr_confirmed_ci"]),
        ),
        row("Response, iRECIST", lambda a: percent(a["iorr_pct"], a["iorr_ci"])),
        row("Disease control, RECIST 1.1", lambda a: percent(a["dcr_pct"], a["dcr_ci"])),
        row("Median time to response, months", lambda a: number(a["ttr_median_months"]) or "—"),
        row(
            "Median duration of response, months",
            lambda a: months_text(a["dor_median_months"], a["dor_ci"]) if a["responders"] else "—",
        ),
        row(
            "Median PFS, iRECIST, months",
            lambda a: months_text(a["ipfs_median_months"]),
        ),
        row(
            "Median PFS, interval-censored, months",
            _censored,
        ),
        row("Median follow-up, months", lambda a: months_text(a["follow_up_median_months"])),
        row(
            "CA 19-9 before treatment, median, U/mL",
            lambda a: number(a["ca19_9_baseline_median"]) or "—",
        ),
        row("CA 19-9 halved", lambda a: percent(a["ca19_9_halved_pct"], a["ca19_9_halved_ci"])),
        row(
            "KRAS allele fraction in plasma before treatment, median, %",
            lambda a: number(a["kras_maf_baseline_median_pct"]) or "—",
        ),
        row(
            "Mutant KRAS cleared from plasma",
            lambda a: percent(a["kras_cleared_pct"], a["kras_cleared_ci"]),
        ),
    ]
    rows[5:5] = _confirmed(arms)
    note = (
        "Intervals are 95 %: exact (Clopper–Pearson) for rates, log-log for medians. Interval-"
        "censored: Turnbull's estimate, in which progression lies between two scans and deaths are "
        "known to the day; the median lies in the interval shown, or on a day of death where the "
        "estimate puts progressions of the same interval. Follow-up: reverse Kaplan–Meier. "
        "CA 19-9 counts patients who can make it, clearance those in whom mutant KRAS was found. "
        "iRECIST: progression must be confirmed; but here treatment ends at the first progression "
        "by RECIST 1.1 unless the protocol says otherwise."
    )
    head = ("End point", *_columns(arms))
    return Table("End points in detail", head, rows, note, frozenset(range(1, len(arms) + 1)))


def _censored(arm: dict[str, Any]) -> str:
    limits = interval(arm.get("pfs_interval_median_ci"), missing="∞")
    text = _span(arm["pfs_interval_median_months"])
    return f"{text}\n95 % CI ({limits})" if limits else text


def _confirmed(arms: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the duration of confirmed responses, where the run holds it."""
    found = [(arm.get("responses") or {}).get("confirmed") or {} for arm in arms]
    if not any("dor_median_months" in own for own in found):
        return []
    cells = (
        months_text(own.get("dor_median_months"), own.get("dor_ci"))
        if own.get("responders")
        else "—"
        for own in found
    )
    return [("Median duration of confirmed response, months", *cells)]


def _span(limits: list[float | None] | None) -> str:
    low, high = limits or (None, None)
    if low is None and high is None:
        return "NR"
    if high is None:
        return f"after {low:.1f}"
    return f"{high:.1f}" if low == high else f"{low:.1f} to {high:.1f}"


def _landmarks(arms: list[dict[str, Any]]) -> Table | None:
    rows = []
    for end, title in (("pfs", "PFS"), ("os", "OS")):
        marks = [arm[f"{end}_landmarks"] for arm in arms]
        for same in zip(*marks, strict=True):
            cells = (
                f"{percent(mark['rate_pct'], mark['ci'])}, n = {mark['at_risk']}" for mark in same
            )
            rows.append((f"{title} at {same[0]['month']:g} months", *cells))
    if not rows:
        return None
    note = "Kaplan–Meier rates with log-log 95 % intervals; n is the number still at risk."
    head = ("Landmark", *_columns(arms))
    return Table("Rates at landmarks", head, rows, note, frozenset(range(1, len(arms) + 1)))


def _means(detail: dict[str, Any]) -> Table | None:
    arms, rows = detail["arms"], []
    for end, title in (("pfs", "PFS"), ("os", "OS")):
        known = [arm[f"{end}_rmst"] for arm in arms if arm[f"{end}_rmst"]]
        if known:
            cells = (
                months_text(m["mean_months"], m["ci"]) if (m := arm[f"{end}_rmst"]) else "—"
                for arm in arms
            )
            horizon = known[0]["horizon_months"]
            rows.append((f"{title}, first {horizon:.1f} months", *cells))
        gains = {row["arm"]: _gain(row, end) for row in detail["contrasts"]}
        if any(gains.values()):
            reference = detail["contrasts"][0]["reference"]
            cells = (gains.get(arm["name"], "") for arm in arms)
            rows.append((f"{title}, difference from {reference}", *cells))
    if not rows:
        return None
    note = (
        "Restricted mean survival time: mean months without the event up to a horizon, the longest "
        "that all arms allow. Unlike a hazard ratio it needs no proportional hazards."
    )
    head = ("Restricted mean", *_columns(arms))
    return Table(
        "Restricted mean survival times, months (95 % CI)",
        head,
        rows,
        note,
        frozenset(range(1, len(arms) + 1)),
    )


def _gain(contrast: dict[str, Any], end: str) -> str:
    """Return the gain in restricted mean against the reference, with interval and p value."""
    gain = contrast[f"{end}_rmst_difference_months"]
    if gain is None:
        return ""
    limits = interval(contrast[f"{end}_rmst_difference_ci"])
    text = f"{gain:+.1f} ({limits}), {p_value(contrast[f'{end}_rmst_p'])}"
    return text.replace("-", "−")


def estimand_table(run: TrialRun) -> Table | None:
    """The estimands by name, with what each strategy gives; None for a run without them."""
    detail = run.summary.get("end_points")
    if not detail:
        return None
    rows = []
    for item in detail["estimands"]:
        medians = "\n".join(
            f"{arm['name']}: {months_text(arm['median_months'], arm['ci'])}" for arm in item["arms"]
        )
        ratios = "\n".join(
            f"{c['arm']}: {c['hr']:.2f} ({interval(c['hr_ci'], 2)})"
            for c in item["contrasts"]
            if c["hr"] is not None
        )
        if not item["applies"]:
            medians = "not in this trial: nothing of the kind happens"
        handled = " ".join(x for x in (item["intercurrent"], item["caution"]) if x)
        rows.append((item["name"], handled, medians, ratios or "—"))
    note = (
        "Population: all randomised patients (intention to treat). The results above are those of "
        "the treatment policy; a patient without a scan counts as no response (composite)."
    )
    head = ("Estimand", "Intercurrent events", "Median, months (95 % CI)", "Hazard ratio (95 % CI)")
    return Table("Estimands (ICH E9(R1))", head, rows, note, frozenset(), frozenset({1, 2}))
