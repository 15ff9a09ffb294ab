"""How treatment went: why it ended, held and reduced doses, dose intensity, side effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.page import Table
from rascade.report.look.text import interval, number, plain
from rascade.report.tables.published import published_events

if TYPE_CHECKING:
    import pandas as pd

    from rascade.report.runs.trial import TrialRun

__all__ = ["adverse_event_table", "drug_table", "exposure_table"]

SEVERE = 3
MOST_TERMS = 40
_ONGOING = "ongoing at the end of the data"


def exposure_table(run: TrialRun) -> Table | None:
    """Reasons for the end of treatment, holds and reductions by arm; None where none is known."""
    if "treatment_end_reason" not in run.patients:
        return None
    own = {arm: run.of_arm(arm) for arm in run.arms}
    reasons = {arm: _reasons(rows) for arm, rows in own.items()}
    order = sorted(
        {name for of in reasons.values() for name in of},
        key=lambda name: (name == _ONGOING, -sum(of.get(name, 0) for of in reasons.values()), name),
    )
    rows: list[tuple[str, ...]] = [
        (f"Treatment ended: {name}" if name != _ONGOING else "Treatment ongoing",
         *(_share(reasons[arm].get(name, 0), len(own[arm])) for arm in run.arms))
        for name in order
    ]  # fmt: skip
    for text, column, basis in (
        ("Any dose held", "dose_held", ""),
        ("Any dose reduced", "dose_reduced", "dose reduced"),
    ):
        if column in run.patients:
            rows.append((text, *(_flagged(run, arm, column, basis) for arm in run.arms)))
    rows.append(("Stopped for side effects", *(_stopped(run, arm) for arm in run.arms)))
    rows.append(("Time on treatment, median months", *(_months_on(own[arm]) for arm in run.arms)))
    safety = [run.safety[arm] for arm in run.arms]
    for text, values in (
        ("Crossed over", [own.crossover for own in safety]),
        ("Other treatment afterwards", [own.other_treatment for own in safety]),
        ("Dropped out", [own.dropout for own in safety]),
        ("Lost to follow-up", [own.lost for own in safety]),
    ):
        if any(values):
            rows.append((text, *("—" if v is None else f"{v:.1f} %" for v in values)))
    return Table(
        "Discontinuation, held and reduced doses, patients (%)",
        ("What", *(f"{arm} (n = {len(own[arm])})" for arm in run.arms)),
        rows,
        "Treatment ends at progression unless the protocol says otherwise. Held and reduced: at "
        "least once, any drug. Time on treatment runs to its end, to death or to the end of the "
        "data.",
        frozenset(range(1, len(run.arms) + 1)),
        name="exposure",
    )


def _reasons(rows: pd.DataFrame) -> dict[str, int]:
    texts = rows["treatment_end_reason"].fillna("").astype(str).map(plain)
    counts = texts.where(texts != "", _ONGOING).value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _flagged(run: TrialRun, arm: str, column: str, basis: str) -> str:
    rows = run.of_arm(arm)
    flags = rows[column].fillna(False).astype(bool)
    return _share(int(flags.sum()), len(rows)) + _told(run, arm, basis, "any_pct")


def _stopped(run: TrialRun, arm: str) -> str:
    value = run.safety[arm].discontinued
    text = "—" if value is None else f"{value:.1f} %"
    return text + _told(run, arm, "discontinued", "any_pct")


def _told(run: TrialRun, arm: str, basis: str, key: str) -> str:
    """Return the published rate on a line of its own; nothing where none is known."""
    row = published_events(run, arm).get(basis)
    if row is None or row.get(key) is None:
        return ""
    mark = "" if row.get("own", True) else "*"
    return f"\npublished {number(row[key])} %{mark}"


def _months_on(rows: pd.DataFrame) -> str:
    from rascade.units import DAYS_PER_MONTH

    survived = rows["os_months"].to_numpy(dtype=float, na_value=np.nan)
    ended = rows["treatment_end_day"].to_numpy(dtype=float, na_value=np.nan) / DAYS_PER_MONTH
    months = np.fmin(np.where(np.isfinite(ended), ended, survived), survived)
    months = months[np.isfinite(months)]
    return f"{np.median(months):.1f}" if months.size else "—"


def drug_table(run: TrialRun) -> Table | None:
    """Dose intensity and stops by drug; None for a run without them."""
    rows = []
    for arm in run.arms:
        shares, stops = run.safety[arm].intensity or {}, run.safety[arm].stopped or {}
        rows += [
            (arm, plain(drug), _percent(share), _percent(stops.get(drug)))
            for drug, share in shares.items()
        ]
    if not rows:
        return None
    return Table(
        "Dose intensity by drug",
        ("Arm", "Drug", "Relative dose intensity, median", "Drug stopped for side effects"),
        rows,
        "Relative dose intensity: dose given over dose planned while treatment lasted, median of "
        "the patients.",
        frozenset({2, 3}),
    )


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f} %"


def adverse_event_table(run: TrialRun) -> Table | None:
    """Patients with each adverse event, any grade and severe, beside what was published.

    None where none were recorded.
    """
    events = run.adverse_events
    if events is None or not len(events):
        return None
    sizes = {arm: len(run.of_arm(arm)) for arm in run.arms}
    rows = [
        _counts("Any adverse event", events, run, "Any adverse event"),
        _counts("Serious", events[events["serious"].astype(bool)], run, "serious related"),
        _counts("Related to treatment", events[events["related"].astype(bool)], run, "any related"),
    ]
    frequent = events.drop_duplicates(["arm", "patient", "term"])["term"].value_counts()
    terms = sorted(frequent.index, key=lambda term: (-int(frequent[term]), str(term)))
    rows += [
        _counts(plain(term), events[events["term"] == term], run, str(term))
        for term in terms[:MOST_TERMS]
    ]
    head = ["Term"]
    for arm in run.arms:
        head += [f"{arm} (n = {sizes[arm]}), any grade", f"{arm}, grade {SEVERE} or more"]
    note = _note(run, {str(term) for term in terms})
    if len(terms) > MOST_TERMS:
        note += f" {len(terms) - MOST_TERMS} rarer terms are in adverse_events.parquet."
    numeric = frozenset(range(1, len(head)))
    return Table("Adverse events", tuple(head), rows, note, numeric)


def _note(run: TrialRun, terms: set[str]) -> str:
    versions = {own.ctcae_version for own in run.safety.values() if own.ctcae_version}
    graded = f"CTCAE {' and '.join(sorted(versions))}" if versions else "CTCAE"
    note = (
        f"Patients (%), each counted once a term at the highest grade, {graded}; in brackets the "
        "exact 95 % interval. Terms by frequency over all arms."
    )
    if any(own.crossover for own in run.safety.values()):
        note += " What happens after a crossover counts in the arm as randomised."
    told = [(arm, published_events(run, arm)) for arm in run.arms]
    rows = [row for _, of in told for row in of.values()]
    if not rows:
        return f"{note} No published rates were found for these arms."
    sources = list(
        dict.fromkeys(part.strip() for row in rows for part in plain(row["source"]).split(";"))
    )
    note += f" Published rates: {'; '.join(sources)}."
    if any(not row.get("own", True) for row in rows):
        note += (
            " * from another trial of the same drugs, to which parameters were set; its patients "
            "were others."
        )
    set_to = list(dict.fromkeys(plain(r["term"]) for r in rows if r.get("use") == "calibrate"))
    if set_to:
        note += f" The model was set to the published rates of: {', '.join(set_to)}."
    known = terms | {"Any adverse event", "serious related", "any related"}
    known |= {"discontinued", "dose reduced"}
    missing = [
        f"{plain(row['term'])} ({arm}, {_rates(row)})"
        for arm, of in told
        for basis, row in of.items()
        if basis not in known
    ]
    if missing:
        note += f" Published, but not seen or not modelled here: {'; '.join(missing)}."
    return note


def _rates(row: dict[str, Any]) -> str:
    parts = []
    if row.get("any_pct") is not None:
        parts.append(f"any grade {number(row['any_pct'])} %")
    if row.get("grade3plus_pct") is not None:
        parts.append(f"grade 3 or more {number(row['grade3plus_pct'])} %")
    return ", ".join(parts)


def _counts(name: str, events: pd.DataFrame, run: TrialRun, basis: str) -> tuple[str, ...]:
    cells = [name]
    worst = events.groupby(["arm", "patient"])["grade"].max()
    for arm in run.arms:
        size = len(run.of_arm(arm))
        grades = worst[worst.index.get_level_values("arm") == arm]
        severe = int((grades >= SEVERE).sum())
        cells += [
            _share(len(grades), size, exact=True) + _told(run, arm, basis, "any_pct"),
            _share(severe, size, exact=True) + _told(run, arm, basis, "grade3plus_pct"),
        ]
    return tuple(cells)


def _share(count: int, size: int, *, exact: bool = False) -> str:
    if not size:
        return "—"
    text = f"{count} ({100 * count / size:.1f} %)"
    if not exact:
        return text
    from rascade.trial.results.statistics import exact_interval

    low, high = exact_interval(count, size)[1:]
    limits = interval([100 * (low or 0.0), 100 * (high or 0.0)])
    return f"{text}\n[{limits}]"
