"""Adverse events of an arm: episodes with onset, highest grade and end, from graded signals.

Grades are read on a grid of days. An episode begins when a grade rises above the one before
treatment, ends when it is back there, and has the highest grade in between. A signal that was
graded before treatment (mild anaemia, say) counts only when it gets worse.

What is kept is the history of the episodes, change by change, so that the episodes as they stood on
any day can be told afterwards: a data cut-off hides what came later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rascade.random_streams import uniform
from rascade.trial.assessment.conduct_table import load_conduct

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rascade.trial.assessment.ctcae import Term

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Grades = NDArray[np.int8]

__all__ = ["ACTIONS", "CHANGES", "COLUMNS", "EventLog", "episodes", "no_events"]

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
#: One row a change of an episode: it got worse (or began), something was done for it, it ended.
CHANGES = (
    "patient",
    "arm",
    "term",
    "soc",
    "related",
    "start_day",
    "day",
    "grade",
    "serious",
    "action",
    "ended",
)
#: What was done for an event, from the least to the most.
ACTIONS = ("none", "dose held", "dose reduced", "drug withdrawn")


@dataclass
class _Open:
    """The episodes of one term that are going on, one a patient at most; else the last one."""

    going: Flags
    start: Floats
    grade: Grades
    end: Floats


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
    _rows: list[tuple[int, int, float, float, int, bool, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = self.patients.size
        self._open = [
            _Open(
                np.zeros(n, bool),
                np.full(n, np.nan),
                np.zeros(n, np.int8),
                np.full(n, np.nan),
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
            self._write(index, ended, day, ended=True)
            episode.going[ended], episode.grade[ended], episode.end[ended] = False, 0, day
        begun = ~episode.going & seen & (grade > 0) & counted
        episode.start[begun] = day
        episode.going |= begun
        worse = episode.going & seen & (grade > episode.grade)
        episode.grade[worse] = grade[worse]
        if worse.any():
            self._write(index, worse, day, worse=True)

    def _write(
        self,
        index: int,
        who: Flags,
        day: float,
        *,
        worse: bool = False,
        action: int = 0,
        ended: bool = False,
    ) -> None:
        episode = self._open[index]
        serious = self._draw[index] < self._serious[episode.grade]
        for i in np.flatnonzero(who).tolist():
            grade = int(episode.grade[i]) if worse else 0
            self._rows.append(
                (i, index, float(episode.start[i]), day, grade, worse and bool(serious[i]),
                 action, ended)
            )  # fmt: skip

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
            self._write(index, where & (episode.going | (episode.end == day)), day, action=action)

    def table(self, arm: str, related: Mapping[str, bool]) -> pd.DataFrame:
        """Return the episodes so far, one row each; see `history` and `episodes`."""
        return episodes(self.history(arm, related))

    def history(self, arm: str, related: Mapping[str, bool]) -> pd.DataFrame:
        """Return what happened to the episodes; columns `CHANGES`, in the order of events.

        Args:
            arm: its name.
            related: term -> whether a drug of the arm can cause it.
        """
        import pandas as pd

        if not self._rows:
            return _empty(CHANGES)
        who, which, start, day, grade, serious, action, ended = zip(*self._rows, strict=True)
        term = np.array(which)
        names = np.array([term.name for term in self.terms], dtype=object)[term]
        return pd.DataFrame(
            {
                "patient": self.patients[np.array(who)],
                "arm": arm,
                "term": names,
                "soc": np.array([term.soc for term in self.terms], dtype=object)[term],
                "related": [related[name] for name in names],
                "start_day": np.array(start),
                "day": np.array(day),
                "grade": np.array(grade, dtype=np.int64),
                "serious": np.array(serious),
                "action": np.array(action, dtype=np.int64),
                "ended": np.array(ended),
            }
        )


def episodes(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes that a history tells of, one row each.

    Args:
        changes: columns `CHANGES`.

    Returns:
        Columns `COLUMNS`, in order of patient, start and term. Episodes that are going on at the
        end of the history have no end.
    """
    if not len(changes):
        return no_events()
    kept = changes.assign(end_day=changes["day"].where(changes["ended"].astype(bool)))
    found = kept.groupby(["patient", "start_day", "term"], sort=True, as_index=False).agg(
        arm=("arm", "first"),
        soc=("soc", "first"),
        grade=("grade", "max"),
        end_day=("end_day", "max"),
        serious=("serious", "any"),
        related=("related", "any"),
        action=("action", "max"),
    )
    found["action"] = np.array(ACTIONS, dtype=object)[found["action"].to_numpy(np.int64)]
    return found[list(COLUMNS)]


def no_events() -> pd.DataFrame:
    """Return the table of adverse events without a row."""
    return _empty(COLUMNS)


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    types: dict[str, type] = {"patient": int, "grade": int, "serious": bool, "related": bool}
    types |= dict.fromkeys(("start_day", "end_day", "day"), float)
    if "ended" in columns:
        types |= {"action": int, "ended": bool}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, object)) for name in columns})
