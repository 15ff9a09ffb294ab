"""Forest plots of hazard ratios by subgroup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.report.look.canvas import (
    FAINT,
    GREY,
    WIDTH,
    Canvas,
    Figure,
    arm_color,
    text_width,
    wrap,
)
from rascade.report.look.text import interval, p_value, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from rascade.report.runs.trial import TrialRun
    from rascade.statistics.survival import CoxFit
    from rascade.trial.endpoints import TimeEndPoint

__all__ = ["forest_figure", "forest_figures", "subgroups"]

MIN_PATIENTS = 10  # a subgroup smaller than this is not drawn
_ROW, _TOP, _WIDE = 0.19, Canvas.TOP + 0.3, 1.55  # inches
_PLOTS = (1.95, 4.6)  # left edge of each plot, inches


@dataclass(frozen=True, eq=False)
class Subgroup:
    """Some of the patients of a contrast."""

    heading: str
    label: str
    members: np.ndarray


def subgroups(
    patients: pd.DataFrame,
    covariates: Sequence[Mapping[str, Any]] = (),
    strata: Sequence[str] = (),
) -> list[Subgroup]:
    """All patients, then the strata of the randomisation, then by what acts on a patient.

    Args:
        patients: of the arms compared.
        covariates: ``covariates`` of the manifest. What they say does nothing in the model is left
            out, unless patients were randomised by it: any difference would be chance.
        strata: properties that patients were randomised by.

    Returns:
        Groups of at least `MIN_PATIENTS`, whose factor has two such groups at least.
    """
    found = [Subgroup("", "All patients", np.ones(len(patients), bool))]
    found += _strata(patients, strata)
    for row in covariates:
        name = str(row["name"])
        if row.get("acts") and name in patients and name not in ("weight_kg", "height_cm"):
            found += _levels(_by_cut(patients[name], row.get("cut")), _heading(name))
    if not covariates and "kras_allele" in patients:
        found += _levels(patients["kras_allele"].astype(str), _heading("kras_allele"))
    large = [s for s in found if s.members.sum() >= (1 if not s.heading else MIN_PATIENTS)]
    return [s for s in large if not s.heading or sum(t.heading == s.heading for t in large) > 1]


_HEADINGS = {
    "kras_allele": "KRAS allele",
    "msi_high": "MSI-high",
    "ecog": "ECOG",
    "sex": "Sex",
    "age_years": "Age, years",
    "albumin_g_l": "Albumin, g/L",
    "nlr": "Neutrophils to lymphocytes",
    "liver_metastases": "Liver metastases",
    "b2m": "B2M altered",
    "stk11": "STK11 altered",
    "pten": "PTEN altered",
    "pik3ca": "PIK3CA mutant",
    "tp53": "TP53 mutant",
    "escape_1": "First clone that escapes",
    "escape_2": "Second clone that escapes",
}


def _heading(name: str) -> str:
    return _HEADINGS.get(name, plain(name).replace("_", " "))


def _by_cut(values: pd.Series, cut: float | None) -> pd.Series:
    """Return which side of a cut a number is on, in words; without a cut the value as text."""
    if cut is None:
        return values.astype(str)
    return (values < cut).map({True: f"below {cut:g}", False: f"{cut:g} and above"})


def _strata(patients: pd.DataFrame, strata: Sequence[str]) -> list[Subgroup]:
    """Groups by each property of the randomisation, as randomised; the strata where it is one."""
    names = [name for name in strata if f"stratum_{name}" in patients]
    if len(names) == len(strata) and names:
        return [
            group
            for name in names
            for group in _levels(
                patients[f"stratum_{name}"].astype(str),
                f"{_heading(name)}, stratum",
                by_name=True,
            )
        ]
    if "stratum" in patients:
        return _levels(patients["stratum"].astype(str), "Stratum", by_name=True)
    return []


def _levels(values: pd.Series, heading: str, by_name: bool = False) -> list[Subgroup]:
    values = values.map({"True": "yes", "False": "no"}).fillna(values).map(plain)
    counts = values.value_counts()
    order = sorted(counts.index, key=lambda v: (0 if by_name else -counts[v], v))
    return [Subgroup(heading, value, (values == value).to_numpy()) for value in order]


def forest_figure(run: TrialRun, arm: str, page: int = 0) -> Figure:
    """Draw hazard ratios of an arm against the reference, by subgroup.

    Args:
        run: the trial, which has a reference.
        arm: any but the reference.
        page: which two of the end points: 0 for the first two, PFS and OS.
    """
    ends = run.times[page * len(_PLOTS) :][: len(_PLOTS)]
    assert run.reference is not None
    pair = run.patients[run.patients["arm"].isin([arm, run.reference])]
    covariates = run.manifest.get("covariates") or ()
    strata = (run.summary.get("randomization") or {}).get("strata") or ()
    groups = subgroups(pair, covariates, strata)
    rows = _rows(groups)
    plot = _ROW * (len(rows) + 0.6)
    title = f"{arm} against {run.reference}"
    sides = [
        wrap(text, _WIDE + 0.5, 6, most=6)
        for text in (f"← {arm} better", f"{run.reference} better →")
    ]
    below = 0.1 * (sum(map(_lines, sides)) - 2)
    canvas = Canvas(WIDTH, _TOP + plot + 0.62 + below + Canvas.FOOTER, title, run.footer)
    _row_names(canvas, rows)
    color = arm_color(run.arms.index(arm))
    fits = {end.name: _fits(pair, groups, end, arm) for end in ends}
    limits = _axis_limits([f for own in fits.values() for f in own])
    bold: dict[str, Any] = {"size": 7, "weight": "bold"}
    for end, left in zip(ends, _PLOTS, strict=False):
        axes = canvas.axes(left, _TOP, _WIDE, plot)
        _forest_axes(axes, limits, len(rows), sides)
        right = left + _WIDE + 0.98
        name = f"{end.label}, hazard ratio"
        canvas.text(left + _WIDE / 2, _TOP - 0.12, name, ha="center", **bold)
        canvas.text(right, _TOP - 0.12, "HR (95 % CI)", ha="right", **bold)
        for group, result in zip(groups, fits[end.name], strict=True):
            row = rows.index(group)
            _mark(axes, row, result, group, len(pair), color)
            canvas.text(right, _height(row), _ratio(result), size=6.5, ha="right")
        for heading, p in _interactions(pair, groups, end, arm).items():
            y = _height(rows.index(heading))
            canvas.text(right, y, f"interaction {p_value(p)}", size=6.5, ha="right", color=GREY)
    said = "; ".join(
        f"{group.label}: {end.label} HR {_ratio(result)}"
        for end in ends
        for group, result in zip(groups, fits[end.name], strict=True)
    )
    name = f"forest-{run.arms.index(arm) + 1}{f'-{page + 1}' if page else ''}"
    caption = _CAPTION + _left_out(covariates, strata)
    return Figure(
        name, f"Subgroups: {title}", caption, f"Forest plot. {said}.", canvas.svg(), canvas.figure
    )


def forest_figures(run: TrialRun, arm: str) -> list[Figure]:
    """Draw as many forests as it takes to show every end point."""
    return [forest_figure(run, arm, page) for page in range(-(-len(run.times) // len(_PLOTS)))]


_CAPTION = (
    "Cox hazard ratios with 95 % Wald confidence intervals; the area of a square is in proportion "
    "to the number of patients. Subgroups are not adjusted for multiplicity: they describe the "
    f"simulated cohort. Subgroups of fewer than {MIN_PATIENTS} patients are left out. Interaction: "
    "likelihood ratio test that the hazard ratio is the same in all subgroups shown of a factor."
)
_STILL = ("sex", "age_years", "ecog")  # of old results, which do not say what acts


def _left_out(covariates: Sequence[Mapping[str, Any]], strata: Sequence[str]) -> str:
    """Say what the model has no effect for, so that its absence is no finding either."""
    still = [str(row["name"]) for row in covariates if not row.get("acts")] or list(_STILL)
    names = [_PROSE.get(name, _heading(name)) for name in still if name not in strata]
    kept = [_PROSE.get(name, _heading(name)) for name in still if name in strata]
    text = f" No effect in the model, so not shown: {', '.join(names)}." if names else ""
    if kept:
        text += f" Shown as strata only, without effect in the model: {', '.join(kept)}."
    return text


_PROSE = {
    "age_years": "age",
    "albumin_g_l": "albumin",
    "nlr": "neutrophil-to-lymphocyte ratio",
    "liver_metastases": "liver metastases",
    "sex": "sex",
    "ecog": "ECOG",
    "weight_kg": "weight",
    "height_cm": "height",
    "tp53": "TP53",
    "cdkn2a": "CDKN2A",
    "smad4": "SMAD4",
    "stk11": "STK11",
    "pik3ca": "PIK3CA",
    "pten": "PTEN",
    "b2m": "B2M",
    "msi_high": "microsatellite instability",
    "kras_allele": "KRAS allele",
}


def _height(row: int) -> float:
    """Where a row stands, inches from the top."""
    return _TOP + _ROW * (row + 0.8)


def _row_names(canvas: Canvas, rows: list[Subgroup | str]) -> None:
    canvas.text(1.72, _TOP - 0.12, "n", size=7, weight="bold", ha="right")
    for number, row in enumerate(rows):
        y = _height(number)
        if isinstance(row, str):
            canvas.text(0.06, y, row, size=7, weight="bold")
        else:
            indent = 0.16 if row.heading else 0.0
            size = 7.0 if text_width(row.label, 7) <= 1.3 - indent else 5.6
            label = wrap(row.label, 1.3 - indent, size, most=2)
            canvas.text(0.06 + indent, y, label, size=size, linespacing=0.95)
            canvas.text(1.72, y, str(int(row.members.sum())), size=7, ha="right")


def _rows(groups: list[Subgroup]) -> list[Subgroup | str]:
    rows: list[Subgroup | str] = []
    for index, group in enumerate(groups):
        if group.heading and group.heading != groups[index - 1].heading:
            rows.append(group.heading)
        rows.append(group)
    return rows


def _columns(
    pair: pd.DataFrame, end: TimeEndPoint, arm: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return times, events, who is in the arm, and whose time is known."""
    time = pair[end.months].to_numpy(float)
    known = np.isfinite(time)
    event = np.zeros(len(pair), dtype=bool)
    event[known] = pair[end.event].to_numpy()[known].astype(bool)
    return time, event, (pair["arm"] == arm).to_numpy(), known


def _interactions(
    pair: pd.DataFrame, groups: list[Subgroup], end: TimeEndPoint, arm: str
) -> dict[str, float | None]:
    """Return the p value of the interaction of each factor with the arm, by heading."""
    from rascade.statistics.cox import interaction_p

    time, event, treated, known = _columns(pair, end, arm)
    found: dict[str, float | None] = {}
    for heading in dict.fromkeys(g.heading for g in groups if g.heading):
        level = np.full(len(pair), -1)
        for number, group in enumerate(g for g in groups if g.heading == heading):
            level[group.members] = number
        kept = known & (level >= 0)
        if len(np.unique(level[kept])) > 1:
            found[heading] = interaction_p(time[kept], event[kept], treated[kept], level[kept])
    return found


def _fits(pair: pd.DataFrame, groups: list[Subgroup], end: TimeEndPoint, arm: str) -> list[CoxFit]:
    from rascade.statistics.survival import cox_hazard_ratio

    time, event, treated, known = _columns(pair, end, arm)
    return [
        cox_hazard_ratio(time[m], event[m], treated[m]) for m in (g.members & known for g in groups)
    ]


def _axis_limits(fits: list[CoxFit]) -> tuple[float, float]:
    ends = [x for f in fits if f.hazard_ratio.estimate for x in f.hazard_ratio[1:] if x]
    reach = max([1.5, *(max(x, 1 / x) for x in ends)])
    reach = min(reach * 1.1, 16.0)
    return 1 / reach, reach


def _forest_axes(axes: Axes, limits: tuple[float, float], rows: int, sides: Sequence[str]) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.set(xlim=limits, ylim=(rows + 0.3, -0.3))
    span = np.log(limits[1])
    steps = (
        [0.5, 1, 2]
        if span < np.log(3.2)
        else [0.25, 0.5, 1, 2, 4]
        if span < np.log(6)
        else [0.1, 0.3, 1, 3, 10]
    )
    axes.xaxis.set_major_locator(FixedLocator([s for s in steps if limits[0] <= s <= limits[1]]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(1, color=GREY, linewidth=0.6, zorder=0)
    inch = 1 / (_ROW * (rows + 0.6))
    down = 0.25
    for text, x, side in ((sides[0], 0.0, "left"), (sides[1], 1.0, "right")):
        place: dict[str, Any] = {"transform": axes.transAxes, "va": "top", "ha": side}
        axes.text(x, -down * inch, text, fontsize=6, color=GREY, linespacing=1.1, **place)
        down += 0.02 + 0.1 * _lines(text)


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _mark(axes: Axes, row: int, fit_: CoxFit, group: Subgroup, total: int, color: str) -> None:
    ratio = fit_.hazard_ratio
    y = row + 0.5
    if ratio.estimate is None or ratio.low is None or ratio.high is None:
        return
    low, high = axes.get_xlim()
    axes.plot([max(ratio.low, low), min(ratio.high, high)], [y, y], color=color, linewidth=1)
    for end, beyond, marker in ((low, ratio.low < low, "<"), (high, ratio.high > high, ">")):
        if beyond:
            axes.plot([end], [y], marker=marker, markersize=3.5, color=color, clip_on=False)
    size = 2.5 + 4.5 * np.sqrt(group.members.sum() / max(total, 1))
    marker = "s" if group.heading else "D"
    if low <= ratio.estimate <= high:
        axes.plot(
            [ratio.estimate],
            [y],
            marker=marker,
            markersize=size,
            color=color,
            markeredgecolor="white",
            markeredgewidth=0.4,
        )
    if not group.heading:
        axes.axhline(row + 1.0, color=FAINT, linewidth=0.5)


def _ratio(fit_: CoxFit) -> str:
    ratio = fit_.hazard_ratio
    if ratio.estimate is None:
        return "not estimable"
    if max(ratio.high or 0, ratio.estimate) >= 100:
        return f"{ratio.estimate:.3g} ({ratio.low:.2g}–{ratio.high:.2g})"
    return f"{ratio.estimate:.2f} ({interval(ratio[1:], 2)})"
