"""Published results beside the simulated ones: rows of a table and a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rascade.report.canvas import GREY, INK, WIDTH, Canvas, Figure, arm_color, fit, readable
from rascade.report.text import interval, plain

if TYPE_CHECKING:
    from rascade.report.folder import TrialRun

__all__ = ["Comparison", "compare", "published_figure"]

# End point: label, unit, key of the value in the summary, key of its limits.
_END_POINTS = {
    "orr": ("ORR", "%", "orr_pct", "orr_ci"),
    "dcr": ("DCR", "%", "dcr_pct", None),
    "pfs": ("Median PFS", "months", "pfs_median_months", "pfs_ci"),
    "os": ("Median OS", "months", "os_median_months", "os_ci"),
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

    @property
    def use_text(self) -> str:
        """How the result was used, with what else is to be known of that."""
        return f"{self.use}: {self.note}" if self.note else self.use

    @property
    def published_text(self) -> str:
        """Published value with its interval."""
        return _with_limits(self.published, self.published_limits)

    @property
    def simulated_text(self) -> str:
        """Simulated value with its interval."""
        return (
            "not reached"
            if self.simulated is None
            else _with_limits(self.simulated, self.simulated_limits)
        )

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


def _with_limits(value: float, limits: tuple[float | None, float | None]) -> str:
    text = interval(limits)
    return f"{value:.1f} ({text})" if text else f"{value:.1f}"


def compare(run: TrialRun) -> list[Comparison]:
    """Pair each published result of ``manifest["published"]`` with the summary.

    Results of an unknown end point or arm, or without a number, are left out.
    """
    found = []
    for row in run.manifest.get("published") or []:
        arm, value = plain(row.get("arm", "")), row.get("value")
        key = str(row.get("endpoint", "")).lower().replace("median_", "").split("_")[0]
        if arm not in run.arms or key not in _END_POINTS or not isinstance(value, (int, float)):
            continue
        label, unit, name, limits = _END_POINTS[key]
        summary = run.summary_of(arm)
        own = (summary.get(limits) if limits else None) or (None, None)
        found.append(
            Comparison(
                arm,
                label,
                unit,
                float(value),
                (row.get("low"), row.get("high")),
                summary[name],
                (own[0], own[1]),
                plain(row.get("use") or "compare"),
                plain(row.get("source") or ""),
                plain(row.get("note") or ""),
            )
        )
    order = {label: i for i, (label, *_) in enumerate(_END_POINTS.values())}
    return sorted(found, key=lambda c: (run.arms.index(c.arm), order[c.label]))


def published_figure(run: TrialRun, rows: list[Comparison]) -> Figure | None:
    """Draw simulated and published results side by side; None without any."""
    panels = [(unit, [c for c in rows if c.unit == unit]) for unit in ("%", "months")]
    panels = [(unit, own) for unit, own in panels if own]
    if not panels:
        return None
    top, left = Canvas.TOP + 0.34, 1.75
    height = top + Canvas.FOOTER + sum(_ROW * (len(own) + 0.4) + 0.58 for _, own in panels)
    canvas = Canvas(WIDTH, height, "Simulated and published results", run.footer)
    _key(canvas, Canvas.TOP + 0.08, left)
    for unit, own in panels:
        plot = _ROW * (len(own) + 0.4)
        axes = canvas.axes(left, top, WIDTH - left - 0.25, plot)
        ends = [
            x
            for c in own
            for x in (c.published, c.simulated, *c.published_limits, *c.simulated_limits)
            if x is not None
        ]
        axes.set(xlim=(0, 1.06 * max([1.0, *ends])), ylim=(len(own) + 0.2, -0.2), yticks=[])
        axes.set_xlabel("Patients (%)" if unit == "%" else "Median (months)")
        for row, item in enumerate(own):
            _pair(axes, row + 0.5, item, arm_color(run.arms.index(item.arm)))
            y = top + _ROW * (row + 0.7)
            canvas.text(left - 0.12, y, item.label, size=7, ha="right")
            canvas.text(
                0.06,
                y,
                fit(item.arm, left - 0.95, 7),
                size=7,
                color=readable(arm_color(run.arms.index(item.arm))),
            )
        top += plot + 0.58
    caption = (
        "Points with 95 % confidence intervals where known: simulated (filled), published (open). "
        "An arrow marks a limit that was not reached."
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
    return Figure("published", "Simulated and published results", caption, alt, canvas.svg())


def _pair(axes: Any, y: float, item: Comparison, color: str) -> None:
    for value, limits, shift, face, edge in (
        (item.simulated, item.simulated_limits, -0.16, color, color),
        (item.published, item.published_limits, 0.16, "white", INK),
    ):
        if value is None:
            continue
        low, high = limits
        if low is not None or high is not None:
            border = axes.get_xlim()[1]
            ends = [value if low is None else low, border if high is None else high]
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
    from matplotlib.lines import Line2D

    for x, label, marker, face in (
        (left, "simulated", "o", GREY),
        (left + 0.85, "published", "s", "white"),
    ):
        line = Line2D(
            [(x + 0.06) / canvas.width],
            [1 - y / canvas.height],
            marker=marker,
            markersize=4,
            markerfacecolor=face,
            markeredgecolor=INK if face == "white" else GREY,
            transform=canvas.figure.transFigure,
            linestyle="none",
        )
        canvas.figure.add_artist(line)
        canvas.text(x + 0.16, y, label, size=7)
