"""Published results beside the simulated ones: rows of a table and a figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rascade.report.look.canvas import GREY, INK, WIDTH, Canvas, Figure, arm_color, readable, wrap
from rascade.report.look.text import interval, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rascade.report.pages.trial_folder import TrialRun

__all__ = ["RATIOS", "Comparison", "compare", "published_events", "published_figure"]

# End point: label, unit, key of the value in the summary, key of its limits.
_END_POINTS = {
    "orr": ("ORR", "%", "orr_pct", "orr_ci"),
    "dcr": ("DCR", "%", "dcr_pct", None),
    "pfs": ("Median PFS", "months", "pfs_median_months", "pfs_ci"),
    "os": ("Median OS", "months", "os_median_months", "os_ci"),
}
RATIOS = {"pfs": "PFS hazard ratio", "os": "OS hazard ratio"}
# What is published of side effects as a whole: label, key of the value in the summary, of limits.
_SAFETY = {
    "any related": ("Grade 3 or more, related", "grade3plus_trae_pct", "grade3plus_trae_ci"),
    "serious related": ("Serious, related", "serious_trae_pct", None),
    "discontinued": ("Stopped for side effects", "discontinued_for_ae_pct", None),
    "dose reduced": ("Dose reduced", "dose_reduced_pct", None),
}
PANELS = {
    "response": "Patients (%)",
    "months": "Median (months)",
    "ratio": "Hazard ratio",
    "safety": "Patients with side effects (%)",
}
_ROW = 0.2


@dataclass(frozen=True)
class Comparison:
    """One published result with its simulated counterpart."""

    arm: str
    label: str
    unit: str
    published: float
    published_limits: tuple[float | None, float | None]
    simulated: float | None
    simulated_limits: tuple[float | None, float | None]
    use: str
    source: str
    note: str = ""
    panel: str = ""

    @property
    def use_text(self) -> str:
        """How the result was used, with what else is to be known of that."""
        return f"{self.use}: {self.note}" if self.note else self.use

    @property
    def published_text(self) -> str:
        """Published value with its interval."""
        return _with_limits(self.published, self.published_limits, self.decimals)

    @property
    def simulated_text(self) -> str:
        """Simulated value with its interval."""
        missing = "not estimable" if self.unit == "ratio" else "not reached"
        if self.simulated is None:
            return missing
        return _with_limits(self.simulated, self.simulated_limits, self.decimals)

    @property
    def decimals(self) -> int:
        """Digits after the point."""
        return 2 if self.unit == "ratio" else 1

    @property
    def difference(self) -> str:
        """Difference of the simulated value, relative to the published one."""
        if self.simulated is None or not self.published:
            return "—"
        share = f"{100 * (self.simulated / self.published - 1):+.0f} %".replace("-", "−")
        return "0 %" if share in {"+0 %", "−0 %"} else share

    @property
    def inside(self) -> str:
        """Whether the simulated value lies inside the published interval; a dash without one."""
        low, high = self.published_limits
        if self.simulated is None or (low is None and high is None):
            return "—"
        above = low is None or self.simulated >= low
        return "yes" if above and (high is None or self.simulated <= high) else "no"


def _with_limits(value: float, limits: tuple[float | None, float | None], decimals: int = 1) -> str:
    text = interval(limits, decimals)
    return f"{value:.{decimals}f} ({text})" if text else f"{value:.{decimals}f}"


def compare(run: TrialRun) -> list[Comparison]:
    """Pair each published result of the manifest with the summary, arm by arm.

    Response rates and medians, hazard ratios, then side effects. Results of an unknown end point
    or arm, without a number, or without a simulated counterpart are left out.
    """
    found = [*_results(run), *_ratios(run), *_events(run)]
    order = [label for label, *_ in _END_POINTS.values()] + list(RATIOS.values())
    place = {label: i for i, label in enumerate(order)}
    return sorted(found, key=lambda c: (run.arms.index(c.arm), place.get(c.label, len(place))))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _words(row: dict[str, Any]) -> tuple[str, str, str]:
    return (
        plain(row.get("use") or "compare"),
        plain(row.get("source") or ""),
        plain(row.get("note") or ""),
    )


def _pair_of(limits: Any) -> tuple[float | None, float | None]:
    return (limits[0], limits[1]) if limits else (None, None)


def _results(run: TrialRun) -> Iterator[Comparison]:
    for row in run.manifest.get("published") or []:
        arm, value = plain(row.get("arm", "")), row.get("value")
        key = str(row.get("endpoint", "")).lower().replace("median_", "").split("_")[0]
        if arm not in run.arms or key not in _END_POINTS or not _is_number(value):
            continue
        label, unit, name, limits = _END_POINTS[key]
        summary = run.summary_of(arm)
        yield Comparison(
            arm,
            label,
            unit,
            float(value),
            (row.get("low"), row.get("high")),
            summary[name],
            _pair_of(summary.get(limits) if limits else None),
            *_words(row),
            panel="months" if unit == "months" else "response",
        )


def _ratios(run: TrialRun) -> Iterator[Comparison]:
    pairs = {(c["arm"], c["reference"]): c for c in run.summary["contrasts"]}
    for row in run.manifest.get("published_contrasts") or []:
        arm, reference = plain(row["arm"]), plain(row["reference"])
        own, end = pairs.get((arm, reference)), row["endpoint"]
        if own is None or end not in RATIOS or not _is_number(row.get("value")):
            continue
        yield Comparison(
            arm,
            RATIOS[end],
            "ratio",
            float(row["value"]),
            (row.get("low"), row.get("high")),
            own[f"{end}_hr"],
            _pair_of(own[f"{end}_hr_ci"]),
            *_words(row),
            panel="ratio",
        )


def published_events(run: TrialRun, arm: str) -> dict[str, dict[str, Any]]:
    """Return the published rates of side effects of an arm, by what they stand beside."""
    rows = run.manifest.get("published_events") or []
    return {str(row["basis"]): row for row in rows if plain(row["arm"]) == arm}


def _events(run: TrialRun) -> Iterator[Comparison]:
    for arm in run.arms:
        summary = run.summary_of(arm)
        terms = {row["term"]: row for row in summary.get("adverse_events") or ()}
        for basis, row in published_events(run, arm).items():
            wanted: list[tuple[str, str, Any, Any]] = []
            if basis in _SAFETY:
                label, name, limits = _SAFETY[basis]
                key = "grade3plus_pct" if basis == "any related" else "any_pct"
                wanted = [(label, key, summary.get(name), summary.get(limits) if limits else None)]
            elif basis in terms:
                own = terms[basis]
                wanted = [
                    (f"{basis}, any grade", "any_pct", own["any_pct"], own.get("any_ci")),
                    (f"{basis}, grade 3 or more", "grade3plus_pct", own["grade3plus_pct"],
                     own.get("grade3plus_ci")),
                ]  # fmt: skip
            for label, key, value, limits in wanted:
                if value is not None and _is_number(row.get(key)):
                    yield Comparison(
                        arm, plain(label), "%", float(row[key]), (None, None), value,
                        _pair_of(limits), *_words(row), panel="safety",
                    )  # fmt: skip


def published_figure(run: TrialRun, rows: list[Comparison]) -> Figure | None:
    """Draw simulated and published results side by side; None without any."""
    panels = [(panel, [c for c in rows if c.panel == panel]) for panel in PANELS]
    panels = [(panel, own) for panel, own in panels if own]
    if not panels:
        return None
    top, left = Canvas.TOP + 0.34, 2.6
    heads = {arm: wrap(arm, left - 0.2, 7, "bold", most=6) for arm in run.arms}
    layout = [(panel, _lines(own, heads, left)) for panel, own in panels]
    height = top + Canvas.FOOTER + sum(_ROW * (used + 0.4) + 0.58 for _, (_, used) in layout)
    canvas = Canvas(WIDTH, height, "Simulated and published results", run.footer)
    _key(canvas, Canvas.TOP + 0.08, left)
    for panel, (lines, used) in layout:
        plot = _ROW * (used + 0.4)
        axes = canvas.axes(left, top, WIDTH - left - 0.25, plot)
        _scale(axes, panel, [c for _, c in lines if isinstance(c, Comparison)], used)
        for row, item in lines:
            y = top + _ROW * (row + 0.2)
            if isinstance(item, str):
                color = readable(arm_color(run.arms.index(item)))
                high = _ROW * heads[item].count("\n") / 2
                canvas.text(
                    0.06, y + 0.5 * _ROW + high, heads[item], size=7, weight="bold", color=color
                )
                continue
            _pair(axes, row + 0.5, item, arm_color(run.arms.index(item.arm)))
            label = _short(item, left)
            down = _ROW * label.count("\n") / 2
            canvas.text(left - 0.12, y + 0.5 * _ROW + down, label, size=7, ha="right")
        top += plot + 0.58
    caption = (
        "Points with 95 % confidence intervals where known: simulated (filled), published (open). "
        "An arrow marks a limit that was not reached. Medians of the published trial are those at "
        "its own data cut."
    )
    alt = (
        "Simulated and published results. "
        + "; ".join(
            f"{c.arm}, {c.label} ({c.unit}): simulated {c.simulated_text}, "
            f"published {c.published_text}"
            for c in rows
        )
        + "."
    )
    return Figure(
        "published", "Simulated and published results", caption, alt, canvas.svg(), canvas.figure
    )


def _lines(
    own: list[Comparison], heads: dict[str, str], left: float
) -> tuple[list[tuple[float, Comparison | str]], float]:
    """Place a heading an arm and a row a result; return them and the rows used."""
    lines: list[tuple[float, Comparison | str]] = []
    row, arm = 0.0, None
    for item in own:
        if item.arm != arm:
            arm = item.arm
            lines.append((row, arm))
            row += heads[arm].count("\n") + 1
        lines.append((row, item))
        row += _short(item, left).count("\n") + 1
    return lines, row


def _short(item: Comparison, left: float) -> str:
    """Return the label of a result as it fits beside the axes."""
    return wrap(item.label.replace(", grade 3 or more", ", grade 3+"), left - 0.25, 7)


def _scale(axes: Axes, panel: str, items: list[Comparison], used: float) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    values = [
        x
        for c in items
        for x in (c.published, c.simulated, *c.published_limits, *c.simulated_limits)
        if x is not None
    ]
    axes.set(ylim=(used + 0.2, -0.2), yticks=[])
    if panel == "ratio":
        reach = 1.15 * max([2.0, *(max(x, 1 / x) for x in values if x > 0)])
        axes.set_xscale("log")
        axes.set_xlim(1 / min(reach, 20), min(reach, 20))
        steps = [s for s in (0.1, 0.25, 0.5, 1, 2, 4, 10) if 1 / reach <= s <= reach]
        axes.xaxis.set_major_locator(FixedLocator(steps))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.axvline(1, color=GREY, linewidth=0.6, zorder=0)
    else:
        axes.set_xlim(0, 1.06 * max([1.0, *values]))
    axes.set_xlabel(PANELS[panel])


def _pair(axes: Any, y: float, item: Comparison, color: str) -> None:
    for value, limits, shift, face, edge in (
        (item.simulated, item.simulated_limits, -0.16, color, color),
        (item.published, item.published_limits, 0.16, "white", INK),
    ):
        if value is None:
            continue
        low, high = limits
        if low is not None or high is not None:
            start, border = axes.get_xlim()
            ends = [value if low is None else low, border if high is None else high]
            ends = [max(ends[0], start), min(ends[1], border)]
            axes.plot(ends, [y + shift] * 2, color=edge, linewidth=1)
            if high is None:
                axes.plot([border], [y + shift], ">", markersize=3, color=edge, clip_on=False)
        axes.plot(
            [value],
            [y + shift],
            marker="o" if face != "white" else "s",
            markersize=4,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=0.8,
        )


def _key(canvas: Canvas, y: float, left: float) -> None:
    for x, label, marker, face, edge in (
        (left, "simulated", "o", GREY, GREY),
        (left + 0.85, "published", "s", "white", INK),
    ):
        style: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": edge}
        canvas.key(x + 0.06, y, marker=marker, markersize=4, linestyle="none", **style)
        canvas.text(x + 0.16, y, label, size=7)
