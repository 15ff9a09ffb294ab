"""Paired patients: what each gains, as a table and a figure of one person in two arms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, arm_color, fit
from rascade.report.look.page import Table
from rascade.report.look.text import interval, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rascade.report.pages.trial_folder import TrialRun

__all__ = ["design_text", "paired_figure", "paired_table"]

_LEFT, _GAP, _PLOT, _RIGHT = 0.75, 0.85, 2.3, 0.2  # inches
_CAP = 100.0  # percent: larger growth is drawn here
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


def paired_figure(run: TrialRun, arm: str) -> Figure | None:
    """Draw best change in an arm against that in the reference, and each patient's gain.

    Args:
        run: the trial.
        arm: any but the reference.

    Returns:
        None where arms have patients of their own, or fewer than two pairs have a change.
    """
    if run.summary.get("pairing") != "same-patients" or run.reference is None:
        return None
    mine, other = (
        run.of_arm(name).set_index("twin")["best_change_pct"].astype(float)
        for name in (arm, run.reference)
    )
    both = mine.index.intersection(other.index)
    x, y = other.loc[both].to_numpy(), mine.loc[both].to_numpy()
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if x.size < 2:
        return None
    place = run.arms.index(arm)
    title = f"The same patients: {arm} and {run.reference}"
    canvas = Canvas(WIDTH, Canvas.TOP + 0.3 + _PLOT + 0.5 + Canvas.FOOTER, title, run.footer)
    width = (WIDTH - _LEFT - _GAP - _RIGHT) / 2
    top = Canvas.TOP + 0.3
    _scatter(canvas.axes(_LEFT, top, width, _PLOT), x, y, arm_color(place), (arm, run.reference))
    _gains(canvas.axes(_LEFT + width + _GAP, top, width, _PLOT), y - x, arm_color(place))
    better = 100 * float((y < x).mean())
    caption = (
        "Left: best change of the sum of diameters of each virtual patient under both arms; below "
        "the line the arm shrinks the tumour more. Right: the difference, patient by patient, in "
        f"order; below zero the arm is better. On the left, growth above +{_CAP:.0f} % is drawn "
        "there."
    )
    alt = f"Paired patients: {x.size} pairs, better under {arm} in {better:.0f} %."
    name = f"paired-{place + 1}"
    return Figure(name, title, caption, alt, canvas.svg(), canvas.figure)


def _scatter(
    axes: Axes,
    x: NDArray[Any],
    y: NDArray[Any],
    color: str,
    names: tuple[str, str],
) -> None:
    limits = (-105.0, _CAP + 5.0)
    axes.plot(limits, limits, color=GREY, linewidth=0.7)
    axes.plot(
        np.minimum(x, _CAP), np.minimum(y, _CAP), linestyle="none", marker="o", markersize=3,
        color=color, alpha=0.6, markeredgewidth=0,
    )  # fmt: skip
    axes.set(
        xlim=limits, ylim=limits, xticks=[-100, -50, 0, 50, 100], yticks=[-100, -50, 0, 50, 100]
    )
    axes.set_xlabel(f"Best change under {fit(names[1], 1.7, 7.5)} (%)")
    axes.set_ylabel(f"Best change under\n{fit(names[0], 1.9, 7.5)} (%)")


def _gains(axes: Axes, gain: NDArray[Any], color: str) -> None:
    ordered = np.sort(gain)[::-1]
    axes.bar(np.arange(ordered.size), ordered, width=1.0, color=color, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set(xlim=(-0.5, ordered.size - 0.5), xticks=[])
    axes.set_xlabel("Patients, by difference")
    axes.set_ylabel("Difference of best change\n(points of percent)")
