"""The report of a trial: ``report.html`` from the folder of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rascade.report.look.canvas import Figure
    from rascade.report.runs.trial import TrialRun

__all__ = ["renew_report", "report_page", "write_report"]


def write_report(folder: Path, *, figures: bool = False) -> Path:
    """Write ``report.html`` into the folder of a finished ``rascade trial``.

    The page is one file that needs no network. The same folder gives the same bytes.

    Args:
        folder: with ``study.yaml``, ``manifest.json``, ``summary.json``, ``patients.parquet`` and
            ``visits.parquet``.
        figures: also write each figure as ``figures/NAME.svg``.

    Returns:
        The path of the page.

    Raises:
        InputError: a file or a column is missing or broken.
        OutputError: the folder cannot be written.
    """
    from rascade.report.figures.trial import draw_figures
    from rascade.report.look.files import write_figures
    from rascade.report.runs.files import write_page
    from rascade.report.runs.trial import read_trial

    folder = Path(folder)
    run = read_trial(folder)
    drawn = draw_figures(run)
    if figures:
        write_figures(folder / "figures", [f for group in drawn.values() for f in group])
    return write_page(folder / "report.html", report_page(run, drawn))


def renew_report(
    folder: Path,
    *,
    page: Path | None = None,
    figures: Path | None = None,
    file_format: str = "svg",
) -> tuple[Path, list[Path]]:
    """Make page and figures of a finished trial anew.

    Args:
        folder: results of ``rascade trial``; its tables stay as they are, and its manifest takes
            down what is written into the folder.
        page: where the page goes; ``report.html`` of the folder if None.
        figures: folder for the figures, made if needed; none are written if None.
        file_format: of the figures: ``svg``, ``png`` or ``pdf``.

    Returns:
        Where the page is, and the files of the figures.

    Raises:
        InputError: `folder` holds no finished trial, or there is no such format.
        OutputError: a place cannot be written.
    """
    from rascade.report.figures.trial import draw_figures
    from rascade.report.look.files import check_format, write_figures
    from rascade.report.runs.files import read_json, write_page
    from rascade.report.runs.trial import check_trial, read_trial
    from rascade.results.store import renew_digests

    folder = Path(folder)
    wanted = check_format(file_format)
    check_trial(folder)
    run = read_trial(folder)
    drawn = draw_figures(run)
    every = [figure for group in drawn.values() for figure in group]
    files = [] if figures is None else write_figures(Path(figures), every, wanted)
    if files:
        renew_digests(folder, files)  # the page lists the files of its folder
        run = replace(run, manifest=read_json(folder / "manifest.json"))
    written = write_page(page or folder / "report.html", report_page(run, drawn))
    renew_digests(folder, [written])
    return written, files


def report_page(run: TrialRun, drawn: dict[str, list[Figure]] | None = None) -> str:
    """Return the page of a trial as HTML.

    Args:
        run: what it is made of.
        drawn: its figures, where they are at hand.
    """
    from rascade.report.figures.trial import draw_figures
    from rascade.report.look.page import render

    figures = draw_figures(run) if drawn is None else drawn
    return render("trial.html.j2", **_content(run, figures))


def _content(run: TrialRun, drawn: dict[str, list[Figure]]) -> dict[str, Any]:
    from rascade.report.look.canvas import arm_color
    from rascade.report.look.text import plain
    from rascade.report.tables import exposure as exposure_tables
    from rascade.report.tables import first_lines, provenance
    from rascade.report.tables import further as further_tables
    from rascade.report.tables import trial as tables
    from rascade.report.tables.end_points import end_point_tables, estimand_table
    from rascade.report.tables.own_data import own_fit_table
    from rascade.report.tables.paired import paired_table
    from rascade.report.tables.published import compare

    pairs = compare(run)

    def one(name: str) -> Figure | None:
        return drawn[name][0] if drawn[name] else None

    patients, arms = len(run.patients), len(run.arms)
    safety = [
        exposure_tables.adverse_event_table(run),
        further_tables.exposure_adjusted_table(run),
    ]
    exposure = [exposure_tables.exposure_table(run), exposure_tables.drug_table(run)]
    return {
        "title": plain(run.summary["study"]),
        "lead": f"{patients} simulated patients in {arms} arm{'s' if arms != 1 else ''}. "
        f"{_cohort(run)}".strip(),
        "answers": first_lines.answers(run),
        "roles": first_lines.roles(run),
        "context": first_lines.context(run),
        "colors": {arm: arm_color(i) for i, arm in enumerate(run.arms)},
        "warnings": [plain(text) for text in run.summary.get("warnings") or []],
        "headline": tables.headline_table(run),
        "contrasts": tables.contrast_table(run),
        "survival": drawn["survival"],
        "sensitivity": tables.sensitivity_table(run),
        "hazards": further_tables.hazards_table(run),
        "paired": paired_table(run),
        "paired_figures": drawn["paired"],
        "responses": tables.response_table(run),
        "response": drawn["response"],
        "details": end_point_tables(run),
        "estimands": estimand_table(run),
        "safety": [table for table in safety if table is not None],
        "exposure": [table for table in exposure if table is not None],
        "biomarkers": drawn["biomarkers"],
        "forests": drawn["forests"],
        "published": tables.published_table(pairs),
        "published_figure": one("published"),
        "own_data": own_fit_table(run),
        "mechanism": drawn["mechanism"],
        "parameters": tables.parameter_tables(run.manifest),
        "limits": _limits(run),
        "solver": provenance.solver_table(run),
        "provenance": provenance.provenance_table(run.manifest),
        "study": run.study,
    }


def _cohort(run: TrialRun) -> str:
    from rascade.report.look.text import plain

    cohort = run.summary.get("cohort")
    if not isinstance(cohort, dict):
        return ""
    parts = []
    for key, value in cohort.items():
        if value in (None, "", []):
            continue
        text = " and ".join(map(plain, value)) if isinstance(value, list) else plain(value)
        parts.append(f"{plain(key).replace('_', ' ')}: {text}")
    return "Cohort: " + "; ".join(parts) + "."


_CONFIDENCE = {
    "fitted": "fitted to published results",
    "verified": "verified in their sources",
    "secondary": "read in works that use their sources",
    "derived": "derived from such numbers",
    "recalled": "recalled and not looked up",
    "definition": "definitions",
    "assumed": "assumed",
}
_MOST_INFLUENTIAL = 10


def _known_how_well(manifest: dict[str, Any]) -> list[str]:
    """Count the parameters by confidence: all, and those whose influence is beyond chance."""
    parameters = manifest.get("parameters") or []
    if not parameters:
        return []
    texts = [f"The {len(parameters)} parameters of this run by confidence: {_counts(parameters)}."]
    known = [p for p in parameters if isinstance(p.get("influence"), (int, float))]
    level = float((manifest.get("influence") or {}).get("level", 0.05))
    top = [p for p in known if (p.get("influence_p") or 0.0) < level and "influence_p" in p]
    top = sorted(top, key=lambda p: -abs(p["influence"]))[:_MOST_INFLUENTIAL]
    only = (
        f"Influence is known only for the {len(known)} that differ between patients; a number that "
        "is the same in all can matter as much."
    )
    if top:
        texts.append(
            f"The {len(top)} with the largest influence on PFS among patients, beyond what chance "
            f"can do: {_counts(top)}. {only}"
        )
    elif known:
        texts.append(f"Of no parameter is an influence on PFS shown beyond chance. {only}")
    return texts


def _counts(parameters: list[dict[str, Any]]) -> str:
    from collections import Counter

    from rascade.report.look.text import plain

    found = Counter(
        "fitted" if p.get("fitted") else plain(p.get("confidence") or "not said")
        for p in parameters
    )
    order = [*_CONFIDENCE, *sorted(set(found) - set(_CONFIDENCE))]
    words = [f"{found[name]} {_CONFIDENCE.get(name, name)}" for name in order if found[name]]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _limits(run: TrialRun) -> list[str]:
    """What a reader must know before believing a number, from what the run itself says."""
    from rascade.report.look.text import plain
    from rascade.report.tables.prediction import predicted_note

    published = run.manifest.get("published") or []
    uses = [str(row.get("use")) for row in published]
    texts = [
        "The 95 % intervals on this page are those of a trial of this size in the simulated "
        "population. They leave out that the model itself may be wrong, so the truth can lie "
        "outside them more often than one time in twenty."
        + (f" {note}" if (note := predicted_note(run)) else ""),
    ]
    texts += _known_how_well(run.manifest)
    if published:
        texts.append(
            f"Of {len(published)} published results shown, {uses.count('calibrate')} set "
            "parameters. The table above says of each how it was used."
        )
    else:
        texts.append("No published results were given to compare this run with.")
    still = [row["name"] for row in run.manifest.get("covariates") or () if not row.get("acts")]
    if still:
        texts.append(
            "These properties of patients do nothing in the model of this run, so no result can "
            f"depend on them: {', '.join(plain(name).replace('_', ' ') for name in still)}."
        )
    if all(own.severe is None or own.severe.value is None for own in run.safety.values()):
        texts.append(
            "Side effects are not modelled in this run: doses are neither held nor reduced."
        )
    if "solver_status" in run.patients and run.patients["os_months"].isna().any():
        failed = int(run.patients["os_months"].isna().sum())
        texts.append(f"The solver gave up on {failed} patients; they are left out of PFS and OS.")
    return texts + [plain(text) for text in run.manifest.get("limits") or []]
