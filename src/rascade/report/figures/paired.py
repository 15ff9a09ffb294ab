"""Paired patients drawn: one person in two arms, and what each gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, arm_color, fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rascade.report.runs.trial import TrialRun

__all__ = ["paired_figure"]

_LEFT, _GAP, _PLOT, _RIGHT = 0.75, 0.85, 2.3, 0.2  # inches
_CAP = 100.0  # percent: larger growth is drawn here


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
