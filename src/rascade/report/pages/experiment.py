"""The report of an experiment: ``experiment.html`` from the folder of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure
    from rascade.report.runs.experiment import ExperimentFolder

__all__ = ["write_experiment_report"]


def write_experiment_report(folder: Path, *, figures: bool = False) -> Path:
    """Write ``experiment.html`` into the folder of a finished ``rascade experiment``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Args:
        folder: with ``study.yaml``, ``manifest.json``, ``summary.json`` and
            ``results_intervals.csv``.
        figures: also write each figure as ``figures/NAME.svg``.

    Returns:
        The path of the page.

    Raises:
        InputError: a file or a column is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.look.canvas import drawing
    from rascade.report.look.files import write_figures
    from rascade.report.look.page import render
    from rascade.report.mechanism.figure import mechanism_figures
    from rascade.report.runs.experiment import read_experiment
    from rascade.report.runs.files import write_page

    folder = Path(folder)
    run = read_experiment(folder)
    with drawing():
        drawn = _figures(run)
        mechanism = mechanism_figures(run.manifest.get("mechanism") or {}, run.footer)
    if figures:
        write_figures(folder / "figures", [*drawn, *mechanism])
    page = render("experiment.html.j2", figures=drawn, mechanism=mechanism, **_content(run))
    return write_page(folder / "experiment.html", page)


def _figures(run: ExperimentFolder) -> list[Figure]:
    from rascade.report.figures.studied.experiment_curves import course_figure, dose_figures
    from rascade.report.figures.studied.experiment_matrix import matrix_figures

    if run.summary["design"] == "dose-matrix":
        return matrix_figures(run)
    if run.summary.get("dose_response"):
        return dose_figures(run)
    return [course_figure(run)]


def _content(run: ExperimentFolder) -> dict[str, Any]:
    from rascade.report.look.text import plain
    from rascade.report.tables.experiment import answers, cells_table, summary_tables
    from rascade.report.tables.provenance import provenance_table
    from rascade.report.tables.trial import parameter_tables

    summary = run.summary
    names = ", ".join(plain(cells["name"]) for cells in summary["cells"])
    return {
        "title": plain(summary["study"]),
        "lead": f"{summary['design'].capitalize()} in {names}: {summary['conditions']} conditions, "
        f"{summary['draws'] or 'no'} drawn parameter sets. Every value is relative to untreated "
        "cells at the same time.",
        "answers": answers(summary),
        "warnings": [plain(text) for text in summary.get("warnings") or []],
        "tables": summary_tables(summary),
        "cells": cells_table(summary),
        "parameters": parameter_tables(run.manifest),
        "limits": _limits(run),
        "provenance": provenance_table(run.manifest),
        "study": run.study,
    }


def _limits(run: ExperimentFolder) -> list[str]:
    """What a reader must know before believing a number, from what the run itself says."""
    summary = run.summary
    drawn = len(run.manifest.get("drawn") or [])
    texts = []
    if summary["draws"]:
        how = (
            "each log-uniformly between the lower and upper end of its plausible range"
            if summary["uncertainty"] == "parameters"
            else "each as it differs between patients"
        )
        texts.append(
            f"Bands and brackets are the 5 % and 95 % points over {summary['draws']} parameter "
            f"sets, in which {drawn} parameters were drawn, {how} and independently of the others. "
            "Data that tie parameters together, such as those that fitted ones were set against, "
            "are not used, so the intervals are wide; curves and points are of the typical values."
        )
        texts.append(
            "The intervals leave out that the model itself may be wrong, so the truth can lie "
            "outside them more often than one time in ten."
        )
    else:
        texts.append(
            "No parameter sets were drawn, so the values carry no interval: nothing here says how "
            "far they can be off."
        )
    if summary["setting"] == "culture":
        texts.append(
            "Untreated cells of every drawn set divide at the line's doubling time; what drugs do "
            "to growth follows from signalling."
        )
    return texts
