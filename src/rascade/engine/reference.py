"""The reference back end: SciPy's Radau with the exact Jacobian, one patient after the other.

Slow and obvious on purpose. It lands on every output time instead of interpolating, so that an
output is as accurate as a step. The compiled kernel is tested against it.

In one module since it is the plain statement of what a simulation does, to be read from top to end.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.population.backend import Batch, Breaks, DoseTable, Settings, Status
from rascade.engine.population.events import LOOKS
from rascade.engine.symbolic.domain import keep_in_domain
from rascade.engine.symbolic.expression import evaluate
from rascade.engine.symbolic.scalar import scalar_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.integrate import Radau
    from scipy.sparse import csc_array

    from rascade.engine.symbolic.system import System

    Vector = NDArray[np.float64]

__all__ = ["ReferenceBackend"]

DENSE_UP_TO = 150
"""Number of states up to which a dense factorisation is as fast as a sparse one."""
_GOLDEN = 0.6180339887498949
_SECTIONS = 40
_CHANGES = 64  # of comparisons between two places in a step


class ReferenceBackend:
    """The obvious back end, for one system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._triggers = scalar_function(system.graph, [event.trigger for event in system.events])
        self._solved: dict[bool, _Equations] = {}

    def advance(
        self,
        batch: Batch,
        to: float,
        doses: DoseTable,
        times: NDArray[np.float64],
        output_nodes: NDArray[np.int64],
        out: NDArray[np.float64],
        settings: Settings,
        breaks: Breaks,
    ) -> None:
        """Advance every running patient; see `Backend.advance`."""
        outputs = scalar_function(self.system.graph, output_nodes.tolist())
        for i in range(batch.n):
            if batch.status[i] == Status.RUNNING:
                rows = slice(int(doses.start[i]), int(doses.start[i + 1]))
                stops = slice(int(breaks.start[i]), int(breaks.end[i]))
                patient = _Patient(self, batch, i, settings, outputs, times, out[i])
                patient.run(to, doses, rows, breaks, stops)
            if settings.progress is not None:
                settings.progress(i + 1, batch.n)

    def equations(self, *, guarded: bool) -> _Equations:
        """Return what is solved: as in the compiled back end, guarded where nonnegative."""
        if guarded not in self._solved:
            self._solved[guarded] = _Equations(
                keep_in_domain(self.system) if guarded else self.system
            )
        return self._solved[guarded]

    def triggers(self, t: float, y: Vector, p: Vector) -> NDArray[np.bool_]:
        """Return which triggers of one patient hold."""
        holds: NDArray[np.bool_] = self._triggers(t, y, p) != 0
        return holds


class _Equations:
    """Rates and their derivatives as plain functions."""

    def __init__(self, system: System) -> None:
        self._rates = scalar_function(system.graph, system.rates)
        self._entries = scalar_function(system.graph, [node for _, _, node in system.jacobian])
        self._rows = np.array([row for row, _, _ in system.jacobian], dtype=np.int64)
        self._columns = np.array([column for _, column, _ in system.jacobian], dtype=np.int64)

    def rates(self, t: float, y: Vector, p: Vector) -> Vector:
        """Return dy/dt of one patient, infusions aside."""
        return self._rates(t, y, p)

    def jacobian(self, t: float, y: Vector, p: Vector) -> Vector | csc_array:
        """Return d(rates)/dy of one patient, dense or sparse by the number of states."""
        values = self._entries(t, y, p)
        values[~np.isfinite(values)] = 0.0
        n = len(y)
        if n <= DENSE_UP_TO:
            dense = np.zeros((n, n))
            dense[self._rows, self._columns] = values
            return dense
        from scipy.sparse import csc_array

        return csc_array((values, (self._rows, self._columns)), shape=(n, n))


class _FailedError(Exception):
    """One patient cannot go on."""

    def __init__(self, status: Status, state: int = -1) -> None:
        self.status, self.state = status, state
        super().__init__(status.name)


class _EventReached(Exception):
    """The trigger of an event has come true."""


@dataclass
class _Patient:
    """One patient between two pauses."""

    backend: ReferenceBackend
    batch: Batch
    i: int
    settings: Settings
    outputs: Callable[[float, Vector, Vector], Vector]
    times: Vector
    out: Vector

    def __post_init__(self) -> None:
        self.equations = self.backend.equations(guarded=self.settings.nonnegative)
        self.t = float(self.batch.t[self.i])
        self.y = self.batch.y[self.i].copy()
        self.p = self.batch.p[self.i]
        self.h = float(self.batch.h[self.i])
        self.written = int(np.searchsorted(self.times, self.t))
        self.taken = 0
        self.before, self.after = np.inf, -np.inf
        self.infusion = np.zeros_like(self.y)
        self.atol = self.batch.atol[self.i]

    def run(self, to: float, doses: DoseTable, rows: slice, breaks: Breaks, moments: slice) -> None:
        """Go to a time and write back how it went."""
        when, kind = breaks.time[moments], breaks.kind[moments]
        time, state = doses.time[rows], doses.state[rows]
        amount, duration = doses.amount[rows], doses.duration[rows]
        end = time + duration
        edges = np.concatenate((time, end[duration > 0]))
        edges = np.concatenate((edges, when))
        stops = np.unique(np.append(edges[(edges > self.t) & (edges < to)], to))
        batch, i = self.batch, self.i
        try:
            for stop in stops.tolist():
                self._see(stop, when, breaks.before[moments], breaks.after[moments])
                self._write()
                if (kind[when == self.t] == Breaks.MORE).any():
                    raise _EventReached
                if (kind[when == self.t] == Breaks.JUMP).any():
                    self.h = 0.0
                due = (time == self.t) & (duration == 0) & (self.t < to)
                for k in np.flatnonzero(due).tolist():
                    self.y[state[k]] += amount[k]
                    self.h = 0.0  # what was a good step before says little after
                running = (duration > 0) & (time <= self.t) & (self.t < end)
                self.infusion[:] = 0.0
                np.add.at(self.infusion, state[running], amount[running] / duration[running])
                self._integrate(stop)
            self._write()
        except _EventReached:
            batch.status[i] = Status.EVENT
        except _FailedError as failure:
            batch.status[i] = failure.status
            batch.failed_state[i] = failure.state
            batch.failed_time[i] = self.t
        batch.t[i], batch.y[i], batch.h[i] = self.t, self.y, self.h

    def _see(self, stop: float, when: Vector, before: Vector, after: Vector) -> None:
        """Set the first and the last moment at which rates are looked at on the way to a stop."""
        self.before = float(np.nextafter(stop, -np.inf))
        self.before = min([self.before, *before[when == stop].tolist()])
        here = (when <= self.t) & (self.t < after)
        self.after = max([-np.inf, *after[here].tolist()])

    def _moment(self, t: float) -> float:
        """The moment at which rates are looked at for a time: on the right side of any jump."""
        return min(max(t, self.after), self.before)

    def _write(self) -> None:
        """Write the outputs whose time has been reached."""
        while self.written < len(self.times) and self.times[self.written] <= self.t:
            self.out[self.written] = self.outputs(self.t, self.y, self.p)
            self.written += 1

    def _rhs(self, t: float, y: Vector) -> Vector:
        # A rate may jump where a stretch begins or ends; in it the side within counts.
        rates: Vector = self.equations.rates(self._moment(t), y, self.p) + self.infusion
        return rates

    def _solver(self, stop: float) -> Radau:
        from scipy.integrate import Radau

        rates = self._rhs(self.t, self.y)
        if not np.all(np.isfinite(rates)):
            raise _FailedError(Status.NOT_FINITE, int(np.argmin(np.isfinite(rates))))
        if not np.all(np.isfinite(self.y)):
            raise _FailedError(Status.NOT_FINITE, int(np.argmin(np.isfinite(self.y))))
        self.batch.counters[self.i, 5] += 1
        return Radau(
            self._rhs,
            self.t,
            self.y,
            stop,
            first_step=min(self.h, stop - self.t) if self.h > 0 else None,
            rtol=self.settings.rtol,
            atol=self.atol,
            max_step=self.settings.max_step or np.inf,
            jac=lambda t, y: self.equations.jacobian(self._moment(t), y, self.p),
        )

    def _integrate(self, stop: float) -> None:
        if not self.y.size or self.t >= stop:
            self._skip(stop)
            return
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # trial steps overflow; they are judged by the result
            solver = self._solver(stop)
            while self.t < stop:
                left = self.written < len(self.times)
                landing = min(float(self.times[self.written]), stop) if left else stop
                before = (self.t, self.y, self.h)
                if not self._step(solver, landing):
                    solver = self._solver(stop)
                elif self.backend.system.events and self._look_back(before, solver):
                    self._count(solver)
                    if self._rising(self.t, self.y).any():
                        raise _EventReached
                    if self.t < stop:
                        solver = self._solver(stop)
                self._note_triggers()
                self._write()
            self._count(solver)

    def _rising(self, t: float, y: Vector) -> NDArray[np.bool_]:
        """Return which events would happen here."""
        armed: NDArray[np.bool_] = self.batch.triggers[self.i] == 0
        return self.backend.triggers(t, y, self.p) & armed

    def _turned(self, t: float, y: Vector) -> bool:
        """Return whether any trigger is not what it was when last looked at."""
        now = self.backend.triggers(t, y, self.p)
        return bool((now != (self.batch.triggers[self.i] != 0)).any())

    def _note_triggers(self) -> None:
        """Note the triggers that have become false, so that they can come true again."""
        if self.backend.system.events:
            self.batch.triggers[self.i] &= self.backend.triggers(self.t, self.y, self.p)

    def _look_back(self, before: tuple[float, Vector, float], solver: Radau) -> bool:
        """Go back into the last step, to where a trigger first turns; False where none does.

        The step's own interpolation says where to look; the equations are then solved exactly up
        to there. Where a trigger has turned there, that step's interpolation is a better one; where
        none has, a little more is added until one does.
        """
        low, high = before, (self.t, self.y, self.h)
        guess = _Look(self, solver, low[0], high[0], high[1]).first()
        if guess is None:
            return False
        close = max(1e-10 * (high[0] - low[0]), 16 * float(np.spacing(abs(high[0]))))
        more = close
        while high[0] - (guess := max(guess, low[0] + close)) > close:
            self.t, self.y, self.h = low[0], low[1], guess - low[0]
            solver = self._solver(guess)
            while self.t < guess:
                low = (self.t, self.y, self.h)
                if not self._step(solver, guess):
                    solver = self._solver(guess)
            if self._turned(self.t, self.y):
                high = (self.t, self.y, self.h)
                found = _Look(self, solver, low[0], high[0], high[1]).first()
                guess = high[0] if found is None else found
            else:
                low = (self.t, self.y, self.h)
                guess, more = low[0] + more, 4 * more
        self.t, self.y, self.h = high
        return True

    def _skip(self, stop: float) -> None:
        """A model without states: only time goes on."""
        for time in self.times[self.written :]:
            if time < stop:
                self.t = float(time)
                self._write()
        self.t = stop

    def _step(self, solver: Radau, landing: float) -> bool:
        """Take one step, at most up to `landing`; False where it was refused."""
        if self.taken >= self.settings.max_steps:
            self._count(solver)
            raise _FailedError(Status.TOO_MANY_STEPS, self._steepest())
        self.taken += 1
        wanted = float(solver.h_abs)
        solver.t_bound, solver.status = landing, "running"
        try:
            message = solver.step()
        except (RuntimeError, np.linalg.LinAlgError) as error:
            raise _FailedError(Status.SINGULAR) from error
        except ValueError:  # SciPy met a number that is not finite outside its own checks
            return self._refuse(solver, wanted / 4, Status.NOT_FINITE, self._steepest())
        if message is not None:
            self._count(solver)
            raise _FailedError(self._why_small(), self._steepest())
        taken = float(solver.t - self.t)
        below = (solver.y < -10 * self.atol) & self.backend.system.nonnegative
        if self.settings.nonnegative and below.any():
            return self._refuse(solver, taken / 4, Status.NEGATIVE, int(np.argmax(below)))
        if solver.t >= landing:
            solver.h_abs = max(solver.h_abs, wanted)  # the step was cut, not found too long
        elif taken < min(wanted, self._smallest_step()):  # a first step may be small on purpose
            self._count(solver)
            raise _FailedError(Status.STEP_TOO_SMALL, self._steepest())
        self.batch.counters[self.i, 0] += 1
        self.t, self.y, self.h = float(solver.t), solver.y.copy(), float(solver.h_abs)
        return True

    def _why_small(self) -> Status:
        """Return why no step is short enough: even the matrix of the shortest is singular?"""
        matrix = self.equations.jacobian(self._moment(self.t), self.y, self.p)
        matrix = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
        shortest = max(10 * float(np.spacing(abs(self.t))), np.finfo(float).tiny)
        try:
            np.linalg.inv(np.eye(len(matrix)) / shortest - matrix)
        except np.linalg.LinAlgError:
            return Status.SINGULAR
        return Status.STEP_TOO_SMALL

    def _refuse(self, solver: Radau, smaller: float, status: Status, state: int) -> bool:
        """Have the step tried again with a smaller one, or give up."""
        self._count(solver)
        self.batch.counters[self.i, 1] += 1
        if smaller < self._smallest_step():
            raise _FailedError(status, state)
        self.h = smaller
        return False

    def _smallest_step(self) -> float:
        given = self.settings.min_step
        return 16 * float(np.spacing(abs(self.t))) if given is None else given

    def _steepest(self) -> int:
        """Return the state that changes most in terms of its tolerance: the likely culprit."""
        size = self.atol + self.settings.rtol * np.abs(self.y)
        rates = np.abs(self._rhs(self.t, self.y)) / size
        return int(np.argmax(np.where(np.isfinite(rates), rates, np.inf)))

    def _count(self, solver: Radau) -> None:
        counters = self.batch.counters[self.i]
        counters[2] += solver.nlu
        counters[3] += solver.nfev
        counters[4] += solver.njev


class _Look:
    """The triggers within a step, on its interpolation.

    Args:
        patient: who took the step.
        solver: what took it.
        start: where it began.
        end: where it ended.
        y: (n_states,) the states there.
    """

    def __init__(
        self, patient: _Patient, solver: Radau, start: float, end: float, y: Vector
    ) -> None:
        self.patient, self.start, self.end, self.y = patient, start, end, y
        self.between = solver.dense_output()
        self.system = patient.backend.system

    def first(self) -> float | None:
        """Return the first time at which a trigger has turned; None where none does."""
        times = self.start + (self.end - self.start) * np.array(LOOKS)
        times[-1] = self.end
        values = self._conditions(times)
        signs = np.sign(values)
        for k in range(1, len(times)):
            if (signs[k] != signs[k - 1]).any() or self._turned(float(times[k])):
                found = self._walk(float(times[k - 1]), float(times[k]))
            else:
                found = self._dips(times, values, k) if k > 1 else None
            if found is not None:
                return found
        return None

    def _states(self, t: float) -> Vector:
        states: Vector = self.y if t >= self.end else self.between(t)
        return states

    def _turned(self, t: float) -> bool:
        return self.patient._turned(t, self._states(t))

    def _conditions(self, times: Vector) -> Vector:
        """Return (T, n) the differences in the triggers' comparisons."""
        y = np.stack([self._states(t) for t in times.tolist()])
        conditions = self.system.conditions
        return evaluate(self.system.graph, conditions, times, y, self.patient.p)

    def _signs(self, t: float) -> Vector:
        signs: Vector = np.sign(self._conditions(np.array([t]))[0])
        return signs

    def _walk(self, low: float, high: float) -> float | None:
        """Go from one change of a comparison to the next; return where a trigger has turned."""
        signs = self._signs(low)
        for _ in range(_CHANGES):
            if not self._differs(high, signs):
                return None
            start, end = low, high
            while start < (middle := 0.5 * (start + end)) < end:
                if self._differs(middle, signs):
                    end = middle
                else:
                    start = middle
            if self._turned(end):
                return end
            low, signs = end, self._signs(end)
        return None

    def _differs(self, t: float, signs: Vector) -> bool:
        return self._turned(t) or bool((self._signs(t) != signs).any())

    def _dips(self, times: Vector, values: Vector, k: int) -> float | None:
        """Look for a comparison that comes near turning between three places, and turns."""
        (a, b, c), (x, y, z) = times[k - 2 : k + 1].tolist(), values[k - 2 : k + 1]
        sign = np.sign(y)
        x, y, z = sign * x, sign * y, sign * z
        reach = np.maximum((x - y) / (b - a) * (c - b), (z - y) / (c - b) * (b - a))
        near = (x > y) & (y > 0) & (z >= y) & (y <= reach)
        for j in np.flatnonzero(near).tolist():
            low = self._lowest(j, sign[j], a, c)
            found = self._walk(a, low)
            if found is not None:
                return found
        return None

    def _lowest(self, j: int, sign: float, a: float, b: float) -> float:
        """Return where a difference is nearest to zero, or beyond, by golden sections."""

        def size(t: float) -> float:
            return float(sign * self._conditions(np.array([t]))[0, j])

        left, right = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        low, high = size(left), size(right)
        for _ in range(_SECTIONS):
            if low <= high:
                b, right, high = right, left, low
                left = b - _GOLDEN * (b - a)
                low = size(left)
            else:
                a, left, low = left, right, high
                right = a + _GOLDEN * (b - a)
                high = size(right)
            if min(low, high) <= 0:
                break
        return left if low <= high else right
