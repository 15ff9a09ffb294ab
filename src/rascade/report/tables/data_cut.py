"""When the simulated and the published data were cut, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rascade.report.look.text import plain

if TYPE_CHECKING:
    from rascade.report.runs.trial import TrialRun

__all__ = ["data_cut_text", "follow_up", "published_follow_up"]

_FOLLOW_UP = re.compile(r"median follow-up (?:of |was )?(\d+(?:\.\d+)?) months", re.IGNORECASE)
_APART = 1.5  # follow-ups that differ by more than this factor are said to


def follow_up(run: TrialRun, arm: str) -> float | None:
    """Median follow-up of an arm in months (reverse Kaplan-Meier); None where it is not known."""
    rows = run.details.arms if run.details else ()
    return next((row.follow_up for row in rows if row.name == arm), None)


def published_follow_up(run: TrialRun, arm: str) -> float | None:
    """Median follow-up of the published arm, where its row in the evidence remarks on it."""
    for row in run.manifest.get("published_arms") or ():
        if plain(row["arm"]) == arm and (found := _FOLLOW_UP.search(str(row.get("note") or ""))):
            return float(found.group(1))
    return None


def data_cut_text(run: TrialRun) -> str:
    """Say when the data were cut, here and in the published trial; empty where nothing is known."""
    texts = [_own_cut(run.summary.get("data_cut"))]
    told = {arm: months for arm in run.arms if (months := published_follow_up(run, arm))}
    own = {arm: months for arm in run.arms if (months := follow_up(run, arm))}
    if told:
        published = _range(list(told.values()))
        text = f"Median follow-up of the published trial: {published} months"
        if own:
            text += f"; of the simulated one: {_range(list(own.values()))} months"
        texts.append(text + ".")
        if any(
            max(own[arm] / told[arm], told[arm] / own[arm]) > _APART for arm in told if arm in own
        ):
            texts.append(
                "They are not at the same data cut, so medians and hazard ratios are not quite of "
                "the same thing."
            )
    return " ".join(text for text in texts if text)


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"


def _own_cut(cut: dict[str, Any] | None) -> str:
    """Say when the simulated data were cut."""
    if not cut:
        return ""
    if not cut.get("reached", True):
        return "The data cut that the study asks for was not reached within the follow-up."
    if cut.get("events") is not None:
        seen = cut.get("events_seen")
        text = f"Data cut after {seen if seen is not None else cut['events']} events"
        text += f" ({str(cut['endpoint']).upper()})" if cut.get("endpoint") else ""
        month = cut.get("month")
        return f"{text}, {month:.1f} months after the first entry." if month else f"{text}."
    if cut.get("month") is not None:
        return f"Data cut {cut['month']:.1f} months after the first entry."
    return ""
