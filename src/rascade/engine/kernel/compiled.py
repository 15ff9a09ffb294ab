"""The compiled back end: generated machine code, patients side by side in vector registers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rascade.engine.kernel import cache
from rascade.engine.kernel.call import Call, Kernel, Outputs
from rascade.engine.kernel.codegen.emit import ModelCode, write_outputs
from rascade.engine.kernel.codegen.machine import (
    Machine,
    Program,
    compile_object,
    host,
    load_object,
)
from rascade.engine.kernel.kept_code import model_code
from rascade.engine.kernel.solver.driver import write_driver
from rascade.engine.population.backend import Batch, Breaks, DoseTable, Settings, Status
from rascade.engine.symbolic.domain import keep_in_domain
from rascade.engine.symbolic.expression import Op, evaluate, leaves
from rascade.engine.symbolic.system import System

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CompiledBackend"]

MANY_STEPS = 50_000
"""Steps of a group of lanes with quickly translated code that cost what translating again does."""
MANY_GROUPS = 32
"""Groups of lanes in one call for which the code is translated thoroughly at once."""


class CompiledBackend:
    """Advances batches of one system with generated code.

    Args:
        system: the equations.

    The code for a lane width is made when first needed and kept for the life of the object; object
    code is also kept on disk (cache.py). It is first translated quickly, which takes a sixth of
    the time and gives the same bits from slower code; once the steps taken with that have cost
    about as much as translating thoroughly, or at once where many patients are asked for, the
    thorough translation takes its place.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._machine = host()
        self._guarded: System | None = None
        self._kernels: dict[tuple[int, bool], Kernel] = {}
        self._outputs: dict[tuple[Program, tuple[int, ...]], Outputs] = {}
        self._steps: Counter[tuple[int, bool]] = Counter()  # of groups of lanes, a kernel
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
        breaks: Breaks,
    ) -> None:
        """Advance every running patient to a time; see `Backend.advance`."""
        queue = np.flatnonzero(batch.status == Status.RUNNING).astype(np.int64)
        if not len(queue):
            return
        lanes = self._width(len(queue), settings)
        with self._lock:
            kernel = self._kernel(lanes, guarded=settings.nonnegative, groups=len(queue) // lanes)
            outputs = self._output(kernel, tuple(int(n) for n in output_nodes))
        call = Call(
            self.system, kernel, outputs, batch, doses, times, out, queue, to, settings, breaks
        )
        before = int(batch.counters[:, 0].sum())
        call.run(settings)
        taken = int(batch.counters[:, 0].sum()) - before
        self._steps[lanes, settings.nonnegative] += taken // min(lanes, len(queue))
        met = np.flatnonzero(batch.status == Status.EVENT)
        if len(met):
            met = np.setdiff1d(met, breaks.waiting(batch.t, met))
            for patient in met[~self._triggered(batch, met)].tolist():
                self._agree(call, batch, patient, to, settings)

    def _triggered(self, batch: Batch, who: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell in which patients NumPy's functions find a trigger true that was not before."""
        triggers = [event.trigger for event in self.system.events]
        holds = evaluate(self.system.graph, triggers, batch.t[who], batch.y[who], batch.p[who])
        found: NDArray[np.bool_] = np.any((holds != 0) & (batch.triggers[who] == 0), axis=1)
        return found

    def _agree(self, call: Call, batch: Batch, patient: int, to: float, settings: Settings) -> None:
        """Go on a little where rounding makes NumPy see a trigger a moment later than the kernel.

        The front evaluates triggers with NumPy's functions, which may differ in the last place
        from the kernel's; it must find true what the kernel found true.
        """
        more = 64 * float(np.spacing(abs(batch.t[patient])))
        while batch.status[patient] == Status.EVENT:
            if self._triggered(batch, np.array([patient]))[0]:
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

    def _kernel(self, lanes: int, *, guarded: bool = True, groups: int = 1) -> Kernel:
        key = (lanes, guarded)
        found = self._kernels.get(key)
        quick = groups <= MANY_GROUPS and self._steps[key] < MANY_STEPS
        if found is None or (found.quick and not quick):
            if found is None:
                code = model_code(self._system(guarded), lanes, fused=self._machine.fused)
            else:
                code = found.code
            found = _translate(code, lanes, self._machine, guarded=guarded, quick=quick)
            self._kernels[key] = found
        return found

    def _system(self, guarded: bool) -> System:
        if not guarded:
            return self.system
        if self._guarded is None:
            self._guarded = keep_in_domain(self.system)
        return self._guarded

    def _output(self, kernel: Kernel, nodes: tuple[int, ...]) -> Outputs:
        key = (kernel.model, nodes)
        found = self._outputs.get(key)
        if found is None:
            found = self._outputs[key] = _build_outputs(self.system, kernel, nodes, self._machine)
        return found


_DRIVERS: dict[tuple[int, bool], Program] = {}


def _translate(
    code: ModelCode, lanes: int, machine: Machine, *, guarded: bool, quick: bool
) -> Kernel:
    """Make a model's code runnable; a thorough translation is taken where the cache has it."""
    model, quick = _program(code.text, machine, simplify=False, quick=quick)
    driver = _DRIVERS.get((lanes, quick))
    if driver is None:
        driver, _ = _program(write_driver(machine, lanes), machine, simplify=True, quick=quick)
        _DRIVERS[lanes, quick] = driver
    return Kernel(lanes, guarded, quick, code, model, driver)


def _program(text: str, machine: Machine, *, simplify: bool, quick: bool) -> tuple[Program, bool]:
    """Compile or fetch from the cache; tell whether the translation is a quick one."""
    for kind in (False, True) if quick else (False,):
        stored = cache.read(cache.cache_key(text, simplify, kind, machine))
        if stored is not None:
            return load_object(stored, machine), kind
    made = compile_object(text, machine, simplify=simplify, quick=quick)
    cache.write(cache.cache_key(text, simplify, quick, machine), made)
    return load_object(made, machine), quick


def _build_outputs(
    system: System, kernel: Kernel, nodes: Sequence[int], machine: Machine
) -> Outputs:
    code = kernel.code
    text = write_outputs(system, code, nodes, kernel.lanes, fused=machine.fused)
    program, _ = _program(text, machine, simplify=False, quick=kernel.quick)
    states = leaves(system.graph, nodes, Op.STATE)
    # A state that stays as it is must come out just so, not as interpolation rounds it.
    still = states & set(system.still)
    needed, kept = (
        np.array(sorted(code.factorization.position[s] for s in which), dtype=np.int64)
        for which in (states - still, still)
    )
    return Outputs(program, needed, kept, int(text.split(maxsplit=3)[2]))
