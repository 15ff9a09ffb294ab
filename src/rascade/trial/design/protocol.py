"""Rules of a protocol: what happens to a drug when an event or a laboratory value is seen.

A rule has a condition and an action, written as protocols write them::

    on: grade >= 3 rash              do: hold until grade <= 1 then reduce one level
    on: neutrophils < 0.5 10^9/L     do: hold until neutrophils >= 1.5 10^9/L then reduce one level
    on: grade >= 4                   do: stop

Without ``drugs`` a rule acts on the drugs of the arm that can cause the event. The usual rules of
labels and protocols are data (``label_rules.csv``, ``dose_levels.csv``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from rascade.errors import InputError
from rascade.own_drugs import kept, like, own_drugs
from rascade.trial.assessment.conduct_table import load_conduct
from rascade.trial.assessment.ctcae import Limit, Term, find_lab, find_term

__all__ = [
    "Action",
    "Condition",
    "Protocol",
    "Rule",
    "label_levels",
    "label_rules",
    "parse_action",
    "parse_condition",
    "rule",
]

_NUMBER = r"(\d+(?:\.\d+)?)"
_GRADE = re.compile(r"grade\s*(>=|<=)\s*([0-4])(?:\s+(.+))?", re.IGNORECASE)
_LAB = re.compile(rf"([A-Za-z][A-Za-z ]*?)\s*(<=|>=|<|>)\s*{_NUMBER}\s*(\S.*)?")
_HOLD = re.compile(r"hold(?:\s+until\s+(.+?))?(?:\s+then\s+(.+))?", re.IGNORECASE)
_REDUCE = re.compile(r"reduce(?:\s+(?:by\s+)?(one|two|1|2)\s+levels?)?", re.IGNORECASE)
_LEVELS = {"one": 1, "1": 1, "two": 2, "2": 2}


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a patient.

    Attributes:
        limit: of the grade, or of the laboratory value in the model's unit.
        term: CTCAE term; None with `lab` None is any event.
        lab: term that grades the laboratory value, if one is asked for.
    """

    limit: Limit
    term: str | None = None
    lab: Term | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to a drug.

    Attributes:
        kind: ``hold``, ``reduce`` or ``stop``.
        until: what ends a hold; None is recovery from the rule's own condition.
        levels: dose levels to go down, after the hold if there is one.
    """

    kind: str
    until: Condition | None = None
    levels: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a protocol.

    Attributes:
        condition: when.
        action: what.
        drugs: which drugs; empty is those that can cause the event.
        max_hold_days: the drug is stopped when a hold lasts longer.
        occurrence: from which occurrence on the rule acts; 1 is the first.
        text: as written, for the record of decisions.
    """

    condition: Condition
    action: Action
    drugs: tuple[str, ...] = ()
    max_hold_days: float = 28.0
    occurrence: int = 1
    text: str = ""


@dataclass(frozen=True)
class Protocol:
    """How an arm is conducted.

    Attributes:
        rules: from the study file; None takes those of the labels, no rules is no reaction.
        levels: drug -> fractions of the ordered dose, from 1 downward; the label's if missing.
        visit_weeks: weeks between visits; None follows the treatment.
        ctcae: version of CTCAE.
        beyond_progression: treatment goes on after progression.
        adherence: share of the doses taken at home that are taken.
        dropout_per_month: hazard of ending treatment and scans of one's own will.
        dropouts_followed: share of those who do whose survival is still followed.
    """

    rules: tuple[Rule, ...] | None = None
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    visit_weeks: float | None = None
    ctcae: str = "v5"
    beyond_progression: bool = False
    adherence: float = 1.0
    dropout_per_month: float = 0.0
    dropouts_followed: float = 0.0


def parse_condition(text: str) -> Condition:
    """Read a condition such as ``grade >= 3 rash`` or ``neutrophils < 1.0 10^9/L``.

    Raises:
        InputError: it is neither, or names an event or a value that the model does not have.
    """
    words = " ".join(text.split())
    found = _GRADE.fullmatch(words)
    if found:
        sign, grade, term = found.groups()
        named = None if term is None or term.casefold() == "any" else find_term(term)
        return Condition(Limit(sign, float(grade)), named)
    found = _LAB.fullmatch(words)
    if found and not found.group(1).casefold().startswith("grade"):
        name, sign, value, unit = found.groups()
        lab = find_lab(name)
        return Condition(Limit(sign, _lab_value(lab, float(value), unit)), lab=lab)
    raise InputError(
        f"{text!r} is no condition; write 'grade >= 3 rash', 'grade >= 4' or "
        "'neutrophils < 1.0 10^9/L'"
    )


def _lab_value(lab: Term, value: float, unit: str | None) -> float:
    try:
        return lab.in_model_unit(value, _scientific(unit) if unit else None)
    except InputError:
        raise InputError(f"{unit!r} is no unit of {lab.lab}; use {lab.unit}") from None


def _scientific(unit: str) -> str:
    """Read ``e9/L``, ``1e9/L`` and ``G/L`` as ``10^9/L``."""
    return re.sub(r"^(?:[x×]\s*)?(?:1?e9|G|10\^?9)\s*/\s*L$", "10^9/L", unit.strip(), flags=re.I)


def parse_action(text: str) -> Action:
    """Read an action such as ``hold until grade <= 1 then reduce one level``, ``reduce``, ``stop``.

    Raises:
        InputError: it is none.
    """
    words = " ".join(text.split())
    if words.casefold() == "stop":
        return Action("stop")
    found = _REDUCE.fullmatch(words)
    if found:
        return Action("reduce", levels=_LEVELS[(found.group(1) or "one").casefold()])
    found = _HOLD.fullmatch(words)
    if found:
        until, then = found.groups()
        return Action("hold", parse_condition(_full(until)) if until else None, _levels(then, text))
    raise InputError(
        f"{text!r} is no action; write 'hold until grade <= 1 then reduce one level', "
        "'hold until grade <= 1 then resume', 'reduce one level' or 'stop'"
    )


def _full(until: str) -> str:
    """Let ``<= 1`` stand for ``grade <= 1``."""
    return f"grade {until}" if until.lstrip()[:1] in "<>=" else until


def _levels(then: str | None, text: str) -> int:
    if then is None or then.casefold() == "resume":
        return 0
    found = _REDUCE.fullmatch(then)
    if found is None:
        raise InputError(
            f"{text!r}: after 'then' stands 'resume' or 'reduce one level', not {then!r}"
        )
    return _LEVELS[(found.group(1) or "one").casefold()]


def rule(
    on: str,
    do: str,
    drugs: Sequence[str] = (),
    max_hold_days: float | None = None,
    occurrence: int = 1,
) -> Rule:
    """Make a rule from its texts.

    Raises:
        InputError: a text is wrong, or an event without grades is asked to recover by grade.
    """
    condition, action = parse_condition(on), parse_action(do)
    longest = load_conduct()["max_hold"].value if max_hold_days is None else max_hold_days
    text = f"{' '.join(on.split())} -> {' '.join(do.split())}"
    return Rule(condition, action, tuple(drugs), longest, occurrence, text)


def _rows(file: str) -> Iterator[dict[str, str]]:
    text = (files("rascade.trial") / "data" / file).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


@kept
def label_rules(drug: str) -> tuple[Rule, ...]:
    """Return the usual rules of a drug: its label's, or those of most protocols."""
    rows, known = list(_rows("label_rules.csv")), like(drug)
    own = [row for row in rows if row["drug"] == known] or [r for r in rows if r["drug"] == "*"]
    return tuple(
        rule(
            row["on"],
            row["do"],
            (drug,),
            float(row["max_hold_days"]) if row["max_hold_days"] else None,
            int(row["occurrence"]),
        )
        for row in own
    )


@kept
def label_levels(drug: str) -> tuple[float, ...]:
    """Return a drug's usual dose levels as fractions of the full dose, from 1 downward."""
    own = own_drugs().get(drug)
    if own is not None and own.levels:
        return own.levels
    levels = {row["drug"]: row["fractions"] for row in _rows("dose_levels.csv")}
    return tuple(float(part) for part in levels.get(like(drug), levels["*"]).split(";"))
