"""The reference back end: SciPy's Radau with the exact Jacobian, one patient after the other.

Slow and obvious on purpose. It lands on every output time instead of interpolating, so that an
output is as accurate as a step. The compiled kernel is tested against it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.backend import Batch, DoseTable, Settings, Status
from rascade.engine.domain import keep_in_domain
from rascade.engine.scalar import scalar_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.integrate import Radau
    from scipy.sparse import csc_array

    from rascade.engine.system import System

    Vector = NDArray[np.float64]

__all__ = ["ReferenceBackend"]

DENSE_UP_TO = 150
"""Number of states up to which a dense factorisation is as fast as a sparse one."""


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
    ) -> None:
        """Advance every running patient; see `Backend.advance`."""
        outputs = scalar_function(self.system.graph, output_nodes.tolist())
        for i in range(batch.n):
            if batch.status[i] == Status.RUNNING:
                rows = slice(int(doses.start[i]), int(doses.start[i + 1]))
                _Patient(self, batch, i, settings, outputs, times, out[i]).run(to, doses, rows)
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
        self.before = np.inf
        self.infusion = np.zeros_like(self.y)
        self.atol = self.batch.atol[self.i]

    def run(self, to: float, doses: DoseTable, rows: slice) -> None:
        """Go to a time and write back how it went."""
        time, state = doses.time[rows], doses.state[rows]
        amount, duration = doses.amount[rows], doses.duration[rows]
        end = time + duration
        edges = np.concatenate((time, end[duration > 0]))
        stops = np.unique(np.append(edges[(edges > self.t) & (edges < to)], to))
        batch, i = self.batch, self.i
        try:
            for stop in stops.tolist():
                self.before = float(np.nextafter(stop, -np.inf))
                self._write()
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

    def _write(self) -> None:
        """Write the outputs whose time has been reached."""
        while self.written < len(self.times) and self.times[self.written] <= self.t:
            self.out[self.written] = self.outputs(self.t, self.y, self.p)
            self.written += 1

    def _rhs(self, t: float, y: Vector) -> Vector:
        # A rate may jump at the stop; up to there the side before the jump counts.
        rates: Vector = self.equations.rates(min(t, self.before), y, self.p) + self.infusion
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
            jac=lambda t, y: self.equations.jacobian(min(t, self.before), y, self.p),
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
                elif self._triggered(self.t, self.y).any():
                    self._locate(before, solver)
                    self._count(solver)
                    raise _EventReached
                self._note_triggers()
                self._write()
            self._count(solver)

    def _triggered(self, t: float, y: Vector) -> NDArray[np.bool_]:
        """Return which events would happen here."""
        armed: NDArray[np.bool_] = self.batch.triggers[self.i] == 0
        return self.backend.triggers(t, y, self.p) & armed

    def _note_triggers(self) -> None:
        """Note the triggers that have become false, so that they can come true again."""
        if self.backend.system.events:
            self.batch.triggers[self.i] &= self.backend.triggers(self.t, self.y, self.p)

    def _locate(self, before: tuple[float, Vector, float], solver: Radau) -> None:
        """Go back into the last step, to where a trigger first holds.

        The step's own interpolation says where to look; the equations are then solved exactly up
        to there. Where the trigger holds there, that step's interpolation is a better one; where
        it does not, a little more is added until it does.
        """
        low, high = before, (self.t, self.y, self.h)
        close = max(1e-10 * (high[0] - low[0]), 16 * float(np.spacing(abs(high[0]))))
        more = close
        guess = self._first_true(solver, low[0], high[0])
        while high[0] - guess > close:
            self.t, self.y, self.h = low[0], low[1], guess - low[0]
            solver = self._solver(guess)
            while self.t < guess:
                low = (self.t, self.y, self.h)
                if not self._step(solver, guess):
                    solver = self._solver(guess)
            if self._triggered(self.t, self.y).any():
                high = (self.t, self.y, self.h)
                guess = self._first_true(solver, low[0], high[0])
            else:
                low = (self.t, self.y, self.h)
                guess, more = low[0] + more, 4 * more
        self.t, self.y, self.h = high

    def _first_true(self, solver: Radau, start: float, end: float) -> float:
        """Return the first time in a step at which the interpolation has a trigger hold."""
        between = solver.dense_output()
        while True:
            middle = 0.5 * (start + end)
            if not start < middle < end:
                return end
            if self._triggered(middle, between(middle)).any():
                end = middle
            else:
                start = middle

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
        elif taken < self._smallest_step():
            self._count(solver)
            raise _FailedError(Status.STEP_TOO_SMALL, self._steepest())
        self.batch.counters[self.i, 0] += 1
        self.t, self.y, self.h = float(solver.t), solver.y.copy(), float(solver.h_abs)
        return True

    def _why_small(self) -> Status:
        """Return why no step is short enough: even the matrix of the shortest is singular?"""
        matrix = self.equations.jacobian(min(self.t, self.before), self.y, self.p)
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
