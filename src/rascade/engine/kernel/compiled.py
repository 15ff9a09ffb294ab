"""The compiled back end: generated machine code, patients side by side in vector registers."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.backend import Batch, DoseTable, Settings, Status
from rascade.engine.expression import Op, evaluate, leaves
from rascade.engine.kernel import cache
from rascade.engine.kernel.domain import keep_in_domain
from rascade.engine.kernel.driver import write_driver
from rascade.engine.kernel.emit import ModelCode, write_model, write_outputs
from rascade.engine.kernel.frame import Field, Real, Shared
from rascade.engine.kernel.machine import Machine, Program, compile_object, host, load_object
from rascade.engine.system import System

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CompiledBackend"]

_DENSE_UP_TO = 2000  # states up to which the pivoted fallback is available
_WAIT = 0.1  # seconds between looks at progress and Ctrl-C


@dataclass(frozen=True)
class _Kernel:
    """Loaded code of a model at one lane width."""

    lanes: int
    guarded: bool
    code: ModelCode
    model: Program
    driver: Program


@dataclass(frozen=True)
class _Outputs:
    """Loaded code of one choice of outputs."""

    program: Program
    needed: NDArray[np.int64]
    slots: int


class CompiledBackend:
    """Advances batches of one system with generated code.

    Args:
        system: the equations.

    The code for a lane width is made when first needed and kept for the life of the object; object
    code is also kept on disk (cache.py).
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._machine = host()
        self._guarded: System | None = None
        self._kernels: dict[tuple[int, bool], _Kernel] = {}
        self._outputs: dict[tuple[int, bool, tuple[int, ...]], _Outputs] = {}
        self._lock = threading.Lock()

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
        """Advance every running patient to a time; see `Backend.advance`."""
        queue = np.flatnonzero(batch.status == Status.RUNNING).astype(np.int64)
        if not len(queue):
            return
        lanes = self._width(len(queue), settings)
        with self._lock:
            kernel = self._kernel(lanes, guarded=settings.nonnegative)
            outputs = self._output(kernel, tuple(int(n) for n in output_nodes))
        call = _Call(self.system, kernel, outputs, batch, doses, times, out, queue, to, settings)
        call.run(settings)
        for patient in np.flatnonzero(batch.status == Status.EVENT):
            self._agree(call, batch, int(patient), to, settings)

    def _agree(
        self, call: _Call, batch: Batch, patient: int, to: float, settings: Settings
    ) -> None:
        """Go on a little where rounding makes NumPy see a trigger a moment later than the kernel.

        The front evaluates triggers with NumPy's functions, which may differ in the last place
        from the kernel's; it must find true what the kernel found true.
        """
        triggers = [event.trigger for event in self.system.events]
        more = 64 * float(np.spacing(abs(batch.t[patient])))
        while batch.status[patient] == Status.EVENT:
            row = slice(patient, patient + 1)
            holds = evaluate(self.system.graph, triggers, batch.t[row], batch.y[row], batch.p[row])
            if np.any((holds[0] != 0) & (batch.triggers[patient] == 0)):
                return
            batch.status[patient] = Status.RUNNING
            if batch.t[patient] >= to:
                return
            call.nudge(patient, min(batch.t[patient] + more, to), settings)
            if batch.status[patient] == Status.RUNNING:
                batch.status[patient] = Status.EVENT
            more *= 4

    def _width(self, patients: int, settings: Settings) -> int:
        """Lanes to use: all the processor has, or fewer for fewer patients."""
        most = settings.lanes if settings.lanes is not None else self._machine.lanes
        lanes = 1
        while lanes < most and lanes < patients:
            lanes *= 2
        return lanes if settings.lanes is None else most

    def _kernel(self, lanes: int, *, guarded: bool = True) -> _Kernel:
        key = (lanes, guarded)
        found = self._kernels.get(key)
        if found is None:
            system = self.system
            if guarded:
                self._guarded = system = self._guarded or keep_in_domain(system)
            found = self._kernels[key] = _build(system, lanes, self._machine, guarded=guarded)
        return found

    def _output(self, kernel: _Kernel, nodes: tuple[int, ...]) -> _Outputs:
        key = (kernel.lanes, kernel.guarded, nodes)
        found = self._outputs.get(key)
        if found is None:
            found = self._outputs[key] = _build_outputs(self.system, kernel, nodes, self._machine)
        return found


_DRIVERS: dict[int, Program] = {}


def _build(system: System, lanes: int, machine: Machine, *, guarded: bool) -> _Kernel:
    code = write_model(system, lanes, fused=machine.fused)
    model = _program(code.text, machine, simplify=False)
    if lanes not in _DRIVERS:
        _DRIVERS[lanes] = _program(write_driver(machine, lanes), machine, simplify=True)
    return _Kernel(lanes, guarded, code, model, _DRIVERS[lanes])


def _program(text: str, machine: Machine, *, simplify: bool) -> Program:
    """Compile or fetch from the cache."""
    key = cache.cache_key(text, simplify, machine)
    stored = cache.read(key)
    if stored is not None:
        return load_object(stored, machine)
    made = compile_object(text, machine, simplify=simplify)
    cache.write(key, made)
    return load_object(made, machine)


def _build_outputs(
    system: System, kernel: _Kernel, nodes: Sequence[int], machine: Machine
) -> _Outputs:
    code = kernel.code
    text = write_outputs(system, code, nodes, kernel.lanes, fused=machine.fused)
    program = _program(text, machine, simplify=False)
    states = leaves(system.graph, nodes, Op.STATE)
    needed = np.array(sorted(code.factorization.position[s] for s in states), dtype=np.int64)
    return _Outputs(program, needed, int(text.split(maxsplit=3)[2]))


class _Call:
    """One call of `advance`: tables for the control loop, threads, interruption."""

    def __init__(
        self,
        system: System,
        kernel: _Kernel,
        outputs: _Outputs,
        batch: Batch,
        doses: DoseTable,
        times: NDArray[np.float64],
        out: NDArray[np.float64],
        queue: NDArray[np.int64],
        to: float,
        settings: Settings,
    ) -> None:
        self.kernel, self.queue = kernel, queue
        self.shared = np.zeros(int(Shared.COUNT), dtype=np.int64)
        order = np.array(kernel.code.factorization.order, dtype=np.int64)
        position = np.array(kernel.code.factorization.position, dtype=np.int64)
        floor = np.full(len(order), -np.inf)
        if settings.nonnegative:
            floor[system.nonnegative[order]] = -10.0 * batch.atol[order][system.nonnegative[order]]
        arrays = {
            Field.QUEUE: queue,
            Field.BATCH_TIME: batch.t,
            Field.BATCH_STATE: batch.y,
            Field.BATCH_PARAMETER: batch.p,
            Field.BATCH_STEP: batch.h,
            Field.BATCH_STATUS: batch.status,
            Field.BATCH_COUNTERS: batch.counters,
            Field.BATCH_FAILED_STATE: batch.failed_state,
            Field.BATCH_FAILED_TIME: batch.failed_time,
            Field.BATCH_TRIGGERS: batch.triggers,
            Field.DOSE_START: np.ascontiguousarray(doses.start, dtype=np.int64),
            Field.DOSE_TIME: np.ascontiguousarray(doses.time, dtype=np.float64),
            Field.DOSE_STATE: np.ascontiguousarray(doses.state, dtype=np.int64),
            Field.DOSE_AMOUNT: np.ascontiguousarray(doses.amount, dtype=np.float64),
            Field.DOSE_DURATION: np.ascontiguousarray(doses.duration, dtype=np.float64),
            Field.OUTPUT_TIMES: np.ascontiguousarray(times, dtype=np.float64),
            Field.OUTPUT_VALUES: out,
            Field.NEEDED_STATES: outputs.needed,
            Field.TOLERANCE: np.ascontiguousarray(batch.atol[order], dtype=np.float64),
            Field.FLOOR: floor,
            Field.ORDER: order,
            Field.POSITION: position,
            Field.ENTRY_PLACES: np.array([e[:3] for e in kernel.code.entries], dtype=np.int64),
            Field.ENTRY_FACTORS: np.array([e[3] for e in kernel.code.entries], dtype=np.float64),
            Field.SHARED: self.shared,
        }
        self.arrays = arrays  # kept alive while the kernel runs
        fields = np.zeros(int(Field.COUNT), dtype=np.int64)
        for which, array in arrays.items():
            if not array.flags.c_contiguous:
                raise ValueError(f"{which.name} must be contiguous")
            fields[which] = array.ctypes.data
        layout = kernel.code.layout
        numbers = {
            Field.STATES: len(order),
            Field.PARAMETERS: batch.p.shape[1],
            Field.QUEUE_LENGTH: len(queue),
            Field.MAX_STEPS: settings.max_steps,
            Field.TIMES: len(times),
            Field.OUTPUTS: out.shape[2],
            Field.NEEDED: len(outputs.needed),
            Field.SLOPED: int(kernel.code.sloped),
            Field.JACOBIAN_COUNT: kernel.code.jacobian[1],
            Field.ENTRIES: len(kernel.code.entries),
            Field.JACOBIAN_AT: kernel.code.jacobian[0],
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
            Field.PARAMETER_AT: layout.parameter,
            Field.OUTPUT_AT: layout.output,
            Field.TRIGGER_AT: layout.trigger,
            Field.ARMED_AT: layout.trigger + len(system.events),
            Field.EVENTS: len(system.events),
        }
        model = kernel.model
        for which, name in (
            (Field.PREPARE, "prepare"),
            (Field.LINEARIZE, "linearize"),
            (Field.RATES, "rates"),
            (Field.FACTOR, "factor"),
            (Field.SOLVE, "solve"),
            (Field.TRIGGERS, "triggers"),
            (Field.RESIDUAL, "residual"),
        ):
            numbers[which] = model.address(name)
        numbers[Field.EVALUATE] = outputs.program.address("outputs")
        for which, number in numbers.items():
            fields[which] = number
        self.fields = fields
        self.reals = np.zeros(int(Real.COUNT))
        self.reals[Real.TO] = to
        self.reals[Real.RTOL] = settings.rtol
        self.reals[Real.MIN_STEP] = settings.min_step or 0.0
        self.slots = max(outputs.slots, layout.end)

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
        count = max(1, min(settings.threads, -(-len(self.queue) // self.kernel.lanes)))
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                while worker.is_alive():
                    worker.join(_WAIT)
                    if settings.progress is not None:
                        settings.progress(int(self.shared[Shared.FINISHED]), len(self.queue))
        finally:
            self.shared[Shared.STOP] = 1
            for worker in workers:
                worker.join()

    def _work(self) -> None:
        """One thread: own memory, shared queue."""
        lanes, size = self.kernel.lanes, int(self.fields[Field.STATES])
        memory = np.zeros(self.slots * lanes + 8)
        start = memory.ctypes.data + (-memory.ctypes.data) % 64
        fields = self.fields.copy()
        if size <= _DENSE_UP_TO:
            # Zeroed pages are only taken from the system if the fallback ever writes to them.
            dense = np.zeros(lanes * (size * size + 2 * size))
            fields[Field.DENSE] = dense.ctypes.data
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
            self.kernel.driver.address("run")
        )
        function(start, fields.ctypes.data, self.reals.ctypes.data)
