"""``reference/validation.md`` and ``credibility/index.md``, from kept results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from builder.results import RESULTS, threads
from builder.text import NOTE, cell, small_svg, table

__all__ = ["credibility_page", "figures", "run", "score_table", "validation_page"]

_ROOT = Path(__file__).resolve().parents[2]
_DATA = _ROOT / "src" / "rascade" / "patients" / "data"
_BUILD = _ROOT / "out" / "population"
_CHECK, _LATER = RESULTS / "population-check.json", RESULTS / "validation" / "later-arms.csv"


def run() -> None:
    """Build the ensemble, put it into the package, and keep what pages need of its validation.

    What is done is kept in ``out/population``: an interrupted run goes on where it stopped.
    """
    from rascade.calibration.build import Plan, build, read_build
    from rascade.calibration.checks import recovery, second_method
    from rascade.calibration.contrasts import predict_contrasts, write_contrasts
    from rascade.calibration.leave_out import leave_out, write_left_out
    from rascade.calibration.posterior import read_ensemble
    from rascade.calibration.validate import predictions, prior_ensemble, write_validation
    from rascade.progress import progress_on_stderr

    with progress_on_stderr("population") as progress:
        build(_BUILD, Plan(), threads=threads(), progress=progress)
    for name in ("ensemble.csv", "ensemble.json"):
        shutil.copyfile(_BUILD / name, _DATA / name)
    kept, ensemble = read_build(_BUILD), read_ensemble(_BUILD)
    checks = {"chains": second_method(kept), "recovery": recovery(kept)}
    _CHECK.write_text(json.dumps(checks, indent=2) + "\n", encoding="utf-8")
    with progress_on_stderr("validation") as progress:
        found, before = predictions(
            [ensemble.first(24), prior_ensemble(ensemble.first(8))],
            threads=threads(),
            patients=100,
            progress=progress,
        )
    write_validation(RESULTS / "validation", found, before)
    with progress_on_stderr("contrasts") as progress:
        pairs = predict_contrasts(ensemble.first(24), threads=threads(), progress=progress)
    write_contrasts(RESULTS / "validation", pairs)
    with progress_on_stderr("leave out") as progress:
        left = leave_out(kept, members=16, patients=100, threads=threads(), progress=progress)
    write_left_out(RESULTS / "left-out", left)
    run_later_arms()


def run_later_arms() -> None:
    """Predict the arms that entered the evidence after the kept validation, and keep that."""
    from rascade.calibration.posterior import read_ensemble
    from rascade.calibration.targets import runnable_arms
    from rascade.calibration.validate import predictions, table
    from rascade.progress import progress_on_stderr
    from rascade.report.pages.validation import read_validation
    from rascade.results.store import write_rows

    known = {row["arm_id"] for row in read_validation(RESULTS / "validation")[0]}
    later = [arm for arm in runnable_arms() if arm.id not in known]
    with progress_on_stderr("later arms") as progress:
        (found,) = predictions(
            [read_ensemble().first(24)],
            arms=later, threads=threads(), patients=100, progress=progress,
        )  # fmt: skip
    write_rows(_LATER, table(found))


def figures() -> dict[str, str]:
    """Return file below ``docs`` -> SVG text."""
    from rascade.report.figures.validation import validation_figure
    from rascade.report.look.canvas import drawing
    from rascade.report.pages.validation import read_validation
    from rascade.report.runs.trial import research_footer

    rows, _ = read_validation(RESULTS / "validation")
    with drawing(outlines=False):
        svg = validation_figure(rows, research_footer("validation")).svg
    return {"images/validation.svg": small_svg(svg)}


def score_table() -> str:
    """Return the scores by role and end point, beside the baselines."""
    from rascade.report.pages.validation import read_validation, score_rows

    _, scores = read_validation(RESULTS / "validation")
    head = (
        "role", "end point", "values", "inside 90 %", "rank correlation", "error",
        "mean of the line", "prior", "previous model",
    )  # fmt: skip
    return table(head, score_rows(scores), right=range(2, 9))


def left_out_table() -> str:
    """Return how classes are predicted by a population that has seen none of them."""
    rows = json.loads((RESULTS / "left-out" / "left-out.json").read_text(encoding="utf-8"))
    names = ("error_orr_points", "error_log_pfs", "error_log_os")
    return table(
        ("class", "fitted values left out", "values", "inside 90 %", "error ORR, points",
         "error log PFS", "error log OS"),
        [
            (r["class"], r["fitted_values_left_out"], r["values"], r["inside_90"],
             *("" if r[n] is None else f"{r[n]:.2f}" for n in names))
            for r in rows
        ],
        right=range(1, 7),
    )  # fmt: skip


def contrast_table() -> str:
    """Return predicted and published hazard ratios between arms of one trial."""
    kept = json.loads((RESULTS / "validation" / "contrasts.json").read_text(encoding="utf-8"))
    rows = [
        (
            cell(f"{row['arm_id']} against {row['reference_id'].partition('.')[2]}"),
            row["endpoint"], _limits(row, "published", "published_low", "published_high"),
            _limits(row, "predicted", "low90", "high90"),
            "yes" if row["right_sign"] else "**no**", "yes" if row["inside"] else "**no**",
        )
        for row in kept["contrasts"]
    ]  # fmt: skip
    lead = (
        f"{kept['right_sign']} of {kept['n']} favour the arm that the trial favoured, "
        f"{kept['inside_90']} published ratios lie inside the predicted 90 % interval, and in "
        f"{kept['significantly_wrong']} both intervals exclude each other's side. "
        "None was fitted.\n\n"
    )
    head = ("contrast", "end point", "published (95 %)", "predicted (90 %)", "right side", "inside")
    return lead + table(head, rows, right=(2, 3))


def later_table() -> str:
    """Return predictions of arms that entered the evidence after the population was fitted."""
    from rascade.report.pages.validation import read_rows, value_name

    rows = read_rows(_LATER)
    if not rows:
        return "None at present.\n"
    inside = sum(row["inside"] for row in rows)
    lead = f"{inside} of {len(rows)} values lie inside the 90 % interval.\n\n"
    cells = [(cell(row["arm_id"]), value_name(row["endpoint"]), *_said(row)) for row in rows]
    head = ("arm", "end point", "published", "predicted", "90 % interval", "inside")
    return lead + table(head, cells, right=(2, 3, 4))


def _said(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a published value beside its prediction."""
    return (
        _text(row["published"]), _text(row["predicted"]),
        f"{_text(row['low90'])} to {_text(row['high90'])}",
        "yes" if row["inside"] else "**no**",
    )  # fmt: skip


def _limits(row: dict[str, Any], value: str, low: str, high: str) -> str:
    known = row[low] is not None and row[high] is not None
    return f"{row[value]:.2f}" + (f" ({row[low]:.2f} to {row[high]:.2f})" if known else "")


_VALIDATION = """\
# Validation

Every arm of a published trial that runs by its name, at its own size, line, scans, accrual and data
cut, predicted by the [population](../explanation/population.md). Values that were fitted are shown
apart: they are no evidence. `rascade cohort validate` computes this anew.

Never fitted is not never seen: constants of the mechanism were sized with some of these values in
sight, most plainly two that tell MEK from RAS inhibition, with selumetinib + MK-2206 of SWOG S1115.

![Published against predicted values](../images/validation.svg)

Landmark rates are the share alive, or free of progression, at a month; a few of PFS
under first-line chemotherapy are fitted.
The error is the median of the absolute miss: of the logarithm for months, in percentage points for
response and landmark rates. A model that does not beat the mean of the line has no skill.
"""


def validation_page() -> str:
    """Return the page."""
    from rascade.report.pages.validation import read_validation, value_name

    rows, _ = read_validation(RESULTS / "validation")
    values = [
        (
            cell(row["arm_id"]), value_name(row["endpoint"]), row["role"], *_said(row),
            _text(row["mean_of_line"]),
        )
        for row in rows
    ]  # fmt: skip
    head = (
        "arm", "end point", "role", "published", "predicted", "90 % interval", "inside",
        "mean of the line",
    )  # fmt: skip
    return "\n".join(
        [
            NOTE, _VALIDATION, score_table(), "\n## A class that the fit has never seen\n",
            "The fit is repeated without any arm of a class, on an emulator of what the build "
            "simulated, and the members that come out are simulated in every arm of the class.\n",
            left_out_table(), "\n## Hazard ratios between arms of one trial\n", contrast_table(),
            "\n## Arms that entered the evidence after the fit\n", later_table(),
            "\n## Every value\n", table(head, values, right=(3, 4, 5, 7)),
        ]
    ) + "\n"  # fmt: skip


def _text(value: Any) -> str:
    return "not reached" if value is None else f"{value:.3g}"


_CREDIBILITY = Path(__file__).with_name("credibility.txt")


def credibility_page() -> str:
    """Return the page."""
    checks = json.loads(_CHECK.read_text(encoding="utf-8"))
    chains, truths = checks["chains"], checks["recovery"]
    return "\n".join(
        [
            NOTE, _CREDIBILITY.read_text(encoding="utf-8"), score_table(),
            "\n## Classes never seen\n", left_out_table(),
            "\n## Checks of the fit\n",
            "- A second method (Markov chains on an emulator that explains "
            f"{chains['explained']:.0%} of the simulated values): mean predictions differ by "
            f"{chains['shift']:.2f} of their standard deviation, which is {chains['width']:.2f} "
            "times the chains'.",
            "- Synthetic truths, fitted by the same smoother on the emulator: "
            f"{truths['inside_90']:.0%} of unseen values inside their 90 % interval; error "
            f"{truths['error']:.2f}, stated {truths['stated']:.2f} (log odds).",
        ]
    ) + "\n"  # fmt: skip
