"""What a trial reports of side effects: rates with exact intervals, exposure, discontinuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.trial.design.phases import CROSSOVER
from rascade.trial.records import END_REASONS
from rascade.trial.results.records.codec import Estimate, tidy, to_json
from rascade.trial.results.records.conduct import ArmSafety, EventRate
from rascade.trial.results.statistics import exact_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from rascade.trial.records import ArmRun, Safety

__all__ = ["add_safety", "exposure_columns", "highest_grades"]

_SEVERE = 3


def highest_grades(events: pd.DataFrame) -> pd.DataFrame:
    """Return each patient's highest grade of every term; columns patient, term, grade."""
    return events.groupby(["patient", "term"])["grade"].max().reset_index()


def _percent(count: int, n: int) -> Estimate:
    return Estimate.of(exact_interval(count, n), 100.0)


def _event_rates(events: pd.DataFrame, n: int) -> tuple[EventRate, ...]:
    """Return any-grade and severe rates by term, the most frequent first."""
    rows = [
        EventRate(
            str(term),
            _percent(len(grades), n).value,
            _percent(int((grades >= _SEVERE).sum()), n),
        )
        for term, grades in highest_grades(events).groupby("term")["grade"]
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.any_pct or 0.0), row.term)))


def _by_drug(drugs: Sequence[str], flags: NDArray[np.bool_]) -> dict[str, float | None]:
    return {name: _share(flags[k]) for k, name in enumerate(drugs)}


def _intensity(safety: Safety) -> dict[str, float | None]:
    """Return each drug's median relative dose intensity, percent."""
    shares, intensity = {}, safety.intensity
    for index, name in enumerate(safety.drugs):
        known = intensity[index][np.isfinite(intensity[index])]
        shares[name] = tidy(float(np.median(known)), 100.0) if known.size else None
    return shares


def arm_safety(run: ArmRun) -> ArmSafety:
    """Return what an arm's summary says of side effects; rates are None where none is modelled."""
    safety, n = run.safety, run.cohort.population.size
    events = safety.events
    related = events[events["related"].astype(bool)]
    severe = related.loc[related["grade"] >= _SEVERE, "patient"].nunique()
    serious = related.loc[related["serious"].astype(bool), "patient"].nunique()
    ended = int((safety.end_reason == "adverse event").sum())
    left, other = np.isfinite(safety.dropout_day), np.isfinite(safety.other_day)
    return ArmSafety(
        _percent(int(severe), n) if safety.graded else Estimate(None),
        _percent(int(serious), n).value if safety.graded else None,
        safety.ctcae,
        _event_rates(related, n),
        _percent(ended, n).value,
        _share(safety.reduced.any(axis=0)),
        _share(safety.held.any(axis=0)),
        _by_drug(safety.drugs, safety.stopped),
        _intensity(safety),
        _share(left),
        _share(left & ~safety.survival_followed),
        _ends(run),
        _share(other),
        _share(other & (run.arm.course[-1].role == CROSSOVER)),
    )


def _ends(run: ArmRun) -> dict[str, float | None]:
    """Return how treatment ended, percent of the patients by reason; None without patients."""
    from rascade.engine import Status

    safety = run.safety
    failed = np.asarray(run.status) >= Status.STEP_TOO_SMALL
    reasons = {
        reason or "ongoing": _share((safety.end_reason == reason) & ~failed)
        for reason in ("", *END_REASONS)
    }
    if failed.any():
        reasons["not known"] = _share(failed)  # of them nobody knows whether treatment goes on
    return reasons


def _share(flags: ArrayLike) -> float | None:
    who = np.asarray(flags, dtype=bool)
    return tidy(float(who.mean()), 100.0) if who.size else None


def add_safety(summary: dict[str, Any], arms: Sequence[ArmRun]) -> None:
    """Add side effects and exposure to the arms of a summary."""
    for row, run in zip(summary["arms"], arms, strict=True):
        row.update(to_json(arm_safety(run)))


def exposure_columns(safety: Safety) -> Mapping[str, Any]:
    """Return the columns of the table of patients that tell how treatment went."""
    with np.errstate(invalid="ignore"):
        intensity = safety.intensity
        known = np.isfinite(intensity)
        total = np.where(known, intensity, 0.0).sum(axis=0)
        mean = np.divide(
            total, known.sum(axis=0), out=np.full(total.shape, np.nan), where=known.any(axis=0)
        )
    return {
        "treatment_end_day": safety.end_day,
        "treatment_end_reason": safety.end_reason,
        "dose_reduced": safety.reduced.any(axis=0),
        "dose_held": safety.held.any(axis=0),
        "relative_dose_intensity": mean,
    }
