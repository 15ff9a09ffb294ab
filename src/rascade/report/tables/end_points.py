"""Tables of the report beyond the headline: response in time, landmarks, means, estimands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, number, p_value, percent

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.trial.endpoints import TimeEndPoint
    from rascade.trial.results.records.codec import Estimate, Limits
    from rascade.trial.results.records.details import ArmDetail, Details, RestrictedGain

__all__ = ["end_point_tables", "estimand_table"]


def end_point_tables(run: TrialRun) -> list[Table]:
    """Response in time, rates at landmarks, restricted means; empty for a run without them."""
    detail = run.details
    if detail is None:
        return []
    tables = [_response(detail.arms), _landmarks(detail.arms, run.times), _means(detail, run.times)]
    return [table for table in tables if table is not None]


def _columns(arms: Sequence[ArmDetail]) -> tuple[str, ...]:
    return tuple(arm.name for arm in arms)


def _share(found: Estimate) -> str:
    return percent(found.value, found.limits)


def _response(arms: Sequence[ArmDetail]) -> Table:
    def row(text: str, cell: Callable[[ArmDetail], str]) -> tuple[str, ...]:
        return (text, *(cell(arm) for arm in arms))

    rows = [
        row(
            "Confirmed response (28 days), RECIST 1.1",
            lambda a: _share(a.responses.confirmed),
        ),
        row("Response, iRECIST", lambda a: _share(a.responses.immune)),
        row("Disease control, RECIST 1.1", lambda a: _share(a.responses.control)),
        row("Median time to response, months", lambda a: number(a.responses.first) or "—"),
        row(
            "Median duration of response, months",
            lambda a: _lasted(a.responses.lasted) if a.responses.responders else "—",
        ),
        row(
            "Median PFS, iRECIST, months",
            lambda a: months_text(a.immune_median),
        ),
        row(
            "Median PFS, interval-censored, months",
            _censored,
        ),
        row("Median follow-up, months", lambda a: months_text(a.follow_up)),
        row(
            "CA 19-9 before treatment, median, U/mL",
            lambda a: number(a.markers.ca19_9) or "—",
        ),
        row("CA 19-9 halved", lambda a: _share(a.markers.halved)),
        row(
            "KRAS allele fraction in plasma before treatment, median, %",
            lambda a: number(a.markers.kras) or "—",
        ),
        row(
            "Mutant KRAS cleared from plasma",
            lambda a: _share(a.markers.cleared),
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


def _censored(arm: ArmDetail) -> str:
    limits = interval(arm.interval_median_limits, missing="∞")
    text = _span(arm.interval_median)
    return f"{text}\n95 % CI ({limits})" if limits else text


def _lasted(found: Estimate) -> str:
    return months_text(found.value, found.limits)


def _confirmed(arms: Sequence[ArmDetail]) -> list[tuple[str, ...]]:
    """Return the duration of confirmed responses, where the run holds it."""
    found = [arm.by_kind.get("confirmed") for arm in arms]
    if not any(own is not None and own.times is not None for own in found):
        return []
    cells = (
        _lasted(own.times.lasted)
        if own is not None and own.times is not None and own.responders
        else "—"
        for own in found
    )
    return [("Median duration of confirmed response, months", *cells)]


def _span(limits: Limits) -> str:
    low, high = limits or (None, None)
    if low is None and high is None:
        return "NR"
    if high is None:
        return f"after {low:.1f}"
    return f"{high:.1f}" if low == high else f"{low:.1f} to {high:.1f}"


def _landmarks(arms: Sequence[ArmDetail], ends: Sequence[TimeEndPoint]) -> Table | None:
    rows = []
    for end in ends:
        marks = [arm.landmarks.get(end.name, ()) for arm in arms]
        for same in zip(*marks, strict=True):
            cells = (f"{_share(mark.rate)}, n = {mark.at_risk}" for mark in same)
            rows.append((f"{end.label} at {same[0].month:g} months", *cells))
    if not rows:
        return None
    note = "Kaplan–Meier rates with log-log 95 % intervals; n is the number still at risk."
    head = ("Landmark", *_columns(arms))
    return Table("Rates at landmarks", head, rows, note, frozenset(range(1, len(arms) + 1)))


def _means(detail: Details, ends: Sequence[TimeEndPoint]) -> Table | None:
    arms, rows = detail.arms, []
    for end in ends:
        known = [mean for arm in arms if (mean := arm.means.get(end.name))]
        if known:
            cells = (
                months_text(m.mean.value, m.mean.limits) if (m := arm.means.get(end.name)) else "—"
                for arm in arms
            )
            rows.append((f"{end.label}, first {known[0].horizon_months:.1f} months", *cells))
        gains = {row.arm: _gain(row.gains.get(end.name)) for row in detail.contrasts}
        if any(gains.values()):
            reference = detail.contrasts[0].reference
            cells = (gains.get(arm.name, "") for arm in arms)
            rows.append((f"{end.label}, difference from {reference}", *cells))
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


def _gain(found: RestrictedGain | None) -> str:
    """Return the gain in restricted mean against the reference, with interval and p value."""
    if found is None or found.difference.value is None:
        return ""
    limits = interval(found.difference.limits)
    text = f"{found.difference.value:+.1f} ({limits}), {p_value(found.p)}"
    return text.replace("-", "−")


def estimand_table(run: TrialRun) -> Table | None:
    """The estimands by name, with what each strategy gives; None for a run without them."""
    if run.details is None:
        return None
    rows = []
    for item in run.details.estimands:
        medians = "\n".join(f"{arm.name}: {_lasted(arm.median)}" for arm in item.arms)
        ratios = "\n".join(
            f"{c.arm}: {c.ratio.value:.2f} ({interval(c.ratio.limits, 2)})"
            for c in item.contrasts
            if c.ratio.value is not None
        )
        if not item.applies:
            medians = "not in this trial: nothing of the kind happens"
        handled = " ".join(x for x in (item.intercurrent, item.caution) if x)
        rows.append((item.name, handled, medians, ratios or "—"))
    note = (
        "Population: all randomised patients (intention to treat). The results above are those of "
        "the treatment policy; a patient without a scan counts as no response (composite)."
    )
    head = ("Estimand", "Intercurrent events", "Median, months (95 % CI)", "Hazard ratio (95 % CI)")
    return Table("Estimands (ICH E9(R1))", head, rows, note, frozenset(), frozenset({1, 2}))
