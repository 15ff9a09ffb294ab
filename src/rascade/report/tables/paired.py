"""Paired patients: which design it is, and what each patient gains, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rascade.report.look.page import Table
from rascade.report.look.text import interval, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.trial.results.records.headline import Difference, Paired, PairedTime

__all__ = ["design_text", "narrower_text", "paired_table"]


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
    for contrast in run.contrasts:
        pair = contrast.paired
        if pair is None:
            continue
        who = f"{plain(contrast.arm)} against {plain(contrast.reference)}"
        read = [("best change of the sum of diameters, points of percent", pair.best_change, 1)]
        read += [
            (f"{end.label}, restricted mean, months", own.restricted, 2)
            for end in run.times
            if (own := _of(pair, end.name))
        ]
        rows += [(who, name, *_cells(found, digits)) for name, found, digits in read if found]
        for end in run.times:
            own = _of(pair, end.name)
            if own is not None and own.better_pct is not None:
                text = f"longer in {own.better_pct:.0f} %, shorter in {own.worse_pct:.0f} %"
                rows.append((who, f"{end.label}, patient by patient", str(pair.n), text, ""))
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


def narrower_text(run: TrialRun) -> str:
    """Say by how much pairing narrows the interval of each contrast; empty without pairs."""
    told = []
    for contrast in run.contrasts:
        pair = contrast.paired
        if pair is None:
            continue
        read = [("best change", pair.best_change)]
        read += [(end.label, own.restricted) for end in run.times if (own := _of(pair, end.name))]
        widths = [
            f"{name} {_by(found.width_of_unpaired)}"
            for name, found in read
            if found is not None and found.width_of_unpaired is not None
        ]
        if widths:
            who = f"{plain(contrast.arm)} against {plain(contrast.reference)}"
            told.append(f"{who}: {', '.join(widths)}")
    if not told:
        return ""
    return (
        "Against arms of this size with patients of their own, the paired intervals (of best "
        f"change and of restricted means, below) are: {'; '.join(told)}."
    )


def _of(pair: Paired, end: str) -> PairedTime | None:
    return pair.times.get(end)


def _by(width: float) -> str:
    change = round(100 * (1 - width))
    if change == 0:
        return "as wide"
    return f"{abs(change)} % {'narrower' if change > 0 else 'wider'}"


def _cells(found: Difference, digits: int) -> tuple[str, str, str]:
    share = found.width_of_unpaired
    name = f"{found.difference:+.{digits}f} ({interval(found.limits, digits)})"
    if found.horizon_months:
        name += f", up to month {found.horizon_months:.1f}"
    return str(found.n), name, "" if share is None else f"{100 * share:.0f} %"
