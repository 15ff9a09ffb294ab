"""What a trial reports: response rates, medians, contrasts, and the summary of a study.

The survival methods themselves are in `rascade.statistics.survival`. A number that the data do not
determine (nobody in the arm, median not reached, no events) is ``None``, so that the summary is
valid JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade import RESEARCH_USE, __version__
from rascade.statistics.survival import (
    CoxFit,
    Interval,
    KaplanMeier,
    LogRank,
    cox_hazard_ratio,
    kaplan_meier,
    log_rank,
)
from rascade.trial.endpoints import rates, times
from rascade.trial.results.records.codec import Estimate, tidy, to_json
from rascade.trial.results.records.headline import ArmHeadline, ContrastHeadline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from rascade.trial.endpoints import TimeEndPoint

__all__ = [
    "CoxFit",
    "Interval",
    "KaplanMeier",
    "LogRank",
    "cox_hazard_ratio",
    "exact_interval",
    "kaplan_meier",
    "log_rank",
    "summarize",
    "times_of",
]


def exact_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Proportion with its Clopper-Pearson interval (Biometrika 1934;26:404-413).

    Args:
        successes: how many of the patients had it.
        n: patients; with 0 every number is None.
        level: confidence level.

    Raises:
        ValueError: `successes` is not between 0 and `n`.
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a proportion")
    if n == 0:
        return Interval(None, None, None)
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return Interval(successes / n, low, high)


def summarize(
    patients: pd.DataFrame,
    *,
    study: str,
    seed: int,
    model_hash: str,
    arms: Sequence[str],
    reference: str | None,
    cohort: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """Make ``summary.json`` of a trial.

    Args:
        patients: one row a patient with ``arm``, ``best_response``, ``pfs_months``,
            ``pfs_event``, ``os_months``, ``os_event``.
        study: name of the study.
        seed: its seed.
        model_hash: hash of the assembled model.
        arms: names of the arms in the order wanted; an arm without patients is kept.
        reference: arm that the others are compared with; None makes no contrasts.
        cohort: copied into the summary.
        warnings: copied into the summary, before those made here.

    Returns:
        A JSON-ready mapping: percentages with 95 % limits, months, hazard ratios arm / reference.
        Rates count every patient of the arm; times leave out patients whose simulation failed,
        with a warning.

    Raises:
        ValueError: a patient's arm or `reference` is not among `arms`.
    """
    unknown = sorted({*patients["arm"].astype(str)} | ({reference} if reference else set()))
    unknown = [name for name in unknown if name not in arms]
    if unknown:
        raise ValueError(f"arm {unknown[0]!r} is not one of {', '.join(map(repr, arms))}")
    rows = {name: patients[patients["arm"].astype(str) == name] for name in arms}
    notes = list(warnings)
    for name, own in rows.items():
        failed = int(own["os_months"].isna().sum())
        if failed:
            notes.append(
                f"{name}: {failed} of {len(own)} patients left out of PFS and OS: "
                "their simulation failed"
            )
    return {
        "study": study,
        "seed": seed,
        "model_hash": model_hash,
        "rascade_version": __version__,
        "research_use": RESEARCH_USE,
        "cohort": dict(cohort) if cohort is not None else None,
        "arms": [to_json(_arm(name, own)) for name, own in rows.items()],
        "contrasts": []
        if reference is None
        else [
            to_json(_contrast(name, own, reference, rows[reference]))
            for name, own in rows.items()
            if name != reference
        ],
        "warnings": notes,
    }


def _arm(name: str, rows: pd.DataFrame) -> ArmHeadline:
    counted = {
        end.name: Estimate.of(exact_interval(int(end.reached(rows).sum()), len(rows)), 100.0)
        for end in rates()
    }
    medians = {
        end.name: Estimate.of(kaplan_meier(*times_of(rows, end.name)).median())
        for end in _measured(rows)
    }
    # Side effects are what `rascade.trial.results.safety` knows of.
    return ArmHeadline(name, len(rows), counted, medians)


def _measured(rows: pd.DataFrame) -> list[TimeEndPoint]:
    """Return the times that a table of patients has columns for."""
    return [end for end in times() if end.months in rows]


def times_of(rows: pd.DataFrame, end: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return months and event flags of an end point, without patients whose simulation failed."""
    time = rows[f"{end}_months"].to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(time)
    return time[known], rows[f"{end}_event"].to_numpy()[known].astype(bool)


def _contrast(
    name: str, rows: pd.DataFrame, reference: str, base: pd.DataFrame
) -> ContrastHeadline:
    ratios: dict[str, Estimate] = {}
    tests: dict[str, float | None] = {}
    for end in _measured(rows):
        (time, event), (base_time, base_event) = (times_of(r, end.name) for r in (rows, base))
        every, events = np.concatenate([time, base_time]), np.concatenate([event, base_event])
        in_arm = np.repeat([1, 0], [len(time), len(base_time)])
        ratios[end.name] = Estimate.of(cox_hazard_ratio(every, events, in_arm).hazard_ratio)
        tests[end.name] = tidy(log_rank(every, events, in_arm).p)
    return ContrastHeadline(name, reference, ratios, tests)
