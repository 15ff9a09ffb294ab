"""Adverse events of an arm: episodes with onset, highest grade and end, from graded signals.

Grades are read on a grid of days. An episode begins when a grade rises above the one before
treatment, ends when it is back there, and has the highest grade in between. A signal that was
graded before treatment (mild anaemia, say) counts only when it gets worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.patients.keys import uniform
from rascade.trial.protocol import load_conduct

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.ctcae import Term

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Grades = NDArray[np.int8]

__all__ = ["ACTIONS", "COLUMNS", "EventLog", "no_events"]

COLUMNS = (
    "patient",
    "arm",
    "term",
    "soc",
    "grade",
    "start_day",
    "end_day",
    "serious",
    "related",
    "action",
)
#: What was done for an event, from the least to the most.
ACTIONS = ("none", "dose held", "dose reduced", "drug withdrawn")


@dataclass
class _Open:
    """The episodes of one term that are going on, one a patient at most."""

    going: Flags
    start: Floats
    grade: Grades
    action: Grades
    serious: Flags


@dataclass
class _Episode:
    """An episode that is over, or was going on at the end."""

    patient: int
    term: int
    grade: int
    start: float
    end: float
    serious: bool
    action: int


@dataclass
class EventLog:
    """Episodes of all terms of an arm.

    Args:
        terms: what is graded.
        patients: (n,) patient numbers.
        seed: of the study, for what is drawn (whether an event is serious).
        baseline: term -> (n,) grade before treatment.
    """

    terms: Sequence[Term]
    patients: NDArray[np.int64]
    seed: int
    baseline: Mapping[str, Grades]
    _rows: list[_Episode] = field(default_factory=list)
    _last: dict[tuple[int, int], _Episode] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = self.patients.size
        self._open = [
            _Open(
                np.zeros(n, bool),
                np.full(n, np.nan),
                np.zeros(n, np.int8),
                np.zeros(n, np.int8),
                np.zeros(n, bool),
            )
            for _ in self.terms
        ]
        table = load_conduct()
        self._serious = np.array([0.0, *(table[f"serious_grade{g}"].value for g in range(1, 5))])
        # One draw a patient and term: an event that gets worse can become serious, never the
        # other way round.
        self._draw = [
            uniform(self.seed, f"serious:{term.name}", self.patients) for term in self.terms
        ]

    def read(
        self, days: Floats, values: Mapping[str, Floats], counted: Flags
    ) -> tuple[dict[str, Grades], dict[str, Grades]]:
        """Read the signals between two pauses.

        Args:
            days: (T,) ascending.
            values: signal -> (n, T); NaN where a patient is not followed.
            counted: (n, T), where a new event counts.

        Returns:
            Term -> (n,) grade above baseline now, and the highest of the days read.
        """
        now: dict[str, Grades] = {}
        worst: dict[str, Grades] = {}
        for index, term in enumerate(self.terms):
            grades = term.grade(values[term.signal])
            grades[grades <= self.baseline[term.name][:, None]] = 0
            for k, day in enumerate(days):
                seen = np.isfinite(values[term.signal][:, k])
                self._step(index, float(day), grades[:, k], seen, counted[:, k])
            now[term.name] = grades[:, -1]
            worst[term.name] = grades.max(axis=1)
        return now, worst

    def _step(self, index: int, day: float, grade: Grades, seen: Flags, counted: Flags) -> None:
        episode = self._open[index]
        ended = episode.going & seen & (grade == 0)
        if ended.any():
            self._close(index, np.flatnonzero(ended), day)
        begun = ~episode.going & seen & (grade > 0) & counted
        episode.start[begun] = day
        episode.action[begun] = 0
        episode.going |= begun
        worse = episode.going & seen & (grade > episode.grade)
        episode.grade[worse] = grade[worse]
        episode.serious |= worse & (self._draw[index] < self._serious[episode.grade])

    def _close(self, index: int, who: NDArray[np.intp], day: float) -> None:
        episode = self._open[index]
        for i in who.tolist():
            over = _Episode(
                i,
                index,
                int(episode.grade[i]),
                float(episode.start[i]),
                day,
                bool(episode.serious[i]),
                int(episode.action[i]),
            )
            self._rows.append(over)
            self._last[index, i] = over
        episode.going[who] = False
        episode.grade[who] = 0
        episode.serious[who] = False

    def note(self, terms: Sequence[str], where: Flags, action: int, day: float) -> None:
        """Write down what was done for events of these terms; the most severe stays.

        Args:
            terms: names.
            where: (n,) patients.
            action: index into `ACTIONS`.
            day: of the decision; an event that ended on that day counts, too.
        """
        for index, term in enumerate(self.terms):
            if term.name not in terms:
                continue
            episode = self._open[index]
            at = where & episode.going
            episode.action[at] = np.maximum(episode.action[at], action)
            for i in np.flatnonzero(where & ~episode.going).tolist():
                over = self._last.get((index, i))
                if over is not None and over.end == day:
                    over.action = max(over.action, action)

    def table(self, arm: str, related: Mapping[str, bool]) -> pd.DataFrame:
        """Return the episodes, one row each; `COLUMNS`, in order of patient, start and term.

        Episodes that are going on have no end. Call it once, at the end.

        Args:
            arm: its name.
            related: term -> whether a drug of the arm can cause it.
        """
        import pandas as pd

        for index, episode in enumerate(self._open):
            self._close(index, np.flatnonzero(episode.going), float("nan"))
        if not self._rows:
            return no_events()
        rows = self._rows
        which = np.array([row.term for row in rows])
        names = np.array([term.name for term in self.terms], dtype=object)[which]
        table = pd.DataFrame(
            {
                "patient": self.patients[np.array([row.patient for row in rows])],
                "arm": arm,
                "term": names,
                "soc": np.array([term.soc for term in self.terms], dtype=object)[which],
                "grade": np.array([row.grade for row in rows], dtype=np.int64),
                "start_day": np.array([row.start for row in rows]),
                "end_day": np.array([row.end for row in rows]),
                "serious": np.array([row.serious for row in rows]),
                "related": [related[name] for name in names],
                "action": [ACTIONS[row.action] for row in rows],
            }
        )
        return table.sort_values(["patient", "start_day", "term"], ignore_index=True)


def no_events() -> pd.DataFrame:
    """Return the table of adverse events without a row."""
    import pandas as pd

    types = {"patient": int, "grade": int, "start_day": float, "end_day": float}
    types |= {"serious": bool, "related": bool}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, object)) for name in COLUMNS})
