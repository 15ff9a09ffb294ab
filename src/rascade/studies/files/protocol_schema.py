"""The protocol part of a trial's study file: rules, dose levels, phases, adherence, dropout."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr

from rascade.studies.files.parts import Name, OrderText, Part, readable, wrong

__all__ = ["Conduct", "ConductText", "DoseLevels", "NextPhase", "ProtocolRule", "UntilText"]


def _condition(text: str) -> object:
    from rascade.trial.design.protocol import parse_condition

    return parse_condition(text)


def _action(text: str) -> object:
    from rascade.trial.design.protocol import parse_action

    return parse_action(text)


def _until(text: str) -> object:
    from rascade.trial.design.phases import parse_until

    return parse_until(text)


_Text = Annotated[StrictStr, Field(min_length=1, max_length=200)]
UntilText = Annotated[_Text, readable(_until)]
DoseLevels = Annotated[
    dict[Name, Annotated[tuple[float, ...], Field(min_length=1, max_length=10)]],
    Field(max_length=20),
]


class ProtocolRule(Part):
    """What happens to a drug when an event or a laboratory value is seen."""

    on: Annotated[_Text, readable(_condition)]
    """When: ``grade >= 3 rash``, ``grade >= 4`` (any event), ``neutrophils < 1.0 10^9/L``."""
    do: Annotated[_Text, readable(_action)]
    """What: ``hold until grade <= 1 then reduce one level``, ``... then resume``,
    ``reduce one level``, ``stop``."""
    drugs: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Which drugs; those of the arm that can cause the event if left out."""
    max_hold_days: Annotated[float, Field(strict=True, gt=0, le=365)] | None = None
    """The drug is stopped when a hold lasts longer; 28 days if left out."""
    occurrence: Annotated[StrictInt, Field(ge=1, le=10)] = 1
    """From which occurrence on the rule acts; 1 is the first."""


class Conduct(Part):
    """How a trial, or one arm of it, is conducted."""

    rules: Annotated[tuple[ProtocolRule, ...], Field(max_length=100)] | None = None
    """Reactions to side effects, the more severe first; those of the drugs' labels if left out, no
    reaction if empty."""
    ctcae: Literal["v5", "v6"] = "v5"
    """Version of the Common Terminology Criteria for Adverse Events."""
    visit_every_weeks: Annotated[float, Field(strict=True, ge=1, le=26)] | None = None
    """Weeks between two visits at which doses are decided; 1 if left out."""
    treatment_beyond_progression: StrictBool = False
    """Treatment goes on after progression."""
    adherence: Annotated[float, Field(strict=True, gt=0, le=1)] = 1.0
    """Share of the doses taken at home that are taken; infusions are all given."""
    dropout_per_month: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    """Hazard of ending treatment and scans of one's own will, a month."""
    dropouts_followed_for_survival: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    """Share of those who do whose survival is still followed; the others are lost."""


def _named(value: object) -> object:
    """Let ``label`` and ``none`` stand for what they say."""
    names: dict[str, dict[str, object]] = {"label": {}, "none": {"rules": ()}}
    if isinstance(value, str):
        if value not in names:
            raise wrong(f"{value!r} is no protocol; write 'label', 'none' or rules")
        return names[value]
    return value


ConductText = Annotated[
    Conduct,
    BeforeValidator(_named, json_schema_input_type=Literal["label", "none"] | Conduct),
]


class NextPhase(Part):
    """Orders that follow other orders; their days count from the start of the phase."""

    regimen: OrderText
    """Orders as clinicians write them."""
    until: UntilText | None = None
    """What leads on to the next phase; the last phase has none."""
