"""Tables of the report of an experiment, from its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rascade.report.look.page import Table
from rascade.report.look.text import number, plain

__all__ = ["answers", "cells_table", "summary_tables"]

_DASH = "–"


def _range(limits: Sequence[float | None] | None) -> str:
    """Return ``0.2–0.8``; a limit that is beyond every number is ``>``."""
    if not limits:
        return ""
    low, high = limits
    if low is None:
        return "not reached"
    # A dash between negative numbers reads as one more minus.
    between = " to " if low < 0 or (high or 0.0) < 0 else _DASH
    return f"{number(low, 2)}{between}{number(high, 2) if high is not None else '∞'}"


def _with_range(value: float | None, limits: Sequence[float | None] | None, missing: str) -> str:
    text = missing if value is None else number(value, 2)
    return f"{text} ({_range(limits)})" if _range(limits) else text


def _share(value: float | None, limits: Sequence[float] | None) -> str:
    """Return a share of untreated to a thousandth: less than that means nothing."""
    if value is None:
        return ""
    text = f"{value:.3f}" + (f" ({limits[0]:.3f} to {limits[1]:.3f})" if limits else "")
    return text.replace("-0.000", "0.000").replace("-", "−")


def _brackets(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what stands in brackets, where anything does."""
    shown = any(
        value for row in rows for key, value in row.items() if str(key).endswith("_interval")
    )
    return " In brackets: 5 % and 95 % points over the drawn parameter sets." if shown else ""


def summary_tables(summary: Mapping[str, Any]) -> list[Table]:
    """Return what an experiment says as tables, in the order of reading."""
    found = []
    if summary.get("dose_response"):
        found.append(_curves(summary))
    if summary.get("time_course"):
        found.append(_courses(summary))
    if summary.get("matrices"):
        found += [_synergy(summary), _musyc(summary)]
    return found


_MOST_ANSWERS = 6


def answers(summary: Mapping[str, Any]) -> list[str]:
    """Return what came out in sentences, with intervals where there are any."""
    texts = []
    for row in summary.get("dose_response") or ():
        where = f"{plain(row['treatment'])}, {plain(row['readout'])} at {number(row['time_h'])} h"
        if not row["fitted"]:
            texts.append(f"{where}: no effect of dose.")
            continue
        greatest = _with_range(row["emax"], row["emax_interval"], "not known")
        ec50 = _with_range(row["ec50_nM"], row["ec50_interval"], "not known")
        texts.append(f"{where}: EC50 (nM) {_ec50(row, ec50)}, lowest {greatest} of untreated.")
    for row in summary.get("time_course") or ():
        lowest = _with_range(row["nadir"], row["nadir_interval"], "not known")
        end = _with_range(row["end"], row["end_interval"], "not known")
        texts.append(
            f"{plain(row['treatment'])}, {plain(row['readout'])}: lowest {lowest} of untreated at "
            f"{number(row['nadir_h'])} h, {end} at the end."
        )
    for row in summary.get("matrices") or ():
        drugs, cells = plain(" + ".join(row["drugs"])), plain(row["cells"])
        place = f"{drugs}, {plain(row['readout'])} in {cells}"
        excess = _share(row.get("bliss_mean"), row.get("bliss_mean_interval"))
        texts.append(f"{place}: mean excess over Bliss {excess or 'not known'}.")
    if len(texts) > _MOST_ANSWERS:
        more = len(texts) - _MOST_ANSWERS
        texts = [*texts[:_MOST_ANSWERS], f"{more} more results are in the tables below."]
    return texts


def _ec50(row: Mapping[str, Any], text: str) -> str:
    """The EC50, or what the doses leave open of it."""
    if row.get("ec50_determined", True):
        return text if row["ec50_among_doses"] else f"{text}, outside the doses"
    low, high = row["ec50_fit_ci95"]
    if low and high is None:
        return f"above {number(low)}"
    return f"below {number(high)}" if high is not None else "not determined"


def _curves(summary: Mapping[str, Any]) -> Table:
    rows = []
    for row in summary["dose_response"]:
        head = (plain(row["treatment"]), plain(row["readout"]), number(row["time_h"]))
        if not row["fitted"]:
            rows.append((*head, "flat", "flat", "", number(row["largest_effect"]), ""))
            continue
        ec50 = _with_range(row["ec50_nM"], row["ec50_interval"], "")
        rows.append(
            (
                *head,
                _ec50(row, ec50),
                _with_range(row["ic50_nM"], row["ic50_interval"], "not reached"),
                _with_range(row["hill"], row["hill_interval"], ""),
                _with_range(row["emax"], row["emax_interval"], ""),
                number(row["r2"]),
            )
        )
    return Table(
        "Dose and response",
        ("Treatment", "Read-out", "Hour", "EC50, nM", "IC50, nM", "Hill slope", "Emax", "R²"),
        rows,
        "EC50 is the dose of half of the drug's own greatest effect, IC50 that of half of the "
        "untreated level, Emax the level at infinite dose relative to untreated."
        + _brackets(summary["dose_response"]),
        frozenset({2, 3, 4, 5, 6, 7}),
    )


def _courses(summary: Mapping[str, Any]) -> Table:
    rows = [
        (
            plain(row["treatment"]),
            number(row["concentration_nM"]),
            plain(row["readout"]),
            _with_range(row["nadir"], row["nadir_interval"], ""),
            number(row["nadir_h"]),
            _with_range(row["rebound"], row["rebound_interval"], ""),
            number(row["rebound_h"]),
            _with_range(row["peak"], row["peak_interval"], ""),
            _with_range(row["end"], row["end_interval"], ""),
        )
        for row in summary["time_course"]
    ]
    return Table(
        "Course",
        ("Treatment", "nM", "Read-out", "Lowest", "at hour", "Highest after", "at hour",
         "Highest", "At the end"),
        rows,
        "Relative to untreated at the same time." + _brackets(summary["time_course"]),
        frozenset({1, 3, 4, 5, 6, 7, 8}),
    )  # fmt: skip


def _place(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        plain(" + ".join(row["drugs"])),
        plain(row["cells"]),
        plain(row["readout"]),
        number(row["time_h"]),
    )


def _synergy(summary: Mapping[str, Any]) -> Table:
    rows = []
    for row in summary["matrices"]:
        cells = [
            _share(row.get(f"{name}_mean"), row.get(f"{name}_mean_interval"))
            for name in ("bliss", "hsa", "loewe", "zip")
        ]
        index = _with_range(
            row["combination_index_median"], row["combination_index_interval"], "not defined"
        )
        rows.append((*_place(row), *cells, index))
    return Table(
        "Synergy",
        ("Pair", "Cells", "Read-out", "Hour", "Bliss", "HSA", "Loewe", "ZIP", "Combination index"),
        rows,
        "Mean excess over all pairs of doses, as a share of untreated: above 0 the pair does more "
        "than the null model says. Median combination index: below 1 is synergy."
        + _brackets(summary["matrices"]),
        frozenset({3, 4, 5, 6, 7, 8}),
    )


def _musyc(summary: Mapping[str, Any]) -> Table:
    rows = []
    for row in summary["matrices"]:
        fit = row["musyc"]
        if fit is None:
            rows.append((*_place(row), "a drug does nothing alone", "", "", ""))
            continue
        rows.append(
            (
                *_place(row),
                _with_range(fit["log10_alpha12"], fit["log10_alpha12_ci95"], ""),
                _with_range(fit["log10_alpha21"], fit["log10_alpha21_ci95"], ""),
                _with_range(fit["beta"], fit["beta_ci95"], ""),
                number(fit["r2"]),
            )
        )
    return Table(
        "Synergy of potency and of efficacy (MuSyC)",
        ("Pair", "Cells", "Read-out", "Hour", "log₁₀ α₁₂", "log₁₀ α₂₁", "β", "R²"),
        rows,
        "α₁₂: how much more potent the second drug is under the first, α₂₁ the other way round; β: "
        "how much further the pair goes than the stronger drug, relative to that drug. In "
        "brackets: 95 % confidence limits of the fit.",
        frozenset({3, 4, 5, 6, 7}),
    )


def cells_table(summary: Mapping[str, Any]) -> Table:
    """Return the cells with genotype and source."""
    drawn = bool(summary["draws"])
    rows = []
    for cells in summary["cells"]:
        left_out = (f"{cells['draws_left_out']} of {summary['draws']}",) if drawn else ()
        rows.append(
            (
                plain(cells["name"]),
                plain(cells["kras_allele"]),
                number(cells["kras_share"]),
                plain(
                    ", ".join(f"{gene} {what}" for gene, what in cells["genes"].items()) or "none"
                ),
                plain(", ".join(cells["genes_not_modelled"]) or "none"),
                number(cells["doubling_hours"]),
                *left_out,
                plain(cells["source"]),
            )
        )
    head = ("Cells", "KRAS", "Share of RAS", "Altered genes", "of these not modelled",
            "Doubling, h", *(("Parameter sets left out",) if drawn else ()), "Source")  # fmt: skip
    note = (
        "A drawn parameter set is left out where untreated cells could not divide fast enough for "
        "the doubling time, or where the solver gave up."
        if drawn
        else ""
    )
    numeric = frozenset({2, 5, 6} if drawn else {2, 5})
    return Table("Cells", head, rows, note, numeric, frozenset({3, 4, len(head) - 1}))
