"""Published results beside the simulated ones: each pair of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rascade.report.look.text import interval, plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["RATIOS", "Comparison", "compare", "published_events"]

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
