"""What a back end promises: the one interface of the reference and of the compiled kernel.

A back end advances a `Batch` in place. It never raises for a patient that cannot be solved: it
sets that patient's status, time and state of failure, leaves NaN in the rest of its outputs and
goes on with the others. Every patient's result depends on that patient alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from rascade.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["COUNTERS", "Backend", "Batch", "Breaks", "DoseTable", "Settings", "Status"]

COUNTERS = ("steps", "rejected", "factorizations", "rhs", "jacobians", "restarts")
"""The columns of `Batch.counters`."""


class Status(IntEnum):
    """How a patient stands."""

    RUNNING = 0
    """Has reached the last pause and can go on."""
    DONE = 1
    """Has reached the end of a one-shot simulation."""
    STOPPED = 2
    """Was stopped by the caller."""
    STEP_TOO_SMALL = 3
    """The tolerances could not be met with a step above the minimum."""
    TOO_MANY_STEPS = 4
    """The cap on steps between two pauses was reached."""
    NEGATIVE = 5
    """A species would have fallen below -10 * atol, however small the step."""
    NOT_FINITE = 6
    """A rate or a state is infinite or no number: at a point reached, or in every step from it."""
    SINGULAR = 7
    """The linear system of a step could not be solved."""
    EVENT = 8
    """Waits in the middle because the trigger of an event has come true; never seen outside."""

    @property
    def failed(self) -> bool:
        """Whether the solver, not the caller, gave up."""
        return Status.STEP_TOO_SMALL <= self <= Status.SINGULAR


@dataclass(frozen=True)
class Settings:
    """How to solve.

    Attributes:
        rtol: relative tolerance of a step.
        atol: absolute tolerance: one number for all states, or by name, in the meaning that the
            name has as an output (for a concentration, times the size of the compartment at the
            start; ``amount(S)`` and ``[S]`` force one or the other); or None for 1e-3 * rtol * the
            typical size of each state: its value in the model at the start, or the largest dose
            that the patient gets there.
        max_steps: the cap on accepted and rejected steps of one patient between two pauses.
        min_step: the smallest step, in the model's time; None for 16 units in the last place of
            the current time.
        max_step: the longest step, in the model's time; None for none. Inputs that follow time are
            found without it (docs/engine.md says which are not).
        nonnegative: whether a step that takes a species below -10 * atol is rejected. Right for
            every real population model; SBML itself lets amounts be negative.
        threads: threads that share the patients (compiled back end).
        lanes: patients advanced together in one SIMD register; None for what the processor has.
        progress: called with (patients done, patients in all) now and then.
    """

    rtol: float = 1e-4
    atol: float | Mapping[str, float] | None = None
    max_steps: int = 100_000
    min_step: float | None = None
    max_step: float | None = None
    nonnegative: bool = True
    threads: int = 1
    lanes: int | None = None
    progress: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        if not 1e-14 <= self.rtol <= 0.1:
            raise InputError(f"rtol must lie between 1e-14 and 0.1, not {self.rtol!r}")
        if isinstance(self.atol, (int, float)) and not 0 < self.atol < np.inf:
            raise InputError(f"atol must be above zero, not {self.atol!r}")
        if self.max_steps < 1:
            raise InputError(f"max_steps must be at least 1, not {self.max_steps!r}")
        if self.min_step is not None and not 0 <= self.min_step < np.inf:
            raise InputError(f"min_step must not be negative, not {self.min_step!r}")
        if self.max_step is not None and not self.max_step > 0:
            raise InputError(f"max_step must be above zero, not {self.max_step!r}")
        if self.threads < 1:
            raise InputError(f"threads must be at least 1, not {self.threads!r}")


@dataclass
class Batch:
    """The patients of a simulation as arrays, changed in place by a back end.

    All arrays are C-contiguous; numbers are float64 unless said otherwise.

    Attributes:
        t: (n,) the time each patient has reached.
        y: (n, n_states).
        p: (n, n_parameters).
        h: (n,) the step to try next, 0 where none is known.
        atol: (n, n_states) absolute tolerances.
        status: (n,) int32, values of `Status`. Only ``RUNNING`` patients are advanced.
        counters: (n, 6) int64, columns as in `COUNTERS`; only ever added to.
        failed_state: (n,) int32, the state that failed, -1 where none or unknown.
        failed_time: (n,) time of failure, NaN where none.
        triggers: (n, n_events) uint8, whether the trigger of each event of the system held when
            it was last looked at.
    """

    t: NDArray[np.float64]
    y: NDArray[np.float64]
    p: NDArray[np.float64]
    h: NDArray[np.float64]
    atol: NDArray[np.float64]
    status: NDArray[np.int32]
    counters: NDArray[np.int64]
    failed_state: NDArray[np.int32]
    failed_time: NDArray[np.float64]
    triggers: NDArray[np.uint8]

    @classmethod
    def empty(cls, n: int, n_states: int, n_parameters: int, n_events: int = 0) -> Batch:
        """Return n patients at time 0 with zeros everywhere."""
        return cls(
            t=np.zeros(n),
            y=np.zeros((n, n_states)),
            p=np.zeros((n, n_parameters)),
            h=np.zeros(n),
            atol=np.ones((n, n_states)),
            status=np.full(n, Status.RUNNING, dtype=np.int32),
            counters=np.zeros((n, len(COUNTERS)), dtype=np.int64),
            failed_state=np.full(n, -1, dtype=np.int32),
            failed_time=np.full(n, np.nan),
            triggers=np.zeros((n, n_events), dtype=np.uint8),
        )

    @classmethod
    def gather(cls, parts: Sequence[tuple[Batch, NDArray[np.int64]]]) -> Batch:
        """Return chosen patients of several batches, copied, in the order given."""
        names = [field.name for field in fields(cls)]
        return cls(
            **{name: np.concatenate([getattr(b, name)[who] for b, who in parts]) for name in names}
        )

    @property
    def n(self) -> int:
        """The number of patients."""
        return len(self.t)


@dataclass(frozen=True)
class DoseTable:
    """Every patient's doses in compressed rows, sorted by time within a patient.

    A bolus (duration 0) adds ``amount`` to a state at ``time``. An infusion adds
    ``amount / duration`` to the state's rate while ``time <= t < time + duration``. Lag and
    bioavailability are already in the numbers.

    Attributes:
        start: (n + 1,) int64; patient i has the rows start[i] up to, not including, start[i + 1].
        time: (m,) float64, ascending within a patient.
        state: (m,) int64.
        amount: (m,) float64, in the unit of the state.
        duration: (m,) float64, not negative.
    """

    start: NDArray[np.int64]
    time: NDArray[np.float64]
    state: NDArray[np.int64]
    amount: NDArray[np.float64]
    duration: NDArray[np.float64]


@dataclass(frozen=True)
class Breaks:
    """Moments at which steps must end because what follows time jumps, bends or turns there.

    Patients may share rows.

    Attributes:
        start: (n,) int64, the first row of each patient.
        end: (n,) int64, the row after its last.
        time: (m,) ascending within a patient; from the patient's time to the end of the call.
        before: (m,) the last moment at which what holds up to `time` certainly holds.
        after: (m,) the first at which what holds from there on certainly does: whatever a
            comparison says at `time` itself, the side after it counts in the step from there.
        kind: (m,) int64: ``JUMP`` where the step has to be chosen anew, ``LAND``, or ``MORE`` in
            the last row of a patient whose further moments are not known yet.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    time: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    kind: NDArray[np.int64]

    LAND: ClassVar[int] = 0
    JUMP: ClassVar[int] = 1
    MORE: ClassVar[int] = 2

    @classmethod
    def none(cls, n: int) -> Breaks:
        """Return no moments for n patients."""
        zeros, empty = np.zeros(n, dtype=np.int64), np.empty(0)
        return cls(zeros, zeros, empty, empty, empty, np.empty(0, dtype=np.int64))

    def with_rows(
        self,
        who: NDArray[np.int64],
        which: NDArray[np.int64],
        found: Sequence[NDArray[np.float64]],
    ) -> Breaks:
        """Return the table with other moments for some patients.

        Args:
            who: (k,) the patients.
            which: (k,) the entry of `found` that each has.
            found: arrays (m, 4) of time, before, after, kind.
        """
        others = np.ones(len(self.start), dtype=np.bool_)
        others[who] = False
        rows = list(zip(self.start.tolist(), self.end.tolist(), strict=True))
        spans = sorted({rows[i] for i in np.flatnonzero(others)})
        old = np.column_stack((self.time, self.before, self.after, self.kind))
        parts = [*(old[a:b] for a, b in spans), *found]
        ends = np.cumsum([0, *map(len, parts)])
        place = {span: k for k, span in enumerate(spans)}
        part = np.array([place.get(span, 0) for span in rows], dtype=np.int64)
        part[who] = which + len(spans)
        time, before, after, kind = np.concatenate([np.empty((0, 4)), *parts]).T.copy()
        return Breaks(ends[part], ends[part + 1], time, before, after, kind.astype(np.int64))

    def waiting(self, t: NDArray[np.float64], who: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of some patients have come to the end of what is known of them."""
        last = self.end[who] - 1
        some = last >= self.start[who]
        who, last = who[some], last[some]
        out: NDArray[np.int64] = who[(self.kind[last] == self.MORE) & (t[who] >= self.time[last])]
        return out


class Backend(Protocol):
    """Advances batches of one system; holds no state of any batch.

    Rules that every back end keeps, so that a result does not depend on the back end or on how
    patients are grouped:

    - Only patients whose status is ``RUNNING`` are touched. Each goes from its own ``t`` to ``to``.
    - A bolus at time d is given when ``t <= d < to``; one exactly at ``to`` waits for the next
      call. Steps land exactly on bolus times, infusion starts, infusion ends and ``to``.
    - An infusion that has begun before ``t`` and not ended goes on.
    - An output at a time is the value before any dose at that time (the limit from the left), also
      at the first time of a call.
    - Outputs at times before a patient's ``t`` are left as they are.
    - Events. At the end of every accepted step the triggers of the system's events are evaluated.
      One that has become false is noted in ``batch.triggers``. One that has become true is located
      within the step (to 16 units in the last place of time, or the accuracy of the step); the
      patient is brought to the earliest point where it holds, its status becomes ``EVENT``,
      ``batch.triggers`` is left as it was, and the back end goes on with the other patients. The
      front then carries the event out and calls again. A back end without events refuses a system
      that has any with ``UnsupportedFeature("event")`` when it is made.
    - Steps land exactly on the times of ``breaks``. The step up to one sees the rates at its
      ``before`` at the latest, the step from there those at its ``after`` at the earliest. At a
      row ``MORE`` the patient's status becomes ``EVENT``.
    - A derivative that is not finite at a finite point (a root at zero) counts as 0: the Jacobian
      then only costs steps, never accuracy, as the error control does not rely on it.
    - After a failure at time f, outputs after f are NaN, earlier ones stay; ``t`` and ``y`` are
      those of the last accepted step.
    """

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
        """Advance every running patient to a time, in place.

        Args:
            batch: the patients.
            to: where to pause.
            doses: all doses of all patients, past ones included (infusions may still be running).
            times: (T,) ascending, from the patients' present time to ``to``.
            output_nodes: (k,) nodes of the system's graph.
            out: (n, T, k), filled in place; NaN wherever a value does not exist.
            settings: how to solve; absolute tolerances come from ``batch.atol``.
            breaks: where else steps must end.
        """
        ...
