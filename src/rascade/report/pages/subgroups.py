"""The page of a subgroup: ``subgroups.html`` from the folder of ``rascade subgroups``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIMITS", "gain_rows", "lead", "trial_rows", "write_subgroups_report"]

LIMITS = (
    "Every virtual patient gets both arms, with the same chances of reading and of death, so that "
    "what he gains is known. A rule is looked for in one half of the patients: every rule of one "
    "or two conditions on measurable markers that 15 to 85 % of them meet.",
    "A rule is told only if shuffled gains give one as good in at most 5 % of cases, if it holds "
    "in the other half (again 5 %), and if the combination is better in it. Without a true "
    "subgroup this tells one in far fewer than 5 of 100 runs.",
    "Gains are the difference of mean months within the follow-up. Intervals are 90 %, over "
    "patients drawn anew and members of the ensemble of populations.",
    "Trials are one to one, one-sided 2.5 %, hazards taken as proportional; power is the mean over "
    "members, from held-out patients, if everybody is followed as long as the study says.",
    "Markers are measured without error here, and a rule can use only what the model makes matter. "
    "A subgroup of virtual patients is a hypothesis for a trial, and no reason to treat anybody.",
)


def write_subgroups_report(folder: Path) -> Path:
    """Write ``subgroups.html`` and its figure into a folder with ``subgroups.json``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.figures.studied.subgroups import gain_figure
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import read_json, research_footer, write_page
    from rascade.report.tables.provenance import provenance_table
    from rascade.results.store import write_text

    folder = Path(folder)
    record = read_json(folder / "subgroups.json")
    if "gain_overall" not in record:
        raise InputError(f"{folder}: no subgroups; run rascade subgroups again")
    with drawing():
        figure = gain_figure(record, research_footer(record["study"], record["seed"]))
    write_text(folder / "gains.svg", figure.svg)
    page = render(
        "analysis.html.j2",
        title=f"In whom the combination is better: {plain(record['study'])}",
        lead=lead(record),
        figures=[figure],
        tables=[
            Table("Mean months gained", ("Patients", "Gain", "90 % interval"), gain_rows(record),
                  numeric=frozenset({1, 2}), name="gains"),
            Table("The trial that would show it",
                  ("Patients", "Hazard ratio", "For power 90 %", "Screened",
                   f"Power with {record['trial_size']}", "90 % over members"),
                  trial_rows(record), numeric=frozenset({1, 2, 3, 4, 5}), name="trials"),
        ],
        limits=LIMITS,
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )  # fmt: skip
    return write_page(folder / "subgroups.html", page)


def lead(record: Mapping[str, Any]) -> str:
    """Return the result in a sentence or two."""
    arms = f"{plain(record['combination'])} against {plain(record['component'])}"
    where = f"{arms}, {record['endpoint'].upper()}"
    if record["rule"] is None:
        best = record["best_rule_not_told"]
        return f"{where}: no subgroup. {plain(record['why']).capitalize()}" + (
            f" (best rule, not to be used: {best})." if best else "."
        )
    low, high = record["gain_held_out_90"]
    return (
        f"{where}: more is gained where {record['rule']} ({record['share']:.0%} of patients). Gain "
        f"{number(record['gain'], 2)} months where it was found, "
        f"{number(record['gain_held_out'], 2)} (90 % interval {number(low, 2)} to "
        f"{number(high, 2)}) in held-out patients; overall "
        f"{number(record['gain_overall'], 2)}."
    )


def gain_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return patients, gain, interval."""
    rows = [("all", record["gain_overall"], record["gain_overall_90"])]
    if record["rule"] is not None:
        inside, outside = "gain_held_out", "gain_outside_held_out"
        rows += [
            ("rule, held out", record[inside], record[f"{inside}_90"]),
            ("others, held out", record[outside], record[f"{outside}_90"]),
        ]
    return [
        (who, number(gain, 2), f"{number(low, 2)} to {number(high, 2)}")
        for who, gain, (low, high) in rows
    ]


def trial_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return one row for a trial in everybody and, with a rule, one for the enriched trial."""
    trials = [("rule", record["enriched_trial"]), ("everybody", record["trial_in_all"])]
    return [
        (
            who,
            number(one["hazard_ratio"], 2),
            _count(one["patients_for_power_90"]),
            _count(one["screened"]),
            f"{100 * one['power']:.0f} %",
            " to ".join(f"{100 * limit:.0f}" for limit in one["power_90"]) + " %",
        )
        for who, one in trials
        if one is not None
    ]


def _count(value: int | None) -> str:
    return "no benefit" if value is None else number(value)
