"""Paired patients: which design it is, and what each patient gains, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rascade.report.look.page import Table
from rascade.report.look.text import interval, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["design_text", "paired_table"]

_READ_OUTS = (
    ("best_change_pct", "best change of the sum of diameters, points of percent", 1),
    ("pfs_restricted_mean_months", "PFS, restricted mean, months", 2),
    ("os_restricted_mean_months", "OS, restricted mean, months", 2),
)


def design_text(run: TrialRun) -> str:
    """Say which patients the arms have; empty for results that do not know."""
    pairing = run.summary.get("pairing")
    if pairing == "same-patients":
        return (
            "Every arm treats the same virtual patients, so that contrasts are read patient by "
            "patient. Hazard ratios and their intervals take the arms for independent and are too "
            "wide for this design; the paired differences below are those to read. No trial in "
            "people can do this."
        )
    if pairing == "independent" and len(run.arms) > 1:
        return "Each arm has virtual patients of its own, as in a trial in people."
    return ""


def paired_table(run: TrialRun) -> Table | None:
    """Return the paired differences; None for arms of their own patients."""
    rows = []
    for contrast in run.summary["contrasts"]:
        pair = contrast.get("paired")
        if pair is None:
            continue
        who = f"{plain(contrast['arm'])} against {plain(contrast['reference'])}"
        for key, name, digits in _READ_OUTS:
            found = pair.get(key)
            if found is not None:
                rows.append((who, name, *_cells(found, digits)))
        for end in ("pfs", "os"):
            better, worse = pair[f"{end}_better_pct"], pair[f"{end}_worse_pct"]
            if better is not None:
                text = f"longer in {better:.0f} %, shorter in {worse:.0f} %"
                rows.append((who, f"{end.upper()}, patient by patient", str(pair["n"]), text, ""))
    if not rows:
        return None
    return Table(
        "The same patients in both arms",
        ("Contrast", "Read-out", "Pairs", "Difference (95 % CI)", "Width of an unpaired interval"),
        tuple(rows),
        note="Differences are the arm's value less the reference's, averaged over patients. The "
        "last column says how wide the paired interval is, as a share of what independent arms "
        "of this size would give. Who was censored in between is in no share of patients.",
        numeric=frozenset({2, 4}),
    )


def _cells(found: dict[str, Any], digits: int) -> tuple[str, str, str]:
    share = found["width_of_unpaired"]
    name = f"{found['difference']:+.{digits}f} ({interval(found['ci'], digits)})"
    if found.get("horizon_months"):
        name += f", up to month {found['horizon_months']:.1f}"
    return str(found["n"]), name, "" if share is None else f"{100 * share:.0f} %"
