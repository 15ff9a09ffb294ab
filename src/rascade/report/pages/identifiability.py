"""The page of identifiability: ``identifiability.html`` from the folder of the verb."""

from __future__ import annotations

import math
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
    "direction_table",
    "identifiability_figures",
    "lead",
    "pair_table",
    "parameter_rows",
    "parameter_table",
    "profile_table",
    "write_identifiability_report",
]

_TWO_SIDED_95 = 1.96
LIMITS = (
    "The prior of a parameter is its plausible range, read as the central 95 % of a log-normal "
    "distribution. Parameters are independent there. Verified ones and alleles are taken as known.",
    "Every experiment is thought done once, with the measurement error that the package's data "
    "file states as an assumption; what is low is known badly because of the background. With "
    "other errors the numbers differ; which parameters come first hardly does.",
    "The posterior is the Gaussian approximation at the typical parameters. The profiles check it "
    "for a few: on the dashed parabola it is exact.",
    "This is what such experiments could tell if the model were right, and not a fit: the typical "
    "values stay where they are.",
)


def write_identifiability_report(folder: Path) -> Path:
    """Write ``identifiability.html`` into a folder with ``identifiability.json`` and the manifest.

    The page is one file that needs no network. The same folder gives the same bytes.

    Raises:
        InputError: a file is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.runs.files import read_json, write_page
    from rascade.report.tables.provenance import provenance_table

    folder = Path(folder)
    record = read_json(folder / "identifiability.json")
    if "spectrum" not in record:
        raise InputError(f"{folder}: no identifiability; run rascade identifiability again")
    page = render(
        "identifiability.html.j2",
        title="What the experiments tell of the parameters",
        lead=lead(record),
        figures=identifiability_figures(record),
        parameters=parameter_table(record),
        tables=[direction_table(record), pair_table(record), profile_table(record)],
        groups=[", ".join(map(plain, group)) for group in record["groups"]],
        limits=LIMITS,
        provenance=provenance_table(read_json(folder / "manifest.json")),
    )
    return write_page(folder / "identifiability.html", page)


def identifiability_figures(record: Mapping[str, Any]) -> list[Figure]:
    """Return bars, spectrum, correlations and profiles. Equal records give equal bytes."""
    from rascade.report.figures.studied.identifiability import (
        bar_figure,
        correlation_figure,
        profile_figure,
        spectrum_figure,
    )
    from rascade.report.look.canvas import drawing
    from rascade.report.runs.files import research_footer

    footer = research_footer("identifiability")
    with drawing():
        found = [bar_figure(record, footer), spectrum_figure(record, footer)]
        if len(record["correlation"]["names"]) > 1:
            found.append(correlation_figure(record, footer))
        if record["profiles"]:
            found.append(profile_figure(record, footer))
    return found


def lead(record: Mapping[str, Any]) -> str:
    """Return the result in one sentence or two."""
    counts = record["counts"]
    return (
        f"{record['points']} numbers from {len(record['facts'])} facts, "
        f"{len(record['parameters'])} parameters: {counts['constrained']} constrained, "
        f"{counts['partly']} partly, {counts['at its prior']} at their prior. "
        f"{record['identified']} directions are known better from the data than from the prior."
    )


def _fold(sd: float) -> str:
    """Return a standard deviation of a log as the factor to either end of its 95 % interval."""
    return f"{math.exp(_TWO_SIDED_95 * sd):.3g}"


def parameter_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return name, prior and posterior fold, removed, removed alone, status, told by."""
    return [
        (
            plain(p["name"]),
            _fold(p["prior_sd"]),
            _fold(p["posterior_sd"]),
            f"{100 * p['removed']:.0f}",
            f"{100 * p['removed_alone']:.0f}",
            p["status"],
            f"{plain(p['told_by'])} ({100 * p['told_share']:.0f} %)" if p["told_by"] else "nothing",
        )
        for p in record["parameters"]
    ]


def parameter_table(record: Mapping[str, Any]) -> Table:
    """Return every parameter, best known first."""
    return Table(
        "Parameters, best known first",
        (
            "Parameter",
            "Prior, fold",
            "Posterior, fold",
            "Removed, %",
            "Alone, %",
            "Status",
            "Told most by",
        ),
        parameter_rows(record),
        "Fold: from the typical value to either end of the 95 % interval. Removed: share of the "
        "prior variance that the data take away; alone: the same if all other parameters were "
        "known. In brackets, the share of all information on the parameter.",
        frozenset({1, 2, 3, 4}),
        frozenset({6}),
    )


def direction_table(record: Mapping[str, Any]) -> Table:
    """Return the best-known directions and what they are made of."""
    return Table(
        "Best-known directions",
        ("Direction", "Eigenvalue", "Made of (weight of the log parameter, in prior units)"),
        [
            (
                str(k + 1),
                number(d["eigenvalue"]),
                "; ".join(f"{number(w['weight'])} {plain(w['name'])}" for w in d["loadings"]),
            )
            for k, d in enumerate(record["directions"])
        ],
        numeric=frozenset({1}),
        wide=frozenset({2}),
    )


def pair_table(record: Mapping[str, Any]) -> Table:
    """Return pairs that the data tie to each other."""
    return Table(
        "Pairs that the data know together better than apart",
        ("First", "Second", "Correlation"),
        [
            (plain(p["first"]), plain(p["second"]), number(p["correlation"]))
            for p in record["pairs"]
        ],
        "Posterior correlation: −1 means that only the product is known, +1 only the ratio.",
        frozenset({2}),
    )


def profile_table(record: Mapping[str, Any]) -> Table:
    """Return the profiles beside the parabola."""
    steps = record["profiles"][0]["steps"] if record["profiles"] else []
    return Table(
        "Profile likelihood",
        ("Parameter", *(f"{number(t)} sd (parabola: {number(t * t)})" for t in steps)),
        [
            (plain(p["name"]), *(number(v) if v is not None else "–" for v in p["misfit"]))
            for p in record["profiles"]
        ],
        "Least chi-square, prior included, with the parameter held there and all others free.",
        frozenset(range(1, len(steps) + 1)),
    )
