"""The protocol at work: which drug of which patient is given, held, reduced or stopped.

At every visit the rules are held against the grades and laboratory values of that day and of the
days since the last visit. Of the rules that a drug has for the same event, the first that applies
acts, so the more severe ones are written first. A rule acts once for an occurrence: it is armed
again when its condition no longer holds. Every decision is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.trial.design.protocol import Condition, Protocol, Rule, label_levels, label_rules

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.model import Assembly
    from rascade.trial.assessment.adverse_events import EventLog
    from rascade.trial.assessment.ctcae import Term

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Grades = NDArray[np.int8]

__all__ = ["DECISIONS", "Conduct", "Readings", "no_decisions"]

DECISIONS = ("patient", "arm", "day", "drug", "rule", "action", "dose_pct")
_HELD, _REDUCED, _WITHDRAWN = 1, 2, 3


@dataclass(frozen=True)
class Readings:
    """What a visit knows of the patients; grades are those above baseline.

    Attributes:
        now: term -> (n,) grade on the day.
        worst: term -> (n,) highest grade since the last visit, the day included.
        signals: signal -> (n, T) values since the last visit, the day last, in the model's units.
    """

    now: Mapping[str, Grades]
    worst: Mapping[str, Grades]
    signals: Mapping[str, Floats]


@dataclass
class _RuleState:
    """One rule for one drug; arrays of shape (n,)."""

    rule: Rule
    drug: int
    terms: tuple[str, ...]
    armed: Flags
    holding: Flags
    since: Floats
    count: NDArray[np.int64]


@dataclass
class Conduct:
    """Doses and decisions of an arm's patients.

    Args:
        assembly: model with the arm's drugs.
        protocol: its rules and dose levels.
        terms: events that are graded.
        log: the arm's events, where actions are noted.
        arm: its name.

    Attributes:
        drugs: names, in the order of the arrays below.
        level: (drugs, n) index into each drug's dose levels.
        stopped: (drugs, n) flags of drugs that a rule ended.
        ever_held: (drugs, n) flags of drugs that were held at some time.
    """

    assembly: Assembly
    protocol: Protocol
    terms: Sequence[Term]
    log: EventLog
    arm: str
    drugs: tuple[str, ...] = field(init=False)
    level: NDArray[np.int64] = field(init=False)
    stopped: Flags = field(init=False)
    ever_held: Flags = field(init=False)

    def __post_init__(self) -> None:
        n = self.log.patients.size
        self.drugs = tuple(drug.name for drug in self.assembly.drugs)
        self.levels = [self.protocol.levels.get(d) or label_levels(d) for d in self.drugs]
        self.level = np.zeros((len(self.drugs), n), dtype=np.int64)
        self.stopped = np.zeros((len(self.drugs), n), dtype=bool)
        self.ever_held = np.zeros((len(self.drugs), n), dtype=bool)
        self._causes = [
            frozenset(t.name for t in self.terms if t.mechanisms & set(drug.mechanisms))
            for drug in self.assembly.drugs
        ]
        self._states = [state for index in range(len(self.drugs)) for state in self._of(index, n)]
        self._decisions: list[tuple[int, float, int, str, str, float]] = []

    def _of(self, index: int, n: int) -> list[_RuleState]:
        drug = self.drugs[index]
        rules = self.protocol.rules
        states = []
        for rule in label_rules(drug) if rules is None else rules:
            terms = self._terms(rule, index)
            if not terms or (rule.drugs and drug not in rule.drugs):
                continue
            states.append(
                _RuleState(
                    rule, index, terms, np.ones(n, bool), np.zeros(n, bool), np.full(n, np.nan),
                    np.zeros(n, np.int64),
                )
            )  # fmt: skip
        return states

    def _terms(self, rule: Rule, index: int) -> tuple[str, ...]:
        """Return the events that a rule looks at for a drug; none if it does not concern it."""
        asked = rule.condition
        name = asked.lab.name if asked.lab else asked.term
        known = tuple(term.name for term in self.terms)
        if name is None:
            return tuple(t for t in known if t in self._causes[index])
        concerned = bool(rule.drugs) or name in self._causes[index]
        return (name,) if concerned and name in known else ()

    # -- what is given -----------------------------------------------------------------------

    @property
    def held(self) -> Flags:
        """(drugs, n) flags of drugs on hold."""
        held = np.zeros_like(self.stopped)
        for state in self._states:
            held[state.drug] |= state.holding
        return held

    @property
    def share(self) -> Floats:
        """(drugs, n) share of the ordered dose that is given now."""
        full = np.ones(self.level.shape)
        for d, fractions in enumerate(self.levels):
            full[d] = np.array(fractions)[self.level[d]]
        return np.asarray(np.where(self.stopped | self.held, 0.0, full))

    def met(self, condition: Condition, readings: Readings) -> Flags:
        """Tell who meets a condition on the day, whatever event it names."""
        names = tuple(term.name for term in self.terms)
        return self._met(condition, names, readings, worst=False)

    # -- decisions ---------------------------------------------------------------------------

    def decide(self, day: float, readings: Readings, present: Flags) -> None:
        """Apply the rules at a visit.

        Args:
            day: of the visit.
            readings: what is known.
            present: (n,) patients who are there and on treatment.
        """
        for state in self._states:
            self._release(state, day, readings, present)
        acted: dict[tuple[int, tuple[str, ...]], Flags] = {}
        on_hold = {
            (state.drug, state.terms): np.zeros(present.size, bool) for state in self._states
        }
        for state in self._states:
            on_hold[state.drug, state.terms] |= state.holding
        for state in self._states:
            key = (state.drug, state.terms)
            taken = acted.get(key, np.zeros(present.size, bool))
            # While a drug is held for an event, only the end of it can follow from that event.
            busy = taken if state.rule.action.kind == "stop" else taken | on_hold[key]
            acted[key] = taken | self._trigger(state, day, readings, present, busy)

    def _release(self, state: _RuleState, day: float, readings: Readings, present: Flags) -> None:
        """End holds whose time is over or whose patient has recovered."""
        on = state.holding & present & ~self.stopped[state.drug]
        if not on.any():
            return
        until = state.rule.action.until
        if until is None:
            recovered = ~self._met(state.rule.condition, state.terms, readings, worst=False)
        else:
            recovered = self._met(until, state.terms, readings, worst=False)
        back = on & recovered
        late = on & ~recovered & (day - state.since > state.rule.max_hold_days)
        state.holding[back | late] = False
        self._stop(late, state, day, f"{state.rule.text}; held over {state.rule.max_hold_days:g} d")
        if back.any():
            free = back & ~self.held[state.drug]
            self._reduce(back, state, day, state.rule.action.levels)
            self._record(free & ~self.stopped[state.drug], state, day, "restart")

    def _trigger(
        self, state: _RuleState, day: float, readings: Readings, present: Flags, taken: Flags
    ) -> Flags:
        """Act on patients who meet the condition anew and are not `taken` by an earlier rule.

        Returns:
            (n,) on whom it acted.
        """
        met = self._met(state.rule.condition, state.terms, readings, worst=True)
        if not met.any() and state.armed.all():  # nobody meets it, nobody has to recover from it
            return met
        meets_now = self._met(state.rule.condition, state.terms, readings, worst=False)
        new = met & state.armed & present & ~self.stopped[state.drug] & ~state.holding
        state.armed = np.where(new, False, state.armed | ~meets_now)
        state.count += new
        new = new & (state.count >= state.rule.occurrence) & ~taken
        if not new.any():
            return np.asarray(new)
        kind = state.rule.action.kind
        if kind == "stop":
            self._stop(new, state, day, state.rule.text)
        elif kind == "reduce":
            self._reduce(new, state, day, state.rule.action.levels)
        else:
            state.holding |= new
            state.since[new] = day
            self.ever_held[state.drug] |= new
            self._record(new, state, day, "hold")
            self.log.note(state.terms, new, _HELD, day)
        return np.asarray(new)

    def _met(
        self,
        condition: Condition,
        terms: tuple[str, ...],
        readings: Readings,
        *,
        worst: bool,
    ) -> Flags:
        """Tell who meets a condition, on the day or on the worst day since the last visit."""
        if condition.lab is not None:
            met = condition.limit.met(readings.signals[condition.lab.signal])
            return np.asarray(met.any(axis=1) if worst else met[:, -1])
        named = (condition.term,) if condition.term else terms
        grades = readings.worst if worst else readings.now
        highest = np.maximum.reduce([grades[name] for name in named])
        return condition.limit.met(highest.astype(float))

    def _reduce(self, who: Flags, state: _RuleState, day: float, levels: int) -> None:
        if levels == 0:
            return
        who = who & ~self.stopped[state.drug]
        lowest = len(self.levels[state.drug]) - 1
        wanted = self.level[state.drug] + levels
        below = who & (wanted > lowest)
        lower = who & ~below
        self.level[state.drug][lower] = wanted[lower]
        self._record(lower, state, day, "reduce")
        self.log.note(state.terms, lower, _REDUCED, day)
        self._stop(below, state, day, f"{state.rule.text}; no lower dose")

    def _stop(self, who: Flags, state: _RuleState, day: float, text: str) -> None:
        who = who & ~self.stopped[state.drug]
        if not who.any():
            return
        self.stopped[state.drug] |= who
        self._record(who, state, day, "stop", text)
        self.log.note(state.terms, who, _WITHDRAWN, day)

    def _record(
        self, who: Flags, state: _RuleState, day: float, action: str, text: str | None = None
    ) -> None:
        steps = np.array(self.levels[state.drug])[self.level[state.drug]]
        given = {"hold": 0.0, "stop": 0.0}
        for i in np.flatnonzero(who).tolist():
            dose = 100.0 * given.get(action, float(steps[i]))
            self._decisions.append((i, day, state.drug, text or state.rule.text, action, dose))

    def table(self) -> pd.DataFrame:
        """Return every decision, one row each; columns `DECISIONS`."""
        import pandas as pd

        if not self._decisions:
            return no_decisions()
        who, day, drug, rule, action, dose = zip(*self._decisions, strict=True)
        table = pd.DataFrame(
            {
                "patient": self.log.patients[np.array(who)],
                "arm": self.arm,
                "day": np.array(day),
                "drug": [self.drugs[d] for d in drug],
                "rule": rule,
                "action": action,
                "dose_pct": np.array(dose),
            }
        )
        # A stable sort keeps the order in which decisions of one day were taken.
        return table.sort_values(["patient", "day"], kind="stable", ignore_index=True)


def no_decisions() -> pd.DataFrame:
    """Return the table of decisions without a row."""
    import pandas as pd

    types = {"patient": int, "day": float, "dose_pct": float}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, object)) for name in DECISIONS})
