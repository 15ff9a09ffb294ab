"""Figures of dose matrices: the response, what each null model of synergy leaves, the isobole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import FAINT, GREY, INK, WIDTH, Canvas, Figure, arm_color
from rascade.report.look.text import number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rascade.report.runs.experiment import ExperimentFolder

__all__ = ["matrix_figures"]

_SIDE = 1.72
_LEFT, _STEP_X, _STEP_Y = 0.62, 2.3, 2.42
_NUMBERS = 9  # doses up to which a cell has room for its number


def matrix_figures(run: ExperimentFolder) -> list[Figure]:
    """Return one figure for every kind of cells, read-out and hour of a dose matrix."""
    return [
        _figure(run, entry, index) for index, entry in enumerate(run.summary.get("matrices") or [])
    ]


def _figure(run: ExperimentFolder, entry: dict[str, Any], index: int) -> Figure:
    place = f"{run.reading(entry['readout'])} at {number(entry['time_h'])} h, {entry['cells']}"
    pair = " + ".join(entry["drugs"])
    canvas = Canvas(
        WIDTH, Canvas.TOP + 2 * _STEP_Y + Canvas.FOOTER + 0.25, f"{pair}: {place}", run.footer
    )
    response = np.array(entry["response"], dtype=float)
    grids = {name: np.array(grid, dtype=float) for name, grid in entry["grids"].items()}
    reach = max(
        0.05,
        *(
            float(np.nanmax(np.abs(grid)))
            for name, grid in grids.items()
            if name != "combination_index"
        ),
    )
    panels: list[tuple[str, NDArray[np.float64] | None, str]] = [
        ("response, relative to untreated", response, "level"),
        ("Bliss excess", grids["bliss"], "excess"),
        ("HSA excess", grids["hsa"], "excess"),
        ("ZIP score", grids["zip"], "excess"),
        ("Loewe: combination index", grids.get("combination_index"), "index"),
    ]
    for k, (title, grid, kind) in enumerate(panels):
        axes = _axes(canvas, k, title)
        if grid is None:
            axes.set_axis_off()
            axes.text(0.5, 0.5, "neither drug acts alone", ha="center", transform=axes.transAxes)
            continue
        _heat(axes, entry, grid, kind, reach)
    _isobole(_axes(canvas, 5, "isobole"), entry)
    return Figure(
        f"matrix-{index + 1}",
        f"{pair}: {place}",
        "Heat maps by dose (nM). Excess is the response that the null model expects minus the one "
        "seen: blue, the pair does more (synergy); red, less (antagonism). Combination index: "
        "below 1 (blue) is synergy; grey cells lie on or beyond the flat ends of the curves alone. "
        "The isobole joins pairs of doses with one response; a straight line is Loewe additivity.",
        f"Dose matrix of {plain(pair)} on {plain(place)}: mean Bliss excess "
        f"{number(entry['bliss_mean'])}, mean ZIP score {number(entry['zip_mean'])}.",
        canvas.svg(),
    )


def _axes(canvas: Canvas, k: int, title: str) -> Axes:
    left = _LEFT + _STEP_X * (k % 3)
    top = Canvas.TOP + 0.28 + _STEP_Y * (k // 3)
    canvas.text(left, top - 0.12, title, weight="bold")
    return canvas.axes(left, top, _SIDE, _SIDE)


def _heat(
    axes: Axes, entry: dict[str, Any], grid: NDArray[np.float64], kind: str, reach: float
) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    if kind == "level":
        shown, norm, name = grid, Normalize(0.0, max(1.0, float(np.nanmax(grid)))), "viridis"
    elif kind == "excess":
        shown, norm, name = grid, Normalize(-reach, reach), "RdBu"
    else:
        # An index and its inverse are equally far from 1.
        with np.errstate(divide="ignore"):
            shown, norm, name = -np.log10(grid), Normalize(-1.0, 1.0), "RdBu"
    colors = colormaps[name].with_extremes(bad="#dddddd")
    image = np.ma.masked_invalid(shown.T)
    axes.imshow(image, origin="lower", cmap=colors, norm=norm, aspect="auto", interpolation="none")
    skip = 0 if kind == "level" else 1
    for drug, doses, axis in (
        (entry["drugs"][0], entry["first_nM"][skip:], axes.xaxis),
        (entry["drugs"][1], entry["second_nM"][skip:], axes.yaxis),
    ):
        every = max(1, math.ceil(len(doses) / 8))
        axis.set_ticks(range(0, len(doses), every), [number(float(d), 2) for d in doses[::every]])
        axis.set_label_text(f"{plain(drug)}, nM")
    axes.tick_params(length=0, labelsize=5.5)
    axes.tick_params(axis="x", rotation=45, pad=1)
    axes.xaxis.labelpad = axes.yaxis.labelpad = 1
    if max(grid.shape) <= _NUMBERS:
        _numbers(axes, grid, np.asarray(norm(shown)), name)


def _numbers(axes: Axes, grid: NDArray[np.float64], place: NDArray[np.float64], name: str) -> None:
    for (i, j), value in np.ndenumerate(grid):
        if not math.isfinite(value):
            continue
        at = float(np.clip(place[i, j], 0.0, 1.0))
        dark = at < 0.55 if name == "viridis" else abs(at - 0.5) > 0.33
        text = f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
        axes.text(i, j, text, ha="center", va="center", fontsize=4.2, color="w" if dark else INK)


def _isobole(axes: Axes, entry: dict[str, Any]) -> None:
    found = entry.get("isobole")
    if not found:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no common response", ha="center", transform=axes.transAxes)
        return
    points = np.array(found["points_nM"], dtype=float)
    alone = found["alone_nM"]
    axes.plot(points[:, 0], points[:, 1], "o-", markersize=3, color=arm_color(0))
    if all(dose is not None for dose in alone):
        axes.plot([alone[0], 0.0], [0.0, alone[1]], "--", color=GREY, linewidth=0.9)
        axes.set_xlim(0, alone[0] * 1.1)
        axes.set_ylim(0, max(alone[1], float(points[:, 1].max())) * 1.1)
    else:
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
    axes.grid(color=FAINT, linewidth=0.3)
    axes.set_xlabel(f"{plain(entry['drugs'][0])}, nM", labelpad=1)
    axes.set_ylabel(f"{plain(entry['drugs'][1])}, nM", labelpad=1)
    axes.set_title(f"response {number(found['level'])}", loc="right", fontsize=6.5, pad=2)
