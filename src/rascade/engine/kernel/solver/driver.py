"""The control loop: steps of Rodas5P for a group of lanes, each with its own time and step.

All lanes take a step together, but each decides alone whether it is accepted, how long the next
one is, and what happens at its end. A lane whose patient is done takes the next from a queue that
all threads share. Everything here is the same for every model; sizes and addresses come from the
tables of frame.py, so this module is compiled once per lane width and kept.
"""

from __future__ import annotations

from rascade.engine.kernel.codegen.ir import F64, I64, PTR, Module, Value
from rascade.engine.kernel.codegen.layout import Slot
from rascade.engine.kernel.codegen.machine import Machine
from rascade.engine.kernel.solver.control import choose_step, start_after_jump, write_control
from rascade.engine.kernel.solver.dense import interpolate, prepare_dense
from rascade.engine.kernel.solver.events import write_event_functions
from rascade.engine.kernel.solver.fallback import write_fallback
from rascade.engine.kernel.solver.frame import Field, Frame, Real, Shared
from rascade.engine.kernel.solver.lanes import write_lane_functions
from rascade.engine.kernel.solver.stages import write_stages
from rascade.engine.population.backend import Breaks, Status

__all__ = ["write_driver"]

_FLUSH = 0x9FC0  # MXCSR: round to nearest, exceptions masked, subnormals flushed both ways


def write_driver(machine: Machine, lanes: int) -> str:
    """LLVM assembly of ``run(memory, fields, reals)`` for a lane width."""
    module = Module(fused=machine.fused)
    write_lane_functions(module, lanes)
    write_fallback(module, lanes)
    write_event_functions(module, lanes)
    write_stages(module, lanes)
    write_control(module, lanes)
    _write_outputs(module, lanes)
    _write_commit(module, lanes)
    _write_run(module, lanes, machine)
    return module.text()


def _write_outputs(module: Module, lanes: int) -> None:
    """Evaluate outputs at every output time inside the accepted steps."""
    f = Frame(module, "write_outputs", lanes)
    stage = f.base(Field.STAGE_AT)
    time, taken, reached = (f.get(s) for s in (Slot.TIME, Slot.TAKEN, Slot.REACHED))
    accepted = f.mask(Slot.ACCEPTED)

    def due() -> Value:
        return accepted & (f.get(Slot.NEXT_OUTPUT) <= reached)

    with f.when(due().any()):
        with f.loop(f.field(Field.NEEDED)) as n:
            prepare_dense(f, f.item(Field.NEEDED_STATES, n, I64))
        with f.loop(f.field(Field.STILL)) as n:
            prepare_dense(f, f.item(Field.STILL_STATES, n, I64))
        with f.repeat(lambda: due().any()):
            where = due()
            wanted = where.select(f.get(Slot.NEXT_OUTPUT), reached)
            # The end of a step is the new state itself, whatever rounding makes of the quotient.
            part = wanted.equals(reached).select(f.vector(1.0), (wanted - time) / taken)
            with f.loop(f.field(Field.NEEDED)) as n:
                i = f.item(Field.NEEDED_STATES, n, I64)
                f.put_row(stage, i, interpolate(f, i, part))
            with f.loop(f.field(Field.STILL)) as n:
                i = f.item(Field.STILL_STATES, n, I64)
                state, candidate = (
                    f.row(f.base(x), i) for x in (Field.STATE_AT, Field.CANDIDATE_AT)
                )
                value = interpolate(f, i, part)
                f.put_row(stage, i, state.equals(candidate).select(state, value))
            f.put(Slot.STAGE_TIME, wanted)
            f.model(Field.EVALUATE)
            f.put_mask(Slot.DUE, where)
            with f.each_lane(Slot.DUE) as lane:
                f.helper("emit_output", lane)
                f.helper("next_output", lane)
    f.finish()


def _write_commit(module: Module, lanes: int) -> None:
    """Move the accepted lanes to their new states and times."""
    f = Frame(module, "commit", lanes)
    accepted = f.mask(Slot.ACCEPTED)
    state, candidate = f.base(Field.STATE_AT), f.base(Field.CANDIDATE_AT)
    with f.loop(f.field(Field.STATES)) as i:
        f.put_row(state, i, accepted.select(f.row(candidate, i), f.row(state, i)))
    f.put(Slot.TIME, accepted.select(f.get(Slot.REACHED), f.get(Slot.TIME)))
    # Remember what the first step after a discontinuity should have been.
    first = accepted & f.mask(Slot.FRESH) & ~f.mask(Slot.CUT)
    f.put(Slot.AFTER_JUMP, first.select(f.get(Slot.STEP), f.get(Slot.AFTER_JUMP)))
    fresh = f.get(Slot.FRESH, I64)
    f.put(Slot.FRESH, accepted.select(f.constant(f.integers, 0), fresh))
    dense = f.get(Slot.DENSE, I64)
    less = (dense > 0).select(dense - 1, dense)
    f.put(Slot.DENSE, accepted.select(less, dense))
    f.finish()


def _write_run(module: Module, lanes: int, machine: Machine) -> None:
    f = Frame(module, "run", lanes, external=True)
    restore = _flush_subnormals(f, machine)
    stop = f.at(f.pointer(Field.SHARED), int(Shared.STOP), I64)
    with f.loop(lanes) as lane:
        f.helper("load_patient", lane)
    moved = f.variable(I64, 1)
    with f.repeat(lambda: f.mask(Slot.ACTIVE).any()) as after:
        asked = f.new(I64, f"load atomic i64, ptr {stop.name} monotonic, align 8")
        f.leave(after, asked.differs(0))
        with f.when(moved.value.differs(0)):
            now, first = f.get(Slot.TIME), f.get(Slot.AFTER)
            f.put(Slot.RATE_TIME, (now > first).select(now, first))
            f.model(Field.LINEARIZE)
        with f.when(f.mask(Slot.SUSPECT).any()):
            f.helper("clean_jacobian")
        arrived = f.get(Slot.REPEATS, I64).equals(0) & f.mask(Slot.ACTIVE)
        f.count(Slot.JACOBIANS, arrived)
        f.count(Slot.RATES, arrived)
        start_after_jump(f)
        choose_step(f)
        f.helper("attempt")
        f.helper("measure_error")
        f.helper("control_step")
        with f.when(f.mask(Slot.ODD).any()), f.each_lane(Slot.ODD) as lane:
            f.helper("retry_lane", lane)
        f.helper("check_inside")
        with f.when(f.field(Field.EVENTS).differs(0)):
            f.helper("check_events")
        f.helper("write_outputs")
        f.helper("commit")
        moved.set((f.mask(Slot.ACCEPTED) | f.mask(Slot.FAILED)).any().convert(I64, "zext"))
        landed = f.mask(Slot.ACCEPTED) & f.mask(Slot.LANDS)
        ready = (landed | f.mask(Slot.FAILED) | f.mask(Slot.EVENT)).any()
        with f.when(ready), f.each_lane(Slot.ACTIVE) as lane:
            f.helper("serve_lane", lane)
    with f.each_lane(Slot.ACTIVE) as lane:
        f.helper("save_patient", lane, f.whole(int(Status.RUNNING)))
    restore()
    f.finish()
    _write_serve(module, lanes)


def _write_serve(module: Module, lanes: int) -> None:
    """What happens to a lane at the end of a step: failure, the end, a dose, or nothing."""
    f = Frame(module, "serve_lane", lanes, I64)
    lane = f.arguments[3]

    def replace(status: Value) -> None:
        f.helper("save_patient", lane, status)
        f.helper("load_patient", lane)

    def failed() -> None:
        replace(f.lane(Slot.CAUSE, lane, I64))

    def go_on() -> None:
        """A dose, or only the place where a trigger was expected and did not yet hold."""
        time = f.lane(Slot.TIME, lane)
        f.helper("apply_events", lane)
        hunt = f.lane(Slot.HUNT, lane, I64)
        with f.when(hunt > 0):
            more = f.whole(1) << (hunt * 2)
            target = time + f.lane(Slot.CLOSE, lane) * more.convert(F64, "sitofp")
            stop = f.lane(Slot.NEXT_STOP, lane)
            f.put_lane(Slot.NEXT_STOP, lane, (target < stop).select(target, stop))
            f.put_lane(Slot.HUNT, lane, (hunt < 20).select(hunt + 1, f.whole(0)))

    def alive() -> None:
        landed = f.lane(Slot.LANDS, lane, I64) & f.lane(Slot.ACCEPTED, lane, I64)
        with f.when(landed.differs(0)):
            f.choose(
                f.lane(Slot.TIME, lane) >= f.real(Real.TO),
                lambda: replace(f.whole(int(Status.RUNNING))),
                further,
            )

    def further() -> None:
        """The breaks that are known may end here; the caller then finds more."""
        row = f.lane(Slot.BREAK, lane, I64)
        more = f.variable(I64, 0)
        with f.when(row < f.lane(Slot.BREAK_END, lane, I64)):
            kind = f.item(Field.BREAK_KIND, row, I64)
            here = f.item(Field.BREAK_TIME, row) <= f.lane(Slot.TIME, lane)
            more.set((kind.equals(Breaks.MORE) & here).convert(I64, "zext"))
        f.choose(more.value.differs(0), lambda: replace(f.whole(int(Status.EVENT))), go_on)

    def unhurt() -> None:
        f.choose(
            f.lane(Slot.EVENT, lane, I64).differs(0),
            lambda: replace(f.whole(int(Status.EVENT))),
            alive,
        )

    # The last step allowed may be the one that arrives.
    lost = f.lane(Slot.FAILED, lane, I64).differs(0) & (f.lane(Slot.TIME, lane) < f.real(Real.TO))
    f.choose(lost, failed, unhurt)
    f.finish()


def _flush_subnormals(f: Frame, machine: Machine):  # type: ignore[no-untyped-def]
    """Set the processor to flush subnormals; returns what puts its old state back."""
    if machine.x86:
        saved, wanted = f.variable("i32"), f.variable("i32", _FLUSH)
        for variable, word in ((saved, "stmxcsr"), (wanted, "ldmxcsr")):
            f.call(f"llvm.x86.sse.{word}", "void", [Value(f, PTR, variable.address)])
        return lambda: f.call("llvm.x86.sse.ldmxcsr", "void", [Value(f, PTR, saved.address)])
    if machine.arm:
        old = f.call("llvm.aarch64.get.fpcr", I64, [])
        f.call("llvm.aarch64.set.fpcr", "void", [old | (1 << 24)])
        return lambda: f.call("llvm.aarch64.set.fpcr", "void", [old])
    return lambda: None
