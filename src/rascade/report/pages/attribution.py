"""The page of an attribution: ``attribution.html`` from the folder of ``rascade attribute``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rascade.report.look.canvas import Figure

__all__ = [
    "LIMITS",
    "attribution_figures",
    "interaction_rows",
    "lead",
    "share_rows",
    "shown",
    "spread",
    "write_attribution_report",
]

_NOISE = 5e-4
LIMITS = (
    "A mechanism that is switched off reads what it read before treatment, in both arms; the drugs "
    "then act by the other mechanisms alone. With all switched off no drug does anything.",
    "A share is the Shapley value: what a mechanism adds, averaged over all orders in which "
    "mechanisms could be switched on. Shares and the last row add up to the benefit.",
    "An interaction is positive where two mechanisms are worth more together than the sum of both, "
    "and negative where one does what the other would have done.",
    "Intervals are 90 %, over patients (drawn anew) and members of the ensemble of populations. "
    "They do not hold that the model's structure may be wrong.",
    "The same virtual patients are in both arms, with the same chances of reading and of death.",
)


def write_attribution_report(folder: Path) -> Path:
    """Write ``attribution.html`` and the figure as a file into a folder with its JSON.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.runs.files import read_json, write_page
    from rascade.report.tables.provenance import provenance_table
    from rascade.results.store import write_text

    folder = Path(folder)
    record = read_json(folder / "attribution.json")
    if "shares" not in record:
        raise InputError(f"{folder}: no attribution; run rascade attribute again")
    figures = attribution_figures(record)
    write_text(folder / "waterfall.svg", figures[0].svg)
    unit = record["unit"]
    page = render(
        "analysis.html.j2",
        title=f"What carries the benefit: {plain(record['study'])}",
        lead=lead(record),
        figures=figures,
        tables=[
            Table(
                f"Shares of the benefit, {unit}",
                ("Mechanism", "Share", "90 % interval", "Alone", "Lost without it"),
                share_rows(record),
                numeric=frozenset({1, 2, 3, 4}),
                name="shares",
            ),
            Table(
                f"Interactions, {unit}, largest first",
                ("Mechanisms", "Interaction", "90 % interval"),
                interaction_rows(record),
                numeric=frozenset({1, 2}),
                name="interactions",
            ),
        ],
        limits=(plain(record["about"]).capitalize() + ".", *LIMITS),
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )
    return write_page(folder / "attribution.html", page)


def attribution_figures(record: Mapping[str, Any]) -> list[Figure]:
    """Return the waterfall of the group, and of a patient where one was asked for."""
    from rascade.report.figures.studied.attribution import waterfall_figure
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import research_footer

    footer = research_footer(record["study"], record["seed"])
    with drawing():
        found = [waterfall_figure(record, footer)]
        if "patient" in record:
            found.append(waterfall_figure({**record, **record["patient"]}, footer))
    return found


def shown(value: float | None, digits: int = 3) -> str:
    """Return a number as text; what is within the solver's tolerance is 0."""
    return number(0.0 if value is not None and abs(value) < _NOISE else value, digits)


def spread(value: Mapping[str, Any], digits: int = 3) -> str:
    """Return 90 % limits as text."""
    return f"{shown(value['low90'], digits)} to {shown(value['high90'], digits)}"


def lead(record: Mapping[str, Any]) -> str:
    """Return the result in a sentence or two."""
    top = sorted(record["shares"], key=lambda s: -abs(s["value"]))[:2]
    carried = "; ".join(f"{s['mechanism']} {shown(s['value'])} ({spread(s)})" for s in top)
    sure = record["low90"] > 0 or record["high90"] < 0
    return (
        f"{plain(record['arm'])} against {plain(record['reference'])}, {record['endpoint']}: "
        f"benefit {shown(record['benefit'])} {record['unit']} (90 % interval {spread(record)})"
        f"{'' if sure else ', which may be none'}. Largest shares: {carried}."
    )


def share_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return mechanism, share, interval, alone, lost without; the benefit last."""
    rows = [
        (s["mechanism"], shown(s["value"]), spread(s), shown(s["alone"]),
         shown(s["lost_without"]))
        for s in record["shares"]
    ]  # fmt: skip
    return [*rows, ("all: the benefit", shown(record["benefit"]), spread(record), "", "")]


def interaction_rows(record: Mapping[str, Any], most: int = 28) -> list[tuple[str, ...]]:
    """Return pair, interaction and interval, the largest first."""
    ordered = sorted(record["interactions"], key=lambda i: -abs(i["value"]))
    return [(" × ".join(i["mechanisms"]), shown(i["value"]), spread(i)) for i in ordered[:most]]
