"""Figures of identifiability: prior against posterior, spectrum, correlations, profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rascade.report.figures.studied.experiment_curves import panel_title
from rascade.report.look.canvas import FAINT, GREY, INK, WIDTH, Canvas, Figure, arm_color, shrink
from rascade.report.look.text import plain, power_of_ten

__all__ = ["bar_figure", "correlation_figure", "profile_figure", "spectrum_figure"]

_BARS = 45  # parameters with a bar
_ROW = 0.15  # inches
_NAMES = 2.1
_CELLS = 40  # parameters in the heat map
_STATUS_COLORS = {"constrained": "#0072b2", "partly": "#56b4e9", "at its prior": "#b5b5b5"}


def bar_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return prior and posterior standard deviations, best known first."""
    shown = record["parameters"][:_BARS]
    high = _ROW * len(shown)
    title = "Prior and posterior standard deviation of log parameters"
    canvas = Canvas(WIDTH, Canvas.TOP + 0.3 + high + 0.45 + Canvas.FOOTER, title, footer)
    x = _NAMES
    for name, color in _STATUS_COLORS.items():
        canvas.text(x, Canvas.TOP + 0.1, f"■ {name}", size=7, color=color, weight="bold")
        x += 1.2
    canvas.text(x, Canvas.TOP + 0.1, "□ prior", size=7, color=GREY)
    axes = canvas.axes(_NAMES, Canvas.TOP + 0.25, WIDTH - _NAMES - 0.2, high)
    y = np.arange(len(shown))
    prior = [p["prior_sd"] for p in shown]
    posterior = [p["posterior_sd"] for p in shown]
    colors = [_STATUS_COLORS[p["status"]] for p in shown]
    axes.barh(y, prior, height=0.72, facecolor="none", edgecolor=GREY, linewidth=0.6)
    axes.barh(y, posterior, height=0.72, color=colors, linewidth=0)
    axes.set(ylim=(len(shown) - 0.4, -0.6), yticks=y)
    axes.set_yticklabels([plain(p["name"]) for p in shown], fontsize=6)
    shrink(axes.get_yticklabels(), _NAMES - 0.15)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("standard deviation of the natural log", labelpad=2)
    more = len(record["parameters"]) - len(shown)
    return Figure(
        "parameters",
        title,
        "Frame: prior, from the plausible range; bar: posterior, from prior and all experiments."
        + (f" {more} more parameters, less well known, are in the table." if more > 0 else ""),
        "; ".join(f"{p['name']}: {p['prior_sd']} to {p['posterior_sd']}" for p in shown[:10]),
        canvas.svg(),
    )


def spectrum_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return the eigenvalues of the data's information."""
    title = "Spectrum of the information of the experiments"
    canvas = Canvas(WIDTH, 2.75, title, footer)
    axes = canvas.axes(0.7, Canvas.TOP + 0.15, WIDTH - 1.0, 1.6)
    values = np.array(record["spectrum"])
    place = np.arange(1, values.size + 1)
    known, faint = values > 1, (values <= 1) & (values > 0)
    for which, color in ((known, arm_color(0)), (faint, "#b5b5b5")):
        axes.vlines(place[which], values[which] * 0.6, values[which] / 0.6, color=color, lw=1.6)
    axes.set_yscale("log")
    axes.set_ylim(1e-6, max(10.0, 3 * values.max()))
    axes.set_xlim(0, values.size + 1)
    axes.axhline(1.0, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.minorticks_off()
    bottom, top = (math.log10(limit) for limit in axes.get_ylim())
    ticks = [10.0**k for k in range(math.ceil(bottom), math.floor(top) + 1, 2)]
    axes.set_yticks(ticks, [power_of_ten(tick) for tick in ticks])
    axes.set_xlabel("direction", labelpad=2)
    axes.set_ylabel("eigenvalue, prior = 1", labelpad=2)
    text = f"{record['identified']} directions above the prior"
    axes.text(0.98, 0.93, text, transform=axes.transAxes, ha="right", va="top", fontsize=7.5)
    none = int((values == 0).sum())
    return Figure(
        "spectrum",
        title,
        "Eigenvalues in units of the prior. Above the dashed line the data know a direction better "
        "than the prior does. Values below 10⁻⁶ are not shown"
        + (f"; in {none} directions the data say nothing at all." if none else "."),
        f"{record['identified']} of {values.size} eigenvalues lie above 1; the largest is "
        f"{values.max():.3g}.",
        canvas.svg(),
    )


def correlation_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return posterior correlations of what the data say something of, as a heat map."""
    names = record["correlation"]["names"][:_CELLS]
    values = np.array(record["correlation"]["values"])[: len(names), : len(names)]
    title = "Posterior correlation of the parameters that the data speak of"
    side = min(4.4, 0.14 * len(names))
    top = Canvas.TOP + 0.15
    canvas = Canvas(WIDTH, top + side + 1.55 + Canvas.FOOTER, title, footer)
    axes = canvas.axes(_NAMES, top, side, side)
    edges = np.arange(len(names) + 1) - 0.5
    masked = np.where(np.eye(len(names), dtype=bool), 0.0, values)
    mesh = axes.pcolormesh(edges, edges, masked, cmap="RdBu_r", vmin=-1, vmax=1, linewidth=0)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    size = 5 if len(names) > 25 else 6
    axes.set_xticks(range(len(names)), [plain(n) for n in names], rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), [plain(n) for n in names], fontsize=size)
    shrink(axes.get_yticklabels(), _NAMES - 0.15)
    axes.tick_params(length=0)
    bar = canvas.axes(_NAMES + side + 0.2, top, 0.1, 1.4)
    canvas.figure.colorbar(mesh, cax=bar)
    bar.tick_params(labelsize=6, length=2)
    more = len(record["correlation"]["names"]) - len(names)
    return Figure(
        "correlation",
        title,
        "Blue: the product is known better than either; red: the ratio. The diagonal is left white."
        + (f" The {len(names)} best known of {len(names) + more}." if more else ""),
        "Pairs that the data cannot tell apart are in the table of pairs.",
        canvas.svg(),
    )


def profile_figure(record: Mapping[str, Any], footer: str) -> Figure:
    """Return profiles and the parabola of the Gaussian picture."""
    title = "Profile likelihood against the Gaussian approximation"
    columns = 4
    rows = -(-len(record["profiles"]) // columns)
    canvas = Canvas(WIDTH, Canvas.TOP + 1.85 * rows + 0.1 + Canvas.FOOTER, title, footer)
    t = np.linspace(-2.2, 2.2, 89)
    for k, profile in enumerate(record["profiles"]):
        left, top = 0.42 + 1.76 * (k % columns), Canvas.TOP + 0.3 + 1.85 * (k // columns)
        panel_title(canvas, left, top - 0.1, plain(profile["name"]), 1.55)
        axes = canvas.axes(left, top, 1.32, 1.1)
        axes.plot(t, t * t, color=GREY, linewidth=0.8, linestyle="--")
        steps = np.array([0.0, *profile["steps"]])
        misfit = np.array([0.0, *(np.nan if v is None else v for v in profile["misfit"])])
        order = np.argsort(steps)
        axes.plot(steps[order], misfit[order], marker="o", markersize=3, color=arm_color(0))
        axes.axhline(3.84, color=FAINT, linewidth=0.8)
        axes.set(xlim=(-2.2, 2.2), ylim=(0, 8))
        axes.set_xlabel("posterior sd", labelpad=1)
        if k % columns == 0:
            axes.set_ylabel("chi-square", labelpad=2)
    return Figure(
        "profiles",
        title,
        "Points: least chi-square with the parameter held there and all others free; dashed: the "
        "Gaussian approximation; grey line: the 95 % point.",
        "; ".join(f"{p['name']}: {p['misfit']}" for p in record["profiles"]),
        canvas.svg(),
    )
