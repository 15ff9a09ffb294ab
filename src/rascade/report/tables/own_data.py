"""The user's own data beside the simulation: does the one fit the other?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rascade.report.look.page import Table
from rascade.report.look.text import interval, months_text, p_value, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.statistics.survival import KaplanMeier

__all__ = ["own_curves", "own_data_table"]


def own_curves(run: TrialRun, endpoint: str) -> dict[str, KaplanMeier]:
    """Return the curves of the user's own data of an end point, by arm."""
    from rascade.statistics.survival import kaplan_meier

    return {
        str(row["arm"]): kaplan_meier(np.array(row["months"]), np.array(row["events"], dtype=bool))
        for row in run.manifest.get("own_curves") or []
        if row["endpoint"] == endpoint and row["arm"] in run.arms
    }


def own_data_table(run: TrialRun) -> Table | None:
    """Return how the simulated patients of an arm differ from the user's own; None without such."""
    from rascade.statistics.survival import cox_hazard_ratio, log_rank

    rows = []
    known = {end.name: end for end in run.times}
    for row in run.manifest.get("own_curves") or []:
        end, arm = known.get(str(row["endpoint"])), str(row["arm"])
        if end is None or arm not in run.arms:
            continue
        mine, events = np.array(row["months"]), np.array(row["events"], dtype=bool)
        part = run.of_arm(arm)
        months, flags = part[end.months].to_numpy(float), part[end.event].to_numpy(bool)
        seen = np.isfinite(months)
        # Nobody is compared beyond what either was watched for.
        until = min(mine.max(), months[seen].max())
        time = np.concatenate([months[seen], mine])
        event = np.concatenate([flags[seen], events]) & (time <= until)
        time = np.minimum(time, until)
        group = np.repeat([1, 0], [int(seen.sum()), mine.size])
        fit, test = cox_hazard_ratio(time, event, group), log_rank(time, event, group)
        own = own_curves(run, end.name)[arm].median()
        value, *limits = fit.hazard_ratio
        ratio = "not estimable"
        if value is not None:
            ratio = f"{value:.2f} ({interval((limits[0], limits[1]), 2)})"
        median = run.headlines[arm].medians[end.name]
        rows.append(
            (
                plain(arm), end.label, str(mine.size), months_text(own.estimate, own[1:]),
                months_text(median.value, median.limits), ratio, p_value(test.p),
                f"{plain(row['source'])}; {plain(row['how'])}",
            )
        )  # fmt: skip
    if not rows:
        return None
    return Table(
        "Your own data beside the simulated patients, up to where both were watched",
        ("Arm", "End point", "Own patients", "Own median, months", "Simulated median, months",
         "Hazard ratio, simulated against own (95 % CI)", "Log-rank test", "Source"),
        rows,
        numeric=frozenset({2, 3, 4, 5, 6}),
    )  # fmt: skip
