"""The page of operating characteristics: ``power.html`` from the folder of ``rascade power``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.report.look.page import Table, render
from rascade.report.look.text import number, plain
from rascade.trial.endpoints import END_POINTS

__all__ = ["write_operating_report"]


def write_operating_report(folder: Path, *, figures: bool = False) -> Path:
    """Write ``power.html`` into the folder of a finished ``rascade power``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Args:
        folder: with ``study.yaml``, ``summary.json`` and ``manifest.json``.
        figures: also write each figure as ``figures/NAME.svg``.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.figures.studied.operating import (
        assurance_figure,
        boundary_figure,
        power_figure,
    )
    from rascade.report.look.canvas import drawing
    from rascade.report.look.files import write_figures
    from rascade.report.runs.files import read_json, research_footer, write_page
    from rascade.report.tables.provenance import provenance_table

    folder = Path(folder)
    summary = read_json(folder / "summary.json")
    manifest = read_json(folder / "manifest.json")
    if "designs" not in summary:
        raise InputError(f"{folder / 'summary.json'}: no designs; run rascade power again")
    footer = research_footer(summary["study"], summary["seed"], summary["model_hash"])
    with drawing():
        made = [f(summary, footer) for f in (power_figure, boundary_figure, assurance_figure)]
    drawn = [figure for figure in made if figure is not None]
    if figures:
        write_figures(folder / "figures", drawn)
    page = render(
        "operating.html.j2",
        title=plain(summary["study"]),
        lead=_lead(summary),
        answers=_answers(summary),
        warnings=[plain(text) for text in summary["warnings"]],
        designs=_designs(summary),
        sizes=_sizes(summary),
        looks=_looks(summary),
        durations=_durations(summary),
        assurance=_assurance(summary),
        population=_population(summary),
        figures={figure.name: figure for figure in drawn},
        limits=_limits(summary),
        provenance=provenance_table(manifest),
        study=(folder / "study.yaml").read_text(encoding="utf-8"),
    )
    return write_page(folder / "power.html", page)


def _lead(summary: Mapping[str, Any]) -> str:
    count = len(summary["designs"])
    return (
        f"{count} design{'s' if count != 1 else ''}, each tried in {number(summary['replicates'])} "
        f"replicate trials under the simulated effect and as many without one. Log-rank test on "
        f"{END_POINTS[summary['endpoint']].title}, one-sided level {100 * summary['alpha']:g} %."
    )


def _answers(summary: Mapping[str, Any]) -> list[str]:
    """Say the power of each design with its interval, and the size that a wanted power needs."""
    texts = []
    for d in summary["designs"]:
        power, error = d["power"], d["type_one_error"]
        text = f"{plain(d['name'])}: {number(d['size'])} patients"
        if power is not None:
            text += f" give a power of {_span(power, 95)}"
        if error is not None:
            text += f"; type I error {_span(error, 99)}"
        texts.append(f"{text}.")
    for row in summary["sample_sizes"]:
        if row["size"] is not None:
            texts.append(
                f"{plain(row['design'])}: a power of {100 * row['target']:g} % needs "
                f"{number(row['size'])} patients ({row['low']} to {row['high']})."
            )
    return texts


def _span(found: Mapping[str, Any], level: int) -> str:
    low, high = 100 * found["low"], 100 * found["high"]
    return f"{100 * found['value']:.1f} % ({level} % Monte-Carlo interval {low:.1f} to {high:.1f})"


def _percent(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "—"
    return f"{100 * found['value']:.1f} ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def _designs(summary: Mapping[str, Any]) -> Table:
    rows = []
    for d in summary["designs"]:
        error = d["population_power"]
        rows.append(
            (
                plain(d["name"]),
                number(d["size"]),
                "—" if d["events"] is None else number(d["events"]),
                _percent(d["power"]),
                "—" if error is None else f"{100 * error['low']:.0f}–{100 * error['high']:.0f}",
                _percent(d["type_one_error"]),
                f"{d['effect']['patients']:.0f}",
                f"{d['effect']['events']:.0f}",
                f"{d['effect']['months']:.1f}",
            )
        )
    return Table(
        "The designs compared",
        (
            "Design", "Patients, all arms", "Events", "Power, % (95 % MC)",
            "Power, population error, %",
            "Type I error, % (99 % MC)", "Mean patients", "Mean events", "Mean months",
        ),
        rows,
        "MC: interval of chance in the replicate trials. Population error: power were the hazard "
        "ratio of the simulated population at its own 95 % limits; more simulated patients make it "
        "narrower. Means are of what is reached when the trial stops, under the effect.",
        frozenset(range(1, 9)),
    )  # fmt: skip


def _sizes(summary: Mapping[str, Any]) -> Table | None:
    if not summary["sample_sizes"]:
        return None
    rows = [
        (
            plain(row["design"]),
            f"{100 * row['target']:g}",
            "—" if row["size"] is None else number(row["size"]),
            plain(row["reason"]) if row["size"] is None else f"{row['low']}–{row['high']}",
            "—" if row["size"] is None or row["events"] is None else number(row["events"]),
            "—" if row["size"] is None else _percent(row["power"]),
            number(row.get("schoenfeld_events")) or "—",
        )
        for row in summary["sample_sizes"]
    ]
    return Table(
        "Size for a power",
        (
            "Design",
            "Power wanted, %",
            "Patients",
            "Monte-Carlo interval",
            "Events",
            "Power there, %",
            "Schoenfeld, events",
        ),
        rows,
        "The interval holds the sizes at which chance in the replicate trials could have put it. "
        "Schoenfeld's formula, with the inflation for the looks, takes the population's hazard "
        "ratio as constant over time; where it differs, hazards are not proportional.",
        frozenset(range(1, 7)),
    )


def _looks(summary: Mapping[str, Any]) -> Table:
    def z(value: float | None) -> str:
        return "—" if value is None else f"{value:.2f}".replace("-", "−")

    rows = [
        (
            plain(d["name"]),
            f"{100 * look['information']:.0f}",
            "—" if look["events"] is None else number(look["events"]),
            z(look["upper"]),
            z(look["lower"]) if k < len(d["looks"]) - 1 else "—",
            *(
                f"{100 * look[f'{under}_{what}']:.1f}"
                for under in ("effect", "null")
                for what in ("efficacy", "futility")
            ),
        )
        for d in summary["designs"]
        for k, look in enumerate(d["looks"])
    ]
    return Table(
        "Chance of stopping at each look, %",
        (
            "Design", "Share of events, %", "Events", "Efficacy, Z", "Futility, Z",
            "Efficacy", "Futility", "Efficacy, no effect", "Futility, no effect",
        ),
        rows,
        "At the last look, efficacy is success at the final analysis.",
        frozenset(range(1, 9)),
    )  # fmt: skip


def _durations(summary: Mapping[str, Any]) -> Table:
    def spread(values: list[float] | None, digits: int) -> str:
        if values is None:
            return "—"
        low, middle, high = values
        return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"

    rows = []
    for d in summary["designs"]:
        for under, word in (("effect", "yes"), ("null", "no")):
            u = d[under]
            rows.append(
                (
                    plain(d["name"]),
                    word,
                    spread(u["months_quantiles"], 1),
                    spread(u["hazard_ratio_quantiles"], 2),
                    f"{u['patients']:.0f}",
                    f"{u['screened']:.0f}",
                    f"{u['events']:.0f}",
                    f"{100 * u['increased']:.0f}" if u["increased"] else "—",
                )
            )
    return Table(
        "Duration and estimates",
        (
            "Design", "Effect", "Months (5–95 %)", "Hazard ratio at the stop (5–95 %)",
            "Mean patients", "Mean screened", "Mean events", "Enlarged, %",
        ),
        rows,
        "A trial that stops early for efficacy overstates the effect: compare the median with the "
        "population's hazard ratio below.",
        frozenset(range(2, 8)),
    )  # fmt: skip


def _assurance(summary: Mapping[str, Any]) -> Table | None:
    found = summary["assurance"]
    if found is None:
        return None
    power = {d["name"]: d["power"]["value"] for d in summary["designs"]}
    rows = []
    for row in found["designs"]:
        if row["assurance"] is None:
            rows.append((plain(row["design"]), "—", "—", "—", "—"))
            continue
        known = row["low"] is not None
        rows.append(
            (
                plain(row["design"]),
                f"{100 * power[row['design']]:.0f}",
                f"{100 * row['assurance']:.0f}",
                f"{100 * row['low']:.0f}–{100 * row['high']:.0f}" if known else "—",
                "–".join(f"{100 * q:.0f}" for q in (row["quartiles"][0], row["quartiles"][2])),
            )
        )
    return Table(
        "Assurance",
        ("Design", "Power of the model, %", "Assurance, %", "95 % interval", "Middle half of sets"),
        rows,
        f"Mean power over {found['draws'] - found['failed']} of {found['draws']} parameter sets; "
        f"{found['failed']} gave no plausible patients. Each unverified parameter is drawn over a "
        "third of its range on the log scale, independently, fitted ones too. Chance in the "
        f"{found['patients_per_arm']} patients an arm of each set is part of the spread.",
        frozenset(range(1, 5)),
    )


def _population(summary: Mapping[str, Any]) -> Table:
    rows = [
        (
            plain(arm["arm"]),
            number(arm["n"]),
            number(arm["events"]),
            "control"
            if arm["hazard_ratio"] is None
            else f"{arm['hazard_ratio']:.2f} ({arm['low']:.2f}–{arm['high']:.2f})",
        )
        for arm in summary["population"]["arms"]
    ]
    return Table(
        "The simulated population",
        ("Arm", "Patients", "Events", "Hazard ratio (95 % CI)"),
        rows,
        f"From: {plain(summary['population']['study'])}.",
        frozenset({1, 2, 3}),
    )


def _limits(summary: Mapping[str, Any]) -> list[str]:
    texts = [
        "Patients were simulated once and drawn again and again, with replacement. That is exact "
        "as long as all are treated by one protocol whatever happens around them, do not influence "
        "each other, and have their scans read alike at every centre. Accrual, loss to "
        "observation, looks and the end of the trial only decide how long a patient is watched.",
        "Power is that of the model as it stands. It leaves out that the model may be wrong"
        + (
            "; the assurance averages over its parameters, but not over its mechanisms."
            if summary["assurance"] is not None
            else "; ask for assurance to average over its parameters."
        ),
        "Without an effect means that all arms draw the control's patients.",
        "Futility need not be obeyed: boundaries for efficacy are those without it, so the type I "
        "error of a trial that obeys it is below the level.",
    ]
    if any(design["eligibility"] for design in summary["designs"]):
        texts.append(
            "Enriched designs enrol more slowly, by the share of the population that meets their "
            "conditions; a test that finds it is taken to be free of error."
        )
    return texts
