"""Curves and sizes of the user's own beside the simulation: do they fit?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.page import Table
from rascade.report.look.text import p_value, plain
from rascade.report.tables.published import compare

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.statistics.survival import KaplanMeier

__all__ = ["own_curve", "own_fit_table", "own_landmarks"]

#: Below this p value of the log-rank test two curves are said to differ.
_DIFFER = 0.05


def _row(run: TrialRun, arm: str, end: str) -> dict[str, Any] | None:
    rows = run.manifest.get("published_curves") or []
    found = [row for row in rows if plain(row["arm"]) == arm and row["endpoint"] == end]
    return found[0] if found else None


def own_curve(run: TrialRun, arm: str, end: str) -> KaplanMeier | None:
    """Return the curve of the user's own patients of an arm; None without any."""
    from rascade.statistics.survival import kaplan_meier

    row = _row(run, arm, end)
    if row is None or "events" not in row:
        return None
    return kaplan_meier(row["months"], row["events"])


def own_landmarks(run: TrialRun, arm: str, end: str) -> dict[float, float]:
    """Return the user's own rates by month, in percent."""
    row = _row(run, arm, end)
    rates = (row or {}).get("rates") or {}
    return {float(month): float(rate) for month, rate in rates.items()}


def own_fit_table(run: TrialRun) -> Table | None:
    """Say of each own result whether it fits the simulation; None without any."""
    named = {plain(row["arm"]) for row in run.manifest.get("published_curves") or []}
    rows = [
        *_numbers(run, named),
        *(cells for arm in run.arms for cells in _curves(run, arm)),
        *(cells for arm in run.arms for cells in _rates(run, arm)),
        *(cells for arm in run.arms for cells in _sizes(run, arm)),
    ]
    if not rows:
        return None
    note = (
        "Inside: the number lies in the interval in which 90 % of trials of this size are "
        "predicted to fall. Curves are compared by the log-rank test; a hazard ratio above 1 means "
        "that the simulated patients have the event sooner. A p value of 0.05 or more says that "
        "these data do not tell the curves apart, not that they are one. Rates are compared with "
        "the 95 % interval of the simulated curve, best changes of size by the test of "
        "Kolmogorov and Smirnov."
    )
    head = ("Arm", "What", "Own or published", "Simulated", "Check", "Fits")
    return Table("Curves and rates beside the simulation", head, rows, note, name="own-data")


def _numbers(run: TrialRun, named: set[str]) -> Iterator[tuple[str, ...]]:
    for one in compare(run):
        if one.arm not in named or one.predicted is None:
            continue
        low, high = one.predicted
        inside = (low is None or one.published >= low) and (high is None or one.published <= high)
        ends = " to ".join(
            "not reached" if x is None else f"{x:.{one.decimals}f}" for x in (low, high)
        )
        yield (
            one.arm, one.label, one.published_text, one.simulated_text,
            f"predicted {ends}", "inside" if inside else "outside",
        )  # fmt: skip


def _curves(run: TrialRun, arm: str) -> Iterator[tuple[str, ...]]:
    from rascade.statistics.survival import cox_hazard_ratio, kaplan_meier, log_rank

    for end in run.times:
        row = _row(run, arm, end.name)
        if row is None or "events" not in row:
            continue
        own = run.of_arm(arm)
        months = own[end.months].to_numpy(float)
        known = np.isfinite(months)
        simulated = months[known], own[end.event].to_numpy()[known].astype(bool)
        mine = np.array(row["months"], float), np.array(row["events"], bool)
        time, event = (np.concatenate(pair) for pair in zip(mine, simulated, strict=True))
        group = np.repeat([0, 1], [mine[0].size, simulated[0].size])
        p = log_rank(time, event, group).p
        ratio = cox_hazard_ratio(time, event, group).hazard_ratio
        said = "not estimable" if ratio[0] is None else f"HR {ratio[0]:.2f}"
        if ratio[1] is not None and ratio[2] is not None:
            said += f" ({ratio[1]:.2f} to {ratio[2]:.2f})"
        yield (
            arm,
            f"{end.label} curve",
            f"{mine[0].size} patients, {_median(kaplan_meier(*mine))}",
            f"{simulated[0].size} patients, {_median(kaplan_meier(*simulated))}",
            f"{said}, log-rank {p_value(p)}",
            "not estimable" if p is None else "differs" if p < _DIFFER else "no difference seen",
        )


def _median(curve: KaplanMeier) -> str:
    value, low, high = curve.median()
    if value is None:
        return "median not reached"
    ends = " to ".join("not reached" if x is None else f"{x:.1f}" for x in (low, high))
    return f"median {value:.1f} ({ends}) months"


def _rates(run: TrialRun, arm: str) -> Iterator[tuple[str, ...]]:
    from rascade.statistics.survival import kaplan_meier

    for end in run.times:
        for month, rate in own_landmarks(run, arm, end.name).items():
            own = run.of_arm(arm)
            months = own[end.months].to_numpy(float)
            known = np.isfinite(months)
            curve = kaplan_meier(months[known], own[end.event].to_numpy()[known].astype(bool))
            value, low, high = (100 * float(x[0]) for x in curve.at([month]))
            seen = np.isfinite(value) and months[known].max() >= month
            inside = low <= rate <= high
            yield (
                arm,
                f"{end.label} at {month:g} months, %",
                f"{rate:.1f}",
                f"{value:.1f}" if seen else "not followed so long",
                f"95 % CI {low:.1f} to {high:.1f}" if seen and np.isfinite(low) else "\u2014",
                ("inside" if inside else "outside") if seen and np.isfinite(low) else "\u2014",
            )


def _sizes(run: TrialRun, arm: str) -> Iterator[tuple[str, ...]]:
    from scipy.stats import ks_2samp

    row = _row(run, arm, "sizes")
    column = "best_change_pct"
    if row is None or column not in run.patients:
        return
    best: dict[str, float] = {}
    first: set[str] = set()
    for who, change in zip(row["patient"], row["change_pct"], strict=True):
        # The first scan is the baseline itself.
        if who in first:
            best[who] = min(best.get(who, np.inf), float(change))
        first.add(who)
    mine = np.array(list(best.values()))
    simulated = run.of_arm(arm)[column].to_numpy(float, na_value=np.nan)
    simulated = simulated[np.isfinite(simulated)]
    if mine.size < 2 or simulated.size < 2:
        return
    p = float(ks_2samp(mine, simulated).pvalue)
    yield (
        arm,
        "Best change of size, %",
        f"{mine.size} patients, median {np.median(mine):.0f}",
        f"{simulated.size} patients, median {np.median(simulated):.0f}",
        f"Kolmogorov\u2013Smirnov {p_value(p)}",
        "differs" if p < _DIFFER else "no difference seen",
    )
