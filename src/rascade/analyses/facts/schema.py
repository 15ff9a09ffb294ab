"""What a ``[[fact]]`` may hold: an experiment, and what is said of the fact and drawn of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, StrictInt, StrictStr, model_validator

from rascade.analyses.facts.panels import ABSOLUTE, BEFORE, Panel
from rascade.bench.questions.schema import Deed, Number, Table, Text, one_of
from rascade.errors import EvidenceError, ParameterError
from rascade.schema_words import wrong
from rascade.text import did_you_mean

__all__ = ["HELD_OUT", "ROLES", "SEEN", "FactTable"]

#: A fact that was named before anything was tuned, and is never tuned on.
HELD_OUT: Final = "held out"
#: What a fact can be to the model.
ROLES: Final = ("known", HELD_OUT)
#: How a published figure was seen; the first word of a fact's `seen`.
SEEN: Final = ("source", "abstract", "secondary", "recalled", "derived", "assumed")
_TOLD: Final = ("figure", "tolerance", "tests", "seen")


def _known_source(source: str) -> str:
    from rascade.evidence import load
    from rascade.model.sources import parse_source

    try:
        for item in parse_source(source).ids:
            load().record(item)
    except (ParameterError, EvidenceError) as error:
        raise wrong(str(error)) from None
    return source


def _seen(text: str) -> str:
    first = text.strip().split(",")[0].split(";")[0].split(" ")[0]
    if first and first not in SEEN:
        raise wrong(f"{first!r}; begin with one of {', '.join(SEEN)}{did_you_mean(first, SEEN)}")
    return text


class PanelTable(Table):
    """Fields as of `Panel`."""

    readout: Text
    conditions: Annotated[tuple[StrictStr, ...], Field(min_length=1)]
    relative: StrictStr = BEFORE
    hour: Number | None = None

    def record(self) -> Panel:
        """Return what is drawn."""
        return Panel(self.readout, self.conditions, self.relative, self.hour)


class FactTable(Deed):
    """Fields as of `rascade.analyses.facts.records.Fact`, with those of its experiment."""

    statement: Text
    source: Annotated[Text, AfterValidator(_known_source)]
    panels: tuple[PanelTable, ...] = ()
    draws: Annotated[StrictInt, Field(ge=0)] = 0
    role: Annotated[StrictStr, AfterValidator(one_of(ROLES))] = ROLES[0]
    figure: StrictStr = ""
    tolerance: StrictStr = ""
    tests: StrictStr = ""
    seen: Annotated[StrictStr, AfterValidator(_seen)] = ""

    @model_validator(mode="before")
    @classmethod
    def _checks_are_of_the_fact(cls, given: Any) -> Any:
        """Let a check say nothing of the claim, the reading and the source: they are the fact's."""
        checks = given.get("checks") if isinstance(given, Mapping) else None
        if not isinstance(checks, list):
            return given
        own = {"claim": given.get("id"), "reading": "right", "source": given.get("source")}
        return {
            **given,
            "checks": [{**own, **one} if isinstance(one, Mapping) else one for one in checks],
        }

    @model_validator(mode="after")
    def _told_where_held_out(self) -> Self:
        for key in _TOLD if self.role == HELD_OUT else ():
            if not getattr(self, key).strip():
                raise wrong("missing; a fact that is held out tells it", key)
        return self

    @model_validator(mode="after")
    def _panels_fit(self) -> Self:
        series = {name: one.record(name).members > 1 for name, one in self.conditions.items()}
        for number, panel in enumerate(self.panels):
            if panel.relative not in (BEFORE, ABSOLUTE, *series):
                known = f"{BEFORE}, {ABSOLUTE} or a condition"
                raise wrong(f"{panel.relative!r}; use {known}", "panels", number, "relative")
            for name in panel.conditions:
                if name not in series:
                    text = f"no condition {name!r}; it has {', '.join(series)}"
                    raise wrong(text, "panels", number, "conditions")
            if len({series[name] for name in panel.conditions}) > 1:
                text = "all are dose series, or none of them; make two panels"
                raise wrong(text, "panels", number, "conditions")
            self._hour_fits(number, panel, series[panel.conditions[0]])
        return self

    def _hour_fits(self, number: int, panel: PanelTable, series: bool) -> None:
        if series != (panel.hour is not None):
            raise wrong("a dose series needs one, a course has none", "panels", number, "hour")
        if panel.hour is not None and panel.hour not in self.hours:
            text = f"hour {panel.hour:g} is not among the hours of the fact"
            raise wrong(text, "panels", number, "hour")
