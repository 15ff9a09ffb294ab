"""What an effect can be made of: functions of a read-out, a condition and an hour.

``at``       value at an hour, in the model's unit
``rel``      the same, relative to hour 0
``low``      least value between two hours, relative to hour 0
``high``     greatest value between two hours, relative to hour 0
``most``     greatest ``rel`` over a dose series
``least``    least ``rel`` over a dose series
``climb``    greatest ratio of a dose's value to that of the dose before it (below 1: falls always)
``ic50``     dose at which ``rel`` falls to a half, nM; beyond the highest dose: the highest dose
``ec50``     dose of half of the greatest effect, nM; the highest dose if that is below a tenth
``half``     dose at which a value is half of that in another condition at the same hour, nM; the
             highest dose if none is
``area``     integral over the hours of the experiment
``engaged``  share of KRAS that holds a covalent drug
``bliss``    greatest excess over independence in a dose matrix, relative to its untreated dish
``combination``  median combination index (Loewe) of the pairs of a dose matrix; below 1: synergy
``reach``    hours until a read-out passes a factor times its start, between readings by its
             logarithm; the last hour if it never does (the survival of a mouse that is killed when
             its tumour has grown so far)
``growth``   mean rate of exponential growth between two hours, 1/day
``bliss_excess``  effect of two treatments beyond independence (Bliss), fraction of the control
``level``    value of one read-out at which another has come a share of the way from the first of
             several conditions to the last, between conditions by straight lines
``max``, ``min``, ``abs``
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rascade.bench.questions.courses import Courses, symbol
from rascade.bench.questions.expression import evaluate
from rascade.errors import EvidenceError

if TYPE_CHECKING:
    from rascade.statistics.synergy import DoseMatrix

__all__ = ["effect_of_courses"]

Values = NDArray[np.float64]
_SMALLEST_EFFECT = 0.1
_KRAS = ("KRAS_GDP", "KRAS_GTP", "KRAS_effector")


class _Reader:
    """Functions that return (D + 1,), one number a parameter set."""

    def __init__(self, courses: Courses) -> None:
        self.courses = courses

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        names = (
            "at",
            "rel",
            "low",
            "high",
            "most",
            "least",
            "climb",
            "ic50",
            "ec50",
            "half",
            "area",
            "engaged",
            "bliss",
            "combination",
            "reach",
            "growth",
            "bliss_excess",
            "level",
        )
        own: dict[str, Callable[..., Any]] = {name: getattr(self, name) for name in names}
        return {
            **own,
            "max": lambda *x: np.maximum.reduce(np.broadcast_arrays(*x)),
            "min": lambda *x: np.minimum.reduce(np.broadcast_arrays(*x)),
            "abs": np.abs,
        }

    def _series(self, readout: str, condition: str) -> Values:
        """Return (members, D + 1, T)."""
        if condition not in self.courses.members:
            known = ", ".join(self.courses.members)
            raise EvidenceError(f"no condition {condition!r} in this experiment; it has {known}")
        values = self.courses.values[symbol(self.courses, readout)]
        return values[self.courses.members[condition]]

    def _hour(self, hour: float) -> int:
        found = np.flatnonzero(np.isclose(self.courses.hours, hour))
        if not found.size:
            raise EvidenceError(f"hour {hour:g} is not among the hours of this experiment")
        return int(found[0])

    def _single(self, readout: str, condition: str) -> Values:
        values = self._series(readout, condition)
        if values.shape[0] != 1:
            raise EvidenceError(f"condition {condition!r} is a dose series; use most or least")
        return np.asarray(values[0])

    def _relative(self, values: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(values / values[..., :1])

    def at(self, readout: str, condition: str, hour: float) -> Values:
        return self._single(readout, condition)[:, self._hour(hour)]

    def rel(self, readout: str, condition: str, hour: float) -> Values:
        return self._relative(self._single(readout, condition))[:, self._hour(hour)]

    def _between(self, readout: str, condition: str, start: float, end: float) -> Values:
        inside = (self.courses.hours >= start - 1e-9) & (self.courses.hours <= end + 1e-9)
        if not inside.any():
            raise EvidenceError(f"no hour of this experiment is between {start:g} and {end:g}")
        return self._relative(self._single(readout, condition))[:, inside]

    def low(self, readout: str, condition: str, start: float, end: float) -> Values:
        return np.asarray(self._between(readout, condition, start, end).min(axis=1))

    def high(self, readout: str, condition: str, start: float, end: float) -> Values:
        return np.asarray(self._between(readout, condition, start, end).max(axis=1))

    def _doses(self, readout: str, condition: str, hour: float) -> Values:
        return self._relative(self._series(readout, condition))[:, :, self._hour(hour)]

    def most(self, readout: str, condition: str, hour: float) -> Values:
        return np.asarray(self._doses(readout, condition, hour).max(axis=0))

    def least(self, readout: str, condition: str, hour: float) -> Values:
        return np.asarray(self._doses(readout, condition, hour).min(axis=0))

    def climb(self, readout: str, condition: str, hour: float) -> Values:
        values = self._series(readout, condition)[:, :, self._hour(hour)]
        return np.asarray((values[1:] / values[:-1]).max(axis=0))

    def ic50(self, readout: str, condition: str, hour: float) -> Values:
        doses = np.log(np.array(self.courses.doses[condition]))
        relative = self._doses(readout, condition, hour)
        return np.array([_half(doses, column) for column in relative.T])

    def ec50(self, readout: str, condition: str, hour: float) -> Values:
        doses = np.log(np.array(self.courses.doses[condition]))
        relative = self._doses(readout, condition, hour)
        greatest = 1.0 - relative.min(axis=0)
        acting = greatest >= _SMALLEST_EFFECT
        scaled = 1.0 - (1.0 - relative) / np.where(acting, greatest, 1.0)
        found = [_half(doses, column) for column in scaled.T]
        return np.where(acting, found, np.exp(doses[-1]))

    def half(self, readout: str, condition: str, reference: str, hour: float) -> Values:
        doses = np.log(np.array(self.courses.doses[condition]))
        values = self._series(readout, condition)[:, :, self._hour(hour)]
        return np.array([_half(doses, c) for c in (values / self.at(readout, reference, hour)).T])

    def area(self, readout: str, condition: str) -> Values:
        return np.asarray(
            np.trapezoid(self._single(readout, condition), self.courses.hours, axis=-1)
        )

    def engaged(self, drug: str, condition: str, hour: float) -> Values:
        held = self.at(f"KRAS_covalent_{drug}", condition, hour)
        free = sum(self.at(form, condition, hour) for form in _KRAS)
        return np.asarray(held / (held + free))

    def _matrices(self, readout: str, condition: str, hour: float) -> list[DoseMatrix]:
        """Return a dose matrix for every parameter set, relative to the dish without drug."""
        from rascade.statistics.synergy import DoseMatrix

        drugs = self.courses.drugs.get(condition, {})
        values = self._series(readout, condition)[:, :, self._hour(hour)]
        ends = [np.unique(doses) for doses in drugs.values()]
        if len(ends) != 2 or ends[0].size * ends[1].size != values.shape[0]:
            raise EvidenceError(f"condition {condition!r} is no dose matrix of two drugs")
        shape = ends[0].size, ends[1].size
        relative = [(column / column[0]).reshape(shape) for column in values.T]
        return [DoseMatrix(ends[0], ends[1], response) for response in relative]

    def bliss(self, readout: str, condition: str, hour: float) -> Values:
        from rascade.statistics.synergy import bliss_excess

        matrices = self._matrices(readout, condition, hour)
        return np.array([bliss_excess(matrix).max() for matrix in matrices])

    def combination(self, readout: str, condition: str, hour: float) -> Values:
        from rascade.statistics.synergy import combination_index

        found = []
        for matrix in self._matrices(readout, condition, hour):
            index = combination_index(matrix)
            known = index[np.isfinite(index)]
            found.append(float(np.median(known)) if known.size else float("nan"))
        return np.array(found)

    def reach(self, readout: str, condition: str, factor: float) -> Values:
        courses = np.log(self._relative(self._single(readout, condition)))
        goal = float(np.log(factor))
        sign = 1.0 if goal > 0 else -1.0
        hours = self.courses.hours
        return np.array(
            [_first(hours, sign * course, sign * goal, hours[-1]) for course in courses]
        )

    def growth(self, readout: str, condition: str, start: float, end: float) -> Values:
        gain = self.at(readout, condition, end) / self.at(readout, condition, start)
        return np.asarray(np.log(gain) / ((end - start) / 24.0))

    def bliss_excess(
        self, readout: str, a: str, b: str, both: str, control: str, hour: float
    ) -> Values:
        base = self.at(readout, control, hour)
        expected = self.at(readout, a, hour) / base * self.at(readout, b, hour) / base
        return np.asarray(expected - self.at(readout, both, hour) / base)

    def level(
        self, readout: str, effect: str, share: float, hour: float, *conditions: str
    ) -> Values:
        if len(conditions) < 2:
            raise EvidenceError("level: two or more conditions are wanted")
        x = np.array([self.at(readout, name, hour) for name in conditions]).T
        y = np.array([self.at(effect, name, hour) for name in conditions]).T
        done = (y - y[:, :1]) / (y[:, -1:] - y[:, :1])
        return np.array([_first(a, b, share, a[-1]) for a, b in zip(x, done, strict=True)])


def _first(x: Values, y: Values, goal: float, never: float) -> float:
    """Return x where y first reaches a goal, by straight lines between points."""
    if np.isnan(y).any():
        return float("nan")
    above = np.flatnonzero(y >= goal)
    if not above.size:
        return float(never)
    k = int(above[0])
    if k == 0:
        return float(x[0])
    return float(x[k - 1] + (goal - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1]))


def _half(doses: Values, relative: Values) -> float:
    if np.isnan(relative).any():
        return float("nan")
    below = np.flatnonzero(relative < 0.5)
    if not below.size:
        return float(np.exp(doses[-1]))
    k = int(below[0])
    if k == 0:
        return float(np.exp(doses[0]))
    part = (relative[k - 1] - 0.5) / (relative[k - 1] - relative[k])
    return float(np.exp(doses[k - 1] + part * (doses[k] - doses[k - 1])))


def effect_of_courses(text: str, courses: Courses) -> Values:
    """Return an effect for every parameter set, (D + 1,), the typical one first.

    Raises:
        EvidenceError: the expression is wrong, or names what the experiment does not have.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = evaluate(text, _Reader(courses).functions())
    sets = next(iter(courses.values.values())).shape[1]
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (sets,))
