"""One call of `advance`: the tables for the control loop, its threads, and their interruption."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.kernel.solver.frame import Field, Real, Shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rascade.engine.kernel.codegen.emit import ModelCode
    from rascade.engine.kernel.codegen.machine import Program
    from rascade.engine.population.backend import Batch, Breaks, DoseTable, Settings
    from rascade.engine.symbolic.system import System

__all__ = ["Call", "Kernel", "Outputs"]

DENSE_UP_TO = 2000
"""Number of states up to which the pivoted fallback is available."""
WAIT = 0.1
"""Seconds between looks at progress and Ctrl-C."""

_FUNCTIONS = {
    Field.PREPARE: "prepare",
    Field.LINEARIZE: "linearize",
    Field.RATES: "rates",
    Field.FACTOR: "factor",
    Field.SOLVE: "solve",
    Field.RESIDUAL: "residual",
    Field.TRIGGERS: "triggers",
}
_RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@dataclass(frozen=True)
class Kernel:
    """Loaded code of a model at one lane width.

    Attributes:
        lanes: patients side by side.
        guarded: whether powers of species are kept in their domain (domain.py).
        quick: whether it was translated quickly rather than thoroughly.
        code: layout and structure.
        model: functions of the model.
        driver: the control loop.
    """

    lanes: int
    guarded: bool
    quick: bool
    code: ModelCode
    model: Program
    driver: Program

    @cached_property
    def structure(self) -> dict[Field, NDArray[Any]]:
        """Arrays that are the same in every call: order of elimination, entries of the Jacobian."""
        code = self.code
        return {
            Field.ORDER: np.array(code.factorization.order, dtype=np.int64),
            Field.WATCHED_STATES: np.array(code.watched, dtype=np.int64),
            Field.POSITION: np.array(code.factorization.position, dtype=np.int64),
            Field.ENTRY_PLACES: np.array([e[:3] for e in code.entries], dtype=np.int64),
            Field.ENTRY_FACTORS: np.array([e[3] for e in code.entries], dtype=np.float64),
        }


@dataclass(frozen=True)
class Outputs:
    """Loaded code of one choice of outputs.

    Attributes:
        program: holds ``outputs``.
        needed: positions of the states that it reads and that change within a step.
        still: positions of those that only events and doses change: they come out to the last bit.
        slots: slots of lane memory in all.
    """

    program: Program
    needed: NDArray[np.int64]
    still: NDArray[np.int64]
    slots: int


class Call:
    """Tables and threads of one call.

    Args:
        system: the model.
        kernel: its code.
        outputs: code of the outputs.
        batch: the patients.
        doses: all their doses.
        times: (T,) output times.
        out: (n, T, k) output values.
        queue: patients to run.
        to: where to pause.
        settings: how to solve.
        breaks: where else steps must end.
    """

    def __init__(
        self,
        system: System,
        kernel: Kernel,
        outputs: Outputs,
        batch: Batch,
        doses: DoseTable,
        times: NDArray[np.float64],
        out: NDArray[np.float64],
        queue: NDArray[np.int64],
        to: float,
        settings: Settings,
        breaks: Breaks,
    ) -> None:
        self.kernel, self.queue = kernel, queue
        self.shared = np.zeros(int(Shared.COUNT), dtype=np.int64)
        self.fields = np.zeros(int(Field.COUNT), dtype=np.int64)
        self.reals = np.zeros(int(Real.COUNT))
        self.reals[Real.TO] = to
        self.reals[Real.RTOL] = settings.rtol
        self.reals[Real.MIN_STEP] = settings.min_step or 0.0
        self.reals[Real.MAX_STEP] = settings.max_step or np.inf
        self.slots = max(outputs.slots, kernel.code.layout.end)
        # The arrays must outlive the run: the kernel holds their addresses only.
        self.arrays = {
            **_batch_arrays(batch, out),
            **_dose_arrays(doses),
            **_break_arrays(breaks),
            **kernel.structure,
            Field.TOLERANCE: batch.atol,
            Field.FLOOR: _floor(system, kernel.structure[Field.ORDER], settings),
            Field.QUEUE: queue,
            Field.OUTPUT_TIMES: np.ascontiguousarray(times, dtype=np.float64),
            Field.NEEDED_STATES: outputs.needed,
            Field.STILL_STATES: outputs.still,
            Field.SHARED: self.shared,
        }
        for which, array in self.arrays.items():
            if not array.flags.c_contiguous:
                raise ValueError(f"{which.name} must be contiguous")
            self.fields[which] = array.ctypes.data
        for which, number in _layout_numbers(system, kernel.code).items():
            self.fields[which] = number
        for which, name in _FUNCTIONS.items():
            self.fields[which] = kernel.model.address(name)
        self.fields[Field.EVALUATE] = outputs.program.address("outputs")
        self.fields[Field.NEEDED] = len(outputs.needed)
        self.fields[Field.STILL] = len(outputs.still)
        self.fields[Field.QUEUE_LENGTH] = len(queue)
        self.fields[Field.MAX_STEPS] = settings.max_steps
        self.fields[Field.TIMES] = len(times)
        self.fields[Field.OUTPUTS] = out.shape[2]

    def nudge(self, patient: int, to: float, settings: Settings) -> None:
        """Take one patient on to a time without looking for events."""
        self.queue[0] = patient
        self.shared[:] = 0
        self.reals[Real.TO] = to
        self.fields[Field.QUEUE_LENGTH] = 1
        self.fields[Field.EVENTS] = 0
        self.run(settings)

    def run(self, settings: Settings) -> None:
        """Run in worker threads and watch them; an interruption stops them first."""
        total = int(self.fields[Field.QUEUE_LENGTH])
        count = max(1, min(settings.threads, -(-total // self.kernel.lanes)))
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                while worker.is_alive():
                    worker.join(WAIT)
                    if settings.progress is not None:
                        settings.progress(int(self.shared[Shared.FINISHED]), total)
        finally:
            self.shared[Shared.STOP] = 1
            for worker in workers:
                if worker.ident is not None:
                    worker.join()

    def _work(self) -> None:
        """One thread: memory of its own, the queue shared. The GIL is free during the call."""
        lanes, size = self.kernel.lanes, len(self.arrays[Field.ORDER])
        memory = np.zeros(self.slots * lanes + 8)
        start = memory.ctypes.data + (-memory.ctypes.data) % 64
        fields = self.fields.copy()
        # Pages of zeros are taken from the system only when the fallback writes to them.
        dense = np.zeros(lanes * (size * size + 2 * size) if size <= DENSE_UP_TO else 0)
        fields[Field.DENSE] = dense.ctypes.data if len(dense) else 0
        _RUN(self.kernel.driver.address("run"))(start, fields.ctypes.data, self.reals.ctypes.data)


def _batch_arrays(batch: Batch, out: NDArray[np.float64]) -> dict[Field, NDArray[Any]]:
    return {
        Field.BATCH_TIME: batch.t,
        Field.BATCH_STATE: batch.y,
        Field.BATCH_PARAMETER: batch.p,
        Field.BATCH_STEP: batch.h,
        Field.BATCH_STATUS: batch.status,
        Field.BATCH_COUNTERS: batch.counters,
        Field.BATCH_FAILED_STATE: batch.failed_state,
        Field.BATCH_FAILED_TIME: batch.failed_time,
        Field.BATCH_TRIGGERS: batch.triggers,
        Field.OUTPUT_VALUES: out,
    }


def _dose_arrays(doses: DoseTable) -> dict[Field, NDArray[Any]]:
    return {
        Field.DOSE_START: np.ascontiguousarray(doses.start, dtype=np.int64),
        Field.DOSE_TIME: np.ascontiguousarray(doses.time, dtype=np.float64),
        Field.DOSE_STATE: np.ascontiguousarray(doses.state, dtype=np.int64),
        Field.DOSE_AMOUNT: np.ascontiguousarray(doses.amount, dtype=np.float64),
        Field.DOSE_DURATION: np.ascontiguousarray(doses.duration, dtype=np.float64),
    }


def _break_arrays(breaks: Breaks) -> dict[Field, NDArray[Any]]:
    return {
        Field.BREAK_START: breaks.start,
        Field.BREAK_END: breaks.end,
        Field.BREAK_TIME: breaks.time,
        Field.BREAK_BEFORE: breaks.before,
        Field.BREAK_AFTER: breaks.after,
        Field.BREAK_KIND: breaks.kind,
    }


def _floor(system: System, order: NDArray[np.int64], settings: Settings) -> NDArray[np.float64]:
    """Return how far below zero each state may go, in units of its tolerance."""
    bounded = system.nonnegative[order] & settings.nonnegative
    return np.where(bounded, -10.0, -np.inf)


def _layout_numbers(system: System, code: ModelCode) -> dict[Field, int]:
    layout = code.layout
    return {
        Field.STATES: len(system.states),
        Field.PARAMETERS: len(system.parameters),
        Field.EVENTS: len(system.events),
        Field.SLOPED: int(code.sloped),
        Field.ENTRIES: len(code.entries),
        Field.JACOBIAN_AT: code.jacobian[0],
        Field.JACOBIAN_COUNT: code.jacobian[1],
        Field.STATE_AT: layout.state,
        Field.STAGE_AT: layout.stage,
        Field.CANDIDATE_AT: layout.candidate,
        Field.RATE_AT: layout.rate,
        Field.SLOPE_AT: layout.slope,
        Field.RIGHT_AT: layout.right,
        Field.COUPLING_AT: layout.coupling,
        Field.INFUSION_AT: layout.infusion,
        Field.INCREMENTS_AT: layout.increments,
        Field.RESIDUAL_AT: layout.residual,
        Field.TOLERANCE_AT: layout.tolerance,
        Field.PARAMETER_AT: layout.parameter,
        Field.TRIGGER_AT: layout.trigger,
        Field.ARMED_AT: layout.trigger + len(system.events),
        Field.CONDITIONS: len(system.conditions),
        Field.PLAIN: int(system.plain_conditions),
        Field.CONDITION_AT: layout.condition,
        Field.MARK_AT: layout.condition + len(system.conditions),
        Field.LAST_AT: layout.condition + 2 * len(system.conditions),
        Field.EARLIER_AT: layout.condition + 3 * len(system.conditions),
        Field.WATCHED: len(code.watched),
        Field.OUTPUT_AT: layout.output,
    }
