"""Published results beside the simulated ones: each pair of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rascade.report.look.text import interval, plain
from rascade.trial.endpoints import EndPoint, TimeEndPoint, rates
from rascade.trial.results.records.codec import Estimate

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun
    from rascade.trial.results.records.conduct import ArmSafety
    from rascade.trial.results.records.headline import ArmHeadline
    from rascade.trial.results.records.prediction import Span90

__all__ = ["Comparison", "compare", "median_label", "published_events", "ratio_label"]

# What is published of side effects as a whole: label, and what stands beside it.
_SAFETY: dict[str, tuple[str, Callable[[ArmSafety], Estimate]]] = {
    "any related": ("Grade 3 or more, related", lambda own: own.severe),
    "serious related": ("Serious, related", lambda own: Estimate(own.serious)),
    "discontinued": ("Stopped for side effects", lambda own: Estimate(own.discontinued)),
    "dose reduced": ("Dose reduced", lambda own: Estimate(own.reduced)),
}


def median_label(end: TimeEndPoint) -> str:
    """Return what the median of an end point is called."""
    return f"Median {end.label}"


def ratio_label(end: TimeEndPoint) -> str:
    """Return what the hazard ratio of an end point is called."""
    return f"{end.label} hazard ratio"


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
    predicted: tuple[float | None, float | None] | None = None

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
    order = [end.label for end in rates()]
    order += [median_label(end) for end in run.times] + [ratio_label(end) for end in run.times]
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


def _results(run: TrialRun) -> Iterator[Comparison]:
    known: dict[str, EndPoint] = {end.name: end for end in (*rates(), *run.times)}
    for row in run.manifest.get("published") or []:
        arm, value = plain(row.get("arm", "")), row.get("value")
        key = str(row.get("endpoint", "")).lower().replace("median_", "").split("_")[0]
        if arm not in run.arms or key not in known or not _is_number(value):
            continue
        end, own = known[key], run.headlines[arm]
        timed = isinstance(end, TimeEndPoint)
        found = own.medians[key] if timed else own.rates[key]
        yield Comparison(
            arm,
            median_label(end) if isinstance(end, TimeEndPoint) else end.label,
            "months" if timed else "%",
            float(value),
            (row.get("low"), row.get("high")),
            found.value,
            found.limits or (None, None),
            *_words(row),
            panel="months" if timed else "response",
            predicted=_predicted(own, key),
        )


def _ratios(run: TrialRun) -> Iterator[Comparison]:
    pairs = {(c.arm, c.reference): c for c in run.contrasts}
    known = {end.name: end for end in run.times}
    for row in run.manifest.get("published_contrasts") or []:
        own, end = pairs.get((plain(row["arm"]), plain(row["reference"]))), row["endpoint"]
        if own is None or end not in known or not _is_number(row.get("value")):
            continue
        yield Comparison(
            own.arm,
            ratio_label(known[end]),
            "ratio",
            float(row["value"]),
            (row.get("low"), row.get("high")),
            own.ratios[end].value,
            own.ratios[end].limits or (None, None),
            *_words(row),
            panel="ratio",
            predicted=_limits90(own.prediction.ratios.get(end) if own.prediction else None),
        )


def _predicted(own: ArmHeadline, end: str) -> tuple[float | None, float | None] | None:
    """Return the predicted 90 % limits of an end point of an arm."""
    if own.prediction is None:
        return None
    return _limits90(own.prediction.orr if end == "orr" else own.prediction.medians.get(end))


def _limits90(span: Span90 | None) -> tuple[float | None, float | None] | None:
    return None if span is None or span.low90 is None else (span.low90, span.high90)


def published_events(run: TrialRun, arm: str) -> dict[str, dict[str, Any]]:
    """Return the published rates of side effects of an arm, by what they stand beside."""
    rows = run.manifest.get("published_events") or []
    return {str(row["basis"]): row for row in rows if plain(row["arm"]) == arm}


def _events(run: TrialRun) -> Iterator[Comparison]:
    for arm in run.arms:
        safety = run.safety[arm]
        terms = {row.term: row for row in safety.adverse_events}
        for basis, row in published_events(run, arm).items():
            wanted: list[tuple[str, str, Estimate]] = []
            if basis in _SAFETY:
                label, of = _SAFETY[basis]
                key = "grade3plus_pct" if basis == "any related" else "any_pct"
                wanted = [(label, key, of(safety))]
            elif basis in terms:
                own = terms[basis]
                wanted = [
                    (f"{basis}, any grade", "any_pct", Estimate(own.any_pct)),
                    (f"{basis}, grade 3 or more", "grade3plus_pct", own.severe),
                ]
            for label, key, found in wanted:
                if found.value is not None and _is_number(row.get(key)):
                    yield Comparison(
                        arm, plain(label), "%", float(row[key]), (None, None), found.value,
                        found.limits or (None, None), *_words(row), panel="safety",
                    )  # fmt: skip
